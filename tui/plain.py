"""Text that a model or a user wrote, made safe to print: no terminal control sequences.

Knows no widgets. `plain` takes a whole text; `Filter` takes a stream, where a sequence may be cut in two.
"""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    r"\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # operating system command: titles, clipboard, links
    r"|\x1b[PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)"  # device control, privacy message, …
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b[ -/]*[0-~]"  # two-character sequences
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NEWLINE = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_UNFINISHED = re.compile(r"(?:\r|(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}|\x1b[\]PX^_][^\x07\x1b\x9c]{0,512}\x1b?|\x1b)\Z")


def plain(text: str) -> str:
    """`text` without control sequences and control characters; line breaks become newlines, tabs stay."""
    return _CONTROL.sub("", _NEWLINE.sub("\n", _SEQUENCE.sub("", text)))


def one_line(text: str) -> str:
    """`plain`, with every run of white space made one blank: for titles and list rows."""
    return " ".join(plain(text).split())


class Filter:
    """`plain` for pieces as they arrive: holds back a sequence that has begun until it ends."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """What of `piece`, and of what was held back, can be shown now."""
        text = self._held + piece
        unfinished = _UNFINISHED.search(text)
        self._held = unfinished.group() if unfinished else ""
        return plain(text[: len(text) - len(self._held)])

    def flush(self) -> str:
        """The rest, at the end of the stream."""
        rest, self._held = self._held, ""
        return plain(rest)
