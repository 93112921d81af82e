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
from trainers.openers import quoted
from trainers.sense import is_sum

SUMS, MARKING = "sums", "marking"
LEAST = 2
"""Prompts of a kind that make it one that the user asks for: a single one may be chance."""
SHARE = 0.25
"""Of a user's prompts, at least."""

_MARKS = re.compile(
    r"\b(?:comments?|feedback|grad(?:e|ing)|mark(?:ing)?|pupils?|students?|answer(?:s|ed)?)\b", re.IGNORECASE
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
        'What do I say to Ines? Question: how do bees help us? Her answer: "They carry yellow dust from flower to '
        'flower, so that there are cherries."',
    ),
    **OF_TOPIC,
}
"""Practice for who asks for such things."""


def kinds(text: str) -> list[str]:
    """What a message asks for, of `PROMPTS`; mostly nothing, at times several."""
    found = [topic for topic in TOPICS if about(topic, text)]
    if is_sum(text):
        found.append(SUMS)
    if quoted(text) and _MARKS.search(text):
        found.append(MARKING)
    return found


def of_kinds(named: Sequence[str]) -> Iterator[str]:
    """Prompts of these kinds, one of each, then the second of each: none is left out for want of room."""
    return filter(None, chain.from_iterable(zip_longest(*(PROMPTS.get(kind, ()) for kind in named))))


def alike(own: Sequence[str], count: int) -> list[str]:
    """At most `count` prompts of the kinds that a user asks for, the commonest first."""
    asked = Counter(kind for text in own for kind in kinds(text))
    common = [kind for kind, n in asked.most_common() if n >= max(LEAST, SHARE * len(own))]
    return list(islice(of_kinds(common), count))
