"""Sampling replies from a decoder, many at a time. Knows not what the replies are for.

A prompt that several replies begin from is read once. Rows of the batch are the replies that still run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from trainers.items import Ids, packs
from trainers.plan import EVALUATED_AT_ONCE
from trainers.policy import WHOLE, Drawing, Reply, Uniform
from trainers.repeats import Repeats, penalised
from trainers.torch_decoder import Decoder, Kept


@torch.no_grad()
def sample(
    decoder: Decoder,
    prompts: Sequence[Ids],
    stop_ids: Collection[int],
    chance: Uniform,
    on_token: Callable[[int], None],
    *,
    adapted: bool,
    drawing: Drawing = WHOLE,
) -> list[Reply]:
    """See `policy.Policy.sample`."""
    if not prompts or not chance.shape[1]:
        return [() for _ in prompts]
    cache, hidden = _read(decoder, prompts, chance.shape[1], adapted)
    replies: list[list[int]] = [[] for _ in prompts]
    said = [Repeats(drawing.repeat_after) for _ in prompts] if drawing.repeat_after else []
    running = list(range(len(prompts)))
    for done in range(1, chance.shape[1] + 1):
        logits_BV = decoder.logits(hidden)
        if said:
            logits_BV = _less_repeated(logits_BV, [said[row] for row in running])
        tokens = _draw(logits_BV, drawing, chance[running, done - 1])
        for row, token in zip(running, tokens.tolist(), strict=True):
            replies[row].append(token)
            if said:
                said[row].take(token)
        on_token(done)
        alive = [i for i, row in enumerate(running) if replies[row][-1] not in stop_ids]
        if not alive or done == chance.shape[1]:
            break
        if len(alive) < len(running):
            cache.keep(alive)
            running = [running[i] for i in alive]
        hidden = _next(decoder, cache, tokens[alive], adapted)
    return [tuple(reply) for reply in replies]


class Cache:
    """Keys and values of all layers, [B, kv_heads, M, d], and how many of the M positions each row has used."""

    def __init__(self, decoder: Decoder, rows: int, length: int) -> None:
        shape, like = decoder.shape, decoder.head
        size = (rows, shape.kv_heads, length, shape.head_dim)
        self.keys = [torch.zeros(size, dtype=like.dtype, device=like.device) for _ in decoder.layers]
        self.values = [torch.zeros_like(k) for k in self.keys]
        self.used = torch.zeros(rows, dtype=torch.long, device=like.device)

    def fill(self, rows: Sequence[int], kept: Kept, span: slice) -> None:
        """What was computed of a prompt, for all rows that begin with it."""
        length = span.stop - span.start
        for keys, values, (k, v) in zip(self.keys, self.values, kept, strict=True):
            for row in rows:
                keys[row, :, :length], values[row, :, :length] = k[span].transpose(0, 1), v[span].transpose(0, 1)

    def keep(self, rows: Sequence[int]) -> None:
        """The others have ended."""
        index = torch.tensor(rows, device=self.used.device)
        self.keys = [k.index_select(0, index) for k in self.keys]
        self.values = [v.index_select(0, index) for v in self.values]
        self.used = self.used[index]

    def visible(self, window: int) -> Tensor:
        """Which positions the next token may see, [B, 1, 1, M], itself included; only as many M as are in use."""
        column = torch.arange(int(self.used.max()) + 1, device=self.used.device)
        seen = column <= self.used.unsqueeze(-1)
        if window:
            seen &= column > self.used.unsqueeze(-1) - window
        return seen[:, None, None]


def _read(decoder: Decoder, prompts: Sequence[Ids], most: int, adapted: bool) -> tuple[Cache, Tensor]:
    """The prompts' keys and values, and what the output layer sees at their last tokens, [B, width]."""
    cache = Cache(decoder, len(prompts), max(map(len, prompts)) + most)
    cache.used += decoder.tensor([len(prompt) for prompt in prompts])
    distinct = list(dict.fromkeys(tuple(prompt) for prompt in prompts))
    last: dict[tuple[int, ...], Tensor] = {}
    for pack in packs([(prompt, ()) for prompt in distinct], EVALUATED_AT_ONCE):
        kept, spans, hidden = decoder.read([distinct[i] for i in pack], adapted=adapted)
        for i, span in zip(pack, spans, strict=True):
            rows = [row for row, prompt in enumerate(prompts) if tuple(prompt) == distinct[i]]
            cache.fill(rows, kept, span)
            last[distinct[i]] = hidden[span.stop - 1]
    return cache, torch.stack([last[tuple(prompt)] for prompt in prompts])


def _next(decoder: Decoder, cache: Cache, tokens: Tensor, adapted: bool) -> Tensor:
    """One more token of each row, [B], to what the output layer sees there, [B, width]."""
    scale = decoder.scale if adapted else None
    angles = decoder.angles(cache.used)
    masks = {local: cache.visible(decoder.shape.window if local else 0) for local in angles}
    x = decoder.embed(tokens)
    rows = torch.arange(len(tokens), device=tokens.device)
    for number, layer in enumerate(decoder.layers):
        q, k, v = decoder.queries(layer, x, angles[layer.local], scale)
        cache.keys[number][rows, :, cache.used], cache.values[number][rows, :, cache.used] = k, v
        mixed = _attend(decoder, cache, number, q, masks[layer.local])
        x = decoder.after_attention(layer, x, mixed, scale)
    cache.used += 1
    return decoder.normed(x)


def _attend(decoder: Decoder, cache: Cache, number: int, q: Tensor, mask: Tensor) -> Tensor:
    """Heads that share keys are rows of one query, [B, kv_heads, groups, d]; to [B, heads · d]."""
    shape, length = decoder.shape, mask.shape[-1]
    out = functional.scaled_dot_product_attention(
        q.view(len(q), shape.kv_heads, -1, shape.head_dim),
        cache.keys[number][:, :, :length],
        cache.values[number][:, :, :length],
        attn_mask=mask,
        scale=shape.attention_scale,
    )
    return out.reshape(len(q), -1)


def _less_repeated(logits_BV: Tensor, said: Sequence[Repeats]) -> Tensor:
    rows, tokens, less = penalised(said)
    if not rows:
        return logits_BV
    by = torch.tensor(less, dtype=logits_BV.dtype, device=logits_BV.device)
    where = tuple(torch.tensor(each, device=logits_BV.device) for each in (rows, tokens))
    return logits_BV.index_put(where, -by, accumulate=True)


def _draw(logits_BV: Tensor, drawing: Drawing, chance: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Tensor:
    """A token per row, [B]: where the cumulated probability passes chance. In float64: the tail counts as well."""
    if drawing.temperature == 0.0:
        return logits_BV.argmax(-1)
    if drawing.min_p > 0.0:
        least = logits_BV.max(-1, keepdim=True).values + math.log(drawing.min_p)
        logits_BV = logits_BV.masked_fill(logits_BV < least, -math.inf)
    cumulated = torch.softmax(logits_BV.double() / drawing.temperature, dim=-1).cumsum(-1)
    at = torch.from_numpy(chance).to(logits_BV.device).unsqueeze(-1) * cumulated[:, -1:]
    return torch.searchsorted(cumulated, at, right=True)[:, 0].clamp(max=logits_BV.shape[-1] - 1)
