"""One llama.cpp context: batches in, rows of logits out, and a record of what its KV cache holds.

Prompts are evaluated in the batches of `batches`, and only whole ones are ever reused. Tokens that were
sampled went through the model one by one; `settle` evaluates them once more in batches while nobody waits,
so that the next turn finds them.

Belongs to the engine's thread. Knows no text, no sampling and no queue.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from clawlocal.engine.abort import AbortFlag
from clawlocal.engine.adapters import LoadedAdapter
from clawlocal.engine.batches import TAIL, Snapshot, batch_end, batch_ends, usable, whole_end
from clawlocal.engine.library import library
from clawlocal.engine.logprob import Logits
from clawlocal.engine.model import Model
from clawlocal.engine.quick import quick
from clawlocal.engine.threads import ThreadChoice, ThreadChooser
from clawlocal.errors import ModelError

CHUNK_CPU, CHUNK_GPU = 64, 512
"""Most tokens of a batch. On two cores 64 is as fast as 512, and less is lost when it is interrupted."""
MAIN = 0
"""The sequence of the record; those above it are continuations that are tried and taken back."""
BRANCHES = 8
"""So many continuations at most at the same time."""

_ABORTED = 2


class Aborted(Exception):
    """The flag went up: the cache is as it was before the batch."""


class DecodeError(RuntimeError):
    """llama.cpp could not evaluate a batch. The message is a clause: why."""


class Context:
    """A KV cache of `cells` tokens under at most one adapter."""

    def __init__(self, model: Model, cells: int, abort: AbortFlag, threads: ThreadChooser) -> None:
        self.chunk = CHUNK_GPU if model.on_gpu else CHUNK_CPU
        self.cells = cells
        self.adapter: LoadedAdapter | None = None
        self.record: list[int] = []
        """The ids in the main sequence, in order."""
        self.ends: list[int] = []
        """Where whole batches end: what went through in them may be used again."""
        self._on_gpu = model.on_gpu
        self._turn_ends = frozenset(model.vocabulary.stops)
        self._n_vocab = model.vocabulary.size
        self._chooser = threads
        self._threads = threads.choice
        self.pointer = _open(model, cells, self.chunk + TAIL, abort, threads.choice)
        self._memory = library().llama_get_memory(self.pointer)
        self._batch = library().llama_batch_init(self.chunk + TAIL, 0, 1)
        self._rows = 0
        self._view: Logits | None = None
        self._viewed = (0, 0)

    def close(self) -> None:
        if self.pointer is not None:
            self.use(None)
            library().llama_batch_free(self._batch)
            library().llama_free(self.pointer)
            self.pointer = None

    @property
    def settled(self) -> int:
        """So many tokens of the record went through in whole batches."""
        return self.ends[-1] if self.ends else 0

    def use(self, adapter: LoadedAdapter | None) -> None:
        """Speak as this adapter, None as the base. What another one left in the cache is dropped."""
        if adapter is self.adapter:
            return
        lib = library()
        pointers = None if adapter is None else (lib.llama_adapter_lora_p_ctypes * 1)(adapter.pointer)
        scales = None if adapter is None else (ctypes.c_float * 1)(1.0)
        code = lib.llama_set_adapters_lora(self.pointer, pointers, 0 if adapter is None else 1, scales)
        self.adapter = adapter if code == 0 else None
        self.clear()
        if code != 0:
            lib.llama_set_adapters_lora(self.pointer, None, 0, None)
            raise DecodeError(f"its adapter could not be set (code {code})")

    def cuts(self, ids: Sequence[int]) -> list[int]:
        """Where the batches of a prompt end."""
        return batch_ends(ids, self.chunk, self._turn_ends)

    def usable(self, ids: Sequence[int], cuts: Sequence[int]) -> int:
        """How many tokens of the prompt `ids` need not be evaluated again."""
        return usable(self.record, self.ends, ids, cuts)

    def rewind(self, ids: Sequence[int], cuts: Sequence[int] | None = None) -> int:
        """Keep of the record what `ids` can use. Returns how many tokens that is."""
        self._truncate(self.usable(ids, self.cuts(ids) if cuts is None else cuts))
        return len(self.record)

    def advance(self, ids: Sequence[int]) -> bool:
        """Evaluate the next batch of `ids`, of which the record is a beginning. True while some are left."""
        start = len(self.record)
        stop = batch_end(ids, start, self.chunk, self._turn_ends)
        last = stop == len(ids)
        self._decode(ids[start:stop], start, MAIN, outputs=1 if last else 0)
        self.record += ids[start:stop]
        if stop == whole_end(ids, start, self.chunk, self._turn_ends):
            self.ends.append(stop)
        return not last

    def append(self, token: int) -> None:
        """Evaluate one sampled token."""
        self._decode([token], len(self.record), MAIN, outputs=1)
        self.record.append(token)

    def settle(self, closing: Sequence[int] = ()) -> Iterator[None]:
        """Evaluate again, in whole batches, what was appended token by token. One batch per step.

        `closing` is what the next prompt will have after the record: the token that ended the reply. Ends when
        something else was evaluated between two steps.
        """
        target = [*self.record, *closing]
        stop = self.settled
        while (end := whole_end(target, stop, self.chunk, self._turn_ends)) is not None:
            stop = end
        if stop == self.settled:
            return
        self._truncate(self.settled)
        while len(self.record) < stop and self.record == target[: len(self.record)]:
            self.advance(target[:stop])
            yield

    def snapshot(self) -> Snapshot:
        """All that may be used again. Drops the rest of the record."""
        self._truncate(self.settled)
        lib = library()
        state = np.empty(lib.llama_state_seq_get_size(self.pointer, MAIN), np.uint8)
        pointer = state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        written = lib.llama_state_seq_get_data(self.pointer, pointer, state.size, MAIN)
        if written != state.size:
            raise DecodeError("its cache could not be copied")
        return Snapshot(tuple(self.record), tuple(self.ends), state)

    def restore(self, snapshot: Snapshot) -> bool:
        """Put a snapshot in the place of what is there. False if llama.cpp refuses it: then nothing is there."""
        self.clear()
        pointer = snapshot.state.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))
        if library().llama_state_seq_set_data(self.pointer, pointer, snapshot.state.size, MAIN) == 0:
            self.clear()
            return False
        self.record, self.ends = list(snapshot.ids), list(snapshot.ends)
        return True

    def branch(self, n: int = 1) -> None:
        """Begin `n` continuations after the record: sequences 1 to `n`."""
        self.drop_branches()
        for sequence in range(1, n + 1):
            library().llama_memory_seq_cp(self._memory, MAIN, sequence, -1, -1)

    def extend(self, ids: Sequence[int], start: int) -> Logits:
        """Evaluate at most a chunk of continuation 1, from position `start`. Logits [ids, vocabulary]."""
        self._decode(ids, start, MAIN + 1, outputs=len(ids))
        return self._logits()

    def extend_each(self, tokens: Mapping[int, int], position: int) -> Logits:
        """Evaluate one token of each continuation in `tokens`, by its number. Logits [continuations, vocabulary]."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, (sequence, token) in enumerate(tokens.items()):
            self._put(i, token, position, sequence, wanted=True)
        self._compute(len(tokens), position, list(tokens))
        return self._logits()

    def drop_branches(self) -> None:
        for sequence in range(1, BRANCHES + 1):
            library().llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def row(self) -> Logits:
        """The logits [vocabulary] after the last token. A view, good until the next batch."""
        row: Logits = self._logits()[-1]
        return row

    def _logits(self) -> Logits:
        """The rows of the last batch, where llama.cpp keeps them: a view, made anew only when they have moved."""
        address = quick().llama_get_logits(self.pointer)
        if not address:
            raise DecodeError("there are no logits")
        if self._view is None or (address, self._rows) != self._viewed:
            kind = ctypes.c_float * (self._rows * self._n_vocab)
            flat = np.frombuffer(memoryview(kind.from_address(address)), np.float32)
            self._view, self._viewed = flat.reshape(self._rows, self._n_vocab), (address, self._rows)
        return self._view

    def _decode(self, ids: Sequence[int], start: int, sequence: int, outputs: int) -> None:
        """One batch, with the logits of the last `outputs` tokens. Leaves no trace if it fails."""
        self._batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            self._put(i, token, start + i, sequence, wanted=i >= len(ids) - outputs)
        self._compute(outputs, start, [sequence])

    def _put(self, i: int, token: int, position: int, sequence: int, wanted: bool) -> None:
        batch = self._batch
        batch.token[i] = token
        batch.pos[i] = position
        batch.n_seq_id[i] = 1
        batch.seq_id[i][0] = sequence
        batch.logits[i] = wanted

    def _compute(self, outputs: int, start: int, sequences: Sequence[int]) -> None:
        self._choose_threads()
        code = int(library().llama_decode(self.pointer, self._batch))
        if code == 0:
            self._rows = outputs
            if self._on_gpu:
                # To read logits waits for the device: not with Python's lock in hand.
                library().llama_synchronize(self.pointer)
            return
        self._rows = 0
        for sequence in sequences:
            if not library().llama_memory_seq_rm(self._memory, sequence, start, -1):
                self.clear()
        if code == _ABORTED:
            raise Aborted
        raise DecodeError("the context is full" if code == 1 else f"llama.cpp gave up with code {code}")

    def _choose_threads(self) -> None:
        choice = self._chooser.look(self._batch.n_tokens)
        if choice is not self._threads:
            library().llama_set_n_threads(self.pointer, choice.decode, choice.prefill)
            self._threads = choice

    def _truncate(self, length: int) -> None:
        """Forget all but the first `length` tokens; all of them where a model cannot forget a part."""
        if not library().llama_memory_seq_rm(self._memory, MAIN, length, -1):
            self.clear()
            return
        del self.record[length:]
        while self.settled > length:
            self.ends.pop()

    def clear(self, wipe: bool = False) -> None:
        """Forget everything that was evaluated. `wipe` the numbers too, where some of them may be NaN.

        Attention multiplies what lies in unused cells by zero, which leaves a NaN what it is.
        """
        library().llama_memory_clear(self._memory, wipe)
        self.record.clear()
        self.ends.clear()


def _open(model: Model, cells: int, most: int, abort: AbortFlag, threads: ThreadChoice) -> Any:
    lib = library()
    wanted = lib.llama_context_default_params()
    wanted.n_ctx = cells
    wanted.n_batch = wanted.n_ubatch = most
    wanted.n_seq_max = 1 + BRANCHES
    wanted.kv_unified = True
    wanted.n_threads, wanted.n_threads_batch = threads.decode, threads.prefill
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
