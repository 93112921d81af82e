"""What all runs of one benchmark have in common: who asks what, where it is measured, with which settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from benchmarks import jsonl
from benchmarks.personas import PERSONAS, Persona
from clawlocal.config import Settings
from clawlocal.errors import ConfigError

DEFAULT = "default"
"""The method that the product takes by itself."""

POINTS = (0, 2, 4, 8, 12, 24, 36)
"""After how many interactions it is measured; the last one of a run is measured as well."""

OURS, PERFECT, NOISY = "ours", "perfect", "noisy"
MAX_TOKENS = 160
"""Of a reply: enough for four sentences of a comment, and far too many for who wants two."""

_METHOD = ("method", "learning_method")
"""What the setting that chooses how to learn may be called."""


@dataclass(frozen=True)
class Plan:
    """As it was asked for on the command line."""

    model: str
    interactions: int
    judge: str
    user: str | None = None
    """Address of an OpenAI-compatible endpoint that speaks for the user."""
    user_model: str = ""
    prompts: Path | None = None
    held_out: int | None = None
    """Measure on so many prompts only."""
    at: tuple[int, ...] = ()
    """After how many interactions to learn and measure, in place of `POINTS`."""
    weights_only: bool = False
    """Measure neither the base nor what the lessons do in the prompt."""

    def __post_init__(self) -> None:
        if self.user and self.judge != OURS:
            raise ConfigError(f"With --judge {self.judge} the user says nothing: leave --user out, or the judge.")

    @property
    def points(self) -> tuple[int, ...]:
        """At least the end, and the start unless the base is not to be measured."""
        chosen = {point for point in self.at or POINTS if point <= self.interactions}
        found = {0, self.interactions, *chosen}
        # Of the base only where that is asked for: it is known from the first seed.
        return tuple(sorted(found - {0} if self.weights_only and 0 not in self.at else found))

    def people(self, names: Sequence[str]) -> list[Persona]:
        """The personas, with the questions of the file if there is one. Raises `ConfigError`."""
        people = [PERSONAS[name] for name in dict.fromkeys(names)]
        if self.prompts is not None:
            asked, held_out = _split(_read(self.prompts), self.prompts)
            people = [replace(each, questions=asked, held_out=held_out, related={}) for each in people]
        for each in people:
            if len(each.questions) < self.interactions:
                raise ConfigError(f"{each.name} has {len(each.questions)} questions: ask for fewer interactions.")
        return [replace(each, held_out=each.held_out[: self.held_out]) for each in people]

    def settings(self, method: str) -> Settings:
        """Nothing is learned unless it is asked for. Raises `ConfigError` for a method that cannot be chosen."""
        chosen: dict[str, Any] = {}
        if method != DEFAULT:
            known = {field.name for field in fields(Settings)}
            names = [name for name in _METHOD if name in known]
            if not names:
                raise ConfigError(f"This version learns in one way: leave --method {method} out.")
            chosen[names[0]] = method
        return Settings(model=self.model, idle_seconds=86400, max_tokens=MAX_TOKENS, **chosen)


def _read(file: Path) -> list[str]:
    def question(_number: int, row: dict[str, Any]) -> str:
        found = row["question"]
        if not isinstance(found, str) or not found.strip():
            raise ValueError("a row without a question")
        return found.strip()

    return list(dict.fromkeys(jsonl.read(file, "prompts", question)))


def _split(questions: Sequence[str], file: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Two thirds are asked, the last third is measured on."""
    if len(questions) < 3:
        raise ConfigError(f"{file} holds {len(questions)} different questions: three are the least.")
    asked = 2 * len(questions) // 3
    return tuple(questions[:asked]), tuple(questions[asked:])
