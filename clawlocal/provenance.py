"""Whose sample a reply is: which weights of this machine wrote it, here or on a remote, and in words why none did.

Told when the reply comes, since a remote may serve something else tomorrow. Knows no network and no store.
"""

from __future__ import annotations

from clawlocal.engine.protocol import Completion
from clawlocal.records import NoPolicy, Turn


def policy(done: Completion, shown: str) -> tuple[str | None, str]:
    """The model of this machine that wrote a remote's reply, or None and why there is none, of `NoPolicy`.

    `shown` is the model that the remote's was shown to be, empty for none. Of what was made here the caller knows.
    """
    if not done.remote:
        return None, ""
    # There is one log-probability for each id, or there are no ids.
    if not (done.prompt_ids and done.token_ids):
        return None, NoPolicy.NO_IDS
    if not shown:
        return None, NoPolicy.UNKNOWN
    # Other ids than those that were sent would be another policy's, and the teacher would read what nobody sent.
    return (None, NoPolicy.REDACTED) if done.redacted else (shown, "")


def why_none(turn: Turn) -> str:
    """Why nothing here is trained on a remote's reply, as a clause; empty where something is."""
    if turn.policy is not None:
        return ""
    match turn.no_policy:
        case NoPolicy.NO_IDS:
            return f"{turn.remote} tells no token ids with their log-probabilities"
        case NoPolicy.REDACTED:
            return "something in its chat was redacted, so that what was read there is not what stands here"
        case _:
            serve = f"`clawlocal offload serve {turn.model}` compares them"
            return f"{turn.model} was not known to be a model that is here when it replied ({serve})"
