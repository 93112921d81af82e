"""What the user answered when a cluster was proposed, per model and remote. Knows no reason for a proposal."""

from __future__ import annotations

from clawlocal.records import Offload
from clawlocal.store.database import Database


class Answers:
    """Gone with the remote that they are about."""

    _db: Database

    def offload_answer(self, model: str, remote: str) -> Offload:
        """`ask` until there is another."""
        value = self._db.value("SELECT answer FROM answers WHERE model = ? AND remote = ?", (model, remote))
        return Offload.ASK if value is None else Offload(value)

    def set_offload_answer(self, model: str, remote: str, answer: Offload) -> None:
        """It stays until it is changed, and what was declined before counts no more."""
        self._keep(model, remote, answer, "")

    def decline_offload(self, model: str, remote: str, waiting: str) -> None:
        """Not for what waits now, as `waiting` says it; asked again when that is something else."""
        self._keep(model, remote, self.offload_answer(model, remote), waiting)

    def declined_offload(self, model: str, remote: str, waiting: str) -> bool:
        """Whether it was, for just that."""
        value = self._db.value("SELECT declined FROM answers WHERE model = ? AND remote = ?", (model, remote))
        return value is not None and value == waiting

    def _keep(self, model: str, remote: str, answer: Offload, declined: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO answers (model, remote, answer, declined) VALUES (?, ?, ?, ?)",
            (model, remote, str(answer), declined),
        )
