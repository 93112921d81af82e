"""Where a run stands after each step, in one file that is there completely or not at all.

It holds what the rest of the run depends on: the adapter, the optimiser's moments, the figures from before the
first step. Chance depends on the seed and the step alone, so nothing of it is kept. Knows no framework.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainers.adapter_peft import Adapter
from trainers.files import write_whole
from trainers.plan import Plan
from trainers.policy import Moments

FILE = "checkpoint.safetensors"
_ADAPTER, _MOMENTS = "adapter.", "moments."


@dataclass(frozen=True)
class Saved:
    """A run after `step` steps."""

    step: int
    backend: str
    plan: Plan
    adapter: Adapter
    moments: Moments
    state: dict[str, Any]
    """What `update` wants back, as JSON has it."""


def write(folder: Path, digest: str, saved: Saved) -> None:
    """Replace the checkpoint in `folder`; `digest` names the job that it belongs to. Raises `OSError`."""
    from safetensors.numpy import save_file

    tensors = {f"{_ADAPTER}{k}": v for k, v in saved.adapter.tensors.items()}
    tensors |= {f"{_MOMENTS}{k}": v for k, v in saved.moments.items()}
    about = {
        "digest": digest,
        "step": saved.step,
        "backend": saved.backend,
        "plan": asdict(saved.plan),
        "rank": saved.adapter.rank,
        "alpha": saved.adapter.alpha,
        "state": saved.state,
    }
    write_whole(folder / FILE, lambda aside: save_file(tensors, aside, {"about": json.dumps(about)}))


def read(folder: Path, digest: str) -> Saved | None:
    """The checkpoint in `folder`, if there is one of this job; one that is damaged counts as none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / FILE, framework="numpy") as file:
            about = json.loads(file.metadata()["about"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        return _saved(about, tensors) if about["digest"] == digest else None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None


def _saved(about: dict[str, Any], tensors: dict[str, Any]) -> Saved:
    """Raises `KeyError` or `TypeError` for what another version wrote."""
    adapter = {k.removeprefix(_ADAPTER): v for k, v in tensors.items() if k.startswith(_ADAPTER)}
    moments = {k.removeprefix(_MOMENTS): v for k, v in tensors.items() if k.startswith(_MOMENTS)}
    return Saved(
        step=about["step"],
        backend=about["backend"],
        plan=Plan(**about["plan"]),
        adapter=Adapter(about["rank"], about["alpha"], adapter),
        moments=moments,
        state=about["state"],
    )
