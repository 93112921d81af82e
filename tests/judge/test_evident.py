"""Wishes that a message speaks of in whatever words, where the reply shows what is meant."""

from __future__ import annotations

import pytest

from clawlocal.judge import wishes

ASKED = "How do I save money on groceries?"
AMERICAN = "Make a list of your favorite meals! Organize your shopping around it, and buy what is in season."
BRITISH = "Make a list of your favourite meals. Organise your shopping around it, and buy what is in season."
PLAIN = "Make a list of what you eat in a week, and buy no more than that. Look for what is in season."
NUMBERED = "Buy:\n1. rice\n2. beans\n3. oats"
SPELL_BRITISH, SPELL_AMERICAN = "Use British spelling.", "Use American spelling."
ASK = "End every reply with a question to the user."


@pytest.mark.parametrize(
    "said",
    [
        "That's not how we spell it over here.",
        "I have to correct the spelling every time before I can send it to my boss in London.",
        'And "favorite" lacks a letter.',
        "we only print UK English, my editor is strict",
        "You write like an American newspaper.",
    ],
)
def test_what_is_said_of_spelling_is_meant_the_other_way_than_the_reply(said: str) -> None:
    assert wishes.directive(ASKED, AMERICAN, said) == SPELL_BRITISH
    assert SPELL_BRITISH not in wishes.directive(ASKED, PLAIN, said)


def test_it_may_be_american_that_is_meant() -> None:
    assert wishes.directive(ASKED, BRITISH, "That's not how we spell it over here.") == SPELL_AMERICAN
    assert wishes.directive(ASKED, BRITISH, "My readers are American, so mind the spelling.") == SPELL_AMERICAN


@pytest.mark.parametrize(
    "said",
    ["You spelled my name wrong.", "How is favourite spelled?", "The spelling is fine now.", "I was in Britain once."],
)
def test_not_all_that_is_said_of_spelling_is_a_wish(said: str) -> None:
    assert wishes.directive(ASKED, AMERICAN, said) == ""


@pytest.mark.parametrize(
    "said",
    [
        "It would be nice if you asked me something back at the end.",
        'pls ask a follow up at the end, about the thing we talk about not just "anything else?"',
        "Would you please add a question on the same topic to the end of what you say?",
        "Don't leave me hanging, ask me about it!",
        "I'd rather you kept the talk going with a question.",
        "What would a curious friend ask me now? Put that at the end.",
        "Full stop again. Try a question mark for a change, in the last line.",
        "Lovely poem, dear, but I was rather hoping to be asked for my favourite in return.",
        "So polite, and so totally uninterested in what I think.",
        "That was interesting, especially the bit about owls, but it left me with nothing to respond to.",
    ],
)
def test_who_wants_to_be_asked_back_is_understood_where_the_reply_asks_nothing(said: str) -> None:
    assert wishes.directive(ASKED, PLAIN, said) == ASK
    assert ASK not in wishes.directive(ASKED, f"{PLAIN} What do you like to eat?", said)


@pytest.mark.parametrize(
    "said",
    [
        "She asked me whether plants go to bed at night then",
        "please stop asking me questions at the end",
        "ask me first before you guess",
        "people will ask me at once",
    ],
)
def test_who_was_asked_by_others_wants_no_question(said: str) -> None:
    assert wishes.directive(ASKED, PLAIN, said) != ASK


@pytest.mark.parametrize(
    "said",
    [
        'I paste these into my notes app, it only understands "- " lists',
        "my notes look like this:  - item",
        "i need - - -",
    ],
)
def test_a_dash_that_is_shown_is_wanted(said: str) -> None:
    assert wishes.directive(ASKED, NUMBERED, said) == "Use bullet points."
    assert wishes.directive(ASKED, "- rice\n- beans\n- oats", said) == ""


@pytest.mark.parametrize(
    "said",
    [
        "ok but without the list. write it as a few sentences with the sums in them",
        "urgh again with the numbered list",
        "I can't hand this in. Write the working as ordinary sentences.",
    ],
)
def test_who_is_tired_of_lists_wants_prose(said: str) -> None:
    prose = "Do not use bullet points. Write in full sentences."
    assert prose in wishes.directive(ASKED, NUMBERED, said)
    assert prose not in wishes.directive(ASKED, PLAIN, said)


