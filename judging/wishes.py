"""Training of the layers that choose a directive, on top of those that are not trained.

Knows no files but `data/wishes/*.jsonl`: `{"request", "reply", "said", "wish"}`, one phrasing of a wish a line.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from clawlocal.judge.small.encoder import WISH_AFTER
from clawlocal.judge.small.sides import sides
from clawlocal.judge.small.views import Part, Seen
from judging.network import DROPOUT, Layer, Network
from judging.rows import DATA, Row, lines
from judging.start import Start
from judging.train import Texts, batches, bfloat16, pace

FOLDER = DATA / "wishes"
HELD_OUT = "held_out"
NONE = ""
OTHER = "other"
"""As the files call a wish that is none of the known ones."""
DEPTH = 3
"""Layers of its own."""
EPOCHS, BATCH, RATE, HEAD_RATE, WARM_UP, SMOOTHING = 6, 16, 4e-4, 1.2e-2, 0.1, 0.05
KEPT_BACK = 7
"""Every so-manieth phrasing sets the threshold and is not trained on."""
PRECISION = 0.88
LEAST = 40
"""Per cent: the phrasings that set the threshold are by those who wrote the others, and so too easy. Of 144 reactions
by somebody else a tenth of what is taken above it was wrong, and of the turns without a wish that set the judge's other
thresholds a fiftieth is taken.
"""


@dataclass(frozen=True)
class Phrasing:
    """One way of wishing for something."""

    seen: Seen
    wish: str
    """`NONE` where it is none of the known ones."""


class Head(nn.Module):
    """Layers that begin as the base's, and a map to `wishes` in the order of the logits, `NONE` first."""

    def __init__(self, wishes: list[str], start: Start) -> None:
        super().__init__()
        self.wishes = wishes
        self.layers = nn.ModuleList(Layer(start, WISH_AFTER + i) for i in range(DEPTH))
        self.linear = nn.Linear(start.width, len(wishes))

    def forward(self, x: Tensor, after: Tensor, mask: Tensor) -> Tensor:
        """As `Network.forward`."""
        dropout = DROPOUT if self.training else 0.0
        for layer in self.layers:
            x = layer(x, mask[:, None, None], dropout)
        said = after.unsqueeze(-1).float()
        logits: Tensor = self.linear(
            functional.dropout((x.float() * said).sum(1) / said.sum(1), dropout, self.training)
        )
        return logits


def read(*, held_out: bool = False) -> list[Phrasing]:
    """Those to learn from, or those to be measured on. Raises `OSError`, `ValueError`."""
    paths = [p for p in sorted(FOLDER.glob("*.jsonl")) if (p.stem == HELD_OUT) is held_out]
    raw = [json.loads(line) for path in paths for line in lines(path)]
    return [
        Phrasing(Seen(r["request"], r["reply"], r["said"], False), NONE if r["wish"] == OTHER else r["wish"])
        for r in raw
    ]


def without(rows: Sequence[Row], most: int) -> list[Phrasing]:
    """Corrections of content, and messages that wish for nothing."""
    said = [row for row in rows if not row.seen.by_tool and (row.about_form == 0.0 or not row.hint)]
    return [Phrasing(row.seen, NONE) for row in said[:: max(1, len(said) // most)]]


def of_rows(rows: Sequence[Row], known: Collection[str]) -> list[Phrasing]:
    """Turns whose hint is one of the known wishes."""
    return [Phrasing(row.seen, row.hint) for row in rows if row.hint in known]


def train(found: Sequence[Phrasing], start: Start, network: Network, say: Callable[[str], None]) -> tuple[Head, float]:
    """The head, and the least probability to take: above it, `PRECISION` of the directives are the right ones."""
    torch.manual_seed(0)
    dice = random.Random(0)
    wishes = sorted({p.wish for p in found})
    head, labels = Head(wishes, start), torch.tensor([wishes.index(p.wish) for p in found])
    texts = Texts([Row("", p.seen, 0, "", "") for p in found], start, network)
    kept_back = list(range(0, len(found), KEPT_BACK))
    learned = [i for i in range(len(found)) if i % KEPT_BACK]
    rates = (RATE, HEAD_RATE)
    optimiser = torch.optim.AdamW(
        [{"params": part.parameters()} for part in (head.layers, head.linear)], betas=(0.9, 0.98), weight_decay=0.01
    )
    fast = bfloat16(start)
    steps, step = EPOCHS * -(-len(learned) // BATCH), 0
    for epoch in range(EPOCHS):
        total = 0.0
        for some in batches(texts, learned, BATCH, dice):
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * pace(step / steps, WARM_UP)
            with torch.autocast("cpu", torch.bfloat16, enabled=fast):
                logits = head(*texts.batch(some, [Part.ALL] * len(some)))
            loss = functional.cross_entropy(logits.float(), labels[some], label_smoothing=SMOOTHING)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(head.layers.parameters(), 1.0)
            optimiser.step()
            step += 1
            total += float(loss.detach()) * len(some)
        say(f"wishes, epoch {epoch + 1} of {EPOCHS}: loss {total / len(learned):.3f}")
    head.eval()
    with torch.no_grad():
        shares = torch.cat([head(*texts.batch([i], [Part.ALL])) for i in kept_back]).softmax(-1)
    return head, _least(shares, labels[kept_back], wishes)


def _least(shares: Tensor, labels: Tensor, wishes: list[str]) -> float:
    """As `SmallJudge.wishes` counts: right is what is about the same thing."""
    of = torch.tensor(sides(wishes))
    sure, chosen = torch.zeros_like(shares).index_add_(1, of, shares).max(-1)
    right = chosen == of[labels]
    for least in (i / 100 for i in range(LEAST, 100)):
        taken = (sure >= least) & (chosen != of[wishes.index(NONE)])
        if taken.any() and float(right[taken].float().mean()) >= PRECISION:
            return least
    return 1.0
