"""`clawlocal offload serve` and `unserve` in the terminal, and what `list` and `test` say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from clawlocal.errors import ConsentError, ModelError, NotFound, OffloadError
from clawlocal.offload import following
from clawlocal.offload.served import name_of
from clawlocal.paths import Paths
from clawlocal.store import Store
from tests.offload.far_server import KEY, MODEL, FarServer, serving
from tests.offload.learned import Here, Learned

Invoke = Callable[..., Result]
NAME = f"gpu/{MODEL}"


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[FarServer]:
    monkeypatch.setenv("GPU_KEY", KEY)
    here = Here()
    monkeypatch.setattr(following, "opens", lambda settings, where: here)
    with serving(KEY) as server:
        yield server


@pytest.fixture
def added(invoke: Invoke, far: FarServer) -> FarServer:
    invoke("offload", "add", "gpu", "--kind", "vllm", "--url", far.url, "--api-key-env", "GPU_KEY")
    invoke("offload", "grant", "gpu", "--purpose", "chat")
    return far


@pytest.fixture
def granted(invoke: Invoke, added: FarServer) -> FarServer:
    told = invoke("offload", "grant", "gpu", "--purpose", "serve", "--data", "adapter", "--max-mb", "50")
    assert told.stdout.startswith("Granted: adapter to 127.0.0.1:")
    return added


@pytest.fixture
def learned(store: Store, where: Paths) -> Learned:
    return Learned(store, where)


def test_serve_list_test_unserve(
    granted: FarServer, invoke: Invoke, data: Callable[..., Any], learned: Learned, tmp_path: Path
) -> None:
    v1 = learned.publish()
    told = invoke("offload", "serve", NAME, "--folder", str(tmp_path))
    assert told.stdout == f"{NAME} answers as v1 of tiny from now on, there called {name_of(v1)}.\n"
    assert f"or reads {tmp_path}, can read what is served." in told.stderr
    shown = invoke("offload", "list").stdout
    assert f"{MODEL}: v1 of tiny" in shown and "chat: prompts, until" in shown and "serve: adapter, until" in shown
    [row] = data("offload", "list")
    assert [grant["purpose"] for grant in row["grants"]] == ["chat", "serve"] and row["grant"]["purpose"] == "chat"
    [served] = row["serving"]
    assert (served["target"], served["model"], served["folder"]) == (MODEL, "tiny", str(tmp_path))
    assert served["loads"] == [{"name": name_of(v1), "version": "v1", "state": "loaded", "text": ""}]
    finding = data("offload", "test", "gpu")["findings"][-1]
    assert (finding["name"], finding["works"]) == ("adapter", True)
    chat = invoke("chat", "Hello", "--model", NAME)
    assert chat.stderr.endswith(" · v1 · on gpu\n")
    granted.loras.clear()
    assert "is not loaded any more: the next message loads it again" in invoke("offload", "test", "gpu").stdout
    assert invoke("offload", "unserve", NAME).stdout == f"{NAME} answers with its own weights.\n"
    assert invoke("offload", "unserve", NAME).stdout == f"{NAME} did so already.\n"
    assert invoke("chat", "Hello", "--model", NAME).stderr.endswith(" · base · on gpu\n")


def test_the_folder_is_known_from_the_last_time(
    granted: FarServer, invoke: Invoke, learned: Learned, tmp_path: Path
) -> None:
    with pytest.raises(click.UsageError, match="--folder says where the server finds adapters"):
        invoke("offload", "serve", NAME)
    told = invoke("offload", "serve", NAME, "--folder", str(tmp_path))
    assert told.stdout.startswith(
        f"{NAME} is the same model, and its replies are samples of tiny from now on. Nothing of"
    )
    learned.publish()
    assert "answers as v1 of tiny" in invoke("offload", "serve", NAME).stdout


def test_what_could_not_be_unloaded_is_said(
    granted: FarServer, invoke: Invoke, learned: Learned, tmp_path: Path
) -> None:
    learned.publish()
    invoke("offload", "serve", NAME, "--folder", str(tmp_path))
    granted.fault = "stuck"
    assert "v1 of tiny is still loaded on gpu" in invoke("offload", "unserve", NAME).stderr
    assert "v1 of tiny is to be unloaded" in invoke("offload", "list").stdout
    told = invoke("offload", "revoke", "gpu")
    assert "Have it unloaded by who runs it." in told.stderr and told.stdout.startswith("Revoked: ")
    assert "you have granted it no adapter" in invoke("offload", "remove", "gpu").stderr


def test_revoke_unloads(granted: FarServer, invoke: Invoke, learned: Learned, tmp_path: Path) -> None:
    learned.publish()
    invoke("offload", "serve", NAME, "--folder", str(tmp_path))
    assert invoke("offload", "revoke", "gpu").stderr == ""
    assert (granted.loras, [path for path in tmp_path.iterdir() if "clawlocal-" in path.name]) == ({}, [])


def test_what_cannot_be_served(added: FarServer, invoke: Invoke, tmp_path: Path, learned: Learned) -> None:
    folder = ("--folder", str(tmp_path))
    with pytest.raises(ConsentError, match="`clawlocal offload grant gpu --purpose serve --data adapter` does"):
        invoke("offload", "serve", NAME, *folder)
    with pytest.raises(NotFound):
        invoke("offload", "serve", "cpu/x", *folder)
    with pytest.raises(ModelError, match="Say which model of gpu"):
        invoke("offload", "serve", "gpu", *folder)
    invoke("offload", "add", "plain", "--kind", "openai", "--url", added.url)
    with pytest.raises(OffloadError, match="plain is of the kind openai: only vllm is served adapters"):
        invoke("offload", "serve", "plain/x", *folder)
    with pytest.raises(click.UsageError, match="which is for chat"):
        invoke("offload", "grant", "plain", "--purpose", "serve", "--data", "adapter")
    with pytest.raises(click.UsageError, match="--data takes adapter"):
        invoke("offload", "grant", "gpu", "--purpose", "serve")
