"""What each step of an update learns from: served replies, a teacher's view of fresh ones, demonstrations, anchors.

Knows no framework and no files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from trainers import batch, preferences, rules
from trainers.chance import Chance
from trainers.demonstrations import FEWEST, Demonstrator, Round, Shown, checkable, need, wordless
from trainers.drafts import local
from trainers.items import Demonstrated, Distilled, Item, Judged
from trainers.job import Job, Rehearsal
from trainers.policy import Policy
from trainers.preferences import Contrast
from trainers.progress import Callback

PRACTICE, ORDER = 2, 14
"""What chance is used for."""

OWN = 8
"""The first rehearsals are the user's own prompts: each round draws a reply to them, and to others in turn."""
SERVED = 2
"""Served replies in a step beside demonstrations: they weigh little there, and their chats are long to read."""
LEAST_ROUNDS, ENOUGH = 3, 0.95
"""After so many rounds, a share of fresh replies that obey at which there is nothing more to show. Not before: prompts
that were practised on are obeyed on sooner than others.
"""

T = TypeVar("T")


def turn(choices: Sequence[T], step: int, count: int) -> list[T]:
    """The next `count` of `choices`, beginning again where they end."""
    return [choices[(step * count + i) % len(choices)] for i in range(count)] if choices else []


@dataclass(frozen=True)
class Fixed:
    """What is the same in every step: served replies, edits, pairs, and the base's replies to neutral prompts."""

    judged: Sequence[Judged]
    anchored: Sequence[Distilled]
    anchors: int
    """Of them in each step."""
    edits: Sequence[Demonstrated] = ()
    contrasts: Sequence[Contrast] = ()
    """Pairs; how much each weighs is asked anew in each step."""

    @property
    def learned(self) -> bool:
        """Whether any of it is there to be learned, not only to be kept."""
        return bool(self.judged or self.edits or self.contrasts)


class Practice:
    """The items of each step. What is practised on are the student's replies of that very step or round."""

    def __init__(
        self,
        job: Job,
        policy: Policy,
        rehearsals: Sequence[Rehearsal],
        fixed: Fixed,
        demonstrator: Demonstrator | None,
        callback: Callback,
        rounds: list[Round],
    ) -> None:
        """`rounds` are those that were drawn before a checkpoint; it grows by those that are drawn from now on.

        Without a `demonstrator` every lesson is the teacher's.
        """
        self._job, self._policy, self._fixed = job, policy, fixed
        self.demonstrator, self.rounds = demonstrator, rounds
        self._shown = [r for r in rehearsals if checkable(r)] if demonstrator else []
        self._local = all(local(rules.of_all(r.lessons)) for r in self._shown)
        self._taught = [r for r in rehearsals if not demonstrator or wordless(r)]
        self._tell = partial(callback.progress, "rehearsing")

    @property
    def steps(self) -> int:
        """At most."""
        recipe = self._job.recipe
        shown = recipe.rounds * recipe.round_steps if self._shown else 0
        return max(shown, recipe.steps if self._fixed.learned or self._taught else 0)

    @property
    def rehearsed(self) -> int:
        """Replies that are practised on under the teacher's eyes."""
        return self._job.recipe.rollouts * self._job.recipe.steps if self._taught else 0

    def items(self, step: int) -> list[Item]:
        """Of one step; none when there is nothing more to learn."""
        shown = self._demonstrations(step)
        others = self._others(step) if step < self._job.recipe.steps else []
        if not shown and not others:
            return []
        return [*others, *shown, *turn(self._fixed.anchored, step, self._fixed.anchors)]

    def _others(self, step: int) -> list[Item]:
        pairs = preferences.preferred(self._policy, self._fixed.contrasts, self._job.recipe.preference_beta)
        return [*self._judged(step), *self._fixed.edits, *pairs, *self._practised(self._taught, step)]

    def _judged(self, step: int) -> list[Judged]:
        """Served replies: as much less beside demonstrations as there is less to learn from those, and some in turn."""
        judged = self._fixed.judged
        if not self.rounds or not judged:
            return list(judged)
        some = turn(judged, step, min(SERVED, len(judged)))
        weight = self._job.recipe.served * need(self.rounds[-1].obeyed) * len(judged) / len(some)
        return [replace(item, share=item.share * weight) for item in some]

    def _practised(self, rehearsals: Sequence[Rehearsal], step: int) -> list[Distilled]:
        recipe, stops = self._job.recipe, self._job.stop_ids
        picked = turn(rehearsals, step, recipe.rollouts)
        chance = Chance(recipe.seed, PRACTICE, step).of(len(picked), recipe.max_new)
        tell = partial(self._tell, total=recipe.max_new)
        fresh = self._policy.sample([r.prompt_ids for r in picked], stops, chance, tell)
        return batch.practised(self._policy, picked, fresh, recipe, stops)

    def _demonstrations(self, step: int) -> list[Item]:
        recipe = self._job.recipe
        number, within = divmod(step, recipe.round_steps)
        if not self._shown or number >= recipe.rounds:
            return []
        rehearsals = self._of_round(number)
        current = self._round(number, rehearsals)
        if number >= LEAST_ROUNDS and current.obeyed >= ENOUGH:
            return []
        if not current.shown and self._local:
            # Every reply obeyed: the next round may find one that does not.
            return list(turn(self._fixed.anchored, step, 1))
        if len(current.shown) < FEWEST and not self._local:
            return list(self._practised(rehearsals, step))
        picked = self._order(number, len(current.shown))[within * recipe.demonstrations :][: recipe.demonstrations]
        shown = [current.shown[i] for i in picked]
        prompts = [rehearsals[each.rehearsal].prompt_ids for each in shown]
        return batch.demonstrated(self._policy, prompts, shown, recipe, self._job.stop_ids)

    def _of_round(self, number: int) -> list[Rehearsal]:
        recipe = self._job.recipe
        own, others = self._shown[:OWN], self._shown[OWN:]
        if not others:
            return turn(own, 0, recipe.draws)
        return [*own[: recipe.draws], *turn(others, number, max(0, recipe.draws - OWN))]

    def _round(self, number: int, rehearsals: Sequence[Rehearsal]) -> Round:
        assert self.demonstrator is not None
        if number >= len(self.rounds):
            # Of those that are over only the share counts.
            self.rounds[:] = [replace(r, shown=()) for r in self.rounds]
            tell: Callable[[int], None] = partial(self._tell, total=self._job.recipe.longest)
            self.rounds.append(self.demonstrator.round(rehearsals, number, tell))
        return self.rounds[number]

    def _order(self, number: int, count: int) -> list[int]:
        """Every demonstration once, then again in another order, for all steps of a round."""
        recipe = self._job.recipe
        chance = np.random.default_rng([recipe.seed, ORDER, number])
        wanted = recipe.round_steps * recipe.demonstrations
        return [int(i) for _ in range(-(-wanted // count)) for i in chance.permutation(count)][:wanted]


def stored(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """As JSON has it."""
    return [{**vars(r), "shown": [vars(each) for each in r.shown]} for r in rounds]


def restored(raw: Sequence[dict[str, Any]]) -> list[Round]:
    """The inverse of `stored`."""
    return [Round(**{**r, "shown": tuple(_shown(each) for each in r["shown"])}) for r in raw]


def _shown(raw: dict[str, Any]) -> Shown:
    return Shown(raw["rehearsal"], tuple(raw["reply"]), tuple(raw["weight"]))
