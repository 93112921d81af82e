"""The simulated users: what they have to say, and what pleases them and what does not."""

from __future__ import annotations

import pytest

from benchmarks.answering import stems
from benchmarks.personas import PERSONAS, Persona
from benchmarks.personas.sums import calculations, numbers
from benchmarks.personas.wishes import pupils_answer
from benchmarks.spelling import AMERICAN
from clawlocal.judge import hints
from clawlocal.training.prompts import EVERYDAY, NEUTRAL, OF_TOPIC

MATHS = (
    "Anna buys 3 notebooks for 4 euros each and a pen for 2 euros. She pays with a 20 euro note. How much"
    " change does she"
    " get?"
)
PUPIL = (
    'Task: Why do plants need light? Mia answers: "Plants need light because they make sugar out of it and the green'
    ' stuff in the leaf catches the sun." Please comment on her answer.'
)
BREAD = "Why does bread dough rise?"
RAINBOW = "Describe a rainbow, band by band."
SEASIDE = "What should I pack for a week at the seaside?"
SWIMMING = "What are the benefits of swimming?"

WARM = (
    "Dear Mia, well done! You noticed that plants make sugar with the help of light, and that is the heart of"
    " the matter."
    " I really like how you write that the green stuff in the leaf catches the sun, because it shows how carefully you"
    " looked. The green stuff has a name, chlorophyll, and you could add that water and air are needed too."
    " Keep it up!"
)
PROSE = (
    "Swimming trains the whole body without hurting the joints, since the water carries most of your weight. It also"
    " makes heart and lungs stronger, and many people find that it calms them."
)

OBEYS = {
    "student": (
        "3 notebooks cost 3 * 4 = 12 euros. With the pen it is 12 + 2 = 14 euros. So she gets 20 - 14 = 6 euros back.",
        "Three notebooks times 4 euros is 12 euros. Together with the pen that makes 14 euros. 20 minus 14 is"
        " 6, so Anna"
        " gets 6 euros.",
        "First the notebooks: 3 × 4 = 12.\nThen the pen: 12 + 2 = 14.\nChange: 20 − 14 = 6.",
        "The 3 notebooks cost 12 euros because each is 4 euros. With the pen she has to pay 14 euros. That leaves 6.",
        "3 x $4 = $12, $12 + $2 = $14, $20 - $14 = $6. Anna gets $6 of change.",
        "I multiply 3 by 4 and get 12, then I add the 2 for the pen and get 14. From 20 to 14 it is 6.",
        "Surely the notebooks come first: 3 * 4 = 12 euros, and 12 + 2 = 14 euros, and now we need 20 -",
    ),
    "teacher": (
        WARM,
        WARM.replace("Dear Mia, well done!", "Hello Mia! What a lovely answer."),
        "Mia, I enjoyed reading your answer about light very much. You explain that a plant makes sugar, and"
        " you even know"
        " where it happens: in the green leaf that catches the sun. That is not bad at all for somebody who has"
        " just begun"
        " with plants. Next time you can add what else it takes, for instance water from the roots. I am proud of you.",
        WARM + " See you on Monday.",
        WARM.replace("Keep it up!", "I'm looking forward to your next answer"),
        "You thought hard about why plants need light, Mia. It made me happy that you spotted the sugar! Many"
        " forget it."
        " Your picture of a leaf that catches the sun is creative and quite right. Do you remember the name of"
        " the green"
        " colour? Try to write it in as well, and tell us what the plant does with all the sugar that it has made.",
    ),
    "terse": (
        "Yeast eats sugar and gives off gas. The gas blows the dough up.",
        "Yeast turns sugar into gas bubbles.",
        "Because yeast makes gas.",
        "The yeast ferments the sugars in the flour, which makes carbon dioxide, and the gluten holds the bubbles!",
        "Carbon dioxide from yeast.",
        "It fills with gas bubbles. Those come from the yeast, at about 3.5 grams per loaf.",
    ),
    "question": (
        "Yeast eats the sugar in the flour and gives off gas. Have you ever baked bread with sourdough?",
        "The gas of the yeast blows the dough up, and gluten keeps it in. How long do you let your dough rest?",
        "Yeast makes bubbles of gas in the dough. What do you think happens to the yeast in the hot oven?",
        "Dough rises because yeast ferments sugar. Would you like to know how bakers slow the yeast down?",
        'Yeast turns sugar into gas, and the gas lifts the dough. What would "no yeast" do to a loaf of bread?',
        "What lifts it? Gas does, which the yeast makes from sugar.\n\nDo you know other things that make dough rise?",
    ),
    "british": (
        "The outer band is red, and then come orange and yellow. Green lies in the middle; blue and violet end it.",
        "A rainbow has seven colours, from red outside to violet inside, and my favourite is the green in its centre.",
        "Red comes first. Orange follows, then yellow, green and blue. Indigo and violet close the bow.",
        "Each colour has its own place because water bends light; grey clouds stand behind it.",
        "Sunlight is split by drops of rain, and the eye organises it into bands of red, yellow, green and blue.",
        "From the top: red, orange, yellow, green, blue, indigo, violet, and the size of each is about the same",
    ),
    "lists": (
        "- sunscreen\n- a towel\n- a hat",
        "Here is what I would pack:\n\n- Swimsuit\n- 2 towels\n- Sandals - for hot sand\n\nHave a good time!",
        "- Sunscreen with a high factor, since the sea reflects light\n- A book",
        "\n- towel\n\n- shirt\n\n- shoes\n",
        "  - towel\n  - shirt\n  - shoes",
        "Pack these:\n- swimwear\n- medicine\n- sungla",
    ),
    "plain": (
        PROSE,
        PROSE.replace(" It also", "\n\nIt also"),
        "Swimming is good for you because it moves nearly every muscle. It's also fun - and it helps you sleep well.",
        PROSE + " (Ask a doctor first if your heart is weak.)",
        "If you swim twice a week, your heart grows stronger. The 2 most important gains are stamina and a calm mind!",
        "Swimming in water you weigh little, so the joints get a rest while the muscles of back, arms and legs"
        " all have to work.",
    ),
}

