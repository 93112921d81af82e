"""The few short functions of llama.cpp that are called for every token, without letting go of Python's lock.

An ordinary call of a C function gives the interpreter's lock away and takes it back. For a call of a few
microseconds that is the dear part: while the interface draws, every such call can wait milliseconds for
its turn. Only the decode itself is worth giving it away. Knows no model.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from clawlocal.engine.library import library


@cache
def quick() -> Any:
    """`llama_get_logits` and `llama_sampler_apply`, called with the lock held."""
    lib = library()
    functions = ctypes.PyDLL(lib._lib._name)
    functions.llama_get_logits.argtypes = [ctypes.c_void_p]
    functions.llama_get_logits.restype = ctypes.c_void_p
    functions.llama_sampler_apply.argtypes = [ctypes.c_void_p, lib.llama_token_data_array_p]
    functions.llama_sampler_apply.restype = None
    return functions
