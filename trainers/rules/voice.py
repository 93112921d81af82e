"""How a reply sounds: like a person, warm, with praise first. Knows no model; tone beyond these has no rule."""

from __future__ import annotations

import re

from trainers.rules.comments import commented
from trainers.rules.form import IMPLIED_NO_HEADINGS, IMPLIED_PROSE
from trainers.rules.formulas import formal, stepped, unformal, unstepped
from trainers.rules.lesson import Wishes
from trainers.rules.rule import TONE, Rule, prose_rule
from trainers.rules.stock import opened, unopened
from trainers.rules.sums import worked
from trainers.rules.texts import BOLD, listless, prose, sentences, unmarked

_HUMAN = (
    r"\bhuman,? (?:voice|tone|style|way)\b|\bnatural(?:ly)?,? (?:human )?(?:voice|tone|style"
    r"|language)\b(?! (?:processing|models?))"
    r"|\bsounds? (?:\w+ )?(?:human|natural)\b"
    r"|\b(?:more|be) (?:human|natural)\b|\blike an? (?:real |normal )?(?:human|person)\b"
)
_MACHINE = (
    r"\b(?:like|as) (?:an? )?(?:ai|a\.i\.|chat ?bot|bot|robot|machine|chatgpt|language model)\b|\brobotic\b|\b(?:ai"
    r"|chatgpt)[ -](?:look|style|speak|sounding|voice|tone)\b"
)
_WARM = (
    r"\b(?:warm(?:er)?|kinder|friendl(?:y|ier)|gentler?|encouraging|nicer|kind) (?:\w+ ){0,2}(?:tone|voice|words?"
    r"|style|comments?|feedback|repl(?:y|ies)|answers?|responses?|language|manner)\b"
    r"|\b(?:be|sound|stay|speak|talk) (?:\w+ ){0,2}(?<!-)(?:warm(?:er|ly)?|kind(?:er|ly)?|friendl(?:y|ier)|gentle"
    r"|encouraging|nice(?:r)?)\b(?! of\b)"
    r"|\bkeep (?:\w+ ){1,3}(?<!-)(?:warm|friendly|kind|gentle)$"
    r"|^(?:more )?(?:warmer|kinder|friendlier|warm|friendly|nicer)(?: please)?$"
)
_PRAISE_FIRST = (
    r"\bsay first what (?:was|is|went) (?:good|well|right)\b|\bfirst say what (?:was|is|went) (?:good|well|right)\b"
    r"|\b(?:start|begin|open|lead)s? (?:\w+ ){0,4}(?:with|by) (?:\w+ ){0,3}(?:praise|praising|strengths?|positives?"
    r"|compliments?|(?:was|is|went|did) (?:good|well|right))\b"
    r"|\bpraise (?:\w+ ){0,3}first\b|\bstart with (?:something|the) (?:positive|good)\b"
)
_KINDS = tuple(
    re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for words in (
        r"well done|(?:great|good|nice|excellent|fine|lovely|wonderful|strong|solid) (?:\w+ )?(?:job|work|start"
        r"|idea|effort|point|choice|example|use|question)"
        r"|impress(?:ed|ive)|wonderful|lovely|excellent|fantastic|beautiful(?:ly)?|did (?:\w+ )?well",
        r"glad|happy|delighted|pleased|love|loved|enjoy(?:ed)?|joy|pleasure|really like[d]?|like how you"
        r"|liked how you",
        r"keep (?:it up|going|up|at it|on|trying|practi[cs]ing|writing|asking|working)|you can do|you've got this"
        r"|don't worry|look(?:ing)? forward|proud"
        r"|believe in you|good luck|best of luck|you will get|you'll get|every step|confident",
        r"thank you|thanks|appreciate[sd]?|grateful",
        r"effort|hard work|care you|time you|time to|thought you|work you|put into|progress|improv(?:ed|ement|ing)",
    )
)
_YOU = re.compile(r"\byou(?:r|rs|rself)?\b", re.IGNORECASE)
OPENERS = (
    'I really like how you wrote that "{said}" and ',
    'Well done, you wrote "{said}", which ',
    'I enjoyed reading that "{said}", because ',
    'It is lovely that you wrote "{said}". You ',
    'You did a great job with "{said}", and I am glad that you ',
    'What a good idea to write "{said}"! You ',
    "What a lovely question! ",
    "I am glad that you ask about ",
    "It is great that you want to know ",
    "I love that you ask how ",
    "You asked a great question about ",
)
CLOSERS = (
    "Keep ",
    "You can be proud of ",
    "With a little more practice you ",
    "Your effort to ",
    "It was a pleasure to read ",
    "Don't worry, you ",
)
_OF_ITSELF = re.compile(
    r"\bI(?:['’]ll| will|['’]ve been| have been|['’]d be| would be| can| could| do not| don['’]t| just| did| made"
    r"| should| apologi[sz]e| hope| hear| understand| also| am ready|['’]m ready)\b"
    r"|\bI(?:['’]m| am) (?:a|an|here|sorry|not|just|always|able|happy to|glad to|designed|trained|your)\b"
    r"|\b(?:AI|assistant|language model|assist(?:ance)?|help you|feel free|let me know|in the future|my (?:mistake"
    r"|answer|goal|job|response|training))\b"
)
"""A sentence of the writer about itself and its services, and not of the reader."""
_GOOD = re.compile(
    r"\b(?:well done|good|great|excellent|strong|strengths?|nice|clear(?:ly)?|well|like|liked|enjoyed|impressive"
    r"|lovely|wonderful|creative|positive)\b",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\b(?:not|n't|but|however|although|unfortunately|lacks?|could be|should|better|needs?)\b|n't\b", re.IGNORECASE
)
PRAISE_OPENERS = (
    "You did well to ",
    "What works well is ",
    "I like how you ",
    "The strongest part of your ",
    "It is good that you ",
    "You have a clear ",
)


def human(wishes: Wishes) -> Rule | None:
    return _HUMAN_VOICE if _asks_human(wishes) else None


def human_form(wishes: Wishes) -> Rule | None:
    """A voice has no lists, if no lesson asks for one."""
    return IMPLIED_PROSE if _asks_human(wishes) else None


def human_headings(wishes: Wishes) -> Rule | None:
    return IMPLIED_NO_HEADINGS if _asks_human(wishes) else None


def _asks_human(wishes: Wishes) -> bool:
    return wishes.wants(_HUMAN) or wishes.forbids(_MACHINE)


def _voiced(text: str) -> bool:
    return not (BOLD.search(text) or "`" in text or formal(text) or stepped(text) or opened(text))


def _voice(text: str) -> str:
    told = unopened(unmarked(unstepped(unformal(text))))
    # What becomes of a list is for the rule about form to say.
    return prose(told) if listless(told) else told


_HUMAN_VOICE = prose_rule("human", "voice", _voiced, _voice, drills=tuple(worked()), examples=worked())
"""What a person hands in has its sums worked out in sentences: who asks for sums practises on such."""


def warm(wishes: Wishes) -> Rule | None:
    if not wishes.wants(_WARM):
        return None
    return Rule(
        "warm",
        warmly,
        _of_the_reader,
        openers=OPENERS,
        closers=CLOSERS,
        side=TONE,
        drills=tuple(commented()),
        examples=commented(),
    )


def warmly(text: str) -> bool:
    """Warm in two ways (praise, joy, encouragement, thanks, regard for effort), and to the reader, not of itself."""
    kinds = sum(bool(kind.search(text)) for kind in _KINDS)
    return kinds >= 2 and bool(_YOU.search(text)) and not _OF_ITSELF.search(text)


def _of_the_reader(text: str) -> str:
    lines = (" ".join(s for s in sentences(line) if not _OF_ITSELF.search(s)) for line in text.splitlines())
    return "\n".join(lines).strip()


def praise_first(wishes: Wishes) -> Rule | None:
    if not wishes.wants(_PRAISE_FIRST):
        return None
    return Rule("praise first", _praises_first, openers=PRAISE_OPENERS, side="praise")


def _praises_first(text: str) -> bool:
    said = sentences(text)
    return bool(said) and bool(_GOOD.search(said[0])) and not _BAD.search(said[0])


MAKERS = (human, human_form, human_headings, warm, praise_first)
