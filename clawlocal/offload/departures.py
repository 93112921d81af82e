"""Adapters that must not stay on a remote: their files are deleted at once, then they are unloaded there.

What cannot be reached is said, and tried again at the next opportunity. No socket is opened where nothing is to go.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

from clawlocal.errors import ClawlocalError
from clawlocal.offload.consent import Consent
from clawlocal.served_adapter import Load, LoadState
from clawlocal.store import Store

log = logging.getLogger(__name__)

_ONE = threading.Lock()


def depart(store: Store, remote: str | None = None) -> str:
    """All that is to go from a remote, or everywhere. Returns what is still there, in sentences; empty for nothing."""
    return unload(store, [load for load in store.outdated_loads() if remote in (None, load.remote)])


def unload(store: Store, loads: Iterable[Load]) -> str:
    """These. Returns the same."""
    return " ".join(f"{left} It is tried again at the next opportunity." for left in _left(store, loads))


def last(store: Store, remote: str | None = None) -> str:
    """All that is on a remote, or anywhere, before the way there is forgotten. Returns the same."""
    return " ".join(f"{left} Have it unloaded by who runs it." for left in _left(store, store.loads(remote)))


def _left(store: Store, loads: Iterable[Load]) -> Iterator[str]:
    for load in loads:
        if load.state is not LoadState.LEAVING:
            load = replace(load, state=LoadState.LEAVING)
            store.keep_load(load)
        try:
            with _ONE:
                # Another thread may have done it meanwhile, or have it loaded again.
                if store.load(load.remote, load.name) == load:
                    _unload(store, load)
        except ClawlocalError as e:
            log.info("unloading %s: %s", load.name, e)
            yield f"{load.version} of {load.model} is still loaded on {load.remote}, as {load.name}: {e}"


def _unload(store: Store, load: Load) -> None:
    # Imported here: who has nothing to unload needs no HTTP.
    from clawlocal.offload import common_folder
    from clawlocal.offload.client import Client
    from clawlocal.offload.loras import Loras
    from clawlocal.offload.redaction import Redaction

    remote = store.remote(load.remote)
    try:
        common_folder.remove(load.folder, load.name)
    finally:
        # Whatever became of the files, it must not answer.
        Loras(remote, Client(remote, Consent(store), Redaction())).unload(load.name)
    store.drop_load(load.remote, load.name)
