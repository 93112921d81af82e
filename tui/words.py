"""Status, replies and counts in words: what the interface says, without colour. Knows no widgets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clawlocal.assistant import Answer, Status
from clawlocal.records import Message, Receipt, ToolCall, Turn, UpdateStatus
from tui.plain import one_line, plain

WELCOME = (
    "Answer as you would a person: corrections teach it. "
    "alt+g good, alt+x bad, alt+e correct. ctrl+s shows what it has learned."
)
BASE = "base"
"""What answers without an adapter."""
TEMPORARY = "temporary: not kept, not learned from"
SYMBOLS = {
    "off": "○",
    "waiting": "●",
    "judging": "●",
    "training": "◐",
    "paused": "◐",
    "not kept": "◌",
}


@dataclass(frozen=True)
class Facts:
    """What is shown with the text of a reply."""

    turn: str | None = None
    tokens: int = 0
    seconds: float = 0.0
    """Of decoding: without the wait for the first token."""
    adapter: str = ""
    stopped: str = "end"
    rating: int = 0
    notices: tuple[str, ...] = ()
    thought: str = ""
    thought_seconds: float = 0.0
    tool_calls: tuple[ToolCall, ...] = ()
    remote: str = ""
    """The remote that wrote it; empty for this machine."""

    @classmethod
    def of_answer(cls, answer: Answer) -> Facts:
        return cls(
            turn=answer.turn,
            tokens=answer.completion_tokens,
            seconds=answer.total_seconds - answer.first_token_seconds,
            adapter=answer.adapter,
            stopped=answer.stopped,
            notices=answer.notices,
            thought=answer.thought,
            thought_seconds=answer.thought_seconds,
            tool_calls=answer.tool_calls,
            remote=answer.remote,
        )

    @classmethod
    def of_turn(cls, turn: Turn, message: Message) -> Facts:
        """A reply that was kept."""
        return cls(
            turn=turn.id,
            tokens=len(turn.token_ids),
            seconds=turn.total_seconds - turn.first_token_seconds,
            adapter=turn.adapter,
            stopped=turn.stopped,
            rating=turn.rating,
            thought=message.thought or "",
            thought_seconds=turn.thought_seconds,
            tool_calls=message.tool_calls,
            remote=turn.remote,
        )

    @property
    def broke_off(self) -> bool:
        return self.stopped == "failed"

    def rated(self, rating: int) -> Facts:
        return replace(self, rating=rating)


def counted(n: int, one: str, many: str = "") -> str:
    """`3 examples`, `1 example`."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """As a part of a line: on one line, without the full stop, not opening with a capital."""
    line = one_line(text).rstrip(".")
    return line[:1].lower() + line[1:] if line[1:2].islower() or line[1:2] == " " else line


def reply_words(facts: Facts) -> str:
    """`42 tok/s · 412 tokens · v12 · stopped`; of a reply from elsewhere `v12 · on gpu`, with no version `on gpu`."""
    parts = []
    if facts.tokens and facts.seconds > 0:
        speed = facts.tokens / facts.seconds
        parts.append(f"{speed:.0f} tok/s" if speed >= 10 else f"{speed:.1f} tok/s")
    if facts.tokens:
        parts.append(counted(facts.tokens, "token"))
    if facts.adapter and not (facts.remote and facts.adapter == BASE):
        parts.append(one_line(facts.adapter))
    if facts.remote:
        parts.append(f"on {one_line(facts.remote)}")
    stop = {"cancelled": "stopped", "length": "cut at the limit", "failed": "broke off"}.get(facts.stopped)
    return " · ".join([*parts, stop] if stop else parts)


def thought_words(seconds: float, *, running: bool) -> str:
    """`thinking…`, then `thought 3 s`."""
    if running:
        return "thinking…"
    return f"thought {seconds:.0f} s" if seconds >= 0.5 else "thought"


def call_words(calls: Sequence[ToolCall]) -> str:
    """`asked for get_weather(city: "Paris")`, a line for each; nothing runs them here."""
    return "\n".join(f"asked for {_printable(call.name)}({_arguments(call)})" for call in calls)


def _arguments(call: ToolCall) -> str:
    pairs = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in call.arguments.items())
    return _printable(pairs)


def _printable(text: str) -> str:
    """JSON can spell halves of characters, which no terminal can print."""
    return one_line(text.encode("utf-8", "replace").decode())


def notice_words(facts: Facts) -> str:
    return "\n".join(plain(notice) for notice in facts.notices)


def status_words(status: Status, *, temporary: bool = False, news: str = "") -> str:
    """The status line: what learning does now, and what comes next or stands in the way."""
    parts = [news] if news else []
    if temporary or status.state == "not kept":
        parts.append("not kept (temporary chat)")
    if status.progress is not None or status.state == "training":
        parts.append(_training_words(status))
    elif not temporary:
        parts += _waiting_words(status)
    return f"{status_symbol(status, temporary)} {' · '.join(parts)}"


def _waiting_words(status: Status) -> list[str]:
    why = sentence(status.why)
    if status.holder:
        return ["not learning here", why or f"{one_line(status.holder)} holds the data folder"]
    if not status.learning:
        return ["learning off"]
    if status.state == "off":
        return ["learning off for this chat"]
    if status.state == "judging":
        return ["learning on", why or "judging a reply"]
    waiting = status.queue.get("queued", 0)
    if not waiting:
        return ["learning on", why or "no new examples"]
    _, _, next_step = why.rpartition("; ")  # before it the assistant counts the examples too
    return ["learning on", counted(waiting, "new example"), *([next_step] if next_step else [])]


def status_symbol(status: Status, temporary: bool = False) -> str:
    if temporary:
        return SYMBOLS["not kept"]
    if status.holder or not status.learning:
        return SYMBOLS["off"]
    return SYMBOLS.get(status.state, "●")


def _training_words(status: Status) -> str:
    if status.state == "paused":
        return sentence(status.why)
    share = "" if status.progress is None else f" {status.progress * 100:.0f} %"
    return f"training{share}"


def news_words(receipt: Receipt) -> str:
    """One part of the status line for an update that has just ended."""
    match receipt.status:
        case UpdateStatus.PUBLISHED:
            return f"learned: {receipt.version} is live"
        case UpdateStatus.REJECTED:
            return f"update rejected, kept {receipt.parent or 'the base model'}"
        case UpdateStatus.FAILED:
            return f"update failed: {sentence(receipt.reason)}"
        case UpdateStatus.NOTHING:
            return f"nothing to learn: {sentence(receipt.reason) or 'no examples yet'}"
        case _:
            return ""
