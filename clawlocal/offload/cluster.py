"""A Ray cluster as its Jobs API has it: packages, jobs, logs. Knows no training and no store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clawlocal.errors import OffloadError
from clawlocal.offload.client import Client, Outgoing
from clawlocal.offload.faults import nonsense
from clawlocal.records import Purpose, Remote

JOBS, VERSION, PACKAGES = "/api/jobs/", "/api/version", "/api/packages/gcs/"
_UNKNOWN = "status 404"
_SHOWN = 300
CLOSED = ("status 401", "status 403")
OPEN = (
    "answers without a key: whoever reaches it can run anything there, and read what is sent. Nothing is sent to it. "
    "Start it with RAY_AUTH_MODE=token and a token, then try again."
)


@dataclass(frozen=True)
class Told:
    """What a cluster says of a job."""

    status: str
    """`PENDING`, `RUNNING`, `STOPPED`, `SUCCEEDED` or `FAILED`."""
    message: str
    """In its own words, cut short."""

    @property
    def ended(self) -> bool:
        return self.status in ("STOPPED", "SUCCEEDED", "FAILED")


class Cluster:
    """Of one remote. Every call raises `ConsentError` and `OffloadError`."""

    def __init__(self, remote: Remote, client: Client) -> None:
        self._remote = remote
        self._client = client

    def version(self) -> str:
        """Of Ray."""
        return str(self._object(self._ask(VERSION)).get("ray_version", ""))

    def check_closed(self) -> None:
        """That it refuses who has no key. Raises `OffloadError` with the reason where it does not."""
        try:
            self._tell(Outgoing(JOBS, Purpose.TRAIN, frozenset(), anonymous=True))
        except OffloadError as e:
            if e.outcome in CLOSED:
                return
            raise
        raise OffloadError(f"{self._remote.name} {OPEN}", "open to anyone")

    def jobs(self) -> int:
        """How many it knows; asked to see whether the key is accepted."""
        found = self._ask(JOBS)
        if not isinstance(found, list):
            raise nonsense(self._remote)
        return len(found)

    def upload(self, package: str, content: bytes) -> None:
        """Our own code, where it is not there yet."""
        path = PACKAGES + quote(package)
        try:
            self._tell(Outgoing(path, Purpose.TRAIN, frozenset()))
        except OffloadError as e:
            if e.outcome != _UNKNOWN:
                raise
            self._tell(Outgoing(path, Purpose.TRAIN, frozenset(), content=content))

    def submit(self, order: dict[str, Any]) -> None:
        """One job, named by its `submission_id`; the same one twice is one job."""
        job = order["submission_id"]
        if self.job(job) is not None:
            return
        try:
            self._tell(Outgoing(JOBS, Purpose.TRAIN, frozenset(), order))
        except OffloadError as e:
            # Who was faster, or an answer that was lost: Ray says 500 to an id that it has.
            if not e.outcome.startswith("status 5") or self.job(job) is None:
                raise

    def job(self, job: str) -> Told | None:
        """None for one that it does not know."""
        try:
            found = self._object(self._ask(JOBS + quote(job)))
        except OffloadError as e:
            if e.outcome == _UNKNOWN:
                return None
            raise
        if not isinstance(found.get("status"), str):
            raise nonsense(self._remote)
        return Told(found["status"], " ".join(str(found.get("message") or "").split())[:_SHOWN])

    def logs(self, job: str) -> str:
        """All that it has written so far."""
        return str(self._object(self._ask(JOBS + quote(job) + "/logs")).get("logs") or "")

    def stop(self, job: str) -> None:
        """Have it end; nothing for one that has ended, or is not known."""
        try:
            self._tell(Outgoing(JOBS + quote(job) + "/stop", Purpose.TRAIN, frozenset(), {}))
        except OffloadError as e:
            if e.outcome != _UNKNOWN:
                raise

    def _ask(self, path: str) -> Any:
        return asyncio.run(self._client.ask(Outgoing(path, Purpose.TRAIN, frozenset())))

    def _tell(self, outgoing: Outgoing) -> None:
        asyncio.run(self._client.tell(outgoing))

    def _object(self, found: Any) -> dict[str, Any]:
        if not isinstance(found, dict):
            raise nonsense(self._remote)
        return found
