"""What a lesson's text wants and forbids, clause by clause, whoever wrote it. Knows no rule and no reply.

A wrong rule teaches what nobody asked for, so a clause that tells, asks or allows says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SAME = (
    (r"[’`]", "'"),
    (r"\b(?:do not|don't|dont) (?:forget|fail) (?:to )?|\bnever forget to |\bnot only ", ""),
    (r"\bwhy not ", "please "),
    (
        r"(?<=use )[\"'“]?!+[\"'”]?|(?<=using )[\"'“]?!+[\"'”]?|(?<=no )[\"'“]?!+[\"'”]?|(?<=the )[\"'“]!+[\"'”]",
        "exclamation marks",
    ),
    (r"\b(?:not|never|don't|dont)(?: \w+){0,3} (?:more|longer) than\b", "at most"),
    (r" (?:per|in each|for each|in every) (?:answer|reply|response|message)\b", ""),
    (
        r"\bno (?:more|longer) than\b|\b(?:max(?:imum)?\.?|up to)(?: of)?(?= (?:\d|[a-z]+ (?:sent"
        r"|word|line)))",
        "at most",
    ),
)
_VERB = (
    r"(?:use|using|write|give|keep|make|put|format|list|reply|answer|respond|add|end|finish|close|conclude|start"
    r"|begin|open|be|sound|speak|talk|spell|stick|stay|limit|do|don't|dont|avoid|stop|drop|skip|leave|no|not|never"
    r"|always|please|ask|say|explain|show|include|praise|lead|prefer|go|get|cut|lose|quit|ditch|remove|omit|more|less"
    r"|fewer|only|just|without|present|structure|number|wrap|try|switch|refrain|enough|at most|one|in)"
)
_CLAUSE = re.compile(
    rf"[.;:!?\n]+(?=\s|$)|,\s+(?!or\b)|\s+[–—-]\s+|\s+but\s+|\s+and\s+(?={_VERB}\b)(?!(?:not|no|in|one|more|less)\b)"
)
_FILLER = re.compile(
    r"^(?:(?:and|so|then|also|just|ok|okay|hey|well|again|but|next time|from now on|in future|in your \w+)\b[, ]*)+"
)
_CUE = re.compile(
    rf"^{_VERB}\b|\b(?:please|i (?:said|want|like|prefer|hate|dislike|need|would|can't|don't)|i'd|should|must|have to"
    r"|need to|always|never|only|instead|without|(?:can|could|would|will) you|make sure|let's|stop|too many|too much"
    r"|try to|tired of|sick of)\b"
)
_TALE = re.compile(
    r"^(?:he|she|they|we|it|there|his|her|their|who|what|where|why|how|which|the|an?|this|that|these|those|my|our|is"
    r"|are|does|did|was)\b"
)
_DUTY = re.compile(
    r"\b(?:should|must|please|needs?|have to|ought|too (?:many|much|long)|annoy\w*|irritat\w*|unnecessary|must go"
    r"|or less|or fewer|tops|max)\b"
)
_ONCE_OR_MAYBE = re.compile(
    r"\b(?:(?<!can )(?<!could )you (?:can|may|could|might)|(?:okay|ok|fine|free|allowed|welcome) to|(?:don't|do not"
    r"|dont) mind|optional|doesn't matter|if (?:you like|you want|needed|necessary)|sometimes|occasionally|maybe"
    r"|perhaps|unless|only (?:\w+ ){0,4}(?:when|if)|ask (?:me )?(?:before|first)|for (?:long|short)\w* \w+)\b"
    # A task about a text is done once.
    r"|\b(?:from|in|of|to|on) (?:this|that|the|my|these)(?: \w+)? (?:text|string|file|sentence|paragraph|code"
    r"|document|list|email|essay|letter|page|poem|story)\b"
)
_NOT = (
    r"(?:\bnot\b|n't\b|\bdont\b|\bno\b|\bnever\b|\bwithout\b|\bavoid\w*|\bstop\w*|\bskip\b|\bdrop\b|\bleave (?:out"
    r"|off)\b|\binstead of\b|\brather than\b|\b(?:hate|dislike)\b|\b(?:tired|sick) of\b|\benough (?:with|of)\b"
    r"|\bget rid of\b|\blose\b|\bcut\b|\bquit\b|\bditch\b|\bremove\b|\bomit\b|\brefrain\b|\bnor\b|\bfree of\b)"
)
_AFTER = re.compile(
    r"\b(?:annoy\w*|irritat\w*|awful|ugly|unnecessary|not (?:needed|necessary|wanted|allowed)|must go|drive me)\b"
)
_FEWER = re.compile(r"\b(?:fewer|less|too (?:many|much)|so many|as few)\b")
_INHERITS = re.compile(r"^(?:(?:or|and|nor) )?(?:[\w'-]+ ){0,3}[\w'-]+$")
_NUMBERS = {w: n for n, w in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)} | {
    "a": 1, "single": 1, "couple": 2, "fifteen": 15, "twenty": 20, "twenty-five": 25, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "eighty": 80, "hundred": 100,
}  # fmt: skip
_NUMBER = r"(\d{1,3}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"
_TO = rf"(?:(?:\d{{1,2}}|one|two|three|four|five|six) ?(?:-|–|to|or) ?)?{_NUMBER}"
_HOW = r"(?:short |simple |brief |single |clear |full |complete )*"
_LIMITS = (
    (r"\bat most (?:in )?", "", 0),
    (r"\b(?:under|less than|fewer than|below|shorter than) ", "", 1),
    (
        r"\b(?:within|in|with|to|using|(?:should|must) be) (?:just |only |exactly |at most )?",
        r"(?!s? that\b| (?:before|then|after|of)\b)",
        0,
    ),
    (
        r"(?:^|\b(?:only|just|use|write|give|answer|reply) )(?:me )?(?:an? )?",
        r"(?= (?:max|maximum|at most|only|tops|or less|or fewer|answers?|replies))",
        0,
    ),
    (r"^(?:use|write|answer|reply) (?=\S+ ?(?:-|–|to|or) ?\S+ (?:sentence|word|line))", "", 0),
    (r"^(?:only |just |please )?", r"(?= ?(?:please|is enough|are enough|is plenty)?$)", 0),
)
"""What stands before and after a number that limits, and by how much the limit is below it."""


@dataclass(frozen=True)
class Clause:
    text: str
    inherits: bool
    """A list's later part, under the negation of the part before."""


