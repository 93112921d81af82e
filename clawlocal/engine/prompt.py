"""Messages to token ids: the template's text and the contents, each by its own rule. Knows no context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clawlocal.engine.protocol import ChatMessage
from clawlocal.engine.slots import Piece
from clawlocal.engine.template import ChatTemplate
from clawlocal.errors import PromptError
from clawlocal.records import Tool


class PromptVocabulary(Protocol):
    """What of a vocabulary is needed here."""

    bos: int | None

    def plain(self, text: str) -> list[int]:
        """Ids with no control token."""
        ...

    def special(self, text: str) -> list[int]:
        """Ids of the template's own text."""
        ...

    def spelling(self, token: int) -> str:
        """How a token is written in a template."""
        ...

    def reserved(self, token: int) -> bool:
        """Only a template may write the token."""
        ...

    def ends(self, token: int) -> bool:
        """The token ends a turn."""
        ...


def encode_chat(
    vocabulary: PromptVocabulary,
    template: ChatTemplate,
    messages: Sequence[ChatMessage],
    tools: Sequence[Tool] = (),
    thinking: bool = True,
) -> tuple[int, ...]:
    """The prompt for `messages`, up to where the reply begins. Raises `PromptError`."""
    if not messages:
        raise PromptError("There is nothing to answer yet: write a message.")
    encoding = _Encoding(vocabulary)
    for piece in template.pieces(messages, tools, thinking):
        encoding.add(piece)
    return encoding.finish()


class _Encoding:
    """Ids so far, and plain text that waits for what follows it.

    Between two control tokens, what the template and what others wrote is tokenised as one text, as
    llama.cpp would do with the whole prompt: a bracket and the line break behind it may be one token.
    """

    def __init__(self, vocabulary: PromptVocabulary) -> None:
        self._vocabulary = vocabulary
        self._ids: list[int] = []
        self._text = ""
        self._sampled_end = False

    def add(self, piece: Piece) -> None:
        sampled = _sampled(piece)
        if sampled:
            self._flush()
            self._take(sampled)
            self._sampled_end = self._vocabulary.ends(sampled[-1])
        elif piece.own:
            self._add_own(piece.text)
        else:
            self._text += piece.text

    def finish(self) -> tuple[int, ...]:
        self._flush()
        bos = self._vocabulary.bos
        return tuple(self._ids if bos is None or self._ids[:1] == [bos] else [bos, *self._ids])

    def _add_own(self, text: str) -> None:
        """The template's text: its control tokens, and what stands before the first and after the last."""
        ids = self._vocabulary.special(text)
        before, after = self._ends(text, ids)
        self._text += before.text
        if before.stop < len(ids):
            self._flush()
            self._take(ids[before.stop : after.start])
            self._text = after.text

    def _ends(self, text: str, ids: list[int]) -> tuple[_End, _End]:
        """Both ends without control tokens; empty where the text around a control token is not taken as it is."""
        at = [n for n, token in enumerate(ids) if self._vocabulary.reserved(token)]
        if not at:
            return _End(text, 0, len(ids)), _End("", len(ids), len(ids))
        first, last = (self._vocabulary.spelling(ids[at[n]]) for n in (0, -1))
        before = _End(text[: text.find(first)], 0, at[0])
        after = _End(text[text.rfind(last) + len(last) :], at[-1] + 1, len(ids))
        return (
            before if self._is_plain(before, ids) else _End("", 0, 0),
            after if self._is_plain(after, ids) else _End("", len(ids), len(ids)),
        )

    def _is_plain(self, end: _End, ids: list[int]) -> bool:
        return self._vocabulary.plain(end.text) == ids[end.start : end.stop]

    def _flush(self) -> None:
        text, self._text = self._text, ""
        self._take(self._vocabulary.plain(text) if text else [])

    def _take(self, ids: Sequence[int]) -> None:
        if not ids:
            return
        if self._sampled_end and self._vocabulary.ends(ids[0]):
            # The reply ended its turn itself, and the template ends it once more.
            self._ids.pop()
        self._sampled_end = False
        self._ids += ids


@dataclass(frozen=True)
class _End:
    """A stretch of a text that holds no control token, and which of the text's ids it is."""

    text: str
    start: int
    stop: int


def _sampled(piece: Piece) -> tuple[int, ...]:
    """The ids that the model itself chose for this text, if that is what the piece holds.

    A template that shortens old replies (thinking, for example) leaves another text than was sampled.
    """
    message = piece.message
    if message is None or not message.token_ids or piece.text.strip() != message.content.strip():
        return ()
    return message.token_ids
