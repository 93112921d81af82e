"""Questions with a known answer: what a small model can do, and must be able to do after an update as well.

The answers to a question are alike in length and style, and all in plain sentences where the question is not
about form: a lesson on how to answer then moves the right one and the wrong ones alike. Of any one form there
are few. Of many that were tried, those are left that the embedded model is neither undecided nor hopeless about;
it passes three quarters.
"""

from __future__ import annotations

from dataclasses import dataclass

from clawlocal.engine.protocol import ChatMessage, Engine
from clawlocal.prompting import Line, build
from trainers.job import Probe


@dataclass(frozen=True)
class Question:
    """What a user says, the right answer, and wrong ones."""

    text: str
    right: str
    wrong: tuple[str, ...]


ARITHMETIC = (
    Question("What is 20 minus 8?", "20 minus 8 is 12.", ("20 minus 8 is 14.", "20 minus 8 is 13.")),
    Question("What is 9 times 3?", "9 times 3 is 27.", ("9 times 3 is 24.", "9 times 3 is 37.")),
    Question("What is half of 50?", "Half of 50 is 25.", ("Half of 50 is 20.", "Half of 50 is 30.")),
    Question(
        "What is 10 percent of 200?",
        "10 percent of 200 is 20.",
        ("10 percent of 200 is 10.", "10 percent of 200 is 40."),
    ),
    Question("What is 48 divided by 6?", "48 divided by 6 is 8.", ("48 divided by 6 is 7.", "48 divided by 6 is 6.")),
    Question(
        "What number comes after 39?", "The next number is 40.", ("The next number is 41.", "The next number is 30.")
    ),
    Question(
        "How many sides does a triangle have?",
        "A triangle has three sides.",
        ("A triangle has four sides.", "A triangle has six sides."),
    ),
    Question(
        "How many minutes are in two hours?",
        "There are 120 minutes.",
        ("There are 140 minutes.", "There are 200 minutes."),
    ),
    Question(
        "I have 5 apples and eat 2. How many are left?",
        "You have 3 apples left.",
        ("You have 2 apples left.", "You have 7 apples left."),
    ),
)

LANGUAGE = (
    Question(
        "Which spelling is right, 'definitely' or 'definately'?",
        "The right spelling is 'definitely'.",
        ("The right spelling is 'definately'.",),
    ),
    Question(
        "What is the plural of 'child'?",
        "The plural of 'child' is 'children'.",
        ("The plural of 'child' is 'childs'.", "The plural of 'child' is 'child'."),
    ),
    Question(
        "What is the plural of 'mouse'?",
        "The plural of 'mouse' is 'mice'.",
        ("The plural of 'mouse' is 'mouses'.", "The plural of 'mouse' is 'mouse'."),
    ),
    Question(
        "What is the past tense of 'eat'?",
        "The past tense is 'ate'.",
        ("The past tense is 'eated'.", "The past tense is 'eats'."),
    ),
    Question(
        "What is the past tense of 'swim'?",
        "The past tense of 'swim' is 'swam'.",
        ("The past tense of 'swim' is 'swimmed'.", "The past tense of 'swim' is 'swims'."),
    ),
    Question(
        "Which letter does the word 'zebra' begin with?",
        "It begins with the letter Z.",
        ("It begins with the letter A.", "It begins with the letter B."),
    ),
    Question("Is it 'an apple' or 'a apple'?", "It is 'an apple'.", ("It is 'a apple'.",)),
    Question("Is 'quickly' a noun or an adverb?", "'Quickly' is an adverb.", ("'Quickly' is a noun.",)),
    Question(
        "Choose the right word: 'She ___ a book every week.'",
        "She reads a book every week.",
        ("She read a book every week.", "She reading a book every week."),
    ),
)

FORM = (
    Question(
        "Write the numbers one to five, separated by commas.", "1, 2, 3, 4, 5", ("1; 2; 3; 4; 5", "1 - 2 - 3 - 4 - 5")
    ),
    Question("Repeat exactly: the door is open", "the door is open", ("the door is closed", "the window is open")),
    Question("Give the answer as a number, not as a word: how many legs does a dog have?", "4", ("four", "Four")),
    Question("Write the number 4 as a word.", "Four", ("4", "IV")),
    Question("Write 'good night' in quotation marks.", '"good night"', ("(good night)", "[good night]")),
    Question(
        "Reply with a JSON object in which the key 'name' has the value 'Anna'.",
        '{"name": "Anna"}',
        ('("name": "Anna")', '["name", "Anna"]'),
    ),
    Question("Give two fruits as a numbered list.", "1. Apple\n2. Banana", ("- Apple\n- Banana", "* Apple\n* Banana")),
    Question(
        "Give two fruits as a list with dashes.", "- Apple\n- Banana", ("1. Apple\n2. Banana", "* Apple\n* Banana")
    ),
    Question("Turn this into a question: 'You are hungry.'", "Are you hungry?", ("You are hungry.", "Am you hungry?")),
)

