"""The receipt of an update that was none: what kept it from learning, and what would change that. Runs nothing."""

from __future__ import annotations

from clawlocal.records import Receipt, UpdateStatus
from clawlocal.store import Store
from clawlocal.training.batch import Batch


def off() -> Receipt:
    """Learning is off."""
    return _nothing("Learning is off. `clawlocal learn on` turns it on.")


def elsewhere(model: str, remote: str, twin: str = "") -> Receipt:
    """The model that is open is a remote's: no failure, since nobody expects its weights to change.

    `twin` is the one of this machine that it is.
    """
    if twin:
        return _nothing(
            f"There is nothing to do here while {model} is open: its weights are here as {twin}, which learns from its "
            f"replies when it is open (`clawlocal --model {twin}`)."
        )
    return _nothing(
        f"There is nothing to do here: the weights of {model} are on {remote}. What you correct makes lessons, which a "
        "local model learns when it is open."
    )


def of(store: Store, batch: Batch) -> Receipt:
    """Nothing in the batch has a direction."""
    samples = {"rl": 0, "opd": 0, "rehearsed": 0, "skipped": dict(batch.skipped)}
    return Receipt(None, UpdateStatus.NOTHING, samples=samples, reason=_why(store, batch))


def _nothing(reason: str) -> Receipt:
    return Receipt(None, UpdateStatus.NOTHING, reason=reason)


def liked(count: int) -> str:
    """In words, of replies that were praised and no more."""
    return f"{'one reply' if count == 1 else f'{count} replies'} that you liked: nothing to change"


def _why(store: Store, batch: Batch) -> str:
    if batch.praised:
        return f"Nothing to learn from yet: {liked(batch.praised)}. Praise is learned from beside the next correction."
    if batch.skipped:
        why = ", ".join(f"{n} {reason}" for reason, n in batch.skipped.items())
        return f"Nothing to learn from now: {why}."
    if store.queue_counts()["open"]:
        return "Nothing to learn from yet: answer a reply, rate it or correct it, and it becomes an example."
    return "Nothing to learn from: every reply was used already or says nothing. Correct or rate a reply."
