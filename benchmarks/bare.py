"""The yardsticks: llama.cpp with nothing around it, and `llama_cpp.Llama`. Know nothing of our engine's loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.timeline import Timeline, Watch
from clawlocal.engine.library import high_level, library
from clawlocal.engine.protocol import Sampling
from clawlocal.errors import ModelError

BATCH = 512
"""Tokens in one `llama_decode`, at most."""
FLASH_ATTENTION = False
"""As clawlocal.engine.context opens its own contexts on a processor."""


class Bare:
    """One model, one context, one batch that is built once; ids are decoded as they are given."""

    def __init__(self, path: Path, n_ctx: int, threads: tuple[int, int]) -> None:
        lib = library()
        self._model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        self._context = lib.llama_init_from_model(self._model, _parameters(lib, n_ctx, threads))
        self._memory = lib.llama_get_memory(self._context)
        self._batch = lib.llama_batch_init(BATCH, 0, 1)
        self._greedy = lib.llama_sampler_init_greedy()
        for i in range(BATCH):
            self._batch.n_seq_id[i] = 1
            self._batch.seq_id[i][0] = 0

    def set_threads(self, decode: int, prefill: int) -> None:
        library().llama_set_n_threads(self._context, decode, prefill)

    def first(self, prompt: Sequence[int]) -> float:
        """Seconds to the first token, on an empty cache."""
        return self.run(prompt, prompt[:1], greedy=True).first

    def run(self, prompt: Sequence[int], reply: Sequence[int], *, greedy: bool) -> Timeline:
        """Prefill, then the reply's ids one by one. With `greedy` llama.cpp's sampler draws too, for nothing."""
        lib, context, batch = library(), self._context, self._batch
        lib.llama_memory_clear(self._memory, False)
        watch = Watch()
        self._prefill(prompt)
        if greedy:
            lib.llama_sampler_sample(self._greedy, context, -1)
        watch.tick()
        batch.n_tokens, batch.logits[0] = 1, True
        # The last token of a reply is never evaluated: nothing comes after it.
        for position, token in enumerate(reply[:-1], len(prompt)):
            batch.token[0], batch.pos[0] = token, position
            _check(lib.llama_decode(context, batch))
            if greedy:
                lib.llama_sampler_sample(self._greedy, context, -1)
            watch.tick()
        return watch.timeline()

    def _prefill(self, prompt: Sequence[int]) -> None:
        batch = self._batch
        for start in range(0, len(prompt), BATCH):
            ids = prompt[start : start + BATCH]
            batch.n_tokens = len(ids)
            for i, token in enumerate(ids):
                batch.token[i], batch.pos[i] = token, start + i
                batch.logits[i] = start + i == len(prompt) - 1
            _check(library().llama_decode(self._context, batch))
        # llama_decode returns before a backend that works beside it is done.
        library().llama_synchronize(self._context)

    def __enter__(self) -> Bare:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lib = library()
        lib.llama_sampler_free(self._greedy)
        lib.llama_batch_free(self._batch)
        lib.llama_free(self._context)
        lib.llama_model_free(self._model)


def _check(code: int) -> None:
    if code != 0:
        raise ModelError(f"llama.cpp alone gave up with code {code}: choose a longer context.")


def _parameters(lib: Any, n_ctx: int, threads: tuple[int, int]) -> Any:
    wanted = lib.llama_context_default_params()
    wanted.n_ctx = n_ctx
    wanted.n_batch = wanted.n_ubatch = BATCH
    wanted.n_threads, wanted.n_threads_batch = threads
    wanted.no_perf = True
    if not FLASH_ATTENTION:
        wanted.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return wanted


class HighLevel:
    """`llama_cpp.Llama.create_chat_completion`, as most programs in Python serve a GGUF file."""

    def __init__(self, path: Path, n_ctx: int, threads: tuple[int, int]) -> None:
        decode, prefill = threads
        self._llama = high_level()(
            str(path),
            n_ctx=n_ctx,
            n_threads=decode,
            n_threads_batch=prefill,
            flash_attn=FLASH_ATTENTION,
            verbose=False,
        )

    def set_threads(self, decode: int, prefill: int) -> None:
        library().llama_set_n_threads(self._llama.ctx, decode, prefill)

    def run(self, messages: Sequence[dict[str, str]], sampling: Sampling) -> Timeline:
        """A reply, streamed."""
        watch = Watch()
        stream = self._llama.create_chat_completion(
            list(messages),
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            min_p=sampling.min_p,
            seed=sampling.seed,
            max_tokens=sampling.max_tokens,
            repeat_penalty=1.0,
            stream=True,
        )
        for chunk in stream:
            if chunk["choices"][0]["delta"].get("content"):
                watch.tick()
        return watch.timeline()

    def __enter__(self) -> HighLevel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._llama.close()
