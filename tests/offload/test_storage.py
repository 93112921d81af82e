"""A storage that is S3 or SFTP: there and back on servers that run, and what can go wrong with them."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clawlocal.errors import ConsentError, OffloadError
from clawlocal.offload import remotes
from clawlocal.offload.client import Client
from clawlocal.offload.consent import Consent
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.shelf import BLOCK
from clawlocal.offload.storage import NOT_THERE, Storage
from clawlocal.records import DataClass, Purpose, Remote, RemoteKind
from clawlocal.store import Store
from tests.offload.far_bucket import KEY, SECRET, FarBucket
from tests.offload.far_bucket import serving as serving_s3
from tests.offload.sftp_host import SftpHost
from tests.offload.sftp_host import serving as serving_sftp

SAMPLES = frozenset({DataClass.SAMPLES})


@dataclass
class Place:
    """A storage for tests."""

    address: str
    endpoint: str
    host: str
    """As a grant names it."""
    names: Callable[[], list[str]]
    """Of all files there."""
    server: Any


@pytest.fixture(scope="module")
def far_bucket() -> Iterator[FarBucket]:
    with serving_s3() as server:
        yield server


@pytest.fixture
def s3(far_bucket: FarBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Place]:
    """A bucket of its own, and a key in the environment."""
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    bucket = f"lab-{secrets.token_hex(8)}"
    far_bucket.client().create_bucket(Bucket=bucket)
    yield Place(
        f"s3://{bucket}/team",
        far_bucket.url,
        far_bucket.url.removeprefix("http://"),
        lambda: far_bucket.names(bucket),
        far_bucket,
    )
    far_bucket.fault = ""


@pytest.fixture
def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A user whose key the host knows, and who knows the host's."""
    folder = tmp_path / "sftp"
    folder.mkdir()
    with serving_sftp(folder) as server:
        monkeypatch.setenv("HOME", str(server.home))
        yield Place(
            f"sftp://{server.ssh.name}/team",
            "",
            f"127.0.0.1:{server.ssh.port}",
            lambda: [p.relative_to(server.folder).as_posix() for p in server.folder.rglob("*") if p.is_file()],
            server,
        )


@pytest.fixture(params=["s3", "sftp"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


def added(store: Store, place: Place) -> Remote:
    remote = remotes.described(
        "lab", RemoteKind.RAY, "https://h:8265", storage=place.address, storage_endpoint=place.endpoint
    )
    store.add_remote(remote)
    return remote


def opened(store: Store, place: Place) -> Storage:
    """Added, and granted."""
    remote = added(store, place)
    Consent(store).give(remote, Purpose.TRAIN, SAMPLES, megabytes=100)
    return Storage(remote, Client(remote, Consent(store), Redaction()))


def test_files_there_and_back(store: Store, place: Place, tmp_path: Path) -> None:
    storage = opened(store, place)
    storage.put("jobs/a/b", b"0123456789", SAMPLES)
    storage.put("jobs/a/b", b"9876543210", SAMPLES)
    assert (storage.size("jobs/a/b"), storage.size("jobs/a/c")) == (10, None)
    assert place.names() == ["team/jobs/a/b"]
    assert storage.read("jobs/a/b", 10) == b"9876543210"
    with pytest.raises(OffloadError, match="far too large"):
        storage.read("jobs/a/b", 9)
    with pytest.raises(OffloadError, match="no such file") as raised:
        storage.read("jobs/a/c", 9)
    assert raised.value.outcome == NOT_THERE
    storage.remove("jobs/a")
    storage.remove("jobs/a")
    assert place.names() == []
    assert {e.host for e in store.egress()} == {f"h:8265 with {place.address} at {place.host}"}


def test_a_large_file_goes_by_parts_and_comes_home_from_where_it_broke_off(
    store: Store, place: Place, tmp_path: Path
) -> None:
    storage, content = opened(store, place), secrets.token_bytes(2 * BLOCK + 1000)
    (tmp_path / "large").write_bytes(content)
    storage.put("models/large", tmp_path / "large", SAMPLES)
    assert (storage.size("models/large"), place.names()) == (len(content), ["team/models/large"])
    to = tmp_path / "home.part"
    to.write_bytes(content[:5000])
    storage.fetch("models/large", to, len(content))
    assert to.read_bytes() == content
    assert store.egress()[0].received == len(content) - 5000


def test_without_a_grant_nothing_is_tried(store: Store, place: Place, tries: list[Any], tmp_path: Path) -> None:
    remote = added(store, place)
    storage = Storage(remote, Client(remote, Consent(store), Redaction()))
    for call in (
        lambda: storage.put("x", b"x", frozenset()),
        lambda: storage.size("x"),
        lambda: storage.read("x", 1),
        lambda: storage.fetch("x", tmp_path / "x", 1),
        lambda: storage.remove("x"),
    ):
        with pytest.raises(ConsentError):
            call()
    assert (tries, store.egress()) == ([], [])


def test_with_one_the_doors_of_these_tests_are_watched(store: Store, place: Place, tries: list[Any]) -> None:
    with pytest.raises(OffloadError):
        opened(store, place).size("x")
    assert tries
