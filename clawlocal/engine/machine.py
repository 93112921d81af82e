"""All that lives on the engine's thread: the model, its contexts, its adapters. Knows no queue.

Chat and scoring have a context each. A judgement then never evicts the chat's prefix, each keeps its own
adapter, and the cells of the chat's cache lie in the same order whatever was scored in between, without
which its replies would not be reproducible to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from clawlocal.engine.abort import AbortFlag
from clawlocal.engine.adapters import AdapterShelf, LoadedAdapter
from clawlocal.engine.chat import ChatRequest, answer
from clawlocal.engine.context import Aborted, Context, DecodeError
from clawlocal.engine.model import Model
from clawlocal.engine.protocol import AdapterFile, Completion, Stop
from clawlocal.engine.scoring import Steps, score_steps
from clawlocal.errors import AdapterError, ModelError

_MOST_THREADS = 8
_SCORE_CELLS = 1024
"""The scoring context grows by this many cells."""


class Machine:
    """Opened, used and closed by one thread."""

    def __init__(
        self, path: Path, n_ctx: int, threads: tuple[int, int], abort: AbortFlag, go_on: Callable[[], bool]
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

    def chat(self, request: ChatRequest) -> Completion:
        """A whole reply. Never raises for what goes wrong with it."""
        try:
            self._chat.use(self._loaded(request.adapter))
        except (AdapterError, DecodeError) as e:
            return request.completion(Stop.FAILED, str(e))
        return answer(self._chat, self.model.vocabulary, request, self.n_ctx)

    def settle(self) -> Iterator[None]:
        """Make the last reply reusable, a chunk per step; given up when somebody asks."""
        try:
            yield from self._chat.settle()
        except Aborted:
            return

    def score(
        self, prefix: Sequence[int], continuations: Sequence[Sequence[int]], adapter: AdapterFile | None
    ) -> Steps:
        """A slice per step. Raises `AdapterError`, and `ModelError` if it cannot be computed."""
        longest = max((len(c) for c in continuations), default=0)
        context = self._scoring(len(prefix) + longest)
        try:
            context.use(self._loaded(adapter))
            return (yield from score_steps(context, prefix, continuations))
        except DecodeError as e:
            raise ModelError(f"The model could not judge this text, {e}: try again.") from e

    def check(self, adapter: AdapterFile) -> None:
        """Raises `AdapterError`."""
        self._adapters.check(adapter)

    def forget_adapter(self, version: str) -> None:
        for loaded in self._adapters.of_version(version):
            for context in self._contexts():
                if context.adapter is loaded:
                    context.use(None)
            self._adapters.release(loaded)

    def set_threads(self, decode: int, prefill: int) -> None:
        self._threads = (decode, prefill)
        for context in self._contexts():
            context.set_threads(decode, prefill)

    def close(self) -> None:
        """Contexts unset their adapters and go first, then the adapters, then the model."""
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


def choose_threads(wanted: int) -> int:
    """`wanted`, or for 0 one per physical core, at most 8.

    A second thread makes a prefill nearly twice as fast and decoding a little; past the physical cores
    threads only wait for one another. The trainer runs at low priority and gives way to all of them.
    """
    if wanted > 0:
        return wanted
    import psutil

    logical = psutil.cpu_count() or 1
    physical = psutil.cpu_count(logical=False) or logical
    return max(1, min(_MOST_THREADS, max(physical, min(2, logical))))
