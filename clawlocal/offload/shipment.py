"""What a training job sends, to the last byte: made of what waits, without what redaction would take out.

Token ids cannot be redacted: another text would have other ids, which the model never wrote. So a reply or a prompt in
which redaction finds something stays here as a whole. Opens no socket.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clawlocal.engine.protocol import Engine
from clawlocal.offload.package import packed
from clawlocal.offload.proposal import stays
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.remotes import granted_to
from clawlocal.records import AdapterVersion, DataClass, Remote
from clawlocal.training import arrivals
from clawlocal.training.batch import Batch
from clawlocal.training.jobs import Waiting
from trainers.adapter_peft import CONFIG, WEIGHTS
from trainers.job import Job

_NAME = 16
"""Hexadecimal digits of a job's name."""


@dataclass(frozen=True)
class Shipment:
    """All that leaves for one job, beside orders to the cluster."""

    model: str
    base: Path
    job: bytes
    parent: AdapterVersion | None
    parent_files: tuple[Path, ...]
    batch: dict[str, Any] = field(default_factory=dict)
    """What stays here of it (`arrivals.described`)."""
    kept_here: int = 0
    """Replies, prompts and pairs with something that redaction would take out."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.job).hexdigest()

    @property
    def name(self) -> str:
        """Of its folder in the storage."""
        return self.sha256[:_NAME]

    @property
    def data(self) -> frozenset[DataClass]:
        """The classes that are sent for sure; the model's file only where it is not there yet."""
        return frozenset({DataClass.SAMPLES, *([DataClass.ADAPTER] if self.parent_files else [])})

    def sizes(self) -> dict[str, int]:
        """Bytes of each part."""
        return {
            "samples": len(self.job),
            "adapter": sum(file.stat().st_size for file in self.parent_files),
            "model": self.base.stat().st_size,
            "our trainer": len(packed()[1]),
        }


def shipment(waiting: Waiting, engine: Engine, redaction: Redaction) -> Shipment | None:
    """Of what waits; None where redaction leaves nothing that is worth it."""
    batch, job, kept = _clean(waiting.batch, waiting.job, engine, redaction)
    if not batch.worth_training() or job.problem():
        return None
    files = parent_files(Path(job.parent)) if job.parent else ()
    model, described = waiting.model, arrivals.described(batch)
    return Shipment(model.name, model.path, arrivals.sent(job), waiting.live, files, described, kept)


def told(remote: Remote, found: Shipment) -> str:
    """What leaves, and how much of it."""
    parts = [f"{size:,} bytes of {what}" for what, size in found.sizes().items() if size and what != "model"]
    return f"To {granted_to(remote)}: {', '.join(parts)}.{stays(found.kept_here)}"


def parent_files(folder: Path) -> tuple[Path, ...]:
    """What of an adapter's PEFT folder is sent."""
    return tuple(folder / name for name in (WEIGHTS, CONFIG))


def _clean(batch: Batch, job: Job, engine: Engine, redaction: Redaction) -> tuple[Batch, Job, int]:
    def stays(ids: Iterable[Iterable[int] | None], texts: Iterable[str] = ()) -> bool:
        said = [engine.detokenize(tuple(each)) for each in ids if each]
        return any(redaction(text) != text for text in (*said, *texts))

    samples = tuple(
        s
        for s in job.samples
        if not stays((s.prompt_ids, s.response_ids, s.hinted_prompt_ids, s.edited_ids, *s.hinted_options))
    )
    rehearsals = tuple(
        r for r in job.rehearsals if not stays((r.prompt_ids, r.hinted_prompt_ids), (r.text, *r.lessons))
    )
    pairs = tuple(p for p in job.pairs if not stays((p.prompt_ids, p.chosen_ids, p.rejected_ids)))
    lessons = tuple(x for x in batch.lessons if redaction(x.text) == x.text)
    kept = sum(
        len(all_) - len(some)
        for all_, some in ((job.samples, samples), (job.rehearsals, rehearsals), (job.pairs, pairs))
    )
    said = tuple(lesson.text for lesson in lessons)
    return (
        replace(batch, samples=samples, rehearsals=rehearsals, pairs=pairs, lessons=lessons),
        replace(job, samples=samples, rehearsals=rehearsals, pairs=pairs, lessons=said),
        kept,
    )
