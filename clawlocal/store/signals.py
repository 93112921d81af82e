"""Signals (what came after a reply), the verdicts on them, and the queue that they make. Knows no judge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from clawlocal.records import Queued, Signal, SignalKind, Turn, TurnUse, Verdict
from clawlocal.store import stamp
from clawlocal.store.database import Database, Row
from clawlocal.store.turns import UNTRAINABLE, Turns, as_turn, no_turn


def _whole(turn: str) -> str:
    return f"{turn}.stopped NOT IN ({', '.join(map(repr, UNTRAINABLE))})"


_TRAINABLE = _whole("t")
LEARNING = f"JOIN sessions s ON s.id = t.session AND s.learning = 1 AND {_TRAINABLE}"
_ORDER = "ORDER BY g.kind IN ('message', 'vote'), g.id DESC"
"""What counts most first: an explicit signal before a message, a later one before an earlier. A vote is no more than a
message: what is better than another reply may still be complained of.
"""
_COUNTING = "SELECT v.* FROM verdicts v JOIN signals g ON g.id = v.signal"
_QUEUE = f"FROM turns t {LEARNING} WHERE t.\"use\" = 'queued' AND t.id IN (SELECT turn FROM verdicts)"


_PAIR = (
    f"SELECT t.id AS rejected, c.id AS chosen FROM turns t {LEARNING} "
    "JOIN turns c ON c.user_message = t.user_message AND c.policy = t.policy AND c.prompt_ids = t.prompt_ids "
    f"AND c.token_ids != t.token_ids AND {_whole('c')} "
)
"""Two replies of one model to the same prompt, on whichever machine."""
_OF_USE = 'WHERE t."use" = ? AND t.policy = ? AND length(t.prompt_ids) > 0'


class Signals(Turns):
    """Feedback and what it was judged to mean."""

    _db: Database

    def add_signal(self, turn: str, kind: SignalKind, value: int, text: str) -> Signal:
        """Record what came after a reply; on disk when this returns. Raises `NotFound`."""
        row = {"turn": turn, "kind": str(kind), "value": value, "text": text, "created": stamp.now()}
        with self._db.transaction():
            if not self._db.value("SELECT count(*) FROM turns WHERE id = ?", (turn,)):
                raise no_turn(turn)
            return _signal({"id": self._db.insert("signals", row), **row})

    def signals(self, turn: str) -> list[Signal]:
        """All signals on a turn, oldest first."""
        rows = self._db.rows("SELECT * FROM signals WHERE turn = ? ORDER BY id", (turn,))
        return [_signal(dict(row)) for row in rows]

    def unjudged(self) -> list[Signal]:
        """Signals without a verdict, oldest first: of sessions that learn, on replies that ended well."""
        rows = self._db.rows(
            f"SELECT g.* FROM signals g JOIN turns t ON t.id = g.turn {LEARNING} "
            "WHERE g.id NOT IN (SELECT signal FROM verdicts) ORDER BY g.id"
        )
        return [_signal(dict(row)) for row in rows]

    def add_verdict(self, verdict: Verdict, use: TurnUse | None = None, reason: str = "") -> None:
        """Record a verdict, in place of an earlier one on the same signal, and set the turn's use with it.

        The use is left alone where this verdict is not the one that counts, where the turn was used
        already, and where the reply was cut off. Raises `NotFound`.
        """
        with self._db.transaction():
            self._db.execute("DELETE FROM verdicts WHERE signal = ?", (verdict.signal,))
            self._db.insert("verdicts", _verdict_row(verdict))
            if use is not None and self._counting(verdict.turn)[0].signal == verdict.signal:
                self._db.execute(
                    'UPDATE turns AS t SET "use" = ?, reason = ?, attempts = 0 '
                    f"WHERE id = ? AND \"use\" != 'used' AND {_TRAINABLE}",
                    (str(use), reason, verdict.turn),
                )

    def verdicts(self, turn: str) -> list[Verdict]:
        """All verdicts on a turn, in the order of their signals."""
        rows = self._db.rows("SELECT * FROM verdicts WHERE turn = ? ORDER BY signal", (turn,))
        return [_verdict(row) for row in rows]

    def judged_count(self) -> int:
        """How many turns have a verdict."""
        return int(self._db.value("SELECT count(DISTINCT turn) FROM verdicts"))

    def effective_verdict(self, turn: str) -> Verdict | None:
        """The verdict that counts: explicit before message, later before earlier.

        Without a hint of its own it takes the one of the next verdict in that order of the same value.
        """
        found = self._counting(turn)
        return _effective(found) if found else None

    def _counting(self, turn: str) -> list[Verdict]:
        return [_verdict(row) for row in self._db.rows(f"{_COUNTING} WHERE v.turn = ? {_ORDER}", (turn,))]

    def _queued_verdicts(self) -> dict[str, Verdict]:
        found: dict[str, list[Verdict]] = {}
        for row in self._db.rows(f"{_COUNTING} WHERE v.turn IN (SELECT t.id {_QUEUE}) {_ORDER}"):
            found.setdefault(row["turn"], []).append(_verdict(row))
        return {turn: _effective(verdicts) for turn, verdicts in found.items()}

    def queue(self) -> list[Queued]:
        """Turns that wait for the trainer, oldest first, each with the verdict that counts."""
        with self._db.snapshot():
            verdicts = self._queued_verdicts()
            rows = self._db.rows(f"SELECT t.* {_QUEUE} ORDER BY t.seq")
        return [Queued(as_turn(row), verdicts[row["id"]], row["attempts"]) for row in rows]

    def kept_retries(self, model: str, use: TurnUse) -> list[tuple[Turn, Turn]]:
        """Turns of a use that the user asked another reply for, each with the one that they went on from.

        Only where the old one still counts as bad, and what came after the new one was judged, and not as bad. Of
        several the one that they went on from last; where that is the old one, there is none.
        """
        after = "(SELECT max(m.seq) FROM messages m WHERE m.parent = {}.reply_message)"
        with self._db.snapshot():
            rows = self._db.rows(
                f"{_PAIR} AND c.seq > t.seq {_OF_USE} "
                "AND EXISTS (SELECT 1 FROM signals g WHERE g.turn = t.id AND g.kind = 'retry') "
                f"AND {after.format('c')} > coalesce({after.format('t')}, 0) ORDER BY t.seq, {after.format('c')}",
                (str(use), model),
            )
            return self._preferred(rows)

    def voted(self, model: str, use: TurnUse) -> list[tuple[Turn, Turn]]:
        """Turns of a use that lost a vote, each with the one that won the last; as `kept_retries` otherwise."""
        with self._db.snapshot():
            rows = self._db.rows(
                f"{_PAIR} JOIN signals g ON g.turn = t.id AND g.kind = 'vote' AND g.value < 0 AND g.text = c.id "
                f"{_OF_USE} ORDER BY g.id",
                (str(use), model),
            )
            return self._preferred(rows)

    def _preferred(self, rows: Sequence[Row]) -> list[tuple[Turn, Turn]]:
        last = {row["rejected"]: row["chosen"] for row in rows}
        bad = [turn for turn in last if self._value(turn) == -1]
        return [(self.turn(turn), self.turn(last[turn])) for turn in bad if self._value(last[turn]) in (0, 1)]

    def _value(self, turn: str) -> int | None:
        verdict = self.effective_verdict(turn)
        return None if verdict is None else verdict.value

    def queue_counts(self, model: str | None = None) -> dict[str, int]:
        """Turns by use: `open`, `queued`, `used`, `skipped`; of the queued `hints` and `bad`; `hints_dropped` ever.

        Judged replies of remotes that teach no weights here are no part of the queued but `foreign`. With `model`,
        neither are those that another one made: they wait for it, as `others`.
        """
        with self._db.snapshot():
            verdicts = self._queued_verdicts()
            policies = {row["id"]: row["policy"] for row in self._db.rows(f"SELECT t.id, t.policy {_QUEUE}")}
            own = [turn for turn, policy in policies.items() if policy is not None and model in (None, policy)]
            queued = [verdicts[turn] for turn in own]
            foreign = sum(policy is None for policy in policies.values())
            rows = self._db.rows('SELECT "use", count(*) FROM turns GROUP BY "use"')
            dropped = int(self._db.value("SELECT count(*) FROM verdicts WHERE hint_dropped != ''"))
        counts = {str(use): 0 for use in TurnUse} | {row[0]: row[1] for row in rows}
        return counts | {
            "queued": len(queued),
            "hints": sum(bool(verdict.hint) for verdict in queued),
            "bad": sum(verdict.value < 0 for verdict in queued),
            "hints_dropped": dropped,
            "others": len(policies) - len(queued) - foreign,
            "foreign": foreign,
        }

    def foreign(self) -> list[Turn]:
        """Judged replies of remotes that no weights here learn from, oldest first."""
        rows = self._db.rows(f"SELECT t.* {_QUEUE} AND t.policy IS NULL ORDER BY t.seq")
        return [as_turn(row) for row in rows]

    def skip_counts(self) -> dict[str, int]:
        """Skipped turns by reason."""
        rows = self._db.rows("SELECT reason, count(*) FROM turns WHERE \"use\" = 'skipped' GROUP BY reason")
        return {row[0]: row[1] for row in rows}


def _signal(row: dict[str, object]) -> Signal:
    return Signal(**{**row, "kind": SignalKind(str(row["kind"]))})  # type: ignore[arg-type]


def _verdict_row(verdict: Verdict) -> dict[str, object]:
    row = {name: getattr(verdict, name) for name in Verdict.__dataclass_fields__}
    votes = json.dumps(verdict.votes)
    return {**row, "votes": votes, "abstained": int(verdict.abstained), "created": stamp.now()}


def _verdict(row: Row) -> Verdict:
    values = {name: row[name] for name in Verdict.__dataclass_fields__}
    votes = tuple(json.loads(row["votes"]))
    return Verdict(**{**values, "votes": votes, "abstained": bool(row["abstained"])})


def _effective(verdicts: list[Verdict]) -> Verdict:
    """The first, which counts most, with the first hint among those of its value."""
    top = verdicts[0]
    hints = (v.hint for v in verdicts if v.hint and v.value == top.value)
    return replace(top, hint=next(hints, ""))
