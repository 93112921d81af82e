"""At the start: clusters are asked how far the jobs are that were sent before, and what is to leave a server does.

Nobody waits for the answer.
"""

from __future__ import annotations

import logging
import threading

from clawlocal.errors import ClawlocalError
from clawlocal.offload import departures
from clawlocal.paths import Paths
from clawlocal.remote_job import UNDER_WAY
from clawlocal.store import Store

log = logging.getLogger(__name__)


def ask(store: Store, paths: Paths) -> None:
    """In a thread with a store of its own, where there is anything to ask."""
    if any(job.state in UNDER_WAY for job in store.remote_jobs()) or store.outdated_loads():
        threading.Thread(target=_ask, args=(paths,), name="remote-jobs", daemon=True).start()


def _ask(paths: Paths) -> None:
    # Imported here: who has no cluster needs no HTTP.
    from clawlocal.offload.jobs import reconcile_all

    try:
        with Store.open(paths.database) as store:
            reconcile_all(store, paths)
            departures.depart(store)
    except ClawlocalError as e:
        log.info("jobs: %s", e)
