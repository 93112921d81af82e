"""Directives of a whole message: clause by clause, one of each side of a reply. Knows the parts and no pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from clawlocal.judge.slots import language
from clawlocal.judge.wishes import subjects as s
from clawlocal.judge.wishes.evident import evident
from clawlocal.judge.wishes.form import FORM
from clawlocal.judge.wishes.kept import kept, shown
from clawlocal.judge.wishes.layout import LAYOUT
from clawlocal.judge.wishes.leaning import Leaning, is_refused, leaning
from clawlocal.judge.wishes.lengths import LENGTHS
from clawlocal.judge.wishes.limits import limit, limit_alone
from clawlocal.judge.wishes.manner import MANNER
from clawlocal.judge.wishes.marking import missed, on_pupil
from clawlocal.judge.wishes.ordinary import is_idle, is_pleased, is_praise, is_question, is_task, rest
from clawlocal.judge.wishes.persons import ON_PUPILS, PERSONS
from clawlocal.judge.wishes.phrase import WHOLE, Phrase
from clawlocal.judge.wishes.seen import has
from clawlocal.judge.wishes.spelled import spelling
from clawlocal.judge.wishes.spoken import clauses, even
from clawlocal.judge.wishes.voice import VOICE

MOST_WORDS, MOST_CHARACTERS = 60, 500
"""A longer message is more than a word about a reply."""
MOST_WISHES = 4
FOREIGN = 1
"""Words of another subject that may stand beside a named wish."""

_LANGUAGE = re.compile(
    r"^(?:(?:please|can you|could you|would you|always|ok|and|now|from now on|next time|just) )*(?:answer|reply"
    r"|respond|speak|talk|write)(?: (?:to|with) me| back| only| always)* in (?P<name>[^\W\d_]+)(?: please"
    r"| only| always| from now on| instead)*$"
    r"|^(?:(?:please|only|always) )*in (?P<bare>[^\W\d_]+) (?:please|always|only|from now on)$"
    r"|^(?:(?:por favor|bitte|per favore) )?(?:responde?|responda|contesta|escribe|escreva|antworte|schreibe?|réponds"
    r"|répondez|écris|écrivez|rispondi|scrivi|antwoord|schrijf)(?: bitte)? (?:en|em|auf|in|het) (?P<own>[^\W\d_]+)"
    r"(?: (?:por favor|per favore|bitte))?$"
)
"""In English, or in a language for itself."""
_PLAIN_WORDS = "english"
_CUE = re.compile(r"(?:in|as|into|with|want|like|prefer|said|meant|use|write) ")
"""What belongs to the name and tells what is meant: "in paragraphs"."""

Found = tuple[str, str, int]
"""A side, a directive, and how plainly it was said."""
_NAMED, _MEANT, _COUNTED = 2, 1, 3


def directive(request: str, reply: str, said: str) -> str:
    """What `said` asks of replies, one sentence after the other; empty where that is nothing or not clear."""
    if len(said) > MOST_CHARACTERS or len(said.split()) > MOST_WORDS:
        return ""
    text = even(said)
    parts = clauses(text)
    if not parts or is_praise(text):
        return ""
    found = [] if _asks(parts, text, said) else _found(parts, text, request, reply, said)
    if not is_pleased(text):
        sides = {side for side, *_ in found}
        spoken_of = (*evident(request, text, said, reply), *missed(request, text, said, reply))
        found += [(side, what, _MEANT) for side, what in spoken_of if side not in sides]
    chosen = _one_of_each_side(found)
    if len(chosen) > MOST_WISHES:
        return ""
    return " ".join(dict.fromkeys(_for_grading(d, request, said) for d in chosen))


def _asks(parts: Sequence[str], text: str, said: str) -> bool:
    """It gives work of its own, or asks for an answer."""
    if any(is_task(part, text) for part in parts):
        return True
    # Without its mark what comes later is no question: "say what was good, what is missing".
    return any(is_question(part) and not is_idle(part) for part in (parts if "?" in said else parts[:1]))


def _found(parts: Sequence[str], text: str, request: str, reply: str, said: str) -> list[Found]:
    more = ON_PUPILS if on_pupil(request, text) else ()
    found = [f for clause in parts for f in _in(clause, text, request, reply, more)]
    found += [f for _, f in _meant(text, text, reply) if f[0] == "spelling"]
    if not any(side == "spelling" for side, *_ in found) and (spelled := spelling(text, reply)):
        found.append(("spelling", spelled, _MEANT))
    if (
        not any(plain == _COUNTED for *_, plain in found)
        and has(reply, "long")
        and not _numbers(text) & _numbers(request)
    ):
        found += [("length", said, _COUNTED) for said in [limit_alone(text)] if said]
    if _NO_QUESTION_ASKED.match(text) and "?" in said and kept(s.NO_QUESTION, reply):
        found = [(side, s.QUESTION if what == s.NO_QUESTION else what, plain) for side, what, plain in found]
    if is_pleased(text):
        found = [f for f in found if shown(f[1]) and not kept(f[1], reply)]
    if "?" in said:
        found = [f for f in found if f[2] != _COUNTED or not kept(f[1], reply)]
    if has(reply, "table") and not has(reply, "bullets"):
        found = [f for f in found if f[1] != s.PROSE]
    return found


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))


def _in(clause: str, text: str, request: str, reply: str, more: tuple[Phrase, ...]) -> Iterator[Found]:
    if is_question(clause) or _IF_I_WANT.match(clause):
        return
    if limited := limit(clause, text):
        yield "length", limited, _COUNTED
    placed = [*_named(clause, reply), *_meant(clause, text, reply, more)]
    yield from (found for _, found in sorted(placed, key=lambda x: x[0]))
    if spoken := _language(clause, request):
        yield "language", spoken, _NAMED


def _named(clause: str, reply: str) -> Iterator[tuple[int, Found]]:
    for subject in s.SUBJECTS:
        for found in subject.named.finditer(clause):
            cue = _CUE.match(found[0])
            start = found.start() + (cue.end() if cue else 0)
            leans = leaning(clause, start, found.end(), _there(reply, subject.there))
            said = {Leaning.FOR: subject.wanted, Leaning.AGAINST: subject.refused}.get(leans, "")
            if subject.wanted == s.PROSE and said == s.BULLETS and _COUNT_BEFORE.search(clause[:start]):
                # "Two sentences, not two paragraphs" speaks of length.
                continue
            others = len(rest(clause, found.start(), found.end()))
            # Who wants no paragraphs may want any other form, and says so where it is not a list with dashes.
            plain = _MEANT if (subject.wanted, said) == (s.PROSE, s.BULLETS) else _NAMED
            if said and others <= FOREIGN:
                yield found.start(), (subject.side, said, plain)


def _there(reply: str, what: str) -> bool:
    return bool(what) and has(reply, what)


def _meant(clause: str, text: str, reply: str, more: tuple[Phrase, ...] = ()) -> Iterator[tuple[int, Found]]:
    for phrase in (*FORM, *LAYOUT, *LENGTHS, *VOICE, *MANNER, *PERSONS, *more):
        found = phrase.pattern.search(clause)
        if not found or (phrase.there and not has(reply, phrase.there)):
            continue
        if (phrase.lacking and has(reply, phrase.lacking)) or _denied(phrase.side, clause[: found.start()]):
            continue
        most = min(phrase.most, UNPOINTED) if phrase in _LOOSE and not _POINTS.search(text) else phrase.most
        alone = is_idle(text) if phrase.most == WHOLE else len(rest(clause, found.start(), found.end())) <= most
        if alone:
            yield found.start(), (phrase.side, phrase.directive, _MEANT)


_NO_QUESTION_ASKED = re.compile(r"(?:and |so |what |but |hm+ )*no (?:\w+ )?question\b")
UNPOINTED = 0
"""Words of another subject beside a turn of phrase, where nothing in the message points to a reply."""
_LOOSE = frozenset((*LAYOUT, *LENGTHS, *PERSONS))
_POINTS = re.compile(
    r"\b(?:you|your|this|these|that|reply|replies|answers?|answered|text|sentences?|paragraphs?|write|writing"
    r"|written|wrote"
    r"|read|reading|please|comments?|feedback|bullets|prefer|again|more|question|layout|screen|words"
    r"|little|silly|steps?)\b"
)
_IF_I_WANT = re.compile(r"^(?:if|when|unless) i (?:want|need|wanted|needed|would like)\b")
_COUNT_BEFORE = re.compile(r"\b(?:one|two|three|four|five|six|several|\d+) $")
_SHAPES = ("form", "length", "steps")
_DENIED = re.compile(
    r"\b(?:not|never|without|instead of|rather than|less|stop being|stop) (?:too |so |be |being |very |that "
    r"|any |get |make it |it )*$"
)


def _denied(side: str, before: str) -> bool:
    """ "not too long please" and "less formal" are no wish for the length or the form that they name."""
    return bool(_DENIED.search(before)) or (side in _SHAPES and is_refused(before))


def _language(clause: str, request: str) -> str:
    found = _LANGUAGE.match(clause)
    if not found or re.search(r"(?i)\btranslat|\bsay\b|\bword for\b", request):
        return ""
    named = language(found[found.lastgroup or 0])
    return f"Reply in {named}." if named and named.casefold() != _PLAIN_WORDS else ""


def _one_of_each_side(found: list[Found]) -> list[str]:
    """The plainest of each side in the order in which they were said; none of a side that contradicts itself."""
    listed = {said for _, said, _ in found} & {s.BULLETS, s.NUMBERED}
    chosen = []
    for side in dict.fromkeys(side for side, *_ in found):
        # "Number the steps" names no step to show, and who wants a list speaks of no person's voice.
        if not (listed and (side == "voice" or (side == "steps" and s.NUMBERED in listed))):
            chosen += _plainest([(said, plain) for its, said, plain in found if its == side])
    return chosen


_TOGETHER = {s.PROSE, s.BULLETS, s.NUMBERED, "Do not use asterisks.", s.NO_MARKDOWN}
"""Of two of these the one that says more is meant."""


def _plainest(several: list[tuple[str, int]]) -> list[str]:
    """One or none. "No bullets, a numbered list" wants the list."""
    most = max(plain for _, plain in several)
    best = list(dict.fromkeys(said for said, plain in several if plain == most))
    for lesser in (s.PROSE, "Do not use asterisks.", s.BULLETS):
        if len(best) == 2 and lesser in best and {*best} <= _TOGETHER:
            best.remove(lesser)
    return best if len(best) == 1 else []


def _for_grading(said: str, request: str, words: str) -> str:
    """A comment on a pupil's work has wishes of its own."""
    if not on_pupil(request, words):
        return said
    return {s.WARM: s.KIND_COMMENTS, s.LONG: s.LONG_COMMENTS}.get(said, said)
