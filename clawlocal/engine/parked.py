"""Evaluated beginnings of prompts that are not in the cache at the moment, for who comes back to them.

Other sessions are not kept as further sequences of one cache: attention reads all cells of a cache, so
every session beside the present one would slow it down, and the bits of a reply would depend on them.
A copy of 2,000 tokens costs a few milliseconds each way. Knows no context and no disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from clawlocal.engine.batches import Snapshot, usable
from clawlocal.engine.protocol import AdapterFile


@dataclass(frozen=True, eq=False)
class Parked:
    """A snapshot, the adapter that it was made under, and the session (empty: must not outlive the engine)."""

    adapter: AdapterFile | None
    session: str
    snapshot: Snapshot

    def saves(self, ids: Sequence[int], cuts: Sequence[int]) -> int:
        """How many tokens of the prompt `ids`, whose batches end at `cuts`, need not be evaluated."""
        return usable(self.snapshot.ids, self.snapshot.ends, ids, cuts)

    def covers(self, other: Parked) -> bool:
        """There is nothing in `other` that is not in this."""
        ids = other.snapshot.ids
        return other.adapter == self.adapter and self.snapshot.ids[: len(ids)] == ids


class ParkingLot:
    """Snapshots up to `room` bytes, least recently used first."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._lot: list[Parked] = []

    def __len__(self) -> int:
        return len(self._lot)

    def add(self, parked: Parked) -> None:
        """Keep it in the place of what it covers; the oldest ones make room. One larger than all is not kept."""
        if parked.snapshot.state.nbytes > self._room:
            return
        self._lot = [old for old in self._lot if not parked.covers(old)] + [parked]
        while sum(p.snapshot.state.nbytes for p in self._lot) > self._room:
            self._lot.pop(0)

    def find(self, adapter: AdapterFile | None, ids: Sequence[int], cuts: Sequence[int]) -> tuple[Parked | None, int]:
        """The one that serves the prompt `ids` best, and how many tokens it saves. `cuts`: where its batches end."""
        fitting = [(p.saves(ids, cuts), p) for p in self._lot if p.adapter == adapter]
        saved, best = max(fitting, key=lambda pair: pair[0], default=(0, None))
        return (best, saved) if saved else (None, 0)

    def touch(self, parked: Parked) -> None:
        """It was used just now."""
        if parked in self._lot:
            self._lot.remove(parked)
            self._lot.append(parked)

    def drop(self, parked: Parked) -> None:
        """It is of no use."""
        self._lot = [p for p in self._lot if p is not parked]

    def forget(self, session: str | None) -> None:
        """Of one session, or all."""
        self._lot = [p for p in self._lot if session is not None and p.session != session]

    def forget_adapter(self, version: str) -> None:
        self._lot = [p for p in self._lot if p.adapter is None or p.adapter.version != version]


def default_room() -> int:
    """Bytes: a fiftieth of the memory, at most half a gigabyte."""
    return min(2**29, int(psutil.virtual_memory().total) // 50)
