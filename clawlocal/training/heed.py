"""Whether a model does what a lesson in its prompt says, asked before it is to learn from that. Knows no store.

Only of lessons that no rule can check: of those the teacher is the model itself with the lesson in its prompt, and
from one that pays no heed to it nothing can be learned.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from statistics import fmean, median

from clawlocal.engine.protocol import Engine, Sampling
from clawlocal.judge.lessons import note
from clawlocal.prompting import Line, build, hinted
from clawlocal.records import Lesson
from trainers.rules import rules
from trainers.sense import spoken

PROMPTS = 12
TOKENS = 48
"""Of a reply: enough to see what a lesson does."""
DEAF = 0.08
"""Nats a token, of half of the replies. With the embedded model three lines of nonsense gave 0.01, 0.04 and 0.07, "Be
modest." 0.03, "Say how sure you are." 0.09, lessons that it follows 0.2 to 0.5.
"""
RECITED = 0.5
"""Share of a lesson's words that a reply says again, in runs of three or more, for it to be recited."""
RECITING = 0.3
"""Share of replies that recite the lesson, from which on exaggerating what it does would teach the recital."""


@dataclass(frozen=True)
class Heed:
    """What the base makes of one lesson."""

    gain: float
    """log π₀(reply | prompt, lesson) − log π₀(reply | prompt), nats a token, median over its replies with the lesson:
    one that makes something of nonsense, 3 nats a token, would make up for eleven that do not.
    """
    recites: float
    """Share of them that say the lesson again."""

    @property
    def deaf(self) -> bool:
        return self.gain < DEAF

    @property
    def amplifiable(self) -> bool:
        """Whether the lesson's effect is worth exaggerating."""
        return self.recites < RECITING


def checked(lesson: Lesson) -> bool:
    """Whether a rule can say of a reply that it obeys: then replies are mended, and no teacher is needed."""
    return bool(rules(lesson.text))


def heed(engine: Engine, lesson: str, prompts: Sequence[str]) -> Heed:
    """Sampled from the base on a few prompts; the same for the same lesson and prompts. Raises what the engine does."""
    gains, recitals = [], []
    for number, text in enumerate(islice(prompts, PROMPTS)):
        plain = [Line("user", text)]
        alone, told = build(engine, "", plain).ids, build(engine, "", hinted(plain, note([lesson]))).ids
        wish = Sampling(temperature=1.0, max_tokens=TOKENS, seed=zlib.crc32(lesson.encode()) + number)
        (said,) = engine.sample(told, 1, wish)
        if not said.token_ids:
            continue
        ((with_it,), (without,)) = (engine.score(ids, [said.token_ids]) for ids in (told, alone))
        gains.append((with_it - without) / len(said.token_ids))
        recitals.append(_recites(said.text, lesson))
    return Heed(median(gains), fmean(recitals)) if gains else Heed(0.0, 0.0)


def _recites(reply: str, lesson: str) -> bool:
    taught, said = spoken(lesson), spoken(reply)
    least = min(3, len(taught))
    blocks = SequenceMatcher(None, taught, said, autojunk=False).get_matching_blocks()
    return bool(taught) and sum(b.size for b in blocks if b.size >= least) >= RECITED * len(taught)
