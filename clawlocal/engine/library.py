"""llama.cpp's library: loaded once, silenced, its log kept for error messages. Knows no model."""

from __future__ import annotations

import atexit
import logging
from functools import cache
from pathlib import Path
from typing import Any

log = logging.getLogger("clawlocal.llama.cpp")
log.addHandler(logging.NullHandler())

CPU_INFO = Path("/proc/cpuinfo")
_WARNING, _ERROR = 3, 4
_errors: list[str] = []


@cache
def library() -> Any:
    """The module of llama.cpp's C functions.

    What it says goes to the logger `clawlocal.llama.cpp`, and to stderr only if somebody configures that.
    """
    import llama_cpp._utils as silencing
    import llama_cpp.llama_cpp as functions

    # It opens these when it is imported, for a class that is not used here, and never closes them.
    for file in (silencing.outnull_file, silencing.errnull_file):
        atexit.register(file.close)
    callback = functions.llama_log_callback(_hear)
    functions.llama_log_set(callback, None)
    functions._clawlocal_log = callback  # llama.cpp keeps the bare address: the object must stay alive.
    functions.llama_backend_init()
    _keep_off_tiles(functions)
    return functions


def high_level() -> Any:
    """The class `llama_cpp.Llama`, which loads weights as this program does; for comparisons."""
    library()
    from llama_cpp import Llama

    return Llama


def tiles() -> bool:
    """Whether Linux runs on a CPU with AMX.

    GCC leaves out what llama.cpp writes into the configuration of the tiles, so that its kernels for them end the
    process with an illegal instruction (llama.cpp #26954). Without repacked weights none of them is called.
    """
    try:
        with CPU_INFO.open(encoding="utf-8", errors="replace") as lines:
            return any(line.startswith("flags") and "amx_tile" in line.split() for line in lines)
    except OSError:
        return False


def _keep_off_tiles(functions: Any) -> None:
    """For whoever loads a model in this process: also llama_cpp's own class, which asks for the defaults."""
    defaults = functions.llama_model_default_params

    def safe() -> Any:
        parameters = defaults()
        parameters.use_extra_bufts = not tiles()
        return parameters

    functions.llama_model_default_params = safe


def first_error() -> str:
    """The first thing that llama.cpp complained about, as a clause for a sentence; may be empty.

    What it says afterwards is only that it failed.
    """
    return _errors[0].removeprefix("error loading model: ") if _errors else ""


def forget_errors() -> None:
    """Before an attempt, so that `first_error` speaks of this attempt."""
    _errors.clear()


def _hear(level: int, text: bytes, _data: object) -> None:
    line = text.decode("utf-8", "replace").strip()
    if level == _ERROR and line and not _errors:
        _errors.append(line.split(": ", 1)[-1])
    log.log(logging.WARNING if level in (_WARNING, _ERROR) else logging.DEBUG, "%s", line)
