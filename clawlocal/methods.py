"""The ways to learn that a person may choose from. Knows no formula and no trainer."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """What an update learns from, and how."""

    DEFAULT = "default"
    """Verdicts and hints on the served replies, edits as demonstrations, preferences, and practice on other prompts."""
    BINARY = "binary"
    """Binary RL on the verdicts, and nothing else."""
    OPD = "opd"
    """Token-level on-policy distillation of the hints, and nothing else."""
    COMBINED = "combined"
    """Both, by the weights of OpenClaw-RL (2603.10165): the reference."""
    OVERLAP = "overlap"
    """The reference; of several hints for a reply the one is taken whose teacher is nearest to the student."""


def amiss(value: str) -> str:
    """What is wrong with the name of a method, as a clause; empty if nothing is."""
    return "" if value in list(Method) else f"is {value!r}: it must be one of {', '.join(Method)}"