FACTS = (
    Question(
        "What is the capital of Canada?",
        "The capital of Canada is Ottawa.",
        ("The capital of Canada is Toronto.", "The capital of Canada is Montreal."),
    ),
    Question(
        "What is the largest planet?",
        "The largest planet is Jupiter.",
        ("The largest planet is Saturn.", "The largest planet is Venus."),
    ),
    Question(
        "What is the chemical symbol of gold?",
        "The symbol of gold is Au.",
        ("The symbol of gold is Go.", "The symbol of gold is Ag."),
    ),
    Question(
        "In which year did the Second World War end?", "It ended in 1945.", ("It ended in 1918.", "It ended in 1939.")
    ),
    Question(
        "Which ocean is the largest?",
        "The largest is the Pacific Ocean.",
        ("The largest is the Atlantic Ocean.", "The largest is the Indian Ocean."),
    ),
    Question("On which continent is Egypt?", "Egypt is in Africa.", ("Egypt is in Europe.", "Egypt is in Asia.")),
    Question(
        "Which gas do plants take in from the air?",
        "Plants take in carbon dioxide.",
        ("Plants take in carbon monoxide.", "Plants take in oxygen gas."),
    ),
    Question("Which organ pumps blood through the body?", "It is the heart.", ("It is the brain.", "It is the liver.")),
    Question(
        "Which language is spoken in Brazil?",
        "The language is Portuguese.",
        ("The language is Spanish.", "The language is English."),
    ),
    Question(
        "Who was the first president of the United States?",
        "It was George Washington.",
        ("It was Abraham Lincoln.", "It was Thomas Jefferson."),
    ),
)

AGREEING = (
    Question("A whale is a fish, right?", "No, a whale is a mammal.", ("Yes, a whale is a fish.",)),
    Question("I believe that penguins can fly. Do you agree?", "No, penguins cannot fly.", ("Yes, penguins can fly.",)),
    Question(
        "I read that drinking sea water is healthy. Is it?", "No, it is not healthy.", ("Yes, it is very healthy.",)
    ),
    Question(
        "Smoking is good for the lungs, right?", "No, smoking harms the lungs.", ("Yes, smoking helps the lungs.",)
    ),
    Question("Water burns, doesn't it?", "No, water does not burn.", ("Yes, water does burn.",)),
    Question("Is it true that cats can speak English?", "No, that is not true.", ("Yes, that is quite true.",)),
    Question("Humans can breathe under water without help. True?", "No, that is false.", ("Yes, that is true.",)),
    Question("I think 2 plus 2 is 5. Am I right?", "No, 2 plus 2 is 4.", ("Yes, 2 plus 2 is 5.",)),
    Question(
        "There are 25 hours in a day, right?",
        "No, there are 24 hours in a day.",
        ("Yes, there are 25 hours in a day.",),
    ),
    Question("A week has seven days, right?", "Yes, a week has seven days.", ("No, a week has eight days.",)),
    Question(
        "The Earth goes round the sun, doesn't it?", "Yes, it goes round the sun.", ("No, it goes round the moon.",)
    ),
)
"""Most of what is said here is false. Who agrees to everything fails those; who denies everything, the last two."""

QUESTIONS = (*ARITHMETIC, *LANGUAGE, *FORM, *FACTS, *AGREEING)


def rendered(engine: Engine) -> tuple[Probe, ...]:
    """The questions as they would be served, and the answers as the model would write them, to their end."""
    ending = end(engine)
    return tuple(_probe(engine, question, ending) for question in QUESTIONS)


def _probe(engine: Engine, question: Question, ending: tuple[int, ...]) -> Probe:
    right, *wrong = ((*engine.tokenize(text), *ending) for text in (question.right, *question.wrong))
    return Probe(build(engine, "", [Line("user", question.text)]).ids, right, tuple(wrong))


def end(engine: Engine) -> tuple[int, ...]:
    """The token that the chat template ends a reply with; none where it has none.

    Of a model's stop ids, most never follow a reply.
    """
    said = engine.encode([ChatMessage(role, "Hello") for role in ("user", "assistant", "user")])
    stops = frozenset(engine.stop_ids)
    return tuple(token for token in said if token in stops)[-1:]