DISOBEYS = {
    "student": (
        "",
        MATHS,
        "She gets 6 euros back.",
        "Certainly! 3 * 4 = 12 and 12 + 2 = 14, so 20 - 14 = 6.",
        "1. 3 * 4 = 12\n2. 12 + 2 = 14\n3. 20 - 14 = 6",
        "Step 1: 3 * 4 = 12 euros. Step 2: 12 + 2 = 14 euros. Then 20 - 14 = 6.",
        "3 * 4 = **12** euros, 12 + 2 = 14 euros, 20 - 14 = **6** euros.",
        "## Solution\n3 * 4 = 12, 12 + 2 = 14, 20 - 14 = 6",
        "3 * 4 = 12, 12 + 2 = 14, and \\boxed{6} euros are left of 20.",
        "- 3 * 4 = 12\n- 12 + 2 = 14\n- 20 - 14 = 6",
        "Anna buys 3 notebooks for 4 euros each and a pen for 2 euros, so you have to add the prices and then"
        " subtract.",
        "The answer is 6 euros. You can check that by counting the money.",
        "I wrote it without bold and without lists, as you wished.",
    ),
    "teacher": (
        "",
        PUPIL,
        "Good job, Mia!",
        "Well done! Great work! Lovely! You can be proud of yourself! Keep it up! You are fantastic! Excellent effort!",
        WARM.replace("well done!", "this is wrong.").replace("I really like", "It is poor"),
        "The answer is correct. It mentions light, sugar and the green leaf. It does not mention water or"
        " carbon dioxide."
        " The pupil should read the chapter on photosynthesis again and write down each of the terms that are"
        " in it. Then"
        " the sun, the leaf and the plant have to be drawn. The mark is a three.",
        "Dear pupil, thank you for your hard work. You have written a wonderful text and I enjoyed it very"
        " much. Your ideas"
        " are clear and well put, and your handwriting is nice. You should keep going like that, and next time"
        " you can try"
        " to write a little more. I am very proud of you and of all that you have reached this year.",
        "Thank you for the nice comment on my answer! I am happy that you like how I wrote about light, sugar"
        " and the sun."
        " I will try to add water next time, and I hope that you enjoy it. You are a great teacher, and I love to learn"
        " about plants and leaves with you. Have a good day and keep well.",
    ),
    "terse": (
        "",
        BREAD,
        "Sure! I'd be happy to help.",
        "Bread dough rises.",
        "Yeast eats sugar. It gives off gas. The gas lifts the dough.",
        "- yeast\n- sugar\n- gas",
        "Yes.",
        "Yeast eats sugar and " + "then it makes gas of it and " * 12 + "that is it.",
    ),
    "question": (
        "",
        BREAD,
        "Why does bread dough rise? Why does it rise? What do you think?",
        "Yeast eats sugar and gives off gas.",
        "Yeast eats sugar and gives off gas. Do you have any other questions?",
        "Yeast eats sugar and gives off gas. Is there anything else you would like to know about this topic?",
        "Yeast eats sugar and gives off gas. Why does bread dough rise?",
        "Have you ever baked bread? Yeast eats sugar and gives off gas.",
        "Yeast eats sugar and gives off gas. Right?",
        "Yeast eats sugar and gives off gas. Which planet do you like best?",
        "What kind of bread dough do you want to bake?",
        "I'm happy to help! What kind of bread dough do you bake?",
    ),
    "british": (
        "",
        RAINBOW,
        "A rainbow has seven colors, and red is at the top of it, then comes orange and so on.",
        "The outer band is red! Then come orange and yellow, green, blue and violet.",
        "Red is my favorite, and it stands on the outside of the arc, above orange and yellow.",
        "In the center there is green, with yellow above it and a bright blue below.",
        "Under a gray cloud the light is split by drops of rain into red, yellow and blue.",
        "I will use British spelling.",
        "Red.",
    ),
    "lists": (
        "",
        SEASIDE,
        "1. Towel\n2. Hat\n3. Shoes",
        "* Towel\n* Hat",
        "- **Towel**\n- **Hat**",
        "- towel - hat - shoes - book",
        "A towel, a hat and shoes.",
        "- towel",
        "- 1. towel\n- 2. hat",
        "- Item 1\n- Item 2\n- Item 3",
        "- [item]\n- [towel]",
        "Clothes:\n- shirt\n- shoes\nOthers:\n- towel",
        "- Clothes\n  - shirt\n  - shoes",
        "-towel\n-hat",
        "- towel\n- towel\n- towel\n- towel",
        "It depends.\nLook at the weather.\n- shirt\n- hat",
    ),
    "plain": (
        "",
        SWIMMING,
        "- It is healthy.\n- It is fun.\n- It trains heart, lungs and muscles.",
        "1. It is healthy for the heart.\n2. It is fun and trains every muscle.",
        PROSE.replace("heart", "**heart**"),
        "# Swimming\n" + PROSE,
        "The benefits of swimming are: 1. it trains the heart, 2. it calms the mind, and 3. it is fun for all.",
        "Benefits:\n" + PROSE,
        "Strong heart and lungs\nLess stress after work\nBetter sleep at night\nMore fun with friends",
        "Sure, I can help with that.",
        PROSE.replace("joints", "`joints`"),
        "Step 1 is to jump into the water. " + PROSE,
    ),
}

