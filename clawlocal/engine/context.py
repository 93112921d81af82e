"""One llama.cpp context: batches in, rows of logits out, and a record of what its KV cache holds.

llama.cpp's numbers depend in their last bits on how many tokens a batch has. So that the same prompt
gives the same reply whatever came before, every prompt is evaluated in the same batches: chunks of a
fixed size that begin at multiples of it, and one shorter chunk at the end. Only whole chunks are ever
reused. Tokens that were sampled went through the model one by one; `settle` evaluates them once more in
chunks while nobody waits, so that the next turn finds them.

Belongs to the engine's thread. Knows no text, no sampling and no queue.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from clawlocal.engine.abort import AbortFlag
from clawlocal.engine.adapters import LoadedAdapter
from clawlocal.engine.library import library
from clawlocal.engine.logprob import Logits
from clawlocal.engine.model import Model
from clawlocal.errors import ModelError

CHUNK_CPU, CHUNK_GPU = 64, 512
"""Tokens per batch. On two cores 64 is as fast as 512, and is 0.15 s: reuse and interruption are finer."""

MAIN, BRANCH = 0, 1
"""Sequences: the record, and a continuation that is tried and taken back."""

_ABORTED = 2


class Aborted(Exception):
    """The flag went up: the cache is as it was before the batch."""


class DecodeError(RuntimeError):
    """llama.cpp could not evaluate a batch. The message is a clause: why."""


class Context:
    """A KV cache of `cells` tokens under at most one adapter."""

    def __init__(self, model: Model, cells: int, abort: AbortFlag, threads: tuple[int, int]) -> None:
        self.chunk = CHUNK_GPU if model.on_gpu else CHUNK_CPU
        self.cells = cells
        self.adapter: LoadedAdapter | None = None
        self.record: list[int] = []
        """The ids in the main sequence, in order."""
        self.settled = 0
        """So many of them went through in whole chunks, and may be used again."""
        self._n_vocab = model.vocabulary.size
        self.pointer = _open(model, cells, self.chunk, abort, threads)
        self._memory = library().llama_get_memory(self.pointer)
        self._batch = library().llama_batch_init(self.chunk, 0, 1)
        self._rows = 0

    def close(self) -> None:
        if self.pointer is not None:
            self.use(None)
            library().llama_batch_free(self._batch)
            library().llama_free(self.pointer)
            self.pointer = None

    def set_threads(self, decode: int, prefill: int) -> None:
        library().llama_set_n_threads(self.pointer, decode, prefill)

    def use(self, adapter: LoadedAdapter | None) -> None:
        """Speak as this adapter, None as the base. What another one left in the cache is dropped."""
        if adapter is self.adapter:
            return
        lib = library()
        pointers = None if adapter is None else (lib.llama_adapter_lora_p_ctypes * 1)(adapter.pointer)
        scales = None if adapter is None else (ctypes.c_float * 1)(1.0)
        code = lib.llama_set_adapters_lora(self.pointer, pointers, 0 if adapter is None else 1, scales)
        self.adapter = adapter
        self._forget()
        if code != 0:
            raise DecodeError(f"its adapter could not be set (code {code})")

    def rewind(self, ids: Sequence[int]) -> int:
        """Keep what the record shares with `ids`, in whole chunks. Returns how many tokens that is.

        At least the last token is always evaluated again, because its logits are needed.
        """
        same = next((i for i, (a, b) in enumerate(zip(self.record, ids, strict=False)) if a != b), None)
        shared = min(len(self.record), len(ids)) if same is None else same
        usable = min(shared, self.settled, len(ids) - 1)
        self._truncate(usable // self.chunk * self.chunk)
        return len(self.record)

    def advance(self, ids: Sequence[int]) -> bool:
        """Evaluate the next chunk of `ids`, of which the record is a beginning. True while some are left."""
        start = len(self.record)
        chunk = list(ids[start : start + self.chunk])
        last = start + len(chunk) == len(ids)
        self._decode(chunk, start, MAIN, outputs=1 if last else 0)
        self.record += chunk
        if len(chunk) == self.chunk:
            self.settled = len(self.record)
        return not last

    def append(self, token: int) -> None:
        """Evaluate one sampled token."""
        self._decode([token], len(self.record), MAIN, outputs=1)
        self.record.append(token)

    def settle(self) -> Iterator[None]:
        """Evaluate again, in whole chunks, what was appended token by token. One chunk per step."""
        target = self.record[: len(self.record) // self.chunk * self.chunk]
        if self.settled >= len(target):
            return
        self._truncate(self.settled)
        while len(self.record) < len(target):
            self.advance(target)
            yield

    def branch(self) -> None:
        """Begin a continuation after the record."""
        library().llama_memory_seq_rm(self._memory, BRANCH, -1, -1)
        library().llama_memory_seq_cp(self._memory, MAIN, BRANCH, -1, -1)

    def extend(self, ids: Sequence[int], start: int) -> Logits:
        """Evaluate at most a chunk of the continuation, from position `start`. Logits [ids, vocabulary]."""
        self._decode(ids, start, BRANCH, outputs=len(ids))
        return self._logits()

    def drop_branch(self) -> None:
        library().llama_memory_seq_rm(self._memory, BRANCH, -1, -1)

    def row(self) -> Logits:
        """The logits [vocabulary] after the last token. A view, good until the next batch."""
        row: Logits = self._logits()[-1]
        return row

    def _logits(self) -> Logits:
        first = library().llama_get_logits(self.pointer)
        if not first:
            raise DecodeError("there are no logits")
        kind = ctypes.c_float * (self._rows * self._n_vocab)
        flat = np.ctypeslib.as_array(kind.from_address(ctypes.addressof(first.contents)))
        return flat.reshape(self._rows, self._n_vocab)

    def _decode(self, ids: Sequence[int], start: int, sequence: int, outputs: int) -> None:
        """One batch, with the logits of the last `outputs` tokens. Leaves no trace if it fails."""
        self._fill(ids, start, sequence, outputs)
        code = int(library().llama_decode(self.pointer, self._batch))
        if code == 0:
            self._rows = outputs
            return
        self._rows = 0
        if not library().llama_memory_seq_rm(self._memory, sequence, start, -1):
            self._forget()
        if code == _ABORTED:
            raise Aborted
        raise DecodeError("the context is full" if code == 1 else f"llama.cpp gave up with code {code}")

    def _fill(self, ids: Sequence[int], start: int, sequence: int, outputs: int) -> None:
        batch = self._batch
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i] = token
            batch.pos[i] = start + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = i >= len(ids) - outputs

    def _truncate(self, length: int) -> None:
        """Forget all but the first `length` tokens; all of them where a model cannot forget a part."""
        if not library().llama_memory_seq_rm(self._memory, MAIN, length, -1):
            self._forget()
            return
        del self.record[length:]
        self.settled = min(self.settled, length)

    def _forget(self) -> None:
        library().llama_memory_clear(self._memory, False)
        self.record.clear()
        self.settled = 0


def _open(model: Model, cells: int, chunk: int, abort: AbortFlag, threads: tuple[int, int]) -> Any:
    lib = library()
    wanted = lib.llama_context_default_params()
    wanted.n_ctx = cells
    wanted.n_batch = wanted.n_ubatch = chunk
    wanted.n_seq_max = 2
    wanted.kv_unified = True
    wanted.n_threads, wanted.n_threads_batch = threads
    wanted.no_perf = True
    wanted.abort_callback = lib.ggml_abort_callback(abort.callback)
    wanted.abort_callback_data = abort.data
    if not model.on_gpu:
        # Flash attention shares the cache out among the threads: another number of them, other bits.
        wanted.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
    pointer = lib.llama_init_from_model(model.pointer, wanted)
    if not pointer:
        raise ModelError(
            f"There is not enough memory for a context of {cells} tokens: "
            "choose a shorter one, or close other programs."
        )
    return pointer
