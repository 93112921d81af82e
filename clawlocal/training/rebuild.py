"""What an update mends: an adapter made anew without what was taken back, or lessons that only a prompt holds.

Says what it is in words, and makes its batch. Knows no process and no files.
"""

from __future__ import annotations

from dataclasses import replace

from clawlocal.errors import NotFound
from clawlocal.records import AdapterVersion, LessonState, Rebuild, TurnUse, UpdateStatus
from clawlocal.store import Store
from clawlocal.store.lessons import key
from clawlocal.training import pairs
from clawlocal.training.batch import Batch, BatchMaker

ENOUGH_VERDICTS = 4
"""Judged replies without a hint that make an update worth its while; one hint or lesson is enough alone."""
MOST_UPDATES = 3
"""A rebuild takes at most as many steps as this many updates of one correction each."""


def next_batch(store: Store, batches: BatchMaker, model: str) -> tuple[AdapterVersion | None, Batch]:
    """What the next update starts from, and what it learns: what is to be mended comes first."""
    as_of = store.last_event()
    wanted = store.rebuild(model)
    live = store.live(model)
    if wanted is not None:
        parent = store.foundation(model) if wanted.anew else live
        batch = batches.make(parent.version if parent else None, wanted)
        if batch.worth_training():
            return parent, replace(batch, as_of=as_of)
        give_up(store, model, wanted)
        live = store.live(model)
    batch = batches.make(live.version if live else None)
    if not batch.worth_training() and (left := store.rebuild(model)) is not None:
        # What waits cannot be learned from, but lessons that came of it can.
        batch = batches.make(live.version if live else None, left)
    return live, replace(batch, as_of=as_of)


def tried(store: Store, batch: Batch) -> int:
    """How often the gate rejected what is to be learned."""
    return batch.rebuild.attempts if batch.rebuild else max((q.attempts for q in store.queue()), default=0)


def check_wanted(store: Store, batch: Batch) -> None:
    """Raises `NotFound` when something was forgotten, or one of its lessons vetoed, since the batch was made."""
    if store.forgotten_since(batch.as_of):
        raise NotFound("A chat that it may learn from was forgotten.")
    vetoed = {x.id for x in store.lessons(LessonState.VETOED)}
    if any(lesson.id in vetoed for lesson in batch.lessons):
        raise NotFound("A lesson that it teaches was vetoed.")


def give_up(store: Store, model: str, wanted: Rebuild) -> None:
    """Nothing remains to be learned: what it would have been made from is live, with no training."""
    with store.transaction():
        store.drop_rebuild(model, wanted)
        # After forgetting, what is live already never saw what went.
        if wanted.vetoed:
            store.return_to_foundation(model)


def remains(store: Store, model: str) -> bool:
    """Whether anything that was learned is left to make an adapter from."""
    ledger = store.ledger(model)
    vetoed = store.vetoed_keys()
    hints = any(q.verdict.hint and key(q.verdict.hint) not in vetoed for q in ledger)
    hints = hints or bool(pairs.preferred(store, model, TurnUse.USED))
    return hints or bool(store.practicable_lessons()) or len(ledger) >= ENOUGH_VERDICTS


def material(store: Store, wanted: Rebuild) -> str:
    """What there is to learn."""
    return f"rebuild {_without(store, wanted)}" if wanted.anew else _lessons(store, wanted)


def doing(store: Store, wanted: Rebuild) -> str:
    """What an update does."""
    return f"rebuilding {_without(store, wanted)}" if wanted.anew else f"learning {_lessons(store, wanted)}"


def done(store: Store, wanted: Rebuild) -> str:
    """What an update did, for its receipt."""
    return f"rebuilt from the base {_without(store, wanted)}" if wanted.anew else f"learned {_lessons(store, wanted)}"


def _without(store: Store, wanted: Rebuild) -> str:
    parts = ["what was forgotten"] if wanted.forgotten else []
    for lesson in wanted.vetoed:
        try:
            parts.append(f"“{store.lesson(lesson).text}”")
        except NotFound:
            parts.append("a lesson that is gone")
    return f"without {' and '.join(parts)}"


def _lessons(store: Store, wanted: Rebuild) -> str:
    n = len(wanted.carried)
    learned = {x.id for x in store.lessons(LessonState.LEARNED)}
    if learned.issuperset(wanted.carried):
        return "more of a lesson" if n == 1 else f"more of {n} lessons"
    return "a lesson that was only in the prompt" if n == 1 else f"{n} lessons that were only in the prompt"


def when(store: Store) -> str:
    """How long a rebuild takes, from the receipts of earlier updates, and when it runs."""
    took = [r.seconds for r in store.history() if r.status is UpdateStatus.PUBLISHED and r.seconds >= 1]
    # Steps are limited, whatever there is to learn; so it takes no longer than this, about.
    seconds = min(sum(took), MOST_UPDATES * max(took)) if took else 0.0
    about = f"about {seconds:.0f} seconds" if seconds else "a few minutes"
    if not store.learning():
        return f"{about} when learning is on again (`clawlocal learn on`)"
    return f"{about} when the machine is idle (or `clawlocal learn now`)"
