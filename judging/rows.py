"""The labelled turns, by author. Knows no network.

Turns that one author wrote are one pass, in one file; nothing of a pass that is held out is trained on. The conventions
of labelling are in docs/judge-data.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clawlocal.judge.small.views import Seen

DATA = Path(__file__).with_name("data")
CALIBRATION = "calibration"
"""The pass that thresholds are set on; not trained on."""
HELD_OUT = "held_out"
"""Never trained on and never chosen by: what is told of the judge is told of it."""
INDIRECT = "held_out_indirect"
"""Another such pass: people who say through a story, a fact or a question what they think of the reply."""

FORM, CONTENT = "style", "correction"
"""Categories of corrections that are clearly about how a reply is written, and about what it says."""


@dataclass(frozen=True)
class Row:
    """One labelled turn."""

    id: str
    seen: Seen
    label: int
    """−1, 0 or 1."""
    category: str
    hint: str
    """What the next state says the reply should have been like, as a directive; empty where it does not."""

    @property
    def about_form(self) -> float | None:
        """1 for a correction of form, 0 for one of content, None where the category does not tell."""
        return {FORM: 1.0, CONTENT: 0.0}.get(self.category) if self.hint else None


def passes() -> list[str]:
    """Names of all files, in order."""
    return sorted(path.stem for path in DATA.glob("*.jsonl"))


def training() -> list[Row]:
    return read(name for name in passes() if name not in (CALIBRATION, HELD_OUT, INDIRECT))


def read(names: Iterable[str]) -> list[Row]:
    """Rows of these passes. Raises `OSError`, `ValueError`."""
    return [_row(json.loads(line)) for name in names for line in lines(DATA / f"{name}.jsonl")]


def categories(rows: Sequence[Row]) -> list[str]:
    return sorted({row.category for row in rows})


def lines(path: Path) -> list[str]:
    """Those with something in them."""
    return [line for line in path.read_text("utf-8").splitlines() if line.strip()]


def _row(raw: dict[str, Any]) -> Row:
    seen = Seen(raw["context"][-1]["content"], raw["assistant"], raw["next"], raw["next_role"] == "tool")
    return Row(raw["id"], seen, raw["label"], raw["category"], raw["hint"] or "")
