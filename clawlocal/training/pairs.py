"""Retries that the user kept: which reply they went on from, and which one they did not want. Knows no trainer."""

from __future__ import annotations

from clawlocal.judge.reward import MAY_COME_BACK
from clawlocal.records import TurnUse
from clawlocal.store import Store


def kept(store: Store, model: str, use: TurnUse = TurnUse.QUEUED) -> dict[str, str]:
    """From each retried turn to the one that was kept in its place. Once its turn is used, a pair is too."""
    found = {}
    for rejected, chosen in store.kept_retries(model, use):
        # What was made while learning was off, or lost its prompt, is nothing to learn from.
        if chosen.use is not TurnUse.SKIPPED or chosen.reason in MAY_COME_BACK:
            found[rejected.id] = chosen.id
    return found
