"""The engine of a run that only reads the store: it serves nothing, and says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from clawlocal.engine.protocol import AdapterFile, ChatMessage, Completion, Generation, Sample, Sampling
from clawlocal.engine.speech import SpeechStyle
from clawlocal.errors import EngineClosed
from clawlocal.records import Tool


class AbsentEngine:
    """An `Engine` without a model."""

    n_ctx = 0

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def stop_ids(self) -> tuple[int, ...]:
        self._refuse()

    def wait_ready(self, timeout: float | None = None) -> None:
        self._refuse()

    @property
    def speech(self) -> SpeechStyle:
        self._refuse()

    def encode(
        self, messages: Sequence[ChatMessage], tools: Sequence[Tool] = (), thinking: bool = True
    ) -> tuple[int, ...]:
        self._refuse()

    def tokenize(self, text: str) -> tuple[int, ...]:
        self._refuse()

    def detokenize(self, ids: Sequence[int]) -> str:
        self._refuse()

    def generate(
        self,
        prompt_ids: Sequence[int],
        sampling: Sampling,
        adapter: AdapterFile | None = None,
        on_text: Callable[[str], None] | None = None,
        on_done: Callable[[Completion], None] | None = None,
        session: str = "",
    ) -> Generation:
        self._refuse()

    def score(
        self, prefix_ids: Sequence[int], continuations: Sequence[Sequence[int]], adapter: AdapterFile | None = None
    ) -> list[float]:
        self._refuse()

    def logprobs(
        self, prefix_ids: Sequence[int], continuation: Sequence[int], adapter: AdapterFile | None = None
    ) -> list[float]:
        self._refuse()

    def likeliest(
        self, prefix_ids: Sequence[int], continuation: Sequence[int], k: int, adapter: AdapterFile | None = None
    ) -> list[tuple[int, ...]]:
        self._refuse()

    def sample(
        self, prefix_ids: Sequence[int], n: int, sampling: Sampling, adapter: AdapterFile | None = None
    ) -> list[Sample]:
        self._refuse()

    def check(self, adapter: AdapterFile) -> None:
        self._refuse()

    def forget_adapter(self, version: str) -> None:
        """Nothing is loaded, so there is nothing to forget."""

    def forget_session(self, session: str | None) -> None:
        """Nothing is evaluated, so there is nothing to forget."""

    def close(self) -> None:
        """Nothing is open."""

    def _refuse(self) -> NoReturn:
        raise EngineClosed(f"{self.name} was not loaded for this command.")
