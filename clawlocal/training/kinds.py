"""What kind of thing a user asks for, where everyday prompts would be poor practice: more prompts of that kind.

Knows no store and no lesson.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest

from clawlocal.judge.topics import TOPICS, about
from clawlocal.training.prompts import OF_TOPIC
from trainers.openers import apart, quoted
from trainers.sense import is_sum

SUMS, MARKING = "sums", "marking"
LEAST = 2
"""Prompts of a kind that make it one that the user asks for: a single one may be chance."""
SHARE = 0.25
"""Of a user's prompts, at least."""
MOST = 0.6
"""Of a user's prompts: who asks for so many of a kind asks for little else. Not more: a remark on a reply that was not
taken for one counts as a prompt.
"""
LONG = 10
"""Words of a message that hardly is a remark alone."""

_MARKS = re.compile(
    r"\b(?:comments?|feedback|grad(?:e|ing)|mark(?:ing)?|pupils?|students?|answer(?:s|ed)?|homework|essays?|class(?:work)?"
    r"|wrote|writes|remarks?|assess\w*|(?:say|tell|respond|reply|write|put)\b.{0,30}\b(?:him|her|them|under|back|beneath))\b",
    re.IGNORECASE,
)

_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)?|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred"
    r"|dozen|half|third|quarter|double|twice)\b",
    re.IGNORECASE,
)
_RECKONED = re.compile(
    r"\bhow (?:many|much|far|old|tall|heavy|fast)\b|\b(?:altogether|in total|left over|remain\w*|work out|calculate"
    r"|solve)\b|\b(?:cost|weigh|pay|add up)\b",
    re.IGNORECASE,
)

PROMPTS = {
    SUMS: (
        "A crate holds 24 bottles. How many bottles are in 7 crates if 5 of them are broken?",
        "Nora saves 12 euros a month and spends 30 euros at the end of the year. How much does she have left?",
        "A tram takes 18 minutes for one round and rests 4 minutes. How long do 5 rounds take?",
        "A tailor needs 3 metres of cloth for a coat and 2 for a skirt. How much for 6 coats and 9 skirts?",
        "Of 120 seats a third are taken and 15 more are reserved. How many are still free?",
        "A tap fills 9 litres a minute. How much water is in a tub of 200 litres after 14 minutes?",
        "Paul is 4 years older than Jan, and together they are 36. How old is each of them?",
        "A hen lays 5 eggs a week. How many eggs do 11 hens lay in 4 weeks, and how many boxes of 10 is that?",
        "A jacket costs 80 euros and is 15 percent cheaper in the sale. What is the price with two of them?",
        "A walker makes 5 km an hour for 3 hours, then 4 km an hour for 2 hours. How far does he get?",
        "Ada reads 22 pages on weekdays and 40 on each day of the weekend. How many pages is that in 3 weeks?",
        "A roll of 50 m of rope is cut into pieces of 1.5 m. How many whole pieces are there?",
        "A baker uses 350 g of flour for a loaf. How much flour does he need for 16 loaves, and what is left of 10 kg?",
        "A bus has 52 seats. At one stop 27 people get on, at the next 18 get on and 9 get off. How many are free?",
        "A lamp burns 6 hours a day and costs 4 cents an hour. What does it cost in 30 days?",
        "Eva runs 400 m in 96 seconds. How long does she take for 1 km at the same pace?",
        "A wall takes 1,200 bricks. A mason lays 85 an hour. How many are missing after 12 hours?",
        "Four friends rent a boat for 18 euros an hour and stay for 3 hours. What does each of them pay?",
        "A farmer has 96 sheep. An eighth of them are black, and he sells 30 white ones. How many are left?",
        "A phone costs 240 euros, or 12 rates of 23 euros. How much dearer is it in rates?",
        "Of 45 pupils 27 come by bus and a third of the rest by bike. How many walk?",
        "A pump moves 15 litres in 2 minutes. How much does it move in a quarter of an hour?",
        "Rosa is 12, her mother is three times as old. How old was the mother when Rosa was 5?",
        "A field of 80 m by 45 m gets a fence with a gate of 4 m. How long is the fence?",
    ),
    MARKING: (
        'Write a comment on this answer. Question: Why do leaves fall in autumn? Ida: "The tree takes back the green '
        'and lets the leaves go because winter has too little light."',
        'Please give feedback to Omar. He explains gravity like this: "Everything pulls on everything, and the earth '
        'pulls hardest because it is the biggest thing near us."',
        'My pupil answers "What is a verb?" with: "A verb is what somebody does, like run or sleep or think." What '
        "should I write under it?",
        "Comment on this pupil's answer. Task: describe a market. Lena: \"There are apples and loud people, and my "
        'grandmother always talks with the man who sells fish."',
        'Grade this, please. Question: Why did people build walls around towns? Tim: "So that robbers and armies had '
        'to stop, and only people with business came in through the gate."',
        'Feedback for Zoe, who writes about volcanoes: "Deep down the stone is so hot that it is soft, and where the '
        'ground is thin it comes out as lava."',
        'How should I comment on this? Task: why do we sleep? Ben writes: "Because the head has to tidy up what '
        'happened, and the legs are tired."',
        'Write a few words for Mara. Her answer to "What is a fraction?": "It is a part of a whole, like three slices '
        'of a cake that was cut in eight."',
        'Please comment: "The moon is not a lamp, it only shows us the light of the sun" is what Kai answers when '
        "asked why the moon shines.",
        "What do I say to Ines about this answer on bees?\n\nThey carry yellow dust from flower to flower, so "
        "that there are cherries and apples in summer.",
        'Please write a comment. Question: what is a compass for? Arne: "The needle always points north, so sailors '
        'knew where they were going even in the fog."',
        'Ella answers "Why do we need sleep?" with: "At night the brain puts the day in drawers and the body grows." '
        "Comment for her, please.",
        'Comment on this. Task: tell about a trip. Nikos: "We took the ferry, my sister was sick, and a dolphin swam '
        'beside us the whole way."',
        'What comment would you write? Question: what do roots do? Pia: "They hold the plant in the ground and fetch '
        'the water."',
        "Feedback for Sami: The sound hits the mountain and comes back to me, only later and weaker, and that is an "
        "echo.",
        'Grade comment for Lou, who explains 7 times 8: "I know that 7 times 7 is 49, and one more seven makes 56."',
        'My pupil Ana writes about her room: "My bed is a ship, and the carpet is the sea where nobody may step." '
        "Please comment on it.",
        'How do I comment on this? Question: why do cats have whiskers? "They feel with them whether the hole is '
        'wide enough for the whole cat."',
        "Comment for Ivo, please. What is a desert?\n\nIt hardly rains there, and the nights are cold although the "
        "days are hot. Camels can live there because they can wait for water.",
        "Feedback for Nora (9), on friends:\n\nA good friend laughs with you and tells you when you are wrong. Mine "
        "is called Lea, and we share our lunch.",
        'Question: how did people make fire? Tom: "They rubbed wood or hit two stones until there was a spark." Please '
        "comment on his answer.",
        "What do I write under this one?\n\nThe lion is the king, but it was the mouse who bit the net. So the small "
        "ones can help the big ones too.",
        "Geography, Levi. Can you comment?\n\nForests clean the air, and the animals live there, and they keep the "
        "rain. When they are cut down the ground is washed away.",
        "Comment on Ruth's story beginning: \"It was so dark that Tim could not see his own hand, but he heard someone "
        'breathing."',
    ),
    **OF_TOPIC,
}
"""Practice for who asks for such things."""


