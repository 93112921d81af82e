"""Turns: a prompt, its reply, and what became of it as a sample. Knows no verdicts."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence

from clawlocal.errors import NotFound, StoreError
from clawlocal.records import Tool, ToolCall, Turn, TurnUse
from clawlocal.store import stamp
from clawlocal.store.database import Database, Row
from clawlocal.store.forgetting import forget_lessons
from clawlocal.store.sessions import Sessions, insert_named, resolve

UNTRAINABLE = ("cancelled", "failed")
"""How a reply ended that is never trained on; also the reason why it is skipped."""
THANKS = 60
"""Letters of a message that may be thanks alone; a longer one asks for something as well."""


class Turns(Sessions):
    """Replies and their samples."""

    _db: Database

    def add_turn(
        self,
        session: str,
        user_message: str,
        text: str,
        *,
        model: str,
        adapter: str,
        prompt_ids: Sequence[int],
        token_ids: Sequence[int],
        logprobs: Sequence[float],
        temperature: float,
        stopped: str,
        first_token_seconds: float,
        total_seconds: float,
        thought: str | None = None,
        tool_calls: Sequence[ToolCall] = (),
        thought_seconds: float = 0.0,
        tools: Sequence[Tool] = (),
        thinking: bool = True,
        remote: str = "",
        policy: str | None = None,
        no_policy: str = "",
    ) -> Turn:
        """The reply to `user_message` and its turn, in one transaction: on disk when this returns.

        `policy` is the model here that a `remote` was shown to serve, if any; what was made here is the model's own. A
        cancelled or failed reply is kept, and skipped at once. Raises `NotFound`.
        """
        never = stopped in UNTRAINABLE
        with self._db.transaction():
            reply = self.add_message(session, user_message, "assistant", text, thought=thought, tool_calls=tool_calls)
            row = {
                "session": session,
                "user_message": user_message,
                "reply_message": reply.id,
                "model": model,
                "adapter": adapter,
                "prompt_ids": pack_ids(prompt_ids),
                "token_ids": pack_ids(token_ids),
                "logprobs": pack_floats(logprobs),
                "temperature": temperature,
                "stopped": str(stopped),
                "first_token_seconds": first_token_seconds,
                "total_seconds": total_seconds,
                "thought_seconds": thought_seconds,
                "tools": json.dumps(list(tools)),
                "thinking": int(thinking),
                "remote": remote,
                "policy": policy if remote else model,
                "no_policy": no_policy,
                "created": stamp.now(),
                "use": str(TurnUse.SKIPPED if never else TurnUse.OPEN),
                "reason": str(stopped) if never else "",
                "rating": 0,
            }
            return self.turn(insert_named(self._db, "turns", row))

    def turn(self, turn: str) -> Turn:
        """One turn by its whole id. Raises `NotFound`."""
        row = self._db.row("SELECT * FROM turns WHERE id = ?", (turn,))
        if row is None:
            raise no_turn(turn)
        return as_turn(row)

    def turns(self, session: str) -> list[Turn]:
        """All turns of a session, oldest first."""
        rows = self._db.rows("SELECT * FROM turns WHERE session = ? ORDER BY seq", (session,))
        return [as_turn(row) for row in rows]

    def turns_named(self, names: Iterable[str]) -> dict[str, Turn]:
        """Several turns by their whole ids, read at once; those that are not there are left out."""
        among = json.dumps(list(names))
        rows = self._db.rows("SELECT * FROM turns WHERE id IN (SELECT value FROM json_each(?))", (among,))
        return {row["id"]: as_turn(row) for row in rows}

    def latest_turn(self, session: str) -> Turn | None:
        """The turn made last in a session."""
        row = self._db.row("SELECT * FROM turns WHERE session = ? ORDER BY seq DESC LIMIT 1", (session,))
        return None if row is None else as_turn(row)

    def recent_prompts(self, limit: int) -> list[str]:
        """What the user asked lately in sessions that learn, the newest first, each text once.

        Complaints are no questions: a message that was judged to disapprove of a reply or to wish for something is
        left out, and so is a short one that approves and asks nothing, or one that was redacted for a remote.
        """
        rows = self._db.rows(
            "SELECT m.content FROM messages m JOIN sessions s ON s.id = m.session AND s.learning = 1 "
            "WHERE m.role = 'user' AND m.id IN (SELECT user_message FROM turns WHERE no_policy != 'redacted') "
            "AND NOT EXISTS (SELECT 1 FROM turns t JOIN signals g ON g.turn = t.id AND g.kind = 'message' "
            "JOIN verdicts v ON v.signal = g.id AND (v.value < 0 OR v.hint != '' "
            "OR (v.value > 0 AND m.content NOT LIKE '%?%' AND length(m.content) <= ?)) "
            "WHERE t.reply_message = m.parent AND g.text = m.content) "
            "GROUP BY m.content ORDER BY max(m.seq) DESC LIMIT ?",
            (THANKS, limit),
        )
        return [row["content"] for row in rows]

    def resolve_turn(self, prefix: str) -> str:
        """The id that begins with `prefix`. Raises `NotFound`: none, or the candidates."""
        return resolve(self._db, "turn", "SELECT id, '' AS label FROM turns", prefix)

    def set_turn_use(self, turn: str, use: TurnUse, reason: str = "") -> None:
        """What becomes of it. Raises `NotFound`; `StoreError` when it was used: that is for ever."""
        with self._db.transaction():
            if self.turn(turn).use is TurnUse.USED:
                raise StoreError(f"Turn {turn} was learned from already; that cannot be taken back here.")
            self._db.execute('UPDATE turns SET "use" = ?, reason = ? WHERE id = ?', (str(use), reason, turn))

    def set_rating(self, turn: str, rating: int) -> None:
        """The thumb: +1, -1, or 0 for none. Raises `NotFound`."""
        if not self._db.execute("UPDATE turns SET rating = ? WHERE id = ?", (rating, turn)):
            raise no_turn(turn)

    def delete_turn(self, turn: str) -> None:
        """Delete a prompt and its reply, and every trace of their text in what came before and after.

        Later messages move up a place. Later turns lose their prompts, which held the text, and are
        skipped. The prompt stays while it has another reply. Raises `NotFound`.
        """
        with self._db.transaction():
            gone = self.turn(turn)
            asked = self.message(gone.user_message)
            self._forget_prompts_below(gone.reply_message)
            self._db.execute(
                "DELETE FROM signals WHERE kind = 'message' AND text = ? "
                "AND turn IN (SELECT id FROM turns WHERE reply_message = ?)",
                (asked.content, asked.parent),
            )
            forget_lessons(self._db, [turn])
            move = "UPDATE messages SET parent = ? WHERE parent = ?"
            self._db.execute(move, (asked.parent, gone.reply_message))
            self._db.execute("DELETE FROM messages WHERE id = ?", (gone.reply_message,))
            self._db.execute(
                "DELETE FROM messages WHERE id = :id AND NOT EXISTS (SELECT 1 FROM messages WHERE parent = :id)",
                {"id": asked.id},
            )

    def _forget_prompts_below(self, message: str) -> None:
        self._db.execute(
            "WITH RECURSIVE down (id) AS (SELECT id FROM messages WHERE parent = :top UNION ALL "
            "SELECT m.id FROM messages m JOIN down ON m.parent = down.id) "
            "UPDATE turns SET prompt_ids = x'', "
            "reason = CASE WHEN \"use\" = 'used' THEN reason ELSE 'prompt forgotten' END, "
            '"use" = CASE WHEN "use" = \'used\' THEN "use" ELSE \'skipped\' END '
            "WHERE reply_message IN (SELECT id FROM down)",
            {"top": message},
        )


def as_turn(row: Row) -> Turn:
    """A row of `turns` as the rest of the program sees it."""
    values = {name: row[name] for name in Turn.__dataclass_fields__}
    values["prompt_ids"] = unpack_ids(row["prompt_ids"])
    values["token_ids"] = unpack_ids(row["token_ids"])
    values["logprobs"] = unpack_floats(row["logprobs"])
    values["use"] = TurnUse(row["use"])
    values["tools"] = tuple(json.loads(row["tools"]))
    values["thinking"] = bool(row["thinking"])
    return Turn(**values)


def no_turn(turn: str) -> NotFound:
    """The error for an id that no turn has."""
    return NotFound(f"There is no turn {turn}. It may have been deleted with its session.")


def pack_ids(ids: Sequence[int]) -> bytes:
    """Token ids as little-endian int32."""
    return struct.pack(f"<{len(ids)}i", *ids)


def unpack_ids(blob: bytes) -> tuple[int, ...]:
    """The inverse of `pack_ids`."""
    return struct.unpack(f"<{len(blob) // 4}i", blob)


def pack_floats(values: Sequence[float]) -> bytes:
    """Log-probabilities as little-endian float64: bit for bit."""
    return struct.pack(f"<{len(values)}d", *values)


def unpack_floats(blob: bytes) -> tuple[float, ...]:
    """The inverse of `pack_floats`."""
    return struct.unpack(f"<{len(blob) // 8}d", blob)
