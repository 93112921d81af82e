"""Words and signs that a reply is to leave out or to take: spelling, exclamation marks, emoji, stock phrases.

Knows nothing of a reply's form or length.
"""

from __future__ import annotations

import re

from trainers.rules import spelling
from trainers.rules.drills import drills
from trainers.rules.lesson import Wishes
from trainers.rules.rule import Rule, prose_rule
from trainers.rules.stock import opened, unopened
from trainers.rules.texts import EMOJI, LISTED, split

_EXCLAMATION = r"\bexclamations?(?: marks?| points?)?\b|\bexclaim\w*"
_CODE_MARK = re.compile(r"`[^`\n]*![^`\n]*`|!=|!\[|!important|\d! *[=*/×÷]")
"""Where the mark belongs to code or to a formula."""
_LOUD = re.compile(r" ?[?!.…](?:[?!.…]| +(?=[?!.…]))*")
_EMOJI_WORD = r"\b(?:emojis?|emoticons?|smileys?|smiley faces?)\b"
_EMOJI_RUN = re.compile(rf"(?m)^(?:{EMOJI.pattern})+ *| *(?:{EMOJI.pattern})+")
FACE = "😊"
_SHOUTED = re.compile(
    r"\b(?:NOT|NEVER|ALWAYS|MUST|IMPORTANT|NOTE|WARNING|VERY|ONLY|ALL|EVERY|DO|AND|REALLY|PLEASE|BEFORE|AFTER"
    r"|REMEMBER|CAUTION|STOP|AVOID)\b"
    r"|\b[A-Z]{2,}(?:\s+[A-Z]{2,}){2,}\b"
)
_LEFT_OUT = (
    ("no apology", "apology", r"\bapologi[sz](?:e|ing)\b|\bapolog(?:y|ies)\b|\bsorry\b",
     r"\b(?:sorry|apologi[sz]e|apologies|apologi[sz]ing|forgive me|my apologies|i regret)\b"),
    ("no praise", "praise",
     r"\b(?:prais(?:e|ing)|compliment(?:s|ing)?|flatter(?:y|ing)?)\b(?!.*\bfirst\b)|\b(?:great|good) question\b",
     r"\b(?:great|good|excellent|fantastic|wonderful|interesting|amazing|lovely) (?:question|choice|idea|topic"
     r"|point)\b"
     r"|\bthank you for (?:asking|your question)|\bglad you asked"),
    ("no disclaimer", "disclaimer", r"\bdisclaimers?\b|\bcaveats?\b|\bas an ai\b",
     r"\bas an ai\b|\blanguage model\b|\b(?:consult|see|ask|talk to|seek)\b[^.]{0,40}\b(?:professional|doctor"
     r"|lawyer|expert|advi[cs]e|advisor)"
     r"|\bnot (?:a|an) (?:doctor|lawyer|expert|professional)|\bimportant to note"),
)  # fmt: skip
_INTRODUCTION = (
    r"\b(?:introductions?|introductory|intros?|preambles?|openers|pleasantries|greetings?|filler)\b|\bgreet\b"
)
_STOCK = (
    r"\b(?:start\w*|begin\w*|open\w*|say|saying|said|the|with)\b.{0,20}[\"'“]?\b(?:sure|certainly|of course"
    r"|absolutely|hello|here(?:'s| is| are))\b"
    r"|[\"'“](?:sure|certainly|of course|absolutely)\b"
)
_AT_ONCE = (
    r"\b(?:start|lead|open|begin) with the answer\b|\banswer first\b|\b(?:get|go|come|jump|cut) (?:straight |right "
    r"|directly "
    r"|just )?to the (?:answer|point|chase)\b"
    r"|\b(?:give|say|put) (?:me )?the answer first\b"
)


def exclamation(wishes: Wishes) -> Rule | None:
    if not wishes.forbids(_EXCLAMATION, fewer=True):
        return None
    return prose_rule("no exclamation marks", "exclamation marks", lambda t: "!" not in t, calm, local=True)


def calm(text: str) -> str:
    """A run of exclamation marks becomes a full stop; beside another mark of an end it goes."""
    if _CODE_MARK.search(text):
        return text
    return _LOUD.sub(lambda found: _calmed(found[0]), text)


def _calmed(run: str) -> str:
    if "!" not in run:
        return run
    return "?" if "?" in run else "..." if run.startswith("...") else "."


