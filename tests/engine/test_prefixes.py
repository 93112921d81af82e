"""Who comes back to a session, a branch, or an adapter does not wait for a prefill, and gets the same bits."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import DEADLINE, user
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.engine import prefix_files, prefixes
from clawlocal.engine.batches import TAIL, Snapshot, batch_ends, usable, whole_end
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.parked import Parked, ParkingLot
from clawlocal.engine.protocol import AdapterFile, Completion, Sampling
from clawlocal.engine.saved import SavedPrefixes

GREEDY = Sampling(temperature=0, max_tokens=4)
SEA = "The sea is wide and the wind is strong. " * 12
WOOD = "The wood is dark and the path is long. " * 12


def ask(engine: LlamaEngine, text: str, session: str = "", adapter: AdapterFile | None = None) -> Completion:
    return engine.generate(engine.encode(user(text)), GREEDY, adapter, session=session).result(DEADLINE)


def bits(completion: Completion) -> tuple[tuple[int, ...], tuple[float, ...]]:
    return completion.token_ids, completion.logprobs


def nearly_all(completion: Completion) -> bool:
    return completion.reused > len(completion.prompt_ids) - 80


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where prefixes are saved, however quick this machine is."""
    monkeypatch.setattr(prefixes, "WORTH_SAVING_SECONDS", 0.0)
    monkeypatch.setattr(prefixes, "_TIMES_QUICKER", 0)
    return tmp_path / "prefixes"


@pytest.fixture
def run(model_path: Path, folder: Path) -> Iterator[type]:
    """`run()` is an engine over the folder; opening the next one closes it."""
    opened: list[LlamaEngine] = []

    def one() -> LlamaEngine:
        for engine in opened:
            engine.close()
        opened.append(LlamaEngine(model_path, name="m", n_ctx=1024, threads=1, prefixes=folder))
        return opened[-1]

    yield one  # type: ignore[misc]
    for engine in opened:
        engine.close()


def test_back_to_another_session(llama_engine: LlamaEngine) -> None:
    first = ask(llama_engine, SEA + "Why?", "a")
    ask(llama_engine, WOOD + "Why?", "b")
    again = ask(llama_engine, SEA + "Why?", "a")
    assert nearly_all(again)
    assert bits(again) == bits(first)
    assert nearly_all(ask(llama_engine, WOOD + "Why?", "b"))


def test_back_to_another_branch(llama_engine: LlamaEngine) -> None:
    one, other = ("Begin. " + SEA + WOOD, "Begin. " + SEA + SEA)
    first = ask(llama_engine, one)
    assert not nearly_all(ask(llama_engine, other))
    again = ask(llama_engine, one)
    assert nearly_all(again)
    assert bits(again) == bits(first)


def test_back_to_another_adapter(llama_engine: LlamaEngine, adapter: AdapterFile, other_adapter: AdapterFile) -> None:
    question = WOOD + "Who?"
    first = {a: ask(llama_engine, question, adapter=a) for a in (None, adapter, other_adapter)}
    assert len({bits(completion) for completion in first.values()}) == 3
    for a in (None, adapter, other_adapter):
        again = ask(llama_engine, question, adapter=a)
        assert nearly_all(again)
        assert bits(again) == bits(first[a])


def test_a_long_session_outlives_the_engine(run: type, folder: Path, adapter: AdapterFile) -> None:
    first = ask(run(), SEA + "Why?", "longsession")
    engine = run()
    again = ask(engine, SEA + "Why?", "longsession")
    assert nearly_all(again)
    assert bits(again) == bits(first)
    file = prefix_files.path_of(folder, "longsession")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ask(engine, SEA + "Why?", "longsession", adapter).reused == 0


def test_what_is_of_another_adapter_or_damaged_is_not_used(run: type, folder: Path, adapter: AdapterFile) -> None:
    first = ask(run(), SEA + "Why?", "one")
    engine = run()
    assert ask(engine, SEA + "Why?", "one", adapter).reused == 0
    engine.close()
    assert ask(run(), SEA + "Why?", "one").reused == 0, "of the adapter"
    run().close()
    file = prefix_files.path_of(folder, "one")
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    for damage in (bytes(data), data[:1000], b"", b"\xff" * 5000):
        file.write_bytes(damage)
        engine = run()
        again = ask(engine, SEA + "Why?", "one")
        engine.close()
        assert again.reused == 0
        assert bits(again) == bits(first)


def test_a_chat_without_a_session_is_not_written(run: type, folder: Path) -> None:
    engine = run()
    ask(engine, SEA + "Why?")
    ask(engine, WOOD + "Why?")
    engine.close()
    assert not list(folder.glob("*"))


