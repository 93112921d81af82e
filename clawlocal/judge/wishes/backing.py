"""What must be in the words for the network's choice to be believed: where it knows none it guesses the most common.

Knows no network. Of other languages than English it is believed.
"""

from __future__ import annotations

import re

from clawlocal.judge.hints import in_english
from clawlocal.judge.wishes.ordinary import is_praise, is_question, is_task, rest
from clawlocal.judge.wishes.spoken import clauses, even

_LENGTH = (
    r"\b(?:short\w*|long\w*|brief\w*|concise\w*|wordy|verbose|words?|text|read\w*|scroll\w*|essay|novel|book"
    r"|lecture|speech|chapter|pages?|paragraphs?|lines?"
    r"|half|gist|nutshell|point|trim|cut|less|lot|much|many|glaz\w+|wall|seconds?|minutes?|time|watch|bus|sms"
    r"|tweet|crisp|snappy|bite|quick\w*|summar\w+|sum up"
    r"|tl|dr|waffl\w*|rambl\w*|yap\w*|blah|on and on|bit|all (?:that|this)|digest|boil|skim\w*|condense\w*"
    r"|compact|story|stor(?:y|ies)|textbook|thesis|war and peace|encyclop\w*"
    r"|sticky note|post-?it|headline|shorthand|attention|patience|asleep|sleep\w*|bored?|boring|length|kept"
    r"|keep it|only|just|enough|fit\w*|thumb|phone|screen|tired)\b"
)
_COUNT = (
    r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|hundred"
    r"|couple(?: of)?|dozen)"
)
_OF = {
    "Answer in at most {number} sentences.": rf"\b(?!one\b|an?\b|1\b){_COUNT}[ -](?:\w+ ){{0,2}}?(?:sentences?"
    rf"|lines?)\b",
    "Answer in at most {number} words.": rf"\b{_COUNT}[ -]?(?:\w+ ){{0,2}}?(?:words?|w)\b",
    "Start with the answer.": r"\b(?:answer|result|conclusion|straight|direct\w*|begin\w*|start\w*|lead|top|front"
    r"|upfront"
    r"|beginning|dig|buried|bottom|point|last|end|facts?)\b",
    "Do not use exclamation marks.": r"\b(?:exclam\w*|shout\w*|loud\w*|calm\w*|excit\w*|enthus\w*|cheer\w*|yell\w*"
    r"|bangs?"
    r"|scream\w*|hyper\w*|peppy|perky|energy|energetic|bubbly|punctuat\w*|jump\w*|quiet\w*|marks?|points?|over the top"
    r"|dramatic|intense|sober|breathless|caps)\b|!!|\"!",
    "Keep answers short.": _LENGTH,
    "Answer in one sentence.": r"\b(?:one|single|1|once|a (?:sentence|line|breath)|liner|full stop|period|singular)\b",
    "Do not use markdown.": r"\b(?:symbols?|mark ?(?:up|down)|format\w*|stars?|asterisks?|hash\w*|plain|raw|code|signs?"
    r"|characters?|dollars?|backticks?|pounds?|bold|underscores?)\b|[*#_`]",
    "Use numbered lists.": r"\b(?:number\w*|figures?|digits?|numerals?|count\w*|first|second|third|ordered|order"
    r"|steps?|sequence|place)\b|\b1\b",
    "Answer in more detail.": r"\b(?:more|detail\w*|long\w*|deep\w*|depth|elaborat\w*|expand|thin|short|brief|all|whole"
    r"|rest|full\w*|everything|enough|flesh|meat|thorough\w*|it\?*|further|explain|only|just"
    r"|barely|nothing|headline|tweet|postcard)\b",
}
_ANOTHER_SIDE = re.compile(
    r"\b(?:bullet\w*|lists?|paragraphs?|blocky?|scan|scannable|skim|items?|itemi[sz]ed|separate|squash\w*|jumbl\w*"
    r"|cramm\w*"
    r"|together|points|order|number|pick|tell apart|at the end|round it off|think about|bold|headings?|emojis?"
    r"|exclamation|spelling|spell|american|british|questions?"
    r"|outline|slides?|markup|formatting|structure|steps|intermediate|punctuation|letters|shout\w*"
    r"|ask(?:ed)? me|numbered|number it|symbols|asterisks|dash\w*)\b"
)
_AGAINST_USE = re.compile(r"\b(?:no use|instead of|rather than|no|not|without|stop)\b")
_THANKED = re.compile(
    r"\b(?:thanks?|thank you|lovely|perfect|great|nice|splendid|brilliant|wonderful|super|excellent|properly|spot on"
    r"|just right|(?:much|far|so much) (?:better|nicer|calmer)|happy with|suits|well done|good (?:one|job|stuff))\b"
)
_AND_YET = re.compile(
    r"\b(?:but|next time|too|though|short\w*|long\w*|brief\w*|please|could|can you|would|less|only|not|no|never)\b"
)
_LENGTHS = ("Keep answers short.", "Answer in one sentence.", "Answer in more detail.")


def _english(said: str, text: str) -> bool:
    """Of a few words half must be English ones."""
    return in_english(said) or len(rest(text, 0, 0)) * 2 <= len(text.split())


def about_length(wish: str) -> bool:
    """Also where it names a number: most replies are longer than any."""
    return wish in _LENGTHS or wish.startswith("Answer in at most")


def backed(wish: str, said: str) -> bool:
    """Whether the words have anything of what the wish is about."""
    text = even(said)
    if not _english(said, text):
        return True
    if is_question(text) or is_praise(text):
        return False
    if wish in _LENGTHS and _THANKED.search(text) and not _AND_YET.search(text):
        return False
    if wish == "Use numbered lists." and _AGAINST_USE.search(text):
        return False
    if (
        wish in _LENGTHS
        and _ANOTHER_SIDE.search(text)
        and not re.search(r"\b(?:short\w*|long\w*|brief\w*|detail\w*)\b", text)
    ):
        return False
    return wish not in _OF or bool(re.search(_OF[wish], _of_the_reply(text)))


def _of_the_reply(text: str) -> str:
    """Without what asks for something else: "Thanks. Now write a short poem" is no wish for short answers."""
    parts = clauses(text)
    return ", ".join(part for part in parts if not is_task(part, text) and not (is_question(part) and len(parts) > 1))
