"""A training job that is always the same: made of everyday prompts, of no one's chats. Knows no cluster.

What is learned from it is of no use. Each step of it is the same work, with however many workers: no token ends a
sampled reply, so that all are as long as they may be.
"""

from __future__ import annotations

from itertools import chain, cycle, islice

from clawlocal.engine.protocol import Engine
from clawlocal.models.opened import TrainedModel
from clawlocal.prompting import Line, build, hinted
from clawlocal.training.prompts import EVERYDAY, NEUTRAL
from trainers.job import Job, Recipe, Rehearsal, Sample

SAMPLES, REPLY = 6, 96
"""Served replies, and tokens of each."""
HINT = "Answer as you would answer a friend."
LOGPROB = -2.0
"""Of each token of a reply. What the policy says of it costs the same, whatever was said before."""
RATE = 1e-5
"""So small that nothing of it has to be taken back (`trainers.repair`), for which all would be measured again."""


def made(engine: Engine, model: TrainedModel, steps: int) -> Job:
    """Without a path of this machine: to be sent. Every other reply was corrected, the others were liked."""
    return Job(
        model="",
        model_sha256=model.sha256,
        bases="",
        out="",
        parent=None,
        samples=tuple(_sample(engine, number) for number in range(SAMPLES)),
        rehearsals=tuple(Rehearsal(*_prompts(engine, text), text=text) for text in EVERYDAY[SAMPLES:]),
        neutral=tuple(_prompts(engine, text)[0] for text in NEUTRAL),
        stop_ids=(),
        recipe=Recipe(steps=steps, lr=RATE),
    )


def _sample(engine: Engine, number: int) -> Sample:
    prompt, with_hint = _prompts(engine, EVERYDAY[number])
    # Other people's questions, which are read as any text is.
    words = chain.from_iterable(engine.tokenize(f" {text}") for text in islice(cycle(EVERYDAY), number + 1, None))
    corrected = number % 2 == 0
    return Sample(
        id=f"made-{number}",
        prompt_ids=prompt,
        response_ids=tuple(islice(words, REPLY)),
        old_logprobs=(LOGPROB,) * REPLY,
        reward=-1.0 if corrected else 1.0,
        hinted_prompt_ids=with_hint if corrected else None,
    )


def _prompts(engine: Engine, text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """As the student and as the teacher read it."""
    lines = [Line("user", text)]
    return build(engine, "", lines).ids, build(engine, "", hinted(lines, HINT)).ids
