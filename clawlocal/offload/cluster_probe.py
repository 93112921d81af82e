"""What a cluster can do, found out by asking: it is closed to others, takes the key, has jobs, and the storage works.

Runs nothing there, and says nothing of the user; granted and logged as everything that leaves.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from clawlocal.errors import OffloadError
from clawlocal.offload.client import Client
from clawlocal.offload.cluster import CLOSED, Cluster
from clawlocal.offload.consent import Consent
from clawlocal.offload.probe import UNKNOWN, Finding
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.remotes import storage_of, through
from clawlocal.offload.storage import Storage
from clawlocal.records import Remote

NAMES = ("closed to others", "reachable", "authentication", "jobs", "storage")


def findings(remote: Remote, consent: Consent) -> list[Finding]:
    """Each of `NAMES`, in this order. Raises `ConsentError`."""
    client = Client(remote, consent, Redaction())
    cluster = Cluster(remote, client)
    found = [_tried(NAMES[0], cluster.check_closed, "it refuses who has no key")]
    if found[0].works:
        found += _keyed(remote, cluster)
    else:
        found += [Finding(name, False, UNKNOWN) for name in NAMES[1:4]]
    return [
        *found,
        _tried(NAMES[4], lambda: _written(Storage(remote, client)), f"{storage_of(remote)} is written and read"),
    ]


def _keyed(remote: Remote, cluster: Cluster) -> list[Finding]:
    try:
        version = cluster.version()
    except OffloadError as e:
        if e.outcome in CLOSED:
            return [
                Finding("reachable", True, f"it answers{through(remote)}"),
                Finding("authentication", False, str(e)),
                _not_asked(),
            ]
        return [Finding("reachable", False, str(e)), Finding("authentication", False, UNKNOWN), _not_asked()]
    reached = Finding("reachable", True, f"Ray {version} answers{through(remote)}")
    accepted = Finding("authentication", True, f"the token in {remote.api_key_env} is accepted")
    return [reached, accepted, _tried("jobs", cluster.jobs, "jobs can be asked for")]


def _not_asked() -> Finding:
    return Finding("jobs", False, UNKNOWN)


def _written(storage: Storage) -> None:
    """A few random bytes, there and back."""
    name, content = f"probe-{secrets.token_hex(8)}", secrets.token_bytes(16)
    storage.put(name, content, frozenset())
    try:
        if storage.read(name, len(content)) != content:
            raise OffloadError("What was written there came back otherwise.", "damaged")
    finally:
        storage.remove(name)


def _tried(name: str, trial: Callable[[], object], works: str) -> Finding:
    try:
        trial()
    except OffloadError as e:
        return Finding(name, False, str(e))
    return Finding(name, True, works)
