"""An alarm: when a driver has something to do, set by a driver that is not told the time as bytes come in."""

from edge.readings import Nanoseconds


class Alarm:
    """Rings once, a pause after the first tick that follows its setting; setting it again begins anew.

    A transport ticks as soon as a driver has received, so the tick that follows is the time of the bytes.
    """

    def __init__(self) -> None:
        self._pause_ns: int | None = None
        self._rings_ns: Nanoseconds | None = None

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When it rings; None when it does not, or when the tick that it waits for has not come."""
        return self._rings_ns

    def set(self, pause_ns: int, now_ns: Nanoseconds | None = None) -> None:
        """Ring after `pause_ns`, counted from `now_ns` where the time is known."""
        self._pause_ns = pause_ns
        self._rings_ns = None
        if now_ns is not None:
            self.rings(now_ns)

    def off(self) -> None:
        """Do not ring."""
        self._pause_ns = self._rings_ns = None

    def rings(self, now_ns: Nanoseconds) -> bool:
        """Take note of the time; whether it rings now."""
        if self._pause_ns is not None:
            self._rings_ns = Nanoseconds(now_ns + self._pause_ns)
            self._pause_ns = None
        elif self._rings_ns is not None and now_ns >= self._rings_ns:
            self._rings_ns = None
            return True
        return False
