"""Which of two replies the user preferred: a retry that they went on from, or a vote. Knows no trainer."""

from __future__ import annotations

from clawlocal.judge.reward import MAY_COME_BACK
from clawlocal.records import TurnUse
from clawlocal.store import Store


def preferred(store: Store, model: str, use: TurnUse = TurnUse.QUEUED) -> dict[str, str]:
    """From each turn that was not wanted to the one that was, in its place. Once its turn is used, a pair is too."""
    found = {}
    for rejected, chosen in (*store.kept_retries(model, use), *store.voted(model, use)):
        # What was made while learning was off, or lost its prompt, is nothing to learn from.
        if chosen.use is not TurnUse.SKIPPED or chosen.reason in MAY_COME_BACK:
            found[rejected.id] = chosen.id
    return found
