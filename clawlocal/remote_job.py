"""A job that trains on a cluster, as the ledger has it: frozen, typed, without SQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """How far a job on a cluster is."""

    PREPARED = "prepared"
    """Written down; whether it was sent is not known."""
    PENDING = "pending"
    """The cluster has it, and has not begun."""
    RUNNING = "running"
    DONE = "done"
    """The adapter is in the storage: it can be pulled."""
    ARRIVED = "arrived"
    """The adapter is here, and waits for the gate."""
    PUBLISHED = "published"
    """It went live."""
    REJECTED = "rejected"
    """The gate did not let it through."""
    REFUSED = "refused"
    """It does not belong to what is here, or is not wanted any more."""
    FAILED = "failed"
    """The cluster gave it up."""
    CANCELLED = "cancelled"


UNDER_WAY = (JobState.PREPARED, JobState.PENDING, JobState.RUNNING)
"""What becomes of them is the cluster's to say."""
OPEN_JOBS = (*UNDER_WAY, JobState.DONE, JobState.ARRIVED)
"""Something will come of them yet. One that failed may be sent again; of others nothing is kept but how they ended."""


@dataclass(frozen=True)
class RemoteJob:
    """A job that trains on a cluster."""

    id: str
    """What the cluster knows it by."""
    name: str
    """Of its folder in the storage, and of the one here: jobs that learn the same have one."""
    remote: str
    model: str
    parent: str | None
    """The version that it goes on from; None for the base."""
    sha256: str
    """Of the job's file."""
    batch: dict[str, Any]
    """What the receipt and the store need to know of it, beside the job's file; empty when it has ended."""
    workers: int
    attempt: int
    created: str
    changed: str
    state: JobState = JobState.PREPARED
    text: str = ""
    """What happened last, in words."""
    tries: int = 0
    """How often the gate could not look at its adapter."""
