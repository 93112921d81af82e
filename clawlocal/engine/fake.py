"""An engine without a model, for the tests of everything above it. Replies are put in a queue beforehand.

Behaves as the real one in what callers can see: a thread of its own, streaming, cancelling, `on_done`
before the end, prompts that are too long. Tokens are the bytes of the text, and two control tokens.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from clawlocal.engine.protocol import BASE, AdapterFile, ChatMessage, Completion, Sample, Sampling, Stop
from clawlocal.engine.reply import Reply
from clawlocal.engine.speech import SpeechStyle
from clawlocal.errors import AdapterError, EngineClosed, PromptError
from clawlocal.records import Tool

START, END = 256, 257
"""Control tokens: a message begins, a message ends."""

Scorer = Callable[[Sequence[int], Sequence[Sequence[int]], AdapterFile | None], list[float]]


@dataclass(frozen=True)
class Scripted:
    """A reply to be given. With a `gate`, it waits after the first word until the gate is set."""

    text: str
    stopped: Stop = Stop.END
    error: str | None = None
    logprob: float = -0.5
    gate: threading.Event | None = None


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    prompt_ids: tuple[int, ...]
    prompt: str
    sampling: Sampling
    adapter: AdapterFile | None
    session: str


@dataclass(frozen=True)
class AskedScore:
    """A request for scores as it came, ids turned back into text."""

    prefix: str
    continuations: tuple[str, ...]
    adapter: AdapterFile | None


class FakeEngine:
    """An `Engine`. What was asked is in `requests` and `scored`."""

    def __init__(self, *, name: str = "fake", n_ctx: int = 4096, default: str = "ok") -> None:
        self.name = name
        self.n_ctx = n_ctx
        self.speech = SpeechStyle()
        """How its replies are to be read: plain text, unless a test says otherwise."""
        self.default = default
        """The reply when the queue is empty."""
        self.scorer: Scorer = _by_length
        """Answers `score` when `enqueue_score` has nothing."""
        self.requests: list[Asked] = []
        self.scored: list[AskedScore] = []
        self.checked: list[AdapterFile] = []
        self.forgotten: list[str] = []
        self.forgotten_sessions: list[str | None] = []
        self.damaged: set[str] = set()
        """Versions that `check` refuses."""
        self._replies: deque[Scripted] = deque()
        self._scores: deque[list[float]] = deque()
        self._likeliest: deque[list[tuple[int, ...]]] = deque()
        self._running: list[Reply] = []
        self._closed = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fake engine")

    def enqueue(
        self,
        text: str,
        *,
        stopped: Stop = Stop.END,
        error: str | None = None,
        logprob: float = -0.5,
        gate: threading.Event | None = None,
    ) -> None:
        """The next reply; `gate` holds it after its first word."""
        self._replies.append(Scripted(text, stopped, error, logprob, gate))

    def enqueue_score(self, scores: Sequence[float]) -> None:
        """The next result of `score`."""
        self._scores.append(list(scores))

    def enqueue_likeliest(self, tokens: Sequence[tuple[int, ...]]) -> None:
        """The next result of `likeliest`."""
        self._likeliest.append(list(tokens))

    @property
    def stop_ids(self) -> tuple[int, ...]:
        return (END,)

    def wait_ready(self, timeout: float | None = None) -> None:
        """Always ready."""

    def encode(
        self, messages: Sequence[ChatMessage], tools: Sequence[Tool] = (), thinking: bool = True
    ) -> tuple[int, ...]:
        if not messages:
            raise PromptError("There is nothing to answer yet: write a message.")
        if tools and self.speech.calls is None:
            raise PromptError("This model's chat template takes no tools: leave them out, or choose another model.")
        ids: list[int] = []
        if tools:
            ids += [START, *self.tokenize(f"tools\n{json.dumps(list(tools))}"), END]
        for message in messages:
            ids += [START, *self.tokenize(message.role + "\n")]
            said = self.tokenize(_written(message)) if message.token_ids is None else message.token_ids
            ids += said if said[-1:] == (END,) else (*said, END)
        off = "" if thinking or not self.speech.switch else "no thinking\n"
        return (*ids, START, *self.tokenize(f"assistant\n{off}"))

    def tokenize(self, text: str) -> tuple[int, ...]:
        return tuple(text.encode("utf-8", "replace"))

    def detokenize(self, ids: Sequence[int]) -> str:
        return bytes(i for i in ids if i < START).decode("utf-8", "replace")

    def generate(
        self,
        prompt_ids: Sequence[int],
        sampling: Sampling,
        adapter: AdapterFile | None = None,
        on_text: Callable[[str], None] | None = None,
        on_done: Callable[[Completion], None] | None = None,
        session: str = "",
    ) -> Reply:
        self._check_open()
        self._check_prompt(prompt_ids)
        asked = Asked(tuple(prompt_ids), self.detokenize(prompt_ids), sampling, adapter, session)
        self.requests.append(asked)
        script = self._replies.popleft() if self._replies else Scripted(self.default)
        reply = Reply(on_text, on_done)
        self._running.append(reply)
        self._thread.submit(self._speak, asked, script, reply)
        return reply

    def score(
        self,
        prefix_ids: Sequence[int],
        continuations: Sequence[Sequence[int]],
        adapter: AdapterFile | None = None,
    ) -> list[float]:
        self._check_open()
        said = tuple(self.detokenize(c) for c in continuations)
        self.scored.append(AskedScore(self.detokenize(prefix_ids), said, adapter))
        if self._scores:
            return self._scores.popleft()
        return self.scorer(prefix_ids, continuations, adapter)

    def logprobs(
        self, prefix_ids: Sequence[int], continuation: Sequence[int], adapter: AdapterFile | None = None
    ) -> list[float]:
        """Each token as `scorer` scores it behind all before it."""
        self._check_open()
        ids = (*prefix_ids, *continuation)
        return [self.scorer(ids[:at], [ids[at : at + 1]], adapter)[0] for at in range(len(prefix_ids), len(ids))]

    def likeliest(
        self, prefix_ids: Sequence[int], continuation: Sequence[int], k: int, adapter: AdapterFile | None = None
    ) -> list[tuple[int, ...]]:
        """The next result that was put in the queue; without one, the tokens themselves, each alone."""
        self._check_open()
        if self._likeliest:
            return self._likeliest.popleft()
        return [(token,) for token in continuation]

    def sample(
        self, prefix_ids: Sequence[int], n: int, sampling: Sampling, adapter: AdapterFile | None = None
    ) -> list[Sample]:
        """The next `n` replies of the queue."""
        self._check_open()
        self._check_prompt(prefix_ids)
        scripts = [self._replies.popleft() if self._replies else Scripted(self.default) for _ in range(n)]
        return [
            Sample(s.text, (*self.tokenize(s.text), END), (s.logprob,) * (len(self.tokenize(s.text)) + 1), s.stopped)
            for s in scripts
        ]

    def check(self, adapter: AdapterFile) -> None:
        self._check_open()
        self.checked.append(adapter)
        if adapter.version in self.damaged:
            raise AdapterError(f"The adapter {adapter.version} is damaged: go back to another version.")

    def forget_adapter(self, version: str) -> None:
        self.forgotten.append(version)

    def forget_session(self, session: str | None) -> None:
        self.forgotten_sessions.append(session)

    def close(self) -> None:
        self._closed.set()
        for reply in list(self._running):
            reply.cancel()
        self._thread.shutdown(wait=True)

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise EngineClosed(f"The engine of {self.name} was closed: start it again.")

    def _check_prompt(self, ids: Sequence[int]) -> None:
        if not ids or len(ids) + 1 > self.n_ctx:
            raise PromptError(
                f"Your message is {len(ids)} tokens, this model reads at most {self.n_ctx - 1}: shorten it."
            )

    def _speak(self, asked: Asked, script: Scripted, reply: Reply) -> None:
        began = time.perf_counter()
        said = ""
        for word in re.findall(r"\s*\S+\s*|\s+", script.text):
            if said and script.gate is not None:
                _wait(script.gate, reply)
            if reply.cancelled:
                break
            said += word
            reply.push(word)
        stopped = Stop.CANCELLED if reply.cancelled else script.stopped
        ids = (*self.tokenize(said), END) if stopped is Stop.END else self.tokenize(said)
        seconds = time.perf_counter() - began
        self._running.remove(reply)
        reply.finish(
            Completion(
                text=said,
                prompt_ids=asked.prompt_ids,
                token_ids=ids,
                logprobs=(script.logprob,) * len(ids),
                adapter=BASE if asked.adapter is None else asked.adapter.version,
                sampling=asked.sampling,
                stopped=stopped,
                first_token_seconds=seconds,
                total_seconds=seconds,
                reused=0,
                error=script.error,
            )
        )


def _written(message: ChatMessage) -> str:
    """What it says, and the tools it asks for."""
    calls = [json.dumps({"name": call.name, "arguments": call.arguments}) for call in message.tool_calls]
    return "\n".join([message.content, *calls] if message.content or not calls else calls)


def _wait(gate: threading.Event, reply: Reply) -> None:
    """Until the gate opens or the reply is cancelled."""
    while not (gate.wait(0.01) or reply.cancelled):
        pass


def _by_length(
    prefix: Sequence[int], continuations: Sequence[Sequence[int]], _adapter: AdapterFile | None
) -> list[float]:
    """Every token likelier behind a longer prompt, as with a model that heeds what it reads."""
    each = 3 * math.log(1 + len(prefix)) - 30
    return [each * len(c) for c in continuations]
