"""The clocks of the object, as everything below the composition roots is handed them."""

import time
from pathlib import Path
from typing import Final, Literal, Protocol

from edge.readings import Nanoseconds

ClockQuality = Literal["trusted", "untrusted"]

# The kernel's own word for "a time daemon has set this clock" is the absence of STA_UNSYNC; systemd-timesyncd
# leaves this file behind when it has done so (systemd-timesyncd.service(8)).
_SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")


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
