"""Several continuations of one prefix at a time, in steps that give way. Knows no queue.

Decoding one token reads all weights once, whether for one sequence or for five: votes that are drawn
together cost little more than one.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from clawlocal.engine.context import BRANCHES, MAIN, Aborted, Context
from clawlocal.engine.draw import draw
from clawlocal.engine.logprob import Logits, Normaliser
from clawlocal.engine.protocol import Sample, Sampling, Stop
from clawlocal.engine.sampler import RANDOM_SEED, Sampler
from clawlocal.engine.scoring import prefill_steps
from clawlocal.engine.stream import TextStream
from clawlocal.engine.tokens import Vocabulary

Steps = Generator[None, None, list[Sample]]


@dataclass
class _Branch:
    """One continuation in the making."""

    sampler: Sampler
    normaliser: Normaliser
    stream: TextStream
    room: int
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    stopped: Stop | None = None

    def take(self, vocabulary: Vocabulary, row_V: Logits) -> None:
        """Draw the next token."""
        token, logprob = draw(self.sampler, self.normaliser, row_V)
        self.token_ids.append(token)
        self.logprobs.append(logprob)
        if vocabulary.ends(token):
            self.stopped = Stop.END
            return
        self.stream.feed(vocabulary.heard(token))
        if self.stream.stopped:
            self.stopped = Stop.END
        elif len(self.token_ids) >= self.room:
            self.stopped = Stop.LENGTH

    def sample(self) -> Sample:
        self.stream.finish()
        assert self.stopped is not None
        return Sample(self.stream.text, tuple(self.token_ids), tuple(self.logprobs), self.stopped)


def sample_steps(context: Context, vocabulary: Vocabulary, prefix: Sequence[int], n: int, sampling: Sampling) -> Steps:
    """Yields after every batch; returns `n` samples. With a seed, the i-th one has the seed plus i."""
    context.drop_branches()
    context.rewind(prefix)
    yield from prefill_steps(context, prefix)
    first_V = context.row().copy()
    normaliser = Normaliser(vocabulary.size)
    samples: list[Sample] = []
    for start in range(0, n, BRANCHES):
        with ExitStack() as stack:
            wishes = [_numbered(sampling, i) for i in range(start, min(start + BRANCHES, n))]
            branches = [
                _Branch(stack.enter_context(Sampler(w)), normaliser, TextStream(w.stop), w.max_tokens) for w in wishes
            ]
            yield from _together(context, vocabulary, branches, first_V)
            samples += [branch.sample() for branch in branches]
    return samples


def _together(
    context: Context, vocabulary: Vocabulary, branches: list[_Branch], first_V: Logits
) -> Generator[None, None, None]:
    for branch in branches:
        branch.take(vocabulary, first_V)
    context.branch(len(branches))
    position = len(context.record)
    while running := {MAIN + 1 + i: b for i, b in enumerate(branches) if b.stopped is None}:
        try:
            logits_BV = context.extend_each({s: b.token_ids[-1] for s, b in running.items()}, position)
        except Aborted:
            yield
            continue
        for branch, row_V in zip(running.values(), logits_BV, strict=True):
            branch.take(vocabulary, row_V)
        position += 1
        yield
    context.drop_branches()


def _numbered(sampling: Sampling, i: int) -> Sampling:
    return sampling if sampling.seed is None else replace(sampling, seed=(sampling.seed + i) % RANDOM_SEED)
