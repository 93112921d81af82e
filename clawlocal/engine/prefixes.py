"""What is evaluated already, wherever it lies: in the cache, parked in memory, or on disk.

Belongs to the engine's thread. Knows no text and no queue.
"""

from __future__ import annotations

from collections.abc import Sequence

from clawlocal.engine.adapters import LoadedAdapter
from clawlocal.engine.context import Context
from clawlocal.engine.parked import Parked, ParkingLot, default_room
from clawlocal.engine.protocol import AdapterFile
from clawlocal.engine.saved import SavedPrefixes

WORTH_MOVING = 64
"""Tokens: fewer are evaluated again sooner than a state is copied."""
WORTH_SAVING_SECONDS = 1.0
"""A session is kept on disk when evaluating it would take at least this long …"""
_TIMES_QUICKER = 4
"""… and so many times as long as reading it."""
_DISK = 1e8
"""Bytes per second: a slow disk."""


class Prefixes:
    """Brings into the chat's context what of a prompt was evaluated before."""

    def __init__(self, context: Context, saved: SavedPrefixes | None = None) -> None:
        self._context = context
        self._lot = ParkingLot(default_room())
        self._saved = saved
        self._session = ""
        self._seconds_per_token = 0.0

    def bring(self, file: AdapterFile | None, loaded: LoadedAdapter | None, ids: Sequence[int], session: str) -> int:
        """Make the context ready for the prompt `ids` under the adapter. Returns how many tokens are there."""
        context = self._context
        cuts = context.cuts(ids)
        same = context.adapter is loaded
        here = context.usable(ids, cuts) if same else 0
        found, saves = self._find(file, ids, cuts, session, here)
        if found is not None and saves >= here + WORTH_MOVING:
            self._lot.touch(found)
            self._park()
            context.use(loaded)
            if not context.restore(found.snapshot):
                self._lot.drop(found)
        elif not same or context.settled >= here + WORTH_MOVING:
            self._park()
            context.use(loaded)
        self._session = session
        return context.rewind(ids, cuts)

    def evaluated(self, tokens: int, seconds: float) -> None:
        """A prefill has shown what one costs here."""
        if tokens >= WORTH_MOVING and seconds > 0:
            self._seconds_per_token = seconds / tokens

    def forget(self, session: str | None) -> None:
        """Of one session, or all."""
        self._lot.forget(session)
        if self._saved is not None and session is not None:
            self._saved.forget(session)
        if session is None or session == self._session:
            self._session = ""
            self._context.clear()

    def forget_adapter(self, version: str) -> None:
        """It will not speak again."""
        self._lot.forget_adapter(version)

    def close(self) -> None:
        """Keep on disk what is worth it."""
        if self._saved is not None:
            if self._session and self._context.settled - self._saved.length(self._session) >= WORTH_MOVING:
                self._park()
            self._saved.close()

    def _find(
        self, file: AdapterFile | None, ids: Sequence[int], cuts: Sequence[int], session: str, here: int
    ) -> tuple[Parked | None, int]:
        found, saves = self._lot.find(file, ids, cuts)
        wanted = max(here, saves) + WORTH_MOVING
        if self._saved is None or not session or self._saved.knows(session) or wanted > len(ids):
            return found, saves
        kept = self._saved.load(session, file)
        if kept is None:
            return found, saves
        self._lot.add(kept)
        return max((found, saves), (kept, kept.saves(ids, cuts)), key=lambda pair: pair[1])

    def _park(self) -> None:
        """Put a copy of what is in the cache aside, and on disk if it would take long to make again."""
        context = self._context
        if context.settled < WORTH_MOVING:
            return
        file = None if context.adapter is None else context.adapter.file
        parked = Parked(file, self._session, context.snapshot())
        self._lot.add(parked)
        if self._saved is not None and self._session and self._worth_saving(parked):
            self._saved.save(parked)

    def _worth_saving(self, parked: Parked) -> bool:
        again = len(parked.snapshot.ids) * self._seconds_per_token
        reading = parked.snapshot.state.nbytes / _DISK
        return again >= max(WORTH_SAVING_SECONDS, _TIMES_QUICKER * reading)
