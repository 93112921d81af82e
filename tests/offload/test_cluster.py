"""A cluster as a remote: added, granted, tested; nothing of it without a grant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from clawlocal.cli.offload import offload
from clawlocal.errors import ConsentError, ModelError, OffloadError, StoreError
from clawlocal.offload import cluster_probe, remotes
from clawlocal.offload.client import Client
from clawlocal.offload.consent import Consent
from clawlocal.offload.model import named
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.storage import NOT_THERE, Storage
from clawlocal.records import DataClass, Purpose, Remote, RemoteKind
from clawlocal.store import Store
from tests.offload.far_cluster import FarCluster

RAY = RemoteKind.RAY


def works(store: Store, remote: Remote) -> dict[str, str]:
    """What works: nothing for it, or why it does not."""
    found = cluster_probe.findings(remote, Consent(store))
    assert [f.name for f in found] == list(cluster_probe.NAMES)
    return {f.name: "" if f.works else f.text for f in found}


@pytest.mark.parametrize(
    ("storage", "kept", "at"),
    [
        ("/mnt/shared/", "file:///mnt/shared", ""),
        ("file:///mnt/shared", "file:///mnt/shared", ""),
        ("gs://bucket/team", "gs://bucket/team", ""),
        ("s3://bucket/team/", "s3://bucket/team", " at s3.eu-central-1.amazonaws.com:443"),
        ("sftp://ada@gpu.example.org/data", "sftp://ada@gpu.example.org/data", " at gpu.example.org:22"),
        ("sftp://gpu:2222/data", "sftp://gpu:2222/data", " at gpu:2222"),
        ("sftp://[::1]/data", "sftp://[::1]/data", " at [::1]:22"),
    ],
)
def test_storages(storage: str, kept: str, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    remote = remotes.described("gpu", RAY, "https://h:8265", storage=storage)
    assert (remote.storage, remote.api_key_env) == (kept, "RAY_AUTH_TOKEN")
    assert remotes.granted_to(remote) == f"h:8265 with {kept}{at}"


CONFIG = """[default]
region = eu-west-2
[profile lab]
endpoint_url = https://minio.example.org:9000
"""


@pytest.mark.parametrize(
    ("environment", "given", "server"),
    [
        ({}, "", "https://s3.eu-west-2.amazonaws.com"),
        ({"AWS_CONFIG_FILE": "/nowhere"}, "", "https://s3.us-east-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "eu-north-1"}, "", "https://s3.eu-north-1.amazonaws.com"),
        ({"AWS_PROFILE": "lab"}, "", "https://minio.example.org:9000"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000/"}, "", "http://127.0.0.1:9000"),
        ({"AWS_ENDPOINT_URL": "https://a", "AWS_ENDPOINT_URL_S3": "https://b"}, "", "https://b"),
        ({"AWS_ENDPOINT_URL": "https://a"}, "https://c:1", "https://c:1"),
    ],
)
def test_servers_of_s3(
    environment: dict[str, str], given: str, server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    remote = remotes.described("gpu", RAY, "https://h:8265", storage="s3://bucket/team", storage_endpoint=given)
    assert remote.storage_endpoint == server


@pytest.mark.parametrize(
    ("storage", "server", "says"),
    [
        ("/mnt", "https://a", "leave it out for any other"),
        ("s3://b", "https://me:secret@h", "Leave the key out of the address"),
        ("s3://b", "https://h/path", "is a host alone"),
        ("s3://b", "minio", "no address of a server"),
        ("s3://b", "http://minio.example.org", "between this machine and minio.example.org:80 can read"),
    ],
)
def test_what_is_no_server_of_s3(storage: str, server: str, says: str, tries: list[Any]) -> None:
    with pytest.raises(OffloadError, match=says):
        remotes.described("gpu", RAY, "https://h:8265", storage=storage, storage_endpoint=server)
    assert tries == []


def test_a_server_of_s3_without_tls_is_taken_where_that_is_asked_for() -> None:
    server = "http://minio.example.org:9000"
    remote = remotes.described("gpu", RAY, "https://h", storage="s3://b", storage_endpoint=server, plain=True)
    assert (remote.plain, remote.storage_endpoint) == (True, server)
    assert "between this machine and minio.example.org:9000" in remotes.exposed(remote)


@pytest.mark.parametrize(
    ("storage", "says"),
    [
        ("", "needs --storage"),
        ("shared", "must be whole"),
        ("https://h/x", "is no storage"),
        ("s3://", "is no storage"),
        ("sftp://ada:secret@h/x", "Leave keys out"),
        ("s3://b?key=secret", "Leave keys out"),
        ("sftp://gpu", "write it as sftp://"),
        ("sftp:///data", "write it as sftp://"),
        ("sftp://gpu:port/data", "write it as sftp://"),
    ],
)
def test_what_is_no_storage(storage: str, says: str, tries: list[Any]) -> None:
    with pytest.raises(OffloadError, match=says):
        remotes.described("gpu", RAY, "https://h:8265", storage=storage)
    assert tries == []


def test_a_server_has_no_storage() -> None:
    with pytest.raises(OffloadError, match="A cluster, and nothing else"):
        remotes.described("gpu", RemoteKind.VLLM, "https://h", storage="/mnt")


def test_all_of_it_works(store: Store, trusted: Remote, cluster: FarCluster, shared: Path) -> None:
    assert set(works(store, trusted).values()) == {""}
    assert (cluster.orders, list(shared.iterdir())) == ([], [])
    assert {entry.outcome for entry in store.egress()} == {"done", "status 401"}


def test_without_a_grant_nothing_is_asked(store: Store, ray: Remote, tries: list[Any], shared: Path) -> None:
    consent = Consent(store)
    with pytest.raises(ConsentError):
        cluster_probe.findings(ray, consent)
    storage = Storage(ray, Client(ray, consent, Redaction()))
    for call in (lambda: storage.put("x", b"x", frozenset()), lambda: storage.read("x", 1), lambda: storage.size("x")):
        with pytest.raises(ConsentError):
            call()
    assert (tries, list(shared.iterdir()), store.egress()) == ([], [], [])


def test_a_cluster_that_is_open_to_anyone(store: Store, trusted: Remote, cluster: FarCluster) -> None:
    cluster.fault = "open"
    found = works(store, trusted)
    assert "answers without a key: whoever reaches it can run anything there" in found["closed to others"]
    assert "RAY_AUTH_MODE=token" in found["closed to others"]
    assert cluster.asked == [("GET", "/api/jobs/")]


def test_a_wrong_token(store: Store, trusted: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TOKEN", "another")
    found = works(store, trusted)
    assert "does not accept the key (403): correct the key in RAY_TOKEN" in found["authentication"]
    assert (found["closed to others"], found["storage"]) == ("", "")


def test_something_that_is_no_cluster(store: Store, trusted: Remote, cluster: FarCluster) -> None:
    cluster.fault = "html"
    assert "something that a server of the kind ray does not say" in works(store, trusted)["reachable"]


def test_a_storage_that_is_not_there(store: Store, trusted: Remote, shared: Path) -> None:
    shared.rmdir()
    shared.write_text("a file")
    assert "The storage file://" in works(store, trusted)["storage"]


def test_files_there_and_back(store: Store, trusted: Remote, shared: Path, tmp_path: Path) -> None:
    storage = Storage(trusted, Client(trusted, Consent(store), Redaction()))
    storage.put("a/b", b"0123456789", frozenset({DataClass.SAMPLES}))
    assert (storage.size("a/b"), storage.size("a/c")) == (10, None)
    assert [path.name for path in (shared / "a").iterdir()] == ["b"]
    to = tmp_path / "home.part"
    to.write_bytes(b"0123")
    storage.fetch("a/b", to, 8)
    assert to.read_bytes() == b"01234567"
    assert [(e.sent, e.received) for e in store.egress()][:1] == [(0, 4)]
    with pytest.raises(OffloadError, match="far too large"):
        storage.read("a/b", 9)
    with pytest.raises(OffloadError) as raised:
        storage.read("a/c", 9)
    assert raised.value.outcome == NOT_THERE
    storage.remove("a")
    assert list(shared.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full")
def test_a_disk_that_is_full_here_is_no_fault_of_the_link(store: Store, trusted: Remote, tmp_path: Path) -> None:
    storage = Storage(trusted, Client(trusted, Consent(store), Redaction()))
    storage.put("a", b"0123456789", frozenset({DataClass.SAMPLES}))
    (tmp_path / "home.part").symlink_to("/dev/full")
    for to in (tmp_path / "home.part", tmp_path / "nowhere" / "home.part"):
        with pytest.raises(StoreError, match="The adapter cannot be written here"):
            storage.fetch("a", to, 10)


def test_data_that_was_not_granted_is_not_written(store: Store, trusted: Remote, shared: Path) -> None:
    storage = Storage(trusted, Client(trusted, Consent(store), Redaction()))
    with pytest.raises(ConsentError, match=r"leaves out adapter.*--data adapter,model,samples"):
        storage.put("a/b", b"x", frozenset({DataClass.ADAPTER}))
    assert list(shared.iterdir()) == []


def test_a_cluster_does_not_chat(store: Store, ray: Remote) -> None:
    with pytest.raises(ModelError, match="is a cluster that trains"):
        named("cluster/x", store)


def test_at_the_command_line(home: Path, cluster: FarCluster, shared: Path, store: Store) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(offload, list(words), catch_exceptions=False)
        return result.output

    said = run("add", "c", "--kind", "ray", "--address", cluster.url, "--storage", str(shared))
    assert "Next: `clawlocal offload grant c --purpose train`" in said
    assert "is of the kind ray, which is for train" in run("grant", "c", "--purpose", "chat")
    assert "without samples there is nothing to do" in run("grant", "c", "--purpose", "train", "--data", "adapter")
    assert f"Granted: samples and model to 127.0.0.1:{cluster.server_port} with file://{shared} for train" in run(
        "grant", "c", "--purpose", "train"
    )
    assert f"{cluster.url}, file://{shared}" in run("list")
    server = "http://127.0.0.1:9000"
    said = run(
        "add", "d", "--kind", "ray", "--address", cluster.url, "--storage", "s3://b/t", "--storage-endpoint", server
    )
    assert "Next: `clawlocal offload grant d --purpose train`" in said
    assert f"{cluster.url}, s3://b/t at 127.0.0.1:9000" in run("list")
    [grant] = store.grants()
    assert (grant.purpose, grant.data) == (Purpose.TRAIN, {DataClass.SAMPLES, DataClass.MODEL})
