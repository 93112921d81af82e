"""The head of a GGUF file, read with every length checked against the size of the file.

llama.cpp reads model files through a memory map, where a length that points past the end is a crash of
the process and not an error. So files are looked through here first. Knows no llama.cpp.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

Value = int | float | bool | str | None
"""Arrays are passed over: their value is None."""

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_VERSIONS = (2, 3)
_MAX_DIMENSIONS = 4
_MAX_NESTING = 4


class DamagedFile(ValueError):
    """Not a GGUF, or not all of one. The message is a clause: what is wrong with it."""


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies: `start` and `size` in bytes of the file. `kind` is ggml's number of its type."""

    name: str
    shape: tuple[int, ...]
    kind: int
    start: int
    size: int


@dataclass(frozen=True)
class GgufFile:
    """Metadata and tensors of a file, all of which lie inside it."""

    metadata: Mapping[str, Value]
    tensors: tuple[Tensor, ...]


def read_gguf(path: Path) -> GgufFile:
    """Look through the head of `path`. Raises `DamagedFile`, or `OSError` if it cannot be opened."""
    with path.open("rb") as file:
        return _Reader(file).read()


class _Reader:
    """A place in an open file, and the size it must not leave."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._place = 0

    def read(self) -> GgufFile:
        if self._size < 4 or self._bytes(4) != b"GGUF":
            raise DamagedFile("it is not a GGUF file")
        if self._number("I") not in _VERSIONS:
            raise DamagedFile("it is of an unknown version of GGUF")
        n_tensors, n_values = self._count(24), self._count(13)
        metadata = dict(self._entry() for _ in range(n_values))
        heads = [self._tensor_head() for _ in range(n_tensors)]
        start = self._aligned(metadata.get("general.alignment", 32))
        return GgufFile(metadata, tuple(self._tensor(start, *head) for head in heads))

    def _entry(self) -> tuple[str, Value]:
        return self._text(), self._value(int(self._number("I")))

    def _value(self, kind: int, nesting: int = 0) -> Value:
        if kind == _STRING:
            return self._text()
        if kind == _ARRAY and nesting < _MAX_NESTING:
            self._pass_array(nesting)
            return None
        if kind in _SCALARS:
            return self._number(_SCALARS[kind])
        raise DamagedFile("its metadata are garbled")

    def _pass_array(self, nesting: int) -> None:
        kind = int(self._number("I"))
        if kind in _SCALARS:
            width = struct.calcsize(_SCALARS[kind])
            self._skip(self._count(width) * width)
            return
        for _ in range(self._count(8)):
            if kind == _STRING:
                self._skip(self._count(1))
            else:
                self._value(kind, nesting + 1)

    def _tensor_head(self) -> tuple[str, tuple[int, ...], int, int]:
        name, n_dimensions = self._text(), int(self._number("I"))
        if n_dimensions > _MAX_DIMENSIONS:
            raise DamagedFile("its list of tensors is garbled")
        shape = tuple(int(self._number("Q")) for _ in range(n_dimensions))
        return name, shape, int(self._number("I")), int(self._number("Q"))

    def _tensor(self, base: int, name: str, shape: tuple[int, ...], kind: int, offset: int) -> Tensor:
        tensor = Tensor(name, shape, kind, base + offset, _size(shape, kind))
        if tensor.start + tensor.size > self._size:
            raise DamagedFile("it is cut short")
        return tensor

    def _aligned(self, alignment: Value) -> int:
        if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
            raise DamagedFile("its metadata are garbled")
        return -(-self._place // alignment) * alignment

    def _count(self, width: int) -> int:
        """A number of things of at least `width` bytes each, which must fit into what is left."""
        count = int(self._number("Q"))
        if count * width > self._size - self._place:
            raise DamagedFile("it is cut short")
        return count

    def _text(self) -> str:
        return self._bytes(self._count(1)).decode("utf-8", "replace")

    def _number(self, code: str) -> int | float | bool:
        value: int | float | bool
        (value,) = struct.unpack("<" + code, self._bytes(struct.calcsize("<" + code)))
        return value

    def _bytes(self, length: int) -> bytes:
        data = self._file.read(length)
        self._place += length
        if len(data) < length:
            raise DamagedFile("it is cut short")
        return data

    def _skip(self, length: int) -> None:
        self._place += length
        if self._place > self._size:
            raise DamagedFile("it is cut short")
        self._file.seek(self._place)


def _size(shape: tuple[int, ...], kind: int) -> int:
    """Bytes of a tensor; 0 for a type that is newer than the gguf package, which llama.cpp then judges."""
    from gguf.constants import GGML_QUANT_SIZES

    block, width = GGML_QUANT_SIZES.get(kind, (1, 0))
    return int(prod(shape)) * int(width) // int(block)
