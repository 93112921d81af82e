"""From what a user said to a hint, and from a hint to a lesson."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clawlocal.judge import hints, lessons, topics
from clawlocal.judge.hints import MAX_CHARACTERS, Hint, content_words, from_correction, from_edit
from clawlocal.judge.lessons import GENERAL, THIS_TURN, note, scope, with_note
from clawlocal.records import Lesson, LessonState
from clawlocal.training.prompts import OF_TOPIC


@pytest.mark.parametrize("text", ["", "no", "   ", "Too long!!", "a\n\n\n\n\n\n\n\n\nb"])
def test_what_is_short_is_dropped(text: str) -> None:
    assert from_correction(text) == Hint(dropped="too short")


@pytest.mark.parametrize(
    "text", ["No, that is wrong.", "this is really bad, sorry", "!?!?!?!?!?!?!?", "What? Try again, please."]
)
def test_what_only_disapproves_is_dropped(text: str) -> None:
    assert from_correction(text) == Hint(dropped="says that it was wrong, not how it should be")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("That was long-winded. Answer in two sentences.", "Answer in two sentences."),
        ("Never use bullet points!  It was ugly.", "Never use bullet points!"),
        ("Please keep it short, please.", "Keep it short."),
        ("Use 2.5 litres instead. The pot was small.", "Use 2.5 litres instead."),
        ("See example.com, and keep it brief", "See example.com, and keep it brief"),
        ("Berlin is the capital", "Berlin is the capital"),
        ("Bitte antworte auf Deutsch", "Bitte antworte auf Deutsch"),
        ("请用中文回答我的所有问题好吗", "请用中文回答我的所有问题好吗"),
    ],
)
def test_the_part_that_says_what_to_do_remains(text: str, hint: str) -> None:
    assert from_correction(text) == Hint(hint)


@given(st.text())
@example("please, pls pls.")
@example("\x1c" * 20)
@example("be . . . . . . . x")
def test_a_hint_has_a_text_or_a_reason(text: str) -> None:
    hint = from_correction(text)
    assert bool(hint.text) != bool(hint.dropped)
    assert len(hint.text) <= MAX_CHARACTERS
    assert not hint.text or content_words(hint.text)
    edit = from_edit(text)
    assert bool(edit.text) != bool(edit.dropped)


def test_an_edit_is_the_demonstration() -> None:
    assert from_edit(" A heron is a bird. ").text == "A reply that I would like: A heron is a bird."
    assert from_edit(" \n").dropped == "empty"


@pytest.mark.parametrize(
    ("hint", "reach"),
    [
        ("Answer in two short sentences.", GENERAL),
        ("Never use bullet points.", GENERAL),
        ("End every reply with a joke.", GENERAL),
        ("Name only hotels near the harbour.", THIS_TURN),
        ("The hotel should be cheap.", THIS_TURN),
    ],
)
def test_a_hint_that_takes_up_the_subject_stays_with_it(hint: str, reach: str) -> None:
    assert scope(hint, "Which hotels are there in Hamburg? Answer briefly.", "Three, by the harbour.") == reach


def test_a_note_stands_after_the_message() -> None:
    assert with_note("Hello", note(["Be brief.", "No lists."])) == "Hello\n\nBe brief.\nNo lists."
    assert with_note("Hello", note([])) == "Hello"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("When I ask for code, comment every line.", "code"),
        ("whenever i ask finance stuff talk to me this simple", "money"),
        ("For future letters sign with Mrs R. Phiri.", "letters"),
        ("In all my recipes give grams.", "recipes"),
        ("in all your emails use British spelling", "letters"),
        ("Whenever I ask about orchids, give the Latin name.", ""),
        ("Answer in two sentences.", ""),
        ("For the party on Saturday we need twelve chairs.", ""),
        ("You forgot the salt in the recipe.", ""),
        ("Do not use bullet points in your emails, write prose.", ""),
        ("When I asked for a recipe you gave me a poem.", ""),
        ("If I ask you to be brief, be brief.", ""),
        ("When I ask about gardening or plants or such write me a short poem.", ""),
    ],
)
def test_a_hint_may_say_what_it_holds_for(said: str, found: str) -> None:
    assert topics.topic(said) == found


def test_a_topic_is_recognised_by_its_words() -> None:
    assert topics.about("code", "write a Python function that …")
    for text in ("why is the sky blue?", "Is a panda a bear?", "make progress on guitar", ""):
        assert not topics.about("code", text)


def test_lessons_hold_where_they_belong_and_the_special_one_goes_first() -> None:
    def lesson(text: str, scope: str) -> Lesson:
        return Lesson(1, text, scope, LessonState.ACTIVE, (), "")

    short, long = lesson("Keep answers short.", lessons.GENERAL), lesson("Answer in more detail.", "topic: code")
    every = [short, long, lesson("Use a warm tone.", lessons.GENERAL)]
    told = {text: [x.text for x in lessons.applying(every, text)] for text in ("why is it blue?", "a bash script")}
    assert told["why is it blue?"] == ["Keep answers short.", "Use a warm tone."]
    assert told["a bash script"] == ["Use a warm tone.", "Answer in more detail."]


@pytest.mark.parametrize(
    ("text", "complains"),
    [
        ("You never ask me anything", True),
        ("again bullets... I said I like text", True),
        ("not the way i do lists. dash, space, item", True),
        ("So many words, why?", True),
        ("This reads like a slide deck.", True),
        ("You never ask me anything. End with a question.", False),
        ("You should never use bullets.", False),
        ("This is wrong, use 5 litres", False),
        ("Always use dashes", False),
        ("No emojis at all", False),
        ("Her name is Katrin, not Karin.", False),
    ],
)
def test_a_complaint_is_told_from_an_instruction(text: str, complains: bool) -> None:
    assert hints.complains(text) is complains


def test_of_a_complaint_with_an_instruction_the_instruction_remains() -> None:
    assert from_correction("You never ask me anything. End with a question.").text == "End with a question."
    assert from_correction("again bullets, I want text").text == "I want text"


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("valued client? it's Dave, we go to the pub", False),
        ("Drop the flattery and say it in one line, it is only Dave.", True),
        ("Bitte antworte künftig ohne diese ganzen Floskeln am Anfang", True),
        ("no uses palabras tan rebuscadas", True),
    ],
)
def test_what_says_nothing_to_do_is_recognised_in_english_and_believed_elsewhere(text: str, tells: bool) -> None:
    assert hints.tells(text) is tells


def test_every_known_topic_has_prompts_to_practise_on_that_are_about_it() -> None:
    assert set(OF_TOPIC) == set(topics.TOPICS)
    assert all(topics.about(topic, text) for topic, texts in OF_TOPIC.items() for text in texts)
