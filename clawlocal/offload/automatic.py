"""An update that is too much for this machine: why, which cluster could do it, and whether the user is to be asked.

Opens no socket and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from clawlocal.conditions import Reading, missing
from clawlocal.errors import OffloadError
from clawlocal.idle import Idleness
from clawlocal.models.opened import OpenedModel
from clawlocal.offload.choice import Choice
from clawlocal.offload.proposal import Proposal
from clawlocal.offload.remotes import granted_to
from clawlocal.offload.shipment import Shipment
from clawlocal.records import Offload, Remote
from clawlocal.store import Store
from clawlocal.training.need import Need

NAME = "on a cluster"
"""Of the condition that stands beside those for training here, where they cannot hold."""


class Automatic:
    """For one model of this machine."""

    def __init__(
        self, store: Store, model: OpenedModel, need: Need, idle: Idleness, shipment: Callable[[], Shipment]
    ) -> None:
        """`shipment` makes what would be sent of what waits; it waits for the engine, and raises `OffloadError`."""
        self._store = store
        self._model = model
        self._need = need
        self._idle = idle
        self._shipment = shipment
        self._choice = Choice(store, model.name)

    def reading(self) -> Reading | None:
        """Which cluster could do what is too much here, with the command for it; None where nothing is."""
        return Reading(NAME, *self._choice.words()) if self._why() else None

    def words(self) -> str:
        """Where instead, and why not here, as one clause of which the end may be cut; empty where this machine can."""
        why = self._why()
        return f"{self._choice.words()[0]} (too much for this machine: {why})" if why else ""

    def sentence(self) -> str:
        """The same in a sentence."""
        why = self._why()
        return f"The next update is too much for this machine ({why}), but {self._choice.words()[0]}." if why else ""

    def due(self, answer: Offload) -> Remote | None:
        """The cluster to go to now, if the user answered so of it: an update would start, were it not too much here."""
        remote = self._choice.best()
        if remote is None or self._choice.answer(remote) is not answer or not self._why():
            return None
        declined = self._store.declined_offload(self._model.name, remote.name, self._waiting())
        return None if declined or not self.away() else remote

    def proposed(self) -> str | None:
        """The name of the one that the user is to be asked about now."""
        remote = self.due(Offload.ASK)
        return remote.name if remote else None

    def away(self) -> bool:
        """Whether the user leaves the machine to itself."""
        return missing(self._idle.away()) is None

    def proposal(self) -> Proposal:
        """For the cluster that may be sent what waits. Waits for the engine; raises `OffloadError` where none may."""
        remote = self._choice.best()
        if remote is None:
            raise OffloadError(f"Nothing can be sent: {self._choice.words()[0]}.", "nothing")
        found = self._shipment()
        return Proposal(
            remote=remote.name,
            to=granted_to(remote),
            model=self._model.name,
            why=self._why(),
            waiting=self._waiting(),
            sizes=found.sizes(),
            kept_here=found.kept_here,
        )

    def decline(self, remote: str) -> None:
        """Not for what waits now."""
        self._store.decline_offload(self._model.name, remote, self._waiting())

    def _why(self) -> str:
        """Empty where an update is not too much, where nothing waits, or where a cluster has it already."""
        if self._store.open_job(self._model.name) is not None or missing(self._need.readings()):
            return ""
        found = self._idle.beyond()
        return found.text if found else ""

    def _waiting(self) -> str:
        return self._need.readings()[-1].text
