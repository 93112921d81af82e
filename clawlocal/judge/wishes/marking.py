"""What a teacher misses in a comment on a pupil's work, in whatever words: warmth, or what the pupil wrote.

Of such a comment people complain in ever new pictures, and there is little else that they could mean. Knows no reply
to anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.ordinary import brings_text
from trainers.openers import apart, quoted

_GRADING = re.compile(
    r"\b(?:comments?|feedback|remarks?|grad(?:e|es|ed|ing)|mark(?:s|ing)?|assess\w*|report)\b", re.IGNORECASE
)
_BENEATH = re.compile(
    r"\b(?:write|put|say)\b.{0,20}\b(?:under|beneath|below|back|to (?:him|her|them))\b", re.IGNORECASE
)
_PUPIL = re.compile(
    r"\b(?:pupils?|students?|essays?|homework|class|classwork|teacher|exam|school|grading|wrote|kid|child"
    r"|worksheet|quiz|test)\b",
    re.IGNORECASE,
)
_HARD = re.compile(
    r"\b(?:cold\w*|icy|frost\w*|chill\w*|harsh\w*|stern\w*|stiff\w*|blunt\w*|savage\w*|brutal\w*"
    r"|(?:so|too|bit|rather|is|was|sounds?) mean|unkind\w*|nasty"
    r"|grump\w*|severe\w*|sour|curt|impersonal\w*|bureaucra\w*|official\w*|inspector|ministry|robot\w*|machine"
    r"|telling (?:him|her|them|\w+ )?off|told off|sting\w*|feel (?:small|stupid|bad|worse)"
    r"|crush\w*|hurt\w*|scar(?:e|es|ed|ing)|discourag\w*|red pen|poor (?:kid|child|girl|boy|thing|lad|mite)"
    r"|tried (?:so |really |very )?hard|sensitive|(?:will|would|going to|gonna) cry|in tears"
    r"|no way to (?:talk|speak))\b"
)
_KIND = re.compile(
    r"\b(?:smil\w*|kind(?!s? of\b)\w*|gentl\w*|soft\w*|tender\w*|warm\w*|affection\w*|caring"
    r"|heart\w*|hug|friendl\w*"
    r"|encourag\w*|prais\w*|cheer\w*|nice(?:r|ly)?|personal\w*|human\w*|motivat\w*|lov(?:e|ing|ingly)|grandm\w+)\b"
)
_LITTLE = re.compile(
    r"\b(?:generic|vague|empty|hollow|superficial|thin|skimpy|useless|meagre|one-?liner"
    r"|(?:one|two) (?:lines?|sentences?)|(?:any|every) ?(?:one|body|child|pupil|student|kid|answer"
    r"|essay)|no trace|a trace|without (?:reading|seeing)"
    r"|(?:not|never|even) (?:\w+ )?read|unnoticed|ignor\w*|nothing (?:about|of|on)|none of"
    r"|(?:not|neither|nor|without|never) (?:\w+ ){0,2}(?:say\w*|tell\w*|explain\w*|mention\w*"
    r"|quot\w*|nam(?:e|es|ing)"
    r"|notic\w*))\b"
)
_MORE = re.compile(
    r"\b(?:mention\w*|take \w+ up|tak(?:e|en|ing) up|pick\w* (?:\w+ )?(?:up|out)|refer\w*|quot(?:e|es|ed|ing)"
    r"|names? (?:the|what|one|it)|go(?:es)? into|specific\w*|particular\w*|concrete\w*|details?"
    r"|detailed|substance|meat|longer|twice as|fuller"
    r"|explain\w*|line by line|evidence|what (?:exactly )?(?:\w+ )?(?:was|went|is) (?:right|wrong|good|missing)"
    r"|(?:his|her|their) (?:own )?(?:words?|ideas?|examples?|points?|thoughts?|tricks?|mistakes?)"
    r"|(?:he|she|they) (?:\w+ )?(?:wrote|said|says|writes|understood|forgot|got wrong|mixes up))\b"
)
_WISHING = re.compile(
    r"\b(?:more|please|pls|could|can|would|should|must|want|need|rather|bit|some|instead|where|let"
    r"|make|put|add|give"
    r"|speak|not|no|never|without|miss\w*|lacks?|too|otherwise|surely|only|but|hoped?|expect\w*|take|pick|refer)\b"
)
_CONTENT = re.compile(
    r"\b(?:perfect|exactly|thank(?:s| you)|love it|loved it|lovely,? (?:that|she|he|they)|great|wonderful|brilliant"
    r"|will be (?:so )?(?:pleased|happy|proud|delighted)|just right|spot on)\b"
)
_AND_YET = re.compile(r"\b(?:but|only|though|rather|next time|could|please)\b")
_NEXT = re.compile(r"\b(?:next (?:one|is|up|pupil|answer)|now (?:for )?\w+'s|another one|the same for)\b")


def on_pupil(request: str, words: str) -> bool:
    """Whether a comment on a pupil's work was asked for."""
    about = f"{apart(request)} {words}"
    theirs = bool(quoted(request))
    return bool(_GRADING.search(about) and (theirs or _PUPIL.search(about))) or (
        theirs and bool(_BENEATH.search(about))
    )


def missed(request: str, text: str, said: str, reply: str) -> Iterator[tuple[str, str]]:
    """Sides and directives of what `text`, `said` in even words, misses in a comment on a pupil's work."""
    if not on_pupil(request, "") or brings_text(said, reply) or _NEXT.search(text):
        return
    if _CONTENT.search(text) and not _AND_YET.search(text):
        return
    wishes = bool(_WISHING.search(text))
    if _HARD.search(text) or (wishes and _KIND.search(text)):
        yield "tone", s.WARM
    if _LITTLE.search(text) or (wishes and _MORE.search(text)):
        yield "length", s.LONG
