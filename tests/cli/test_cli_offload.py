"""`clawlocal offload` in the terminal, and chat over it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from clawlocal.errors import ConsentError, NotFound, OffloadError
from clawlocal.store import Store
from tests.offload.far_server import KEY, MODEL, WORDS, FarServer, serving

Invoke = Callable[..., Result]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[FarServer]:
    monkeypatch.setenv("GPU_KEY", KEY)
    with serving(KEY) as server:
        yield server


@pytest.fixture
def added(invoke: Invoke, far: FarServer) -> FarServer:
    invoke("offload", "add", "gpu", "--kind", "vllm", "--url", far.url, "--api-key-env", "GPU_KEY")
    return far


@pytest.fixture
def granted(invoke: Invoke, added: FarServer) -> FarServer:
    invoke("offload", "grant", "gpu", "--purpose", "chat")
    return added


def test_add_grant_revoke_remove(invoke: Invoke, data: Callable[..., Any], far: FarServer) -> None:
    address = ("--kind", "vllm", "--url", f"{far.url}/v1", "--api-key-env", "GPU_KEY")
    assert "`clawlocal offload grant gpu --purpose chat`" in invoke("offload", "add", "gpu", *address).stdout
    with pytest.raises(OffloadError, match="There is a remote gpu already"):
        invoke("offload", "add", "gpu", *address)
    assert data("offload", "list")[0]["grant"] is None
    given = invoke("offload", "grant", "gpu", "--purpose", "chat", "--data", "prompts,lessons", "--max-mb", "2")
    host = far.url.removeprefix("http://")
    assert given.stdout.startswith(f"Granted: prompts and lessons to {host} for chat, 2 MB at most, until ")
    assert given.stderr == f"Whoever runs {host} can read what is sent there.\n"
    [row] = data("offload", "list")
    assert (row["name"], row["kind"], row["url"], row["api_key_env"]) == ("gpu", "vllm", far.url, "GPU_KEY")
    assert (row["grant"]["data"], row["grant"]["max_bytes"], row["grant"]["spent"]) == (
        ["lessons", "prompts"],
        2_000_000,
        0,
    )
    assert "chat: lessons, prompts, until" in invoke("offload", "list").stdout
    assert invoke("offload", "revoke", "gpu").stdout == "Revoked: nothing more is sent to gpu.\n"
    assert invoke("offload", "revoke", "gpu").stdout == "Nothing was granted to gpu.\n"
    invoke("offload", "remove", "gpu")
    assert data("offload", "list") == []
    with pytest.raises(NotFound):
        invoke("offload", "remove", "gpu")


def test_the_key_is_stored_nowhere(granted: FarServer, home: Path, invoke: Invoke) -> None:
    invoke("offload", "test", "gpu")
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files and all(KEY.encode() not in path.read_bytes() for path in files)


def test_plain_http_to_another_machine(invoke: Invoke) -> None:
    far = ("offload", "add", "lab", "--kind", "openai", "--url", "http://10.0.0.7:8000")
    with pytest.raises(OffloadError, match="plain http has no encryption"):
        invoke(*far)
    told = invoke(*far, "--plain-http")
    assert told.stderr.startswith("Anyone between this machine and 10.0.0.7:8000 can read and change what is sent")


def test_test_says_what_works(granted: FarServer, invoke: Invoke, data: Callable[..., Any]) -> None:
    shown = invoke("offload", "test", "gpu").stdout
    assert "yes  LoRA loading     adapters can be loaded while it runs" in shown
    assert f"Models: {MODEL}." in shown
    found = data("offload", "test", f"gpu/{MODEL}")
    assert (found["remote"], found["models"]) == ("gpu", [MODEL])
    assert [finding["works"] for finding in found["findings"]] == [True] * 7


def test_test_of_what_does_not_work_fails(granted: FarServer, clawlocal: Run) -> None:
    granted.fault = "status"
    ran = clawlocal("offload", "test", "gpu", "--json")
    assert (ran.returncode, json.loads(ran.stdout)["findings"][0]["works"]) == (1, True)
    assert ran.stderr.count("\n") == 1 and "gpu cannot chat yet" in ran.stderr


def test_test_needs_a_grant(added: FarServer, invoke: Invoke) -> None:
    with pytest.raises(ConsentError, match="you have granted it nothing"):
        invoke("offload", "test", "gpu")
    assert added.asked == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "x", "--kind", "ray", "--url", "https://h"),
        ("add", "x", "--kind", "vllm", "--url", "https://h", "--storage", "/mnt"),
        ("grant", "gpu", "--purpose", "fun"),
        ("grant", "gpu", "--purpose", "train", "--data", "prompts"),
        ("grant", "gpu", "--purpose", "chat", "--data", "everything"),
        ("grant", "gpu", "--purpose", "chat", "--data", "lessons"),
        ("grant", "gpu", "--purpose", "chat", "--max-mb", "0"),
        ("grant", "gpu", "--purpose", "chat", "--days", "0"),
    ],
)
def test_wrong_usage(clawlocal: Run, arguments: tuple[str, ...]) -> None:
    ran = clawlocal("offload", *arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "Traceback" not in ran.stderr


def test_a_chat_is_previewed_sent_and_logged(granted: FarServer, clawlocal: Run, store: Store) -> None:
    text = "I am ada@example.org, and this is about Projekt Heron."
    own = {"CLAWLOCAL_REDACT": r"Projekt \w+"}
    seen = clawlocal("offload", "preview", f"gpu/{MODEL}", text, **own)
    assert "[e-mail], and this is about [redacted]." in seen.stdout
    assert "Lessons stay here" in seen.stderr
    ran = clawlocal("chat", text, "--model", f"gpu/{MODEL}", **own)
    assert (ran.returncode, ran.stdout) == (0, f"{''.join(WORDS)}\n")
    assert ran.stderr.endswith(" · base · on gpu\n")
    assert granted.bodies[-1] == seen.stdout.rstrip("\n").encode()
    [session] = store.sessions()
    again = clawlocal("offload", "preview", f"gpu/{MODEL}", "And now?", "--session", session.id)
    told = clawlocal("chat", "-c", session.id, "--json", "--model", f"gpu/{MODEL}", stdin="And now?")
    assert json.loads(told.stdout)["remote"] == "gpu"
    assert granted.bodies[-1] == again.stdout.rstrip("\n").encode()
    logged = json.loads(clawlocal("offload", "log", "--json").stdout)
    assert [row["sent"] for row in logged] == [len(body) for body in reversed(granted.bodies)]
    assert "ada" not in str(logged)


def test_a_link_that_is_lost_offers_the_local_model(granted: FarServer, clawlocal: Run) -> None:
    granted.fault = "cut"
    ran = clawlocal("chat", "Hello", "--model", f"gpu/{MODEL}")
    assert (ran.returncode, ran.stdout) == (0, f"{WORDS[0]}\n")
    assert "`clawlocal --model tiny --session " in ran.stderr


@pytest.mark.parametrize(("fault", "says"), [("status", "gpu failed (500)"), ("redirect", "another address")])
def test_a_failure_is_one_sentence(granted: FarServer, clawlocal: Run, fault: str, says: str) -> None:
    granted.fault = fault
    ran = clawlocal("chat", "Hello", "--model", f"gpu/{MODEL}")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert says in ran.stderr and "\x1b" not in ran.stderr


def test_a_bad_pattern_is_said_before_anything_is_sent(granted: FarServer, clawlocal: Run) -> None:
    ran = clawlocal("chat", "Hello", "--model", f"gpu/{MODEL}", CLAWLOCAL_REDACT="(")
    assert (ran.returncode, granted.bodies) == (1, [])
    assert "The setting redact is '(', no regular expression" in ran.stderr
