"""A storage that is S3 or SFTP: there and back on servers that run, and what can go wrong with them."""

from __future__ import annotations

import errno
import io
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

import asyncssh
import psutil
import pytest

from clawlocal.errors import ConsentError, OffloadError
from clawlocal.offload import remotes, shelf
from clawlocal.offload.client import Client
from clawlocal.offload.consent import Consent
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.shelf import BLOCK
from clawlocal.offload.storage import NOT_THERE, Storage
from clawlocal.records import DataClass, Purpose, Remote, RemoteKind
from clawlocal.store import Store
from tests.offload.far_bucket import KEY, SECRET
from tests.offload.places import Place
from tests.offload.ssh_host import ssh_host
from trainers import remote_system

SAMPLES = frozenset({DataClass.SAMPLES})


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


def test_no_connection_outlives_what_it_was_for(store: Store, place: Place) -> None:
    port = int(place.host.rpartition(":")[2])
    storage = opened(store, place)
    storage.put("a", b"x", SAMPLES)
    with pytest.raises(OffloadError):
        storage.read("b", 1)
    found = psutil.Process().net_connections("tcp")
    assert [c for c in found if c.raddr and c.raddr.port == port and c.status == psutil.CONN_ESTABLISHED] == []


def test_a_grant_for_another_server_is_none(store: Store, s3: Place, tries: list[Any]) -> None:
    storage = opened(store, s3)
    store._db.execute("UPDATE remotes SET storage_endpoint = 'https://other.example.org'")
    remote = store.remote("lab")
    storage = Storage(remote, Client(remote, Consent(store), Redaction()))
    with pytest.raises(ConsentError, match=f"at {s3.host}, not for .* at other.example.org:443"):
        storage.size("x")
    assert tries == []


