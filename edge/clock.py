"""The clocks of the object, as everything below the composition roots is handed them."""

import secrets
import time
from pathlib import Path
from typing import Final, Literal, Protocol

from edge.readings import Nanoseconds

ClockQuality = Literal["trusted", "untrusted"]

# The kernel's own word for "a time daemon has set this clock" is the absence of STA_UNSYNC; systemd-timesyncd
# leaves this file behind when it has done so (systemd-timesyncd.service(8)).
_SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")

# The kernel gives each run of the machine a number of its own (proc_sys_kernel(5)).
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """What the rooms ask of time."""

    def now_ns(self) -> Nanoseconds:
        """Monotonic time: never goes back while the machine runs, means nothing across boots."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since 1970 in UTC, as well as this machine knows."""
        ...

    def quality(self) -> ClockQuality:
        """Whether something outside has confirmed the wall clock since the machine started."""
        ...


# A time daemon sets the clock once after a start: to look for its word with every entry would cost more than
# to read the clock.
_LOOKED_EVERY_NS: Final = 1_000_000_000


class SystemClock:
    """The machine's own clocks."""

    def __init__(self) -> None:
        self._quality: ClockQuality = "untrusted"
        self._looked_ns: int | None = None

    def now_ns(self) -> Nanoseconds:
        """CLOCK_MONOTONIC in nanoseconds."""
        return Nanoseconds(time.monotonic_ns())

    def wall_ms(self) -> int:
        """CLOCK_REALTIME in milliseconds."""
        return time.time_ns() // 1_000_000

    def quality(self) -> ClockQuality:
        """Trusted once a time daemon has set the clock; looked up once a second."""
        now_ns = self.now_ns()
        if self._looked_ns is None or now_ns - self._looked_ns >= _LOOKED_EVERY_NS:
            self._looked_ns = now_ns
            self._quality = "trusted" if _SYNCHRONISED.exists() else "untrusted"
        return self._quality


class HubClock:
    """The machine's clock; while nothing has set it, it is never earlier than what the hub has proved.

    Its quality stays that of the machine's: a hub's word may be late, and is no time daemon.
    """

    def __init__(self, machine: Clock) -> None:
        self._machine = machine
        self._least_ms: int | None = None  # what was proved, less our monotonic time then

    def now_ns(self) -> Nanoseconds:
        """The machine's monotonic time."""
        return self._machine.now_ns()

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        wall_ms = self._machine.wall_ms()
        if self._least_ms is None or self._machine.quality() == "trusted":
            return wall_ms
        return max(wall_ms, self._least_ms + self._mono_ms())

    def quality(self) -> ClockQuality:
        """Whether something on this machine has confirmed the wall clock."""
        return self._machine.quality()

    def proved(self, at_ms: int) -> None:
        """The hub signed something at `at_ms`: it is not earlier now."""
        least_ms = at_ms - self._mono_ms()
        self._least_ms = least_ms if self._least_ms is None else max(self._least_ms, least_ms)

    def _mono_ms(self) -> int:
        return self._machine.now_ns() // 1_000_000


def boot_id() -> str:
    """The number of this run of the machine; another one each time where the kernel does not tell."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return secrets.token_hex(16)
