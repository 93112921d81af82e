"""What a judge is. The one interface behind which judges are exchanged. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clawlocal.records import SignalKind


@dataclass(frozen=True)
class Exchange:
    """What a judge sees: the request, the reply, and what came next."""

    request: str
    reply: str
    kind: SignalKind
    next_state: str
    value: int = 0
    """Of an explicit signal: +1 or -1."""


@dataclass(frozen=True)
class Opinion:
    """A verdict in {+1, 0, -1} with how it came about. An abstention has the value 0."""

    value: int
    votes: tuple[int, ...]
    margin: float
    """How clear the vote was, 0 to 1."""
    abstained: bool
    stage: str
    """Which stage decided: `explicit`, `result`, `wording`, `re-ask` or `votes`."""
    reason: str
    """One sentence, for the person."""
    confidence: float = 1.0
    """Probability that the value is right; of an abstention, that `leaning` is."""
    leaning: int | None = None
    """Of an abstention: what it would have been."""
    says_how: bool = True
    """The next state says how the reply should have been: there is a hint in it."""
    about_form: bool | None = None
    """Whether that hint is about how replies are written; None where this judge cannot tell."""


class Judge(Protocol):
    def judge(self, exchange: Exchange) -> Opinion | None:
        """An opinion, or None when this judge has nothing to say of such an exchange."""
        ...


def first_opinion(judges: Sequence[Judge], exchange: Exchange) -> Opinion:
    """Of the first judge that has one; the last always has. Raises what the judges raise."""
    return next(opinion for judge in judges if (opinion := judge.judge(exchange)) is not None)
