"""`clawlocal offload auto`, and what the commands of `learn` say of an update that is too much for this machine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from clawlocal.errors import ModelError, OffloadError
from clawlocal.records import Offload
from clawlocal.store import Store

Invoke = Callable[..., Result]
Run = Callable[..., subprocess.CompletedProcess[str]]
LITTLE = {"CLAWLOCAL_TRAINING_MEMORY_GB": "0.1"}


@pytest.fixture
def added(invoke: Invoke, tmp_path: Any) -> None:
    invoke("offload", "add", "lab", "--kind", "ray", "--address", "http://127.0.0.1:1", "--storage", str(tmp_path))


def test_the_answer_is_kept_and_shown(invoke: Invoke, data: Callable[..., Any], store: Store, added: None) -> None:
    assert invoke("offload", "auto").stdout == (
        "You are asked before lab does an update of tiny that is too much for this machine.\n"
    )
    said = invoke("offload", "auto", "always").stdout
    assert "lab does an update of tiny that is too much for this machine by itself, within its grant." in said
    assert "granted nothing yet: `clawlocal offload grant lab --purpose train`" in said
    assert data("offload", "auto") == [{"remote": "lab", "model": "tiny", "answer": "always"}]
    invoke("offload", "grant", "lab", "--purpose", "train")
    assert "granted nothing" not in invoke("offload", "auto").stdout
    assert "lab never does" in invoke("offload", "auto", "never", "--model", "smollm2-135m").stdout
    assert store.offload_answer("smollm2-135m", "lab") is Offload.NEVER
    assert store.offload_answer("tiny", "lab") is Offload.ALWAYS


def test_which_cluster_must_be_clear(invoke: Invoke, added: None, tmp_path: Any) -> None:
    invoke("offload", "add", "two", "--kind", "ray", "--address", "http://127.0.0.1:1", "--storage", str(tmp_path))
    invoke("offload", "add", "gpu", "--kind", "vllm", "--url", "http://127.0.0.1:1")
    with pytest.raises(OffloadError, match="Say on which cluster: lab, two"):
        invoke("offload", "auto", "always")
    assert invoke("offload", "auto", "never", "--remote", "two").stdout.startswith("two never does")
    assert len(invoke("offload", "auto").stdout.splitlines()) == 2
    with pytest.raises(OffloadError, match="gpu is of the kind vllm, which does not train"):
        invoke("offload", "auto", "always", "--remote", "gpu")
    with pytest.raises(ModelError):
        invoke("offload", "auto", "--model", "nonsense")


def test_without_a_cluster(invoke: Invoke) -> None:
    assert invoke("offload", "auto").stdout == "There is no cluster yet: `clawlocal offload add` adds one.\n"
    with pytest.raises(OffloadError, match="There is no cluster yet"):
        invoke("offload", "auto", "always")


def test_status_why_and_now_name_the_command(clawlocal: Run, store: Store, tmp_path: Any) -> None:
    """With the embedded model, of which a correction waits, and a machine that gives its training too little."""
    store.set_learning(True)
    turn = json.loads(clawlocal("chat", "What is a heron?", "--max-tokens", "20", "--json").stdout)["turn"]
    clawlocal("correct", turn, "Please answer in one sentence.")
    assert "on a cluster" not in clawlocal("learn", "why").stdout
    shown = clawlocal("learn", "why", **LITTLE).stdout
    assert "no   on a cluster: a Ray cluster could do it: `clawlocal offload add NAME --kind ray" in shown
    address = ("--address", "http://127.0.0.1:1", "--storage", str(tmp_path))
    clawlocal("offload", "add", "lab", "--kind", "ray", *address)
    clawlocal("offload", "grant", "lab", "--purpose", "train")
    assert "; lab could do it: `clawlocal offload train lab` (too much" in clawlocal("learn", "status", **LITTLE).stdout
    status = json.loads(clawlocal("learn", "status", "--json", **LITTLE).stdout)
    assert (status["propose"], "too much for this machine" in status["why"]) == (None, True)
    ran = clawlocal("learn", "now", "--wait", "--json", **LITTLE)
    assert ran.stderr.startswith("The next update is too much for this machine (")
    assert "lab could do it: `clawlocal offload train lab`. It is tried here all the same." in ran.stderr
    receipt = json.loads(ran.stdout)
    assert (ran.returncode, receipt["status"]) == (1, "failed")
    assert "needs" in receipt["reason"] and store.noted_memory("smollm2-135m") > 5 * 10**8


def test_now_with_a_remote_model_is_no_failure(invoke: Invoke, clawlocal: Run) -> None:
    invoke("offload", "add", "gpu", "--kind", "vllm", "--url", "http://127.0.0.1:1")
    invoke("offload", "grant", "gpu", "--purpose", "chat")
    ran = clawlocal("learn", "now", "--wait", "--json", CLAWLOCAL_MODEL="gpu/heron-8b")
    assert (ran.returncode, ran.stderr, json.loads(ran.stdout)["status"]) == (0, "", "nothing_to_do")
