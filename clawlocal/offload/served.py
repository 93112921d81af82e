"""What speaks where a remote's model is chatted with: its plain weights, or the adapter that is live here.

Knows no network: `following` does, and is not imported where nothing is served.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from clawlocal.adapters.shelf import LIVE, Shelf
from clawlocal.config import Settings
from clawlocal.engine.protocol import AdapterFile
from clawlocal.errors import ClawlocalError
from clawlocal.offload.consent import Consent
from clawlocal.paths import Paths
from clawlocal.records import AdapterVersion, DataClass, Purpose, Remote
from clawlocal.served_adapter import LoadState, Serving
from clawlocal.store import Store

if TYPE_CHECKING:
    from clawlocal.offload.following import Following


NAME_DIGITS = 8


def name_of(version: AdapterVersion) -> str:
    """What it is called there: no other adapter is, here or elsewhere, since the name says its content."""
    return f"clawlocal-{version.sha256[:NAME_DIGITS]}-{version.version}"


def answering(serving: Serving, version: AdapterVersion) -> AdapterFile:
    """The version as the engine asks for it: the name there is that of its folder."""
    return AdapterFile(version.version, Path(serving.folder) / name_of(version))


def foreseen(store: Store, remote: Remote, target: str) -> tuple[AdapterFile | None, str]:
    """What would answer, and the model that it is of, where nothing goes wrong on the way. Asks nobody."""
    serving = store.serving(remote.name, target)
    live = store.live(serving.model) if serving else None
    if serving is None or live is None or not Consent(store).allows(remote, Purpose.SERVE, {DataClass.ADAPTER}):
        return None, ""
    load = store.load(remote.name, name_of(live))
    if load is not None and load.state is LoadState.REFUSED:
        return None, ""
    return answering(serving, live), serving.model


def learner(store: Store, remote: str, target: str) -> str:
    """The model of this machine that a remote's model follows; empty for none."""
    serving = store.serving(remote, target)
    return serving.model if serving else ""


class ServedShelf(Shelf):
    """Of one model of one remote."""

    def __init__(self, store: Store, remote: Remote, target: str, settings: Settings, where: Paths) -> None:
        super().__init__(store, f"{remote.name}/{target}")
        self._remote = remote
        self._target = target
        self._settings = settings
        self._paths = where
        self._guard = threading.Lock()
        self._follower: Following | None = None

    @property
    def learner(self) -> str:
        """The model of this machine that is followed; empty for none."""
        return learner(self._store, self._remote.name, self._target)

    @property
    def policy(self) -> str:
        """The one that is followed, where what is live of it is loaded there: only then the weights were compared.

        Where nothing is live they were by `serve`, unless a version was refused since.
        """
        if self.speaking() is not None:
            return self.learner
        loads = self._store.loads(self._remote.name)
        refused = any(load.target == self._target and load.state is LoadState.REFUSED for load in loads)
        return "" if refused or self._store.live(self.learner) is not None else self.learner

    def speaking(self) -> AdapterVersion | None:
        """The live one, once it is loaded there."""
        live = self._store.live(self.learner)
        load = self._store.load(self._remote.name, name_of(live)) if live else None
        return live if load is not None and load.state is LoadState.LOADED else None

    def file(self, name: str) -> tuple[AdapterFile | None, str]:
        """What answers for `live`, loaded there if it is not yet, and a sentence where it is not what is live here.

        May take as long as the server does. Raises `NotFound` for a version by its name.
        """
        if name != LIVE:
            return super().file(name)
        if not self.learner and not self._store.loads(self._remote.name):
            return None, ""
        try:
            return self._following().follow()
        except ClawlocalError as e:
            return (
                None,
                f"{self._remote.name} answers with its own weights, not with what was learned here: {e}",
            )

    def restore(self, adapter: AdapterFile) -> None:
        """The server was started anew. Raises `ClawlocalError`."""
        self._following().restore(adapter)

    def _following(self) -> Following:
        from clawlocal.offload.following import Following, opens

        with self._guard:
            if self._follower is None:
                models = opens(self._settings, self._paths)
                self._follower = Following(self._store, self._remote, self._target, models)
            return self._follower
