"""Messages to token ids: the template's text and the contents, each by its own rule. Knows no context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.template import ChatTemplate, Piece
from clawlocal.errors import PromptError


class PromptVocabulary(Protocol):
    """What of a vocabulary is needed here."""

    bos: int | None

    def plain(self, text: str) -> list[int]:
        """Ids with no control token."""
        ...

    def special(self, text: str) -> list[int]:
        """Ids of the template's own text."""
        ...

    def ends(self, token: int) -> bool:
        """The token ends a turn."""
        ...


def encode_chat(
    vocabulary: PromptVocabulary, template: ChatTemplate, messages: Sequence[ChatMessage]
) -> tuple[int, ...]:
    """The prompt for `messages`, up to where the reply begins. Raises `PromptError`."""
    if not messages:
        raise PromptError("There is nothing to answer yet: write a message.")
    ids: list[int] = []
    sampled_end = False
    for piece in template.pieces(messages):
        part = _sampled(piece) or _encode(vocabulary, piece)
        if sampled_end and part and vocabulary.ends(part[0]):
            # The reply ended its turn itself, and the template ends it once more.
            ids.pop()
        ids += part
        sampled_end = bool(_sampled(piece)) and vocabulary.ends(ids[-1])
    if vocabulary.bos is not None and ids[:1] != [vocabulary.bos]:
        ids.insert(0, vocabulary.bos)
    return tuple(ids)


def _encode(vocabulary: PromptVocabulary, piece: Piece) -> list[int]:
    return vocabulary.special(piece.text) if piece.message is None else vocabulary.plain(piece.text)


def _sampled(piece: Piece) -> list[int]:
    """The ids that the model itself chose for this text, if that is what the piece holds.

    A template that shortens old replies (thinking, for example) leaves another text than was sampled.
    """
    message = piece.message
    if message is None or not message.token_ids or piece.text.strip() != message.content.strip():
        return []
    return list(message.token_ids)
