"""The pulse of a device: when its silence becomes a fault, and when a fault is over."""

from collections.abc import Iterator

from edge.readings import DeviceFault, DeviceReady, Nanoseconds

# The code of a device that has not answered since its port was opened; a person never reads it.
_UNHEARD = "unheard"


class Pulse:
    """Says each change once: a fault when it begins, DeviceReady when it is over or the device starts again.

    `silent` is the fault of a device from which no valid answer has come for `patience_ns`. A driver that was
    never opened has no port, and so neither silence nor readiness to tell of.
    """

    def __init__(self, patience_ns: int, silent: DeviceFault) -> None:
        self._patience_ns = patience_ns
        self._silent = silent
        self._trouble: str | None = None
        self._heard = False
        self._since_ns: Nanoseconds | None = None

    def opened(self, now_ns: Nanoseconds) -> None:
        """Wait for the first answer on a port that has just been opened."""
        self._trouble = _UNHEARD
        self._heard = False
        self._since_ns = now_ns

    def alive(self) -> Iterator[DeviceReady]:
        """A valid answer came that ends a silence, but says nothing of any other trouble."""
        self._heard = True
        if self._trouble in {_UNHEARD, self._silent.code}:
            yield from self.restarted()

    def well(self) -> Iterator[DeviceReady]:
        """The device does its work: whatever trouble it had is over."""
        self._heard = True
        if self._trouble is not None:
            yield from self.restarted()

    def restarted(self) -> Iterator[DeviceReady]:
        """The device has begun anew: its zero and its tare are not what they were."""
        self._heard = True
        self._trouble = None
        yield DeviceReady()

    def troubled(self, fault: DeviceFault) -> Iterator[DeviceFault]:
        """The device itself says that it cannot do its work: an answer too, so it is not silent."""
        self._heard = True
        yield from self._tell(fault)

    def tick(self, now_ns: Nanoseconds) -> Iterator[DeviceFault]:
        """Take note of the time; silence since longer than the patience is a fault."""
        if self._since_ns is None:
            return
        if self._heard:
            self._since_ns = now_ns
            self._heard = False
        elif now_ns - self._since_ns >= self._patience_ns:
            yield from self._tell(self._silent)

    @property
    def since_ns(self) -> Nanoseconds | None:
        """When the port was opened or the last sign of life was noted; None before."""
        return self._since_ns

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When silence would become a fault; None when it is one already, or there is no port."""
        if self._since_ns is None or self._trouble == self._silent.code:
            return None
        return Nanoseconds(self._since_ns + self._patience_ns)

    def _tell(self, fault: DeviceFault) -> Iterator[DeviceFault]:
        if self._trouble != fault.code:
            self._trouble = fault.code
            yield fault
