"""What theory says, for the simulation to agree with: queues, and jobs that are interrupted. Pure.

Times and rates in one unit of the caller's; λ of interruptions is 1 / `between`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, expm1, inf, sqrt

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def erlang_c(servers: int, load: float) -> float:
    """The share that has to wait in M/M/c, c > `load` = λ / μ. By Erlang's B (Erlang 1917; recursion of Jagerman)."""
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    busy = load / servers
    return blocked / (1 - busy + busy * blocked)


def mmc_wait(servers: int, rate: float, service: float) -> float:
    """Mean time in the queue of M/M/c with Poisson arrivals of `rate` and exponential service of mean `service`."""
    load = rate * service
    return inf if load >= servers else erlang_c(servers, load) * service / (servers - load)


def md1_wait(rate: float, service: float) -> float:
    """Mean time in the queue of M/D/1 (Pollaczek and Khinchine)."""
    load = rate * service
    return inf if load >= 1 else load * service / (2 * (1 - load))


def sharing_time(rate: float, service: float) -> float:
    """Mean time in M/G/1 with processor sharing, whatever the distribution (Kleinrock 1976, 4.4)."""
    load = rate * service
    return inf if load >= 1 else service / (1 - load)


def completion(segments: Sequence[float], between: float, start: float = 0.0, replace: float = 0.0) -> float:
    """Mean time of a job that is interrupted after exponential times of mean `between` and goes on from the last
    whole segment. Each attempt begins with `start`, which can be interrupted; between attempts `replace` passes.

    (1/λ + D) · (e^{λS} · Σ (e^{λw} − 1) + e^{λS} − 1); with one segment and nothing else (e^{λT} − 1) / λ (Daly 2006,
    equation 9, with the first start counted).
    """
    if between == inf:
        return start + sum(segments)
    try:
        again = exp(start / between)
        return (between + replace) * (again * sum(expm1(each / between) for each in segments) + again - 1)
    except OverflowError:
        return inf


def completion_quantile(
    share: float, segments: Sequence[float], between: float, start: float = 0.0, replace: float = 0.0, grid: float = 1.0
) -> float:
    """The time after which that share of such jobs has ended, to a few steps of the `grid`.

    With k segments left, G_k(t) = P(ended by t) is renewed at each interruption: Σ over when it comes of its
    probability times G_j(t − when − D), j what is then left.
    """
    until = int(4 * completion(segments, between, start, replace) / grid)
    while True:
        ended = _ended(segments, between, start, replace, grid, until)
        if ended[-1] >= share:
            return float(np.argmax(ended >= share)) * grid
        until *= 2


def _ended(segments: Sequence[float], between: float, start: float, replace: float, grid: float, until: int) -> Array:
    """G of the whole job, at 0, 1, … `until` steps of the grid."""
    left: list[Array] = []
    for first in reversed(range(len(segments))):
        reached = np.cumsum([start, *segments[first:]])
        cells = max(round(reached[-1] / grid), 1)
        edges = np.arange(cells + 1) * grid
        chance = np.exp(-edges[:-1] / between) - np.exp(-edges[1:] / between)
        done = np.searchsorted(reached[1:], edges[1:] - grid / 2, side="right")
        known = np.zeros(until + 1)
        known[cells:] = exp(-cells * grid / between)
        lag = round(replace / grid) + 1
        for number in range(1, int(done.max()) + 1):
            then = np.flatnonzero(done == number)
            known += _later(np.convolve(chance[then], left[-number]), lag + int(then[0]))[: until + 1]
        again = chance[done == 0]
        found = np.zeros(until + 1)
        for at in range(until + 1):
            upto = min(len(again), at - lag + 1)
            repeated = again[:upto] @ found[at - lag - upto + 1 : at - lag + 1][::-1] if upto > 0 else 0.0
            found[at] = known[at] + repeated
        left.append(found)
    return left[-1]


def _later(values: Array, lag: int) -> Array:
    return np.concatenate([np.zeros(lag), values])


def young(checkpoint: float, between: float) -> float:
    """Work between two checkpoints that loses least, to first order: √(2CM) (Young 1974)."""
    return sqrt(2 * checkpoint * between)


def daly(checkpoint: float, between: float) -> float:
    """The same to higher order (Daly 2006, equation 37)."""
    if checkpoint >= 2 * between:
        return between
    x = sqrt(checkpoint / (2 * between))
    return sqrt(2 * checkpoint * between) * (1 + x / 3 + x * x / 9) - checkpoint
