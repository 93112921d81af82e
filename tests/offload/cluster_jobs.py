"""A job that a cluster did, as it would lie in the storage; nothing is computed. And a model that has a vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gguf import GGUFWriter

from clawlocal.remote_job import RemoteJob
from trainers import manifest
from trainers.adapter_peft import CONFIG, WEIGHTS
from trainers.job import Result
from trainers.manifest import FILE, Manifest, Part

WISH = "Please answer in one sentence."
METRICS = {"loss": 0.4, "clip_fraction": 0.1}


def write_model(path: Path, tokens: tuple[str, ...] = ("a", "b"), template: str = "{{ messages }}") -> None:
    """A GGUF of nothing but a vocabulary."""
    writer = GGUFWriter(path, "llama")
    writer.add_token_list(list(tokens))
    writer.add_chat_template(template)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_result(
    shared: Path, job: RemoteJob, gguf: Path, parent: str = "", changed: Mapping[str, str] | None = None
) -> Path:
    """What `trainers.ray_worker` leaves behind; `changed` are parts of its origin. Returns the folder."""
    folder = shared / "jobs" / job.name / "result"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"weights of the cluster")
    (folder / CONFIG).write_text("{}")
    (folder / "result.json").write_text(Result(dict(METRICS), {"rl": 1}, 16, 9.0).json())
    files = {path.name: manifest.part(path) for path in folder.iterdir()}
    origin = manifest.origin(job.sha256, gguf, manifest.part(gguf).sha256, parent)
    (folder / FILE).write_text(Manifest(replace(origin, **(changed or {})), files).json())
    return folder


def rewrite(folder: Path, files: dict[str, Part]) -> None:
    """Have its manifest tell of other files."""
    told = Manifest.parse((folder / FILE).read_bytes())
    (folder / FILE).write_text(replace(told, files={**told.files, **files}).json())
