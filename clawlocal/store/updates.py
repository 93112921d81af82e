"""Updates: runs of the trainer, from their start to a receipt. Publishing is one transaction.

Knows no trainer and no files: by the time `publish` is called they are written, fsynced and hashed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from clawlocal.errors import NotFound, StoreError
from clawlocal.records import AdapterVersion, Receipt, TurnUse, UpdateStatus
from clawlocal.store import stamp
from clawlocal.store.adapters import Adapters
from clawlocal.store.database import Database, Row
from clawlocal.store.turns import no_turn

MAX_ATTEMPTS = 2
"""A turn that was part of this many rejected updates is skipped."""

TRAINED_ELSEWHERE = "trained_elsewhere"
"""Among the metrics of an update that only measured what a cluster had trained: its seconds say nothing of training."""

_COLUMNS = ("samples", "lessons", "metrics", "gate")


class Updates(Adapters):
    """The history of learning."""

    _db: Database

    def start_update(self, model: str, parent: str | None) -> int:
        """Record that the trainer runs, from version `parent` (None: the base). The update's number."""
        empty = Receipt(None, UpdateStatus.RUNNING)
        row: dict[str, Any] = {name: json.dumps(getattr(empty, name)) for name in _COLUMNS}
        row |= {"model": model, "parent": parent, "status": "running", "seconds": 0.0, "reason": ""}
        with self._db.transaction():
            live = self.live(model)
            row |= {"live_then": None if live is None else live.version, "created": stamp.now()}
            return self._db.insert("updates", row)

    def finish_update(
        self,
        update: int,
        status: UpdateStatus,
        *,
        samples: dict[str, Any] | None = None,
        lessons: list[dict[str, Any]] | None = None,
        metrics: dict[str, float] | None = None,
        gate: dict[str, Any] | None = None,
        seconds: float = 0.0,
        reason: str = "",
    ) -> Receipt:
        """End an update that changed nothing: `failed`, `nothing_to_do`. Its turns stay queued.

        Raises `NotFound`; `StoreError` when it has ended before.
        """
        fields = dict(zip(_COLUMNS, (samples, lessons, metrics, gate), strict=True))
        row = {name: json.dumps(value) for name, value in fields.items() if value is not None}
        return self._end(update, status, {**row, "seconds": seconds, "reason": reason})

    def publish(
        self,
        update: int,
        adapter: AdapterVersion,
        turns: Sequence[str],
        lessons: Iterable[int] = (),
        *,
        samples: dict[str, Any],
        metrics: dict[str, float],
        gate: dict[str, Any],
        seconds: float,
        practised: Iterable[str] = (),
        beside: Iterable[str] = (),
        others: Iterable[int] = (),
        shares: Mapping[int, float] | None = None,
        again: bool = False,
        reason: str = "",
    ) -> Receipt:
        """Make `adapter` live, its turns used and its lessons learned: all of it, or nothing.

        `others` are lessons that it practised as well, of which the weights do not hold enough: they stay what they
        are. `shares` tells of either how far it is in the weights. `practised` are prompts of the user's that it
        practised on: their turns went into it, and are not used; so are the turns `beside`. With `again`, its turns
        were used before, by versions that this one takes the place of. Raises `StoreError` when a turn was used before,
        when the update has ended, or when another version went live since it began; `NotFound` when a turn was deleted
        while it was trained on.
        """
        with self._db.transaction():
            self._check_unchanged(update, adapter)
            self._use(update, turns, again)
            self._practise(update, practised)
            self._see(update, beside)
            said = self._measured([*self._teach(update, lessons), *self._texts(others)], shares or {})
            row = _results(samples, metrics, gate, seconds, reason)
            row |= {"lessons": json.dumps(said), "version": adapter.version, "parent": adapter.parent}
            receipt = self._end(update, UpdateStatus.PUBLISHED, row)
            self.add_adapter(adapter)
            self._switch(adapter.version, adapter.model)
            self.settle_lessons(adapter.model)
            how = f": {reason}" if reason else f". It learned from {_count(len(turns), 'turn')}"
            text = f"{adapter.version} is live{how}."
            data = {"update": update, "version": adapter.version, "model": adapter.model}
            self.add_event("published", text, data)
            return receipt

    def reject(
        self,
        update: int,
        turns: Sequence[str],
        lessons: Iterable[int] = (),
        *,
        samples: dict[str, Any],
        metrics: dict[str, float],
        gate: dict[str, Any],
        seconds: float,
        reason: str,
    ) -> Receipt:
        """End an update that did not pass the gate. Its turns stay queued; after two such, not."""
        with self._db.transaction():
            for turn in turns:
                self._record(update, turn)
                self._db.execute(
                    "UPDATE turns SET attempts = attempts + 1, "
                    "reason = CASE WHEN attempts + 1 >= :most THEN 'rejected twice' ELSE reason END, "
                    '"use" = CASE WHEN attempts + 1 >= :most THEN \'skipped\' ELSE "use" END '
                    "WHERE id = :turn AND \"use\" = 'queued'",
                    {"most": MAX_ATTEMPTS, "turn": turn},
                )
            row = _results(samples, metrics, gate, seconds, reason)
            row["lessons"] = json.dumps(self._texts(lessons))
            receipt = self._end(update, UpdateStatus.REJECTED, row)
            self.add_event("rejected", f"Update {update} was rejected: {reason}", {"update": update})
            return receipt

    def recover(self) -> list[Receipt]:
        """End what a crash left running. For the holder of the folder's lock, before its first update."""
        with self._db.transaction():
            left = self._db.rows("SELECT id FROM updates WHERE status = 'running' ORDER BY id")
            ended = [self.finish_update(row["id"], UpdateStatus.FAILED, reason="interrupted") for row in left]
            for receipt in ended:
                text = f"Update {receipt.update} was interrupted; its turns wait for the next one."
                self.add_event("failed", text, {"update": receipt.update})
            return ended

    def update(self, update: int) -> Receipt:
        """One receipt. Raises `NotFound`."""
        row = self._db.row("SELECT * FROM updates WHERE id = ?", (update,))
        if row is None:
            raise NotFound(f"There is no update {update}. `clawlocal learn history` shows what there is.")
        return _receipt(row)

    def history(self, limit: int = 50) -> list[Receipt]:
        """Receipts, the latest first; one that runs is among them."""
        rows = self._db.rows("SELECT * FROM updates ORDER BY id DESC LIMIT ?", (limit,))
        return [_receipt(row) for row in rows]

    def last_update(self) -> Receipt | None:
        """The latest receipt of an update that has ended."""
        row = self._db.row("SELECT * FROM updates WHERE status != 'running' ORDER BY id DESC LIMIT 1")
        return None if row is None else _receipt(row)

    def trained_seconds(self, since: datetime) -> float:
        """Of all updates that began at `since` (without a zone: local time) or later, whatever became of them."""
        value = self._db.value("SELECT sum(seconds) FROM updates WHERE created >= ?", (stamp.of(since),))
        return float(value or 0.0)

    def update_seconds(self, model: str, limit: int) -> list[float]:
        """Of the latest updates of a model that were trained here and came to the gate."""
        rows = self._db.rows(
            "SELECT seconds FROM updates WHERE model = ? AND status IN ('published', 'rejected') "
            f"AND json_extract(metrics, '$.{TRAINED_ELSEWHERE}') IS NULL ORDER BY id DESC LIMIT ?",
            (model, limit),
        )
        return [row["seconds"] for row in rows]

    def update_turns(self, update: int) -> list[str]:
        """The turns that went into an update; known also when they were deleted since."""
        rows = self._db.rows("SELECT turn FROM update_turns WHERE update_id = ? ORDER BY turn", (update,))
        return [row["turn"] for row in rows]

    def turn_updates(self, turn: str) -> list[int]:
        """The published updates that a turn went into."""
        rows = self._db.rows(
            "SELECT u.id FROM update_turns t JOIN updates u ON u.id = t.update_id "
            "WHERE t.turn = ? AND u.status = 'published' ORDER BY u.id",
            (turn,),
        )
        return [row["id"] for row in rows]

    def _check_unchanged(self, update: int, adapter: AdapterVersion) -> None:
        """A user who rolled back while the trainer ran must not see what they left come live again."""
        row = self._db.row("SELECT live_then, model FROM updates WHERE id = ?", (update,))
        if row is None or row["model"] != adapter.model:
            raise NotFound(f"There is no update {update} of {adapter.model}.")
        live = self.live(adapter.model)
        if (None if live is None else live.version) != row["live_then"]:
            raise StoreError(
                f"Another version went live while update {update} was trained, so it was not published. "
                "Its turns wait for the next one."
            )

    def _use(self, update: int, turns: Sequence[str], again: bool) -> None:
        for turn in turns:
            use = self._db.value('SELECT "use" FROM turns WHERE id = ?', (turn,))
            if use is None:
                raise no_turn(turn)
            if use == TurnUse.USED and not again:
                raise StoreError(f"Turn {turn} was used before, so update {update} was not published.")
            self._db.execute("UPDATE turns SET \"use\" = 'used', reason = '' WHERE id = ?", (turn,))
            self._record(update, turn)

    def _practise(self, update: int, prompts: Iterable[str]) -> None:
        for text in prompts:
            self._db.execute(
                "INSERT OR IGNORE INTO update_turns (update_id, turn) "
                "SELECT ?, t.id FROM turns t JOIN messages m ON m.id = t.user_message WHERE m.content = ?",
                (update, text),
            )

    def _see(self, update: int, turns: Iterable[str]) -> None:
        for turn in turns:
            if not self._db.value("SELECT count(*) FROM turns WHERE id = ?", (turn,)):
                raise no_turn(turn)
            self._db.execute("INSERT OR IGNORE INTO update_turns (update_id, turn) VALUES (?, ?)", (update, turn))

    def _record(self, update: int, turn: str) -> None:
        self._db.execute("INSERT INTO update_turns (update_id, turn) VALUES (?, ?)", (update, turn))

    def _teach(self, update: int, lessons: Iterable[int]) -> list[dict[str, Any]]:
        said = self._texts(lessons)
        for lesson in said:
            self._db.execute(
                "INSERT OR IGNORE INTO lesson_updates (lesson, update_id) VALUES (?, ?)",
                (lesson["id"], update),
            )
        return said

    def _measured(self, said: list[dict[str, Any]], shares: Mapping[int, float]) -> list[dict[str, Any]]:
        return [{**each, "share": shares[each["id"]]} if each["id"] in shares else each for each in said]

    def _texts(self, lessons: Iterable[int]) -> list[dict[str, Any]]:
        return [{"id": x.id, "text": x.text} for x in map(self.lesson, lessons)]

    def _end(self, update: int, status: UpdateStatus, row: dict[str, Any]) -> Receipt:
        changes = ", ".join(f'"{name}" = :{name}' for name in row)
        changed = self._db.execute(
            f"UPDATE updates SET status = :status, {changes} WHERE id = :id AND status = 'running'",
            {**row, "status": str(status), "id": update},
        )
        receipt = self.update(update)
        if not changed:
            raise StoreError(f"Update {update} has ended already: {receipt.status}.")
        return receipt


def _results(
    samples: dict[str, Any], metrics: dict[str, float], gate: dict[str, Any], seconds: float, reason: str
) -> dict[str, Any]:
    row = {"samples": json.dumps(samples), "metrics": json.dumps(metrics), "gate": json.dumps(gate)}
    return {**row, "seconds": seconds, "reason": reason}


def _receipt(row: Row) -> Receipt:
    return Receipt(
        update=row["id"],
        status=UpdateStatus(row["status"]),
        version=row["version"],
        parent=row["parent"],
        seconds=row["seconds"],
        reason=row["reason"],
        created=row["created"],
        **{name: json.loads(row[name]) for name in _COLUMNS},
    )


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
