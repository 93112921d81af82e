"""Token ids as text and back, for those who mend replies. Knows no model file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Texts(Protocol):
    """One vocabulary."""

    def read(self, ids: tuple[int, ...]) -> str:
        """Without control tokens."""
        ...

    def ids(self, text: str) -> tuple[int, ...]:
        """Of plain text: what looks like a control token is spelled out."""
        ...


class TokenizerTexts:
    """The texts of a `tokenizer.build`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.encode_special_tokens = True

    def read(self, ids: tuple[int, ...]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)
