"""The engine that serves a GGUF file with llama.cpp: the thread, and what other threads may ask of it.

Knows what waits and who is told; how a reply is computed is the `machine`'s business.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from clawlocal.engine.abort import AbortFlag
from clawlocal.engine.jobs import Job, JobQueue, Priority
from clawlocal.engine.prefix_files import check_name
from clawlocal.engine.prompt import encode_chat
from clawlocal.engine.protocol import AdapterFile, ChatMessage, Completion, Sample, Sampling, Stop
from clawlocal.engine.reply import Reply
from clawlocal.engine.speech import SpeechStyle
from clawlocal.engine.threads import ThreadChoice, ThreadChooser
from clawlocal.errors import ClawlocalError, EngineClosed, ModelError, PromptError
from clawlocal.records import Tool

if TYPE_CHECKING:
    from clawlocal.engine.chat import ChatRequest
    from clawlocal.engine.machine import Machine
    from clawlocal.engine.model import Model

log = logging.getLogger(__name__)
T = TypeVar("T")

SWITCH_SECONDS = 0.0005


class LlamaEngine:
    """An `Engine` over llama.cpp. Returns at once; the model is loaded on the engine's own thread."""

    def __init__(self, path: Path, *, name: str, n_ctx: int, threads: int = 0, prefixes: Path | None = None) -> None:
        """`threads` 0 chooses; `prefixes` is the folder for what was evaluated of long sessions."""
        self.name = name
        self.n_ctx = n_ctx
        """As asked for; at most what the model was trained for, once it is ready."""
        self._path = Path(path)
        self._chooser = ThreadChooser(threads)
        self._prefixes = prefixes
        self._to_forget: deque[str | None] = deque()
        self._abort = AbortFlag()
        self._queue = JobQueue(self._abort)
        self._loaded = threading.Event()
        self._error: ClawlocalError | None = None
        self._machine: Machine | None = None
        self._reading = threading.RLock()
        self._thread = threading.Thread(target=self._run, name=f"engine {name}", daemon=True)
        self._thread.start()
        # A daemon thread that still computes while the interpreter goes away would crash it.
        atexit.register(self.close)

    # What any thread may call

    def wait_ready(self, timeout: float | None = None) -> None:
        """Raises `ModelError` in one sentence, `EngineClosed`, or `TimeoutError`."""
        if not self._loaded.wait(timeout):
            raise TimeoutError(f"The model {self.name} is still being loaded.")
        if self._error is not None:
            raise self._error
        if self._queue.closed:
            raise _closed(self.name)

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """The tokens that end a turn."""
        with self._model() as model:
            return model.vocabulary.stops

    @property
    def speech(self) -> SpeechStyle:
        """How the model writes thoughts and tool calls."""
        with self._model() as model:
            return model.template.style

    def encode(
        self, messages: Sequence[ChatMessage], tools: Sequence[Tool] = (), thinking: bool = True
    ) -> tuple[int, ...]:
        """The chat template over `messages`, up to where the reply begins. Raises `PromptError`."""
        with self._model() as model:
            return encode_chat(model.vocabulary, model.template, messages, tools, thinking)

    def tokenize(self, text: str) -> tuple[int, ...]:
        """Plain text to ids, with no control tokens."""
        with self._model() as model:
            return tuple(model.vocabulary.plain(text))

    def detokenize(self, ids: Sequence[int]) -> str:
        """Ids to text; control tokens are left out."""
        with self._model() as model:
            return model.vocabulary.text(ids)

    def generate(
        self,
        prompt_ids: Sequence[int],
        sampling: Sampling,
        adapter: AdapterFile | None = None,
        on_text: Callable[[str], None] | None = None,
        on_done: Callable[[Completion], None] | None = None,
        session: str = "",
    ) -> Reply:
        """Start a reply. Raises `PromptError`, and `EngineClosed` or `ModelError` if there is no engine."""
        from clawlocal.engine.chat import ChatRequest

        self._check_prompt(prompt_ids)
        if session:
            check_name(session)
        request = ChatRequest(tuple(prompt_ids), sampling, adapter, Reply(on_text, on_done), session)
        job = Job(Priority.CHAT, lambda: self._chat(request), lambda: self._drop(request))
        request.reply.when_cancelled(lambda: self._queue.interrupt(job))
        self._put(job)
        return request.reply

    def score(
        self,
        prefix_ids: Sequence[int],
        continuations: Sequence[Sequence[int]],
        adapter: AdapterFile | None = None,
    ) -> list[float]:
        """Sum of log-probabilities (temperature 1) of each continuation after the shared prefix. Blocks."""
        longest = max((len(c) for c in continuations), default=0)
        self._check_prompt(prefix_ids, room=longest)
        steps = self._on_machine(lambda machine: machine.score(prefix_ids, continuations, adapter))
        return self._wait_for(Priority.SCORE, steps)

    def logprobs(
        self, prefix_ids: Sequence[int], continuation: Sequence[int], adapter: AdapterFile | None = None
    ) -> list[float]:
        """The log-probability (temperature 1) of each token of a continuation. Blocks."""
        self._check_prompt(prefix_ids, room=len(continuation))
        steps = self._on_machine(lambda machine: machine.logprobs(prefix_ids, continuation, adapter))
        return self._wait_for(Priority.SCORE, steps)

    def likeliest(
        self, prefix_ids: Sequence[int], continuation: Sequence[int], k: int, adapter: AdapterFile | None = None
    ) -> list[tuple[int, ...]]:
        """The `k` likeliest tokens before each token of a continuation, likeliest first: a tuple for each. Blocks."""
        self._check_prompt(prefix_ids, room=len(continuation))
        steps = self._on_machine(lambda machine: machine.likeliest(prefix_ids, continuation, k, adapter))
        return self._wait_for(Priority.SCORE, steps)

    def sample(
        self, prefix_ids: Sequence[int], n: int, sampling: Sampling, adapter: AdapterFile | None = None
    ) -> list[Sample]:
        """`n` continuations of one prefix, drawn independently and decoded together. Blocks."""
        self._check_prompt(prefix_ids, room=sampling.max_tokens)
        steps = self._on_machine(lambda machine: machine.sample(prefix_ids, n, sampling, adapter))
        return self._wait_for(Priority.SCORE, steps)

    def check(self, adapter: AdapterFile) -> None:
        """Load the adapter and let it go. Raises `AdapterError` in words."""
        self._wait_for(Priority.CONTROL, self._once(lambda machine: machine.check(adapter)))

    def forget_adapter(self, version: str) -> None:
        """Free what is loaded of this version, when nothing else is to do. Returns at once."""
        self._submit(Priority.IDLE, self._once(lambda machine: machine.forget_adapter(version)))

    def forget_session(self, session: str | None) -> None:
        """Let go of what was evaluated for a session, or for all. Returns at once."""
        if session is not None:
            check_name(session)
        self._to_forget.append(session)
        with suppress(ClawlocalError):  # there is no engine, and nothing evaluated
            self._submit(Priority.CHAT, self._once(self._forget_sessions))

    @property
    def threads(self) -> ThreadChoice:
        """How many threads it computes with at this moment, and why."""
        return self._chooser.choice

    def set_threads(self, decode: int, prefill: int) -> None:
        """Fix them, for the jobs after the present one; 0, 0 chooses again. Changes no bit of any reply."""
        self._submit(Priority.CONTROL, self._once(lambda _machine: self._chooser.fix(decode, prefill)))

    def close(self) -> None:
        """End the thread and free the model. Running replies end as cancelled. Can be called again."""
        atexit.unregister(self.close)
        for job in self._queue.close():
            job.drop()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    # Between the threads

    @contextmanager
    def _model(self) -> Iterator[Model]:
        """The model, which is not freed in the meantime."""
        self.wait_ready()
        with self._reading:
            if self._machine is None:
                raise _closed(self.name)
            yield self._machine.model

    def _check_prompt(self, ids: Sequence[int], room: int = 1) -> None:
        if not ids:
            raise PromptError("There is nothing to answer yet: write a message.")
        if len(ids) + room > self.n_ctx:
            raise PromptError(
                f"Your message is {len(ids)} tokens, this model reads at most {self.n_ctx - room}: shorten it."
            )

    def _put(self, job: Job) -> None:
        if self._error is not None:
            raise self._error
        if not self._queue.put(job):
            raise self._error or _closed(self.name)

    def _wait_for(self, priority: Priority, steps: Generator[None, None, T]) -> T:
        if threading.current_thread() is self._thread:
            raise RuntimeError("a callback of the engine must not wait for the engine")
        return self._submit(priority, steps).result()

    def _submit(self, priority: Priority, steps: Generator[None, None, T]) -> Future[T]:
        future: Future[T] = Future()

        def step() -> bool:
            try:
                next(steps)
                return True
            except StopIteration as end:
                future.set_result(end.value)
            except Exception as e:
                future.set_exception(e)
            return False

        self._put(Job(priority, step, lambda: future.set_exception(self._error or _closed(self.name))))
        return future

    def _on_machine(self, work: Callable[[Machine], Generator[None, None, T]]) -> Generator[None, None, T]:
        assert self._machine is not None
        return (yield from work(self._machine))

    def _once(self, work: Callable[[Machine], T]) -> Generator[None, None, T]:
        """Work without steps in the form of work with steps."""
        assert self._machine is not None
        return work(self._machine)
        yield

    # On the engine's own thread

    def _run(self) -> None:
        # After a decode this thread needs Python's lock, and whoever has it keeps it for this long: by default
        # as long as a token takes.
        sys.setswitchinterval(min(SWITCH_SECONDS, sys.getswitchinterval()))
        try:
            self._machine = self._open()
        except Exception as e:
            self._give_up(e)
            return
        self.n_ctx = self._machine.n_ctx
        self._loaded.set()
        try:
            while (job := self._queue.take()) is not None:
                self._work_on(job)
        finally:
            self._shut()

    def _work_on(self, job: Job) -> None:
        try:
            unfinished = job.step() and not self._queue.give_back(job)
        except Exception:
            # Nobody waits for such a job: those that somebody waits for report their own failures.
            log.exception("a job of the engine failed")
            return
        if unfinished:
            job.drop()

    def _open(self) -> Machine:
        from clawlocal.engine.machine import Machine

        def go_on() -> bool:
            return not self._queue.closed

        return Machine(self._path, self.n_ctx, self._chooser, self._abort, go_on, self._prefixes)

    def _give_up(self, error: Exception) -> None:
        """There will be no model: everybody who waits is told why."""
        if not self._queue.closed:
            unknown = ModelError(f"The model {self.name} cannot be loaded: {error}.")
            self._error = error if isinstance(error, ClawlocalError) else unknown
        for job in self._queue.close():
            job.drop()
        self._loaded.set()

    def _shut(self) -> None:
        with self._reading:
            machine, self._machine = self._machine, None
            if machine is not None:
                self._forget_sessions(machine)
                machine.close()

    def _forget_sessions(self, machine: Machine) -> None:
        while self._to_forget:
            machine.forget_session(self._to_forget.popleft())

    def _chat(self, request: ChatRequest) -> bool:
        assert self._machine is not None
        # A chat that was asked for earlier must not put on disk what is to be forgotten.
        self._forget_sessions(self._machine)
        if request.reply.cancelled:
            completion = request.completion(Stop.CANCELLED)
        else:
            completion = self._answer(self._machine, request)
        request.reply.finish(completion)
        self._queue.put(self._settling(self._machine))
        return False

    def _answer(self, machine: Machine, request: ChatRequest) -> Completion:
        try:
            return machine.chat(request)
        except Exception as e:
            log.exception("a reply failed")
            return request.completion(Stop.FAILED, f"The engine made a mistake ({e}): ask again.")

    def _settling(self, machine: Machine) -> Job:
        steps = machine.settle()
        return Job(Priority.SETTLE, lambda: next(steps, self) is None, lambda: None)

    def _drop(self, request: ChatRequest) -> None:
        """The engine ends before the reply began."""
        if self._error is not None:
            request.reply.fail(self._error, request.completion(Stop.FAILED, str(self._error)))
        else:
            request.reply.finish(request.completion(Stop.CANCELLED))


def _closed(name: str) -> EngineClosed:
    return EngineClosed(f"The engine of {name} was closed: start it again.")
