"""Hints that a chat model proposes: what is dropped, which is taken, and what happens where it cannot be asked."""

from __future__ import annotations

import pytest

from clawlocal.engine.fake import FakeEngine
from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import EngineClosed
from clawlocal.judge.candidates import CandidateHints, amiss, overlap
from clawlocal.judge.directives import DirectiveWriter
from clawlocal.judge.small.judge import SmallJudge

REQUEST = "Write to my landlord about the bell."
REPLY = "Hey Karl, the bell is broken, come and have a look at it when you can!"
SAID = "We are not on first-name terms, and it has been like that since Monday."
GOOD = "Use a formal tone. Say that it has been broken since Monday."


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


def hints(engine: FakeEngine, live: AdapterFile | None = None) -> CandidateHints:
    return CandidateHints(engine, lambda: live)


@pytest.mark.parametrize(
    ("hint", "why"),
    [
        ("NONE", "nothing"),
        ("None.", "nothing"),
        ("Do it better.", "nothing"),
        ("Be formal", "short"),
        ("Use a formal tone. " * 12, "long"),
        ("Mention the plumber, the electrician, the neighbours and the insurance.", "more than the user"),
        ("Write: the bell is broken, come and have a look at it when you can, dear Mr Ott, since Monday.", "answer"),
        (GOOD, ""),
    ],
)
def test_what_is_dropped(hint: str, why: str) -> None:
    found = amiss(hint, REQUEST, REPLY, SAID)
    assert why in found if why else not found


def test_drafts_are_tidied_and_each_is_kept_once(engine: FakeEngine) -> None:
    for text in (f'Instruction: "{GOOD}"', f"{GOOD} And more. And yet more.", "NONE"):
        engine.enqueue(text)
    assert hints(engine).candidates(REQUEST, REPLY, SAID) == [GOOD]


def test_the_one_whose_teacher_agrees_most_with_the_student_is_taken(engine: FakeEngine) -> None:
    ids = engine.tokenize(REPLY)
    student = [(1, 2, 3, 4) for _ in ids]
    far, near = [(5, 6, 7, 8) for _ in ids], [(1, 2, 9, 4) for _ in ids]
    for found in (student, far, near):
        engine.enqueue_likeliest(found)
    for text in ("Say it in a formal tone.", GOOD, "NONE"):
        engine.enqueue(text)
    assert hints(engine).hint(REQUEST, REPLY, SAID) == GOOD
    assert (overlap(student, far), overlap(student, near), overlap([], [])) == (0.0, 0.75, 0.0)


def test_without_a_usable_one_there_is_none(engine: FakeEngine) -> None:
    for _ in range(3):
        engine.enqueue("NONE")
    assert hints(engine).hint(REQUEST, REPLY, SAID) == ""


def test_a_model_that_cannot_be_asked_is_no_error_unless_it_was_closed() -> None:
    small = FakeEngine(n_ctx=16)
    assert hints(small).hint(REQUEST, REPLY, SAID) == ""
    small.close()
    with pytest.raises(EngineClosed):
        hints(small).hint(REQUEST, REPLY, SAID)


def test_the_model_is_asked_only_where_no_wish_is_known_and_the_words_say_something() -> None:
    asked: list[str] = []

    def draw(request: str, reply: str, said: str) -> str:
        asked.append(said)
        return GOOD if said == SAID else ""

    writer = DirectiveWriter(SmallJudge(), draw)
    assert writer.hint(REQUEST, REPLY, "auf deutsch bitte").text == "Reply in German."
    assert writer.hint(REQUEST, REPLY, "No.").text == ""
    assert asked == []
    assert writer.hint(REQUEST, REPLY, SAID).text == GOOD
    assert writer.hint(REQUEST, REPLY, SAID, ask=False).text == SAID
    assert asked == [SAID]
    own = "His name is Karl Ott, with two t."
    assert writer.hint(REQUEST, REPLY, own).text == own, "nothing usable was drawn"
