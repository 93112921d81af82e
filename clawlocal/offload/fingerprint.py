"""Whether two machines hold the same weights, told from what they make of a few fixed texts. Opens no socket.

A server that is handed an adapter of another base loads it all the same. So the texts are scored on both sides, base
with base and adapter with adapter: they are ours, and say nothing of the user.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from clawlocal.engine.protocol import AdapterFile, ChatMessage, Engine

PLAIN = "Herons wade: 12 of 345 birds, naïve or not, in the  reeds!\n\tfor x in range(10): print(x)"
"""What tokenizers take apart in different ways: numbers, letters with marks, spaces, code."""
TEXTS = (
    (
        "Why is the sky blue?",
        "The sky is blue because air scatters the short waves of sunlight more than the long ones.",
    ),
    ("Name three fruits.", "Sure! Here are three fruits:\n\n1. Apples\n2. Pears\n3. Plums"),
    ("Print the numbers from one to ten.", "```python\nfor number in range(1, 11):\n    print(number)\n```"),
    ("Translate into German: The house is old.", "Das Haus ist alt."),
    ("Tell me a story.", "Once upon a time there was a heron who lived by a lake and did not like to fish."),
    ("How are you?", "I am fine, thank you! How can I help you today?"),
)
"""Questions and replies, of which the replies are scored."""
TOLERANCE = 0.9
"""Nats a token, mean |Δ log p| of the base's scores: the same weights in two to eight bits were at most 0.77 apart."""
LIKENESS = 0.88
"""Least correlation of these scores: of the same weights 0.91 and more, of a larger model of the same family 0.86."""
AGREEMENT = 0.3
"""Least cosine of what the adapter changes here and there: 0.43 to 1 were measured, and about 0 is one not applied."""
SLIGHT = 0.02
"""Nats a token: an adapter that changes less is not told from rounding, and taken as it is."""


@dataclass(frozen=True)
class Row:
    """One text as token ids."""

    prompt: tuple[int, ...]
    reply: tuple[int, ...]


@dataclass(frozen=True)
class Fingerprint:
    """What the local model makes of the texts."""

    plain: tuple[int, ...]
    """The ids of `PLAIN`."""
    rows: tuple[Row, ...]
    base: tuple[float, ...]
    """Log-probabilities of each reply's tokens, text after text, without an adapter."""

    def json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Fingerprint:
        found = json.loads(text)
        rows = tuple(Row(tuple(row["prompt"]), tuple(row["reply"])) for row in found["rows"])
        return cls(tuple(found["plain"]), rows, tuple(found["base"]))


def taken(engine: Engine) -> Fingerprint:
    """Of the model that `engine` serves. Blocks; gives way to chat."""
    rows = tuple(Row(engine.encode([ChatMessage("user", asked)]), engine.tokenize(said)) for asked, said in TEXTS)
    return Fingerprint(engine.tokenize(PLAIN), rows, scores(engine, rows))


def scores(engine: Engine, rows: Sequence[Row], adapter: AdapterFile | None = None) -> tuple[float, ...]:
    """The log-probability of each token of each reply, in order."""
    return tuple(p for row in rows for p in engine.logprobs(row.prompt, row.reply, adapter))


def apart(here: Sequence[float], there: Sequence[float]) -> float:
    """Mean |Δ log p| in nats a token."""
    return statistics.fmean(abs(a - b) for a, b in zip(here, there, strict=True))


def unlike(here: Sequence[float], there: Sequence[float]) -> str:
    """What says that two scores are of other weights, in a few words; empty where they may be of the same."""
    if (distance := apart(here, there)) > TOLERANCE:
        return f"{distance:.2f} nats a token apart, at most {TOLERANCE:g}"
    likeness = _cosine(_centred(here), _centred(there))
    return f"correlated by {likeness:.2f}, at least {LIKENESS:g}" if likeness < LIKENESS else ""


def agreement(
    base: Sequence[float], adapted: Sequence[float], base_there: Sequence[float], adapted_there: Sequence[float]
) -> float:
    """The cosine of what the adapter changes here with what it changes there, token by token.

    1 where it changes too little here to tell.
    """
    if apart(base, adapted) < SLIGHT:
        return 1.0
    here = [b - a for a, b in zip(base, adapted, strict=True)]
    there = [b - a for a, b in zip(base_there, adapted_there, strict=True)]
    return _cosine(here, there)


def _centred(values: Sequence[float]) -> list[float]:
    mean = statistics.fmean(values)
    return [value - mean for value in values]


def _cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """0 where one of them is nothing."""
    lengths = math.hypot(*a) * math.hypot(*b)
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0