@pytest.mark.parametrize(("kind", "package"), [("s3", "s3fs"), ("sftp", "sshfs")])
def test_a_package_that_is_missing(
    store: Store, request: pytest.FixtureRequest, kind: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = request.getfixturevalue(kind)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(OffloadError, match=rf"needs one more package: `pip install 'clawlocal\[{kind}\]'`"):
        opened(store, place).size("x")


def fails(store: Store, place: Place, content: bytes = b"x") -> OffloadError:
    with pytest.raises(OffloadError) as raised:
        opened(store, place).put("a/b", content, SAMPLES)
    error = raised.value
    assert store.egress()[0].outcome == error.outcome
    assert str(error).count(". ") <= 1 and str(error).endswith("."), error
    return error


@pytest.mark.parametrize("size", [1, BLOCK + 1])
def test_a_bucket_that_is_full(store: Store, s3: Place, size: int) -> None:
    s3.server.fault = "full"
    assert "is full: free some space there" in str(fails(store, s3, b"x" * size))
    s3.server.fault = ""
    assert s3.names() == []


def test_no_such_bucket(store: Store, s3: Place) -> None:
    s3.address = "s3://nowhere-of-all/team"
    said = f"There is no bucket nowhere-of-all at {s3.host}"
    assert said in str(fails(store, s3))
    remote = store.remote("lab")
    with pytest.raises(OffloadError, match=said):
        Storage(remote, Client(remote, Consent(store), Redaction())).size("a/b")
    assert "nowhere-of-all" not in [each["Name"] for each in s3.server.buckets.list_buckets()["Buckets"]]


def test_no_key_and_nobody_else_is_asked_for_one(
    store: Store, s3: Place, monkeypatch: pytest.MonkeyPatch, tries: list[Any], tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/keys")
    (tmp_path / "config").write_text("[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert "There is no key for the storage" in str(fails(store, s3))
    assert tries == []


def test_a_profile_that_is_not_there(store: Store, s3: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "There is no key for the storage" in str(fails(store, s3))


def test_a_key_from_the_users_own_file(
    store: Store, s3: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    file = tmp_path / "credentials"
    file.write_text(f"[lab]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    opened(store, s3).put("a", b"x", SAMPLES)
    assert s3.names() == ["team/a"]


def test_a_key_that_is_not_known_and_one_that_may_do_nothing(
    store: Store, s3: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = s3.server.users
    users.create_user(UserName="ada")
    hers = users.create_access_key(UserName="ada")["AccessKey"]
    with s3.server.only_known_keys():
        assert f"{s3.host} does not accept the key for the storage" in str(fails(store, s3))
        store.remove_remote("lab")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", hers["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", hers["SecretAccessKey"])
        assert "may not be written or read with your key: change its permissions" in str(fails(store, s3))


def test_a_bucket_in_another_region(store: Store, s3: Place) -> None:
    s3.server.fault = "region"
    said = "is in the region eu-central-1: add lab again with --storage-endpoint https://s3.eu-central-1.amazonaws.com"
    assert said in str(fails(store, s3))


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_redirect_is_not_followed(store: Store, s3: Place, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0)
        host = f"{name}:{other.getsockname()[1]}"
        s3.server.fault, s3.server.elsewhere = "redirect", f"http://{host}"
        said = str(fails(store, s3))
        assert f"{s3.host} points to {host}, which was not granted, and nothing was sent there" in said
        with pytest.raises(BlockingIOError):
            other.accept()


def test_a_proxy_is_not_used(store: Store, s3: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:1")
    opened(store, s3).put("a", b"x", SAMPLES)
    assert s3.names() == ["team/a"]


def test_nothing_is_sent_twice(store: Store, s3: Place) -> None:
    s3.server.fault = "busy"
    s3.server.asked.clear()
    assert "takes no more requests for now" in str(fails(store, s3))
    assert [method for method, _ in s3.server.asked] == ["PUT"]


def test_what_may_not_be_deleted_is_said(store: Store, s3: Place) -> None:
    storage = opened(store, s3)
    storage.put("a/b", b"x", SAMPLES)
    s3.server.fault = "kept"
    with pytest.raises(OffloadError, match="may not be written or read with your key"):
        storage.remove("a")


def test_an_upload_that_is_given_up_leaves_nothing(store: Store, s3: Place, tmp_path: Path) -> None:
    storage = opened(store, s3)

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= BLOCK:
                raise OSError(errno.EIO, "Input/output error")
            return super().read(size)

    with (
        pytest.raises(OffloadError, match="Input/output error"),
        storage._passing("a", SAMPLES, 1) as (shelf, path, _),
    ):
        shelf.put(path, Broken(b"x" * 3 * BLOCK), 3 * BLOCK)
    assert (s3.names(), s3.server.uploads(s3.address.split("/")[2])) == ([], [])


def test_a_bucket_without_a_server(store: Store, s3: Place, tries: list[Any]) -> None:
    added(store, s3)
    store._db.execute("UPDATE remotes SET storage_endpoint = ''")
    remote = store.remote("lab")
    Consent(store).give(remote, Purpose.TRAIN, SAMPLES)
    with pytest.raises(OffloadError, match="Nothing says which server has the storage s3://lab"):
        Storage(remote, Client(remote, Consent(store), Redaction())).size("x")
    assert tries == []


def test_a_host_that_does_not_even_greet(store: Store, sftp: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_system, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        host = f"127.0.0.1:{mute.getsockname()[1]}"
        sftp.address = sftp.address.replace(sftp.host, host)
        assert "cannot be reached: check the network" in str(fails(store, sftp))


def test_nobody_listens(store: Store, place: Place) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
        place.address = place.address.replace(place.host, host)
        place.endpoint = place.endpoint.replace(place.host, host)
        assert f"Nothing answers at {host}" in str(fails(store, place))


def test_a_link_that_is_lost_midway_and_the_rest_later(store: Store, place: Place, tmp_path: Path) -> None:
    storage, content = opened(store, place), secrets.token_bytes(2 * BLOCK)
    storage.put("a", content, SAMPLES)
    to = tmp_path / "home.part"
    place.server.fault = "cut"
    with pytest.raises(OffloadError, match=r"The link to the storage .* broke off"):
        storage.fetch("a", to, len(content))
    have = to.stat().st_size
    assert have < len(content) and to.read_bytes() == content[:have]
    place.server.fault = ""
    storage.fetch("a", to, len(content))
    assert to.read_bytes() == content
    assert (store.egress()[0].received, store.egress()[1].outcome) == (len(content) - have, "cut off")


def test_one_that_falls_silent_is_given_up(store: Store, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "STEP_SECONDS", 0.5)
    place.server.fault = "silent"
    assert "fell silent and was given up" in str(fails(store, place))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("full", "is full: free some space there"),
        ("failure", "does not say why: see whether there is space and a quota left"),
        ("denied", "may not be written or read: change its permissions"),
    ],
)
def test_a_host_that_does_not_write(store: Store, sftp: Place, fault: str, says: str) -> None:
    sftp.server.fault = fault
    assert says in str(fails(store, sftp))
    assert sftp.names() == []


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ("", "is not known here: run `ssh -p {port} ada@127.0.0.1` once, compare the fingerprint"),
        ("other", "is not the one that is known here, so somebody may stand in between"),
    ],
)
@pytest.mark.parametrize("settings", ["", "UserKnownHostsFile none\nStrictHostKeyChecking accept-new\n"])
def test_a_host_key_that_is_not_the_known_one(store: Store, sftp: Place, known: str, says: str, settings: str) -> None:
    ssh = sftp.server.ssh
    ssh.trust(known)
    if settings:
        sftp.server.settings(settings)
    assert says.format(port=ssh.port) in str(fails(store, sftp))
    assert (sftp.names(), sftp.server.known()) == ([], [known] if known else [])


def test_the_usual_file_of_known_hosts(store: Store, sftp: Place) -> None:
    sftp.server.settings("UserKnownHostsFile none\n")
    opened(store, sftp).put("a", b"x", SAMPLES)
    assert sftp.names() == ["team/a"]


def test_a_login_that_is_refused(store: Store, sftp: Place) -> None:
    sftp.server.ssh.log_in_with("other")
    assert "does not let you in: have `ssh -p" in str(fails(store, sftp))


def test_a_host_whose_name_means_another_one(store: Store, sftp: Place, tries: list[Any]) -> None:
    sftp.server.settings("HostName elsewhere.example.org\n")
    assert "says that 127.0.0.1 is elsewhere.example.org, which was not granted" in str(fails(store, sftp))
    assert tries == []


@pytest.mark.parametrize("settings", ["IdentityFile /nowhere\n", "Port many\n"])
def test_settings_that_cannot_be_used(store: Store, sftp: Place, settings: str, tries: list[Any]) -> None:
    sftp.server.settings(settings)
    assert "Your settings for SSH cannot be used" in str(fails(store, sftp))
    assert tries == []


def test_a_key_with_a_passphrase_is_left_to_the_agent(store: Store, sftp: Place) -> None:
    own = asyncssh.read_private_key(sftp.server.folder.parent / "own")
    own.write_private_key(sftp.server.folder.parent / "own", "pkcs8-pem", passphrase="heron")
    assert "does not let you in" in str(fails(store, sftp))


def test_a_jump_is_not_taken(store: Store, sftp: Place) -> None:
    sftp.server.settings("ProxyJump 192.0.2.1\n")
    opened(store, sftp).put("a", b"x", SAMPLES)
    assert sftp.names() == ["team/a"]


def test_a_host_without_sftp(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").symlink_to(tmp_path / "config")
    monkeypatch.setenv("HOME", str(tmp_path))
    with ssh_host(tmp_path) as host:
        place = Place(f"sftp://{host.name}/team", "", "", list, host)
        assert "has no SFTP: have whoever runs it allow that" in str(fails(store, place))
