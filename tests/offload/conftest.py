"""A server on the loopback, a remote that names it, and doors that can be shut."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.engine.fake import FakeEngine
from clawlocal.offload import client, following, remotes
from clawlocal.offload.consent import Consent
from clawlocal.offload.following import Following
from clawlocal.paths import Paths
from clawlocal.records import DataClass, Purpose, Remote, RemoteKind
from clawlocal.store import Store
from tests.offload.cluster_jobs import WISH, write_model
from tests.offload.far_cluster import TOKEN, FarCluster, clustering
from tests.offload.far_server import KEY, MODEL, FarServer, serving
from tests.offload.learned import Here, Learned

if TYPE_CHECKING:
    from tests.offload.far_bucket import FarBucket
    from tests.offload.places import Place

PROMPTS = frozenset({DataClass.PROMPTS})


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarServer]:
    """Asks for a key, which the environment has."""
    monkeypatch.setenv("GPU_KEY", KEY)
    with serving(KEY) as server:
        yield server


@pytest.fixture
def remote(store: Store, far: FarServer) -> Remote:
    """Added, and nothing granted."""
    remote = remotes.described("gpu", RemoteKind.VLLM, far.url, api_key_env="GPU_KEY")
    store.add_remote(remote)
    return remote


@pytest.fixture
def granted(store: Store, remote: Remote) -> Remote:
    """Prompts may be sent there."""
    Consent(store).give(remote, Purpose.CHAT, PROMPTS)
    return remote


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarCluster]:
    """Asks for a token, which the environment has."""
    monkeypatch.setenv("RAY_TOKEN", TOKEN)
    with clustering() as server:
        yield server


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """The storage of the cluster, an empty folder."""
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


@pytest.fixture
def ray(store: Store, cluster: FarCluster, shared: Path) -> Remote:
    """A cluster, added, and nothing granted."""
    remote = remotes.described("cluster", RemoteKind.RAY, cluster.url, api_key_env="RAY_TOKEN", storage=str(shared))
    store.add_remote(remote)
    return remote


@pytest.fixture
def trusted(store: Store, ray: Remote) -> Remote:
    """Samples and the model may be sent there."""
    Consent(store).give(ray, Purpose.TRAIN, {DataClass.SAMPLES, DataClass.MODEL})
    return ray


@pytest.fixture(scope="session")
def far_bucket() -> Iterator[FarBucket]:
    # Imported here, as below: few tests need what serves them.
    from tests.offload import far_bucket

    with far_bucket.serving() as server:
        yield server


@pytest.fixture
def s3(far_bucket: FarBucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    from tests.offload.places import in_a_bucket

    with in_a_bucket(far_bucket, monkeypatch) as place:
        yield place


@pytest.fixture
def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    from tests.offload.places import on_a_host

    with on_a_host(tmp_path / "sftp", monkeypatch) as place:
        yield place


@pytest.fixture(params=["s3", "sftp"])
def place(request: pytest.FixtureRequest) -> Place:
    """A storage of each kind that is no folder."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def gguf(where: Paths) -> Path:
    """The file of the model `tiny`."""
    path = where.config / "tiny.gguf"
    write_model(path)
    return path


@pytest.fixture
def correcting(
    gguf: Path, open_assistant: Callable[..., Assistant], works_as: Callable[[str], None]
) -> Callable[..., Assistant]:
    """Opens an assistant with settings, and corrects a reply of it, which then waits."""

    def open_one(**settings: Any) -> Assistant:
        engine = FakeEngine(name="tiny")
        engine.enqueue("A heron is a bird. It wades.")
        assistant = open_assistant(engine, **settings)
        answer = assistant.chat("What is a heron?").result(60)
        assistant.correct(answer.turn or "", WISH)
        return assistant

    return open_one


@pytest.fixture
def open_remote(remote: Remote) -> Iterator[Callable[..., Assistant]]:
    """Opens assistants of the remote's model, and closes them at the end."""
    with ExitStack() as opened:

        def open_one(model: str = f"gpu/{MODEL}", **settings: Any) -> Assistant:
            return opened.enter_context(Assistant.open(Settings(model="tiny", **settings), model=model))

        yield open_one


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A remote that falls silent is given up soon."""
    monkeypatch.setattr(client, "SILENT_SECONDS", 0.3)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that somebody tries to connect to or to look up. All of them are refused."""
    tried: list[Any] = []

    def refuse(*arguments: Any, **options: Any) -> Any:
        tried.append(arguments)
        raise OSError("no door is open in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket.socket, "sendto", refuse)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    return tried


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """What opens the engines of this machine from now on."""
    found = Here()
    monkeypatch.setattr(following, "opens", lambda settings, where: found)
    return found


@pytest.fixture
def learned(store: Store, where: Paths) -> Learned:
    return Learned(store, where)


@pytest.fixture
def allowed(store: Store, granted: Remote) -> Remote:
    """Prompts may be sent there, and adapters served."""
    Consent(store).give(granted, Purpose.SERVE, {DataClass.ADAPTER})
    return granted


@pytest.fixture
def follow(store: Store, allowed: Remote, here: Here) -> Following:
    """Of the one model of the remote."""
    return Following(store, allowed, MODEL, here)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The one that the server sees too."""
    found = tmp_path / "common"
    found.mkdir()
    return found


@pytest.fixture
def begin(follow: Following, folder: Path) -> Callable[[], Any]:
    """Serves what `tiny` learned."""
    return lambda: follow.begin("tiny", str(folder), str(folder))
