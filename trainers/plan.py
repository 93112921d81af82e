"""How an update fits into memory: precision, how many tokens at once, whether activations are kept.

Estimates are of the process's peak, and a little high: what is planned is promised. Knows no framework.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from trainers.errors import TooLittleMemory
from trainers.job import Job
from trainers.shape import Shape

GB = 1e9

RUNTIME = 0.35e9
"""Bytes of interpreter and framework."""

SAFETY = 1.25
"""Times what is counted below: the allocator keeps some of what was freed."""

FLOAT32, BFLOAT16, NF4, INT4 = "float32", "bfloat16", "nf4", "int4"
BYTES = {FLOAT32: 4, BFLOAT16: 2, NF4: 2, INT4: 2}
"""Of a number that is computed with: weights in four bits are unpacked to bfloat16."""
WEIGHT_BYTES = {FLOAT32: 4.0, BFLOAT16: 2.0, NF4: 0.6, INT4: 0.65}
"""Of a weight in a linear layer; embeddings and output layer are never packed."""

CHUNK_NUMBERS = 1 << 22
LEAST_CHUNK = 16
MOST_CHUNK = 128
CHUNK_COPIES = 8
"""Logits, log-probabilities, the teacher's two, their gradients."""

ATTENTION_BLOCK = 128

WAYS = ((2048, False), (1024, False), (1024, True), (512, True), (0, True))
"""Tokens that go forward and backward together, and whether layers are computed again in the backward pass: the
fastest first. 0 is one reply at a time.
"""

EVALUATED_AT_ONCE = 1024
"""Tokens that go forward together where no gradient is wanted."""

GAUGED_AT_ONCE = 24
"""Replies that are sampled together at most, when an update measures."""


@dataclass(frozen=True)
class Plan:
    """How one update is computed."""

    precision: str
    """Of the matrix products in training: `float32`, `bfloat16`, or with weights in four bits `nf4` or `int4`."""
    exact: bool
    """Figures are measured in float32; else there was no memory for it."""
    positions: int
    """Tokens that go forward and backward together, unless one reply and its prompt are more."""
    checkpointing: bool
    bytes: int
    """The estimated peak."""


