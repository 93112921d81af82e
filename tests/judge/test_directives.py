"""From what a user said to a directive: known wishes, what they leave open, and the user's own words otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawlocal.judge.aspects import ASPECTS, aspects, conflict
from clawlocal.judge.directives import DirectiveWriter, turned
from clawlocal.judge.slots import filled, language, number
from clawlocal.judge.small.judge import SmallJudge


@pytest.fixture(scope="module")
def writer() -> DirectiveWriter:
    return DirectiveWriter(SmallJudge())


LONG = "Herons are long-legged birds that live near water. They eat fish, frogs and insects, and nest in trees."


@pytest.mark.parametrize(
    ("said", "directive"),
    [
        ("way too long, shorter please", "Keep answers short."),
        ("bullet points please", "Use bullet points."),
        ("use emojis", "Use emoji."),
        ("don't apologise all the time", "Do not apologise."),
        ("auf deutsch bitte", "Reply in German."),
        ("Bitte antworte auf Deutsch.", "Reply in German."),
        ("Rispondi in italiano, per favore", "Reply in Italian."),
    ],
)
def test_a_wish_of_form_is_put_as_a_directive(writer: DirectiveWriter, said: str, directive: str) -> None:
    assert writer.hint("What is a heron?", LONG, said).text == directive


@pytest.mark.parametrize(
    "said",
    [
        "my notes look like a shopping receipt",
        "Hm, we write that otherwise.",
        "Too fancy. Show all intermediate results.",
        "Don't leave me hanging!",
        "That reads properly, thank you, I read it all",
        "Much calmer, thanks. I'll put all this up on the wall",
        "That is not how we write it. Write a short text about rain.",
        "Wrong letters. What can I cook in a few minutes?",
    ],
)
def test_a_complaint_that_says_nothing_of_length_is_none_of_length(writer: DirectiveWriter, said: str) -> None:
    assert "short" not in writer.directive("What is a heron?", f"{LONG} {LONG} {LONG}", said)


def test_in_two_sentences_is_no_language(writer: DirectiveWriter) -> None:
    assert writer.plain("What is a heron?", LONG, "Responde en dos frases.") == ""


def test_what_is_no_known_wish_stays_in_the_users_words(writer: DirectiveWriter) -> None:
    said = "Her name is Katrin, not Karen."
    assert writer.hint("Write a birthday message for my boss", "Happy birthday, Karen!", said).text == said


@pytest.mark.parametrize("said", ["no emojis pls", "Please do not use emojis.", "stop with the emojis", "no tables"])
def test_a_wish_is_never_turned_around(writer: DirectiveWriter, said: str) -> None:
    assert not writer.hint("What is a heron?", LONG, said).text.startswith("Use ")


@pytest.mark.parametrize(
    ("wish", "said", "is_turned"),
    [
        ("Keep answers short.", "Give long and detailed answers.", True),
        ("Keep answers short.", "that was too long and detailed", False),
        ("Answer in more detail.", "short please", True),
        ("Answer in more detail.", "far too short", False),
        ("Use a casual tone.", "Write formally.", True),
        ("Use a casual tone.", "less formal please", False),
        ("Use metric units.", "kilometres please", False),
    ],
)
def test_a_wish_is_not_taken_where_the_words_ask_for_its_opposite(wish: str, said: str, is_turned: bool) -> None:
    assert turned(wish, said) is is_turned


@pytest.mark.parametrize(
    "said", ["ok now I have to delete all the numbers by hand again...", "had to strip the bullets"]
)
def test_what_a_user_takes_out_is_not_what_they_want(writer: DirectiveWriter, said: str) -> None:
    assert turned("Use numbered lists.", said) and turned("Use bullet points.", said)
    assert not writer.directive("Name some birds.", "Robins sing. Wrens are small.", said).startswith("Use ")


def test_a_wish_for_long_answers_is_not_put_as_one_for_short_ones(writer: DirectiveWriter) -> None:
    assert (
        writer.hint("Why is the sky blue?", LONG * 3, "Give long and detailed answers.").text != "Keep answers short."
    )


@pytest.mark.parametrize("said", ["", "No.", "That is wrong."])
def test_what_says_nothing_is_no_hint(writer: DirectiveWriter, said: str) -> None:
    found = writer.hint("What is a heron?", LONG, said)
    assert (found.text, bool(found.dropped)) == ("", True)


@pytest.mark.parametrize(
    ("wish", "said", "directive"),
    [
        ("Answer in at most {number} sentences.", "2 sentences max", "Answer in at most two sentences."),
        ("Answer in at most {number} sentences.", "höchstens drei Sätze bitte", "Answer in at most three sentences."),
        ("Answer in at most {number} words.", "under 50 words!", "Answer in at most 50 words."),
        ("Answer in at most {number} words.", "fewer words", ""),
        ("Reply in {language}.", "not in English, in French", "Reply in French."),
        ("Reply in {language}.", "日本語でお願いします", "Reply in Japanese."),
        ("Reply in {language}.", "my language please", ""),
        ("Use a table.", "two columns, in German", "Use a table."),
        (
            "Answer in at most {number} words.",
            "The engraver charges beyond twelve words.",
            "Answer in at most 12 words.",
        ),
        ("Answer in at most {number} words.", "half a hundred words tops", ""),
        ("Reply in {language}.", "my welders are all from Madrid", "Reply in Spanish."),
        ("Reply in {language}.", "no more english, i am moving to berlin", "Reply in German."),
        ("Reply in {language}.", "Sie kann kein Wort Englisch.", ""),
        ("Reply in {language}.", "German, not English!", "Reply in German."),
        ("Reply in {language}.", "don't use French, English please", "Reply in English."),
        ("Reply in {language}.", "I live in Paris, but in English please", "Reply in English."),
        ("Reply in {language}.", "अपनी हिंदी में लिखो न", "Reply in Hindi."),
    ],
)
def test_what_a_wish_leaves_open_comes_from_the_user(wish: str, said: str, directive: str) -> None:
    assert filled(wish, said) == directive


@pytest.mark.parametrize(
    ("said", "directive"),
    [
        ("I have about five seconds to read. Two sentences, max.", "Answer in at most two sentences."),
        ("In 5 minutes my bus comes, so 3 sentences", "Answer in at most three sentences."),
        ("the kids are 7 and 9, two short sentences please", "Answer in at most two sentences."),
        ("in zehn Minuten muss ich los, drei Sätze", "Answer in at most three sentences."),
        ("J'ai cinq minutes, deux phrases", "Answer in at most two sentences."),
        ("four, please", "Answer in at most four sentences."),
    ],
)
def test_the_number_nearest_before_its_unit_counts(said: str, directive: str) -> None:
    assert filled("Answer in at most {number} sentences.", said) == directive


@pytest.mark.parametrize(
    "said",
    ["at least four sentences", "no fewer than 4 sentences", "four sentences minimum", "mindestens vier Sätze"],
)
def test_a_least_length_is_not_taken_for_a_limit(said: str) -> None:
    assert turned("Answer in at most {number} sentences.", said)
    assert not turned("Answer in at most {number} sentences.", "keep it to a minimum, four sentences")


def test_what_rules_know_goes_before_the_network(writer: DirectiveWriter) -> None:
    assert writer.directive("What is a heron?", LONG, "British spelling please, and no exclamation marks") == (
        "Use British spelling. Do not use exclamation marks."
    )


@pytest.mark.parametrize("said", ["to do that one", "1 more", "zero", "0", "٣"])
def test_words_that_only_look_like_numbers_are_none(said: str) -> None:
    assert number(said) == ""


@given(st.text())
def test_any_text_may_be_looked_through(said: str) -> None:
    assert "{" not in filled("Answer in at most {number} sentences.", said)
    assert language(said) == "" or language(said)[0].isupper()


# contradictions
@pytest.mark.parametrize(
    ("later", "earlier", "about"),
    [
        ("Answer in more detail.", "Answer in at most two sentences.", "length"),
        ("Use emoji.", "Do not use emoji.", "emoji"),
        ("Reply in German.", "Reply in English.", "language"),
        ("Use a table.", "Use bullet points.", "layout"),
        ("Use a table.", "Use bullet points and keep it short.", ""),
        ("Keep it short, and use a table.", "Use bullet points.", "layout"),
        ("Use a table.", "Do not use emoji.", ""),
        ("Show the steps.", "Show the steps of every sum.", ""),
        ("Do not use bullet points. Write in full sentences.", "Answer in at most three sentences.", ""),
        ("Do not use bullet points. Write in full sentences.", "Use bullet points.", "layout"),
        ("Use bullet points.", "Do not use bullet points. Write in full sentences.", "layout"),
        ("Use numbered lists.", "Do not use bullet points. Write in full sentences.", "layout"),
        ("Use bullet points.", "Do not use headings.", ""),
        ("Use headings.", "Do not use headings.", "headings"),
        ("Do not use a table.", "Use bullet points.", ""),
        ("Don't use lists or tables.", "Use a table.", "layout"),
        ("No bullets, use a table.", "Use bullets.", "layout"),
        ("Do not use bullet points. Write in full sentences.", "Do not use bold text. Do not use bullet points.", ""),
    ],
)
def test_two_lessons_about_one_side_of_a_reply(later: str, earlier: str, about: str) -> None:
    assert conflict(later, earlier) == about


@given(st.text(), st.text())
def test_what_speaks_of_nothing_known_contradicts_nothing(later: str, earlier: str) -> None:
    assert aspects(later) <= set(ASPECTS)
    if not aspects(earlier):
        assert conflict(later, earlier) == ""


@pytest.mark.parametrize("said", ["Good, nothing to correct.", "Great, nothing to change.", "Perfect as it is."])
def test_who_is_pleased_wants_no_change_that_they_do_not_name(writer: DirectiveWriter, said: str) -> None:
    reply = (
        "The word “boxing” is often seen in British English, and it's a British idiom. It's a colloquialism that "
        "means “festival of drums”. It's often used to refer to a British holiday.\n\nThe word “box” can be used to "
        "refer to any festivity, but it is most commonly associated with a traditional British holiday known as "
        "Boxing Day.\n\nIt's not a complete fool's errand, but it is often used to refer to any festivity."
    )
    assert writer.wish("What do people do on Boxing Day?", reply, said) == ""
