"""Which prompts are kept from practice, to measure on."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from trainers.job import Rehearsal
from trainers.update import HELD, SEEN, held_back

LESSONS = st.sampled_from(["Be brief.", "Use British spelling."])
REHEARSALS = st.lists(
    st.builds(Rehearsal, st.just((1,)), st.just((1,)), st.just(""), st.tuples(LESSONS), st.booleans())
)


@given(REHEARSALS)
def test_drills_are_practised_on_and_never_measured_on(rehearsals: Sequence[Rehearsal]) -> None:
    held = held_back(rehearsals)
    asked = [i for i, rehearsal in enumerate(rehearsals) if not rehearsal.drill]
    assert set(held) <= set(asked) and len(set(held)) == len(held)
    assert bool(held) == (len(asked) >= 4)


@given(st.integers(0, 80))
def test_drills_between_prompts_change_nothing_of_it(drills: int) -> None:
    asked = [Rehearsal((i,), (i,)) for i in range(40)]
    drill = Rehearsal((99,), (99,), drill=True)
    mixed = [*asked[:8], *[drill] * drills, *asked[8:]]
    assert [mixed[i] for i in held_back(mixed)] == [asked[i] for i in held_back(asked)]
    assert len(held_back(asked)) == HELD


def test_where_nearly_all_are_drills_each_reply_is_measured_on_a_prompt_of_its_own() -> None:
    asked = [Rehearsal((i,), (i,)) for i in range(40)]
    assert len(held_back([*asked[:2], *[Rehearsal((99,), (99,), drill=True)] * 110, *asked[2:]])) == SEEN
