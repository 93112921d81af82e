"""A model by its name: one of the catalogue, or `REMOTE/MODEL`, which a remote serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clawlocal.adapters.shelf import Shelf
from clawlocal.config import Settings
from clawlocal.engine.absent import AbsentEngine
from clawlocal.engine.protocol import AdapterFile, Engine
from clawlocal.errors import ModelError
from clawlocal.models.catalog import Catalog
from clawlocal.models.opened import OpenedModel, TrainedModel
from clawlocal.offload import served
from clawlocal.offload.consent import Consent
from clawlocal.offload.remotes import key_of
from clawlocal.offload.served import ServedShelf
from clawlocal.paths import Paths
from clawlocal.records import Purpose, Remote, RemoteKind
from clawlocal.store import Store

DEFAULT_CONTEXT = 8192
"""Tokens of context unless the setting says otherwise; counted roughly, and the server has the last word."""


class RemoteModel(OpenedModel):
    """Served elsewhere. Nothing of it is trained here."""

    weights = 0
    training_memory = 0
    repeat_after = 0

    def __init__(
        self,
        name: str,
        engine: Engine,
        remote: Remote | None,
        consent: Consent,
        twin: Callable[[], str],
        shelf: Shelf | None = None,
    ) -> None:
        self.name = name
        self.engine = engine
        self.elsewhere = name.partition("/")[0]
        self._remote = remote
        self._consent = consent
        self._twin = twin
        self._shelf = shelf

    @property
    def twin(self) -> str:
        """The one that is served there."""
        return self._twin()

    def shelf(self, store: Store) -> Shelf:
        """Those that are served there; none where nothing is."""
        return self._shelf or super().shelf(store)

    @property
    def untrainable(self) -> str:
        """Always: of what is served there the weights are here, but under another name."""
        if twin := self.twin:
            return (
                f"its weights are here as {twin}, which learns from its replies when it is open "
                f"(`clawlocal --model {twin}`), or on a cluster (`clawlocal offload train --model {twin}`)"
            )
        return f"chat works with this model, learning does not: its weights are on {self.elsewhere}, not here"

    def check(self) -> None:
        """Raises `ConsentError` without a grant, `OffloadError` without a key."""
        if self._remote is not None:
            # No message takes no byte: one that is used up is told before anything is kept.
            self._consent.check(self._remote, Purpose.CHAT, size=1)
            key_of(self._remote)

    def file(self, where: Paths) -> Path:
        """Raises `ModelError`."""
        raise ModelError(f"The file of {self.name} is on {self.elsewhere}, not here: choose a local model for this.")

    def for_training(self) -> TrainedModel:
        """Raises `ModelError`."""
        raise ModelError(f"Nothing is learned now: the weights of {self.name} are on {self.elsewhere}, not here.")


def open_model(
    name: str, settings: Settings, where: Paths, store: Store, *, serve: bool = True, engine: Engine | None = None
) -> OpenedModel:
    """What `name` means. An entry of the catalogue goes first. Raises `ModelError`, `ConfigError`, `NotFound`."""
    if "/" not in name or name in Catalog.load(where).entries:
        return OpenedModel.open(name, settings, where, serve=serve, engine=engine)
    consent = Consent(store)

    def twin() -> str:
        return served.learner(store, *name.split("/", 1))

    if not serve:
        return RemoteModel(name, AbsentEngine(name), None, consent, twin)
    remote, model = named(name, store)
    shelf = ServedShelf(store, remote, model, settings, where)
    opened = engine or remote_engine(remote, model, settings, consent, shelf.restore)
    return RemoteModel(name, opened, remote, consent, twin, shelf)


def named(name: str, store: Store) -> tuple[Remote, str]:
    """The remote of `REMOTE/MODEL`, and what it calls the model. Raises `NotFound`, `ModelError`."""
    first, _, model = name.partition("/")
    remote = store.remote(first)
    if remote.kind is RemoteKind.RAY:
        raise ModelError(f"{first} is a cluster that trains, it does not chat: choose another model.")
    if not model:
        raise ModelError(f"Say which model of {first}, as {first}/MODEL: `clawlocal offload test {first}` lists them.")
    return remote, model


def local_model(settings: Settings) -> str:
    """The model of this machine that takes over when a remote one fails."""
    return Settings().model if "/" in settings.model else settings.model


def remote_engine(
    remote: Remote,
    model: str,
    settings: Settings,
    consent: Consent,
    restore: Callable[[AdapterFile], None] | None = None,
) -> Engine:
    """Opens nothing before it is asked for a reply. `restore` loads an adapter that the server has lost."""
    # Imported here: who chats on this machine needs no HTTP.
    from clawlocal.offload.engine import RemoteEngine
    from clawlocal.offload.redaction import Redaction

    context = settings.context or DEFAULT_CONTEXT
    local, redaction = local_model(settings), Redaction(settings.redact)
    return RemoteEngine(remote, model, consent, redaction, n_ctx=context, local=local, restore=restore)
