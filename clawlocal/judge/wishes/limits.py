"""So many sentences or words at most, from what was said. Knows no reply."""

from __future__ import annotations

import re

from clawlocal.judge.slots import number
from clawlocal.judge.wishes.ordinary import is_idle, is_praise, rest
from clawlocal.judge.wishes.subjects import LONG

_N = (
    r"(?P<n>(?:an? |one |the )?(?:couple(?: of)?|single|half a dozen|\d{1,3}|one|two|three|four|five|six|seven"
    r"|eight|nine|ten|twelve|fifteen"
    r"|twenty|thirty|forty|fifty|hundred|a)(?:(?: or |-| to |/)(?:\d{1,3}|two|three|four|five|six))?)"
)
_HOW = r"(?:short |simple |brief |full |clear |good |little |small )*"
_SENTENCES = r"(?:sentences?|lines?)"
_UNIT = rf"[ -]?{_HOW}(?P<unit>{_SENTENCES}|words?)\b"
_COUNTED = re.compile(
    rf"\b{_N}{_UNIT}(?! (?:of(?! space| room)|per(?! (?:answer|reply|message|response|entry|item|card|go|time"
    rf"|post)\b)|each|about"
    r"|from(?! now)|that(?! is (?:all|enough|plenty)))\b)"
)
_LIMIT_BEFORE = re.compile(
    r"\b(?:max(?:imum)?|at most|at the most|no more than|not more than|never more than|not longer than"
    r"|no longer than|more than|longer than"
    r"|up to|under|below|within|less than|fewer than|only|just|limit\w*(?: \w+){0,4}?|stick to|keep (?:it|this"
    r"|that|them|everything|your \w+|all \w+|replies|answers) "
    r"(?:short )?(?:to|at|in|under|within|below|down to)|cap(?:ped)?(?: \w+){0,2}? at|stop (?:after|at)|above"
    r"|over|past|beyond|cut (?:(?:it|this|that|them|everything) )?(?:down )?to"
    r"|(?:brief|short|concise|terse) i mean|down to|stay within"
    r"|beyond|maximal(?:ly)?|limit of|fit|takes?|accepts?|run\w* out (?:at|after)|cuts? (?:\w+ )?off (?:at|after)"
    r"|(?:only|just|all i) (?:ever |really |usually )?(?:want|need|read)"
    r"|room for|space for|patience for|time for|attention for|fits|holds|allows?|tops) (?:about |around |roughly "
    r"|in |into |of "
    r"|at |to |the |like |maybe |me )*$"
)
_LIMIT_AFTER = re.compile(
    r"^(?:of (?:space|room)|(?:that is |which is )?all i (?:want|need|read)|(?:at|as) (?:the |a )?(?:very )?(?:most"
    r"|max\w*|outside|limit)|max(?:imum)?|tops?|or (?:so|thereabouts|less|fewer"
    r"|under|shorter)|only|(?:is|are|was|were|will be|would be|would have been"
    r"|will|would)? ?(?:really )?(?:enough|plenty|all i|fine|do\b|the (?:max|limit|most)|have done|my (?:max"
    r"|limit))|and (?:not|no)|not more|no more|suffices?|limit|and stop|then stop|per (?:reply|answer"
    r"|message|response))\b"
)
_UNREAD = re.compile(
    r"\b(?:anything|everything|all|whatever|what comes|the rest|more)\b.*\b(?:past|after|beyond|behind) (?:the )?"
    r"(?P<n>first|second|third|fourth|fifth)(?: or \w+)? (?:sentence|line)\b"
    r"(?=.*\b(?:lost|waste\w*|unread|not read|skip\w*|ignored?|noise|superfluous|too much|gone|for nothing)\b)"
)
"""What is beyond it is lost on them: "anything past the second sentence is lost on me"."""
_SAYABLE = re.compile(
    r"\b(?:can not|does not|will not) (?:be (?:said|told|put|explained|answered)|fit) (?:in|into|within) "
    r"(?P<n>one|two|three|four|five|\d) (?:sentences?|lines?)\b"
)
"""Who says so of what they want to hear wants no more."""
_ATTENTION = re.compile(
    r"\bafter (?:the |sentence |number |line )*(?P<n>first|second|third|fourth|fifth|two|three|four|five|2|3|4"
    r"|5|1st|2nd|3rd|4th|one|1)"
    r"(?: or (?:so|\w+))? ?(?P<unit>sentences?|lines?|ones?|full stops?)?\b"
)
_LOSES = re.compile(
    r"\b(?:glaze\w*|stop(?:ped|s)? reading|stopp?(?: listening)?|los[et]\b|lost|zone\w* out|switch\w* off"
    r"|tune\w* out|drift\w*|fall\w* asleep|fell asleep|gave up|give up|giv\w* up"
    r"|skip\w*|do not read|can not (?:focus|concentrate|read|follow)|stop\b|wander\w*|asleep|shuts? (?:down|off)"
    r"|fades?|checks? out|bored|tired|gone)\b"
)
_ORDINALS = {
    "first": "one",
    "second": "two",
    "third": "three",
    "fourth": "four",
    "fifth": "five",
    "1st": "one",
    "2nd": "two",
    "3rd": "three",
    "4th": "four",
}
_AT_LEAST = re.compile(
    r"\b(?:at least|min(?:imum)?\.?|(?:no|never|not) (?:fewer|less) than|more than|or more|from \w+ up)\b"
)
_NEGATED = re.compile(r"\b(?:not|no|never|nothing|without|do not (?:want|need|write|give))\b")
_TOO_MANY = re.compile(r"\b(?:is|are|was|were|that|wrote|gave|counted)\b.*\b(?:too (?:many|much|long)|a novel|over)\b")
_HERE = re.compile(r"\b(?:replies|answers?|reply|responses?|messages?|read|reading|keep it|keep your|please|you)\b")
_REQUEST = re.compile(
    r"^(?:ok(?:ay)? |now |then |and |so |please |just |can you |could you |would you |i (?:want"
    r"|need) )*(?:write|give|tell|explain|make|list|describe|summari[sz]e|add|compose|draft)\b"
)


