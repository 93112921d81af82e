"""Bytes of tokens to text that may be shown at once. Knows no vocabulary and no model."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Cuts a stream of bytes into text, never inside a character nor inside a stop string.

    Text that might still become a stop string is held back until it cannot. What comes out does not
    depend on how the bytes were cut on their way in.
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._stop = tuple(s for s in stop if s)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._parts: list[str] = []
        self.stopped = False
        """A stop string was met: everything after it is ignored."""

    @property
    def text(self) -> str:
        """All that was let out so far."""
        return "".join(self._parts)

    def feed(self, data: bytes) -> str:
        """The text that can be let out now; may be empty."""
        return self._take(self._decoder.decode(data))

    def finish(self) -> str:
        """The rest: half a character becomes U+FFFD, half a stop string is ordinary text after all."""
        released = self._take(self._decoder.decode(b"", final=True))
        rest, self._held = self._held, ""
        return released + self._let_out(rest)

    def _take(self, fresh: str) -> str:
        if self.stopped:
            return ""
        if not self._stop:
            return self._let_out(fresh)
        pending = self._held + fresh
        cut = _first_stop(pending, self._stop)
        self.stopped = cut is not None
        if cut is None:
            cut = len(pending) - held_back(pending, self._stop)
        self._held = "" if self.stopped else pending[cut:]
        return self._let_out(pending[:cut])

    def _let_out(self, text: str) -> str:
        if text:
            self._parts.append(text)
        return text


def _first_stop(text: str, stops: Sequence[str]) -> int | None:
    """Where the stop string begins that is complete first; of two that end together, the longer."""
    found = [(text.index(s) + len(s), text.index(s)) for s in stops if s in text]
    return min(found)[1] if found else None


def held_back(text: str, stops: Sequence[str]) -> int:
    """Length of the longest end of `text` that a stop string begins with."""
    longest = min(len(text), max((len(s) - 1 for s in stops), default=0))
    return next((n for n in range(longest, 0, -1) if text.endswith(tuple(s[:n] for s in stops))), 0)
