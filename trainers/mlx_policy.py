"""The policy in MLX: a decoder, an adapter's arrays, an optimiser. See `policy.Policy`.

On Apple's GPU where there is one: MLX takes it by itself, and nothing here says otherwise. Knows nothing of jobs,
files or processes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

import mlx.core as mx
import numpy as np
from mlx.optimizers import AdamW, clip_grad_norm

from trainers import mlx_objective as objective
from trainers import mlx_rollout, mlx_weights, seeing
from trainers.adapter_peft import Adapter
from trainers.gguf_base import Base
from trainers.items import Floats, Ids, Item, Replied, View
from trainers.job import Recipe
from trainers.mlx_decoder import Decoder, Lora
from trainers.mlx_loss import Seen, backward, chosen
from trainers.objective import TopK
from trainers.plan import BFLOAT16, FLOAT32, Plan, chunk_size, chunks
from trainers.policy import WHOLE, Drawing, Learned, Moments, Reply, Uniform

BETAS = [0.9, 0.98]
STEP = "step"
MOMENTS = ("m", "v")


def faster() -> str:
    """The precision in which matrix products are faster here: `bfloat16` on a GPU, where they wait for memory."""
    return BFLOAT16 if mx.default_device() == mx.Device(mx.gpu) else FLOAT32


class MlxPolicy:
    """Begins in the plan's precision. Raises `BaseError` where the base's files cannot be read."""

    def __init__(self, base: Base, adapter: Adapter, plan: Plan) -> None:
        self._base, self._plan = base, plan
        self._rank, self._alpha = adapter.rank, adapter.alpha
        self._lora = mlx_weights.lora(adapter)
        self._gradient: Lora = {}
        self._optimiser = AdamW(0.0, BETAS, weight_decay=0.0, bias_correction=True)
        self._chunk = chunk_size(base.shape.vocabulary)
        self._decoder: Decoder | None = None
        self._precision = ""
        self.exact(False)

    @property
    def control_ids(self) -> Collection[int]:
        return self._base.control_ids

    @property
    def decoder(self) -> Decoder:
        assert self._decoder is not None
        return self._decoder

    def exact(self, on: bool) -> None:
        precision = FLOAT32 if on and self._plan.exact else self._plan.precision
        if self._decoder is not None and precision == self._precision:
            return
        # The old weights go first: never two bases at once.
        self._decoder = None
        mx.clear_cache()
        self._precision, scale = precision, self._alpha / self._rank
        self._decoder = mlx_weights.decoder(self._base, scale, precision, self._plan.checkpointing)

    def logprobs(self, replies: Sequence[tuple[View, Ids]]) -> list[Floats]:
        return [
            _array([chosen(self._logprobs(seen, rows), response[rows]) for rows in self._chunks(response)])
            for (_, response), seen in zip(replies, self._seen(replies), strict=True)
        ]

    def divergence(self, replies: Sequence[tuple[View, View, Ids]]) -> list[Floats]:
        # Both sides at once: what they share is computed once.
        views = [(p, response) for p, _, response in replies] + [(q, response) for _, q, response in replies]
        seen = self._seen(views)
        ps, qs = seen[: len(replies)], seen[len(replies) :]
        return [
            _array([objective.kl(self._logprobs(p, rows), self._logprobs(q, rows)) for rows in self._chunks(response)])
            for p, q, (_, _, response) in zip(ps, qs, replies, strict=True)
        ]

    def entropy(self, replies: Sequence[tuple[View, Ids]]) -> list[Floats]:
        return [
            _array([objective.entropy(self._logprobs(seen, rows)) for rows in self._chunks(response)])
            for (_, response), seen in zip(replies, self._seen(replies), strict=True)
        ]

    def likeliest(self, replies: Sequence[tuple[View, Ids]], k: int) -> list[TopK]:
        return [
            _rows([_top(self._logprobs(seen, rows), k) for rows in self._chunks(response)], k)
            for (_, response), seen in zip(replies, self._seen(replies), strict=True)
        ]

    def sample(
        self,
        prompts: Sequence[Ids],
        stop_ids: Collection[int],
        chance: Uniform,
        on_token: Callable[[int], None],
        *,
        base: bool = False,
        drawing: Drawing = WHOLE,
    ) -> list[Reply]:
        lora = None if base else self._lora
        return mlx_rollout.sample(self.decoder, prompts, stop_ids, chance, on_token, lora, drawing=drawing)

    def accumulate(self, items: Sequence[Item], recipe: Recipe) -> list[Learned]:
        targets = self._targets(items)
        replies = [(item.prompt, item.response) for item in items]

        def aimed(lora: Lora) -> tuple[mx.array, list[tuple[mx.array, dict[str, mx.array]]]]:
            """Its gradient is that of Σ share · loss, without logits that are kept for the backward pass."""
            hidden = self.decoder.hidden(replies, lora, frozen_prompt=recipe.frozen_prompt)
            found = [
                backward(mx.stop_gradient(part), item, target, self.decoder.logits, self._chunk, recipe)
                for part, item, target in zip(hidden, items, targets, strict=True)
            ]
            sums = [(part * mx.stop_gradient(lazy.gradient)).sum() for part, lazy in zip(hidden, found, strict=True)]
            return mx.stack(sums).sum(), [(lazy.loss, lazy.figures) for lazy in found]

        (_, told), gradient = mx.value_and_grad(aimed)(self._lora)
        self._gradient = {name: g + self._gradient[name] if self._gradient else g for name, g in gradient.items()}
        mx.eval(self._gradient, told)
        return [_learned(*each) for each in told]

    def step(self, recipe: Recipe) -> float:
        if not self._gradient:
            return 0.0
        clipped, total = clip_grad_norm(self._gradient, recipe.max_grad_norm)
        norm = float(total)
        if math.isfinite(norm):
            self._optimiser.learning_rate = recipe.lr
            self._lora = self._optimiser.apply_gradients(clipped, self._lora)
            mx.eval(self._lora, self._optimiser.state)
        self._gradient = {}
        mx.clear_cache()
        return norm

    def adapter(self) -> Adapter:
        return Adapter(self._rank, self._alpha, {name: np.array(x) for name, x in self._lora.items()})

    def moments(self) -> Moments:
        state = self._optimiser.state
        if not int(self._optimiser.step):
            return {}
        found = {f"{name}.{key}": np.array(state[name][key]) for name in self._lora for key in MOMENTS}
        return {STEP: np.array(int(self._optimiser.step), np.float32), **found}

    def restore(self, adapter: Adapter, moments: Moments) -> None:
        self._lora = mlx_weights.lora(adapter)
        self._optimiser.init(self._lora)
        if moments:
            self._optimiser.state[STEP] = mx.array(int(moments[STEP]), mx.uint64)
            for name in self._lora:
                self._optimiser.state[name] = {key: mx.array(moments[f"{name}.{key}"]) for key in MOMENTS}

    def _targets(self, items: Sequence[Item]) -> list[Seen | None]:
        """Views to distil on, before the student's activations take their memory."""
        return seeing.targets(items, self._seen)

    def _seen(self, replies: Sequence[tuple[View, Ids]]) -> list[Seen]:
        return seeing.seen(replies, self._hidden, Seen)

    def _hidden(self, replies: list[Replied], base: bool) -> list[mx.array]:
        """Evaluated: what was lazy would be computed again."""
        hidden = self.decoder.hidden(replies, None if base else self._lora)
        mx.eval(hidden)
        return hidden

    def _logprobs(self, seen: Seen, rows: slice) -> mx.array:
        return seen.logprobs(self.decoder.logits, rows)

    def _chunks(self, response: Ids) -> list[slice]:
        return list(chunks(len(response), self._chunk))


def _learned(loss: mx.array, figures: dict[str, mx.array]) -> Learned:
    return Learned(float(loss), {name: float(figure) for name, figure in figures.items()})


def _array(parts: Sequence[mx.array]) -> Floats:
    """One chunk after the other."""
    return np.concatenate([np.array(part) for part in parts]) if parts else np.zeros(0, np.float32)


def _top(logprobs_TV: mx.array, k: int) -> mx.array:
    """The k likeliest tokens, [T, k]: the part of the vocabulary that they are in is found first, then put in order."""
    some = mx.argpartition(-logprobs_TV, min(k, logprobs_TV.shape[-1] - 1), axis=-1)[:, :k]
    order = mx.argsort(-mx.take_along_axis(logprobs_TV, some, axis=-1), axis=-1)
    return mx.take_along_axis(some, order, axis=-1)


def _rows(parts: Sequence[mx.array], k: int) -> TopK:
    return np.concatenate([np.array(part, np.int64) for part in parts]) if parts else np.zeros((0, k), np.int64)
