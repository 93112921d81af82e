"""One simulated user, from the first question to the last measurement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from random import Random
from typing import Any

import psutil

from benchmarks.home import assistant_of
from benchmarks.personalize import derived
from benchmarks.personalize.exam import Exam, Score, Sheet, perplexity
from benchmarks.personalize.feedback import feedback
from benchmarks.personalize.plan import Plan
from benchmarks.personalize.sittings import Life
from benchmarks.personas import Persona
from clawlocal.config import Settings
from clawlocal.engine.protocol import BASE
from clawlocal.records import IN_USE, LessonState

Say = Callable[[str], None]


def one_user(persona: Persona, plan: Plan, settings: Settings, seed: int, say: Say) -> dict[str, Any]:
    """Columns, curve, updates, lessons and what follows from them. Learns over an emptied data folder."""
    draw = Random(f"{persona.name} {seed}")
    questions = draw.sample(persona.questions, len(persona.questions))
    with assistant_of(settings) as assistant:
        life = Life(assistant, persona, questions, feedback(persona, plan, draw), seed, say)
        measured = Measured(Exam(assistant, persona, seed), say)
        plain = perplexity(assistant.engine, None)
        began = _trainers_cpu()
        for point in plan.points:
            life.until(point)
            measured.weights(point)
        cpu_seconds = _trainers_cpu() - began
        plain_after = perplexity(assistant.engine, assistant.live_file())
        lessons = [{"text": x.text, "scope": x.scope, "state": str(x.state)} for x in assistant.lessons()]
        columns = measured.columns(weights_only=plan.weights_only)
    return {
        "columns": columns,
        "curve": measured.curve,
        **derived.figures(measured.curve, life.pleased, life.updates, cpu_seconds),
        "perplexity": {"before": plain, "after": plain_after},
        "pleased": [int(each) for each in life.pleased],
        "lessons": lessons,
        "updates": life.updates,
    }


class Measured:
    """The columns, with nothing measured twice that cannot have changed."""

    def __init__(self, exam: Exam, say: Say) -> None:
        self._exam = exam
        self._assistant = exam.assistant
        self._say = say
        self._sheets: dict[str, Sheet] = {}
        self.curve: list[dict[str, Any]] = []
        """Of the weights alone, a row for each point."""

    def weights(self, point: int) -> None:
        """The live adapter, or the base where there is none, without a line in the prompt."""
        version = self._live()
        score = self._score(version)
        self.curve.append({"interactions": point, "version": version, **asdict(score)})
        self._say(f"after {point} interactions, {version}: {score.obeys_and_answers:.2f}")

    def columns(self, *, weights_only: bool) -> dict[str, dict[str, float]]:
        """The base is back with its lessons in the prompt, unless it is `weights_only`: learn nothing afterwards."""
        version, taught = self._live(), self._taught()
        weights = self._score(version)
        if weights_only:
            return {"weights": asdict(weights)}
        frozen = self._score(BASE)
        in_use = [x.id for x in self._assistant.lessons() if x.state in IN_USE]
        if version != BASE:
            self._assistant.rollback(BASE)
        for lesson in in_use:
            self._assistant.set_lesson_state(lesson, LessonState.ACTIVE)
        memory, both = frozen, weights
        if in_use:
            self._say(f"measuring memory, {len(in_use)} lessons in the prompt")
            memory = both = self._exam.mark(self._exam.sit(BASE, lessons=True), taught)
        if in_use and version != BASE:
            self._say(f"measuring both, {version}")
            both = self._exam.mark(self._exam.sit(version, lessons=True), taught)
        found = {"frozen": frozen, "memory": memory, "weights": weights, "both": both}
        return {name: asdict(score) for name, score in found.items()}

    def _score(self, version: str) -> Score:
        """Without a line in the prompt."""
        if version not in self._sheets:
            self._say(f"measuring {version}")
            self._sheets[version] = self._exam.sit(version, lessons=False)
        return self._exam.mark(self._sheets[version], self._taught())

    def _live(self) -> str:
        return self._assistant.status().live_version or BASE

    def _taught(self) -> tuple[str, ...]:
        return tuple(x.text for x in self._assistant.lessons() if x.state in IN_USE)


def _trainers_cpu() -> float:
    """CPU seconds of all processes that this one started and that ended: trainers, and nothing else."""
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)
