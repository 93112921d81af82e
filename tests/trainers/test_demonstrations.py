"""Mended replies, with a policy that says what it is told to: no model is needed to see what is made of a reply."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.demonstrations import (
    FEWEST,
    LEAST_WEIGHT,
    REDRAWN,
    Demonstrator,
    Round,
    Shown,
    checkable,
    weights,
    wordless,
)
from trainers.items import Demonstrated, Distilled, Ids, Judged, View
from trainers.job import Job, Recipe, Rehearsal
from trainers.policy import WHOLE, Drawing, Reply, Uniform
from trainers.practice import ENOUGH, LEAST_ROUNDS, OWN, Fixed, Practice, restored, stored
from trainers.progress import Silent
from trainers.rules import drills

STOP = 0
SHORT = "Answer in at most two sentences."
ASK = "End every reply with a question to the user."
CALM = "Do not use exclamation marks."
BRITISH = "Use British spelling."
GERMAN = "Reply in German."
CATS = "Why do cats purr?"
RECIPE = Recipe(rounds=2, round_steps=3, demonstrations=2, draws=4, steps=2, rollouts=2)

Says = Callable[[str], str]
"""From what it reads to how it goes on; a reply that ends with `|` is ended."""


class Words:
    """A vocabulary that grows: each word with the space before it is a token."""

    def __init__(self) -> None:
        self.known: list[str] = ["|"]

    def read(self, ids: tuple[int, ...]) -> str:
        return "".join(self.known[i] for i in ids)

    def ids(self, text: str) -> tuple[int, ...]:
        return tuple(map(self._id, re.findall(r" ?[^\s|]+|\s|\|", text)))

    def _id(self, word: str) -> int:
        if word not in self.known:
            self.known.append(word)
        return self.known.index(word)


class Actor:
    """The part of a policy that practice needs."""

    control_ids: Collection[int] = (STOP,)

    def __init__(self, words: Words, says: Says) -> None:
        self._words, self._says = words, says
        self.asked: list[tuple[str, bool, Drawing]] = []

    def sample(
        self,
        prompts: Sequence[Ids],
        stop_ids: Collection[int],
        chance: Uniform,
        on_token: Callable[[int], None],
        *,
        base: bool = False,
        drawing: Drawing = WHOLE,
    ) -> list[Reply]:
        texts = [self._words.read(tuple(prompt)) for prompt in prompts]
        self.asked += [(text, base, drawing) for text in texts]
        return [self._words.ids(self._says(text)) for text in texts]


class Stage:
    """A demonstrator, its actor, and what they made."""

    def __init__(self, says: Says, recipe: Recipe = RECIPE) -> None:
        self.words = Words()
        self.actor = Actor(self.words, says)
        self.job = Job("m", "0", "b", "o", None, (), (), (), (STOP,), recipe=recipe)
        self.demonstrator = Demonstrator(self.policy, self.job, self.words)

    @property
    def policy(self) -> Any:
        return self.actor

    def rehearsal(self, lesson: str | Sequence[str], question: str = CATS) -> Rehearsal:
        lessons = (lesson,) if isinstance(lesson, str) else tuple(lesson)
        ids = self.words.ids(f"{question} :")
        return Rehearsal(ids, (*self.words.ids(" ".join(lessons)), *ids), question, lessons)

    def round(self, lesson: str | Sequence[str], question: str = CATS) -> Round:
        return self.demonstrator.round([self.rehearsal(lesson, question)], 0, lambda n: None)

    def shown(self, lesson: str | Sequence[str], question: str = CATS) -> tuple[str, tuple[float, ...]]:
        (only,) = self.round(lesson, question).shown
        return self.words.read(only.reply), only.weight


def learned(weight: Sequence[float]) -> list[int]:
    """Places of the tokens that weigh anything."""
    return [place for place, each in enumerate(weight) if each]


LONG = "Cats purr when content. They purr when ill. Nobody knows why. It is odd."


def test_a_right_reply_is_shown_as_it_was_drawn() -> None:
    stage = Stage(lambda asked: "Cats purr when content.|")
    text, weight = stage.shown(SHORT)
    assert text == "Cats purr when content.|" and np.mean(weight) == pytest.approx(LEAST_WEIGHT)
    assert learned(weight) == [4], "where it ends"
    assert stage.round(SHORT).obeyed == 1.0


def test_the_more_replies_obey_the_less_those_weigh() -> None:
    stage = Stage(lambda asked: LONG + "|" if "dogs" in asked else "Cats purr when content.|")
    rehearsals = [stage.rehearsal(SHORT), stage.rehearsal(SHORT, "Why do cats and dogs purr?")]
    found = stage.demonstrator.round([*rehearsals, rehearsals[1], rehearsals[1]], 0, lambda n: None)
    [weight] = [each.weight for each in found.shown if each.rehearsal == 0]
    assert np.mean(weight) == pytest.approx(1 - found.obeyed) == 0.75


def test_a_wrong_reply_is_mended_and_learned_where_it_could_have_taken_another_turn() -> None:
    text, weight = Stage(lambda asked: LONG + "|").shown(SHORT)
    assert text == "Cats purr when content. They purr when ill.|"
    assert np.mean(weight) == pytest.approx(1.0)
    assert learned(weight) == [4, 8], "the second sentence, and where it should have ended"


def test_an_unfinished_reply_ends_where_its_last_sentence_does() -> None:
    assert Stage(lambda asked: LONG + " And wh").shown(SHORT)[0].endswith("They purr when ill.|")


def test_what_is_long_or_warm_is_so_before_it_ends() -> None:
    stage = Stage(str)
    warm = stage.words.ids("Thank you, you did well. I am glad that you wrote. And wh")
    for lesson, obeyed in (("Use a warm tone.", 1.0), (SHORT, 0.0), (ASK, 0.0)):
        assert stage.demonstrator.obedience([stage.rehearsal(lesson)], [warm]) == obeyed


def test_a_lesson_that_is_not_about_ends_teaches_none() -> None:
    stage = Stage(lambda asked: "Cats purr! They are content. And wh")
    assert stage.shown(CALM)[0] == "Cats purr. They are content."
    assert stage.demonstrator.obedience([stage.rehearsal(CALM)], [stage.words.ids("Cats are calm. And wh")]) == 1.0
    assert stage.demonstrator.obedience([stage.rehearsal(SHORT)], [stage.words.ids("Cats are calm. And wh")]) == 0.0


def test_where_words_are_changed_nothing_else_is_learned() -> None:
    text, weight = Stage(lambda asked: "Cats purr! They have a color of their own.|").shown([CALM, BRITISH])
    assert text == "Cats purr. They have a colour of their own.|"
    assert learned(weight) == [1, 5], "purr. and colour"
    assert np.mean(weight) == pytest.approx(1.0)


def test_what_obeyed_as_it_was_teaches_no_words() -> None:
    found = Stage(lambda asked: "Cats purr when content.|").round(BRITISH)
    assert (found.shown, found.obeyed) == ((), 1.0)


def test_of_what_is_cut_as_well_more_is_learned_than_the_words() -> None:
    text, weight = Stage(lambda asked: f"Cats have a color. {LONG}|").shown([SHORT, BRITISH])
    assert text == "Cats have a colour. Cats purr when content.|"
    assert learned(weight) == [3, 4, 8]


class Wavering:
    """Lists at first; `prose` of its later replies to one prompt are none."""

    def __init__(self, prose: int) -> None:
        self._later = ["Cats purr when content.|"] * prose
        self.said = 0

    def __call__(self, asked: str) -> str:
        self.said += 1
        return LISTED if self.said <= FEWEST or not self._later else self._later.pop()


LISTED = "Cats purr:\n- when content\n- when ill|"


def prose_round(stage: Stage) -> list[tuple[str, list[int]]]:
    rehearsals = [stage.rehearsal("Do not use bullet points.", CATS)] * FEWEST
    found = stage.demonstrator.round(rehearsals, 0, lambda n: None)
    return [(stage.words.read(each.reply), learned(each.weight)) for each in found.shown]


def test_what_would_read_badly_when_mended_is_tried_again() -> None:
    says = Wavering(prose=FEWEST * REDRAWN)
    assert prose_round(Stage(says)) == [("Cats purr when content.|", [0, 4])] * FEWEST
    assert says.said == FEWEST * (1 + REDRAWN)


def test_where_trying_again_gives_too_few_it_is_mended_all_the_same() -> None:
    shown = prose_round(Stage(Wavering(prose=1)))
    assert len(shown) == FEWEST + 1 and shown[-1] == ("Cats purr when content.|", [0, 4])
    assert all("- " not in text for text, _ in shown)


def answered(asked: str, ending: str) -> str:
    """The reply to a question, and how it goes on behind a beginning that it is given."""
    return f"{LONG}|" if asked.endswith(":") else ending


def test_a_question_is_added_in_the_bases_words() -> None:
    stage = Stage(lambda asked: answered(asked, " kittens and cats? Or dogs"))
    text, weight = stage.shown(ASK)
    assert re.fullmatch(re.escape(LONG) + r" [A-Z][^.?]* kittens and cats\?\|", text)
    said = len(stage.words.ids(LONG))
    turns = [i + 1 for i, word in enumerate(LONG.split()[:-1]) if word.endswith(".")]
    assert learned(weight) == [*turns, *range(said, len(weight))], "the added sentence is what is learned"
    beginnings = {asked for asked, base, _ in stage.actor.asked if base}
    assert beginnings and all(LONG in asked for asked in beginnings)


def test_of_a_sentence_that_is_added_its_beginning_is_learned() -> None:
    said = " ".join(f"Cats {' '.join(f'w{i}{j}' for j in range(17))}." for i in range(3))
    more = " of why cats and kittens purr or do not, at any time."
    stage = Stage(lambda asked: f"{said}|" if asked.endswith(":") else more)
    text, weight = stage.shown("Answer in more detail.")
    words = [stage.words.read((token,)) for token in stage.words.ids(text)]
    begins = len(said.split())
    assert text.startswith(said) and weight[begins] > 0 and learned(weight)[-1] == len(words) - 1
    of_base = [i for i in range(begins, len(words)) if words[i] in {" why", " kittens", " purr", " time."}]
    assert of_base and not {*of_base} & {*learned(weight)}


def test_of_two_questions_at_the_end_one_is_left() -> None:
    twice = f"{LONG} Do your cats purr? Do you have kittens?|"
    text, weight = Stage(lambda asked: twice if asked.endswith(":") else " kittens and cats?").shown(ASK)
    assert re.fullmatch(re.escape(LONG) + r" [A-Z][^.?]* kittens and cats\?\|", text) and len(set(weight)) > 1


def test_behind_a_mark_the_item_is_learned_too() -> None:
    """Who learns marks alone writes lists of nothing."""
    stage = Stage(lambda asked: "Cats purr when content. They purr when ill too. Kittens purr for milk.|")
    text, weight = stage.shown("Use bullet points.")
    assert text.count("- ") == 3
    words = [stage.words.read((token,)).strip() for token in stage.words.ids(text)]
    assert [words[i] for i in learned(weight) if words[i - 1] == "-"] == ["Cats", "They", "Kittens"]


def test_who_went_on_asking_is_shown_its_own_first_question() -> None:
    answer, asked = f"{LONG} So they say.", "Do your kittens purr?"
    stage = Stage(lambda asked_of: f"{answer} {asked} Do you have kittens?|" if asked_of.endswith(":") else "no end")
    text, weight = stage.shown(ASK)
    assert text == f"{answer} {asked}|" and weight[-1] > 0, "that it ends there is learned"


FULL = " ".join([LONG, "They purr at night as well.", "A vet may hear more in it than you do, and says so."])
FULL += " Kittens begin when they are days old, and their mother purrs back to them."


def asking(full: int) -> list[str]:
    """What is shown of one reply more than there must be, of which so many say enough before they ask."""
    said = [f"{FULL} Do your kittens purr?|"] * full + [f"{LONG} Do your kittens purr?|"] * (FEWEST + 1 - full)
    stage = Stage(lambda asked: said.pop() if asked.endswith(":") else "no end")
    found = stage.demonstrator.round([stage.rehearsal(ASK)] * len(said), 0, lambda n: None)
    return [stage.words.read(each.reply) for each in found.shown]


def test_who_asks_after_a_sentence_or_two_is_no_example_where_others_say_more() -> None:
    assert [text.startswith(FULL) for text in asking(FEWEST)] == [True] * FEWEST
    assert len(asking(FEWEST - 1)) == FEWEST + 1, "of short ones there is enough"


def test_a_short_reply_leaves_room_for_its_question() -> None:
    stage = Stage(lambda asked: answered(asked, " kittens and cats?"))
    text, _ = stage.shown([SHORT, ASK])
    assert re.fullmatch(r"Cats purr when content\. [A-Z][^.?]* kittens and cats\?\|", text)


def test_a_list_that_was_cut_off_obeys_and_is_shown_to_its_end() -> None:
    items = "- Milk makes them purr.\n- So does a warm lap.\n- An ill cat may do it too.\n- Kittens call."
    found = (stage := Stage(lambda asked: f"Why cats purr:\n\n{items}\n- Vets sa")).round("Use bullet points.")
    assert found.obeyed == 1.0
    (shown,) = found.shown
    assert stage.words.read(shown.reply) == f"Why cats purr:\n\n{items}|" and shown.weight[-1] > 0


@pytest.mark.parametrize("ending", [" more about cats.", " no end", "", "?"])
def test_what_is_no_question_is_not_added(ending: str) -> None:
    found = Stage(lambda asked: answered(asked, ending)).round(ASK)
    assert (found.shown, found.obeyed, found.count) == ((), 0.0, 0)


def test_replies_are_drawn_as_the_chat_draws_them() -> None:
    stage = Stage(lambda asked: "Cats purr when content.|")
    stage.round(SHORT)
    assert stage.actor.asked == [("Why do cats purr? :", False, Drawing(RECIPE.temperature, RECIPE.min_p))]


@pytest.mark.parametrize("reply", ["|", "The sun is warm. It is far away. And big.|", "purr " * 40 + "|"])
def test_broken_replies_and_those_about_something_else_are_not_shown(reply: str) -> None:
    assert Stage(lambda asked: reply).round(SHORT).shown == ()


def test_all_lessons_of_a_prompt_are_obeyed_at_once() -> None:
    text, _ = Stage(lambda asked: answered(asked.replace("!", "."), " more about cats?")).shown([SHORT, CALM])
    assert text == "Cats purr when content. They purr when ill.|"


SUM = "Tim has 4 boxes of 6 eggs and eats 2. How many eggs are left?"


@pytest.mark.parametrize(
    ("lesson", "reply", "shown"),
    [
        ("Do not use bullet points.", "Tim has many eggs. The answer is that 22 eggs are left.|", 0),
        ("Do not use bullet points.", "Tim has 4 * 6 = 24 eggs. Then 24 - 2 = 22 eggs are left.|", 1),
        (SHORT, "Tim has 22 eggs left. He likes them. They are good.|", 1),
    ],
)
def test_a_sum_is_shown_worked_out_unless_it_is_to_be_short(lesson: str, reply: str, shown: int) -> None:
    assert len(Stage(lambda asked: reply).round(lesson, SUM).shown) == shown


@pytest.mark.parametrize(
    ("question", "reply", "obeyed"),
    [
        (SUM, "Tim has 4 * 6 = 24 eggs. Then 24 - 2 = 22 eggs are left.|", 1.0),
        (SUM, "Eggs are a part of many meals, and Tim likes them.|", 0.0),
        (CATS, "Cats purr when content.|", 1.0),
    ],
)
def test_a_sum_without_a_calculation_shows_no_steps(question: str, reply: str, obeyed: float) -> None:
    assert Stage(lambda asked: reply).round("Show the steps.", question).obeyed == obeyed


def test_of_a_sum_that_is_drilled_the_working_is_shown_and_nothing_drawn() -> None:
    stage = Stage(lambda asked: "Cats purr when content.|")
    steps = "Show the steps."
    drill = replace(stage.rehearsal(steps, drills(steps)[0]), drill=True)
    found = stage.demonstrator.round([drill, stage.rehearsal(SHORT)], 0, lambda n: None)
    first, second = (stage.words.read(each.reply) for each in found.shown)
    assert first.endswith(".|") and drill.text.split()[0] not in stage.actor.asked[0][0]
    assert first.count("=") >= 3 and len(found.shown[0].weight) == len(learned(found.shown[0].weight))
    assert (second, len(stage.actor.asked), found.obeyed) == ("Cats purr when content.|", 1, 1.0)
    # The same words from a user are no drill: the model may know better.
    asked = stage.round(steps, drill.text)
    assert not asked.shown


def test_which_rehearsals_can_be_checked() -> None:
    stage = Stage(str)
    both = stage.rehearsal([SHORT, GERMAN])
    assert checkable(stage.rehearsal(SHORT)) and not wordless(stage.rehearsal(SHORT))
    assert not checkable(stage.rehearsal(GERMAN)) and wordless(stage.rehearsal(GERMAN))
    assert checkable(both) and wordless(both)
    assert not checkable(Rehearsal((1,), (2,))) and wordless(Rehearsal((1,), (2,))), "of a job without words"


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12), st.lists(st.integers(1, 5), min_size=1, max_size=12))
def test_weights_have_a_mean_of_one(own: list[int], mended: list[int]) -> None:
    found = weights(tuple(own), tuple(mended), (), 0.2)
    assert len(found) == len(mended) and min(found) > 0.0
    assert np.mean(found) == pytest.approx(1.0)
    assert weights(tuple(own), tuple(own), (), 0.2) == pytest.approx((1.0,) * len(own))
    assert set(weights(tuple(own), tuple(own), ())) == {0.0}
    assert learned(weights(tuple(own), tuple(own), [0])) == [0]


# what each step learns from
def practice(stage: Stage, rehearsals: Sequence[Rehearsal], rounds: list[Round], demonstrate: bool = True) -> Practice:
    anchor = Distilled((1,), (2,), None, None, np.ones(1, bool), 0.5, "anchor")  # type: ignore[arg-type]
    demonstrator = stage.demonstrator if demonstrate else None
    fixed = Fixed((), (anchor,), 1)
    return Practice(stage.job, stage.policy, rehearsals, fixed, demonstrator, Silent(), rounds)


SHOWN = ["Demonstrated", "anchor"]
"""A mended reply: what is learned of it, and what the base is kept to in."""


def kinds(found: Practice, step: int) -> list[str]:
    return [item.name if isinstance(item, Distilled) else type(item).__name__ for item in found.items(step)]


def test_demonstrations_last_for_their_rounds() -> None:
    stage = Stage(lambda asked: LONG + "|")
    found = practice(stage, [stage.rehearsal(SHORT)], [])
    assert found.steps == RECIPE.rounds * RECIPE.round_steps
    assert [kinds(found, step) for step in range(found.steps)] == [[*SHOWN * 2, "anchor"]] * found.steps
    assert found.items(found.steps) == []
    assert [r.count for r in found.rounds] == [RECIPE.draws] * 2
    assert found.rehearsed == 0


def test_served_replies_take_turns_beside_demonstrations() -> None:
    stage = Stage(lambda asked: LONG + "|")
    ones = np.ones(1, np.float32)
    served = [Judged((1,), (n,), ones, ones, ones, ones, ones > 0, 0.2) for n in range(5)]
    demonstrator = stage.demonstrator
    found = Practice(
        stage.job, stage.policy, [stage.rehearsal(SHORT)], Fixed(served, (), 0), demonstrator, Silent(), []
    )
    seen = [[item for item in found.items(step) if isinstance(item, Judged)] for step in range(RECIPE.steps)]
    assert [[item.response for item in items] for items in seen] == [[(0,), (1,)], [(2,), (3,)]]
    assert {round(sum(item.share for item in items), 9) for items in seen} == {RECIPE.served}, "as much as all of them"


def test_each_demonstration_has_its_turn() -> None:
    stage = Stage(lambda asked: LONG + "|")
    questions = [f"Why do cats purr {n} times?" for n in ("two", "three", "four", "five")]
    found = practice(stage, [stage.rehearsal(SHORT, q) for q in questions], [])
    seen = [item.prompt for step in (0, 1) for item in found.items(step) if isinstance(item, Demonstrated)]
    assert len(set(map(tuple, seen))) == len(questions)


def test_enough_is_enough() -> None:
    stage = Stage(lambda asked: "Cats purr when content.|", replace(RECIPE, rounds=LEAST_ROUNDS + 2))
    found = practice(stage, [stage.rehearsal(SHORT)], [])
    for number in range(LEAST_ROUNDS):
        assert kinds(found, number * RECIPE.round_steps)[0] == "Demonstrated", "prompts practised on are not others"
    assert found.items(LEAST_ROUNDS * RECIPE.round_steps) == []
    assert found.rounds[-1].obeyed >= ENOUGH


def test_a_round_that_cannot_be_mended_is_the_teachers() -> None:
    stage = Stage(lambda asked: answered(asked, " no end"), replace(RECIPE, draws=FEWEST))
    found = practice(stage, [stage.rehearsal(ASK)], [])
    assert kinds(found, 0) == ["distance", "distance", "anchor"]


def test_a_few_words_are_learned_from_a_single_reply_and_the_base_kept_to_beside_them() -> None:
    stage = Stage(lambda asked: "Cats have a color.|")
    found = practice(stage, [stage.rehearsal(BRITISH)], [])
    shown, kept, anchor = found.items(0)[-3:]
    assert isinstance(shown, Demonstrated) and isinstance(kept, Distilled) and isinstance(anchor, Distilled)
    assert kept.response == shown.response and (kept.mask == (shown.weight == 0)).all() and kept.mask.any()
    assert kept.target == View(shown.prompt) and kept.share == pytest.approx(RECIPE.kept / RECIPE.demonstrations)


def test_without_a_word_to_change_nothing_is_learned() -> None:
    found = practice(stage := Stage(lambda asked: "Cats purr.|"), [stage.rehearsal(BRITISH)], [])
    assert kinds(found, 0) == ["anchor", "anchor"]


def test_lessons_without_rules_are_the_teachers_beside_the_others() -> None:
    stage = Stage(lambda asked: LONG + "|")
    found = practice(stage, [stage.rehearsal(SHORT), stage.rehearsal(GERMAN)], [])
    assert kinds(found, 0) == ["distance"] * 2 + [*SHOWN * 2, "anchor"]
    assert kinds(found, RECIPE.steps) == [*SHOWN * 2, "anchor"]
    assert found.rehearsed == RECIPE.rollouts * RECIPE.steps
    alone = practice(stage, [stage.rehearsal(SHORT)], [], demonstrate=False)
    assert (alone.steps, kinds(alone, 0)) == (RECIPE.steps, ["distance"] * 2 + ["anchor"])


def test_the_users_own_prompts_are_in_every_round() -> None:
    stage = Stage(lambda asked: LONG + "|", replace(RECIPE, draws=OWN + 2, demonstrations=OWN + 2, round_steps=1))
    rehearsals = [stage.rehearsal(SHORT, f"Why do cats purr, {n}?") for n in range(OWN + 5)]
    found = practice(stage, rehearsals, [])
    asked = [{tuple(i.prompt) for i in found.items(step) if isinstance(i, Demonstrated)} for step in (0, 1)]
    own = {tuple(r.prompt_ids) for r in rehearsals[:OWN]}
    assert own <= asked[0] and own <= asked[1] and asked[0] != asked[1]


def test_who_goes_on_from_a_checkpoint_learns_the_same() -> None:
    def numbered(asked: str) -> str:
        return f"{LONG} There are {len(asked)} of them.|"

    stage = Stage(numbered)
    rehearsals = [stage.rehearsal(SHORT, f"Why do cats purr at {n}?") for n in ("one", "three", "eleven")]
    whole = practice(stage, rehearsals, [])
    expected = [whole.items(step) for step in range(whole.steps)]
    rounds: list[Round] = []
    for step, items in enumerate(expected):
        rounds = restored(stored(rounds))
        found = practice(stage, rehearsals, rounds).items(step)
        assert [(i.prompt, i.response) for i in found] == [(i.prompt, i.response) for i in items]


def test_rounds_survive_json() -> None:
    rounds = [Round(0.5, (), 7), Round(0.75, (Shown(1, (3, 4, 0), (0.5, 1.0, 1.5)),), 1)]
    assert restored(stored(rounds)) == rounds
