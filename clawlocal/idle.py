"""Why now, or why not: the user's keys and replies beside the machine's conditions, each with its reading.

Knows nothing of samples: whether there is something to learn is the learner's question.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime

from clawlocal.conditions import Conditions, Reading, missing
from clawlocal.config import Settings
from clawlocal.sensors import Sensors

RESUME_SECONDS = 3.0
"""A suspended trainer goes on after this long without a key, shorter than the wait for a first start."""
REST_SECONDS = 600.0
"""After an update that failed, the next one starts by itself only then: the reason rarely goes away at once."""
RESUME = "clawlocal learn resume"
PAUSED = f"no update starts until `{RESUME}`"


class Idleness:
    """Watches the user and the machine. `touch` is cheap: it is called for every key."""

    def __init__(
        self,
        settings: Settings,
        memory_needed: Callable[[], int],
        busy: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        *,
        sensors: Sensors | None = None,
        trained: Callable[[datetime], float] = lambda since: 0.0,
        paused: Callable[[], bool] = lambda: False,
        paused_until: Callable[[], datetime | None] = lambda: None,
        takes: Callable[[], float | None] = lambda: None,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`trained` says how many seconds were trained since a local time, `paused` whether the user wants none now.

        `paused_until` is the local time at which that ends by itself, if it does. `takes` is how many seconds an update
        takes here, if known.
        """
        self._settings = settings
        self._sensors = sensors or Sensors()
        self._machine = Conditions(settings, self._sensors, memory_needed, trained, now, takes)
        self._busy = busy
        self._paused = paused
        self._paused_until = paused_until
        self._clock = clock
        self._now = now
        self._last_key = clock()
        self._rest_until = clock()
        self._rest_reason = ""

    def rest(self, reason: str, seconds: float = REST_SECONDS) -> None:
        """Let nothing start by itself for a while, because of `reason`."""
        self._rest_until, self._rest_reason = self._clock() + seconds, reason

    def end_rest(self) -> None:
        """What was the reason may be different now."""
        self._rest_until = self._clock()

    def touch(self) -> None:
        self._last_key = self._clock()

    @property
    def quiet_seconds(self) -> float:
        """Seconds since the last key or request."""
        return self._clock() - self._last_key

    def may_resume(self) -> bool:
        """Whether a trainer that was suspended by a key may go on."""
        return not self._busy() and self.quiet_seconds >= RESUME_SECONDS

    def settle(self) -> None:
        """Until all can be read, a quarter of a second at the most."""
        self._sensors.settle()

    def readings(self) -> list[Reading]:
        """All conditions; training starts by itself when every one holds."""
        machine = self._machine
        return [
            self._keys(),
            self._reply(),
            self.not_paused(),
            machine.load(),
            machine.power(),
            machine.heat(),
            machine.memory(),
            machine.time(),
            machine.quiet_hours(),
            machine.budget(),
            self._rested(),
        ]

    def beyond(self) -> Reading | None:
        """Why an update is too much for this machine, whoever is away from it: memory, or the user's limit of time."""
        return missing(limit() for limit in (self._machine.memory, self._machine.time))

    def away(self) -> list[Reading]:
        """The conditions on the user's side, for what another machine does: load, power and heat here are no matter."""
        return [self._keys(), self._reply(), self.not_paused(), self._machine.quiet_hours(), self._rested()]

    def holding_back(self, asked: bool, held: int, planned: int, suspended: bool) -> Reading | None:
        """The condition for which a trainer has to wait that was started already; None if it may compute.

        `asked` is of an update that the user asked for: that one waits for memory and for replies alone.
        `held` bytes the trainer has, of `planned` (0 before it has planned, when it looks at memory itself).
        `suspended` it needs a little more to go on than running it does.
        """
        return missing(self._while_started(asked, held, planned, not suspended))

    def _while_started(self, asked: bool, held: int, planned: int, running: bool) -> Iterator[Reading]:
        machine = self._machine
        yield self._reply()
        if planned:
            yield machine.memory_left(held, planned)
        if not asked:
            yield self.not_paused()
            yield machine.power()
            yield machine.quiet_hours()
            yield machine.heat(running)
            yield machine.load(running)

    def _keys(self) -> Reading:
        quiet, wait = self.quiet_seconds, self._settings.idle_seconds
        text = f"last key {quiet:.0f} s ago, training starts after {wait:.0f} s"
        return Reading("nobody is typing", text, quiet >= wait)

    def _reply(self) -> Reading:
        busy = self._busy()
        return Reading("no reply is being made", "a reply is being made" if busy else "the model is free", not busy)

    def not_paused(self) -> Reading:
        """Whether the user lets updates start by themselves."""
        if not self._paused():
            return Reading("not paused", "you have not paused it", True)
        until = self._paused_until()
        text = f"no update starts until {_clock(until, self._now())}, or `{RESUME}`" if until else PAUSED
        return Reading("not paused", text, False)

    def _rested(self) -> Reading:
        left = self._rest_until - self._clock()
        if left <= 0:
            return Reading("no failure just now", "the last update did not fail just now", True)
        text = f"next try in {left / 60:.0f} min, since the last one ended so: {self._rest_reason}"
        return Reading("no failure just now", text, False)


def _clock(moment: datetime, now: datetime) -> str:
    """`14:30`, with the date where that is another day."""
    return moment.strftime("%H:%M" if moment.date() == now.date() else "%Y-%m-%d %H:%M")
