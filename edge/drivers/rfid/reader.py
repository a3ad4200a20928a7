"""What the drivers of readers that are asked have in common: frames in, one thing to be done at a time."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from edge.drivers.alarm import Alarm
from edge.drivers.framing import FrameCutter, Shape
from edge.drivers.pulse import Pulse
from edge.readings import Garbled, Nanoseconds, Reading


class AskedReader(ABC):
    """A subclass begins a session, understands a frame, and does what is due when its alarm rings."""

    def __init__(self, shape: Shape, pulse: Pulse) -> None:
        self._shape = shape
        self._cutter = FrameCutter(shape)
        self._pulse = pulse
        self._outgoing = b""
        self._alarm = Alarm()

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, a frame and of which nothing has been said."""
        return self._cutter.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._cutter.deadline_ns, self._pulse.deadline_ns, self._alarm.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened: nothing of the old stream counts."""
        self._cutter = FrameCutter(self._shape)
        self._pulse.opened(now_ns)
        self._begin(now_ns)

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        for piece in self._cutter.cut(data):
            yield from self._understood(piece)

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: give up half a frame, tell of silence, do what is due."""
        for piece in self._cutter.tick(now_ns):
            yield from self._understood(piece)
        yield from self._pulse.tick(now_ns)
        if self._alarm.rings(now_ns):
            yield from self._due(now_ns)

    @abstractmethod
    def _begin(self, now_ns: Nanoseconds) -> None:
        """Ask the first question of a session."""

    @abstractmethod
    def _due(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Do what the alarm was set for."""

    @abstractmethod
    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        """What one frame, or the noise before it, means."""
