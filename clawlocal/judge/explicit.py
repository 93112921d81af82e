"""Explicit signals are exact: a thumb, a correction, an edit, a retry need no opinion."""

from __future__ import annotations

from clawlocal.judge.protocol import Exchange, Opinion
from clawlocal.records import SignalKind

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
        if exchange.kind is SignalKind.THUMB:
            value = 1 if exchange.value > 0 else -1
            reason = f"you rated it {'good' if value > 0 else 'bad'}"
        else:
            value, reason = -1, _WORDS[exchange.kind]
        return Opinion(value, (value,), 1.0, False, "explicit", reason)
