"""The vocabulary of a loaded model: text to ids and back. Knows no template and no context.

Its functions only read the model, so they may be called from any thread while the model is loaded.
"""

from __future__ import annotations

import ctypes
import re
from array import array
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from clawlocal.engine.library import library

_PIECE = 256
_REMEMBERED = 4096
"""Texts whose ids are kept: a chat is encoded again for each message, and most of it is as it was."""
_LONG, _FEW = 20_000, 16
"""Of texts with so many letters, only a few are kept."""


class Vocabulary:
    """llama.cpp's tokenizer. Lengths are always passed, so a NUL in a text is a character like others."""

    def __init__(self, model: Any) -> None:
        lib = library()
        self._vocabulary = lib.llama_model_get_vocab(model)
        self.size = int(lib.llama_vocab_n_tokens(self._vocabulary))
        adds_bos = bool(lib.llama_vocab_get_add_bos(self._vocabulary))
        self.bos: int | None = int(lib.llama_vocab_bos(self._vocabulary)) if adds_bos else None
        self._marks: dict[int, bytes] = {}
        self._pieces: dict[int, bytes] = {}
        self._special = lru_cache(_REMEMBERED)(lambda text: array("i", self._tokenize(text, parse_special=True)))
        self._plain, self._long = (
            lru_cache(most)(lambda text: array("i", self._without_controls(text))) for most in (_REMEMBERED, _FEW)
        )
        self._controls = lru_cache(None)(self._is_control)

    def know_marks(self, marks: Iterable[str]) -> None:
        """Texts with a meaning in a reply. Those that are one token each are heard and not left out."""
        for mark in marks:
            ids = self.special(mark)
            if len(ids) == 1:
                self._marks[ids[0]] = mark.encode()
        self._plain.cache_clear()
        self._long.cache_clear()

    def special(self, text: str) -> list[int]:
        """Ids of a template's own text, in which control tokens are meant."""
        return self._special(text).tolist()

    def plain(self, text: str) -> list[int]:
        """Ids of what somebody said, with no control token, whatever the text spells."""
        remembered = self._plain if len(text) < _LONG else self._long
        return remembered(text).tolist()

    def _without_controls(self, text: str) -> list[int]:
        """Some tokenizers merge plain characters into a control token's id: such a text is cut apart."""
        ids = self._tokenize(text, parse_special=False)
        forbidden = next((i for i in ids if self.reserved(i)), None)
        if forbidden is None:
            return ids
        spelled = re.finditer(re.escape(self.spelling(forbidden)), text)
        cuts = [found.start() + 1 for found in spelled if found.start() + 1 < len(text)]
        if not cuts:
            return [i for i in ids if not self.reserved(i)]
        return [i for start, end in pairwise([0, *cuts, len(text)]) for i in self._without_controls(text[start:end])]

    def reserved(self, token: int) -> bool:
        """Only a template may write the token: what somebody said never becomes one."""
        return token in self._marks or self._controls(token)

    def _is_control(self, token: int) -> bool:
        return bool(library().llama_vocab_is_control(self._vocabulary, token)) or self.ends(token)

    def ends(self, token: int) -> bool:
        """The token ends a turn."""
        return token in self._ending

    @cached_property
    def stops(self) -> tuple[int, ...]:
        """All tokens that end a turn."""
        return tuple(sorted(self._ending))

    @cached_property
    def _ending(self) -> frozenset[int]:
        # Asked for once: a call into llama.cpp per sampled token would have to wait for Python's lock.
        is_eog = library().llama_vocab_is_eog
        return frozenset(token for token in range(self.size) if is_eog(self._vocabulary, token))

    def piece(self, token: int) -> bytes:
        """The bytes of a token, which may be a part of a character; none for a control token."""
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._pieces[token] = self._piece(token, special=False)
        return piece

    def heard(self, token: int) -> bytes:
        """`piece` for a reply: a mark is spelled out, though it be a control token."""
        return self._marks.get(token) or self.piece(token)

    def text(self, ids: Iterable[int]) -> str:
        """Ids to text; control tokens are left out, bytes that are no character become U+FFFD."""
        return b"".join(self.piece(i) for i in ids).decode("utf-8", "replace")

    def spelling(self, token: int) -> str:
        """How a control token is written in a template."""
        return self._piece(token, special=True).decode("utf-8", "replace")

    @cached_property
    def bos_text(self) -> str:
        return self._spelling_of(library().llama_vocab_bos(self._vocabulary))

    @cached_property
    def eos_text(self) -> str:
        return self._spelling_of(library().llama_vocab_eos(self._vocabulary))

    def _spelling_of(self, token: int) -> str:
        return self.spelling(token) if token >= 0 else ""

    def _tokenize(self, text: str, *, parse_special: bool) -> list[int]:
        lib = library()
        # Half a surrogate pair cannot be encoded, and llama.cpp does not survive malformed UTF-8.
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        ids = (lib.llama_token * room)()
        n = lib.llama_tokenize(self._vocabulary, data, len(data), ids, room, False, parse_special)
        if n < 0:
            ids = (lib.llama_token * -n)()
            n = lib.llama_tokenize(self._vocabulary, data, len(data), ids, -n, False, parse_special)
        return list(ids[:n])

    def _piece(self, token: int, *, special: bool) -> bytes:
        if not 0 <= token < self.size:
            raise ValueError(f"{token} is not a token of this model")
        lib = library()
        room = ctypes.create_string_buffer(_PIECE)
        n = lib.llama_token_to_piece(self._vocabulary, token, room, len(room), 0, special)
        if n < 0:
            room = ctypes.create_string_buffer(-n)
            n = lib.llama_token_to_piece(self._vocabulary, token, room, -n, 0, special)
        return bytes(room.raw[:n])