def kinds(text: str) -> list[str]:
    """What a message asks for, of `PROMPTS`; mostly nothing, at times several."""
    found = [topic for topic in TOPICS if about(topic, text)]
    if is_sum(text) or _told_in_words(text):
        found.append(SUMS)
    if quoted(text) and _MARKS.search(apart(text)):
        found.append(MARKING)
    return found


def _told_in_words(text: str) -> bool:
    """A sum of which some numbers are words, or that asks without a question mark: "Work out 3 times a dozen"."""
    return len(_NUMBER.findall(text)) >= 2 and bool(re.search(r"\d", text) and _RECKONED.search(text))


def special(text: str) -> frozenset[str]:
    """Of its kinds those that take practice of their own."""
    return frozenset({SUMS, MARKING}.intersection(kinds(text)))


def drilled(prompt: str, own: Sequence[str]) -> bool:
    """Whether a drill is for who asks `own`: sums and marking only for those who often ask for such themselves."""
    wanted = special(prompt)
    return not wanted or sum(bool(wanted & special(text)) for text in own) >= max(1, SHARE * len(own))


def of_kinds(named: Sequence[str]) -> Iterator[str]:
    """Prompts of these kinds, one of each, then the second of each: none is left out for want of room."""
    return filter(None, chain.from_iterable(zip_longest(*(PROMPTS.get(kind, ()) for kind in named))))


def spread(some: Sequence[str], others: Sequence[str]) -> list[str]:
    """Both in their order, evenly between each other: those at the end are measured on."""
    placed = [((i + 0.5) / len(each), text) for each in (some, others) for i, text in enumerate(each)]
    return [text for _, text in sorted(placed, key=lambda x: x[0])]


def requests(own: Sequence[str]) -> list[str]:
    """Without what may be no more than a remark on a reply ("great, got it"), if a few others are there."""
    asking = [text for text in own if "?" in text or len(text.split()) >= LONG or kinds(text)]
    return asking if len(asking) >= LEAST else list(own)


def mostly(own: Sequence[str]) -> bool:
    """Whether nearly all that a user asks for is sums or marking, of which there are many prompts."""
    return sum(bool(special(text)) for text in own) >= max(LEAST, MOST * len(own))


def alike(own: Sequence[str], count: int) -> list[str]:
    """At most `count` prompts of the kinds that a user asks for, the commonest first."""
    asked = Counter(kind for text in own for kind in kinds(text))
    common = [kind for kind, n in asked.most_common() if n >= max(LEAST, SHARE * len(own))]
    return list(islice(of_kinds(common), count))
