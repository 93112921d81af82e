"""An adapter on its way home: its manifest compared, its files fetched by parts, each hash checked. Knows no gate."""

from __future__ import annotations

import os
from pathlib import Path

from clawlocal.adapters import files
from clawlocal.errors import AdapterError, ClawlocalError, OffloadError, StoreError
from clawlocal.offload.storage import PART, Storage
from clawlocal.records import AdapterVersion
from clawlocal.remote_job import RemoteJob
from clawlocal.training.arrivals import MADE
from trainers import manifest
from trainers.adapter_peft import CONFIG, LARGEST_BYTES, WEIGHTS
from trainers.errors import TrainingError
from trainers.job import RESULT as FIGURES
from trainers.manifest import FILE, Manifest, Origin
from trainers.ray_storage import JOBS, RESULT

REFUSED = "refused"
"""The outcome of what does not belong here."""
MOST_BYTES = {WEIGHTS: LARGEST_BYTES, CONFIG: 1_000_000, FIGURES: 10_000_000}
"""Of each file: these come home, and no other."""


def bring_home(
    storage: Storage, job: RemoteJob, parent: AdapterVersion | None, gguf: Path, base: str, home: Path
) -> None:
    """Into `home`, each file whole or not at all.

    Raises `StoreError`, and `OffloadError`, whose outcome may be `REFUSED`.
    """
    there = f"{JOBS}/{job.name}/{RESULT}"
    found = _manifest(storage, there, job)
    here = _origin(job, parent, gguf, base)
    if different := here.differences(found.origin):
        raise _refused(job, f"it was made from another {_listed(different)}")
    if set(found.files) != set(MOST_BYTES):
        raise _refused(job, f"it has other files than {_listed(list(MOST_BYTES))}")
    if large := [name for name, part in found.files.items() if part.size > MOST_BYTES[name]]:
        raise _refused(job, f"it is far too large: {_listed(large)}")
    made = home / MADE
    try:
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, part in found.files.items():
            _fetch(storage, f"{there}/{name}", made / name, part)
    except ClawlocalError:
        raise
    except OSError as e:
        raise StoreError(f"The adapter cannot be written here ({e.strerror}): free some space, then pull again.") from e


def _origin(job: RemoteJob, parent: AdapterVersion | None, gguf: Path, base: str) -> Origin:
    weights = files.sha256(files.trainable(parent) / WEIGHTS) if parent else ""
    try:
        return manifest.origin(job.sha256, gguf, base, weights)
    except TrainingError as e:
        raise AdapterError(str(e)) from e


def _manifest(storage: Storage, there: str, job: RemoteJob) -> Manifest:
    try:
        return Manifest.parse(storage.read(f"{there}/{FILE}", manifest.LARGEST_BYTES))
    except ValueError as e:
        raise _refused(job, "what it says of itself cannot be read") from e


def _fetch(storage: Storage, name: str, to: Path, part: manifest.Part) -> None:
    if to.exists() and manifest.part(to) == part:
        return
    aside = to.with_name(to.name + PART)
    if aside.exists() and aside.stat().st_size > part.size:
        aside.unlink()
    storage.fetch(name, aside, part.size)
    if manifest.part(aside) != part:
        aside.unlink()
        raise OffloadError(f"{to.name} came home damaged, and was thrown away: pull again.", "damaged")
    os.replace(aside, to)


def _refused(job: RemoteJob, why: str) -> OffloadError:
    text = f"What {job.remote} made in {job.id} is refused, and nothing of it was taken: {why}."
    return OffloadError(text, REFUSED)


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