_VALUES = {"single": 1, "one": 1, "couple": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7} | {
    "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "hundred": 100,
}  # fmt: skip
LONG_FROM = 4
"""Who wants so many sentences at least wants a long answer."""
_HALF = re.compile(r"\bhalf (?:an? )?(?!dozen)")
_ONE_OF_THEM = re.compile(r"\b(?:the|this|that|last|first|next|these|those|every|each|per|your) $")
_NOT_LEAST = re.compile(
    r"\b(?:that|this|it) (?:is|was) (?:\w+ )?more than|\b(?:no|not|never"
    r"|do not) (?:\w+ )?more than|\bif .*more than"
)
_BARE_BEFORE = re.compile(
    r"(?:(?:sum (?:it|this|that) up|please|just|only|ok|no|i said|i want|give me|make it|make that|in|answer in"
    r"|reply in|say it in|put it in"
    r"|write in|answer with|use|keep it|try|like|say|like i said|be|i asked for|i need|do|can you|could you|answer"
    r"|reply|respond|in just|explain in|again|it|that|this|with|write|respond in|how about|let us say|about"
    r"|around|mate) ?)*"
)
_BARE_AFTER = re.compile(
    r"(?:(?:please|thanks|next time|from now on|always|ok|each time|every time|instead|not|now|in future|would|be|nice"
    r"|is|better|answers?|replies|reply|max) ?)*"
)


