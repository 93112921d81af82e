"""How much of each lesson the weights hold, and what follows: it leaves the prompt, is practised more, or stays there.

Knows no trainer and no files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clawlocal.records import Lesson, LessonState
from clawlocal.store import Store

ENOUGH = 0.7
"""Of a lesson, in the weights: then it leaves the prompt."""
MASTERED = 0.8
"""Up to here it is practised on, as long as that brings it on; eighteen replies tell it to within nine points."""
GAIN = 0.1
"""An update that brought a lesson on by less is not followed by another for its sake."""


@dataclass(frozen=True)
class Weighed:
    """The lessons of one update."""

    learned: list[int]
    others: list[int]
    shares: dict[int, float]
    """Of either, where it was measured."""
    growing: list[int]
    """Of either, those that another update may bring on."""
    stuck: list[str]
    """In words, those that none will."""

    def words(self) -> str:
        """For the receipt; empty where everything was learned."""
        parts = []
        held = [lesson for lesson in self.growing if lesson in self.learned]
        if n := len(self.growing) - len(held):
            them = "a lesson is" if n == 1 else f"{n} lessons are"
            parts.append(f"{them} not in the weights far enough yet: in the prompt until then, and practised again")
        if held:
            them = "a lesson is" if len(held) == 1 else f"{len(held)} lessons are"
            share = min(self.shares[lesson] for lesson in held)
            parts.append(f"{them} practised once more, to be in the weights further than {share:.0%}")
        return "; ".join([*parts, *self.stuck])


def weigh(
    lessons: Sequence[Lesson], measured: Mapping[str, tuple[float, float]], unheeded: Sequence[Lesson] = ()
) -> Weighed:
    """`measured` tells of texts how far they were in the weights before, and are now; others count as learned.

    `unheeded` were not taught, since the model does not follow them even where it reads them.
    """
    learned: list[int] = []
    others: list[int] = []
    growing: list[int] = []
    stuck: list[str] = []
    for lesson in lessons:
        before, after = measured.get(lesson.text, (0.0, 1.0))
        grows = after < MASTERED and after - before >= GAIN
        if grows:
            growing.append(lesson.id)
        if after >= ENOUGH or lesson.state is LessonState.LEARNED:
            learned.append(lesson.id)
            continue
        others.append(lesson.id)
        if not grows:
            stuck.append(
                f"“{lesson.text}” stays in the prompt: this model learns it no further ({after:.0%}); "
                "other words may do (`clawlocal lessons edit`)"
            )
    stuck += [
        f"“{lesson.text}” stays in the prompt, though this model hardly follows it even there and so cannot learn it: "
        "say it in other words (`clawlocal lessons edit`), or choose a larger model"
        for lesson in unheeded
    ]
    others += [lesson.id for lesson in unheeded]
    shares = {x.id: measured[x.text][1] for x in lessons if x.text in measured} | {x.id: 0.0 for x in unheeded}
    return Weighed(learned, others, shares, growing, stuck)


def carry_on(store: Store, model: str, weighed: Weighed) -> None:
    """Have the next idle time go on with what is on its way."""
    if weighed.growing:
        store.want_rebuild(model, carried=weighed.growing)


def question(lessons: Sequence[Lesson]) -> str:
    """After the last rejection: what becomes of lessons that are in the prompt alone is the user's to say."""
    waiting = [f"“{lesson.text}” ({lesson.id})" for lesson in lessons if lesson.state is LessonState.ACTIVE]
    if not waiting:
        return ""
    return (
        f"It was tried twice, so this is for you to say. Only in the prompt: {', '.join(waiting)}. Leave it there, "
        "word it otherwise (`clawlocal lessons edit`), or drop it (`clawlocal lessons veto`)?"
    )
