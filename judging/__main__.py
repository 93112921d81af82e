"""`make judge`: from the labelled turns to the files that are shipped, on two cores in most of an hour."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from clawlocal.judge.cascade import cascade
from clawlocal.judge.small.judge import FOLDER, SmallJudge
from judging import calibrate, card, pack, rows, start, train, wishes
from judging.network import Network
from judging.rows import Row
from judging.start import Start
from trainers import cores

WEIGHTS, WISHES, CARD = "weights", "wishes", "card"
PARTS = (WEIGHTS, WISHES, CARD)
"""`wishes` are the layers that choose a directive, on top of ones that are never trained; `weights` have them too."""
THREADS = 2
WITHOUT = 700
"""Turns that wish for nothing known, for the layers that choose a directive."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m judging", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; may be said repeatedly")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to (default: where the judge looks)")
    asked = parser.parse_args(arguments)
    parts = asked.only or (WEIGHTS, CARD)
    torch.set_num_threads(min(THREADS, cores.allowed()))
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    if WEIGHTS in parts:
        weights(asked.out, say)
    elif WISHES in parts:
        directives(asked.out, say)
    if CARD in parts:
        card.write(asked.out, say)
    return 0


def weights(out: Path, say: Callable[[str], None]) -> None:
    """Train the network and the head for wishes, write them, set the thresholds."""
    learned, beginning = _beginning(say)
    finish(train.train(learned, beginning, train.Recipe(), say), beginning, learned, out, say)


def directives(out: Path, say: Callable[[str], None]) -> None:
    """The head for wishes alone, beside what lies in `out`: the layers under it are those that are never trained.

    Raises `ValueError` where what lies there knows other pieces of vocabulary.
    """
    learned, beginning = _beginning(say)
    pack.check_vocabulary(beginning, out)
    head, least = _head(learned, beginning, Network(beginning, categories=1), say)
    pack.replace_wishes(beginning, head, out)
    pack.write_calibration(replace(SmallJudge(folder=out).calibration, wish=least), out)


def finish(network: Network, beginning: Start, learned: Sequence[Row], out: Path, say: Callable[[str], None]) -> None:
    """All that comes after the network: the layers that choose a directive, the files, the thresholds."""
    head, least = _head(learned, beginning, network, say)
    pack.write(network, beginning, head, out)
    pack.write_calibration(replace(calibrate.START, wish=least), out)
    judge = SmallJudge(folder=out)
    calibration = replace(calibrate.calibrated(judge, left_over(rows.read([rows.CALIBRATION]))), wish=least)
    pack.write_calibration(calibration, out)
    say(f"calibrated: {calibration}")


def _beginning(say: Callable[[str], None]) -> tuple[list[Row], Start]:
    learned = rows.training()
    beginning = start.load(text for row in learned for text in _texts(row))
    say(f"{len(learned)} turns, {len(beginning.tensors['emb.word'])} pieces of vocabulary")
    return learned, beginning


def _head(
    learned: Sequence[Row], beginning: Start, network: Network, say: Callable[[str], None]
) -> tuple[wishes.Head, float]:
    """What chooses a directive, and from which probability on it is taken."""
    phrasings = wishes.read()
    known = {phrasing.wish for phrasing in phrasings} - {wishes.NONE}
    found = [*phrasings, *wishes.of_rows(learned, known), *wishes.without(learned, WITHOUT)]
    return wishes.train(found, beginning, network, say)


def left_over(found: Sequence[Row]) -> list[Row]:
    """Those that no rule decides: they come to the small judge."""
    *rules, _ = cascade(SmallJudge())
    return [row for row in found if all(rule.judge(calibrate.exchange(row)) is None for rule in rules)]


def _texts(row: Row) -> tuple[str, ...]:
    return row.seen.request, row.seen.reply, row.seen.after


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