WORDS_FROM = 15
"""Nobody wants so many sentences at most."""
_CAPACITY = re.compile(
    r"\b(?:i|my|our|we|it|there|this|that)\b.*\b(?:fits?|takes?|accepts?|allows?|limit|room|space|runs? out"
    r"|cut\w* off)\b"
)
_M = r"(?P<n>\d{2,3}|fifteen|twenty|thirty|forty|fifty|hundred)"
_END = r"(?=$|[.!?,;]| (?:please|max|tops|and|or|not|next|from|always|ok|thanks|at)\b)"
_ALONE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:word|words) (?:limit|count|max\w*|cap)\W+(?:is |of |at |to )?(?:about |under )?{_M}{_END}",
        rf"\b(?:my|the) (?:limit|max(?:imum)?|top|cap) is (?:about )?{_M}{_END}",
        rf"\b{_M} is (?:the|my) (?:\w+ )?(?:top|limit|max\w*|cap|most)\b",
        rf"\b(?:keep|stick|stay|cut|limit|trim) (?:\w+ ){{0,2}}?(?:to|under|below|within|at) (?:the )?{_M}{_END}",
        rf"\b(?:went|gone|go|are|is|way|well) over (?:the |my )?{_M}{_END}",
        rf"\b(?:under|max|in|within|below|to|only) {_M} ?w\b",
    )
)


def limit(clause: str, text: str) -> str:
    """The directive of a clause that limits, in a message; empty where it does not."""
    if lost := _lost(clause):
        return lost
    found = _COUNTED.search(clause)
    if not found or _HALF.search(clause[: found.start()]):
        return ""
    others = rest(clause, found.start(), found.end())
    if _AT_LEAST.search(clause) and not _NOT_LEAST.search(clause):
        return LONG if not others and _count(found["n"]) >= LONG_FROM and "word" not in found["unit"] else ""
    limited = _limits(clause, found)
    if not (limited or _is_bare(clause, found, text)) or (_REQUEST.match(clause) and others):
        return ""
    plainly = limited and (_HERE.search(clause) or re.match(r"\b(?:max|tops|at most)", clause[found.end() :].strip()))
    most = 4 if limited and _CAPACITY.search(clause) else 3 if plainly else 1 + limited
    return _directive(found["n"], found["unit"]) if len(others) <= most else ""


def limit_alone(text: str) -> str:
    """Of a message whose number has no unit: so many can only be words."""
    found = next(filter(None, (pattern.search(text) for pattern in _ALONE)), None)
    count = _count(found["n"]) if found else 0
    return _directive(str(count), "words") if count >= WORDS_FROM and len(rest(text, 0, 0)) <= 4 else ""


def _limits(clause: str, found: re.Match[str]) -> bool:
    """ "At most" stands before the number, or "tops" behind it."""
    before, after = clause[: found.start()], clause[found.end() :].strip()
    return bool(_LIMIT_BEFORE.search(before) or _LIMIT_AFTER.match(after))


def _is_bare(clause: str, found: re.Match[str], text: str) -> bool:
    """ "Two sentences please", where nothing else is said in all the message."""
    before, after = clause[: found.start()], clause[found.end() :].strip()
    if not is_idle(text) or is_praise(text) or _NEGATED.search(before) or _ONE_OF_THEM.search(before):
        return False
    told = bool(_BARE_BEFORE.fullmatch(before.strip()) and _BARE_AFTER.fullmatch(after))
    return told and not _TOO_MANY.search(clause[found.start() :])


def _lost(clause: str) -> str:
    if beyond := _UNREAD.search(clause) or _SAYABLE.search(clause):
        return _directive(_ORDINALS.get(beyond["n"], beyond["n"]), "sentences")
    found = _ATTENTION.search(clause)
    if not found or not _LOSES.search(clause) or (not found["unit"] and "sentence" not in clause):
        return ""
    if found["unit"] in ("one", "ones") and "sentence" not in clause:
        return ""
    return _directive(_ORDINALS.get(found["n"], found["n"]), "sentences")


def _directive(said: str, unit: str) -> str:
    count = _count(said)
    if not count:
        return ""
    if unit.startswith("word"):
        return f"Answer in at most {number(str(count))} words." if count >= 3 else ""
    if count > 12:
        return ""
    return "Answer in one sentence." if count == 1 else f"Answer in at most {number(str(count))} sentences."


def _count(said: str) -> int:
    """Of a range the larger."""
    if "half a dozen" in said:
        return 6
    known = [int(w) if w.isdigit() else _VALUES.get(w, 0) for w in re.findall(r"[a-z]+|\d+", said)]
    return max(known, default=0) or (1 if said.strip() in ("a", "an") else 0)
