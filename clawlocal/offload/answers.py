"""What the user wants of a cluster when an update is too much for this machine: kept, and said in words."""

from __future__ import annotations

from clawlocal.errors import OffloadError
from clawlocal.offload.consent import Consent
from clawlocal.records import DataClass, Offload, Purpose, Remote, RemoteKind
from clawlocal.store import Store


def keep(store: Store, model: str, remote: Remote, answer: Offload) -> str:
    """Until it is changed. Returns one sentence. Raises `OffloadError` for a remote that does not train."""
    if remote.kind is not RemoteKind.RAY:
        raise OffloadError(f"{remote.name} is of the kind {remote.kind}, which does not train: name a cluster.")
    store.set_offload_answer(model, remote.name, answer)
    return told(store, model, remote)


def told(store: Store, model: str, remote: Remote) -> str:
    """The present answer, in a sentence."""
    where = f"an update of {model} that is too much for this machine"
    match store.offload_answer(model, remote.name):
        case Offload.NEVER:
            return f"{remote.name} never does {where}, nor is it proposed."
        case Offload.ASK:
            return f"You are asked before {remote.name} does {where}."
        case Offload.ALWAYS:
            granted = Consent(store).allows(remote, Purpose.TRAIN, {DataClass.SAMPLES})
            lacks = f" It is granted nothing yet: `clawlocal offload grant {remote.name} --purpose train`."
            return f"{remote.name} does {where} by itself, within its grant.{'' if granted else lacks}"