ASKED = {
    "student": MATHS,
    "teacher": PUPIL,
    "terse": BREAD,
    "question": BREAD,
    "british": RAINBOW,
    "lists": SEASIDE,
    "plain": SWIMMING,
}

PLEASES = [(name, reply) for name, replies in OBEYS.items() for reply in replies]
DISPLEASES = [(name, reply) for name, replies in DISOBEYS.items() for reply in replies]


@pytest.mark.parametrize(("name", "reply"), PLEASES)
def test_a_persona_is_content(name: str, reply: str) -> None:
    assert PERSONAS[name].obeys(ASKED[name], reply, "end")


@pytest.mark.parametrize(("name", "reply"), DISPLEASES)
def test_a_persona_is_not_content(name: str, reply: str) -> None:
    assert not PERSONAS[name].obeys(ASKED[name], reply, "end")


@pytest.mark.parametrize(("name", "reply"), PLEASES)
def test_a_cut_reply_may_please_some_personas(name: str, reply: str) -> None:
    assert PERSONAS[name].obeys(ASKED[name], reply, "length") == (name not in ("terse", "question"))


def test_a_cut_reply_of_plain_prose_ends_anywhere() -> None:
    cut = PROSE + " Apart from that it"
    assert PERSONAS["plain"].obeys(SWIMMING, cut, "length")
    assert not PERSONAS["plain"].obeys(SWIMMING, cut, "end")


