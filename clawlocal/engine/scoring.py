"""Log-probabilities of continuations after a shared prefix, in steps that give way. Knows no queue."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from clawlocal.engine.context import Aborted, Context
from clawlocal.engine.logprob import Logits, log_normaliser, log_probs, top

T = TypeVar("T")

Steps = Generator[None, None, list[float]]
LikeliestSteps = Generator[None, None, list[tuple[int, ...]]]


def score_steps(context: Context, prefix: Sequence[int], continuations: Sequence[Sequence[int]]) -> Steps:
    """Yields after every batch; returns Σ log p per continuation, at temperature 1.

    A batch that was interrupted is done again when the generator is resumed; finished ones are kept.
    Every continuation is evaluated alone, so its score does not depend on what it is compared with.
    """
    context.drop_branches()
    context.rewind(prefix)
    yield from prefill_steps(context, prefix)
    first_V = context.row() - log_normaliser(context.row())
    totals = []
    for continuation in continuations:
        total = yield from _continuation(context, list(continuation), first_V)
        totals.append(total)
    return totals


def each_steps(context: Context, prefix: Sequence[int], ids: Sequence[int]) -> Steps:
    """Yields after every batch; returns log p of each of `ids`, at temperature 1."""
    return _of_each(context, prefix, ids, _each)


def likeliest_steps(context: Context, prefix: Sequence[int], ids: Sequence[int], k: int) -> LikeliestSteps:
    """Yields after every batch; returns the `k` likeliest tokens before each of `ids`, likeliest first."""
    return _of_each(context, prefix, ids, lambda logits_TV, _: top(logits_TV, k))


def _of_each(
    context: Context, prefix: Sequence[int], ids: Sequence[int], take: Callable[[Logits, list[int]], list[T]]
) -> Generator[None, None, list[T]]:
    """What `take` makes of the row before each of `ids`."""
    context.drop_branches()
    context.rewind(prefix)
    yield from prefill_steps(context, prefix)
    found = take(context.row()[None, :], list(ids[:1])) if ids else []
    yield from _rows(context, list(ids), lambda logits_TV, ids_T: found.extend(take(logits_TV, ids_T)))
    return found


def prefill_steps(context: Context, prefix: Sequence[int]) -> Generator[None, None, None]:
    """Evaluate the prefix, a batch per step; an interrupted batch is done again."""
    more = True
    while more:
        try:
            more = context.advance(prefix)
        except Aborted:
            more = True
        yield


def _continuation(context: Context, ids: list[int], first_V: Logits) -> Generator[None, None, float]:
    """The first token is judged by the prefix's last row; each later one by the row of the one before."""
    if not ids:
        return 0.0
    totals = [float(first_V[ids[0]])]
    yield from _rows(context, ids, lambda logits_TV, ids_T: totals.append(_sum(logits_TV, ids_T)))
    return sum(totals)


def _each(logits_TV: Logits, ids_T: list[int]) -> list[float]:
    return [float(p) for p in log_probs(logits_TV, ids_T)]


def _sum(logits_TV: Logits, ids_T: list[int]) -> float:
    return float(log_probs(logits_TV, ids_T).sum(dtype="float64"))


def _rows(context: Context, ids: list[int], use: Callable[[Logits, list[int]], None]) -> Generator[None, None, None]:
    """Evaluate a continuation, a batch per step; `use` gets each batch's rows and the tokens that they foretell."""
    n_prefix = len(context.record)
    context.branch()
    for at in range(0, len(ids) - 1, context.chunk):
        inputs = ids[at : min(at + context.chunk, len(ids) - 1)]
        logits_TV = yield from _extend(context, inputs, n_prefix + at)
        use(logits_TV, ids[at + 1 : at + 1 + len(inputs)])
        yield
    context.drop_branches()


def _extend(context: Context, ids: list[int], start: int) -> Generator[None, None, Logits]:
    while True:
        try:
            return context.extend(ids, start)
        except Aborted:
            yield
