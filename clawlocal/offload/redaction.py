"""What is taken out of a text before it leaves the machine. Knows no remote.

Rules find what has a form: addresses of mail, keys, long numbers, and what the user's own pattern says. A name or
a street has none, so this is no anonymity.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_WORD = r"[A-Za-z0-9_-]"
_RULES = (
    ("[key]", r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    ("[e-mail]", r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
    # Those of well-known services say what they are; others are long, and mix letters with digits.
    ("[key]", rf"(?<![A-Za-z])(?:sk|pk|rk|gh[pousr]|github_pat|glpat|hf|xox[a-z])[-_]{_WORD}{{16,}}"),
    ("[key]", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}"),
    ("[key]", rf"\beyJ{_WORD}{{8,}}\.{_WORD}{{8,}}\.{_WORD}*"),
    ("[key]", r"\b(?=[A-Za-z]{0,200}[0-9])(?=[0-9]{0,200}[A-Za-z])[A-Za-z0-9]{32,}"),
    ("[number]", r"\+?(?<!\d)(?:\d{9,}|\d{2,}(?:[ ./()-]{1,2}\d{2,})+)(?!\d)"),
)
_NAMED = re.compile(
    r"(?i)\b((?:api[_-]?key|secret|password|passwd|token)[\"']?\s{0,3}[:=]\s{0,3}[\"']?)([^\s\"'\[]{6,})"
)
_DATE = re.compile(r"(?:\d{4}([./-])\d\d\1\d\d|\d\d([./-])\d\d\2\d{4})(?: \d\d(?:\.\d\d)?)?")
_FEWEST_DIGITS = 9


class Redaction:
    """Calls return the text with placeholders. `own` is the user's pattern; empty for none."""

    def __init__(self, own: str = "") -> None:
        self._own = re.compile(own) if own else None

    def __call__(self, text: str) -> str:
        """Twice changes no more than once."""
        if self._own is not None:
            text = self._own.sub(_unless_placeholder("[redacted]"), text)
        # What stood behind something that was taken out may be seen only now.
        while (clean := _pass(text)) != text:
            text = clean
        return text

    def within(self, value: Any) -> Any:
        """Every text inside of JSON."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {key: self.within(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.within(each) for each in value]
        return value


def _pass(text: str) -> str:
    for placeholder, pattern in _COMPILED:
        text = pattern.sub(_long_enough if placeholder == "[number]" else placeholder, text)
    return _NAMED.sub(r"\1[key]", text)


def _long_enough(found: re.Match[str]) -> str:
    """From nine digits on it is a number of something, unless it is a day and its hour."""
    long = sum(letter.isdigit() for letter in found[0]) >= _FEWEST_DIGITS
    return "[number]" if long and not _DATE.fullmatch(found[0]) else found[0]


def _unless_placeholder(placeholder: str) -> Callable[[re.Match[str]], str]:
    return lambda found: placeholder if found[0] else ""


_COMPILED = tuple((placeholder, re.compile(pattern, re.DOTALL)) for placeholder, pattern in _RULES)
