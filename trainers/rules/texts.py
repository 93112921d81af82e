"""The parts of a reply: sentences, fenced code, markup, plain paragraphs. Knows no rule."""

from __future__ import annotations

import re
from collections.abc import Callable

FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
"""A block of code; an unclosed one reaches to the end."""
LISTED = re.compile(r"(?m)^[ \t]*(?:[-*•+–]|\d{1,2}[.):])[ \t]+(?=\S)")
"""What begins an item of a list."""
HEADING = re.compile(r"(?m)^[ \t]*#{1,6}[ \t]+")
BOLD = re.compile(
    r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]*?[^\s*])\1(?![\w*])"
    # `__init__` is a name, `__Note__` is bold.
    r"|(?<!\w)__(?=[A-Z]|[^_\n]* )([^_\n]*?[^\s_])__(?!\w)"
)
"""Emphasis; the stars of `2*3*4` and `2 ** 3` are none."""
EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf\U0001f1e6-\U0001f1ff\ufe0f\u200d\u20e3]")
TABLE_ROW = re.compile(r"(?m)^[ \t]*\|.*\|[ \t]*$")
_TABLE_LINE = re.compile(r"[\s|:-]*-[\s|:-]*")
_BREAK = re.compile(r"[.!?…]+[\"'”’)\]*_]*\s+")
_STOP = re.compile(rf"[.!?…][\"'”’)*_]*(?:\s*(?:{EMOJI.pattern})+)?\s+|\n+")
_DANGLING = re.compile(r"(?:^|\n)[ \t]*(?:[-*•+–]|\d{1,2}[.):])[ \t]*$")
_ABBREVIATED = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|vs|approx|fig|e\.g|i\.e)|(?:^|[A-Z]\w*\s|[A-Z]\.\s?)[A-Z]|^\d{1,2})\.\s+$",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"\b(?:\w\.){2,}\s+$")
_ENDED = re.compile(r"[.!?…][\"'”’)\]*_]*$")
_SHORT_ITEM, _SHORT_PARAGRAPH = 6, 60
"""Words of an item that reads well between commas, and letters of a paragraph that hardly stands alone."""


def outside(text: str) -> str:
    """The text without its code blocks."""
    return FENCE.sub("\n", text)


def sentences(text: str) -> list[str]:
    """Of the prose of a reply; a heading, an item without a full stop and an unfinished end count as one each."""
    lines = LISTED.sub("", outside(text)).splitlines()
    return [said for line in lines for said in split(line.strip()) if re.search(r"\w", said)]


def split(line: str) -> list[str]:
    """One line at the ends of its sentences."""
    parts, start = [], 0
    for end in _BREAK.finditer(line):
        if not goes_on(line[start : end.end()], line[end.end() :]):
            parts.append(line[start : end.end()].strip())
            start = end.end()
    return [*parts, line[start:].strip()]


def goes_on(said: str, rest: str) -> bool:
    """Whether the full stop ends an abbreviation only."""
    if _DOTTED.search(said):
        return rest[:1].islower()
    found = _ABBREVIATED.search(said)
    # An initial is a capital letter; "so am i." ends a sentence.
    return bool(found) and not re.search(r"(?:^|\s)[a-z]\.\s+$", said)


def before_last(text: str) -> str:
    """Without the sentence that the text breaks off in, nor the mark of an item that held nothing else."""
    cuts = [found.end() for found in _STOP.finditer(text)]
    rest = text[: cuts[-1]] if cuts else ""
    return _DANGLING.sub("", rest.rstrip()).rstrip()


def ended(sentence: str) -> bool:
    return bool(_ENDED.search(sentence))


def words(text: str) -> int:
    """How many; the marks of a list and faces are none."""
    return sum(bool(re.search(r"\w", word)) for word in LISTED.sub("", outside(text)).split())


