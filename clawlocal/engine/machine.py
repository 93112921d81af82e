"""All that lives on the engine's thread: the model, its contexts, its adapters. Knows no queue.

Chat and scoring have a context each. A judgement then never evicts the chat's prefix, each keeps its own
adapter, and the cells of the chat's cache lie in the same order whatever was scored in between, without
which its replies would not be reproducible to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from clawlocal.engine.abort import AbortFlag
from clawlocal.engine.adapters import AdapterShelf, LoadedAdapter
from clawlocal.engine.chat import ChatRequest, answer
from clawlocal.engine.context import BRANCHES, Aborted, Context, DecodeError
from clawlocal.engine.model import Model
from clawlocal.engine.prefixes import Prefixes
from clawlocal.engine.protocol import AdapterFile, Completion, Sampling, Stop
from clawlocal.engine.samples import Steps as SampleSteps
from clawlocal.engine.samples import sample_steps
from clawlocal.engine.saved import SavedPrefixes, made_by
from clawlocal.engine.scoring import LikeliestSteps, Steps, each_steps, likeliest_steps, score_steps
from clawlocal.engine.threads import ThreadChooser
from clawlocal.errors import AdapterError, ModelError

T = TypeVar("T")

_SCORE_CELLS = 1024
"""The scoring context grows by this many cells."""


class Machine:
    """Opened, used and closed by one thread."""

    def __init__(
        self,
        path: Path,
        n_ctx: int,
        threads: ThreadChooser,
        abort: AbortFlag,
        go_on: Callable[[], bool],
        prefixes: Path | None = None,
    ) -> None:
        self._abort = abort
        self._threads = threads
        self._score: Context | None = None
        self.model = Model(path, n_ctx, go_on)
        self.n_ctx = min(n_ctx, self.model.n_ctx_train)
        self._adapters = AdapterShelf(self.model, self._in_use)
        try:
            self._chat = Context(self.model, self.n_ctx, abort, threads)
        except BaseException:
            self.model.close()
            raise
        saved = None if prefixes is None else SavedPrefixes(prefixes, made_by(path, self._chat.chunk))
        self._prefixes = Prefixes(self._chat, saved)
        self._closing: tuple[int, ...] = ()

    def chat(self, request: ChatRequest) -> Completion:
        """A whole reply. Never raises for what goes wrong with it."""
        try:
            loaded = self._loaded(request.adapter)
            request.reused = self._prefixes.bring(request.adapter, loaded, request.prompt_ids, request.session)
        except (AdapterError, DecodeError) as e:
            return request.completion(Stop.FAILED, str(e))
        completion = answer(self._chat, self.model.vocabulary, request, self.n_ctx)
        if completion.stopped is Stop.FAILED:
            self._chat.clear(wipe=True)
        last = completion.token_ids[-1:]
        self._closing = last if last and self.model.vocabulary.ends(last[0]) else ()
        self._prefixes.evaluated(len(request.prompt_ids) - request.reused, request.prefill_seconds)
        return completion

    def settle(self) -> Iterator[None]:
        """Make the last reply reusable, a batch per step; given up when somebody asks."""
        try:
            yield from self._chat.settle(self._closing)
        except Aborted:
            return

    def score(
        self, prefix: Sequence[int], continuations: Sequence[Sequence[int]], adapter: AdapterFile | None
    ) -> Steps:
        """A slice per step. Raises `AdapterError`, and `ModelError` if it cannot be computed."""
        longest = max((len(c) for c in continuations), default=0)
        steps = partial(score_steps, prefix=prefix, continuations=continuations)
        return self._beside(len(prefix) + longest, adapter, steps, "judge")

    def logprobs(self, prefix: Sequence[int], continuation: Sequence[int], adapter: AdapterFile | None) -> Steps:
        """A slice per step. Raises `AdapterError`, and `ModelError` if it cannot be computed."""
        steps = partial(each_steps, prefix=prefix, ids=continuation)
        return self._beside(len(prefix) + len(continuation), adapter, steps, "read")

    def likeliest(
        self, prefix: Sequence[int], continuation: Sequence[int], k: int, adapter: AdapterFile | None
    ) -> LikeliestSteps:
        """A slice per step. Raises `AdapterError`, and `ModelError` if it cannot be computed."""
        steps = partial(likeliest_steps, prefix=prefix, ids=continuation, k=k)
        return self._beside(len(prefix) + len(continuation), adapter, steps, "read")

    def sample(self, prefix: Sequence[int], n: int, sampling: Sampling, adapter: AdapterFile | None) -> SampleSteps:
        """A slice per step. Raises `AdapterError`, and `ModelError` if it cannot be computed."""
        steps = partial(sample_steps, vocabulary=self.model.vocabulary, prefix=prefix, n=n, sampling=sampling)
        return self._beside(len(prefix) + min(n, BRANCHES) * sampling.max_tokens, adapter, steps, "continue")

    def _beside(
        self, length: int, adapter: AdapterFile | None, steps: Callable[[Context], Generator[None, None, T]], doing: str
    ) -> Generator[None, None, T]:
        """In the context that no chat has: what failed there leaves nothing behind."""
        context = self._scoring(length)
        try:
            context.use(self._loaded(adapter))
            return (yield from steps(context))
        except DecodeError as e:
            context.clear(wipe=True)
            raise ModelError(f"The model could not {doing} this text, {e}: try again.") from e

    def check(self, adapter: AdapterFile) -> None:
        """Raises `AdapterError`."""
        self._adapters.check(adapter)

    def forget_adapter(self, version: str) -> None:
        self._prefixes.forget_adapter(version)
        for loaded in self._adapters.of_version(version):
            for context in self._contexts():
                if context.adapter is loaded:
                    context.use(None)
            self._adapters.release(loaded)

    def forget_session(self, session: str | None) -> None:
        """What was evaluated for a session, or for all."""
        self._prefixes.forget(session)

    def close(self) -> None:
        """Contexts unset their adapters and go first, then the adapters, then the model."""
        try:
            self._prefixes.close()
        finally:
            for context in self._contexts():
                context.close()
            self._adapters.close()
            self.model.close()

    def _contexts(self) -> list[Context]:
        return [self._chat] if self._score is None else [self._chat, self._score]

    def _in_use(self, loaded: LoadedAdapter) -> bool:
        return any(context.adapter is loaded for context in self._contexts())

    def _loaded(self, adapter: AdapterFile | None) -> LoadedAdapter | None:
        return None if adapter is None else self._adapters.get(adapter)

    def _scoring(self, cells: int) -> Context:
        """The scoring context, made when it is first needed and again when it is too small."""
        if self._score is not None and self._score.cells < cells:
            self._score.close()
            self._score = None
        if self._score is None:
            room = -(-cells // _SCORE_CELLS) * _SCORE_CELLS
            self._score = Context(self.model, room, self._abort, self._threads)
        return self._score
