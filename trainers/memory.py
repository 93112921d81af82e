"""Whether a base fits into the memory that is free, and the sentence for when it does not. Knows no torch."""

from __future__ import annotations

from trainers.errors import TooLittleMemory
from trainers.job import Job

GB = 1e9

RUNTIME = 0.5e9
"""Bytes of interpreter, torch and transformers."""

ADAPTER_SHARE = 0.15
"""Adapter, its gradients and the optimiser's moments, as a share of the base."""


def needed(base_bytes: int, vocabulary: int, job: Job) -> int:
    """Bytes at the peak: the base, what is trained, and the widest activations.

    The vocabulary counts most: log-probabilities of one reply, their gradient, and the teacher's views.
    """
    longest = max([job.recipe.max_new, *(len(s.response_ids) for s in job.samples)])
    hinted = sum(s.hinted_prompt_ids is not None for s in job.samples)
    views = (job.recipe.rollouts + hinted) * job.recipe.max_new + 6 * longest
    return int(RUNTIME + base_bytes * (1 + ADAPTER_SHARE) + 4 * vocabulary * views)


def check(base_bytes: int, vocabulary: int, job: Job) -> None:
    """Raises `TooLittleMemory`."""
    import psutil

    want, free = needed(base_bytes, vocabulary, job), psutil.virtual_memory().available
    if want > free:
        raise TooLittleMemory(
            f"Learning needs {want / GB:.1f} GB of memory, {free / GB:.1f} GB are free: "
            "close other programs, or choose a smaller model."
        )