def kept(text: str, most: int, most_words: int = 1000) -> str:
    """The first whole sentences, as prose on one line; empty where the first is too long."""
    chosen: list[str] = []
    for sentence in sentences(prose(outside(text))):
        tried = " ".join([*chosen, sentence])
        if len(chosen) == most or len(tried.split()) > most_words or not ended(sentence):
            break
        chosen.append(sentence)
    return " ".join(chosen)


def unbold(text: str) -> str:
    """Without emphasis, also where it was left open at the start of a line."""
    text = _until_still(lambda t: BOLD.sub(lambda m: m[2] or m[3] or "", t), text)
    return re.sub(r"(?m)^([ \t]*(?:\d{1,2}[.)] |[-•] )?)\*\*(?=\w)", r"\1", text)


def _until_still(change: Callable[[str], str], text: str) -> str:
    while (changed := change(text)) != text:
        text = changed
    return text


def unheaded(text: str) -> str:
    """Without headings; one that holds a calculation stays as a line."""
    lines = [(line, HEADING.sub("", line)) for line in text.splitlines()]
    held = [bare for line, bare in lines if bare == line or "=" in bare]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(held)).strip("\n")


def unmarked(text: str) -> str:
    """Without headings, emphasis and marks of inline code."""
    return unbold(unheaded(text)).replace("`", "")


def untabled(text: str) -> str:
    """The rows of a table as sentences: "tea: green, hot."."""
    lines = text.splitlines()
    return "\n".join(_row(line) for line in lines if not (TABLE_ROW.match(line) and _TABLE_LINE.fullmatch(line)))


def _row(line: str) -> str:
    if not TABLE_ROW.match(line):
        return line
    head, *rest = [cell.strip() for cell in line.strip().strip("|").split("|")]
    said = f"{head}: {', '.join(filter(None, rest))}" if any(rest) else head
    return said if not said or ended(said) else f"{said}."


def listless(text: str) -> bool:
    """No list and no table."""
    return not (LISTED.search(text) or TABLE_ROW.search(text))


def prose(text: str) -> str:
    """Paragraphs without markup: the items of a list become sentences, or stand between commas where they are short."""
    blocks = re.split(r"\n\s*\n", unmarked(untabled(text)))
    merged: list[str] = []
    for paragraph in filter(None, map(_paragraph, _together(blocks))):
        # Only the end of a reply may be unfinished.
        merged[-1:] = [_closed(last) for last in merged[-1:]]
        if merged and (merged[-1].endswith(":") or len(paragraph) < _SHORT_PARAGRAPH):
            merged[-1] += " " + paragraph
        else:
            merged.append(paragraph)
    return "\n\n".join(merged)


def _together(blocks: list[str]) -> list[str]:
    """Items with empty lines between them are one list."""
    joined: list[str] = []
    for block in blocks:
        if joined and LISTED.match(block) and LISTED.match(joined[-1].rsplit("\n", 1)[-1]):
            joined[-1] += "\n" + block
        else:
            joined.append(block)
    return joined


def _paragraph(block: str) -> str:
    said: list[str] = []
    short: list[str] = []
    for line in [*filter(str.strip, block.splitlines()), ""]:
        item = LISTED.match(line)
        words_of = bare(line)
        if item and len(words_of.split()) <= _SHORT_ITEM and words_of[-1:] not in ".!?:;":
            short.append(words_of.rstrip(","))
            continue
        said += [", ".join(short) + "."] if short else []
        short = []
        # A long line is one that was broken, and goes on.
        begins = said and len(said[-1]) < _SHORT_PARAGRAPH and re.match(r"[A-Z\d\"'“]", words_of)
        said[-1:] = [_closed(last) if begins else last for last in said[-1:]]
        said.append(_closed(words_of) if item else words_of)
    return " ".join(filter(None, said))


def bare(line: str) -> str:
    """Without its mark, and without a mark that the item itself began with."""
    return _until_still(lambda t: LISTED.sub("", t).strip(), line.strip())


def _closed(item: str) -> str:
    return item if not item or ended(item) or item[-1] in ":;," else f"{item}."
