"""A model file, opened: its weights, vocabulary and template. Knows no context and no thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from clawlocal.engine.gguf_file import DamagedFile, GgufFile, read_gguf
from clawlocal.engine.library import first_error, forget_errors, library
from clawlocal.engine.template import ChatTemplate
from clawlocal.engine.tokens import Vocabulary
from clawlocal.errors import ModelError

_HALF = 2
"""Bytes of a number in the KV cache."""


class Model:
    """Weights that contexts and adapters are made for. Free those first, then `close`."""

    def __init__(self, path: Path, n_ctx: int, go_on: Callable[[], bool]) -> None:
        head = _look_through(path)
        check_memory(path.stat().st_size + kv_bytes(head, n_ctx), _free_memory())
        self.pointer = _load(path, go_on)
        lib = library()
        self.vocabulary = Vocabulary(self.pointer)
        self.architecture = str(head.metadata.get("general.architecture", ""))
        self.n_ctx_train = int(lib.llama_model_n_ctx_train(self.pointer))
        self.on_gpu = bool(lib.llama_supports_gpu_offload())
        try:
            self.vocabulary.know_marks(self.template.style.marks)
        except BaseException:
            self.close()
            raise

    @cached_property
    def template(self) -> ChatTemplate:
        source = library().llama_model_chat_template(self.pointer, None)
        vocabulary = self.vocabulary
        return ChatTemplate(
            source.decode("utf-8", "replace") if source else None, vocabulary.bos_text, vocabulary.eos_text
        )

    def close(self) -> None:
        if self.pointer is not None:
            library().llama_model_free(self.pointer)
            self.pointer = None


def kv_bytes(head: GgufFile, n_ctx: int) -> int:
    """About how much the KV cache of `n_ctx` tokens takes; 0 where the file does not say.

    layers · tokens · (keys + values) · KV heads · numbers per head, in half precision. No context is longer
    than what the model was trained for.
    """
    known = head.metadata
    prefix = known.get("general.architecture")
    layers, width, heads = (
        known.get(f"{prefix}.{key}") for key in ("block_count", "embedding_length", "attention.head_count")
    )
    kv_heads = known.get(f"{prefix}.attention.head_count_kv", heads)
    trained = known.get(f"{prefix}.context_length")
    if not (isinstance(layers, int) and isinstance(width, int) and isinstance(heads, int) and heads):
        return 0
    if not isinstance(kv_heads, int):
        return 0
    tokens = min(n_ctx, trained) if isinstance(trained, int) else n_ctx
    return layers * tokens * 2 * kv_heads * (width // heads) * _HALF


def check_memory(needed: int, free: int) -> None:
    """Raises `ModelError` if the weights and the KV cache would not fit: the system would swap."""
    if needed > free:
        raise ModelError(
            f"This model needs {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free: "
            "close other programs, choose a smaller model or a shorter context."
        )


def _look_through(path: Path) -> GgufFile:
    try:
        return read_gguf(path)
    except FileNotFoundError as e:
        raise ModelError(f"There is no model file at {path}: download it again or choose another.") from e
    except OSError as e:
        raise ModelError(f"The model file {path} cannot be read ({e.strerror}): check it or choose another.") from e
    except DamagedFile as e:
        raise ModelError(f"The model file {path} is damaged, {e}: download it again.") from e


def _load(path: Path, go_on: Callable[[], bool]) -> Any:
    lib = library()
    parameters = lib.llama_model_default_params()
    parameters.progress_callback = lib.llama_progress_callback(lambda _progress, _data: go_on())
    forget_errors()
    pointer = lib.llama_model_load_from_file(str(path).encode(), parameters)
    if not pointer:
        why = first_error() or "llama.cpp does not know this kind of model"
        raise ModelError(f"The model {path.name} cannot be loaded ({why}): choose another.")
    return pointer


def _free_memory() -> int:
    import psutil

    return int(psutil.virtual_memory().available)
