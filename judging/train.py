"""Training of the small judge's network: a plain loop over rows. Knows no files."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from clawlocal.judge.small.encoder import HEADS
from clawlocal.judge.small.views import Part, view
from judging.network import FROZEN, Network
from judging.rows import Row, categories
from judging.start import Start
from trainers.plan import BFLOAT16
from trainers.torch_speed import faster


@dataclass(frozen=True)
class Recipe:
    """How it is trained."""

    epochs: int = 6
    batch: int = 16
    lr: float = 2.5e-4
    """Of the highest layer."""
    decay: float = 0.9
    """From a layer to the one below."""
    head_lr: float = 1e-3
    warm_up: float = 0.08
    smoothing: float = 0.05
    category: float = 0.3
    """Weight of guessing the category."""
    hint: float = 0.3
    """Weight of the heads about hints."""
    views: tuple[float, ...] = (0.7, 0.15, 0.15)
    """How often each view is trained on."""
    average: float = 0.998
    """Decay of the running average of the weights, which is what is kept."""
    seed: int = 0


class Texts:
    """Rows as what the frozen layers make of them."""

    def __init__(self, rows: Sequence[Row], start: Start, network: Network) -> None:
        self.rows = rows
        self._network = network
        self._views = [[view(row.seen, part, lambda t: _ids(start, t)) for part in Part] for row in rows]
        self._kept: dict[tuple[int, Part], Tensor] = {}

    def length(self, row: int) -> int:
        return len(self._views[row][Part.ALL].ids)

    def batch(self, rows: Sequence[int], parts: Sequence[Part]) -> tuple[Tensor, Tensor, Tensor]:
        """As `Network.forward` takes them."""
        found = [(self._lower(row, part), self._views[row][part]) for row, part in zip(rows, parts, strict=True)]
        longest = max(len(each.ids) for _, each in found)
        x = torch.zeros(len(found), longest, found[0][0].shape[-1])
        after, mask = (torch.zeros(len(found), longest, dtype=torch.bool) for _ in range(2))
        for i, (hidden, each) in enumerate(found):
            end = len(each.ids)
            x[i, :end], mask[i, :end], after[i, each.after : end] = hidden.float(), True, True
        return x, after, mask

    def _lower(self, row: int, part: Part) -> Tensor:
        key = (row, part)
        if key not in self._kept:
            with torch.no_grad():
                self._kept[key] = self._network.lower(self._views[row][part].ids).bfloat16()
        return self._kept[key]


def train(
    rows: Sequence[Row], start: Start, recipe: Recipe, say: Callable[[str], None], check: Sequence[Row] = ()
) -> Network:
    """The network after `recipe`. `check` is told of after each epoch, and changes nothing."""
    torch.manual_seed(recipe.seed)
    dice = random.Random(recipe.seed)
    network = Network(start, len(categories(rows)))
    texts, others = Texts(rows, start, network), Texts(check, start, network)
    optimiser, rates = _optimiser(network, recipe)
    average = {name: p.detach().clone() for name, p in network.named_parameters() if p.requires_grad}
    targets = _targets(rows)
    fast = bfloat16(start)
    steps, step = recipe.epochs * math.ceil(len(rows) / recipe.batch), 0
    for epoch in range(recipe.epochs):
        network.train()
        total = 0.0
        for batch in batches(texts, range(len(rows)), recipe.batch, dice):
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * pace(step / steps, recipe.warm_up)
            parts = dice.choices(list(Part), recipe.views, k=len(batch))
            with torch.autocast("cpu", torch.bfloat16, enabled=fast):
                logits = network(*texts.batch(batch, parts))
            aim = _loss(logits, {name: t[batch] for name, t in targets.items()}, recipe)
            optimiser.zero_grad()
            aim.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], 1.0)
            optimiser.step()
            step += 1
            total += float(aim.detach())
            # A short memory at first: what there was before training is soon of no use.
            keep = min(recipe.average, step / (step + 10))
            for name, p in network.named_parameters():
                if name in average:
                    average[name].lerp_(p.detach(), 1.0 - keep)
        loss = total * recipe.batch / len(rows)
        say(f"epoch {epoch + 1} of {recipe.epochs}: loss {loss:.3f}{_told(network, average, others)}")
    network.load_state_dict(average, strict=False)
    return network.eval()


def bfloat16(start: Start) -> bool:
    """Whether products in it are faster here: some processors emulate it, at a fiftieth of the speed."""
    return faster(start.width, 4 * start.width) == BFLOAT16


def predict(
    network: Network, texts: Texts, part: Part = Part.ALL, batch: int = 32
) -> dict[str, npt.NDArray[np.float32]]:
    """Logits of each head, [rows, outputs]."""
    order = sorted(range(len(texts.rows)), key=texts.length)
    found: dict[str, list[Tensor]] = {name: [] for name in HEADS}
    network.eval()
    for start in range(0, len(order), batch):
        some = order[start : start + batch]
        with torch.no_grad():
            logits = network(*texts.batch(some, [part] * len(some)))
        for name in HEADS:
            found[name].append(logits[name].float())
    back = np.argsort(order)
    return {name: torch.cat(parts).numpy()[back] for name, parts in found.items()}


def _told(network: Network, average: dict[str, Tensor], others: Texts) -> str:
    if not others.rows:
        return ""
    now = {name: p.detach().clone() for name, p in network.named_parameters() if name in average}
    network.load_state_dict(average, strict=False)
    guesses = predict(network, others)["verdict"].argmax(-1) - 1
    network.load_state_dict(now, strict=False)
    labels = np.array([row.label for row in others.rows])
    return f", right {np.mean(guesses == labels):.3f}, flips {np.mean(guesses * labels == -1):.3f}"


def _loss(logits: dict[str, Tensor], targets: dict[str, Tensor], recipe: Recipe) -> Tensor:
    verdict = functional.cross_entropy(logits["verdict"], targets["verdict"], label_smoothing=recipe.smoothing)
    category = functional.cross_entropy(logits["category"], targets["category"])
    how = functional.binary_cross_entropy_with_logits(logits["says_how"][:, 0], targets["says_how"])
    known = targets["about_form"] >= 0.0
    form = functional.binary_cross_entropy_with_logits(
        logits["about_form"][known, 0], targets["about_form"][known], reduction="sum"
    ) / len(known)
    return verdict + recipe.category * category + recipe.hint * (how + form)


def _targets(rows: Sequence[Row]) -> dict[str, Tensor]:
    """−1 where `about_form` is not known."""
    names = categories(rows)
    return {
        "verdict": torch.tensor([row.label + 1 for row in rows]),
        "category": torch.tensor([names.index(row.category) for row in rows]),
        "says_how": torch.tensor([float(bool(row.hint)) for row in rows]),
        "about_form": torch.tensor([-1.0 if row.about_form is None else row.about_form for row in rows]),
    }


def _optimiser(network: Network, recipe: Recipe) -> tuple[torch.optim.AdamW, list[float]]:
    count = len(network.layers)
    groups = [
        {"params": list(network.layers[i].parameters()), "lr": recipe.lr * recipe.decay ** (count - 1 - i)}
        for i in range(FROZEN, count)
    ]
    heads = [p for part in (network.dense, network.heads, network.category) for p in part.parameters()]
    groups.append({"params": heads, "lr": recipe.head_lr})
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.01), [float(g["lr"]) for g in groups]  # type: ignore[arg-type]


def pace(done: float, warm_up: float) -> float:
    """Of the learning rate: up, then down to nothing."""
    return done / warm_up if done < warm_up else (1.0 - done) / (1.0 - warm_up)


def batches(texts: Texts, rows: Iterable[int], size: int, dice: random.Random) -> Iterator[list[int]]:
    """Those of `rows` that are of like length together, in a random order."""
    order = list(rows)
    dice.shuffle(order)
    found = []
    for start in range(0, len(order), 16 * size):
        some = sorted(order[start : start + 16 * size], key=texts.length)
        found += [some[i : i + size] for i in range(0, len(some), size)]
    dice.shuffle(found)
    return iter(found)


def _ids(start: Start, text: str) -> list[int]:
    ids: list[int] = start.tokenizer.encode(text, add_special_tokens=False).ids
    return ids
