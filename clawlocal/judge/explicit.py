"""Explicit signals are exact: a thumb, a correction, an edit, a retry need no opinion."""

from __future__ import annotations

from clawlocal.judge.protocol import Exchange, Opinion
from clawlocal.records import SignalKind

_SAID = {
    SignalKind.THUMB: {1: "you rated it good", -1: "you rated it bad"},
    SignalKind.VOTE: {
        1: "you liked it better than another",
        0: "you liked neither reply better",
        -1: "you liked another reply better",
    },
}
"""Of signals that say how good a reply is."""
_WORDS = {
    SignalKind.CORRECTION: "you said what the reply should have been",
    SignalKind.EDIT: "you rewrote the reply",
    SignalKind.RETRY: "you asked for another reply",
}


class ExplicitJudge:
    """Takes the user at their word."""

    def judge(self, exchange: Exchange) -> Opinion | None:
        if exchange.kind in (SignalKind.MESSAGE, SignalKind.TOOL):
            return None
        if exchange.kind in _SAID:
            value = exchange.value
            reason = _SAID[exchange.kind][value]
        else:
            value, reason = -1, _WORDS[exchange.kind]
        return Opinion(value, (value,), 1.0, False, "explicit", reason)
