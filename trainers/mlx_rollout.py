"""Sampling replies from a decoder, many at a time. Knows not what the replies are for.

A prompt that several replies begin from is read once. Rows of the batch are the replies that still run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from trainers.items import Ids, packs
from trainers.mlx_decoder import Decoder, Kept, Lora, pairs_of
from trainers.plan import EVALUATED_AT_ONCE
from trainers.policy import WHOLE, Drawing, Reply, Uniform
from trainers.repeats import Repeats, penalised


def sample(
    decoder: Decoder,
    prompts: Sequence[Ids],
    stop_ids: Collection[int],
    chance: Uniform,
    on_token: Callable[[int], None],
    lora: Lora | None,
    *,
    drawing: Drawing = WHOLE,
) -> list[Reply]:
    """See `policy.Policy.sample`. Without `lora` from the base."""
    if not prompts or not chance.shape[1]:
        return [() for _ in prompts]
    cache, hidden = _read(decoder, prompts, chance.shape[1], lora)
    replies: list[list[int]] = [[] for _ in prompts]
    said = [Repeats(drawing.repeat_after) for _ in prompts] if drawing.repeat_after else []
    running = list(range(len(prompts)))
    for done in range(1, chance.shape[1] + 1):
        logits_BV = decoder.logits(hidden)
        if said:
            logits_BV = _less_repeated(logits_BV, [said[row] for row in running])
        tokens = _draw(logits_BV, drawing, chance[running, done - 1])
        for row, token in zip(running, tokens, strict=True):
            replies[row].append(token)
            if said:
                said[row].take(token)
        on_token(done)
        alive = [i for i, token in enumerate(tokens) if token not in stop_ids]
        if not alive or done == chance.shape[1]:
            break
        if len(alive) < len(running):
            cache.keep(alive)
            running = [running[i] for i in alive]
        hidden = _next(decoder, cache, mx.array([tokens[i] for i in alive]), lora)
    return [tuple(reply) for reply in replies]


class Cache:
    """Keys and values of all layers, [B, kv_heads, M, d]. Prompts end at the same column: what is before is empty."""

    def __init__(self, decoder: Decoder, lengths: Sequence[int], most: int) -> None:
        shape = decoder.shape
        self.column = max(lengths)
        """The next one that is written."""
        self.empty = mx.array([self.column - length for length in lengths])
        """[B], columns before a prompt begins."""
        size = (len(lengths), shape.kv_heads, self.column + most, shape.head_dim)
        self.keys = [mx.zeros(size, decoder.dtype) for _ in range(shape.layers)]
        self.values = [mx.zeros(size, decoder.dtype) for _ in range(shape.layers)]

    def fill(self, rows: Sequence[int], kept: Kept, span: slice) -> None:
        """What was computed of a prompt, for all rows that begin with it."""
        columns = slice(self.column - (span.stop - span.start), self.column)
        for keys, values, (k, v) in zip(self.keys, self.values, kept, strict=True):
            for row in rows:
                keys[row, :, columns], values[row, :, columns] = k[span].swapaxes(0, 1), v[span].swapaxes(0, 1)

    def keep(self, rows: Sequence[int]) -> None:
        """The others have ended."""
        index = mx.array(list(rows))
        self.keys, self.values = [k[index] for k in self.keys], [v[index] for v in self.values]
        self.empty = self.empty[index]

    def write(self, number: int, k: mx.array, v: mx.array) -> tuple[mx.array, mx.array]:
        """One position more of a layer, [B, kv_heads, d]; all that its next token may see, and more."""
        self.keys[number][:, :, self.column], self.values[number][:, :, self.column] = k, v
        used = slice(0, self.column + 1)
        return self.keys[number][:, :, used], self.values[number][:, :, used]

    def visible(self, window: int) -> mx.array:
        """Which columns the next token may see, [B, 1, 1, M], itself included; only as many M as are in use."""
        column = mx.arange(self.column + 1)
        seen = column >= self.empty[:, None]
        if window:
            seen &= column > self.column - window
        return seen[:, None, None]


def _read(decoder: Decoder, prompts: Sequence[Ids], most: int, lora: Lora | None) -> tuple[Cache, mx.array]:
    """The prompts' keys and values, and what the output layer sees at their last tokens, [B, width]."""
    cache = Cache(decoder, [len(prompt) for prompt in prompts], most)
    distinct = list(dict.fromkeys(tuple(prompt) for prompt in prompts))
    last: dict[tuple[int, ...], mx.array] = {}
    for pack in packs([(prompt, ()) for prompt in distinct], EVALUATED_AT_ONCE):
        kept, spans, hidden = decoder.read([distinct[i] for i in pack], lora)
        for i, span in zip(pack, spans, strict=True):
            rows = [row for row, prompt in enumerate(prompts) if tuple(prompt) == distinct[i]]
            cache.fill(rows, kept, span)
            last[distinct[i]] = hidden[span.stop - 1]
        mx.eval(cache.keys, cache.values, last)
    return cache, mx.stack([last[tuple(prompt)] for prompt in prompts])


def _next(decoder: Decoder, cache: Cache, tokens: mx.array, lora: Lora | None) -> mx.array:
    """One more token of each row, [B], to what the output layer sees there, [B, width]."""
    shape = decoder.shape
    angles = decoder.angles(cache.column - cache.empty)
    masks = {local: cache.visible(shape.window if local else 0) for local in angles}
    x = decoder.embed(tokens)
    for number, layer in enumerate(decoder.model.layers):
        local, pairs = shape.local(number), pairs_of(shape, lora, number)
        q, k, v = decoder.queries(layer, x, angles[local], pairs)
        keys, values = cache.write(number, k, v)
        mixed = mx.fast.scaled_dot_product_attention(
            q[:, :, None], keys, values, scale=shape.attention_scale, mask=masks[local]
        )
        x = decoder.after_attention(layer, x, mixed.reshape(len(x), -1), pairs)
    cache.column += 1
    return decoder.normed(x)


def _less_repeated(logits_BV: mx.array, said: Sequence[Repeats]) -> mx.array:
    rows, tokens, less = penalised(said)
    if not rows:
        return logits_BV
    return logits_BV.at[mx.array(rows), mx.array(tokens)].subtract(mx.array(less, logits_BV.dtype))


def _draw(logits_BV: mx.array, drawing: Drawing, chance: npt.NDArray[np.float64]) -> list[int]:
    """A token per row, [B]: where the cumulated probability passes chance. In float64: the tail counts as well."""
    if drawing.temperature == 0.0:
        return [int(token) for token in np.array(mx.argmax(logits_BV, axis=-1))]
    # Apple's GPU has no float64.
    below = np.asarray(logits_BV - logits_BV.max(-1, keepdims=True)).astype(np.float64)
    weights = np.where(below < _least(drawing), 0.0, np.exp(below / drawing.temperature))
    cumulated = weights.cumsum(-1)
    return [
        min(int(np.searchsorted(row, at * row[-1], side="right")), len(row) - 1)
        for row, at in zip(cumulated, chance, strict=True)
    ]


def _least(drawing: Drawing) -> float:
    """How far below the likeliest a logit may be."""
    return math.log(drawing.min_p) if drawing.min_p > 0.0 else -math.inf