def chunk_size(vocabulary: int) -> int:
    """Positions at a time in the output layer: about 16 MB of logits; fewer would make slow matrix products."""
    return max(LEAST_CHUNK, min(MOST_CHUNK, CHUNK_NUMBERS // vocabulary))


def chunks(length: int, size: int) -> Iterator[slice]:
    """Slices of at most `size`."""
    return (slice(start, min(length, start + size)) for start in range(0, length, size))


def make(shape: Shape, job: Job, fast: str, free: int, frugal: str = BFLOAT16, activations: float = 1.0) -> Plan:
    """The fastest way that takes at most `free` bytes.

    `fast` is the precision that is faster here, `frugal` the one that takes the least memory, `activations` how
    many times as much a framework keeps for the backward pass as is counted here. Raises `TooLittleMemory` with
    what the most frugal way needs.
    """
    tried = [_plan(shape, job, *way, activations) for way in _ways(fast, frugal)]
    fitting = next((plan for plan in tried if plan.bytes <= free), None)
    if fitting is None:
        least = min(plan.bytes for plan in tried)
        raise TooLittleMemory(
            f"Learning with this model needs {least / GB:.1f} GB of memory, {free / GB:.1f} GB are free for it: "
            "choose a smaller model, or a remote.",
            least,
        )
    return fitting


def _ways(fast: str, frugal: str) -> Iterator[tuple[str, bool, int, bool]]:
    """Figures in float32 are given up before the precision of training is."""
    for precision, exact in dict.fromkeys(((fast, True), (BFLOAT16, False), (frugal, False))):
        for positions, checkpointing in WAYS:
            yield precision, exact, positions, checkpointing


def _plan(
    shape: Shape,
    job: Job,
    precision: str,
    exact: bool,
    positions: int,
    checkpointing: bool,
    activations: float = 1.0,
) -> Plan:
    prompt, reply = _longest(job)
    width = BYTES[precision]
    together = max(min(positions, _step(job, prompt, reply)), prompt + reply)
    learned = 4 * shape.adapter_parameters(job.recipe.rank)
    training = (
        _base(shape, precision)
        # The adapter, its gradient, two moments, and a copy of three of them while a checkpoint is written.
        + 7 * learned
        + activations * _activations(shape, width, prompt, reply, together, checkpointing)
        + _chunk(shape)
    )
    measuring = (
        _base(shape, FLOAT32 if exact else precision)
        + 4 * learned
        + _transient(shape, EVALUATED_AT_ONCE)
        + max(_chunk(shape), GAUGED_AT_ONCE * _cache(shape, 4 if exact else width, prompt + job.recipe.longest))
    )
    # What was trained elsewhere is only measured.
    total = RUNTIME + SAFETY * (measuring if job.trained else max(training, measuring))
    return Plan(precision, exact, positions, checkpointing, int(total))


def _base(shape: Shape, precision: str) -> float:
    """Linear layers, embeddings and output layer."""
    linears = shape.layers * shape.layer_parameters
    return WEIGHT_BYTES[precision] * linears + BYTES[precision] * (shape.parameters - linears)


def _step(job: Job, prompt: int, reply: int) -> int:
    """Tokens of one step, at most: its samples, their edits, pairs, what is practised, two anchors."""
    judged = sum(len(s.prompt_ids) + len(s.response_ids) + len(s.edited_ids or ()) for s in job.samples)
    judged += sum(len(p.prompt_ids) + len(p.chosen_ids) + len(p.rejected_ids) for p in job.pairs)
    return judged + (max(job.recipe.rollouts, job.recipe.demonstrations) + 2) * (prompt + reply)


def _activations(shape: Shape, width: int, prompt: int, reply: int, n: int, checkpointing: bool) -> int:
    """What the backward pass needs, of all layers or of one."""
    q, kv = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    layer = n * (8 * shape.width + width * (2 * q + 2 * kv + 2 * shape.inner))
    # Each reply's keys and values, the prompt's before them.
    layer += n // reply * 2 * width * kv * (prompt + reply)
    kept = layer + shape.layers * n * 4 * shape.width if checkpointing else shape.layers * layer
    return kept + _transient(shape, n)


def _transient(shape: Shape, n: int) -> int:
    """Of the one layer that is computed."""
    return n * shape.inner * 24 + shape.heads * ATTENTION_BLOCK * n * 10


def _chunk(shape: Shape) -> int:
    return CHUNK_COPIES * 4 * chunk_size(shape.vocabulary) * shape.vocabulary


def _cache(shape: Shape, width: int, length: int) -> int:
    """Keys and values of a reply that is being sampled."""
    return 2 * width * shape.layers * shape.kv_heads * shape.head_dim * length


def _longest(job: Job) -> tuple[int, int]:
    """Tokens of the longest prompt and of the longest reply."""
    prompts: list[Sequence[int]] = [
        *(s.prompt_ids for s in job.samples),
        *(s.hinted_prompt_ids for s in job.samples if s.hinted_prompt_ids is not None),
        *(option for s in job.samples for option in s.hinted_options),
        *(p.prompt_ids for p in job.pairs),
        *(r.hinted_prompt_ids for r in job.rehearsals),
        *(r.prompt_ids for r in job.rehearsals),
        *job.neutral,
        *(p.prompt_ids for p in job.probes),
    ]
    answers = (answer for probe in job.probes for answer in probe.answers)
    said = (ids for s in job.samples for ids in (s.response_ids, s.edited_ids or ()))
    twins = (ids for p in job.pairs for ids in (p.chosen_ids, p.rejected_ids))
    replies = [job.recipe.max_new, job.recipe.longest, *map(len, (*said, *twins, *answers))]
    return max(map(len, prompts), default=1), max(replies)


def words(plan: Plan) -> dict[str, str | bool | int]:
    """For the receipt."""
    return {name: value for name, value in asdict(plan).items() if name != "bytes"}
