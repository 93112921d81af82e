"""The numbers and calculations that a text has. Does not calculate: a wrong sum counts like a right one."""

from __future__ import annotations

import re

_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen""".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_IN_WORDS = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[- ](?P<unit>{'|'.join(_SMALL[1:10])}))?|(?P<small>{'|'.join(_SMALL)}))\b"
)

_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_WRITTEN = rf"[$£€]?\s?{_NUMBER}\s?(?:%|p\b|percent\b)?"
_WORD = r"[\s()]*(?:[a-z]+[\s()]+){0,4}?"
_SIGN = r"[-+−–×x*·/÷:]|plus|minus|times|multiplied by|divided by|added to|taken from|of|from|less|more than"
_EQUALS = r"=|≈|\b(?:is|are|equals?|makes?|gives?|leaves?|comes? to|gets?|has|have|was|costs?|be)\b"
_LEFT = (
    rf"{_WRITTEN}(?:{_WORD}(?:{_SIGN}){_WORD}{_WRITTEN})+|(?:half|double|twice|a third|a quarter)(?: of)? {_WRITTEN}"
)
_CALCULATION = re.compile(rf"(?<![\d.,])(?=((?:{_LEFT}){_WORD}(?:{_EQUALS}){_WORD}[$£€]?\s?{_NUMBER}))")


def numbers(text: str) -> list[str]:
    """The numbers of a text in order, those in words as well, written alike."""
    return [f"{float(found.replace(',', '')):g}" for found in re.findall(_NUMBER, _in_digits(text))]


def calculations(text: str) -> set[str]:
    """The different calculations with their results: "12 x 4 = 48" or "12 times 4 is 48"."""
    text = _in_digits(text)
    by_end: dict[int, str] = {}
    for found in _CALCULATION.finditer(text):
        by_end.setdefault(found.end(1), " ".join(found.group(1).split()))
    return set(by_end.values())


def _in_digits(text: str) -> str:
    return _IN_WORDS.sub(_digits, text.lower())


def _digits(found: re.Match[str]) -> str:
    if small := found["small"]:
        return str(_SMALL.index(small))
    tens = 10 * (_TENS.index(found["tens"]) + 2)
    return str(tens + (_SMALL.index(found["unit"]) if found["unit"] else 0))
