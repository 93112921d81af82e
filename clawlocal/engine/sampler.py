"""How the next token is drawn from a row of logits, by llama.cpp's own chain of samplers."""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import Any

from clawlocal.engine.library import library
from clawlocal.engine.protocol import Sampling

_RANDOM_SEED = 0xFFFFFFFF
"""llama.cpp takes this seed for "choose one yourself"; ours stay below it."""
_COLDEST = 1e-5
"""A smaller temperature takes the likeliest token too, and logits that are divided by it are no longer finite."""


class Sampler:
    """One reply's sampler. Truncation comes before temperature, as it does in llama.cpp's own tools."""

    def __init__(self, sampling: Sampling) -> None:
        lib = library()
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for link in _links(lib, sampling):
            lib.llama_sampler_chain_add(self._chain, link)

    def draw(self, context: Any) -> int:
        """An id, from the last row that `context` computed."""
        return int(library().llama_sampler_sample(self._chain, context, -1))

    def __enter__(self) -> Sampler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        library().llama_sampler_free(self._chain)


def _links(lib: Any, sampling: Sampling) -> list[Any]:
    if sampling.temperature < _COLDEST:
        return [lib.llama_sampler_init_greedy()]
    seed = secrets.randbits(32) if sampling.seed is None else sampling.seed
    return [
        lib.llama_sampler_init_top_k(sampling.top_k),
        lib.llama_sampler_init_top_p(sampling.top_p, 1),
        lib.llama_sampler_init_min_p(sampling.min_p, 1),
        lib.llama_sampler_init_temp(sampling.temperature),
        lib.llama_sampler_init_dist(seed % _RANDOM_SEED),
    ]