def test_every_checker_has_seen_enough_replies() -> None:
    assert OBEYS.keys() == DISOBEYS.keys() == PERSONAS.keys()
    assert min(len(replies) for found in (OBEYS, DISOBEYS) for replies in found.values()) >= 6


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=PERSONAS)
def test_a_persona_has_enough_to_say(persona: Persona) -> None:
    assert len(set(persona.reactions)) == len(persona.reactions) >= 25
    assert len(set(persona.content)) == len(persona.content) >= 12
    assert len(set(persona.questions)) == len(persona.questions) >= 40
    assert len(set(persona.held_out)) == len(persona.held_out) >= 48
    assert all(line == line.strip() != "" for part in _parts(persona) for line in part)
    assert persona.related.keys() <= {*persona.questions, *persona.held_out}


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=PERSONAS)
def test_what_a_perfect_judge_says_is_a_directive(persona: Persona) -> None:
    assert hints.tells(persona.directive)
    assert hints.from_correction(persona.directive).text == persona.directive


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=PERSONAS)
def test_a_persona_is_measured_on_what_was_not_practised(persona: Persona) -> None:
    practised = {*EVERYDAY, *NEUTRAL, *(prompt for prompts in OF_TOPIC.values() for prompt in prompts)}
    assert not set(persona.questions) & set(persona.held_out)
    assert not practised & {*persona.questions, *persona.held_out}
    assert all(map(stems, (*persona.questions, *persona.held_out)))


@pytest.mark.parametrize("name", [name for name in PERSONAS if name not in ("student", "teacher")])
def test_held_out_questions_have_other_subjects(name: str) -> None:
    """Word problems and comments are long, and share words like "euros" whatever they are about."""
    persona = PERSONAS[name]
    close = [(a, b) for a in persona.held_out for b in persona.questions if len(stems(a) & stems(b)) > 1]
    assert not close


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=PERSONAS)
def test_no_question_said_back_obeys_or_answers(persona: Persona) -> None:
    for question in (*persona.questions, *persona.held_out):
        for reply in (question, "", "Sure! I'd be happy to help you with that. " + question):
            assert not persona.obeys(question, reply, "end")
            assert not persona.answers(question, reply, "Be brief.")


@pytest.mark.parametrize(("name", "reply"), PLEASES)
def test_what_pleases_also_answers(name: str, reply: str) -> None:
    assert PERSONAS[name].answers(ASKED[name], reply, "Write the way I told you to, please.")


def test_word_problems_have_numbers_and_comments_an_answer() -> None:
    student, teacher = PERSONAS["student"], PERSONAS["teacher"]
    assert all(len(set(numbers(question))) >= 2 for question in (*student.questions, *student.held_out))
    assert all(len(stems(pupils_answer(question))) >= 4 for question in (*teacher.questions, *teacher.held_out))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("3 * 4 = 12 and 12 + 2 = 14", 2),
        ("3 * 4 = 12, I say 3 * 4 = 12", 1),
        ("Twenty-four divided by six is four.", 1),
        ("25 percent of 120 is 30, and 120 minus 30 leaves 90.", 2),
        ("Half of 42 is 21.", 1),
        ("12 apples plus 4 apples make a total of 16 apples", 1),
        ("3 * 4 = 12 + 5 = 17", 2),
        ("There are 3 cats. 4 dogs are there.", 0),
    ],
)
def test_calculations(text: str, count: int) -> None:
    assert len(calculations(text)) == count


def test_american_spellings() -> None:
    assert len(AMERICAN) > 150
    assert AMERICAN["favorite"] == "favourite"
    assert AMERICAN["traveling"] == "travelling"
    assert AMERICAN["theaters"] == "theatres"
    assert not AMERICAN.keys() & set(AMERICAN.values())
    assert not AMERICAN.keys() & set("laborious humorous size prize meter program travel equal total vary our".split())


def _parts(persona: Persona) -> tuple[tuple[str, ...], ...]:
    return persona.reactions, persona.content, persona.questions, persona.held_out