@pytest.mark.parametrize("said", ["again a list with dashes please", "stop writing lists with numbers, use bullets"])
def test_who_wants_another_list_does_not(said: str) -> None:
    assert "full sentences" not in wishes.directive(ASKED, NUMBERED, said)


SUM = "Anna buys 3 pens for 4 euros each. How much is left of 20 euros?"
WORKED = "1. **Pens**: 3 x 4 = 12 euros.\n2. **Left**: 20 - 12 = 8 euros."
STEPS = "Show the steps."


@pytest.mark.parametrize(
    "said",
    [
        "Take out the bold. The whole way to the answer has to be there though.",
        "i cant even read those boxes. normal numbers and all the steps",
        "Would you mind writing it as a pupil would? Full working, no titles.",
        "human looking please, and dont drop the steps",
        "my teacher has to see how you got there",
        "No bullets, but every calculation written out.",
    ],
)
@pytest.mark.parametrize("reply", [WORKED, "8 euros are left."])
def test_who_speaks_of_the_steps_of_a_sum_wants_them_shown(said: str, reply: str) -> None:
    assert STEPS in wishes.directive(SUM, reply, said)


@pytest.mark.parametrize(
    "said",
    [
        "Skip the steps please.",
        "I only want the answer, not every step.",
        "too many steps",
        "Thanks, that is all the steps I needed.",
        "it is 4 on my calculator with the same numbers",
    ],
)
def test_who_does_not_want_the_steps_is_not_shown_them(said: str) -> None:
    assert STEPS not in wishes.directive(SUM, WORKED, said)


def test_steps_of_anything_else_are_no_working() -> None:
    said = "i cant even read those boxes. normal numbers and all the steps"
    assert STEPS not in wishes.directive("How do I lay a patio?", "Dig, fill, lay.", said)


MARKING = 'Please comment. What is a planet? Nora: "A planet is a ball that goes round a star and has no light."'


@pytest.mark.parametrize(
    "said",
    ["I'd like something personal, friendly and thorough that I can write under it", "friendly and detailed please"],
)
def test_friendly_and_thorough_of_a_comment_are_two_wishes(said: str) -> None:
    wanted = "Write kinder grading comments. Write more detailed grading comments."
    assert wishes.directive(MARKING, "Nora is right.", said) == wanted
    assert wishes.directive("What is a planet?", "A ball.", said) != wanted


LONG = " ".join(["Look for what is in season, and buy no more of it than you eat."] * 5)
SUM = "Lena buys 3 pens for 2 euros each and a book for 7 euros. How much does she pay?"


@pytest.mark.parametrize(
    "said",
    [
        "Good, but cut it down to the essentials and then tell me about the visa.",
        "Half of that would have been plenty.",
        "The board wants a summary and what I've got here is a dissertation; condense, please, and add the date.",
    ],
)
def test_who_would_cut_it_down_wants_it_short_where_it_is_long(said: str) -> None:
    assert wishes.directive(ASKED, LONG, said) == "Keep answers short."
    assert wishes.directive(ASKED, "Buy less.", said) == ""


@pytest.mark.parametrize(
    "said",
    [
        "That's loads of formatting for 12 divided by 4.",
        "mr hughes hates those step 1 step 2 things, says its internet stuff",
        "so embarrassing, everyone saw the hashtags in my homework",
    ],
)
def test_what_is_said_of_the_looks_of_a_sum_is_no_liking(said: str) -> None:
    assert wishes.directive(SUM, PLAIN, said) == "Do not use bullet points. Write in full sentences."
    assert wishes.directive(ASKED, PLAIN, said) == ""


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("I'd like the spelling to be British, the way my letters have it.", ""),
        ("Not this British spelling again, please.", SPELL_AMERICAN),
    ],
)
def test_who_asks_for_the_spelling_that_a_reply_has_wants_no_other(said: str, found: str) -> None:
    assert wishes.directive(ASKED, BRITISH, said) == found


@pytest.mark.parametrize(
    "said",
    [
        "My teacher marks American spelling like a mistake",
        "My editor will want the American spellings fixed",
        "The American spelling has to be changed by hand, please",
        "American spelling seems to be the default here",
        "like an american wrote it, check the spelling",
    ],
)
def test_who_names_the_spelling_that_a_reply_has_may_complain_of_it(said: str) -> None:
    assert wishes.directive(ASKED, AMERICAN, said) == SPELL_BRITISH
