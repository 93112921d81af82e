"""How a user's opinion reaches the assistant: said in the chat for the real judge, or told as a verdict."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Protocol

from benchmarks.personalize.endpoint import Endpoint
from benchmarks.personalize.plan import NOISY, OURS, Plan
from benchmarks.personalize.voices import Scripted, Voice
from benchmarks.personas import Persona
from clawlocal.assistant import Answer, Assistant

FLIPPED, LOST = 0.15, 0.3
"""Of a noisy judge: the share of verdicts that are the wrong way round, and of hints that get lost."""


class Feedback(Protocol):
    def give(self, assistant: Assistant, question: str, answer: Answer, pleased: bool) -> bool:
        """Whether there may be something to learn."""
        ...


class Spoken:
    """The next message of the same chat: what to make of it is the product's affair."""

    def __init__(self, voice: Voice, seed: Callable[[], int]) -> None:
        self._voice = voice
        self._seed = seed

    def give(self, assistant: Assistant, question: str, answer: Answer, pleased: bool) -> bool:
        said = self._voice.says(question, answer.text, pleased)
        if said:
            assistant.chat(said, session=answer.session, overrides={"seed": self._seed()}).result()
        return not pleased


class Told:
    """A verdict that is right with a directive that is right, or with noise, the same for the same `draw`."""

    def __init__(self, directive: str, draw: Random, flipped: float = 0.0, lost: float = 0.0) -> None:
        self._directive = directive
        self._draw = draw
        self._flipped = flipped
        self._lost = lost

    def give(self, assistant: Assistant, question: str, answer: Answer, pleased: bool) -> bool:
        # Both are drawn each time, so that what a reply was like does not move the noise of the next one.
        flip, lost = self._draw.random() < self._flipped, self._draw.random() < self._lost
        good = pleased != flip
        if answer.turn is None:
            return False
        if good or lost:
            assistant.rate(answer.turn, "good" if good else "bad")
        else:
            assistant.correct(answer.turn, self._directive)
        return not good


def feedback(persona: Persona, plan: Plan, draw: Random) -> Feedback:
    """As the plan wants it."""
    if plan.judge != OURS:
        noise = (FLIPPED, LOST) if plan.judge == NOISY else (0.0, 0.0)
        return Told(persona.directive, draw, *noise)
    voice = Endpoint(plan.user, plan.user_model, persona.directive) if plan.user else Scripted(persona, draw)
    return Spoken(voice, lambda: draw.randrange(2**31))
