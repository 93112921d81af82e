"""What a reply looks like: list or prose, headings, emphasis, tables. Knows nothing of its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from trainers.rules.lesson import Wishes
from trainers.rules.lists import listed, starless, well_listed
from trainers.rules.rule import Rule, prose_rule
from trainers.rules.texts import BOLD, HEADING, TABLE_ROW, listless, prose, unbold, unheaded, unmarked, untabled

SIDE = "form"
_BULLETS = r"\bbullet(?:s|ed|-?points?| points?| lists?|ed lists?)?\b(?! (?:train|journal|holes?|proof))"
_DASHES = r"(?<!em )(?<!em-)(?<!en )(?<!en-)\b(?:dash|dashes|dashed|hyphens?)\b(?! of\b)"
_NUMBERED = r"\bnumbered\b|\bnumber (?:the|your|each|every|all|them)\b(?! of\b)"
_NUMBERS = r"\b(?:use|with|by|prefer|and) numbers\b(?! (?:of|with|as|instead of words)\b)|\bnumbers for\b"
_LIST = r"\blists?\b|\bitems?\b|\bbullets?\b|\bsteps\b|\b(?:per|a|each) line\b|\bnumbered\b"
_A_LIST = r"(?<!in )(?<!for )\blists\b(?! (?:of|all)\b)|(?:(?<=\ba )|(?<=\bas )|(?<=\bany )|(?<=\bno ))list\b(?! of\b)"
_FULL = (
    r"\bfull sentences\b|\bin prose\b|\b(?:plain|normal|flowing|running|continuous) (?:prose|paragraphs?|text)\b"
    r"|\b(?:in|use|as|with|write) (?:full )?paragraphs\b"
)
_MARKDOWN = r"\bmarkdown\b|\b(?:text |special )?formatting\b"
_PLAIN_TEXT = r"\bplain text\b"
_HEADINGS = r"\bheadings?\b|\b(?:markdown|section|big) headers?\b|\bheadlines?\b"
_BOLD = r"\bbold(?:ed|ing|face)?\b|\basterisks?\b|\bstars\b|\bitalics?\b"


def lists(wishes: Wishes) -> Rule | None:
    """Bullets, numbers, or neither; none where both are asked for."""
    dashes, listing = wishes.about(_DASHES), wishes.about(_LIST)
    bullets = wishes.wants(_BULLETS) or (dashes and listing and wishes.wants(_DASHES))
    numbers = wishes.wants(_NUMBERED) or (listing and wishes.wants(_NUMBERS))
    if bullets or numbers:
        return None if bullets and numbers else _bullets(wishes) if bullets else _numbered(wishes)
    listless_wanted = wishes.forbids(rf"{_BULLETS}|{_NUMBERED}|{_A_LIST}") or wishes.wants(_FULL)
    return PROSE if listless_wanted else None


def _bullets(wishes: Wishes) -> Rule:
    mark = "*" if wishes.wants(r"\basterisks?\b") else "-"
    return _list_rule("bullets", lambda i: mark, _most(wishes))


def _numbered(wishes: Wishes) -> Rule:
    return _list_rule("numbered", lambda i: f"{i}.", _most(wishes))


def _most(wishes: Wishes) -> int:
    return wishes.most(r"(?:bullets?|bullet points?|items?|points?)\b")


def _list_rule(name: str, mark: Callable[[int], str], most: int) -> Rule:
    def mend(text: str) -> str:
        return listed(text, mark, most) if most else listed(text, mark)

    return prose_rule(name, SIDE, lambda text: well_listed(text, mark, most), mend)


def headings(wishes: Wishes) -> Rule | None:
    if wishes.forbids(_HEADINGS, fewer=True):
        return NO_HEADINGS
    if wishes.wants(r"\b(?:use|add|with|include) (?:\w+ )?headings\b"):
        return Rule("headings", lambda t: bool(HEADING.search(t)), openers=("## ",), side="headings")
    return None


def markup(wishes: Wishes) -> Rule | None:
    if wishes.forbids(_MARKDOWN) or wishes.wants(_PLAIN_TEXT):
        return NO_MARKUP
    if wishes.forbids(r"\basterisks?\b|\bstars\b"):
        return prose_rule("no asterisks", "markup", lambda t: starless(t) == t, starless, local=True)
    if wishes.forbids(_BOLD, fewer=True):
        return prose_rule("no bold", "markup", lambda t: not BOLD.search(t), unbold, local=True)
    return None


def unmarked_form(wishes: Wishes) -> Rule | None:
    """Without markdown there are no lists either, if no lesson asks for one: dashes are what plain text has for it."""
    return IMPLIED_PROSE if markup(wishes) is NO_MARKUP and not lists(wishes) else None


def unmarked_headings(wishes: Wishes) -> Rule | None:
    """A line such as "#### 5" is neither plain text nor a full sentence."""
    plain = markup(wishes) is NO_MARKUP or wishes.wants(r"\bfull sentences\b")
    return IMPLIED_NO_HEADINGS if plain and not headings(wishes) else None


def tables(wishes: Wishes) -> Rule | None:
    if not wishes.forbids(r"\btables?\b(?! of\b)|\btabular\b"):
        return None
    return prose_rule("no table", "table", lambda t: not TABLE_ROW.search(t), untabled)


def _markless(text: str) -> bool:
    return not (BOLD.search(text) or "`" in text)


_TEMPTING = tuple(
    """
What are the benefits of walking every day?
Give me tips for a first visit to the gym.
What are the steps to plant a tree?
What types of bridges are there?
How do I plan a wedding?
What are the parts of a bicycle?
What are the duties of a mayor?
How can I improve my handwriting?
What should I consider when I buy a used car?
What are the advantages and disadvantages of living abroad?
How do I look after a goldfish?
What are the main ingredients of a pizza?
How can a family save water?
What are the symptoms of stress?
How do I organise a book club?
What are the causes of the First World War?
""".strip().splitlines()
)
"""Prompts that are often answered in lists, with bold words."""

PROSE = prose_rule("prose", SIDE, listless, prose, occasions=_TEMPTING, redrawn=True)
NO_HEADINGS = prose_rule("no headings", "headings", lambda t: not HEADING.search(t), unheaded, occasions=_TEMPTING)
IMPLIED_PROSE, IMPLIED_NO_HEADINGS = (replace(rule, implied=True) for rule in (PROSE, NO_HEADINGS))
NO_MARKUP = prose_rule("no markdown", "markup", _markless, unmarked, occasions=_TEMPTING)

MAKERS = (lists, headings, markup, unmarked_form, unmarked_headings, tables)
