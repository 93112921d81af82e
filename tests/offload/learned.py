"""Versions of the model `tiny` with files on disk, live with what they were taught, and engines that have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from clawlocal.adapters import files
from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.protocol import AdapterFile, Engine
from clawlocal.paths import Paths
from clawlocal.records import AdapterState, AdapterVersion, SignalKind, TurnUse, Verdict
from clawlocal.store import Store
from tests.offload.far_server import FarServer, Mind
from trainers import adapter_peft
from trainers.adapter_peft import Adapter

LAYER = "model.layers.0.self_attn.q_proj"


class Here:
    """The engines of this machine, opened for a moment. Counts how often."""

    def __init__(self) -> None:
        self.mind = Mind()
        self.asked: list[str] = []

    @contextmanager
    def __call__(self, model: str) -> Iterator[Engine]:
        self.asked.append(model)
        engine = FakeEngine(name=model)
        engine.scorer = self._score
        try:
            yield engine
        finally:
            engine.close()

    def _score(
        self, prefix: Sequence[int], continuations: Sequence[Sequence[int]], adapter: AdapterFile | None
    ) -> list[float]:
        return [self.mind.score((*prefix, *c), len(prefix), adapter and adapter.path) for c in continuations]


class Learned:
    """Publishes as the learner does."""

    def __init__(self, store: Store, where: Paths) -> None:
        self._store = store
        self._where = where

    def turn(self) -> str:
        """A reply that was corrected, which an update may learn from."""
        session = self._store.add_session("tiny", "").id
        asked = self._store.add_message(session, None, "user", "What is a heron?")
        drawn = {"prompt_ids": (1,), "token_ids": (2,), "logprobs": (-0.5,), "temperature": 0.7, "stopped": "end"}
        times = {"first_token_seconds": 0.1, "total_seconds": 0.2}
        turn = self._store.add_turn(session, asked.id, "A bird.", model="tiny", adapter="base", **drawn, **times)
        signal = self._store.add_signal(turn.id, SignalKind.THUMB, -1, "")
        verdict = Verdict(turn.id, signal.id, -1, (-1,), 1.0, False, "explicit", "said so")
        self._store.add_verdict(verdict, TurnUse.QUEUED, "")
        return turn.id

    def publish(self, turns: Sequence[str] = (), lessons: Sequence[int] = (), rank: int = 8) -> AdapterVersion:
        """The next version is live."""
        version, live = self._store.next_version("tiny"), self._store.live("tiny")
        home = self._where.adapters / "tiny" / version
        draw = np.random.default_rng(len(version) + int(version[1:]))
        tensors = {
            f"{LAYER}.lora_A": draw.normal(size=(rank, 16)).astype(np.float32),
            f"{LAYER}.lora_B": draw.normal(size=(16, rank)).astype(np.float32),
        }
        adapter_peft.write(Adapter(rank, 2 * rank, tensors), home / files.PEFT)
        (home / files.GGUF).write_bytes(version.encode())
        digest, parent = files.sha256(home / files.GGUF), live.version if live else None
        made = AdapterVersion(version, "tiny", AdapterState.KEPT, "", rank, digest, parent, str(home))
        record = {"samples": {}, "metrics": {}, "gate": {"passed": True, "checks": []}, "seconds": 1.0}
        self._store.publish(self._store.start_update("tiny", parent), made, turns, lessons, **record)
        return made


def asked(far: FarServer, path: str = "/v1/chat/completions") -> list[Any]:
    """The bodies that came there, of chats that are streamed."""
    return [body for where, body in far.asked if where == path and (path[-4:] != "ions" or body.get("stream"))]
