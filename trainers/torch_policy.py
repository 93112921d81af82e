"""The policy in torch: a decoder, an adapter's parameters, an optimiser. See `policy.Policy`.

Knows nothing of jobs, files or processes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

import numpy as np
import torch
from torch import Tensor

from trainers import seeing, torch_rollout, torch_weights
from trainers import torch_objective as objective
from trainers.adapter_peft import Adapter
from trainers.gguf_base import Base
from trainers.items import Floats, Ids, Item, View
from trainers.job import Recipe
from trainers.objective import TopK
from trainers.plan import FLOAT32, Plan, chunk_size, chunks
from trainers.policy import WHOLE, Drawing, Learned, Moments, Reply, Uniform
from trainers.torch_decoder import Decoder
from trainers.torch_loss import Seen, backward, chosen

BETAS = (0.9, 0.98)
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class TorchPolicy:
    """Begins in the plan's precision. Raises `BaseError` where the base's files cannot be read."""

    def __init__(self, base: Base, adapter: Adapter, plan: Plan) -> None:
        self._base, self._plan = base, plan
        self._rank, self._alpha = adapter.rank, adapter.alpha
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._lora = torch_weights.lora(adapter, self._device)
        self._optimiser = torch.optim.AdamW(self._lora.values(), betas=BETAS, weight_decay=0.0)
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
        self._precision, scale = precision, self._alpha / self._rank
        self._decoder = torch_weights.decoder(self._base, self._lora, scale, precision, self._device)
        self._decoder.checkpointing = self._plan.checkpointing

    @torch.no_grad()
    def logprobs(self, replies: Sequence[tuple[View, Ids]]) -> list[Floats]:
        return [
            _array([chosen(self._logprobs(seen, rows), response[rows]) for rows in self._chunks(response)])
            for (_, response), seen in zip(replies, self._seen(replies), strict=True)
        ]

    @torch.no_grad()
    def divergence(self, replies: Sequence[tuple[View, View, Ids]]) -> list[Floats]:
        # Both sides at once: what they share is computed once.
        views = [(p, response) for p, _, response in replies] + [(q, response) for _, q, response in replies]
        seen = self._seen(views)
        ps, qs = seen[: len(replies)], seen[len(replies) :]
        return [
            _array([objective.kl(self._logprobs(p, rows), self._logprobs(q, rows)) for rows in self._chunks(response)])
            for p, q, (_, _, response) in zip(ps, qs, replies, strict=True)
        ]

    @torch.no_grad()
    def entropy(self, replies: Sequence[tuple[View, Ids]]) -> list[Floats]:
        return [
            _array([objective.entropy(self._logprobs(seen, rows)) for rows in self._chunks(response)])
            for (_, response), seen in zip(replies, self._seen(replies), strict=True)
        ]

    @torch.no_grad()
    def likeliest(self, replies: Sequence[tuple[View, Ids]], k: int) -> list[TopK]:
        return [
            _rows([self._logprobs(seen, rows).topk(k, dim=-1).indices for rows in self._chunks(response)], k)
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
        return torch_rollout.sample(
            self.decoder, prompts, stop_ids, chance, on_token, adapted=not base, drawing=drawing
        )

    def accumulate(self, items: Sequence[Item], recipe: Recipe) -> list[Learned]:
        targets = self._targets(items)
        replies = [(tuple(item.prompt), tuple(item.response)) for item in items]
        # One reply may be two items: some of its tokens are learned, the others kept to the base.
        places = {reply: place for place, reply in enumerate(dict.fromkeys(replies))}
        hidden = self.decoder.hidden(list(places), adapted=True, frozen_prompt=recipe.frozen_prompt)
        gradients = [torch.zeros_like(part) for part in hidden]
        found = []
        for reply, item, target in zip(replies, items, targets, strict=True):
            place = places[reply]
            gradient, learned = backward(hidden[place].detach(), item, target, self.decoder.logits, self._chunk, recipe)
            gradients[place] += gradient
            found.append(learned)
        torch.autograd.backward(hidden, gradients)
        return found

    def gradient(self) -> dict[str, Floats]:
        """What was accumulated, by the adapter's names, and forgotten now: for who wants to look at it."""
        found = {name: p.grad.cpu().numpy() for name, p in self._lora.items() if p.grad is not None}
        self._optimiser.zero_grad(set_to_none=True)
        return found

    def total(self, add_up: Callable[[Tensor], object]) -> None:
        """`add_up` puts the sum over all workers in place of this one's gradient: one tensor, one exchange."""
        parameters = list(self._lora.values())
        whole = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
        add_up(whole)
        for parameter, part in zip(parameters, torch.split(whole, [p.numel() for p in parameters]), strict=True):
            parameter.grad = part.view_as(parameter)

    def step(self, recipe: Recipe) -> float:
        norm = float(torch.nn.utils.clip_grad_norm_(list(self._lora.values()), recipe.max_grad_norm))
        if math.isfinite(norm):
            for group in self._optimiser.param_groups:
                group["lr"] = recipe.lr
            self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return norm

    def adapter(self) -> Adapter:
        tensors = {name: p.detach().cpu().numpy().copy() for name, p in self._lora.items()}
        return Adapter(self._rank, self._alpha, tensors)

    def moments(self) -> Moments:
        found = {}
        for name, parameter in self._lora.items():
            for key, value in self._optimiser.state.get(parameter, {}).items():
                found[f"{name}.{key}"] = value.detach().cpu().numpy().astype(np.float32)
        return found

    def restore(self, adapter: Adapter, moments: Moments) -> None:
        for name, parameter in self._lora.items():
            parameter.data.copy_(torch.from_numpy(adapter.tensors[name]))
            state = {key: moments[f"{name}.{key}"] for key in MOMENTS if f"{name}.{key}" in moments}
            if state:
                # AdamW keeps its count of steps on the CPU.
                devices = {key: None if key == "step" else self._device for key in state}
                self._optimiser.state[parameter] = {
                    key: torch.tensor(value, device=devices[key]) for key, value in state.items()
                }

    @torch.no_grad()
    def _targets(self, items: Sequence[Item]) -> list[Seen | None]:
        """Views to distil on, before the student's activations take their memory."""
        return seeing.targets(items, self._seen)

    def _seen(self, replies: Sequence[tuple[View, Ids]]) -> list[Seen]:
        return seeing.seen(replies, lambda pairs, base: self.decoder.hidden(pairs, adapted=not base), Seen)

    def _logprobs(self, seen: Seen, rows: slice) -> Tensor:
        return seen.logprobs(self.decoder.logits, rows)

    def _chunks(self, response: Ids) -> list[slice]:
        return list(chunks(len(response), self._chunk))


def _array(parts: Sequence[Tensor]) -> Floats:
    return torch.cat([part.float().cpu() for part in parts]).numpy() if parts else np.zeros(0, np.float32)


def _rows(parts: Sequence[Tensor], k: int) -> TopK:
    return torch.cat([part.cpu() for part in parts]).numpy() if parts else np.zeros((0, k), np.int64)
