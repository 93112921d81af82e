"""What works and what does not, found out by asking."""

from __future__ import annotations

import asyncio

import pytest

from clawlocal.errors import ConsentError
from clawlocal.offload import remotes
from clawlocal.offload.consent import Consent
from clawlocal.offload.probe import Finding, Probe
from clawlocal.records import Purpose, Remote, RemoteKind
from clawlocal.store import Store
from tests.offload.conftest import PROMPTS
from tests.offload.far_server import MODEL, FarServer

NAMES = ["reachable", "authentication", "chat", "logprobs", "token ids", "prompt logprobs", "LoRA loading"]


def findings(store: Store, remote: Remote) -> dict[str, Finding]:
    found = asyncio.run(Probe(remote, Consent(store)).findings())
    assert [finding.name for finding in found] == NAMES
    return {finding.name: finding for finding in found}


def works(found: dict[str, Finding]) -> set[str]:
    return {name for name, finding in found.items() if finding.works}


def test_all_of_it_works(store: Store, granted: Remote, far: FarServer) -> None:
    assert works(findings(store, granted)) == set(NAMES)
    chat = next(body for path, body in far.asked if path == "/v1/chat/completions")
    assert chat["messages"] == [{"role": "user", "content": "Say hello."}]
    assert chat["model"] == MODEL
    assert len(store.egress()) == 4


def test_without_a_grant_nothing_is_asked(store: Store, remote: Remote, far: FarServer) -> None:
    with pytest.raises(ConsentError):
        findings(store, remote)
    assert far.asked == []


def test_a_server_that_is_started_without_lora_and_tells_no_tokens(
    store: Store, granted: Remote, far: FarServer
) -> None:
    far.lora, far.fault = False, "bare"
    found = findings(store, granted)
    assert works(found) == set(NAMES) - {"LoRA loading", "logprobs", "token ids"}
    assert "runtime loading of LoRA" in found["LoRA loading"].text
    assert "read and judged, not trained on" in found["token ids"].text


def test_a_wrong_key(store: Store, granted: Remote, far: FarServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", "another")
    found = findings(store, granted)
    assert works(found) == {"reachable"}
    assert "does not accept the key" in found["authentication"].text


def test_a_stall_in_the_chat(store: Store, granted: Remote, far: FarServer, impatient: None) -> None:
    far.fault = "stall"
    found = findings(store, granted)
    assert not found["chat"].works and "fell silent" in found["chat"].text
    assert {"reachable", "authentication", "prompt logprobs"} <= works(found)


def test_a_kind_that_only_chats(store: Store, far: FarServer) -> None:
    remote = remotes.described("plain", RemoteKind.OPENAI, far.url, api_key_env="GPU_KEY")
    store.add_remote(remote)
    Consent(store).give(remote, Purpose.CHAT, PROMPTS)
    assert works(findings(store, remote)) == {"reachable", "authentication", "chat"}


def test_nobody_is_there(store: Store, granted: Remote, far: FarServer) -> None:
    far.shutdown()
    far.server_close()
    found = findings(store, granted)
    assert works(found) == set()
    assert "Nothing answers" in found["reachable"].text
