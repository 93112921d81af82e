"""A machine whose sensors read what a test says; calm until then."""

from __future__ import annotations

from clawlocal.sensors import Battery, Heat, Sensors


class Machine(Sensors):
    """Two cores, nothing else running, on mains, no heat, memory enough."""

    def __init__(self) -> None:
        self.cores = 2
        self.busy_cores: float | None = 0.0
        self.battery_left: Battery | None = None
        self.hot: Heat | None = None
        self.free = 4 * 10**9

    def settle(self) -> None:
        pass

    def others(self) -> float | None:
        return self.busy_cores

    def battery(self) -> Battery | None:
        return self.battery_left

    def heat(self) -> Heat | None:
        return self.hot

    def free_memory(self) -> int:
        return self.free
