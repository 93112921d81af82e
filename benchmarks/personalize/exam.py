"""What a model does with questions that its user has not asked. Knows no learning: it is told who speaks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from statistics import fmean

from benchmarks.answering import words
from benchmarks.personas import Persona
from clawlocal.assistant import Answer, Assistant
from clawlocal.engine.protocol import AdapterFile, Engine
from clawlocal.prompting import Line, build

PLAIN_ENGLISH = files(__package__).joinpath("plain_english.txt")


@dataclass(frozen=True)
class Score:
    """Shares of replies, and means over them."""

    obeys: float
    answers: float
    obeys_and_answers: float
    pmi: float
    """Pointwise mutual information of reply and question under the base, in nats a token."""
    words: float


@dataclass(frozen=True)
class Sheet:
    """Questions with the replies to them, before anybody has marked them."""

    replies: tuple[tuple[str, Answer], ...]
    pmi: float


@dataclass(frozen=True)
class Exam:
    """The same questions with the same seeds, whoever speaks."""

    assistant: Assistant
    persona: Persona
    seed: int

    def sit(self, adapter: str, *, lessons: bool) -> Sheet:
        """`lessons`: with those in the prompt that are active."""
        replies = tuple((q, self._reply(i, q, adapter, lessons)) for i, q in enumerate(self.persona.held_out))
        return Sheet(replies, information(self.assistant.engine, [(q, a.text) for q, a in replies]))

    def mark(self, sheet: Sheet, taught: Sequence[str]) -> Score:
        """`taught` are lessons whose recital is no answer, beside the wish itself."""
        known = (self.persona.directive, *taught)
        obeys = [self.persona.obeys(q, a.text, a.stopped) for q, a in sheet.replies]
        answers = [all(self.persona.answers(q, a.text, lesson) for lesson in known) for q, a in sheet.replies]
        return Score(
            obeys=fmean(obeys),
            answers=fmean(answers),
            obeys_and_answers=fmean(a and b for a, b in zip(obeys, answers, strict=True)),
            pmi=sheet.pmi,
            words=fmean(len(words(a.text)) for _, a in sheet.replies),
        )

    def _reply(self, number: int, question: str, adapter: str, lessons: bool) -> Answer:
        # Never a seed of a question that was asked in earnest.
        wish: dict[str, float | int | None] = {"seed": 1000 * self.seed + 500 + number}
        chat = self.assistant.chat(question, adapter=adapter, temporary=True, lessons=lessons, overrides=wish)
        return chat.result()


def information(engine: Engine, pairs: Sequence[tuple[str, str]]) -> float:
    """Mean over replies of the mean over tokens of log p(reply | question) − log p(reply | another question).

    Under the base: a reply that would fit any question has none. 0 for fewer than two replies with text.
    """
    said = [(question, engine.tokenize(text)) for question, text in pairs if text.strip()]
    if len(said) < 2:
        return 0.0
    own: dict[int, float] = {}
    other: dict[int, float] = {}
    # Each question is read once, for its own reply and for the one to the question after it.
    for i, (question, ids) in enumerate(said):
        after = (i + 1) % len(said)
        prompt = build(engine, "", [Line("user", question)]).ids
        own[i], other[after] = engine.score(prompt, [ids, said[after][1]])
    return fmean((own[i] - other[i]) / len(ids) for i, (_, ids) in enumerate(said))


def perplexity(engine: Engine, adapter: AdapterFile | None) -> float:
    """Of a few paragraphs of plain English, each read from its first token on."""
    total, n = 0.0, 0
    for paragraph in PLAIN_ENGLISH.read_text(encoding="utf-8").split("\n\n"):
        ids = engine.tokenize(" ".join(paragraph.split()))
        total += engine.score(ids[:1], [ids[1:]], adapter)[0]
        n += len(ids) - 1
    return math.exp(-total / n)
