"""Remotes behind an SSH host: the real `ssh`, to a real server on the loopback."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clawlocal.assistant import Assistant
from clawlocal.errors import ConsentError, OffloadError
from clawlocal.offload import cluster_probe, remotes, tunnel
from clawlocal.offload.client import Client
from clawlocal.offload.cluster import Cluster
from clawlocal.offload.consent import Consent
from clawlocal.offload.probe import Probe
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.tunnel import TUNNELS
from clawlocal.records import DataClass, Purpose, Remote, RemoteKind
from clawlocal.store import Store
from tests.offload.conftest import PROMPTS
from tests.offload.far_cluster import FarCluster
from tests.offload.far_server import MODEL, WORDS, FarServer, serving
from tests.offload.ssh_host import SSH, SshHost, path_with, ssh_host
from tests.waiting import until

pytestmark = pytest.mark.skipif(SSH is None, reason="needs the program ssh")
ROOT = Path(__file__).parents[2]
SAID = "".join(WORDS)
Open = Callable[..., Assistant]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshHost]:
    """Its key is known, and the user's is known to it."""
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("PATH", path_with(folder))
    with ssh_host(folder) as host:
        yield host
        TUNNELS.close_all()
        until(lambda: host.running == [])


@pytest.fixture
def remote(store: Store, far: FarServer, host: SshHost) -> Remote:
    """In place of the one of the same name that is reached without."""
    remote = remotes.described("gpu", RemoteKind.VLLM, far.url, api_key_env="GPU_KEY", ssh=host.name)
    store.add_remote(remote)
    return remote


@pytest.fixture
def assistant(open_remote: Open, granted: Remote) -> Assistant:
    return open_remote()


def ask(assistant: Assistant) -> str:
    return assistant.chat("What stands there?").result(60).text


def test_a_chat_streams_through_it_and_the_next_uses_it_again(
    assistant: Assistant, host: SshHost, far: FarServer, store: Store
) -> None:
    assert host.started == []
    assert list(assistant.chat("What stands there?")) == list(WORDS)
    [pid] = host.running
    assert ask(assistant) == SAID
    assert (host.started, host.forwarded) == ([pid], [("127.0.0.1", far.server_port)] * 2)
    assert {entry.host for entry in store.egress()} == {f"127.0.0.1:{far.server_port} through {host.name}"}
    assistant.close()
    assert host.running == []


