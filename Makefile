# `make run` opens the chat, `make test` runs the tests; each sets up what it needs first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROCESSES ?= 2

.PHONY: run test check format judge clean

run: $(VENV)/run.done
	$(BIN)/clawlocal

# Tests run beside each other, those of a file one after the other; the long ones are begun first. Threads that wait in
# llama.cpp must not spin then.
test: $(VENV)/dev.done
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.done
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Makes the small judge's weights again, from judging/data: an hour or so on two cores.
judge: $(VENV)/judge.done
	$(BIN)/python -m judging

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "clawlocal needs Python 3.11 or newer: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.done: pyproject.toml | $(VENV)/bin/python
	@echo "Setting up. llama.cpp is compiled once, which takes a few minutes."
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/dev.done: pyproject.toml | $(VENV)/bin/python
	@echo "Setting up. llama.cpp is compiled once, which takes a few minutes."
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/run.done

$(VENV)/judge.done: $(VENV)/dev.done
	$(BIN)/python -m pip install --quiet --editable '.[dev,judge]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
