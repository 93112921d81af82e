"""What an interface asks an `Assistant` about clusters that train in place of this machine. Opens no socket itself.

Every method may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Callable

from clawlocal.config import Settings
from clawlocal.errors import FolderBusy, OffloadError
from clawlocal.lock import FolderLock
from clawlocal.models.opened import OpenedModel, TrainedModel
from clawlocal.offload import answers
from clawlocal.offload.automatic import Automatic
from clawlocal.offload.errands import Errands
from clawlocal.offload.model import local_model
from clawlocal.offload.proposal import Proposal
from clawlocal.offload.shipment import Shipment
from clawlocal.records import Offload
from clawlocal.remote_job import RemoteJob
from clawlocal.store import Store
from clawlocal.training.jobs import Waiting
from clawlocal.training.need import Need
from clawlocal.training.update import Updater


class Offloading:
    """`Assistant` makes the parts."""

    _settings: Settings
    _store: Store
    _model: OpenedModel
    _lock: FolderLock | None
    _holder: str | None
    _need: Need
    _updater: Updater
    _automatic: Automatic
    _errands: Errands
    _changed: Callable[[], None]

    def waiting_job(self) -> Waiting | None:
        """What the next update would learn, for a cluster to do it; None where learning is off or nothing is worth one.

        Waits for the judge and the engine. Raises `FolderBusy` while another instance holds the folder, `ModelError`.
        """
        if self._lock is None:
            raise FolderBusy(self._holder or "another instance")
        return self._updater.waiting()

    def trained_model(self) -> TrainedModel:
        """The model as a trainer needs to know it. Waits for the engine. Raises `ModelError`."""
        return self._model.for_training()

    def shipment(self) -> Shipment:
        """What would be sent of what waits, to the last byte. Raises `OffloadError` where that is nothing."""
        # Imported here: who sends nothing redacts nothing.
        from clawlocal.offload.redaction import Redaction
        from clawlocal.offload.shipment import shipment

        waiting = self.waiting_job()
        found = shipment(waiting, self._model.engine, Redaction(self._settings.redact)) if waiting is not None else None
        if found is None:
            lacks = next((r.text for r in self._need.readings() if not r.holds), "")
            if waiting is not None:
                lacks = "redaction finds something in all that waits, so that it stays here"
            raise OffloadError(f"Nothing is sent: {lacks or 'nothing that waits is worth an update'}.", "nothing")
        return found

    def too_much(self) -> str:
        """Why the next update is not for this machine, and what else to do, in one sentence; empty where it is."""
        return self._automatic.sentence()

    def proposal(self) -> Proposal:
        """What a cluster would be sent of what waits. Waits for the engine. Raises `OffloadError` where none may be."""
        return self._automatic.proposal()

    def offload(self, remote: str) -> RemoteJob:
        """Send it, once. Waits until it was sent. Raises `ConsentError`, `OffloadError`."""
        return self._errands.send(remote)

    def decline(self, remote: str) -> None:
        """Not for what waits now; asked again when that is something else."""
        self._automatic.decline(remote)
        self._changed()

    def answer_offload(self, remote: str, answer: Offload) -> str:
        """From now on, for this model. Returns one sentence. Raises `NotFound`."""
        sentence = answers.keep(self._store, self._model.name, self._store.remote(remote), answer)
        self._changed()
        return sentence

    @property
    def local_model(self) -> str:
        """The model of this machine that can take over; empty where it is open already."""
        return local_model(self._settings) if self._model.elsewhere else ""
