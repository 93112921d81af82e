"""A flag that llama.cpp looks at while it computes, without asking Python. Knows nothing else."""

from __future__ import annotations

import ctypes
import os


class AbortFlag:
    """Raised from any thread, read by llama.cpp between the operations of one decode.

    llama.cpp calls an abort callback some nine hundred times per token. A Python function there would
    take the interpreter's lock each time and wait for whatever else the process is doing. So the callback
    is C's own `strlen` over two bytes: the empty string goes on (0), a string of length 1 stops.
    """

    def __init__(self) -> None:
        self._bytes = ctypes.create_string_buffer(2)
        library = ctypes.CDLL("msvcrt" if os.name == "nt" else None)
        self.callback = ctypes.cast(library.strlen, ctypes.c_void_p).value or 0
        self.data = ctypes.addressof(self._bytes)

    def up(self) -> None:
        self._bytes[0] = b"\x01"

    def down(self) -> None:
        self._bytes[0] = b"\x00"

    @property
    def is_up(self) -> bool:
        return self._bytes[0] == b"\x01"