@dataclass(frozen=True)
class Wishes:
    """A lesson's clauses that direct."""

    clauses: tuple[Clause, ...]
    text: str = ""
    """The whole lesson, lower case: "when I ask for a list" directs nothing, but says what the dashes are for."""

    def wants(self, pattern: str) -> bool:
        return any(
            _found(clause.text, pattern) and not clause.inherits and not _negated(clause.text, pattern)
            for clause in self.clauses
        )

    def apart_from(self, pattern: str) -> Wishes:
        """Without the clauses that speak of something else than a reply."""
        return Wishes(tuple(clause for clause in self.clauses if not re.search(pattern, clause.text)), self.text)

    def forbids(self, pattern: str, *, fewer: bool = False) -> bool:
        """With `fewer` also where there is only too much of it."""
        return any(
            re.search(pattern, clause.text)
            and (clause.inherits or _negated(clause.text, pattern) or (fewer and bool(_FEWER.search(clause.text))))
            for clause in self.clauses
        )

    def about(self, pattern: str) -> bool:
        return bool(self.clauses) and bool(re.search(pattern, self.text))

    def most(self, unit: str) -> int:
        """The limit in a unit of a reply; 0 where there is none."""
        found = [_limit(clause.text, unit) for clause in self.clauses]
        return next(filter(None, found), 0)


def wishes(lesson: str) -> Wishes:
    text = lesson.strip().lower()
    for pattern, same in _SAME:
        text = re.sub(pattern, same, text)
    if re.match(r"(?:what|who|why|how|where|which|is|are|do|does|did|was)\b.*\?$", text):
        return Wishes(())
    parts = [_FILLER.sub("", part.strip(" \"'“”()*")) for part in _CLAUSE.split(text)]
    return Wishes(tuple(_directing([part for part in parts if part])), text)


def _directing(parts: list[str]) -> list[Clause]:
    clauses: list[Clause] = []
    for part in parts:
        before = clauses[-1] if clauses else None
        # "no lists, headings or tables": the later nouns are forbidden as well.
        against = before is not None and (before.inherits or bool(re.match(_NOT, before.text)))
        inherits = bool(against and _INHERITS.match(part) and not _CUE.search(part))
        topic = re.sub(r"\b(?:about|on the topic of|called|titled|named)\b.*", "", part)
        if inherits or _directs(part):
            clauses.append(Clause(topic, inherits))
    return clauses


def _directs(part: str) -> bool:
    if _ONCE_OR_MAYBE.search(part) or (_TALE.match(part) and not _DUTY.search(part)):
        return False
    return bool(_CUE.search(part)) or len(part.split()) <= 3 or bool(_AFTER.search(part) or _DUTY.search(part))


def _found(clause: str, pattern: str) -> bool:
    """Whether a clause has it, and not in "less friendly" or "too short"."""
    found = re.search(pattern, clause)
    return bool(found) and not re.search(r"\b(?:less|fewer|too|so)\b(?! that)", clause[: found.end()] if found else "")


def _negated(clause: str, pattern: str) -> bool:
    found = re.search(pattern, clause)
    if not found:
        return False
    return bool(re.search(_NOT, clause[: found.start()]) or _AFTER.search(clause[found.end() :]))


def _limit(clause: str, unit: str) -> int:
    if re.search(r"\b(?:at least|minimum|or more|per|each|every|about|around|first|last|code)\b", clause):
        return 0
    counted = rf"{_TO}[ -]{_HOW}{unit}"
    for before, after, less in _LIMITS:
        found = re.search(before + counted + after, clause)
        if found and not re.search(_NOT, clause[: found.start()]):
            return max(1, _number(found) - less)
    return 0


def _number(found: re.Match[str]) -> int:
    word = found[1]
    return int(word) if word.isdigit() else _NUMBERS[word]