def test_no_ssh_is_left_behind_a_tether_that_does_not_end_it(
    assistant: Assistant, host: SshHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(assistant)
    assert host.running
    [opened] = TUNNELS._open.values()
    opened._process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(tunnel, "_END_SECONDS", 0.01)
    assistant.close()
    until(lambda: host.running == [])


def test_no_other_user_can_use_it(assistant: Assistant) -> None:
    ask(assistant)
    [opened] = TUNNELS._open.values()
    folder = opened.socket.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(opened.socket.stat().st_mode) == 0o600
    assistant.close()
    assert not folder.exists()


def test_without_a_grant_no_ssh_is_started(store: Store, remote: Remote, host: SshHost, open_remote: Open) -> None:
    with pytest.raises(ConsentError):
        ask(open_remote())
    assert (host.started, store.egress()) == ([], [])


def test_a_grant_for_another_way_does_not_hold(
    store: Store, far: FarServer, host: SshHost, granted: Remote, open_remote: Open
) -> None:
    store._db.execute("UPDATE remotes SET ssh = 'ada@other.example.org'")
    with pytest.raises(ConsentError, match=rf"the grant is for .* through {host.name}, not for .* through ada@other"):
        ask(open_remote())
    store._db.execute("UPDATE remotes SET ssh = ''")
    with pytest.raises(ConsentError, match="through"):
        ask(open_remote())
    assert (host.started, far.asked) == ([], [])


def test_the_ssh_host_dies_in_the_middle_of_a_reply(
    assistant: Assistant, host: SshHost, far: FarServer, store: Store
) -> None:
    far.fault = "stall"
    reply = assistant.chat("What stands there?")
    assert next(iter(reply)) == WORDS[0]
    host.drop()
    answer = reply.result(60)
    assert (answer.text, answer.stopped, store.egress()[0].outcome) == (WORDS[0], "failed", "cut off")
    assert f"The SSH tunnel through {host.name} broke off" in answer.notices[0]
    until(lambda: host.running == [])
    far.fault = ""
    assert ask(assistant) == SAID
    assert (len(host.started), len(host.running)) == (2, 1)


def test_the_server_dies_in_the_middle_of_a_reply(assistant: Assistant, far: FarServer, store: Store) -> None:
    far.fault = "cut"
    answer = assistant.chat("What stands there?").result(60)
    assert (answer.text, answer.stopped, store.egress()[0].outcome) == (WORDS[0], "failed", "cut off")
    far.fault = ""
    assert ask(assistant) == SAID


def test_a_process_that_died_meanwhile_is_replaced(assistant: Assistant, host: SshHost) -> None:
    ask(assistant)
    [opened] = TUNNELS._open.values()
    os.kill(host.running[0], signal.SIGKILL)
    until(lambda: opened.ended)
    assert ask(assistant) == SAID
    assert len(host.started) == 2
    assert not opened.socket.parent.exists()


def unknown_key(host: SshHost) -> None:
    host.trust("")


def changed_key(host: SshHost) -> None:
    host.trust("other")


def wrong_key(host: SshHost) -> None:
    host.log_in_with("other")


def no_forwarding(host: SshHost) -> None:
    host.forwards = False


def nobody(host: SshHost) -> None:
    host.stop_listening()


@pytest.mark.parametrize(
    ("fault", "says", "outcome"),
    [
        (unknown_key, "is not known here: run `ssh -p {port} ada@127.0.0.1` once", "unknown host key"),
        (changed_key, "remove the old one with `ssh-keygen -R '[127.0.0.1]:{port}'`", "other host key"),
        (wrong_key, "does not let you in: have `ssh -p {port} ada@127.0.0.1` work", "ssh key refused"),
        (no_forwarding, "lets you in and forwards nothing to 127.0.0.1:", "forwarding refused"),
        (nobody, "No SSH server answers at ada@127.0.0.1:{port}", "refused"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    assistant: Assistant,
    host: SshHost,
    far: FarServer,
    store: Store,
    fault: Callable[[SshHost], None],
    says: str,
    outcome: str,
) -> None:
    fault(host)
    with pytest.raises(OffloadError) as raised:
        ask(assistant)
    assert says.format(port=host.port) in str(raised.value)
    assert (store.egress()[0].outcome, far.asked, len(host.started)) == (outcome, [], 1)
    assert host.running == []


def test_nobody_listens_behind_it(assistant: Assistant, host: SshHost, far: FarServer) -> None:
    far.shutdown()
    far.server_close()
    with pytest.raises(OffloadError, match=rf"Nothing answers at 127.0.0.1:{far.server_port}, as {host.name} sees it"):
        ask(assistant)


def test_a_program_that_is_not_there(
    assistant: Assistant, host: SshHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OffloadError, match="gpu needs the program ssh, which this machine does not have"):
        ask(assistant)


def replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    program = tmp_path / "ssh" / "bin" / "ssh"
    program.write_text(f"#!/bin/sh\necho $$ >>{tmp_path}/ssh/started\n{script}\n")


def test_one_that_never_opens_is_given_up(
    assistant: Assistant, host: SshHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced(monkeypatch, tmp_path, "exec sleep 600")
    monkeypatch.setattr(tunnel, "OPEN_SECONDS", 0.2)
    with pytest.raises(OffloadError, match=r"opened no tunnel within 0.2 seconds"):
        ask(assistant)
    assert host.running == []


def test_one_that_ends_says_why_in_its_own_words(
    assistant: Assistant, host: SshHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced(monkeypatch, tmp_path, r"printf 'Bad \033[31mconfiguration option: x\n' >&2; exit 255")
    with pytest.raises(OffloadError, match=r"ssh opened no tunnel to .*, it says “Bad \[31mconfiguration option: x”"):
        ask(assistant)


def test_a_reply_can_be_stopped_before_it_stands(
    assistant: Assistant, host: SshHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced(monkeypatch, tmp_path, "exec sleep 600")
    reply = assistant.chat("What stands there?")
    until(lambda: host.running)
    reply.cancel()
    assert reply.result(60).stopped == "cancelled"
    assistant.close()
    assert host.running == []


def test_the_certificate_behind_it_is_still_looked_at(
    store: Store, host: SshHost, open_remote: Open, far: FarServer
) -> None:
    with serving(certificate=Path(__file__).with_name("expired.pem")) as served:
        url = served.url.replace("http:", "https:")
        remote = remotes.described("tls", RemoteKind.VLLM, url, ssh=host.name)
        store.add_remote(remote)
        Consent(store).give(remote, Purpose.CHAT, PROMPTS)
        with pytest.raises(OffloadError, match=r"The certificate of 127\.0\.0\.1:\d+ "):
            ask(open_remote(f"tls/{MODEL}"))
        assert served.asked == []


async def test_a_test_tells_of_it(store: Store, granted: Remote, host: SshHost) -> None:
    found = await Probe(granted, Consent(store)).findings()
    assert all(finding.works for finding in found)
    assert found[0].text == f"it answers through {host.name}"


def test_a_cluster(
    store: Store, cluster: FarCluster, host: SshHost, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = remotes.described(
        "lab", RemoteKind.RAY, cluster.url, api_key_env="RAY_TOKEN", storage=str(shared), ssh=host.name
    )
    store.add_remote(ray)
    consent = Consent(store)
    with pytest.raises(ConsentError):
        cluster_probe.findings(ray, consent)
    assert host.started == []
    consent.give(ray, Purpose.TRAIN, {DataClass.SAMPLES})
    found = cluster_probe.findings(ray, consent)
    assert all(finding.works for finding in found)
    assert found[1].text == f"Ray 2.60.0 answers through {host.name}"
    Cluster(ray, Client(ray, consent, Redaction())).submit({"submission_id": "a-job", "entrypoint": "true"})
    assert cluster.status == {"a-job": "PENDING"}
    # Each of these requests had an event loop of its own.
    assert (len(host.started), set(host.forwarded)) == (1, {("127.0.0.1", cluster.server_port)})


@pytest.mark.parametrize("how", [None, signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_command_however_that_ends(
    granted: Remote,
    host: SshHost,
    far: FarServer,
    how: signal.Signals | None,
) -> None:
    temporary = Path(tempfile.mkdtemp(dir="/tmp"))
    far.fault = "" if how is None else "stall"
    command = [sys.executable, "-m", "clawlocal", "chat", "Hello", "--model", f"gpu/{MODEL}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CLAWLOCAL_MODEL": "tiny", "TMPDIR": str(temporary)}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment) as process:
        if how is not None:
            until(lambda: far.bodies)
            assert (len(host.running), len(list(temporary.iterdir()))) == (1, 1)
            process.send_signal(how)
        assert process.communicate()[0] == (b"" if how else f"{SAID}\n".encode()) or how
    assert len(host.started) == 1
    until(lambda: host.running == [] and list(temporary.iterdir()) == [])
    temporary.rmdir()


@pytest.mark.parametrize(
    "ssh",
    [
        "-oProxyCommand=true", "ada@-oProxyCommand=true", "-l@host", "host -v", "host\n", "a b@host", "host:0",
        "host:99999", "host:", "@host", "host;true", "$(true)", "`true`@host", "ho%h", "a@b@host", "[::1",
        "ssh://host", "",
    ],
)  # fmt: skip
def test_what_is_no_ssh_host(ssh: str, tries: list[Any]) -> None:
    if not ssh:
        assert remotes.described("gpu", RemoteKind.VLLM, "https://h").ssh == ""
        return
    with pytest.raises(OffloadError, match="is no SSH host: write it as"):
        remotes.described("gpu", RemoteKind.VLLM, "https://h", ssh=ssh)
    assert tries == []


@pytest.mark.parametrize(
    "ssh", ["gpu", "ada@gpu.example.org", "ada@gpu.example.org:2222", "10.0.0.7:22", "ada@[::1]:2"]
)
@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://[::1]:8000", "https://node-7:8000"])
def test_ssh_hosts(store: Store, ssh: str, url: str) -> None:
    remote = remotes.described("gpu", RemoteKind.VLLM, url, ssh=ssh)
    store.add_remote(remote)
    assert store.remote("gpu") == remote
    assert remotes.granted_to(remote) == f"{remotes.host_of(remote)} through {ssh}"


@pytest.mark.parametrize("url", ["http://-h", "http://a b", "http://h%68", "http://a,b"])
def test_targets_that_no_tunnel_leads_to(url: str) -> None:
    with pytest.raises(OffloadError):
        remotes.described("gpu", RemoteKind.VLLM, url, ssh="gpu", plain=True)


def test_plain_http_behind_it() -> None:
    ssh = "ada@gpu.example.org:2222"
    assert not remotes.described("gpu", RemoteKind.VLLM, "http://GPU.example.org:8000", ssh=ssh, plain=True).plain
    with pytest.raises(OffloadError, match=r"Anyone between gpu\.example\.org and node-7:8000 can read"):
        remotes.described("gpu", RemoteKind.VLLM, "http://node-7:8000", ssh=ssh)
    assert remotes.described("gpu", RemoteKind.VLLM, "http://node-7:8000", ssh=ssh, plain=True).plain
