"""Hints that the chat model writes itself, where it is large enough to. Knows no store.

Several are drawn, those that say nothing or give the answer away are dropped, and of the rest the one is taken whose
teacher (the model with the hint) agrees most with the student (the model without it) on the reply: the share of each
position's k likeliest tokens that both have (overlap-guided hint selection, OpenClaw-RL v2, arXiv 2603.10165).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence

from clawlocal.engine.protocol import AdapterFile, ChatMessage, Engine, Sampling
from clawlocal.errors import AdapterError, ModelError, PromptError
from clawlocal.judge.hints import MIN_CHARACTERS, content_words, words
from clawlocal.judge.lessons import FORM, with_note

log = logging.getLogger(__name__)

CAPABLE_WEIGHTS = 6_000_000_000
"""A model with fewer is not asked: one of 1.5 billion proposes hints that are worth less than the user's own words."""
CANDIDATES = 3
TOP_K = 4
"""Of the overlap, as in OpenClaw-RL v2."""
READ_TOKENS = 200
"""Of the reply, on which student and teacher are compared."""
READ_CHARACTERS = 1200
"""Of request, reply and message each, which the model reads."""
MAX_CHARACTERS = 200
MAX_INVENTED = 3
"""Words of meaning in a hint that nobody used before it: a hint that says more gives an answer."""

NONE = "NONE"

_TASK = (
    "A user reacted to an assistant's answer. Write the instruction that the assistant should have had: one or two "
    "short sentences that begin with a verb and say how the answer should be. Use only what the user said. Do not "
    f"write the answer itself. If the user does not say how the answer should be, write {NONE}."
)
_EXAMPLES = (
    (
        "Why is the sky blue?",
        "Sunlight has many colours, and …",
        "this is a wall of text",
        "Keep answers short.",
    ),
    ("Which trains go to Leeds?", "The 9:05 and the 9:35.", "wrong", NONE),
    (
        "Write to my landlord about the heating.",
        "Hi Tom, the heating is dead, fix it!",
        "we're not friends, and I need him to come this week",
        "Use a formal tone. Ask for a visit this week.",
    ),
    ("How far is the moon?", "About 240,000 miles.", "we use kilometres here", "Give distances in kilometres."),
)
_SENTENCES = re.compile(r"[^.!?\n]+[.!?]?")
_LABEL = re.compile(r"^\s*(?:instruction|hint)\s*:\s*", re.IGNORECASE)


class CandidateHints:
    """Asks an engine. Every method blocks while it answers, and chat goes first."""

    def __init__(self, engine: Engine, live: Callable[[], AdapterFile | None], count: int = CANDIDATES) -> None:
        """`live` is the student's adapter; hints are written, and taught, by the base."""
        self._engine = engine
        self._live = live
        self._count = count

    def hint(self, request: str, reply: str, said: str) -> str:
        """The best candidate; empty when none is usable, or the model cannot be asked. Raises `EngineClosed`."""
        try:
            found = self.candidates(request, reply, said)
            return self.best(request, reply, found)
        except (AdapterError, ModelError, PromptError) as e:
            log.info("no hints were drawn: %s", e)
            return ""

    def candidates(self, request: str, reply: str, said: str) -> list[str]:
        """What the model proposes and can be used, each once. Raises `PromptError`, `EngineClosed`, `ModelError`."""
        prompt = self._engine.encode(_asked(request, reply, said), thinking=False)
        sampling = Sampling(temperature=0.6, top_p=1.0, top_k=0, min_p=0.0, seed=0, max_tokens=60)
        drafts = (_tidy(sample.text) for sample in self._engine.sample(prompt, self._count, sampling))
        return list(dict.fromkeys(draft for draft in drafts if not amiss(draft, request, reply, said)))

    def best(self, request: str, reply: str, hints: Sequence[str]) -> str:
        """The one with the largest overlap; the first of equals; empty of none."""
        if len(hints) < 2:
            return "".join(hints)
        ids = self._engine.tokenize(reply)[:READ_TOKENS]
        student = self._engine.likeliest(self._view(request), ids, TOP_K, self._live())
        teachers = {hint: self._engine.likeliest(self._view(request, hint), ids, TOP_K) for hint in hints}
        return max(hints, key=lambda hint: overlap(student, teachers[hint]))

    def _view(self, request: str, hint: str = "") -> tuple[int, ...]:
        asked = [ChatMessage("user", with_note(request[:READ_CHARACTERS], hint))]
        return self._engine.encode(asked, thinking=False)


def overlap(student: Sequence[tuple[int, ...]], teacher: Sequence[tuple[int, ...]]) -> float:
    """Mean share of likeliest tokens that both have, over positions; 0 without any."""
    shares = [len(set(s) & set(t)) / max(1, len(s)) for s, t in zip(student, teacher, strict=True)]
    return sum(shares) / len(shares) if shares else 0.0


def amiss(hint: str, request: str, reply: str, said: str) -> str:
    """Why a hint cannot be used; empty when it can."""
    if hint.upper().startswith(NONE) or not content_words(hint):
        return "says nothing"
    if len(hint) < MIN_CHARACTERS:
        return "too short"
    if len(hint) > MAX_CHARACTERS:
        return "too long"
    known = {word for text in (request, reply, said) for word in words(text)} | FORM
    if len(content_words(hint) - known) > MAX_INVENTED:
        return "says more than the user did"
    if len(hint) > len(said) and _leaks(hint, reply):
        return "gives the answer"
    return ""


def _leaks(hint: str, reply: str) -> bool:
    """It repeats a stretch of the reply."""
    theirs, its = words(reply), words(hint)
    runs = {tuple(theirs[i : i + 6]) for i in range(len(theirs) - 5)}
    return any(tuple(its[i : i + 6]) in runs for i in range(len(its) - 5))


def _asked(request: str, reply: str, said: str) -> list[ChatMessage]:
    messages = [ChatMessage("system", _TASK)]
    for *shown, answer in _EXAMPLES:
        messages += [ChatMessage("user", _case(*shown)), ChatMessage("assistant", answer)]
    return [*messages, ChatMessage("user", _case(request, reply, said))]


def _case(request: str, reply: str, said: str) -> str:
    texts = (" ".join(text[:READ_CHARACTERS].split()) for text in (request, reply, said))
    return "Request: {}\nAnswer: {}\nThe user said: {}".format(*texts)


def _tidy(draft: str) -> str:
    """Its first two sentences, without quotes and label."""
    sentences = _SENTENCES.findall(_LABEL.sub("", draft.strip()).strip("\"'“”` "))
    return " ".join(sentence.strip() for sentence in sentences[:2]).strip()
