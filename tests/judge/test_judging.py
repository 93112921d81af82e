"""How the layers that choose a directive are put beside weights that stay, and from which probability on they count."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGUFReader
from tokenizers import Tokenizer
from torch import nn

from clawlocal.judge.small.judge import FOLDER, VOCABULARY, WEIGHTS, WISHES, SmallJudge
from judging import pack, wishes
from judging.network import LINEARS, NORMS
from judging.wishes import DEPTH

WIDTH, INNER = 384, 1536


def layer() -> nn.Module:
    """Of the size of the base's."""
    made = nn.Module()
    sizes = dict.fromkeys(LINEARS.values(), (WIDTH, WIDTH)) | {"ffn_up": (WIDTH, INNER), "ffn_down": (INNER, WIDTH)}
    made.linears = nn.ModuleDict({name: nn.Linear(*size) for name, size in sizes.items()})
    made.norms = nn.ModuleDict({name: nn.LayerNorm(WIDTH) for name in NORMS.values()})
    return made


@pytest.fixture
def head() -> Any:
    """As untrained as can be, between two wishes and none."""
    torch.manual_seed(0)
    made: Any = nn.Module()
    made.layers = nn.ModuleList(layer() for _ in range(DEPTH))
    made.linear = nn.Linear(WIDTH, 3)
    made.wishes = ["", "Keep answers short.", "Use emoji."]
    return made


@pytest.fixture
def start() -> Any:
    tokenizer = Tokenizer.from_file(str(FOLDER / VOCABULARY))
    return SimpleNamespace(layers=12, width=WIDTH, heads=12, eps=1e-12, tokenizer=tokenizer)


def test_layers_for_wishes_are_replaced_and_nothing_else(tmp_path: Path, head: Any, start: Any) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "weights")
    pack.check_vocabulary(start, folder)
    pack.replace_wishes(start, head, folder)
    before, after = ({t.name: t for t in GGUFReader(at / WEIGHTS).tensors} for at in (FOLDER, folder))
    assert list(before) == list(after)
    changed = {name for name in before if not np.array_equal(before[name].data, after[name].data)}
    assert changed and all(name.startswith(("wish.blk.", "judge.wish.")) for name in changed)
    assert json.loads((folder / WISHES).read_text("utf-8")) == head.wishes
    judge = SmallJudge(folder=folder)
    assert all(wish in head.wishes for wish, _ in judge.wishes("What is a heron?", "A bird.", "too long"))
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in FOLDER.iterdir())


def test_other_pieces_of_vocabulary_need_all_weights_made(tmp_path: Path, start: Any) -> None:
    folder = shutil.copytree(FOLDER, tmp_path / "weights")
    file = folder / VOCABULARY
    file.write_text(file.read_text("utf-8").replace('"▁heron"', '"▁horen"', 1).replace('"▁the"', '"▁teh"', 1), "utf-8")
    with pytest.raises(ValueError, match="make all weights"):
        pack.check_vocabulary(start, folder)


def test_the_threshold_counts_what_is_about_the_same_thing_as_right() -> None:
    known = ["", "Keep answers short.", "Answer in one sentence.", "Use emoji."]
    shares = torch.tensor(
        [
            [0.1, 0.4, 0.4, 0.1],  # Short, of which either wording is right.
            [0.1, 0.2, 0.2, 0.5],  # An emoji that was none.
            [0.9, 0.1, 0.0, 0.0],  # None, and not counted.
        ]
    )
    assert wishes._least(shares, torch.tensor([2, 0, 0]), known) == 0.51
    assert wishes._least(shares[:1], torch.tensor([2]), known) == wishes.LEAST / 100
    assert wishes._least(shares[1:2], torch.tensor([0]), known) == 1.0
