"""The last word counts: a lesson that comes into use takes the place of those that it contradicts. Knows no model."""

from __future__ import annotations

from clawlocal.judge import lessons
from clawlocal.judge.aspects import conflict
from clawlocal.records import IN_USE, Lesson
from clawlocal.store import Store


def of(store: Store, text: str) -> list[Lesson]:
    """The lessons in use that a text contradicts."""
    return [x for x in store.lessons() if x.state in IN_USE and conflict(text, x.text)]


def settle(store: Store, later: Lesson) -> None:
    """Set aside what `later` contradicts, in the prompt or in the weights, and tell it as an event.

    One that holds for a topic takes the place of none that holds for more.
    """
    if later.state not in IN_USE:
        return
    for earlier in store.lessons():
        if earlier.id == later.id or earlier.state not in IN_USE or later.scope not in (lessons.GENERAL, earlier.scope):
            continue
        if about := conflict(later.text, earlier.text):
            store.replace_lesson(earlier.id, later.id)
            text = f"“{later.text}” takes the place of “{earlier.text}”: both are about {about}."
            store.add_event("lesson", text, {"lesson": later.id, "earlier": earlier.id})


def told(store: Store, turn: str, after: int) -> list[str]:
    """What lessons from a turn took the place of since an event, one sentence each."""
    events = [x for x in store.events(after) if x.kind == "lesson"]
    its = {x.id for x in store.lessons() if turn in x.turns} if events else set()
    return [x.text for x in events if x.data["lesson"] in its]
