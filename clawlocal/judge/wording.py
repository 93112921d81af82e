"""Unmistakable wording: nothing but thanks, and corrections of how the reply was written.

Says nothing where there is doubt: the votes come after it. Patterns are English; other languages go to
the votes. Knows no model.
"""

from __future__ import annotations

import re

from clawlocal.judge.hints import words
from clawlocal.judge.protocol import Exchange, Opinion
from clawlocal.records import SignalKind

_FORM = r"(?:answers?|repl(?:y|ies)|responses?|sentences?|words?|lines?|paragraphs?|bullets?|points?)"
_CORRECTION = re.compile(
    # "too long", "that's a bit too formal"
    r"^(?:sorry,? |hm+,? |no,? )?(?:(?:that|it|this|the \w+)(?:'s| is| was) )?"
    r"(?:still |way |much |far |a bit |a little )*"
    r"too (?:long|short|wordy|verbose|vague|formal|complicated|technical|detailed)\b"
    # "answer in at most two sentences"
    rf"|\b(?:answer|reply|respond|keep)\b.{{0,20}}\b(?:at most|no more than|less than|maximum|max) (?:\w+ )?{_FORM}\b"
    # "shorter please", "please keep it brief", "make it simpler"
    rf"|\b(?:shorter|longer|simpler|briefer)(?: again)?(?: {_FORM})?,? please\b"
    r"|\bplease (?:be|make it|keep it) (?:\w+ )?(?:brief|short|concise)"
    r"|\b(?:keep|make) (?:it|them|that|your \w+) (?:\w+ )?(?:shorter|longer|short|brief|simple|simpler|concise)\b"
    # "that's not what I asked", "you misunderstood"
    r"|\bnot what i (?:asked|meant|wanted)\b|\byou (?:forgot|missed|ignored|misunderstood)\b"
    # "please answer in German", "don't use bullet points", "next time reply with …"
    r"|^please (?:answer|reply|respond|keep|always|never|don't|do not)\b"
    r"|^(?:don't|do not|stop|never|always|next time|from now on|in future)\b"
    r".{0,30}\b(?:answer|reply|respond|write|us(?:e|ing)|end|say|add)\b",
    re.IGNORECASE,
)
_THANKS = re.compile(
    # Nothing but thanks: with anything more it may be meant otherwise ("thanks for nothing").
    r"(?:(?:ok(?:ay)?|oh|ah|yes|yep|great|perfect|awesome|excellent|lovely|nice|cool|super)[,.! ]+)*"
    r"(?:many |ok )?(?:thanks?(?: you)?|thx|ty|cheers)(?: so much| very much| a lot| a bunch| again| you| mate)?[ .!]*",
    re.IGNORECASE,
)
MOST_WORDS = 25
"""A long message says more than its pattern."""


class WordingJudge:
    """Decides what needs no opinion."""

    def judge(self, exchange: Exchange) -> Opinion | None:
        if exchange.kind is not SignalKind.MESSAGE:
            return None
        text = " ".join(exchange.next_state.split()).replace("’", "'")
        if len(words(text)) > MOST_WORDS:
            return None
        # With a question or a colon it may be a new request that only says how it wants its answer.
        if _CORRECTION.search(text) and not re.search("[?:]", text):
            return Opinion(-1, (-1,), 1.0, False, "wording", "you said how the reply should have been")
        if _THANKS.fullmatch(text):
            return Opinion(1, (1,), 1.0, False, "wording", "you were content", says_how=False)
        return None
