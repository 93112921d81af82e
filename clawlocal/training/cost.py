"""What an update takes on this machine, by what earlier ones took. Knows neither what is free nor any limit."""

from __future__ import annotations

from statistics import median

from clawlocal.models.opened import OpenedModel
from clawlocal.remote_job import JobState
from clawlocal.store import Store

LOOKED_AT = 5
"""Updates, the latest: an earlier one may have learned from less, or the machine was another."""


class Cost:
    """Of the next update of one model."""

    def __init__(self, store: Store, model: OpenedModel) -> None:
        self._store = store
        self._model = model

    def bytes(self) -> int:
        """Of memory: roughly, by the model's size, and exactly once a trainer has found that there was too little."""
        told = 0 if self._measures() else self._store.noted_memory(self._model.name)
        return max(self._model.training_memory, told)

    def seconds(self) -> float | None:
        """The median of the latest ones. None where none has come to its end, or where the next only measures."""
        found = [] if self._measures() else self._store.update_seconds(self._model.name, LOOKED_AT)
        return median(found) if found else None

    def _measures(self) -> bool:
        """An adapter that a cluster trained waits: measuring it takes less than training."""
        job = self._store.open_job(self._model.name)
        return job is not None and job.state is JobState.ARRIVED
