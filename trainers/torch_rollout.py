"""Sampling replies from the policy, many at a time with one key-value cache.

Knows nothing of what the replies are for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import torch

from trainers.torch_policy import Ids, Policy

Reply = tuple[int, ...]


def _silent(done: int) -> None:
    pass


@torch.no_grad()
def sample(
    policy: Policy,
    prompts: Sequence[Ids],
    stop_ids: Collection[int],
    max_new: int,
    generator: torch.Generator,
    temperature: float = 1.0,
    on_token: Callable[[int], None] = _silent,
) -> list[Reply]:
    """One reply to each prompt, its stop token included unless `max_new` tokens came first.

    Nothing is cut from the distribution: a gradient of a truncated sampler would be biased.
    `on_token(n)` after the n-th token of all replies.
    """
    from transformers import DynamicCache

    if not prompts:
        return []
    ids, mask = _left_padded(prompts)
    replies: list[list[int]] = [[] for _ in prompts]
    # Rows of the batch are the replies that still run; a finished one leaves the cache.
    running = list(range(len(prompts)))
    cache = DynamicCache()
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    for done in range(1, max_new + 1):
        hidden = policy.llama.model(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
        ).last_hidden_state[:, -1]
        tokens_B = _draw(policy.llama.lm_head(hidden), temperature, generator)
        for row, token in zip(running, tokens_B.tolist(), strict=True):
            replies[row].append(token)
        on_token(done)
        alive = [i for i, row in enumerate(running) if replies[row][-1] not in stop_ids]
        if not alive:
            break
        if len(alive) < len(running):
            cache.batch_select_indices(torch.tensor(alive))
        running = [running[i] for i in alive]
        ids = tokens_B[alive].unsqueeze(-1)
        mask = torch.cat([mask[alive], torch.ones(len(alive), 1, dtype=mask.dtype)], dim=-1)
        positions = positions[alive, -1:] + 1
    return [tuple(reply) for reply in replies]


def _left_padded(prompts: Sequence[Ids]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, [B, P]: the last column is every prompt's last token."""
    width = max(len(p) for p in prompts)
    ids = torch.tensor([[0] * (width - len(p)) + list(p) for p in prompts])
    mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
    return ids, mask


def _draw(logits_BV: torch.Tensor, temperature: float, generator: torch.Generator) -> torch.Tensor:
    """A token per row, [B]; the likeliest at temperature 0."""
    if temperature == 0.0:
        return logits_BV.argmax(-1)
    probabilities = torch.softmax(logits_BV / temperature, dim=-1)
    return torch.multinomial(probabilities, 1, generator=generator)[:, 0]
