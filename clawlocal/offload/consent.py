"""What may be sent, to whom, for what, how much and how long. Knows no network: `client` asks before it sends.

A grant ends by the later of two clocks, this machine's and the latest time that was ever seen: one that has ended
stays so though the clock is turned back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from clawlocal.errors import ConsentError
from clawlocal.offload.remotes import granted_to
from clawlocal.records import DataClass, Grant, Purpose, Remote
from clawlocal.store import Store, stamp

MEGABYTE = 1_000_000
DEFAULT_MEGABYTES = 10
DEFAULT_DAYS = 30
MOST_DAYS = 366
_SEEN = "offload last seen"


def _clock() -> datetime:
    return datetime.now(UTC)


class Consent:
    """The grants of one store."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = _clock) -> None:
        self._store = store
        self._clock = clock

    def give(
        self,
        remote: Remote,
        purpose: Purpose,
        data: Collection[DataClass],
        megabytes: float = DEFAULT_MEGABYTES,
        days: int = DEFAULT_DAYS,
    ) -> Grant:
        """In place of an earlier grant for this purpose. The user is here, so the clock is right from now on."""
        with self._store.transaction():
            self._store.revoke_expired(self._latest())
            now = self._clock()
            self._store.set_state(_SEEN, stamp.of(now))
            expires = stamp.of(now + timedelta(days=days))
            size = int(megabytes * MEGABYTE)
            return self._store.add_grant(remote.name, granted_to(remote), purpose, data, size, expires)

    def check(
        self, remote: Remote, purpose: Purpose, data: Collection[DataClass] = frozenset(), size: int = 0
    ) -> Grant:
        """The grant under which this may be sent. Raises `ConsentError`, which says the command that grants it."""
        grant = self._store.grant(remote.name, purpose)
        command = f"clawlocal offload grant {remote.name} --purpose {purpose}"
        if purpose is Purpose.SERVE:
            # An adapter may hold what it was trained on, so that it is named.
            command += f" --data {DataClass.ADAPTER}"
        how = f"`{command}`"
        nothing = f"Nothing was sent to {remote.name}"
        if grant is None:
            what = "nothing" if purpose is not Purpose.SERVE else "no adapter"
            raise ConsentError(f"{nothing}: you have granted it {what}. {how} does.")
        if grant.host != granted_to(remote):
            raise ConsentError(
                f"{nothing}: the grant is for {grant.host}, not for {granted_to(remote)}. {how} renews it."
            )
        if grant.expires <= self._latest():
            self.note_time()
            raise ConsentError(f"{nothing}: the grant ended on {grant.expires[:10]}. {how} renews it.")
        if lacking := sorted(set(data) - grant.data):
            also = ",".join(sorted(grant.data | set(data)))
            raise ConsentError(
                f"{nothing}: the grant leaves out {', '.join(lacking)}. `{command} --data {also}` adds that."
            )
        if grant.spent + size > grant.max_bytes:
            left = max(0, grant.max_bytes - grant.spent)
            raise ConsentError(
                f"{nothing}: {size:,} bytes are more than the {left:,} that are left of the grant. "
                f"`{command} --max-mb N` renews it with more."
            )
        return grant

    def begin(self, remote: Remote, purpose: Purpose, data: Collection[DataClass], size: int) -> int:
        """Check, and log that it will leave, as one. The number of the log's entry. Raises `ConsentError`."""
        with self._store.transaction():
            grant = self.check(remote, purpose, data, size)
            self.note_time()
            return self._store.begin_egress(grant, size)

    def end(self, egress: int, received: int, outcome: str) -> None:
        """How it went, in a few words without content."""
        self._store.end_egress(egress, received, outcome)

    def allows(self, remote: Remote, purpose: Purpose, data: Collection[DataClass]) -> bool:
        """Whether it may be sent as it looks, to know what to propose. What is sent is checked again, with its size."""
        grant = self._store.grant(remote.name, purpose)
        if grant is None or grant.host != granted_to(remote) or self.ended(grant):
            return False
        return set(data) <= grant.data

    def granted(self, remote: Remote, purpose: Purpose) -> frozenset[DataClass]:
        """The classes of data that may be sent now; of a chat prompts where nothing is granted."""
        try:
            return self.check(remote, purpose).data
        except ConsentError:
            return frozenset({DataClass.PROMPTS} if purpose is Purpose.CHAT else ())

    def ended(self, grant: Grant) -> bool:
        """By time, or by bytes."""
        return grant.expires <= self._latest() or grant.spent >= grant.max_bytes

    def note_time(self) -> None:
        """So late it is: a clock that is turned back later does not undo that."""
        self._store.set_state(_SEEN, self._latest())

    def _latest(self) -> str:
        return max(stamp.of(self._clock()), self._store.get_state(_SEEN, "") or "")
