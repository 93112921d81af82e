"""The embedded model on both sides: a server of it is compared, replies, and its reply is learned from here.

Nothing is faked but the server's engine, llama.cpp in place of vLLM: fingerprint, chat, trainer and gate are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from clawlocal.assistant import Assistant
from clawlocal.config import Settings
from clawlocal.engine.llamacpp import LlamaEngine
from clawlocal.engine.protocol import ChatMessage, Engine, Sampling
from clawlocal.offload import fingerprint
from clawlocal.offload.following import Following
from clawlocal.records import Remote, TurnUse, UpdateStatus
from clawlocal.store import Store
from clawlocal.training import learner
from tests.offload.far_server import MODEL, FarServer, Mind, Piece

EMBEDDED = "smollm2-135m"
NEAR = 0.15
"""Nats a token: what the engine says of tokens one by one, and of all at once."""
DEADLINE = 1800.0


class Thinking(Mind):
    """Of an engine."""

    def __init__(self, engine: LlamaEngine) -> None:
        self._engine = engine
        self._scored: dict[tuple[int, ...], list[float]] = {}

    def tokenize(self, text: str) -> list[int]:
        return list(self._engine.tokenize(text))

    def encode(self, text: str) -> list[int]:
        return self.prompt([{"role": "user", "content": text}])

    def prompt(self, messages: Sequence[dict[str, str]]) -> list[int]:
        return list(self._engine.encode([ChatMessage(m["role"], m["content"]) for m in messages]))

    def reply(self, messages: Sequence[dict[str, str]], words: Sequence[str]) -> list[Piece]:
        prompt, drawn = tuple(self.prompt(messages)), Sampling(temperature=0.7, max_tokens=80, seed=7)
        done = self._engine.generate(prompt, drawn).result(DEADLINE)
        return [(done.text, list(done.token_ids), list(done.logprobs))]

    def score(self, ids: Sequence[int], at: int, adapter: Path | None) -> float:
        assert adapter is None
        if tuple(ids) not in self._scored:
            self._scored[tuple(ids)] = self._engine.logprobs(tuple(ids[:1]), tuple(ids[1:]))
        return self._scored[tuple(ids)][at - 1]


@pytest.fixture
def served(
    far: FarServer, llama_engine: LlamaEngine, store: Store, allowed: Remote, folder: Path
) -> Callable[[], object]:
    """The server has the embedded model; the call compares it with the one here."""
    far.mind = Thinking(llama_engine)

    @contextmanager
    def opens(model: str) -> Iterator[Engine]:
        assert model == EMBEDDED
        yield llama_engine

    return lambda: Following(store, allowed, MODEL, opens).begin(EMBEDDED, str(folder), str(folder))


@pytest.mark.minutes
@pytest.mark.timeout(2 * DEADLINE)
def test_a_reply_of_the_server_trains_the_model_here(
    served: Callable[[], object],
    open_remote: Callable[..., Assistant],
    llama_engine: LlamaEngine,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served()
    monkeypatch.setattr(learner, "IN_A_ROW", 1)
    with open_remote() as chatting:
        answer = chatting.chat("Why is the sea salty?").result(DEADLINE)
        chatting.correct(answer.turn or "", "Please answer in at most two sentences.")
    turn = store.turn(answer.turn or "")
    assert (turn.policy, turn.adapter, turn.use) == (EMBEDDED, "base", TurnUse.QUEUED)
    here = llama_engine.logprobs(turn.prompt_ids, turn.token_ids)
    assert fingerprint.apart(here, turn.logprobs) < NEAR

    # The served reply is all that this method learns from.
    settings = Settings(model=EMBEDDED, idle_seconds=86400, learning_method="combined")
    with Assistant.open(settings) as local:
        receipt = local.learn_now(wait=True, timeout=DEADLINE)
    assert receipt is not None and receipt.status in (UpdateStatus.PUBLISHED, UpdateStatus.REJECTED), receipt
    assert (receipt.samples["rl"], receipt.samples["opd"], receipt.samples["skipped"]) == (1, 1, {})
    assert math.isfinite(receipt.metrics["loss"]) and receipt.metrics["margin_after"] > receipt.metrics["margin_before"]
    assert store.update_turns(receipt.update or 0) == [turn.id]
