"""Sums with their working in plain sentences, made from patterns. Knows no lesson and no model.

A small model often writes a result and no more, and has no better reply to be shown. What a sum's working looks like
follows from its numbers. Each is a whole explanation of three calculations or more: who is shown fewer words soon says
too little, and who is shown two calculations often stops after one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

_NAMES = ("Maria", "Jonas", "Aisha", "Peter", "Linh", "Carlos", "Ruth", "Omar", "Greta", "Sam", "Priya", "Hugo")
_GOODS = ("apples", "stickers", "pencils", "candles", "postcards", "tickets", "muffins", "oranges", "batteries")
_KEPT = ("a bag", "a folder", "a lamp", "a calendar", "a mug")
_MONEY = ("euros", "dollars", "pounds")
EACH = 5
"""Sums of each pattern."""

Made = tuple[str, str, str, str]
"""A sum, what its working begins with, the working, and the result in a sentence."""


def _bill(draw: Random) -> Made:
    name, (goods, others), extra, coins = (
        draw.choice(_NAMES), draw.sample(_GOODS, 2), draw.choice(_KEPT), draw.choice(_MONEY)
    )  # fmt: skip
    n, price, m, dear, more = (draw.randint(2, 9) for _ in range(5))
    return (
        f"{name} buys {n} {goods} for {price} {coins} each, {m} {others} for {dear} {coins} each and {extra} for "
        f"{more} {coins}. What does it all cost?",
        f"{name} pays for three things, and the {goods} come first.",
        f"The {goods} cost {n} x {price} = {n * price} {coins}, and the {others} cost {m} x {dear} = {m * dear} "
        f"{coins}. Together that makes {n * price} + {m * dear} = {n * price + m * dear}, and with {extra} it is "
        f"{n * price + m * dear} + {more} = {n * price + m * dear + more} {coins}.",
        f"So {name} pays {n * price + m * dear + more} {coins} for all of it.",
    )


def _change(draw: Random) -> Made:
    name, goods, extra, coins = draw.choice(_NAMES), draw.choice(_GOODS), draw.choice(_KEPT), draw.choice(_MONEY)
    n, price, more = draw.randint(3, 6), draw.randint(2, 5), draw.randint(2, 9)
    cost, note = n * price + more, 50
    return (
        f"How much change does {name} get from {note} {coins} after paying for {n} {goods} at {price} {coins} each and "
        f"{extra} for {more} {coins}?",
        f"To know the change I first need to know what {name} has to pay.",
        f"{n} {goods} at {price} {coins} each cost {n} x {price} = {n * price} {coins}. With {extra} it is {n * price} "
        f"+ {more} = {cost} {coins}. So the change is {note} - {cost} = {note - cost} {coins}.",
        f"{name} gets {note - cost} {coins} back.",
    )


def _stock(draw: Random) -> Made:
    goods = draw.choice(_GOODS)
    first, second, new = draw.randint(20, 70), draw.randint(15, 60), draw.randint(10, 50)
    sold = first + second
    whole = sold + draw.randint(10, 80)
    return (
        f"A shop has {whole} {goods}. {first} are sold on Monday and {second} on Tuesday, and then {new} new ones "
        "arrive. How many are there now?",
        f"Before the sale there were {whole} {goods}, and I add up what was sold first.",
        f"On both days {first} + {second} = {sold} {goods} are sold. That leaves {whole} - {sold} = {whole - sold}. "
        f"With the new ones it is {whole - sold} + {new} = {whole - sold + new}.",
        f"So there are {whole - sold + new} {goods} in the shop.",
    )


def _journey(draw: Random) -> Made:
    name = draw.choice(_NAMES)
    (a, b), (s, t) = (draw.randint(2, 5) for _ in "ab"), (draw.choice((12, 15, 20, 40, 70)) for _ in "st")
    return (
        f"{name} travels {a} hours at {s} km per hour and {b} hours at {t} km per hour. How long is the whole way?",
        f"The journey has two parts, one that takes {a} hours and one that takes {b} hours.",
        f"The first part is {a} x {s} = {a * s} km long, and the second part is {b} x {t} = {b * t} km. The whole "
        f"way is {a * s} + {b * t} = {a * s + b * t} km.",
        f"So {name} travels {a * s + b * t} km altogether.",
    )


def _discount(draw: Random) -> Made:
    thing, coins = draw.choice(("coat", "tent", "bicycle", "phone", "radio")), draw.choice(_MONEY)
    price, percent, off = 20 * draw.randint(4, 15), draw.choice((10, 20, 25, 50)), draw.randint(2, 9)
    less = price * percent // 100
    return (
        f"A {thing} costs {price} {coins}. It gets {percent} percent cheaper, and a voucher takes off {off} {coins} "
        "more. What is left to pay?",
        f"The price falls twice, first by {percent} percent and then by the {off} {coins} of the voucher.",
        f"{percent} percent of {price} {coins} are {price} x {percent} / 100 = {less} {coins}, so the {thing} costs "
        f"{price} - {less} = {price - less} {coins}. With the voucher it is {price - less} - {off} = "
        f"{price - less - off} {coins}.",
        f"So there are {price - less - off} {coins} to pay for the {thing}.",
    )


def _part(draw: Random) -> Made:
    name, other = draw.sample(_NAMES, 2)
    goods, (word, by) = (
        draw.choice(_GOODS),
        draw.choice((("half", 2), ("a third", 3), ("a quarter", 4), ("a fifth", 5))),
    )
    whole, lost = by * draw.randint(6, 15), draw.randint(2, 5)
    given = whole // by
    return (
        f"{name} has {whole} {goods}, gives {word} of them to {other} and uses {lost} more. How many has {name} now?",
        f"At the start {name} has {whole} {goods}, and {other} gets {word} of them.",
        f"{word.capitalize()} of {whole} is {whole} / {by} = {given}, so {whole} - {given} = {whole - given} are left. "
        f"After using {lost} more, {name} has {whole - given} - {lost} = {whole - given - lost} {goods}.",
        f"So in the end it is {whole - given - lost} {goods} for {name}.",
    )


def _garden(draw: Random) -> Made:
    place = draw.choice(("garden", "room", "field", "yard"))
    wide = draw.randint(3, 12)
    long = wide + draw.randint(2, 9)
    return (
        f"A {place} is {long} m long and {wide} m wide. How large is it, and how long is a fence all around?",
        f"The {place} has two sides of {long} m and two of {wide} m.",
        f"The area is {long} x {wide} = {long * wide} square metres. One length and one width are {long} + {wide} = "
        f"{long + wide} m, so all around it is 2 x {long + wide} = {2 * (long + wide)} m.",
        f"So the {place} has {long * wide} square metres, and the fence is {2 * (long + wide)} m long.",
    )


def _share(draw: Random) -> Made:
    coins, n, each, tip = draw.choice(_MONEY), draw.randint(3, 8), draw.randint(6, 20), draw.randint(2, 5)
    return (
        f"{n} people split {n * each} {coins} evenly, and each adds {tip} {coins} for the driver. What does each pay, "
        "and what does the driver get?",
        f"The {n * each} {coins} are split first, and the driver's money is added after that.",
        f"Split evenly it is {n * each} / {n} = {each} {coins} for each. With the money for the driver each pays "
        f"{each} + {tip} = {each + tip} {coins}. The driver gets {n} x {tip} = {n * tip} {coins}.",
        f"So every one of the {n} people pays {each + tip} {coins}, and {n * tip} of the money is for the driver.",
    )


def _rows(draw: Random) -> Made:
    rows, seats, free, price = draw.randint(8, 25), draw.randint(10, 30), draw.randint(5, 60), draw.randint(3, 9)
    taken = rows * seats - free
    return (
        f"A theatre has {rows} rows of {seats} seats, and {free} of them are free. How many are taken, and what do "
        f"they bring at {price} euros each?",
        f"First I work out how many seats the theatre has, since each of the {rows} rows has {seats} of them.",
        f"There are {rows} x {seats} = {rows * seats} seats. Since {free} are free, {rows * seats} - {free} = {taken} "
        f"are taken. At {price} euros each they bring {taken} x {price} = {taken * price} euros.",
        f"So {taken} people have found a seat and have paid {taken * price} euros.",
    )


def _drain(draw: Random) -> Made:
    vessel, rate, hours = draw.choice(("barrel", "pool", "bath", "cistern")), draw.randint(5, 30), draw.randint(3, 9)
    back = draw.randint(5, 40)
    whole = rate * hours + 10 * draw.randint(2, 20)
    left = whole - hours * rate
    return (
        f"From a {vessel} with {whole} litres {rate} litres run out every hour. After {hours} hours {back} litres are "
        "poured back. How much is in it then?",
        f"Every hour the {vessel} loses {rate} litres, and that goes on for {hours} hours.",
        f"In {hours} hours {hours} x {rate} = {hours * rate} litres run out. So {whole} - {hours * rate} = {left} "
        f"litres are still in it. With what is poured back it is {left} + {back} = {left + back} litres.",
        f"So in the end there are {left + back} litres in the {vessel}.",
    )


def _ages(draw: Random) -> Made:
    name, other = draw.sample(_NAMES, 2)
    young, apart = draw.randint(5, 20), draw.randint(2, 9)
    both = 2 * young + apart
    return (
        f"{name} is {apart} years older than {other}, and they are {both} together. How old are they?",
        f"{name} has lived {apart} years longer, so I take these years away from the {both} first.",
        f"Without the {apart} years both would be the same age, and {both} - {apart} = {both - apart} together. "
        f"So {other} is {both - apart} / 2 = {young}, and {name} is {young} + {apart} = {young + apart}.",
        f"So {other} is {young} years old and {name} is {young + apart}.",
    )


def _boxes(draw: Random) -> Made:
    goods, size, full = draw.choice(_GOODS), draw.choice((6, 8, 10, 12, 20)), draw.randint(4, 20)
    bad = draw.randint(2, 9)
    whole = size * full + bad + draw.randint(3, 40)
    out = whole - full * size
    return (
        f"There are {whole} {goods}, and {full} boxes are filled with {size} each. {bad} of those that are not in a "
        "box are thrown away. How many can still be packed?",
        f"First I count how many {goods} are packed, with {size} of them in each box.",
        f"{full} boxes hold {full} x {size} = {full * size} {goods}. Therefore {whole} - {full * size} = {out} are not "
        f"in a box. Without those that are thrown away {out} - {bad} = {out - bad} remain.",
        f"So {out - bad} {goods} can still be packed.",
    )


def _pages(draw: Random) -> Made:
    name, each, days, left = draw.choice(_NAMES), draw.randint(12, 35), draw.randint(4, 9), draw.randint(1, 6)
    whole = each * (days + left)
    return (
        f"{name} reads {each} pages a day of a book with {whole} pages. "
        f"How many more days are needed after {days} days?",
        f"The book has {whole} pages, and first I see how far {name} has come.",
        f"After {days} days {name} has read {days} x {each} = {days * each} pages, and {whole} - {days * each} = "
        f"{whole - days * each} are left. These take {whole - days * each} / {each} = {left} more days.",
        f"So {name} needs {left} more days to finish the book.",
    )


def _wage(draw: Random) -> Made:
    name, coins, hours, rate = draw.choice(_NAMES), draw.choice(_MONEY), draw.randint(4, 9), draw.randint(9, 18)
    days, spent = draw.randint(3, 5), draw.randint(10, 60)
    return (
        f"{name} works {hours} hours a day for {rate} {coins} an hour. What remains of {days} days' pay "
        f"if {spent} {coins} are spent?",
        f"First I work out the pay for one day of {hours} hours, and then for all {days} days.",
        f"One day brings {hours} x {rate} = {hours * rate} {coins}, so {days} days bring {days} x {hours * rate} = "
        f"{days * hours * rate} {coins}. After spending {spent}, {days * hours * rate} - {spent} = "
        f"{days * hours * rate - spent} {coins} remain.",
        f"So {name} still has {days * hours * rate - spent} {coins} of the pay.",
    )


def _mean(draw: Random) -> Made:
    mean = draw.randint(8, 30)
    a, b = mean - draw.randint(1, 6), mean + draw.randint(0, 6)
    c = 3 * mean - a - b
    return (
        f"On three days it was {a}, {b} and {c} degrees. What is the average?",
        "For the average I add the three temperatures and divide by how many there are.",
        f"The first two make {a} + {b} = {a + b}, and with the third it is {a + b} + {c} = {a + b + c}. Divided by "
        f"three days that is {a + b + c} / 3 = {mean} degrees.",
        f"So on average it was {mean} degrees.",
    )


def _goal(draw: Random) -> Made:
    name, coins, weekly, weeks = draw.choice(_NAMES), draw.choice(_MONEY), draw.randint(5, 20), draw.randint(4, 12)
    have, case = draw.randint(10, 60), draw.randint(5, 9)
    whole = have + weekly * weeks
    return (
        f"{name} wants a camera for {whole - case} {coins} and a case for {case} {coins}, has {have} {coins} and saves "
        f"{weekly} {coins} a week. How many weeks does it take?",
        f"{name} does not start with nothing, so I look for what is missing first.",
        f"Both together cost {whole - case} + {case} = {whole} {coins}, and what is missing is {whole} - {have} = "
        f"{whole - have} {coins}. At {weekly} {coins} a week that takes {whole - have} / {weekly} = {weeks} weeks.",
        f"So {name} can buy the camera after {weeks} weeks of saving.",
    )


def _fuel(draw: Random) -> Made:
    litres, hundreds, coins, toll = draw.randint(4, 9), draw.randint(2, 7), draw.choice(_MONEY), draw.randint(5, 30)
    fuel = 2 * hundreds * litres
    return (
        f"A van needs {litres} litres for 100 km, and a litre costs 2 {coins}. What does a tour of {100 * hundreds} km "
        f"cost with {toll} {coins} of toll?",
        f"First I need to know how many times 100 km there are in the tour, at {litres} litres for each.",
        f"{100 * hundreds} km are {hundreds} times 100 km, so the van needs {hundreds} x {litres} = "
        f"{hundreds * litres} litres. These cost {hundreds * litres} x 2 = {fuel} {coins}. With the toll it is {fuel} "
        f"+ {toll} = {fuel + toll} {coins}.",
        f"So the whole tour costs {fuel + toll} {coins}.",
    )


def _recipe(draw: Random) -> Made:
    grams, cups, eggs, people = 50 * draw.randint(2, 8), draw.randint(2, 4), draw.randint(2, 5), draw.randint(2, 6)
    return (
        f"A dough for one takes {grams} g of flour, {cups} cups of milk and {eggs} eggs. How much is that for "
        f"{people} people?",
        f"For {people} people everything in the dough is needed {people} times.",
        f"The flour is {people} x {grams} = {people * grams} g. The milk is {people} x {cups} = {people * cups} cups, "
        f"and the eggs are {people} x {eggs} = {people * eggs}.",
        f"So it takes {people * grams} g of flour, {people * cups} cups of milk and {people * eggs} eggs.",
    )


_PATTERNS: tuple[Callable[[Random], Made], ...] = (
    _bill, _stock, _journey, _part, _garden, _discount, _rows, _share, _change, _drain, _boxes, _pages, _wage, _goal,
    _ages, _mean, _fuel, _recipe,
)  # fmt: skip


@cache
def worked() -> dict[str, str]:
    """Working by sum; always the same ones, neighbours of different patterns."""
    draw = Random("sums")
    made = (pattern(draw) for _ in range(EACH) for pattern in _PATTERNS)
    return {question: " ".join(working) for question, *working in made}