def emoji(wishes: Wishes) -> Rule | None:
    if wishes.forbids(_EMOJI_WORD, fewer=True):
        return prose_rule(
            "no emoji", "emoji", lambda t: not EMOJI.search(t), lambda t: _EMOJI_RUN.sub("", t), local=True
        )
    if wishes.wants(rf"\b(?:use|using|add|with|include|put|more|some|throw in)\b (?:\w+ ){{0,3}}{_EMOJI_WORD}"):
        return prose_rule("emoji", "emoji", lambda t: bool(EMOJI.search(t)), lambda t: f"{t.rstrip()} {FACE}")
    return None


def spelled(wishes: Wishes) -> Rule | None:
    """British or American; none where a lesson names both."""
    british, american = _spelling("british|uk", "english"), _spelling(r"american|us|u\.s\.")
    wanted = wishes.wants(british) or wishes.forbids(american) or _by_example(wishes, spelling.TO_BRITISH)
    other = wishes.wants(american) or wishes.forbids(british) or _by_example(wishes, spelling.TO_AMERICAN)
    if wanted == other:
        return None
    name, spell = ("british", spelling.british) if wanted else ("american", spelling.american)
    return prose_rule(
        name,
        "spelling",
        lambda t: spell(t) == t,
        spell,
        local=True,
        occasions=spelling.OCCASIONS,
        drills=drills(spell),
    )


def _spelling(named: str, *also: str) -> str:
    """A country's spelling; `also` are names that stand for it in "the English way" alone."""
    way = rf"\bspell\w* .*\bthe (?:{'|'.join((named, *also))}) way\b"
    return rf"\b(?:{named}) (?:english )?(?:spelling|english)\b|{way}|\bspell\w* .*\b(?:{named})\b"


def _by_example(wishes: Wishes, pairs: dict[str, str]) -> bool:
    """ "Colour, not color" """
    said = " ".join(clause.text for clause in wishes.clauses)
    shown = re.findall(r"\b([a-z]+)[\"']? (?:not|instead of|rather than) [\"']?([a-z]+)\b", said)
    return any(pairs.get(wrong) == right for right, wrong in shown)


def capitals(wishes: Wishes) -> Rule | None:
    if not wishes.forbids(
        r"\ball[- ]cap(?:ital)?s\b|\bcapital letters\b|\bcaps\b|\bin capitals\b|\buppercase\b"
        r"|\bshout\w*"
    ):
        return None
    return prose_rule("no capitals", "capitals", lambda t: not _SHOUTED.search(t), _lowered, local=True)


def _lowered(text: str) -> str:
    return _SHOUTED.sub(lambda found: _like_sentence(found[0], text[: found.start()]), text)


def _like_sentence(word: str, before: str) -> str:
    begins = not before.strip() or re.search(r"[.!?]\s+$|\n\s*(?:[-*] |\d+\. )?$", before)
    return word.capitalize() if begins else word.lower()


def dashes(wishes: Wishes) -> Rule | None:
    if not wishes.forbids(r"\bem[- ]?dash(?:es)?\b|\blong dashes\b|—", fewer=True):
        return None
    return prose_rule(
        "no em dashes", "dashes", lambda t: "—" not in t, lambda t: re.sub(r"[ \t]*—+[ \t]*", ", ", t), local=True
    )


def left_out(wishes: Wishes, name: str, side: str, asked: str, pattern: str) -> Rule | None:
    if not wishes.forbids(asked):
        return None
    found = re.compile(pattern, re.IGNORECASE)
    return prose_rule(name, side, lambda t: not found.search(t), lambda t: _without(found, t))


def apology(wishes: Wishes) -> Rule | None:
    return left_out(wishes, *_LEFT_OUT[0])


def praise(wishes: Wishes) -> Rule | None:
    return left_out(wishes, *_LEFT_OUT[1])


def disclaimer(wishes: Wishes) -> Rule | None:
    return left_out(wishes, *_LEFT_OUT[2])


def _without(pattern: re.Pattern[str], text: str) -> str:
    """Drops the sentences that it is found in."""
    lines = [_line_without(pattern, line) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line is not None)).strip()


def _line_without(pattern: re.Pattern[str], line: str) -> str | None:
    if not pattern.search(line):
        return line
    head = LISTED.match(line)
    mark = head[0] if head else ""
    said = [sentence for sentence in split(line[len(mark) :]) if not pattern.search(sentence)]
    return mark + " ".join(said) if any(said) else None


def introduction(wishes: Wishes) -> Rule | None:
    if wishes.wants(_AT_ONCE) or wishes.forbids(_INTRODUCTION) or wishes.forbids(_STOCK):
        return prose_rule("no introduction", "introduction", lambda t: not opened(t), unopened)
    return None


MAKERS = (spelled, exclamation, capitals, dashes, apology, praise, disclaimer, introduction, emoji)
