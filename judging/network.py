"""The encoder in torch, for training: the same as `clawlocal.judge.small.encoder`, with gradients and batches.

Its lower layers stay as they were; what they make of a text is computed once and kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from clawlocal.judge.small.encoder import HEADS, PADDING, WISH_AFTER
from judging.start import Start

FROZEN = WISH_AFTER
"""Layers, from below, that are not trained; those that choose a directive stand on them."""
DROPOUT = 0.1
OUTPUTS = {"verdict": 3, "says_how": 1, "about_form": 1}

LINEARS = {"q": "attn_q", "k": "attn_k", "v": "attn_v", "ao": "attn_output", "fi": "ffn_up", "fo": "ffn_down"}
"""Names of the weights to begin from, and those in our file."""
NORMS = {"aln": "attn_output_norm", "oln": "layer_output_norm"}


class Layer(nn.Module):
    """Post-norm, as in BERT (1810.04805)."""

    def __init__(self, start: Start, number: int) -> None:
        super().__init__()
        self.heads = start.heads
        self.linears = nn.ModuleDict({name: _linear(start, f"l{number}.{short}") for short, name in LINEARS.items()})
        self.norms = nn.ModuleDict({name: _norm(start, f"l{number}.{short}") for short, name in NORMS.items()})

    def forward(self, x: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
        """[B, N, width]; `mask` [B, 1, 1, N] is true where there is a token."""
        rows, length, width = x.shape
        parts = (self.linears[name](x) for name in ("attn_q", "attn_k", "attn_v"))
        q, k, v = (part.view(rows, length, self.heads, -1).transpose(1, 2) for part in parts)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        mixed = self.linears["attn_output"](mixed.transpose(1, 2).reshape(rows, length, width))
        x = self.norms["attn_output_norm"](x + functional.dropout(mixed, dropout, dropout > 0.0))
        inner = functional.gelu(self.linears["ffn_up"](x), approximate="tanh")
        out = functional.dropout(self.linears["ffn_down"](inner), dropout, dropout > 0.0)
        return self.norms["layer_output_norm"](x + out)  # type: ignore[no-any-return]


class Network(nn.Module):
    """Encoder and heads. `categories` is how many there are of an auxiliary task, which is not kept."""

    def __init__(self, start: Start, categories: int) -> None:
        super().__init__()
        self.words = torch.from_numpy(start.dense("emb.word"))
        positions = start.dense("emb.pos") + start.dense("emb.type")[: start.width]
        self.positions = torch.from_numpy(positions)
        self.first_norm = _norm(start, "emb.ln")
        self.layers = nn.ModuleList(Layer(start, i) for i in range(start.layers))
        self.dense = nn.Linear(2 * start.width, start.width)
        self.heads = nn.ModuleDict({name: nn.Linear(start.width, OUTPUTS[name]) for name in HEADS})
        self.category = nn.Linear(start.width, categories)
        for part in (self.first_norm, *self.layers[:FROZEN]):
            part.requires_grad_(False)

    def lower(self, ids: Sequence[int]) -> Tensor:
        """What the frozen layers make of one text, [N, width]."""
        numbers = torch.tensor(ids)
        x = self.first_norm(self.words[numbers] + self.positions[PADDING : PADDING + len(ids)]).unsqueeze(0)
        for layer in self.layers[:FROZEN]:
            x = layer(x, None, 0.0)
        text: Tensor = x[0]
        return text

    def forward(self, x: Tensor, after: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Logits by head and of `category`. x [B, N, width]; `after`, `mask` [B, N]: what came next, any token."""
        dropout = DROPOUT if self.training else 0.0
        for layer in self.layers[FROZEN:]:
            x = layer(x, mask[:, None, None], dropout)
        said = after.unsqueeze(-1).float()
        x = x.float()
        features = torch.cat([x[:, 0], (x * said).sum(1) / said.sum(1)], dim=-1)
        inner = torch.tanh(self.dense(functional.dropout(features, dropout, self.training)))
        inner = functional.dropout(inner, dropout, self.training)
        return {name: head(inner) for name, head in [*self.heads.items(), ("category", self.category)]}


def _linear(start: Start, name: str) -> nn.Linear:
    weight = torch.from_numpy(start.dense(f"{name}.w"))
    made = nn.Linear(weight.shape[1], weight.shape[0])
    made.load_state_dict({"weight": weight, "bias": torch.from_numpy(start.dense(f"{name}.b"))})
    return made


def _norm(start: Start, name: str) -> nn.LayerNorm:
    made = nn.LayerNorm(start.width, start.eps)
    made.load_state_dict(
        {"weight": torch.from_numpy(start.dense(f"{name}.w")), "bias": torch.from_numpy(start.dense(f"{name}.b"))}
    )
    return made
