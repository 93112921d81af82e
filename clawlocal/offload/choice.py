"""Which cluster could train a model, by what is granted and what the user answered. Opens no socket."""

from __future__ import annotations

from clawlocal.offload.consent import Consent
from clawlocal.records import DataClass, Offload, Purpose, Remote, RemoteKind
from clawlocal.store import Store
from clawlocal.training.arrivals import parent_now

_ADD = "`clawlocal offload add NAME --kind ray --address URL --storage ADDRESS`"
_ORDER = (Offload.ALWAYS, Offload.ASK)


class Choice:
    """Among the clusters of one store."""

    def __init__(self, store: Store, model: str) -> None:
        self._store = store
        self._model = model

    def answer(self, remote: Remote) -> Offload:
        """The user's."""
        return self._store.offload_answer(self._model, remote.name)

    def best(self) -> Remote | None:
        """One that may be sent what an update needs, those first that the user wants always."""
        return next((remote for remote in self._wanted() if self._granted(remote)), None)

    def words(self) -> tuple[str, bool]:
        """Who could do it and the command for that, as a clause; and whether it is done by itself."""
        clusters, wanted, best = self._clusters(), self._wanted(), self.best()
        if not clusters:
            return f"a Ray cluster could do it: {_ADD} adds one", False
        if not wanted:
            name = clusters[0].name
            return f"you want {name} never to do it: `clawlocal offload auto ask --remote {name}` changes that", False
        if best is None:
            name, data = wanted[0].name, ",".join(sorted({*self._data(), DataClass.MODEL}, reverse=True))
            command = f"`clawlocal offload grant {name} --purpose train --data {data}`"
            return f"{name} could do it, once {command} allows that", False
        if self.answer(best) is Offload.ALWAYS:
            return f"{best.name} does it by itself when the machine is idle", True
        return f"{best.name} could do it: `clawlocal offload train {best.name}`", False

    def _clusters(self) -> list[Remote]:
        return [remote for remote in self._store.remotes() if remote.kind is RemoteKind.RAY]

    def _wanted(self) -> list[Remote]:
        found = [remote for remote in self._clusters() if self.answer(remote) in _ORDER]
        return sorted(found, key=lambda remote: _ORDER.index(self.answer(remote)))

    def _granted(self, remote: Remote) -> bool:
        return Consent(self._store).allows(remote, Purpose.TRAIN, self._data())

    def _data(self) -> frozenset[DataClass]:
        """That every job sends; the model's file only goes where it is not yet."""
        parent = parent_now(self._store, self._model, self._store.rebuild(self._model))
        return frozenset({DataClass.SAMPLES, *([DataClass.ADAPTER] if parent else [])})
