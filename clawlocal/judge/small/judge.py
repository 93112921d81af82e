"""The small judge among the judges: three votes, the majority of them, an abstention where they are not clear.

Votes are three views of one exchange, read by one network. It is no chat model's: whatever model the user chose,
the same weights judge. Knows no store.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

from clawlocal.judge.protocol import Exchange, Opinion
from clawlocal.judge.small.encoder import Array, Encoder, softmax
from clawlocal.judge.small.sides import sides
from clawlocal.judge.small.views import Part, Seen, view
from clawlocal.records import SignalKind

FOLDER = Path(__file__).parent / "weights"
WEIGHTS, VOCABULARY, CALIBRATION, WISHES = "judge.gguf", "tokenizer.json", "calibration.json", "wishes.json"

CLASSES = (-1, 0, 1)
STAGE = "votes"
"""The name of this stage."""

MOST = len(Part)
"""Votes."""

VIEW_WEIGHTS = (0.5, 0.25, 0.25)
"""Of the votes' probabilities, by `Part`: what sees most is right most often."""


@dataclass(frozen=True)
class Calibration:
    """Numbers that are set on turns which the network was not trained on."""

    temperature: float
    """The votes' mean logits are divided by it: probabilities are then as often right as they say."""
    signed_margin: float
    """Least lead of +1 or −1 over the next class; below it the judge abstains."""
    neutral_margin: float
    """Least lead of 0."""
    says_how: float
    """Least probability that the next state says how the reply should have been."""
    wish: float
    """Least probability of directives about one thing, for one to be taken."""


@dataclass(frozen=True)
class Read:
    """What the network says of an exchange."""

    votes: tuple[int, ...]
    """In the order of `Part`."""
    probabilities: tuple[float, float, float]
    """Of −1, 0 and +1, calibrated."""
    says_how: float
    """Probability that the next state says how the reply should have been."""
    about_form: float
    """If so, probability that it speaks of how replies are written and not of what this one says."""


class SmallJudge:
    """Loads its weights when it is first asked. `give_way` is called between layers, and may wait."""

    def __init__(self, votes: int = MOST, give_way: Callable[[], None] = lambda: None, folder: Path = FOLDER) -> None:
        self._parts = tuple(Part)[:votes]
        self._give_way = give_way
        self._folder = folder
        self._guard = threading.Lock()

    def judge(self, exchange: Exchange) -> Opinion | None:
        """None for an explicit signal, which needs no opinion. Raises `OSError` where the weights are not there."""
        if exchange.kind not in (SignalKind.MESSAGE, SignalKind.TOOL):
            return None
        return decide(self.read(exchange), self.calibration)

    def read(self, exchange: Exchange) -> Read:
        by_tool = exchange.kind is SignalKind.TOOL
        seen = Seen(exchange.request, exchange.reply, exchange.next_state, by_tool)
        with self._guard, self._cores.limit(limits=1):
            found = [self._encoder.logits(view(seen, part, self._ids), self._give_way) for part in self._parts]
        return combine([f["verdict"] for f in found], found[0], self.calibration.temperature)

    def wishes(self, request: str, reply: str, said: str) -> list[tuple[str, float]]:
        """The directives about the likeliest thing (`sides`), likeliest first, and their probabilities.

        What they leave open stands in braces. None where no known wish is likeliest.
        """
        whole = view(Seen(request, reply, said, by_tool=False), Part.ALL, self._ids)
        with self._guard, self._cores.limit(limits=1):
            shares = softmax(self._encoder.wish_logits(whole, self._give_way))
        of_sides = np.bincount(self._sides, weights=shares)
        side = of_sides.argmax()
        likely = [i for i in np.argsort(-shares) if self._sides[i] == side]
        return [(self._wishes[i], float(shares[i])) for i in likely if self._wishes[i]]

    @cached_property
    def calibration(self) -> Calibration:
        return Calibration(**json.loads((self._folder / CALIBRATION).read_text("utf-8")))

    @cached_property
    def _wishes(self) -> list[str]:
        """Directives in the order of their logits; the first is none of them."""
        wishes: list[str] = json.loads((self._folder / WISHES).read_text("utf-8"))
        return wishes

    @cached_property
    def _sides(self) -> list[int]:
        return sides(self._wishes)

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder.load(self._folder / WEIGHTS)

    @cached_property
    def _cores(self) -> ThreadpoolController:
        """A second core would be the chat's."""
        return ThreadpoolController()

    @cached_property
    def _tokenizer(self) -> object:
        # Imported here: who only chats tokenises nothing.
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self._folder / VOCABULARY))

    def _ids(self, text: str) -> Sequence[int]:
        # Half of a surrogate pair has no UTF-8.
        whole = text.encode("utf-8", "replace").decode("utf-8")
        ids: Sequence[int] = self._tokenizer.encode(whole, add_special_tokens=False).ids  # type: ignore[attr-defined]
        return ids


def combine(verdicts: Sequence[Array], whole: dict[str, Array], temperature: float) -> Read:
    """The votes' logits, [3] each in the order of `Part`, and the other heads' of the whole view."""
    weights = VIEW_WEIGHTS[: len(verdicts)]
    mean = sum(weight * logits for weight, logits in zip(weights, verdicts, strict=True)) / sum(weights)
    shares = softmax(np.asarray(mean, np.float32) / np.float32(temperature))
    return Read(
        votes=tuple(CLASSES[int(logits.argmax())] for logits in verdicts),
        probabilities=(float(shares[0]), float(shares[1]), float(shares[2])),
        says_how=_sigmoid(whole["says_how"]),
        about_form=_sigmoid(whole["about_form"]),
    )


def decide(read: Read, calibration: Calibration) -> Opinion:
    """The likeliest class, if its lead is large enough and the votes do not all contradict it."""
    order = sorted(range(3), key=read.probabilities.__getitem__, reverse=True)
    leaning, first, second = CLASSES[order[0]], read.probabilities[order[0]], read.probabilities[order[1]]
    margin = first - second
    least = calibration.signed_margin if leaning else calibration.neutral_margin
    agree = sum(vote == leaning for vote in read.votes)
    unsure = margin < least or 2 * agree <= len(read.votes)
    why = f"the votes were not clear ({_tally(read.votes)})" if unsure else _tally(read.votes)
    return Opinion(
        value=0 if unsure else leaning,
        votes=read.votes,
        margin=margin,
        abstained=unsure,
        stage=STAGE,
        reason=why,
        confidence=first,
        leaning=leaning,
        says_how=read.says_how >= calibration.says_how,
        about_form=read.about_form >= 0.5,
    )


def _tally(votes: Sequence[int]) -> str:
    count = Counter(votes)
    return f"{count[1]} for good, {count[-1]} for bad, {count[0]} for neither"


def _sigmoid(logit: Array) -> float:
    return float(1.0 / (1.0 + np.exp(-float(logit[0]))))
