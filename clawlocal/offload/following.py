"""A remote's model follows a model of this machine: what is live here is loaded there, and what is not is unloaded.

Each step is written down before it is taken. What is loaded is measured: the base on both sides, then what the adapter
changes on both sides. Knows no chat.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

from clawlocal.adapters import files
from clawlocal.config import Settings
from clawlocal.engine.protocol import AdapterFile, Engine
from clawlocal.errors import ClawlocalError, OffloadError
from clawlocal.models.opened import OpenedModel
from clawlocal.offload import common_folder, departures, fingerprint
from clawlocal.offload.client import Client
from clawlocal.offload.consent import Consent
from clawlocal.offload.fingerprint import AGREEMENT, TEXTS, Fingerprint
from clawlocal.offload.loras import Loras
from clawlocal.offload.redaction import Redaction
from clawlocal.offload.served import answering, name_of
from clawlocal.paths import Paths
from clawlocal.records import AdapterVersion, DataClass, Purpose, Remote
from clawlocal.served_adapter import Load, LoadState, Serving
from clawlocal.store import Store

Opens = Callable[[str], AbstractContextManager[Engine]]
"""The engine of a model of this machine, by its name."""
AGAIN_SECONDS = 60.0
"""After one that could not be loaded, messages go to the plain model for so long before it is tried again."""


class Following:
    """Of one model of one remote. Every call may block; raises `ConsentError`, `OffloadError`, `AdapterError`."""

    def __init__(self, store: Store, remote: Remote, target: str, opens: Opens) -> None:
        self._store = store
        self._remote = remote
        self._target = target
        self._opens = opens
        self._consent = Consent(store)
        self._client = Client(remote, self._consent, Redaction())
        self._loras = Loras(remote, self._client)
        self._guard = threading.Lock()
        self._failed, self._why, self._again = "", "", 0.0

    def begin(self, model: str, folder: str, there: str) -> tuple[AdapterVersion | None, str]:
        """From now on `model` is followed. What answers, None while nothing was learned; and as `follow`.

        What was followed before still is where it raises.
        """
        with self._guard:
            self._check_grant()
            with self._opens(model) as engine:
                taken = fingerprint.taken(engine)
            serving = Serving(self._remote.name, self._target, model, folder, there, taken.json())
            self._drop_refused()
            before, live = self._serving(), self._store.live(model)
            if before is not None and (before.folder, before.there) != (folder, there):
                # What is loaded already would not tell whether the server finds the new place.
                self._leave_others("")
            try:
                if live is None:
                    self._check_base(taken)
                else:
                    self._load(serving, live)
            except ClawlocalError:
                if self._serving() is None:
                    self._leave_others("")
                raise
            self._store.set_serving(serving)
            return live, self._leave_others(name_of(live) if live else "")

    def follow(self) -> tuple[AdapterFile | None, str]:
        """What answers the next message, None for the plain model; and what could not be unloaded, in sentences."""
        with self._guard:
            # Another server that is out of reach is no reason to wait.
            left = departures.depart(self._store, self._remote.name)
            while True:
                serving, live = self._speaks()
                if serving is None or live is None:
                    return None, f"{left} {self._leave_others('')}".strip()
                self._check_grant()
                self._have(serving, live)
                # It may have been forgotten, or learned on, while it was loaded.
                if self._speaks() == (serving, live):
                    return answering(serving, live), f"{left} {self._leave_others(name_of(live))}".strip()

    def restore(self, adapter: AdapterFile) -> None:
        """The server does not know it any more, though it did: loaded once more."""
        with self._guard:
            serving, live = self._speaks()
            if serving is None or live is None or name_of(live) != adapter.path.name:
                raise OffloadError(f"{adapter.version} is not live any more: send the message again.", "outdated")
            self._load(serving, live)

    def end(self) -> str:
        """The plain model answers. Returns what is still loaded there, in sentences."""
        with self._guard:
            self._store.drop_serving(self._remote.name, self._target)
            return self._leave_others("")

    def _check_grant(self) -> None:
        self._consent.check(self._remote, Purpose.SERVE, {DataClass.ADAPTER})

    def _serving(self) -> Serving | None:
        return self._store.serving(self._remote.name, self._target)

    def _speaks(self) -> tuple[Serving | None, AdapterVersion | None]:
        serving = self._serving()
        return serving, self._store.live(serving.model) if serving else None

    def _have(self, serving: Serving, live: AdapterVersion) -> None:
        """Loaded, if it is not yet."""
        name = name_of(live)
        known = self._store.load(self._remote.name, name)
        if known is not None and known.state is LoadState.LOADED:
            return
        if name == self._failed and time.monotonic() < self._again:
            raise OffloadError(self._why, "not again yet")
        try:
            self._load(serving, live)
        except OffloadError as e:
            self._failed, self._why, self._again = name, str(e), time.monotonic() + AGAIN_SECONDS
            if isinstance(e, _Unfit):
                self._leave_others(name)
            raise

    def _drop_refused(self) -> None:
        """What did not fit may fit now."""
        for load in self._store.loads(self._remote.name):
            if load.target == self._target and load.state is LoadState.REFUSED:
                self._store.drop_load(load.remote, load.name)

    def _leave_others(self, name: str) -> str:
        """What is loaded beside `name`; what is to leave already was tried before."""
        loads = [x for x in self._store.loads(self._remote.name) if x.target == self._target and x.name != name]
        return departures.unload(self._store, [x for x in loads if x.state in (LoadState.LOADING, LoadState.LOADED)])

    def _load(self, serving: Serving, live: AdapterVersion) -> None:
        """Written down, measured, sent, measured again."""
        load = self._noted(serving, live)
        taken = Fingerprint.parse(serving.fingerprint)
        try:
            base = self._check_base(taken)
            path = common_folder.put(serving, load.name, live, self._client)
            self._loras.load(load.name, path, live.rank)
            self._check_adapter(load, taken, base)
        except _Unfit as e:
            # One that could not be unloaded is still to leave; it is measured again after that.
            if not departures.unload(self._store, [load]):
                self._store.keep_load(replace(load, state=LoadState.REFUSED, text=str(e)))
            raise
        self._store.keep_load(replace(load, state=LoadState.LOADED))

    def _noted(self, serving: Serving, live: AdapterVersion) -> Load:
        name = name_of(live)
        known = self._store.load(self._remote.name, name)
        if known is not None and known.state is LoadState.REFUSED:
            raise _Unfit(known.text)
        scores = known.scores if known else ()
        if not scores:
            rows = Fingerprint.parse(serving.fingerprint).rows
            with self._opens(serving.model) as engine:
                scores = fingerprint.scores(engine, rows, files.verified(live))
        load = Load(
            remote=self._remote.name,
            target=self._target,
            name=name,
            model=live.model,
            version=live.version,
            folder=serving.folder,
            state=LoadState.LOADING,
            scores=scores,
        )
        self._store.keep_load(load)
        return load

    def _check_base(self, taken: Fingerprint) -> tuple[float, ...]:
        """What the server's base makes of the texts. Raises `_Unfit` with the names of what differs."""
        differs = []
        if self._loras.plain_ids(self._target, fingerprint.PLAIN) != taken.plain:
            differs.append("the tokenizer")
        elif self._loras.chat_ids(self._target, TEXTS[0][0]) != taken.rows[0].prompt:
            differs.append("the chat template")
        base: tuple[float, ...] = ()
        if "the tokenizer" not in differs:
            base = self._loras.scores(self._target, taken.rows)
            if unlike := fingerprint.unlike(taken.base, base):
                differs.append(f"the weights ({unlike})")
        if differs:
            what = " and ".join(differs)
            raise _Unfit(
                f"{self._remote.name}/{self._target} is not the model that learned here, so no adapter is loaded: "
                f"it differs in {what}."
            )
        return base

    def _check_adapter(self, load: Load, taken: Fingerprint, base: tuple[float, ...]) -> None:
        """That it changes there what it changes here. Raises `_Unfit`."""
        there = self._loras.scores(load.name, taken.rows)
        agreement = fingerprint.agreement(taken.base, load.scores, base, there)
        if not agreement >= AGREEMENT:
            raise _Unfit(
                f"{load.version} does not do on {self._remote.name} what it does here (agreement {agreement:.2f}, at "
                f"least {AGREEMENT:g}), so it was unloaded: check the server, then `clawlocal offload serve` again."
            )


class _Unfit(OffloadError):
    """It was measured, and is another model or another adapter."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "unfit")


def opens(settings: Settings, where: Paths) -> Opens:
    """The engines of this machine, loaded for a moment."""

    @contextmanager
    def opened(model: str) -> Iterator[Engine]:
        engine = OpenedModel.open(model, settings, where).engine
        try:
            engine.wait_ready()
            yield engine
        finally:
            engine.close()

    return opened
