"""Wishes that a message speaks of in whatever words, where the exchange shows what is meant. Knows no turn of phrase.

"I have to correct the spelling each time" names no wish; of a reply in American spelling it can mean one thing only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.seen import has
from trainers.rules.spelling import american, british
from trainers.sense import is_sum

_SPELLING = re.compile(r"\b(?:mis)?spel(?:l|t|led|ling|lings|ls)\b|\blacks? (?:a|one|the) (?:letter|u)\b")
_OF_NAMES = re.compile(r"\bnames?\b|\bcorrect(?:ly)? spel|\bspelling (?:is|was) (?:fine|ok|good|right|great|perfect)\b")
_AMERICA = re.compile(r"\b(?:american|americans|america|us english|yankee|webster)\b")
_BRITAIN = re.compile(r"\b(?:british|britain|uk|gb|king's english|queen's english)\b")
_LANGUAGE = re.compile(r"\b(?:english|spel\w+|writ\w+|words?|print\w*|newspapers?|readers?|style|way|version)\b")
_QUOTED = re.compile(r"[\"']([a-z]{4,})[\"']")
_AMISS = re.compile(
    r"\b(?:letter|lacks?|missing|misses|wrong|mistakes?|should|not how|we write|i write|where i live)\b|\?"
)
_ASKS_FOR = re.compile(r"\b(?:want|prefer|use|keep|(?:i|we) (?:would )?like|should be|to be) (?:\w+ ){0,4}$")
_AMENDED = re.compile(
    r"\b(?:not|never|no|stop|instead|rather|without|why|again|too|wrong|fix\w*|chang\w*|correct\w*|mistakes?)\b"
)

_ASKED_BACK = re.compile(
    r"\bask(?:ed|ing)? (?:me|us) (?:something|anything|back|a question|in (?:re)?turn|about (?:it|that|this|my)\b)"
    r"|\b(?:question|follow[- ]?up)\b(?:(?!\bmy\b).){0,50}\b(?:at|to|as|for) (?:the|a) (?:very )?"
    r"(?:end|close|finish|ending)\b"
    r"|\b(?:end|finish|close|conclude|sign off|wrap up)\w*\b.{0,40}\b(?:a|some|one) (?:\w+ ){0,2}question\b"
    r"|\bput (?:that|it|one) at the end\b"
    r"|\b(?:going|on|back|up) (?:with|by) (?:a|an|one|some) (?:\w+ ){0,2}questions?\b"
    r"|\bquestion mark (?:\w+ )?(?:for a change|at the end|in the last)\b"
    r"|(?<!him a )(?<!her a )(?<!them a )\bquestions? (?:back )?(?:to|for) (?:me|us)\b"
    r"|\b(?:always|little|one|short|a) (?:\w+ )?question (?:last|at the bottom|afterwards?)\b|\bquestioned back\b"
    r"|\bask(?:ed|ing|s)? (?:for )?my (?:opinions?|views?|thoughts?|favou?rites?|side|take)\b"
    r"|\b(?:wonder|find out|curious|know) (?:\w+ ){0,2}(?:about|from) me\b|\bwhat about me\b"
    r"|\b(?:un)?interested in (?:me|what i (?:think|say|like|feel|make))\b|\b[ei]nquir\w+ (?:further|back|after me)\b"
    r"|\bnothing to (?:respond|reply|react) to\b|\b(?:one|it|something) back at me\b|\bmore of a dialogue\b"
    r"|\bping-?pong\b|\bone-way (?:street|road|traffic)\b"
    r"|\byou (?:should |could |can )?(?:ask|inquire|enquire) (?:also|too|as well)\b"
)
_ASKED_TOO_MUCH = re.compile(
    r"\b(?:no|not|never|stop|without|quit|less|fewer|enough|tired)\b[^,.;]{0,30}\b(?:ask\w*|questions?)\b"
    r"|\b(?:he|she|they|who|people)\b[^,.;]{0,20}\bask\w*|\bask\w* (?:me|us)\b.{0,20}\b(?:before|first)\b"
)
_SHORTENED = re.compile(
    r"\bcondens\w+\b|\bcut (?:it|that|this|them) down\b|\b(?:half|a quarter|a third) of (?:that|it|this|these)\b"
    r"|\bkeep (?:it|them|things) (?:small|short|brief|tight|concise)\b"
    r"|\b(?:fill\w*|half) (?:of )?(?:my|the) (?:whole )?screen\b"
    r"|\b(?:dissertation|fell asleep|skip the background|boil (?:it|that|this) down)\b"
)
_LOOKS = re.compile(
    r"\bstep (?:1|one)\b|\bnumber (?:everything|each|every|all)\b|\bformat\w*\b|\blaid out\b|\blayout\b|\bheadings?\b"
    r"|\b(?:the|those|these) (?:stars|hashtags|symbols|asterisks|boxes)\b|\b(?:hashtags?|asterisks?|powerpoint|website"
    r"|slides?|dollar signs?|latex (?:\w+ )?(?:box\w*|things?|signs?|code))\b|\bfinal answer\b"
    r"|\b(?:nobody|no one|a kid|kids) (?:\w+ ){0,4}writes?\b"
    r"|\bmy own words\b|\bas (?:if )?(?:i|you|we) (?:talk|speak|write)\b|\blike when (?:you|i|we) talk\b"
)
_ITEM = re.compile(
    r"(?:^|[\s:\"'“”])[-–] ?(?:\w+ ?)?[\"'“”]|(?:(?:^|\s)[-–]){3,}|:\s+[-–] \w+\s*$|[-–] (?:item|like this)\b"
)
_SHOWN_A_LIST = re.compile(r"\b(?:lists?|notes?|items?|lines?|each|need|want|only|like|app|paste\w*)\b")
_NO_DASH = re.compile(r"\b(?:no|not|never|stop|without|instead of|rather than|drop|lose|remove)\b[^,.;]{0,15}[-–]")
_UNLISTED = re.compile(
    r"\b(?:without|stop|no more|not another|again|enough|drop|lose|skip)\b[^,.;]{0,20}\b(?:lists?|numbering)\b"
    r"|\b(?:ordinary|normal|plain|proper|complete|running|just want|only want|as a few) (?:\w+ )?sentences\b"
)
_LISTED = re.compile(r"\b(?:dash\w*|hyphens?|bullets?|(?:a|as|in|my) (?:\w+ )?lists?|lists? (?:with|of))\b")

_WORKING = re.compile(
    r"\b(?:steps?|workings?|working out|calcul(?!ator)\w+|sums|(?:in[- ]?between|intermediate) (?:results?|steps?"
    r"|numbers?)|way to the (?:answer|result|solution)|how (?:you|it|they|he|she|we|one) (?:\w+ )?(?:got|gets?|came"
    r"|comes?|worked|calculated|solved|reached|arrived))\b"
)
_KEPT = re.compile(
    r"\b(?:all|every|each|full|whole|complete|keep\w*|kept|stays?|still|shows?|shown|showing|see|with|leave|include\w*"
    r"|need|want|explain\w*|put|written|write|writing|missing|where (?:is|are)|line by line|one by one)\b"
    r"|n't (?:you )?(?:drop|skip|lose|leave|miss|forget|cut)|\b(?:not|never|without) (?:drop|skip|los|leav|miss|forget"
    r"|cutt)\w*"
)
_RESULT_ALONE = re.compile(
    r"\b(?:just|only) (?:\w+ ){0,3}(?:answer|result|number|total)\b|\b(?:too many|fewer|less|so many|enough) (?:\w+ )?"
    r"steps?\b|\b(?:no need|need no|skip|drop|leave out|without|not|no|stop|never)\b (?:\w+ing )?(?:for )?(?:me )?"
    r"(?:the |your |all |every |each |any |of |these |those )*(?:steps?|workings?|calcul\w+)\b"
)
_NOT_DROPPED = re.compile(r"(?:n't|\bnot|\bnever|\bwithout) (?:you )?(?:drop|skip|leave|leaving|dropping|skipping)\b")


def evident(request: str, text: str, said: str, reply: str) -> Iterator[tuple[str, str]]:
    """Sides and directives; `text` is `said` in even words."""
    if spelling := _spelling(text, reply):
        yield "spelling", spelling
    if is_sum(request):
        if _wants_working(text):
            yield "steps", s.STEPS
        if _LOOKS.search(text) and not is_sum(said) and not _LISTED.search(text):
            yield "form", s.PROSE
    if _SHORTENED.search(text) and has(reply, "long"):
        yield "length", s.SHORT
    if _ASKED_BACK.search(text) and not has(reply, "question") and not _ASKED_TOO_MUCH.search(text):
        yield "ending", s.QUESTION
    if _ITEM.search(said) and _SHOWN_A_LIST.search(text) and not has(reply, "dots") and not _NO_DASH.search(said):
        yield "form", s.BULLETS
    elif _UNLISTED.search(text) and has(reply, "bullets") and not _LISTED.search(text):
        yield "form", s.PROSE


def _wants_working(text: str) -> bool:
    """Whoever speaks of the steps of a sum wants them kept, whatever else is wrong, if they do not say otherwise."""
    alone = _RESULT_ALONE.search(_NOT_DROPPED.sub("keep", text))
    return bool(_WORKING.search(text) and _KEPT.search(text)) and not alone


def _spelling(text: str, reply: str) -> str:
    """The other one than the reply's, where it has but one."""
    from_america, from_britain = british(reply) != reply, american(reply) != reply
    if from_america == from_britain or _OF_NAMES.search(text):
        return ""
    theirs = _AMERICA if from_america else _BRITAIN
    wanted = _BRITAIN if from_america else _AMERICA
    name = theirs.search(text)
    if name and _ASKS_FOR.search(text[: name.start()]) and not _AMENDED.search(text):
        # They ask for what the reply has.
        return ""
    spoken_of = (_SPELLING.search(text) and "?" not in text) or _quotes_it(text, reply)
    named = bool(_LANGUAGE.search(text) and (wanted.search(text) or name))
    return (s.BRITISH if from_america else s.AMERICAN) if spoken_of or named else ""


def _quotes_it(text: str, reply: str) -> bool:
    """A word of the reply that is spelled otherwise on the other side, quoted as a mistake."""
    words = set(re.findall(r"[a-z]+", reply.casefold()))
    quoted = [word for word in _QUOTED.findall(text) if word in words]
    return bool(_AMISS.search(text)) and any(british(word) != word or american(word) != word for word in quoted)