def test_a_forgotten_session_is_evaluated_again(run: type, folder: Path) -> None:
    engine = run()
    ask(engine, SEA + "Why?", "one")
    engine.forget_session("one")
    assert ask(engine, SEA + "Why?", "other").reused == 0
    engine.forget_session(None)
    engine.close()
    assert not list(folder.glob("*"))


def test_files_go_with_their_sessions(tmp_path: Path) -> None:
    for name in ("abc", "def", "ghi"):
        prefix_files.path_of(tmp_path, name).write_bytes(b"x" * 100)
    prefix_files.forget(tmp_path, "abc")
    prefix_files.forget(tmp_path, "abc")
    prefix_files.forget_others(tmp_path, {"ghi"}.__contains__)
    assert [path.stem for path in tmp_path.glob("*")] == ["ghi"]
    prefix_files.make_room(tmp_path, 99)
    assert not list(tmp_path.glob("*"))
    with pytest.raises(ValueError, match="not the id"):
        prefix_files.path_of(tmp_path, "../other")


def test_what_is_still_to_be_written_is_forgotten_too(tmp_path: Path) -> None:
    saved = SavedPrefixes(tmp_path, "m")
    for n in range(20):
        saved.save(parked(*range(64), session=f"s{n}", size=2_000_000))
    for n in range(20):
        saved.forget(f"s{n}")
    saved.close()
    assert not list(tmp_path.glob("*"))
    saved.save(parked(1, 2, session="late"))
    assert saved.load("late", None) is not None, "where no thread can be started any more it is written at once"


def test_one_that_is_too_large_leaves_the_others(tmp_path: Path) -> None:
    lot = ParkingLot(30)
    lot.add(parked(1, 2))
    lot.add(parked(3, 4, size=31))
    assert lot.find(None, (1, 2, 3), (2, 3))[1] == 2


def test_a_session_has_a_name_that_a_file_can_have(llama_engine: LlamaEngine) -> None:
    for name in ("../other", "a b", "é", "x" * 65, "a\0"):
        with pytest.raises(ValueError, match="not the id"):
            llama_engine.generate((1, 2), GREEDY, session=name)
        with pytest.raises(ValueError, match="not the id"):
            llama_engine.forget_session(name)
    assert ask(llama_engine, "hi", "bench-talk_1").error is None
    llama_engine.forget_session("bench-talk_1")


def parked(*ids: int, session: str = "", size: int = 10) -> Parked:
    return Parked(None, session, Snapshot(ids, (len(ids),), np.zeros(size, np.uint8)))


def test_the_parking_lot() -> None:
    lot = ParkingLot(30)
    short, long, other = parked(1, 2), parked(1, 2, 3, session="s"), parked(7, 8)
    for one in (short, long, other):
        lot.add(one)
    assert len(lot) == 2, "what a longer one covers is not kept"
    assert lot.find(None, (1, 2, 3, 4), (3, 4)) == (long, 3)
    assert lot.find(AdapterFile("v1", Path("x")), (1, 2, 3, 4), (3, 4)) == (None, 0)
    lot.touch(long)
    lot.add(parked(9, size=20))
    assert lot.find(None, (7, 8, 9), (2, 3)) == (None, 0), "the one that was not used for longest made room"
    lot.forget("s")
    assert lot.find(None, (1, 2, 3, 4), (3, 4)) == (None, 0)


def test_batches_end_with_messages() -> None:
    """By the ids alone: the same prompt is cut alike wherever one begins to look."""
    ids = [0] * 10 + [9] + [0] * 10 + [9] + [0] * 100
    assert batch_ends(ids, 64, {9}) == [22, 86, 122], "the first message is too short for a batch of its own"
    assert batch_ends(ids[:26], 64, {9}) == [26], "what opens the reply goes with the last message"
    assert batch_ends(ids[:30], 64, {9}) == [22, 30]
    assert batch_ends(ids[:90], 64, {9}) == [22, 90]
    assert whole_end(ids, 86, 64, {9}) is None


@given(ids=st.lists(st.sampled_from([0, 0, 0, 0, 9]), min_size=1, max_size=400), more=st.lists(st.just(0), max_size=99))
def test_what_is_reused_was_evaluated_in_the_very_batches_of_the_prompt(ids: list[int], more: list[int]) -> None:
    prompt = [*ids, *more]
    cuts = batch_ends(prompt, 64, {9})
    assert cuts[-1] == len(prompt)
    assert all(b - a < 64 + TAIL for a, b in pairwise([0, *cuts]))
    known = [end for end in batch_ends(ids, 64, {9}) if whole_end(ids, _before(ids, end), 64, {9}) == end]
    reused = usable(ids, known, prompt, cuts)
    assert reused in (0, *cuts[:-1])
    assert len(prompt) > reused


def _before(ids: list[int], end: int) -> int:
    """Where the batch begins that ends at `end`."""
    return max((e for e in batch_ends(ids, 64, {9}) if e < end), default=0)
