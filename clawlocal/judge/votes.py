"""A first judge: votes of the language model by label likelihood, calibrated. Knows no store.

Asked outright, a small model names the same label for nearly everything. How much likelier it finds
"unhappy" than "happy" after one message than after another does tell something, so each vote is a linear
map from the log-likelihoods of its labels to the three classes (calibration as in Zhao et al.,
arXiv 2102.09690, section 4, with the map fitted to labelled turns rather than to empty input).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from clawlocal.engine.protocol import ChatMessage, Engine
from clawlocal.judge.protocol import Exchange, Opinion

MIN_MARGIN = 0.15
"""Least gap between the two likeliest classes, averaged over the votes; below it the judge abstains.

On turns it was not fitted to, accuracy is 0.56 over all and 0.63 above this gap."""
CLASSES = (-1, 0, 1)
VOTES = "votes"
"""The name of this stage."""

_REQUEST, _REPLY, _NEXT = 80, 100, 120
"""Tokens of each part that are read: a vote must stay cheap beside a chat."""


@dataclass(frozen=True)
class Vote:
    """One question to the model. `weights` has a row of three per label, `bias` one number per class."""

    name: str
    labels: tuple[str, ...]
    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]

    def probabilities(self, likelihoods: Sequence[float]) -> list[float]:
        """Of -1, 0 and +1, from the log-likelihoods of the labels."""
        mean = sum(likelihoods) / len(likelihoods)
        logits = [
            b + sum((x - mean) * row[k] for x, row in zip(likelihoods, self.weights, strict=True))
            for k, b in enumerate(self.bias)
        ]
        top = max(logits)
        powers = [math.exp(x - top) for x in logits]
        return [p / sum(powers) for p in powers]


@cache
def calibrated() -> tuple[Vote, ...]:
    """The votes in the order of their worth."""
    raw = json.loads(files("clawlocal.judge").joinpath("votes.json").read_text("utf-8"))
    return tuple(
        Vote(v["name"], tuple(v["labels"]), tuple(map(tuple, v["weights"])), tuple(v["bias"])) for v in raw["votes"]
    )


class VotingJudge:
    """`votes` votes, the majority of them; a tie or a small margin is an abstention."""

    def __init__(self, engine: Engine, votes: int) -> None:
        self._engine = engine
        self._votes = calibrated()[:votes]

    def judge(self, exchange: Exchange) -> Opinion:
        """Never None: it stands last. Always of the base, so that an adapter cannot bend its own judge."""
        return decide([vote.probabilities(self._likelihoods(vote, exchange)) for vote in self._votes])

    def _likelihoods(self, vote: Vote, exchange: Exchange) -> list[float]:
        prefix = self._as_chat(exchange) if vote.name == "reaction" else self._as_story(exchange)
        return self._engine.score(prefix, [self._engine.tokenize(label) for label in vote.labels])

    def _as_chat(self, exchange: Exchange) -> tuple[int, ...]:
        """What would the assistant itself say next: sorry, or you're welcome?"""
        request, reply, after = self._parts(exchange)
        messages = [ChatMessage("user", request), ChatMessage("assistant", reply), ChatMessage("user", after)]
        return self._engine.encode(messages)

    def _as_story(self, exchange: Exchange) -> tuple[int, ...]:
        """The same prefix for all votes that share it, so that it is evaluated once."""
        request, reply, after = self._parts(exchange)
        text = (
            f"A user asked: {request}\nThe assistant answered: {reply}\nThen the user said: {after}"
            "\nWith this message, the user is"
        )
        return self._engine.tokenize(text)

    def _parts(self, exchange: Exchange) -> tuple[str, str, str]:
        return (
            self._cut(exchange.request, _REQUEST),
            self._cut(exchange.reply, _REPLY),
            self._cut(exchange.next_state, _NEXT),
        )

    def _cut(self, text: str, tokens: int) -> str:
        return self._engine.detokenize(self._engine.tokenize(text)[:tokens])


def decide(probabilities: Sequence[Sequence[float]]) -> Opinion:
    """Majority of the votes' likeliest classes; abstains on a tie or a margin below `MIN_MARGIN`."""
    votes = tuple(CLASSES[max(range(3), key=p.__getitem__)] for p in probabilities)
    mean = [sum(p[k] for p in probabilities) / len(probabilities) for k in range(3)]
    first, second, _ = sorted(mean, reverse=True)
    margin = first - second
    counts = Counter(votes).most_common(2)
    tie = len(counts) > 1 and counts[0][1] == counts[1][1]
    if tie or margin < MIN_MARGIN:
        why = "the votes were tied" if tie else "the votes were not clear"
        return Opinion(0, votes, margin, True, VOTES, f"{why} ({_tally(votes)})", first)
    return Opinion(counts[0][0], votes, margin, False, VOTES, _tally(votes), first)


def _tally(votes: Sequence[int]) -> str:
    count = Counter(votes)
    return f"{count[1]} for good, {count[-1]} for bad, {count[0]} for neither"
