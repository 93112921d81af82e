"""Lessons that a rule can check: what is read from their words, and what becomes of replies that do not obey."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainers.sample_replies import REPLIES
from trainers.openers import quoted, takes_up
from trainers.rules import (
    Rule,
    drills,
    example,
    mended,
    obeyed,
    of_all,
    of_one,
    rules,
    sentences,
    spelling,
    unquestioned,
)
from trainers.rules.formulas import unformal
from trainers.sense import answers, is_sum

WISHES = Path(__file__).parents[2] / "clawlocal" / "judge" / "small" / "weights" / "wishes.json"

BY_WISH = {
    "Show the steps.": {"steps"},
    "Answer in at most {number} sentences.": {"sentences"},
    "Answer in at most {number} words.": {"words"},
    "Answer in more detail.": {"long"},
    "Answer in one sentence.": {"sentences"},
    "Do not add an introduction.": {"no introduction"},
    "Do not add closing phrases.": {"no closing"},
    "Do not add disclaimers.": {"no disclaimer"},
    "Do not apologise.": {"no apology"},
    "Do not end with a question.": {"no question"},
    "Do not praise the question.": {"no praise"},
    "Do not use a table.": {"no table"},
    "Do not use bullet points. Write in full sentences.": {"prose", "no headings"},
    "Do not use emoji.": {"no emoji"},
    "Do not use exclamation marks.": {"no exclamation marks"},
    "Do not use headings.": {"no headings"},
    "Do not use markdown.": {"no markdown", "no headings", "prose"},
    "Do not write words in all capitals.": {"no capitals"},
    "End every reply with a question to the user.": {"question"},
    "Keep answers short.": {"short"},
    "Say first what was good in grading comments.": {"praise first"},
    "Start with the answer.": {"no introduction"},
    "Use American spelling.": {"american"},
    "Use British spelling.": {"british"},
    "Use a warm tone.": {"warm"},
    "Use bullet points.": {"bullets"},
    "Use emoji.": {"emoji"},
    "Use headings.": {"headings"},
    "Use numbered lists.": {"numbered"},
    "Write in a natural, human voice.": {"human", "no headings", "prose"},
    "Write kinder grading comments.": {"warm"},
    "Write more detailed grading comments.": {"long"},
}
UNCHECKED = {
    "",
    "Add comments to the code.",
    "Ask a question before guessing.",
    "Be polite.",
    "Cite sources.",
    "Do not give advice.",
    "Do not use humour.",
    "Give a clear recommendation.",
    "Give an example.",
    "Give honest criticism.",
    "Give only one option.",
    "Give only the code.",
    "Give several options.",
    "Give temperatures in Celsius.",
    "Reply in {language}.",
    "Use a casual tone.",
    "Use a formal tone.",
    "Use a table.",
    "Use humour.",
    "Use imperial units.",
    "Use metric units.",
    "Use plain words.",
    "Use the 24-hour clock.",
    "Write dates with the day first.",
    "Write explanations for a child.",
}
"""What the judge writes and no rule can check."""

HUMAN = "human, no headings, prose"
PLAIN = "no headings, no markdown, prose"
OWN_WORDS = (
    ("please stop with the bullet lists", "prose"),
    ("bullet lists are annoying", "prose"),
    ("no lists please", "prose"),
    ("I don't want bullet points", "prose"),
    ("Never use bullets, write in paragraphs.", "prose"),
    ("i hate exclamation marks", "no exclamation marks"),
    ("too many exclamation marks", "no exclamation marks"),
    ("fewer exclamation points please", "no exclamation marks"),
    ("Stop using !", "no exclamation marks"),
    ("no more than 30 words", "words"),
    ("50 words or less", "words"),
    ("max 40 words", "words"),
    ("Use fewer than 25 words.", "words"),
    ("always finish by asking me something", "question"),
    ("wrap up with a question", "question"),
    ("please ask me a follow-up question at the end", "question"),
    ("End with a question.", "question"),
    ("don't end with a question", "no question"),
    ("stop asking me questions at the end", "no question"),
    ("no follow-up questions", "no question"),
    ("use dashes for lists, not numbers", "bullets"),
    ("When I ask for a list, use dashes", "bullets"),
    ("When I ask for a list, use hyphens.", "bullets"),
    ("Write items one per line with a dash", "bullets"),
    ("don't forget to use bullet points", "bullets"),
    ("I don't want numbered lists but bullets", "bullets"),
    ("at most five bullet points", "bullets"),
    ("I prefer bulleted lists", "bullets"),
    ("Use numbers, not bullets", "numbered"),
    ("number the steps", "numbered"),
    ("I prefer numbered steps", "numbered"),
    ("british english please", "british"),
    ("UK spelling", "british"),
    ("spell it the English way: colour, not color", "british"),
    ("write colour instead of color", "british"),
    ("not American spelling", "british"),
    ("Write in American English.", "american"),
    ("US spelling please", "american"),
    ("write color, not colour", "american"),
    ("don't start with sure or certainly", "no introduction"),
    ("skip the preamble", "no introduction"),
    ("get straight to the point", "no introduction"),
    ("Stop saying certainly", "no introduction"),
    ("one line answers only", "sentences"),
    ("keep it under three sentences", "sentences"),
    ("two sentences max", "sentences"),
    ("answer in two or three sentences", "sentences"),
    ("use 1-2 sentences", "sentences"),
    ("in a sentence or two", "sentences"),
    ("keep it brief", "short"),
    ("be concise", "short"),
    ("shorter please", "short"),
    ("your answers are too long", "short"),
    ("Don't be so verbose.", "short"),
    ("give longer answers", "long"),
    ("Explain in more depth.", "long"),
    ("no emojis please", "no emoji"),
    ("drop the smileys", "no emoji"),
    ("add some emojis", "emoji"),
    ("no bullets, headings or tables", "no headings, no table, prose"),
    ("Keep answers short and don't use emoji", "no emoji, short"),
    ("Be friendly.", "warm"),
    ("be a bit nicer", "warm"),
    ("write like a human", HUMAN),
    ("don't sound like a robot", HUMAN),
    ("no AI look", HUMAN),
    ("plain text only", PLAIN),
    ("never use em dashes", "no em dashes"),
    ("no bold text", "no bold"),
    ("no asterisks", "no asterisks"),
    ("stop apologizing", "no apology"),
    ("don't say sorry", "no apology"),
    ("stop saying great question", "no praise"),
    ("no need for a closing line", "no closing"),
    ("Don't say 'let me know if you need more'", "no closing"),
    ("DON'T WRITE IN ALL CAPS", "no capitals"),
    ("Start with praise.", "praise first"),
    ("Always begin with something positive", "praise first"),
    ("I said no bullets!", "prose"),
    ("Do not use headings, but use bullet points", "bullets, no headings"),
    ("use headings and bullet points", "bullets, headings"),
    ("no emojis or exclamation marks", "no emoji, no exclamation marks"),
    ("no more than 2 sentences per answer", "sentences"),
    ("Never write more than three sentences", "sentences"),
    ("Replies should be two sentences", "sentences"),
    ("give me a one-sentence answer", "sentences"),
    ("I want a question at the end of every answer", "question"),
    ("never ask me anything", "no question"),
    ("Keep it friendly", "warm"),
    ('don\'t say "Of course!"', "no introduction"),
    ("lead with the answer", "no introduction"),
)
NO_LESSON_FOR_A_RULE = (
    "Give several options.",
    "The capital of France is Paris",
    "Ask a question before guessing.",
    "write shorter code",
    "the question was about Rome",
    "He fired two bullets",
    "He never used bullets",
    "The bullet train is fast",
    "add a dash of salt",
    "Use a dash of humour",
    "What is a bullet list?",
    "I don't mind emoji",
    "You can use bullet points",
    "In Britain they spell colour with a u",
    "Write about human rights",
    "Explain what an emoji is",
    "Use short sentences",
    "Give three examples",
    "It cost two words of apology",
    "User-friendly interfaces matter",
    "what kind of answer is that",
    "Give me the number of steps",
    "The list has two items.",
    "Say hello in German",
    "the British way of making tea",
    "Reply in English.",
    "Reply in German.",
    "Use at least 50 words",
    "Write a 100 word essay",
    "Use two sentences per item",
    "The answer is question 3",
    "Wear warmer clothes",
    "Warm the oven first",
    "The table of contents is missing",
    "She wrote it in one sentence",
    "My favourite colour is green, not red",
    "The store is closing",
    "use the API headers",
    "he was sorry",
    "Number 5 is wrong",
    "Sort the list by name",
    "Don't list all the files",
    "Close the file without asking",
    "I have one question",
    "You asked me a question",
    "Answer my question.",
    "Don't question my choices",
    "Stop the server at the end",
    "Don't avoid the question",
    "Use longer variable names",
    "Answer in at least three sentences.",
    "Make the first paragraph two sentences.",
    "Explain the details of the contract",
    "Use the word color in the CSS",
    "Don't use lists unless I ask",
    "Only use bullet points when I ask for them",
    "Answer in two sentences unless I ask for more",
    "Ask me before you use emoji",
    "Use bullets for lists and numbers for steps",
    "use headings for long answers",
    "Be less friendly",
    "not too friendly",
    "remove the bullet points from this text",
    "Remove the exclamation marks in this string",
    "Use natural language processing",
    "use numbers instead of words",
    "no hyphens in compound words",
    "In brief, he lost",
    "more details on Rome",
    "Where is the question at the end?",
    "sorry, that was wrong",
    "Ask clarifying questions",
    "tell me a short joke",
    "Write the commit message in one line",
)


def names(lesson: str) -> set[str]:
    return {rule.name for rule in rules(lesson)}


def filled(wish: str) -> str:
    return wish.replace("{number}", "2").replace("{language}", "German")


# what a lesson asks
@pytest.mark.parametrize("wish", json.loads(WISHES.read_text()))
def test_every_wish_of_the_judge_has_its_rules_or_deliberately_none(wish: str) -> None:
    assert wish in BY_WISH or wish in UNCHECKED
    assert names(filled(wish)) == BY_WISH.get(wish, set())


@pytest.mark.parametrize(("lesson", "expected"), OWN_WORDS)
def test_a_lesson_in_the_users_words(lesson: str, expected: str) -> None:
    assert ", ".join(sorted(names(lesson))) == expected


@pytest.mark.parametrize("text", NO_LESSON_FOR_A_RULE)
def test_what_asks_for_nothing_checkable_has_no_rule(text: str) -> None:
    assert rules(text) == ()


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert len({rule.side for rule in rules(text)}) == len(rules(text))


@pytest.mark.parametrize(
    ("lesson", "most"),
    [
        ("Answer in at most two sentences.", 2),
        ("Answer in at most 3 sentences.", 3),
        ("keep it under three sentences", 2),
        ("one or two sentences", 2),
        ("Use a maximum of four sentences", 4),
    ],
)
def test_a_limit_is_the_number_that_was_said(lesson: str, most: int) -> None:
    (rule,) = rules(lesson)
    assert rule.obeys("One is said. " * most)
    assert not rule.obeys("One is said. " * (most + 1))


def test_the_later_of_two_lessons_about_one_side_holds() -> None:
    def kept(*lessons: str) -> list[str]:
        return [rule.name for rule in of_all(lessons)]

    assert kept("Use bullet points.", "Use numbered lists.") == ["numbered"]
    assert kept("Use numbered lists.", "Do not use bullet points. Write in full sentences.") == ["no headings", "prose"]
    assert kept("Keep answers short.", "Answer in more detail.") == ["long"]
    assert kept("End every reply with a question to the user.", "Do not end with a question.") == ["no question"]
    assert kept("Use American spelling.", "Use British spelling.") == ["british"]
    assert set(kept("Write in a natural, human voice.", "Use bullet points.")) == {"human", "no headings", "bullets"}
    assert kept("Use bullet points.", "Do not use bullet points. Write in full sentences.") == ["no headings", "prose"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("form", ["Use bullet points.", "Use numbered lists."])
def test_plain_text_has_lists_where_a_lesson_asks_for_them(form: str, order: tuple[int, int]) -> None:
    plain = "Do not use markdown."
    lessons = [(form, plain)[i] for i in order]
    marks = "- {}", "- {}"
    if form == "Use numbered lists.":
        marks = "1. {}", "2. {}"
    reply = "You need:\n\n" + "\n".join(marks).format("some flour", "an egg and milk")
    assert obeyed(of_all(lessons), reply)
    assert not obeyed(of_all(lessons), reply.replace("flour", "**flour**"))
    assert not obeyed(of_all(lessons), f"# Pancakes\n\n{reply}")
    # Each of the two by itself, as the gate looks at them.
    assert obeyed(of_one(plain, lessons), reply)
    assert obeyed(of_one(form, lessons), reply)
    assert not obeyed(of_one(plain, [plain]), reply)
    assert obeyed(of_all(lessons), mended(of_all(lessons), f"# Pancakes\n\n{reply}"))


# replies as they should be
MENDABLE = (
    "Use British spelling.",
    "Do not use exclamation marks.",
    "Do not write words in all capitals.",
    "Do not apologise.",
    "Do not praise the question.",
    "Do not add disclaimers.",
    "Do not add an introduction.",
    "Write in a natural, human voice.",
    "Do not use headings.",
    "Do not use markdown.",
    "Do not use a table.",
    "never use em dashes",
    "Use bullet points.",
    "Use numbered lists.",
    "Do not use bullet points. Write in full sentences.",
    "Answer in at most two sentences.",
    "Answer in at most 30 words.",
    "Keep answers short.",
    "Do not add closing phrases.",
    "Do not end with a question.",
    "Use emoji.",
    "Do not use emoji.",
)
SINGLE, PAIRS, TRIPLES = (tuple(itertools.combinations(MENDABLE, n)) for n in (1, 2, 3))
LISTS = {"bullets", "numbered"}


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", spelling.american(text).lower()))


def check(found: tuple[Rule, ...], reply: str) -> None:
    text = mended(found, reply)
    assert mended(found, text) == text
    assert words_of(text) <= words_of(reply)
    if text and "```" not in reply and not few_items(found, reply, text):
        assert obeyed(found, text), ([rule.name for rule in found if not rule.obeys(text)], text)


def few_items(found: tuple[Rule, ...], reply: str, text: str) -> bool:
    """A list of less than two items cannot be made."""
    return bool(LISTS & {rule.name for rule in found}) and len(sentences(text)) < 3


@pytest.mark.parametrize("lessons", SINGLE + PAIRS)
def test_a_mended_reply_obeys_in_its_own_words(lessons: tuple[str, ...]) -> None:
    for reply in REPLIES:
        check(of_all(lessons), reply)


@given(st.sampled_from(TRIPLES), st.sampled_from(REPLIES))
def test_three_rules_are_obeyed_as_well(lessons: tuple[str, ...], reply: str) -> None:
    check(of_all(lessons), reply)


@given(st.lists(st.sampled_from(MENDABLE), max_size=4), st.text(alphabet="aB .!?\n-*#`1|:$\\’é😊—{}[]()", max_size=80))
def test_mending_never_raises_and_settles(lessons: list[str], text: str) -> None:
    found = of_all(lessons)
    once = mended(found, text)
    assert mended(found, once) == once


@pytest.mark.parametrize("wish", sorted(BY_WISH))
def test_a_rule_that_is_obeyed_changes_nothing(wish: str) -> None:
    found = rules(filled(wish))
    for reply in REPLIES:
        if obeyed(found, reply):
            assert mended(found, reply) == reply.strip()


@pytest.mark.parametrize("lesson", MENDABLE)
def test_code_is_left_alone(lesson: str) -> None:
    code = next(reply for reply in REPLIES if "```" in reply)
    block = re.search(r"```.*```", code, re.DOTALL)
    assert block
    assert block[0] in mended(rules(lesson), code)
    assert obeyed(rules("Do not use exclamation marks."), f"Done.\n\n{block[0]}")


def test_an_empty_reply_obeys_nothing() -> None:
    assert not obeyed(rules("Keep answers short."), " ")
    assert not obeyed((), "")
    assert mended(rules("Use emoji."), "") == ""


def mend(lesson: str, text: str) -> str:
    return mended(rules(lesson), text)


# lists
def test_a_numbered_list_becomes_dashes() -> None:
    assert mend("Use bullet points.", REPLIES[0]).splitlines() == [
        "Certainly! Here are some tips for better sleep:",
        "",
        "- Keep a schedule: Go to bed at the same time.",
        "- Avoid screens: Put the phone away an hour before.",
        "- Stay cool: Keep the room at 18 degrees.",
        "",
        "I hope this helps! Let me know if you have any other questions.",
    ]


def test_what_a_list_repeats_is_dropped() -> None:
    assert (
        mend("Use numbered lists.", REPLIES[9]) == "1. Walk daily.\n2. Walk every day.\n3. Eat fruit.\n4. Drink water."
    )


def test_a_list_has_five_items_at_most_and_two_at_least() -> None:
    animals = "cat dog cow owl bee ant fox elk".split()
    many = "\n".join(f"* The {animal} is there." for animal in animals)
    assert mend("Use bullet points.", many.replace("*", "+")).count("- ") == 5
    assert mend("at most three bullet points", many).count("- ") == 3
    assert mend("Use bullet points.", "There is one thing to say.") == "There is one thing to say."


def test_the_first_sentence_of_prose_leads_to_its_list() -> None:
    """Of what is asked about, bare items soon say nothing."""
    first, *others = "Ducks live on lakes.", "They eat weeds.", "They swim well.", "They sleep afloat."
    assert mend("Use bullet points.", " ".join([first, *others])) == "\n".join([first, "", *(f"- {o}" for o in others)])
    assert mend("Use bullet points.", " ".join([first, *others[:2]])).count("- ") == 3, "few sentences are all items"
    long = f"Ducks live on lakes {'and rivers ' * 20}too."
    assert mend("Use bullet points.", " ".join([long, *others])).count("- ") == 4


def test_deeper_items_join_the_item_above() -> None:
    assert (
        mend("Use bullet points.", REPLIES[14]).splitlines()[0] == "- Open the settings. Choose Display. Choose Dark."
    )


def test_short_items_stand_between_commas() -> None:
    prose = mend(
        "Do not use bullet points. Write in full sentences.", "You need:\n- 2 eggs\n- flour\n- milk\n\nMix it all."
    )
    assert prose == "You need: 2 eggs, flour, milk. Mix it all."


# voice
def test_a_human_voice_keeps_every_step() -> None:
    text = mend("Write in a natural, human voice.", REPLIES[4])
    assert text == "Find the area. Area = 5 × 3 = 15. Halve it. 15/2 = 7.5. The answer is 7.5."
    assert "2*3*4 = 24 and 2**3 = 8" in mend("Write in a natural, human voice.", REPLIES[16])
    told = mend("Write in a natural, human voice.", REPLIES[18])
    assert "3 + 4 = 7" in told and "7 - 2 = 5" in told and "$5" in told and "Step" not in told


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\(\frac{a + b}{2}\)", "(a + b)/2"),
        (r"\[x^{2} = 9\]", "x^2 = 9"),
        (r"\boxed{\frac{1}{2}}", "1/2"),
        (r"It costs $5 and $6.", "It costs $5 and $6."),
        (r"So $x_1 = 3 \times 4$ holds.", "So x_1 = 3 × 4 holds."),
        (r"$$5 \cdot 2 = 10$$", "5 · 2 = 10"),
        (r"50\% of \$20", "50% of $20"),
    ],
)
def test_formulas_as_a_person_types_them(latex: str, plain: str) -> None:
    assert unformal(latex) == plain


@pytest.mark.parametrize(
    ("opened", "rest"),
    [
        ("Certainly! Paris is the capital.", "Paris is the capital."),
        ("Sure, use a fork.", "Use a fork."),
        ("Great question! Here's a step-by-step guide:\n\nMix it.", "Mix it."),
        ("I'd be happy to help! Mix it.", "Mix it."),
        ("Yes, you can.", "Yes, you can."),
        ("Here are two books, Emma and Dune.", "Here are two books, Emma and Dune."),
        ("Certainly!", "Certainly!"),
        ("Of course the earth is round.", "Of course the earth is round."),
    ],
)
def test_stock_openers(opened: str, rest: str) -> None:
    assert mend("Do not add an introduction.", opened) == rest


def test_warm_is_warm_in_two_ways_and_to_the_reader() -> None:
    (rule,) = rules("Use a warm tone.")
    assert rule.obeys("Thank you for sharing this! You did a great job with the ending.")
    assert not rule.obeys("Great job, nice work, excellent idea.")
    assert not rule.obeys("You should add a source.")
    assert all(end.endswith(" ") for end in (*rule.openers, *rule.closers))


def test_praise_comes_first() -> None:
    (rule,) = rules("Say first what was good in grading comments.")
    assert rule.obeys("Your thesis is clear and strong. The sources are missing.")
    assert not rule.obeys("The sources are missing. Your thesis is clear.")
    assert not rule.obeys("This is not good. Try again.")


def test_long_has_sentences_and_words() -> None:
    (rule,) = rules("Answer in more detail.")
    assert rule.obeys("There are many things that one could say of a matter like this, and of others as well. " * 6)
    assert not rule.obeys("word " * 120)
    assert not rule.obeys("It is so. " * 6)


# words and signs
@pytest.mark.parametrize(
    ("loud", "calm"),
    [
        ("Great!!! Go on!", "Great. Go on."),
        ("Really?! Yes!?", "Really? Yes?"),
        ("Wait! ! Now", "Wait. Now"),
        ('He said "go!" and left!', 'He said "go." and left.'),
        ("Use a != b!", "Use a != b!"),
    ],
)
def test_exclamation_marks_become_one_full_stop(loud: str, calm: str) -> None:
    assert mend("Do not use exclamation marks.", loud) == calm


@given(st.text(alphabet="ab !?.…", max_size=40))
def test_no_exclamation_mark_is_left(text: str) -> None:
    calm = mend("Do not use exclamation marks.", text)
    assert "!" not in calm and ("?." not in calm or "?." in text)


def test_shouted_words_and_not_names_are_lowered() -> None:
    text = mend("Do not write words in all capitals.", REPLIES[8])
    assert text == "You should never mix bleach and ammonia! It is very dangerous. NASA uses neither."


def test_sentences_with_a_stock_phrase_are_left_out() -> None:
    assert mend("Do not apologise.", REPLIES[7]) == "Tomatoes are a fruit. Many people like them with salt!"
    assert mend("Do not add closing phrases.", REPLIES[0]).endswith("18 degrees.")
    assert (
        mend("Do not add closing phrases.", "Feel free to add salt. Then stir.") == "Feel free to add salt. Then stir."
    )


def test_emoji_go_without_a_gap() -> None:
    assert mend("Do not use emoji.", "Hello 😊! 🎉 Well done 👍🏽 all") == "Hello! Well done all"
    assert mend("Use emoji.", "Hello.") == "Hello. 😊"


# ends
@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("It rains. Do you see? Why?", "It rains."),
        ("It rains. Do you see? 😊", "It rains."),
        ('It rains. Did he say "why?"', "It rains."),
        ("- It rains.\n- Why?", "- It rains."),
        ("1. It rains.\n\n2. Why?", "1. It rains."),
        ("Why?", ""),
        ("Why? It rains.", "Why? It rains."),
        ("It costs 3.50 euros. Is that 1.5 times as much?", "It costs 3.50 euros."),
    ],
)
def test_questions_at_the_end_are_cut(text: str, rest: str) -> None:
    assert unquestioned(text) == rest


def test_a_question_may_have_a_face_behind_it() -> None:
    assert obeyed(of_all(["End every reply with a question.", "Use emoji."]), "It rains. Do you see? 😊")
    assert rules("End with a question.")[0].closers


# texts
def test_sentences_of_a_reply() -> None:
    assert sentences("Dr. Smith came at 3.5 p.m. and left. He said e.g. this! Really?") == [
        "Dr. Smith came at 3.5 p.m. and left.",
        "He said e.g. this!",
        "Really?",
    ]
    assert sentences("Two things:\n- one\n- two. And more.\n\n```\na. b. c.\n```") == [
        "Two things:",
        "one",
        "two.",
        "And more.",
    ]


# spelling
AMERICAN = st.sampled_from(sorted(spelling.TO_BRITISH))
CASES = st.sampled_from([str.lower, str.upper, str.capitalize])


@given(st.lists(st.tuples(AMERICAN, CASES)))
def test_no_american_word_is_left(chosen: list[tuple[str, object]]) -> None:
    text = " ".join(case(word) for word, case in chosen)  # type: ignore[operator]
    british = spelling.british(text)
    assert not set(british.lower().split()) & set(spelling.TO_BRITISH)
    assert [word.isupper() for word in british.split()] == [word.isupper() for word in text.split()]
    assert [word.istitle() for word in british.split()] == [word.istitle() for word in text.split()]


@given(st.text())
def test_spelling_settles(text: str) -> None:
    for spelled in (spelling.british, spelling.american):
        assert spelled(spelled(text)) == spelled(text)


@pytest.mark.parametrize(
    ("lesson", "spell", "back"),
    [
        ("Use British spelling.", spelling.british, spelling.american),
        ("Use American spelling.", spelling.american, spelling.british),
    ],
)
def test_drills_say_words_in_the_spelling_that_is_not_wanted(
    lesson: str, spell: Callable[[str], str], back: Callable[[str], str]
) -> None:
    found = drills(lesson)
    assert len(found) > 60
    for prompt in found:
        changed = set(re.findall(r"\w+", spell(prompt))) - set(re.findall(r"\w+", prompt))
        assert len(changed) == 3, prompt
        assert back(spell(prompt)) == prompt


def test_steps_are_drilled_on_sums_whose_working_is_known() -> None:
    found = drills("Show the steps.")
    assert len(found) > 60 and len(set(found)) == len(found)
    for asked in found:
        reply = example(rules("Show the steps."), asked)
        assert is_sum(asked) and obeyed(rules("Show the steps. Do not use markdown."), reply), asked
        equations = re.findall(r"([\d +x/-]+) = (\d+)", reply)
        assert len(equations) >= 2 and all(calculated(left) == int(right) for left, right in equations), reply
        assert set(re.findall(r"\d+", asked)) & set(re.findall(r"\d+", reply))


def test_a_human_voice_is_drilled_on_sums_told_in_sentences() -> None:
    wanted = rules("Write in a natural, human voice.")
    assert drills("Write in a natural, human voice.") == drills("Show the steps.")
    assert all(obeyed(wanted, example(wanted, asked)) for asked in drills("Show the steps."))


def test_comments_are_drilled_with_ones_that_take_up_what_a_pupil_wrote() -> None:
    wanted = of_all(["Write more detailed grading comments.", "Write kinder grading comments."])
    found = drills("Use a warm tone.")
    assert len(found) > 40 and len(set(found)) == len(found)
    for asked in found:
        comment = example(wanted, asked)
        quotes = re.findall(r'"([^"]+)"', comment)
        assert obeyed(wanted, comment) and takes_up(asked, comment) and answers(asked, comment), comment
        assert len(quotes) == 2 and all(quote.lower() in quoted(asked).lower() for quote in quotes), comment


def calculated(left: str) -> float:
    """Of one kind of sign, from left to right."""
    first, *rest = re.findall(r"([+x/-]?) ?(\d+)", left)
    value = float(first[1])
    for sign, number in rest:
        value = {"+": value + int(number), "-": value - int(number), "x": value * int(number)}.get(
            sign, value / int(number)
        )
    return value


def test_no_other_prompt_has_an_example() -> None:
    assert example(rules("Show the steps."), "What is 2 + 2 + 3?") == ""
    assert example(rules("Use British spelling."), drills("Use British spelling.")[0]) == ""


def test_what_is_neither_spelled_nor_worked_out_is_not_drilled() -> None:
    assert drills("Answer in two sentences at most.") == ()


@pytest.mark.parametrize(
    ("american", "british"),
    [
        ("organize realized recognizing apologizes", "organise realised recognising apologises"),
        ("colorful flavors, favorite neighborhoods", "colourful flavours, favourite neighbourhoods"),
        ("behavioral analyzer", "behavioural analyser"),
        ("travelers canceled", "travellers cancelled"),
        ("cozy gray jewelry", "cosy grey jewellery"),
        ("fulfill enrollment aluminum catalog", "fulfil enrolment aluminium catalogue"),
        ("Center of the THEATER", "Centre of the THEATRE"),
        ("prioritize, crystallize, unauthorized", "prioritise, crystallise, unauthorised"),
    ],
)
def test_families_of_words(american: str, british: str) -> None:
    assert spelling.british(american) == british
    assert spelling.american(british) == american


@pytest.mark.parametrize(
    "text",
    [
        "a program, a parking meter, a tire, to practice, a license, a check, a story, a curb",
        "exercise surprise advertise improvise revise promise compromise",
        "humorous vigorous laborious size prize seize",
        "see https://color.example/center and `color: gray`, color_map, background.color",
        "Pearl Harbor and Labor Day",
    ],
)
def test_words_of_both_sides_code_and_names_are_left(text: str) -> None:
    assert spelling.british(text) == text
    assert spelling.american("exercise surprise advertise improvise revise analyses") == (
        "exercise surprise advertise improvise revise analyses"
    )


def test_a_counted_meter_is_a_length() -> None:
    assert (
        spelling.british("5 meters from the gas meter, 20 square meters")
        == "5 metres from the gas meter, 20 square metres"
    )


# steps
@pytest.mark.parametrize(
    ("lesson", "found"),
    [
        ("Show the steps.", True),
        ("Keep all the steps of the calculation.", True),
        ("Explain it step by step.", True),
        ("Do not show the steps.", False),
        ("Skip the steps.", False),
        ("Number the steps.", False),
        ("Give the result only, no working.", False),
    ],
)
def test_who_wants_to_see_how_it_was_worked_out(lesson: str, found: bool) -> None:
    assert ("steps" in [rule.name for rule in rules(lesson)]) is found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("First 3 × 8 = 24, then 24 - 5 = 19 are left.", True),
        ("3 boxes of 8 eggs make 24 eggs. 24 eggs + 6 eggs are 30 eggs, and 30/10 = 3.", True),
        ("The answer is 19.", False),
        ("19 bottles are left.", False),
        ("3 × 8 = 24, so the answer is 24.", False),
        ("Rome fell in 476, and has 7 hills.", True),
        ("Cats purr when they are content.", True),
    ],
)
def test_steps_are_calculations_and_not_asked_of_what_works_nothing_out(text: str, shown: bool) -> None:
    assert obeyed(rules("Show the steps."), text) is shown


def test_the_last_of_several_things_that_are_not_wanted_may_be_of_a_few_words() -> None:
    found = rules("Write plain sentences, without bold words, headings, lists or step numbers.")
    assert "prose" in [rule.name for rule in found]
