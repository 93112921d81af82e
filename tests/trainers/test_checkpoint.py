"""A checkpoint is there completely or not at all, and only for its own job."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainers import checkpoint
from trainers.adapter_peft import Adapter
from trainers.checkpoint import FILE, Saved
from trainers.plan import Plan

DIGEST = "d" * 64


def saved(step: int = 3, seed: int = 0) -> Saved:
    draw = np.random.default_rng(seed)
    tensors = {f"model.{half}": draw.normal(size=(3, 2)).astype(np.float32) for half in ("lora_A", "lora_B")}
    moments = {f"{name}.exp_avg": t * 1e-9 for name, t in tensors.items()}
    moments |= {f"{name}.step": np.array(step, np.float32) for name in tensors}
    plan = Plan("bfloat16", exact=True, positions=512, checkpointing=True, bytes=10**10)
    state = {"history": [{"loss": 0.1 + 0.2}], "judged": [{"old": [-1.25, -1e-30]}], "base": {"held": [[1, 2]]}}
    return Saved(step, "torch", plan, Adapter(16, 32.0, tensors), moments, state)


def same(ours: Saved | None, theirs: Saved) -> bool:
    assert ours is not None
    pairs = [(ours.adapter.tensors, theirs.adapter.tensors), (ours.moments, theirs.moments)]
    bits = all(
        a.keys() == b.keys() and all(a[k].tobytes() == b[k].tobytes() and a[k].shape == b[k].shape for k in a)
        for a, b in pairs
    )
    return bits and replace(ours, adapter=theirs.adapter, moments=theirs.moments) == theirs


def test_it_comes_back_bit_for_bit(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, DIGEST, saved())
    assert same(checkpoint.read(tmp_path, DIGEST), saved())
    assert [p.name for p in tmp_path.iterdir()] == [FILE]


@settings(max_examples=30, deadline=None)
@given(
    numbers=st.lists(st.floats(width=32), min_size=1, max_size=9),
    state=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
)
def test_any_numbers_and_any_state_come_back(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[float], state: Any
) -> None:
    folder = tmp_path_factory.mktemp("checkpoint")
    tensors = {"a": np.array(numbers, np.float32)}
    one = replace(saved(), adapter=Adapter(1, 2.0, tensors), moments={}, state={"any": state})
    checkpoint.write(folder, DIGEST, one)
    assert same(checkpoint.read(folder, DIGEST), one)


def test_before_the_first_step_there_are_no_moments(tmp_path: Path) -> None:
    one = replace(saved(0), moments={})
    checkpoint.write(tmp_path, DIGEST, one)
    assert same(checkpoint.read(tmp_path, DIGEST), one)


def test_the_next_one_replaces_it(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, DIGEST, saved(1))
    checkpoint.write(tmp_path, DIGEST, saved(2, seed=1))
    assert same(checkpoint.read(tmp_path, DIGEST), saved(2, seed=1))


def test_of_another_job_it_counts_as_none(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, DIGEST, saved())
    assert checkpoint.read(tmp_path, "e" * 64) is None


def test_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert checkpoint.read(tmp_path, DIGEST) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"",
        lambda raw: raw[:4],
        lambda raw: raw[:60],
        lambda raw: raw[:-1],
        lambda raw: raw[: len(raw) // 2],
        lambda raw: bytes(len(raw)),
        lambda raw: raw + b"more",
        lambda raw: raw.replace(b'\\"digest\\"', b'\\"tsegid\\"'),
        lambda raw: raw.replace(b'\\"plan\\"', b'\\"nalp\\"'),
        lambda raw: raw.replace(b'\\"positions\\"', b'\\"snoitisop\\"'),
        lambda raw: raw.replace(b'"about"', b'"tuoba"'),
    ],
)
def test_damaged_it_counts_as_none(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    checkpoint.write(tmp_path, DIGEST, saved())
    raw = (tmp_path / FILE).read_bytes()
    assert damage(raw) != raw
    (tmp_path / FILE).write_bytes(damage(raw))
    assert checkpoint.read(tmp_path, DIGEST) is None


@settings(max_examples=60, deadline=None)
@given(cut=st.floats(0.0, 1.0, exclude_max=True))
def test_cut_off_anywhere_it_counts_as_none(tmp_path_factory: pytest.TempPathFactory, cut: float) -> None:
    folder = tmp_path_factory.mktemp("checkpoint")
    checkpoint.write(folder, DIGEST, saved())
    raw = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(raw[: math.floor(cut * len(raw))])
    assert checkpoint.read(folder, DIGEST) is None


@pytest.mark.parametrize("call", ["safetensors.numpy.save_file", "trainers.files.sync", "trainers.files.os.replace"])
def test_a_write_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    checkpoint.write(tmp_path, DIGEST, saved(1))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(call, full)
        with pytest.raises(OSError, match="No space"):
            checkpoint.write(tmp_path, DIGEST, saved(2, seed=1))
    assert same(checkpoint.read(tmp_path, DIGEST), saved(1))
    assert [p.name for p in tmp_path.iterdir()] == [FILE], "nothing is left aside"


def test_a_write_that_is_cut_off_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.write(tmp_path, DIGEST, saved(1))

    def half(_: Any, path: Path, *__: Any) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("safetensors.numpy.save_file", half)
        with pytest.raises(KeyboardInterrupt):
            checkpoint.write(tmp_path, DIGEST, saved(2))
    assert same(checkpoint.read(tmp_path, DIGEST), saved(1))
