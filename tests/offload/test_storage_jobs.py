"""A job's way through a storage that is no folder: sent from here, done as a cluster does it, brought home."""

from __future__ import annotations

import hashlib
import pickle
import shlex
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from clawlocal.assistant import Assistant
from clawlocal.offload import cluster_probe, remotes
from clawlocal.offload.consent import Consent
from clawlocal.offload.jobs import Jobs
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.shipment import shipment
from clawlocal.paths import Paths
from clawlocal.records import DataClass, Purpose, Remote, RemoteKind
from clawlocal.remote_job import JobState, RemoteJob
from clawlocal.store import Store
from tests.offload.cluster_jobs import METRICS
from tests.offload.far_cluster import FarCluster
from tests.offload.places import Place
from trainers.adapter_peft import CONFIG, WEIGHTS
from trainers.errors import JobError
from trainers.job import RESULT, Result
from trainers.ray_storage import Storage, deliver, localised


@pytest.fixture
def remote(store: Store, cluster: FarCluster, place: Place) -> Remote:
    """A cluster with that storage, granted samples and the model."""
    remote = remotes.described(
        "lab",
        RemoteKind.RAY,
        cluster.url,
        api_key_env="RAY_TOKEN",
        storage=place.address,
        storage_endpoint=place.endpoint,
    )
    store.add_remote(remote)
    Consent(store).give(remote, Purpose.TRAIN, {DataClass.SAMPLES, DataClass.MODEL})
    return remote


def send(assistant: Assistant, jobs: Jobs, gguf: Path) -> RemoteJob:
    waiting = assistant.waiting_job()
    assert waiting is not None
    found = shipment(waiting, assistant.engine, Redaction(""))
    assert found is not None
    return jobs.send(jobs.prepare(found, 2), gguf)


def do(entrypoint: str, folder: Path) -> None:
    """What `trainers.ray_job` and `ray_worker` do with the storage; nothing is computed."""
    address, name, digest, _, *endpoint = shlex.split(entrypoint)[3:]
    storage = Storage(address, *endpoint)
    sent, here = localised(storage, name, digest, folder)
    assert hashlib.sha256(Path(here.model).read_bytes()).hexdigest() == sent.model_sha256
    out = Path(here.out)
    out.mkdir()
    (out / WEIGHTS).write_bytes(b"weights of the cluster")
    (out / CONFIG).write_text("{}")
    (out / RESULT).write_text(Result(dict(METRICS), {"rl": 1}, 16, 9.0).json())
    deliver(storage, name, here, digest, [out / each for each in (WEIGHTS, CONFIG, RESULT)])


def test_there_and_home_again(
    store: Store,
    where: Paths,
    remote: Remote,
    cluster: FarCluster,
    place: Place,
    correcting: Callable[..., Assistant],
    gguf: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    jobs = Jobs(store, where, remote)
    job = send(correcting(idle_seconds=86400), jobs, gguf)
    model = f"team/models/{hashlib.sha256(gguf.read_bytes()).hexdigest()}.gguf"
    assert place.names() == [f"team/jobs/{job.name}/job.json", model]
    do(cluster.orders[0]["entrypoint"], tmp_path / "cluster")
    cluster.status[job.id] = "SUCCEEDED"
    assert jobs.pull(job, gguf, hashlib.sha256(gguf.read_bytes()).hexdigest()).state is JobState.ARRIVED
    jobs.clean(job)
    assert place.names() == [model]
    assert {entry.outcome for entry in store.egress()} <= {"done", "status 401", "status 404"}


def test_what_works_is_said_as_it_is(store: Store, remote: Remote, place: Place) -> None:
    found = {f.name: f for f in cluster_probe.findings(remote, Consent(store))}
    assert found["storage"].works and place.address in found["storage"].text
    assert place.names() == []
    place.server.fault = "full"
    found = {f.name: f for f in cluster_probe.findings(remote, Consent(store))}
    assert (found["jobs"].works, found["storage"].works) == (True, False)
    assert "is full" in found["storage"].text


@pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow is not installed: pip install clawlocal[ray]")
def test_checkpoints_as_ray_train_keeps_them(place: Place, tmp_path: Path) -> None:
    from pyarrow import fs

    storage = Storage(place.address, place.endpoint)
    # As a worker has it, which is another process.
    system = fs.PyFileSystem(fs.FSSpecHandler(pickle.loads(pickle.dumps(storage.system))))
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "weights").write_bytes(b"w" * 100_000)
    there = storage.path("jobs", "a", "run", "checkpoint_0")
    system.create_dir(there, recursive=True)
    fs.copy_files(str(tmp_path / "checkpoint"), there, fs.LocalFileSystem(), system)
    assert place.names() == ["team/jobs/a/run/checkpoint_0/weights"]
    found = system.get_file_info(fs.FileSelector(there, recursive=True))
    assert [(each.type, each.base_name, each.size) for each in found] == [(fs.FileType.File, "weights", 100_000)]
    (tmp_path / "back").mkdir()
    fs.copy_files(there, str(tmp_path / "back"), system, fs.LocalFileSystem())
    assert (tmp_path / "back" / "weights").read_bytes() == b"w" * 100_000
    system.delete_dir(there)
    assert place.names() == []


def test_a_cluster_without_the_package(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = {"s3": "s3fs", "sftp": "sshfs"}[place.address.partition("://")[0]]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(JobError, match=f"lacks a package for .*: install {package} there"):
        Storage(place.address, place.endpoint).fetch(tmp_path / "x", "x")


def test_a_cluster_that_does_not_know_the_host(sftp: Place, tmp_path: Path) -> None:
    sftp.server.ssh.trust("")
    with pytest.raises(JobError, match=r"does not get into sftp://.*Host key is not trusted"):
        Storage(sftp.address).fetch(tmp_path / "x", "x")


def test_a_cluster_that_reaches_it_by_another_name(s3: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    s3 = replace(s3, endpoint="http://192.0.2.1:9000")
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.server.url)
    (tmp_path / "x").write_bytes(b"x")
    Storage(s3.address, s3.endpoint).put(tmp_path / "x", "x")
    assert s3.names() == ["team/x"]
