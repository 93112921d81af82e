"""What an engine is: the words that serving and its callers share. Knows no llama.cpp."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from clawlocal.engine.speech import SpeechStyle
from clawlocal.errors import PromptError
from clawlocal.limits import amiss, stops_amiss
from clawlocal.records import Tool, ToolCall

BASE = "base"
"""The name of the policy without an adapter."""


class Stop(StrEnum):
    """Why a reply ended."""

    END = "end"
    """The model ended its turn, or a stop string was met."""
    LENGTH = "length"
    """The limit of tokens, or the end of the context."""
    CANCELLED = "cancelled"
    """The user stopped it: kept, marked, never trained on."""
    FAILED = "failed"
    """The engine failed in the middle."""


@dataclass(frozen=True)
class Sampling:
    """How a token is chosen. `temperature` 0 is greedy."""

    temperature: float = 0.7
    top_p: float = 0.95
    top_k: int = 40
    min_p: float = 0.05
    repeat_after: int = 0
    """Phrases of so many tokens are kept from coming again in the same reply; 0 for as often as they like."""
    seed: int | None = None
    max_tokens: int = 512
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises `PromptError` for what no engine can do: whoever asks, nothing is begun then."""
        for name in ("temperature", "top_p", "top_k", "min_p", "repeat_after", "max_tokens", "seed"):
            value = getattr(self, name)
            wrong = "" if name == "seed" and value is None else amiss(name, value)
            if wrong:
                raise PromptError(f"The option {wrong}.")
        if wrong := stops_amiss(self.stop):
            raise PromptError(f"The option {wrong}.")


@dataclass(frozen=True)
class ChatMessage:
    """One message to render. `token_ids` are the sampled ids of a reply, used as they are."""

    role: str
    content: str
    token_ids: tuple[int, ...] | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    said: str | None = None
    """The content without the lessons behind it; None where there are none."""


@dataclass(frozen=True)
class AdapterFile:
    """A LoRA adapter as GGUF on disk."""

    version: str
    path: Path


@dataclass(frozen=True)
class Completion:
    """A finished reply. `logprobs` are natural logs under the policy at temperature 1, one per token id."""

    text: str
    prompt_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    adapter: str
    sampling: Sampling
    stopped: Stop
    first_token_seconds: float
    total_seconds: float
    reused: int
    """Prompt tokens that were in the KV cache already."""
    error: str | None = None
    remote: str = ""
    """The remote that wrote it; empty for this machine. Where it tells no token ids, there are none here."""
    counted: tuple[int, int] = (0, 0)
    """Tokens of the prompt and of the reply as the remote counted them; for where it tells no ids."""
    redacted: bool = False
    """The remote read placeholders in place of something."""


@dataclass(frozen=True)
class Sample:
    """One of several continuations of a prefix. `logprobs` as in `Completion`."""

    text: str
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    stopped: Stop


class Generation(Protocol):
    """A reply in the making."""

    def __iter__(self) -> Iterator[str]:
        """Pieces of text as they come; blocks; ends when the reply does."""
        ...

    def cancel(self) -> None:
        """Stop, also in the middle of a prefill. Returns at once."""
        ...

    def result(self, timeout: float | None = None) -> Completion:
        """Wait for the end. Raises `TimeoutError`, or the error that kept the engine from starting."""
        ...


class Engine(Protocol):
    """Serves one model. All methods may be called from any thread; one thread does the work.

    A chat request goes before every scoring request, and interrupts one that is being computed.
    """

    name: str
    n_ctx: int

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """The tokens that end a turn."""
        ...

    def wait_ready(self, timeout: float | None = None) -> None:
        """Until the model is loaded. Raises `ModelError` when it cannot be, `TimeoutError`, `EngineClosed`."""
        ...

    @property
    def speech(self) -> SpeechStyle:
        """How the model writes thoughts and tool calls."""
        ...

    def encode(
        self, messages: Sequence[ChatMessage], tools: Sequence[Tool] = (), thinking: bool = True
    ) -> tuple[int, ...]:
        """The chat template over `messages`, up to where the reply begins.

        What a user, a tool or a reply says, and how a tool is described, can never become a control token.
        `thinking` reaches templates that have a switch for it. Raises `PromptError`.
        """
        ...

    def tokenize(self, text: str) -> tuple[int, ...]:
        """Plain text to ids, with no control tokens."""
        ...

    def detokenize(self, ids: Sequence[int]) -> str:
        """Ids to text; control tokens are left out."""
        ...

    def generate(
        self,
        prompt_ids: Sequence[int],
        sampling: Sampling,
        adapter: AdapterFile | None = None,
        on_text: Callable[[str], None] | None = None,
        on_done: Callable[[Completion], None] | None = None,
        session: str = "",
    ) -> Generation:
        """Start a reply. `on_text` and `on_done` are called on the engine's thread: return quickly.

        What was evaluated for a `session` may be kept on disk until it is forgotten; without one, in memory
        alone. Raises `PromptError` when the prompt leaves no room in the context.
        """
        ...

    def score(
        self,
        prefix_ids: Sequence[int],
        continuations: Sequence[Sequence[int]],
        adapter: AdapterFile | None = None,
    ) -> list[float]:
        """Sum of log-probabilities (temperature 1) of each continuation after the shared prefix.

        The prefix is evaluated once. Blocks; gives way to chat within one decode step.
        """
        ...

    def logprobs(
        self, prefix_ids: Sequence[int], continuation: Sequence[int], adapter: AdapterFile | None = None
    ) -> list[float]:
        """The log-probability (temperature 1) of each token of a continuation.

        Blocks; gives way to chat within one decode step.
        """
        ...

    def likeliest(
        self, prefix_ids: Sequence[int], continuation: Sequence[int], k: int, adapter: AdapterFile | None = None
    ) -> list[tuple[int, ...]]:
        """The `k` likeliest tokens before each token of a continuation, likeliest first: a tuple for each.

        At temperature 1. Blocks; gives way to chat within one decode step.
        """
        ...

    def sample(
        self, prefix_ids: Sequence[int], n: int, sampling: Sampling, adapter: AdapterFile | None = None
    ) -> list[Sample]:
        """`n` continuations of one prefix, drawn independently and decoded together.

        The prefix is evaluated once. Blocks; gives way to chat within one decode step.
        """
        ...

    def check(self, adapter: AdapterFile) -> None:
        """Load the adapter and let it go. Raises `AdapterError` in words."""
        ...

    def forget_adapter(self, version: str) -> None:
        """Free what is loaded of this version, if anything."""
        ...

    def forget_session(self, session: str | None) -> None:
        """Let go of what was evaluated for a session, or for all. Returns at once."""
        ...

    def close(self) -> None:
        """End the thread and free the model. Running replies end as cancelled."""
        ...
