"""An adapter that a remote serves, as the store has it: frozen, typed, without SQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Serving:
    """That replies of a remote's model are made with what a model of this machine learned."""

    remote: str
    target: str
    """The model as the remote calls it."""
    model: str
    """The one of this machine."""
    folder: str
    """Seen by both: here."""
    there: str
    """The same folder as the remote sees it."""
    fingerprint: str
    """What the local base makes of a few fixed texts, as `offload.fingerprint` writes it."""


class LoadState(StrEnum):
    """How far an adapter is on a remote."""

    LOADING = "loading"
    """It was sent; whether it arrived is not known."""
    LOADED = "loaded"
    """It answers."""
    LEAVING = "leaving"
    """It is to be unloaded."""
    REFUSED = "refused"
    """It is not there, and is not sent again: it does not fit."""


@dataclass(frozen=True)
class Load:
    """An adapter version that a remote has under a name of its own, or may have."""

    remote: str
    target: str
    name: str
    """Says its content: no other adapter is ever called so."""
    model: str
    version: str
    folder: str
    """Of this machine, where its files are."""
    state: LoadState
    text: str = ""
    """Why it is in this state, where that is worth a sentence."""
    scores: tuple[float, ...] = ()
    """What the local model with it makes of the fixed texts; empty until it was asked."""
