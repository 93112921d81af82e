"""What a remote may be, and whom it is taken for."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clawlocal.assistant import Assistant
from clawlocal.errors import NotFound, OffloadError
from clawlocal.offload import remotes
from clawlocal.offload.consent import Consent
from clawlocal.offload.remotes import described, host_of
from clawlocal.records import Purpose, Remote, RemoteKind
from clawlocal.store import Store
from tests.offload.conftest import PROMPTS
from tests.offload.far_server import MODEL, WORDS, FarServer, serving

VLLM = RemoteKind.VLLM
EXPIRED = Path(__file__).with_name("expired.pem")
"""For 127.0.0.1, of 2020; its key, which is in the file too, guards nothing."""
Open = Callable[..., Assistant]


@pytest.mark.parametrize(
    ("url", "kept", "host"),
    [
        ("https://gpu.example.org", "https://gpu.example.org", "gpu.example.org:443"),
        ("https://gpu.example.org:8000/v1/", "https://gpu.example.org:8000", "gpu.example.org:8000"),
        (" https://gpu.example.org/team/v1 ", "https://gpu.example.org/team", "gpu.example.org:443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost:8000", "http://localhost:8000", "localhost:8000"),
        ("https://[::1]:8000", "https://[::1]:8000", "[::1]:8000"),
    ],
)
def test_addresses(url: str, kept: str, host: str) -> None:
    remote = described("gpu", VLLM, url)
    assert (remote.url, host_of(remote)) == (kept, host)


@pytest.mark.parametrize(
    ("name", "url", "more", "says"),
    [
        ("GPU", "https://h", {}, "no name for a remote"),
        ("a/b", "https://h", {}, "no name for a remote"),
        ("gpu", "gpu.example.org", {}, "no address of a server"),
        ("gpu", "ftp://h", {}, "no address of a server"),
        ("gpu", "https://h:99999", {}, "is no address"),
        ("gpu", "https://me:secret@h", {}, "Leave the key out of the address"),
        ("gpu", "https://h/?key=1", {}, "more than a host and a path"),
        ("gpu", "https://h", {"api_key_env": "sk-secret"}, "not the key itself"),
        ("gpu", "https://h", {"ca": Path("/nowhere.pem")}, "cannot be read as certificates"),
        ("gpu", "http://gpu.example.org", {}, "Anyone between this machine and gpu.example.org"),
        ("gpu", "http://10.0.0.7:8000", {}, "say --plain-http"),
    ],
)
def test_what_cannot_be_is_said(name: str, url: str, more: dict[str, Any], says: str, tries: list[Any]) -> None:
    with pytest.raises(OffloadError, match=says) as raised:
        described(name, VLLM, url, **more)
    assert "secret" not in str(raised.value)
    assert tries == []


def test_plain_http_is_taken_where_it_is_asked_for() -> None:
    assert described("gpu", VLLM, "http://10.0.0.7:8000", plain=True).plain
    assert not described("gpu", VLLM, "http://127.0.0.1:8000", plain=True).plain


def test_a_name_in_use_and_one_that_is_not(store: Store) -> None:
    store.add_remote(described("gpu", VLLM, "https://a"))
    with pytest.raises(OffloadError, match="There is a remote gpu already"):
        store.add_remote(described("gpu", VLLM, "https://b"))
    assert [remote.url for remote in store.remotes()] == ["https://a"]
    with pytest.raises(NotFound, match="Known: gpu"):
        store.remove_remote("cpu")


def test_a_purge_takes_remotes_grants_and_log(store: Store, granted: Remote) -> None:
    Consent(store).begin(granted, Purpose.CHAT, PROMPTS, 1)
    store.purge()
    assert (store.remotes(), store.grants(), store.egress()) == ([], [], [])


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[str], Path]:
    """`certificate("IP:127.0.0.1")`: a certificate that signs itself, with its key, in one file."""

    def make(host: str) -> Path:
        made, key = tmp_path / "made.pem", tmp_path / "key.pem"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        about = ["-subj", "/CN=heron", "-addext", f"subjectAltName={host}", "-days", "30"]
        subprocess.run([*command, *about, "-keyout", key, "-out", made], capture_output=True, check=True)
        made.write_text(made.read_text() + key.read_text())
        return made

    return make


def added(store: Store, far: FarServer, ca: Path | None) -> None:
    remote = described("gpu", VLLM, far.url.replace("http:", "https:"), ca=ca)
    store.add_remote(remote)
    Consent(store).give(remote, Purpose.CHAT, PROMPTS)


def chat() -> str:
    with Assistant.open(model=f"gpu/{MODEL}") as assistant:
        return assistant.chat("What stands there?").result(60).text


def test_a_pinned_certificate_is_trusted(store: Store, certificate: Callable[[str], Path]) -> None:
    file = certificate("IP:127.0.0.1")
    with serving(certificate=file) as far:
        added(store, far, file)
        assert chat() == "".join(WORDS)


@pytest.mark.parametrize(
    ("host", "pinned", "says"),
    [
        ("", True, "has expired: have it renewed, or check this machine's clock"),
        ("IP:127.0.0.1", False, "signed by nobody known here: add the remote again with --ca FILE"),
        ("DNS:heron.example.org", True, "is for another host: use the address that it names"),
    ],
)
def test_a_certificate_that_is_not(
    store: Store, certificate: Callable[[str], Path], host: str, pinned: bool, says: str
) -> None:
    file = certificate(host) if host else EXPIRED
    with serving(certificate=file) as far:
        added(store, far, file if pinned else None)
        with pytest.raises(OffloadError, match=says):
            chat()
        assert (far.asked, store.egress()[0].outcome) == ([], "certificate")


def test_a_server_without_tls(store: Store) -> None:
    with serving() as far:
        added(store, far, None)
        with pytest.raises(OffloadError, match="speaks no TLS that fits"):
            chat()


def test_a_host_that_nobody_knows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    remote = described("gpu", VLLM, "https://gpu.example.org")
    store.add_remote(remote)
    Consent(store).give(remote, Purpose.CHAT, PROMPTS)
    with pytest.raises(OffloadError, match=r"The host gpu.example.org:443 of gpu is not known: check the address"):
        chat()


def test_nobody_listens(store: Store) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    remote = described("gpu", VLLM, f"http://127.0.0.1:{port}")
    store.add_remote(remote)
    Consent(store).give(remote, Purpose.CHAT, PROMPTS)
    with pytest.raises(OffloadError, match=f"Nothing answers at 127.0.0.1:{port}"):
        chat()


def test_a_key_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_KEY", "clé\n")
    with pytest.raises(OffloadError, match="GPU_KEY holds no key") as raised:
        remotes.key_of(described("gpu", VLLM, "https://h", api_key_env="GPU_KEY"))
    assert "clé" not in str(raised.value)
