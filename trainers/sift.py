"""What of a job cannot be learned from, and why: found before anything is trained on it. Knows no framework."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from trainers.errors import JobError
from trainers.job import Job, Pair, Probe, Sample

EMPTY = "no reply to learn from"
NO_PROMPT = "no prompt"
NO_VERDICT = "a reward that is no verdict"
NOT_PROBABILITIES = "log-probabilities that are not those of its tokens"
NO_EDIT = "an edit without words"
NOT_IN_VOCABULARY = "tokens that this model does not have"


def sift(job: Job, vocabulary: int) -> tuple[Job, dict[str, str]]:
    """The job without samples that are broken, and why each of those was left out, by its id; also without such pairs.

    Raises `JobError` when nothing to learn from is left, or when prompts are broken, which no user made.
    """
    dropped = {sample.id: reason for sample in job.samples if (reason := why(sample, vocabulary))}
    prompts = [*job.neutral, *(ids for r in job.rehearsals for ids in (r.prompt_ids, r.hinted_prompt_ids))]
    if any(not ids or not _known(ids, vocabulary) for ids in prompts):
        raise JobError("A prompt to practise on is empty or has tokens that this model does not have.")
    if not all(_whole(probe, vocabulary) for probe in job.probes):
        raise JobError("A question to measure on is not whole or has tokens that this model does not have.")
    kept = replace(
        job,
        samples=tuple(s for s in job.samples if s.id not in dropped),
        pairs=tuple(pair for pair in job.pairs if _apart(pair, vocabulary)),
    )
    if problem := kept.problem():
        left = "".join(f" Left out: {n} with {each}." for each, n in sorted(Counter(dropped.values()).items()))
        raise JobError(problem + left)
    return kept, dropped


def why(sample: Sample, vocabulary: int | None = None) -> str:
    """What makes a sample unusable, of a vocabulary of so many tokens; empty where nothing does."""
    hinted = [*sample.hinted_options, *([] if sample.hinted_prompt_ids is None else [sample.hinted_prompt_ids])]
    ids = [*sample.prompt_ids, *sample.response_ids, *(sample.edited_ids or ()), *(i for each in hinted for i in each)]
    if not sample.response_ids:
        return EMPTY
    if not sample.prompt_ids or not all(hinted):
        return NO_PROMPT
    if sample.edited_ids is not None and not sample.edited_ids:
        return NO_EDIT
    if vocabulary is not None and not _known(ids, vocabulary):
        return NOT_IN_VOCABULARY
    if not math.isfinite(sample.reward) or abs(sample.reward) > 1.0:
        return NO_VERDICT
    return "" if _probabilities(sample) else NOT_PROBABILITIES


def _whole(probe: Probe, vocabulary: int) -> bool:
    texts = (probe.prompt_ids, *probe.answers)
    return bool(probe.wrong) and all(ids and _known(ids, vocabulary) for ids in texts)


def _apart(pair: Pair, vocabulary: int) -> bool:
    """Two whole replies, and not the same one."""
    texts = (pair.prompt_ids, pair.chosen_ids, pair.rejected_ids)
    return pair.chosen_ids != pair.rejected_ids and all(ids and _known(ids, vocabulary) for ids in texts)


def _probabilities(sample: Sample) -> bool:
    whole = len(sample.old_logprobs) == len(sample.response_ids)
    return whole and all(-math.inf < p <= 0.0 for p in sample.old_logprobs)


def _known(ids: Sequence[int], vocabulary: int) -> bool:
    return all(0 <= token < vocabulary for token in ids)
