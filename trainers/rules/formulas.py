"""LaTeX and "Step 1:" labels as plain text, with every number kept. Knows no rule."""

from __future__ import annotations

import re

_DELIMITED = re.compile(r"\\[()\[\]]|\$\$")
_DOLLARS = re.compile(r"\$(?=\S)([^$\n]*[\\^_=][^$\n]*?)(?<=\S)\$(?!\d)")
"""A formula between dollar signs; "$5 and $6" is money."""
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_WRAPPED = re.compile(
    r"\\(?:boxed|text|textbf|textit|mathrm|mathbf|mathit|operatorname|overline|underline)\s*\{([^{}]*)\}"
)
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_RAISED = re.compile(r"([\^_])\{([^{}]*)\}")
_SIGNS = {
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠",
    "ne": "≠", "approx": "≈", "rightarrow": "→", "Rightarrow": "⇒", "to": "→", "infty": "∞", "pi": "π", "degree": "°",
    "circ": "°", "ldots": "…", "dots": "…", "alpha": "α", "beta": "β", "theta": "θ", "Delta": "Δ", "sum": "∑",
    "quad": " ", "qquad": " ", "left": "", "right": "", "displaystyle": "",
}  # fmt: skip
_SIGN = re.compile(r"\\(" + "|".join(sorted(_SIGNS, key=len, reverse=True)) + r")(?![A-Za-z])")
_ESCAPED = re.compile(r"\\([%$#&_{}])")
_SPACE = re.compile(r"\\[,;:! ]")
_LATEX = re.compile(
    rf"{_DELIMITED.pattern}|{_DOLLARS.pattern}|\\(?:[dt]?frac|boxed|text|sqrt|math[a-z]+)\b|{_SIGN.pattern}|\\[%$,;]"
)
_STEP = re.compile(
    r"(?mi)^(?:[ \t]*#{1,6}[ \t]+)?([ \t]*(?:(?:[-*•]|\d{1,2}[.)])[ \t]+)?)(\*{0,2})"
    r"step[ ](?:\d{1,2}|one|two|three|four|five|six)\b(?:[ \t]*[:.)–—-][ \t]*(\*{0,2})[ \t]*|(?=\*{0,2}[ \t]*$))"
)
_NUMBERED_HEADING = re.compile(r"(?m)^[ \t]*#{1,6}[ \t]+(\*{0,2})\d{1,2}[.):][ \t]+(?=\S)")
"""The title of a step, where steps are sections."""


def formal(text: str) -> bool:
    return bool(_LATEX.search(text))


def unformal(text: str) -> str:
    """Formulas as a person types them: `\\frac{1}{2}` is 1/2, `\\(x^{2}\\)` is x^2."""
    if not formal(text):
        return text
    text = _DOLLARS.sub(r"\1", _DELIMITED.sub("", text))
    while (changed := _opened(text)) != text:
        text = changed
    text = _SPACE.sub(" ", _SIGN.sub(lambda found: _SIGNS[found[1]], text))
    text = re.sub(r"(?<=\S) {2,}", " ", _ESCAPED.sub(r"\1", text))
    return re.sub(r"(?m)^ +(?=[^\s*•\d-])| +$", "", text)


def _opened(text: str) -> str:
    """One level of braces less."""
    text = _FRACTION.sub(lambda found: f"{_grouped(found[1])}/{_grouped(found[2])}", text)
    text = _ROOT.sub(r"√(\1)", _WRAPPED.sub(r"\1", text))
    return _RAISED.sub(lambda found: found[1] + _grouped(found[2]), text)


def _grouped(term: str) -> str:
    """In brackets where a sign within it would bind otherwise."""
    term = term.strip()
    return f"({term})" if re.search(r"[+\-*/ ]|\\(?:times|cdot|div)", term[1:]) else term


def stepped(text: str) -> bool:
    return bool(_STEP.search(text) or _NUMBERED_HEADING.search(text))


def unstepped(text: str) -> str:
    """Without the labels of steps; what they are about stays."""
    text = _NUMBERED_HEADING.sub(r"\1", text)
    return _STEP.sub(lambda found: found[1] + (found[2] if not found[3] else ""), text)
