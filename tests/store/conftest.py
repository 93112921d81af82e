"""A store on disk, and someone who talks in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from clawlocal.records import (
    AdapterState,
    AdapterVersion,
    Receipt,
    SignalKind,
    Turn,
    TurnUse,
    Verdict,
)
from clawlocal.store import Store

MODEL = "smollm2-135m"


class Talk:
    """Fills a store as the assistant does."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def session(self, **kwargs: Any) -> str:
        return self.store.add_session(MODEL, "", **kwargs).id

    def turn(
        self,
        session: str | None = None,
        parent: str | None = None,
        prompt: str = "What is a heron?",
        reply: str = "A bird.",
        stopped: str = "end",
        **kwargs: Any,
    ) -> Turn:
        session = session or self.session()
        user = self.store.add_message(session, parent, "user", prompt)
        return self.reply(session, user.id, reply, stopped, **kwargs)

    def reply(self, session: str, user: str, reply: str = "A bird.", stopped: str = "end", **kwargs: Any) -> Turn:
        fields = {
            "model": MODEL,
            "adapter": "base",
            "prompt_ids": (1, 2, 3),
            "token_ids": (7, 8),
            "logprobs": (-0.25, -1.5),
            "temperature": 0.7,
            "stopped": stopped,
            "first_token_seconds": 0.1,
            "total_seconds": 0.5,
        }
        return self.store.add_turn(session, user, reply, **{**fields, **kwargs})

    def judge(
        self,
        turn: str,
        value: int = 1,
        kind: SignalKind = SignalKind.THUMB,
        hint: str = "",
        use: TurnUse | None = TurnUse.QUEUED,
        reason: str = "",
    ) -> Verdict:
        signal = self.store.add_signal(turn, kind, value, "")
        verdict = Verdict(turn, signal.id, value, (value,), 1.0, False, "explicit", "said so", hint)
        self.store.add_verdict(verdict, use, reason)
        return verdict

    def queued(self, session: str | None = None, **kwargs: Any) -> Turn:
        turn = self.turn(session, **kwargs)
        self.judge(turn.id)
        return self.store.turn(turn.id)

    def start(self) -> int:
        live = self.store.live(MODEL)
        return self.store.start_update(MODEL, live.version if live else None)

    def publish(self, turns: Sequence[str] = (), lessons: Sequence[int] = (), update: int | None = None) -> Receipt:
        update = self.start() if update is None else update
        return self.store.publish(
            update,
            self.adapter(),
            turns,
            lessons,
            samples={"rl": len(turns)},
            metrics={"loss": 0.5},
            gate={"passed": True, "checks": []},
            seconds=2.0,
        )

    def adapter(self) -> AdapterVersion:
        live = self.store.live(MODEL)
        version = self.store.next_version(MODEL)
        parent = live.version if live else None
        state = AdapterState.KEPT
        return AdapterVersion(version, MODEL, state, "", 16, "ab" * 32, parent, f"/adapters/{version}", {"loss": 0.5})

    def reject(self, turns: Sequence[str], lessons: Sequence[int] = ()) -> Receipt:
        gate = {"passed": False, "checks": []}
        return self.store.reject(
            self.start(), turns, lessons, samples={}, metrics={}, gate=gate, seconds=1.0, reason="KL too high"
        )


def dump(path: Path) -> list[str]:
    """The whole database as SQL, to compare."""
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clawlocal.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as store:
        # No test that uses this one cuts the power.
        store._db.execute("PRAGMA synchronous = OFF")
        yield store


@pytest.fixture
def talk(store: Store) -> Talk:
    return Talk(store)


@pytest.fixture(scope="session")
def talking() -> type[Talk]:
    """`Talk` itself, for tests that open stores of their own."""
    return Talk


@pytest.fixture
def content(path: Path) -> Callable[[], list[str]]:
    return lambda: dump(path)
