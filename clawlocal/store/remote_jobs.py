"""Jobs that train on a cluster: what was sent where, and what became of it. Survives whatever closes this program.

Knows no network: what a cluster says of a job is written here by who asked.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from clawlocal.errors import NotFound
from clawlocal.remote_job import OPEN_JOBS, JobState, RemoteJob
from clawlocal.store import stamp
from clawlocal.store.database import Database, Row


class RemoteJobs:
    """The ledger."""

    _db: Database

    def add_remote_job(self, job: RemoteJob) -> None:
        """Before anything of it is sent."""
        self._db.insert("remote_jobs", {**asdict(job), "state": str(job.state), "batch": json.dumps(job.batch)})

    def remote_jobs(self) -> list[RemoteJob]:
        """The latest first."""
        return [_job(row) for row in self._db.rows("SELECT * FROM remote_jobs ORDER BY created DESC, id DESC")]

    def remote_job(self, name: str) -> RemoteJob:
        """By its id or the beginning of one. Raises `NotFound`."""
        found = [job for job in self.remote_jobs() if job.id.startswith(name)] if name else []
        exact = [job for job in found if job.id == name]
        if len(exact or found) != 1:
            several = f"{name!r} may be any of {', '.join(job.id for job in found)}."
            raise NotFound(several if found else f"There is no job {name!r}. `clawlocal offload jobs` lists them.")
        return (exact or found)[0]

    def open_job(self, model: str) -> RemoteJob | None:
        """The one that trains a model, or whose adapter is not taken home yet."""
        return next((job for job in self.remote_jobs() if job.model == model and job.state in OPEN_JOBS), None)

    def set_remote_job(self, job: str, state: JobState, text: str = "") -> None:
        """`text` says in words what happened. What it learned from is forgotten where it has ended for good."""
        ended = state not in (*OPEN_JOBS, JobState.FAILED)
        self._change(job, {"state": str(state), "text": text, **({"batch": "{}"} if ended else {})})

    def note_try(self, job: str) -> int:
        """The gate could not look at its adapter; how often that was so."""
        self._db.execute("UPDATE remote_jobs SET tries = tries + 1 WHERE id = ?", (job,))
        return int(self._db.value("SELECT tries FROM remote_jobs WHERE id = ?", (job,)))

    def _change(self, job: str, values: dict[str, Any]) -> None:
        changes = ", ".join(f"{name} = :{name}" for name in values)
        row = {**values, "id": job, "changed": stamp.now()}
        self._db.execute(f"UPDATE remote_jobs SET {changes}, changed = :changed WHERE id = :id", row)


def _job(row: Row) -> RemoteJob:
    return RemoteJob(**{**dict(row), "state": JobState(row["state"]), "batch": json.loads(row["batch"])})
