"""Asking the same thing again: the reply did not serve. Knows no model.

By the content words that the new request shares with the earlier one. On 4,000 labelled messages, half of the words
in common were a re-ask in 32 of 34 cases; a rephrasing in other words is left to the small judge.
"""

from __future__ import annotations

from clawlocal.judge.hints import content_words
from clawlocal.judge.protocol import Exchange, Opinion
from clawlocal.records import SignalKind

SHARED = 0.5
"""Of the words of both requests together (Jaccard)."""
SURE = 0.94
LEAST = 2
"""Words in common: one is a subject, not a question."""
STEM = 6
"""Letters that tell a word."""
_COMMON = frozenset(
    "are be does for has have he her his let of our she there they us was we were which who whom".split()
)


class ReaskJudge:
    """Says −1 where a request comes back, and nothing otherwise."""

    def judge(self, exchange: Exchange) -> Opinion | None:
        if exchange.kind is not SignalKind.MESSAGE or similarity(exchange.request, exchange.next_state) < SHARED:
            return None
        return Opinion(-1, (-1,), 1.0, False, "re-ask", "you asked the same again", SURE, says_how=False)


def similarity(earlier: str, later: str) -> float:
    """Share of content words in common, 0 to 1; 0 where hardly any are."""
    one, two = _stems(earlier), _stems(later)
    return len(one & two) / len(one | two) if len(one & two) >= LEAST else 0.0


def _stems(text: str) -> set[str]:
    return {word[:STEM] for word in content_words(text) - _COMMON}
