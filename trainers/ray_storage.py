"""The storage as a cluster sees it: a job's files come from there, and what it made goes there. Knows no Ray.

Below its address: `models/SHA256.gguf`, and for each job a folder `jobs/NAME` with `job.json`, perhaps `parent/`,
the run's checkpoints, and in the end `result/`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from trainers import manifest
from trainers.adapter_peft import CONFIG, WEIGHTS
from trainers.errors import BaseError, JobError
from trainers.files import write_whole
from trainers.job import GIVEN, Job
from trainers.manifest import FILE, Manifest
from trainers.remote_system import OBJECTS, kind, opened

PARENT, RESULT, RUN = "parent", "result", "run"
"""In a job's folder."""
MODELS, JOBS = "models", "jobs"
LACKS = {"s3": "s3fs", "sftp": "sshfs", "gs": "gcsfs", "abfs": "adlfs"}
"""What fsspec needs for an address."""


def model_name(sha256: str) -> str:
    """Where a model's file is, below the storage's address."""
    return f"{MODELS}/{sha256}.gguf"


@dataclass(frozen=True)
class Storage:
    """The folder at an address that fsspec knows; `endpoint` is the server of an `s3://`."""

    address: str
    endpoint: str = ""

    @property
    def system(self) -> Any:
        """fsspec's."""
        return self._found[0]

    def path(self, *names: str) -> str:
        """In that system."""
        return "/".join((self._found[1].rstrip("/"), *names))

    @cached_property
    def _found(self) -> tuple[Any, str]:
        # The cluster may reach it by another name than whoever sent the job.
        own = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        try:
            return opened(self.address, own or self.endpoint)
        except ImportError as e:
            lacks = LACKS.get(kind(self.address), str(e))
            raise JobError(f"The cluster lacks a package for {self.address}: install {lacks} there.") from e
        except Exception as e:
            # Each kind of storage has errors of its own, which no base joins.
            said = f"{type(e).__name__}: {e}".rstrip(": ")
            raise JobError(f"The cluster does not get into {self.address} ({said}): its own keys decide.") from e

    def fetch(self, to: Path, *names: str) -> Path:
        """Raises `JobError` where it is not there."""
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_whole(to, lambda aside: self.system.get_file(self.path(*names), str(aside)))
        except FileNotFoundError as e:
            raise JobError(f"The cluster finds no {'/'.join(names)} in {self.address}: do both see one folder?") from e
        return to

    def put(self, file: Path, *names: str) -> None:
        """There completely or not at all: an object is, a file is written aside and moved to its name."""
        system, path = self.system, self.path(*names)
        if kind(self.address) in OBJECTS:
            system.put_file(str(file), path)
            return
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.put_file(str(file), path + ".part")
        system.mv(path + ".part", path)


def localised(storage: Storage, name: str, digest: str, folder: Path) -> tuple[Job, Job]:
    """The job as it was sent, and as this machine sees it, with all its files here.

    Raises `JobError` where it is not the one whose hash is `digest`, `BaseError` where the model is another.
    """
    file = storage.fetch(folder / GIVEN, JOBS, name, GIVEN)
    if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
        raise JobError(f"The job {name} in {storage.address} is not the one that was sent.")
    sent = Job.read(file)
    parent = None
    if sent.parent is not None:
        for each in (WEIGHTS, CONFIG):
            storage.fetch(folder / PARENT / each, JOBS, name, PARENT, each)
        parent = str(folder / PARENT)
    cache = _cache()
    here = replace(
        sent, model=str(_model(storage, sent.model_sha256, cache)), bases=str(cache / "bases"), out=str(folder / "out")
    )
    return sent, replace(here, parent=parent)


def deliver(storage: Storage, name: str, job: Job, digest: str, files: Iterable[Path]) -> None:
    """Put what was made where it is looked for. The manifest comes last: where it is, everything is."""
    parent = manifest.part(Path(job.parent) / WEIGHTS).sha256 if job.parent else ""
    made = {file.name: file for file in files}
    for each, file in made.items():
        storage.put(file, JOBS, name, RESULT, each)
    origin = manifest.origin(digest, Path(job.model), job.model_sha256, parent)
    text = Manifest(origin, {each: manifest.part(file) for each, file in made.items()}).json()
    said = Path(job.out) / FILE
    said.write_text(text, "utf-8")
    storage.put(said, JOBS, name, RESULT, FILE)


def cache_in(temporary: Path) -> Path:
    """Of this user, where that is the folder for what is temporary: models and their bases, made once."""
    return temporary / f"clawlocal-{os.getuid()}"


def _cache() -> Path:
    folder = cache_in(Path(tempfile.gettempdir()))
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise BaseError(f"{folder} belongs to somebody else: remove it, or set TMPDIR for the cluster.")
    return folder


def _model(storage: Storage, sha256: str, cache: Path) -> Path:
    """The GGUF, checked: where the storage is a folder of this machine it is used in its place."""
    there = Path(storage.path(model_name(sha256)))
    local = there if storage.address.startswith("file://") else cache / f"{sha256}.gguf"
    if not local.exists():
        if local == there:
            raise JobError(f"The cluster finds no {model_name(sha256)} in {storage.address}: do both see one folder?")
        storage.fetch(local, model_name(sha256))
    if manifest.part(local).sha256 != sha256:
        if local != there:
            local.unlink()
        raise BaseError(
            f"The model in {storage.address} is damaged: remove {model_name(sha256)} there, then try again."
        )
    return local


def sweep(folder: Path) -> None:
    """Remove what a job has left on this machine."""
    shutil.rmtree(folder, ignore_errors=True)
