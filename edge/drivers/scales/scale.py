"""What the drivers of scales have in common: they listen; most of them ask, one question at a time."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import msgspec

from edge.drivers.pulse import Pulse
from edge.drivers.scales.parity import Parity, heard, said
from edge.readings import DeviceFault, Garbled, Nanoseconds, Reading

# A question and its answer take about 20 ms at 9600 baud: five a second leave the line idle for most of the
# time, and a shopper sees a weight as soon as it has settled.
ASK_EVERY_NS: Final = 200_000_000
# Scales answer within one cycle of their converter; after a second the question or its answer was lost ("one
# second should be more than adequate", METTLER TOLEDO "DIVA Service Manual" 72191202, page 34).
ANSWER_PATIENCE_NS: Final = 1_000_000_000
# A wish lasts for so many questions: six seconds of a scale that never rests, or 15 refusals.
WISH_ASKS_MAX: Final = 30


class Cutter(Protocol):
    """What cuts a stream into frames or lines."""

    @property
    def pending(self) -> int:
        """Bytes that are not, or not yet, something whole."""
        ...

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When the rest of what is pending is given up."""
        ...

    def cut(self, data: bytes) -> Iterator[bytes | Garbled]:
        """The pieces that these bytes complete."""
        ...

    def tick(self, now_ns: Nanoseconds) -> Iterator[bytes | Garbled]:
        """Take note of the time."""
        ...


class ListeningScale(ABC):
    """A scale that talks by itself; `_said` of a subclass understands one piece of what it says."""

    def __init__(self, fresh: Callable[[], Cutter], pulse: Pulse, parity: Parity = "line") -> None:
        self._fresh = fresh
        self._cutter = fresh()
        self._pulse = pulse
        self._parity = parity
        self._outgoing = b""

    @property
    def pending(self) -> int:
        """Bytes received that are not, or not yet, something whole."""
        return self._cutter.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._cutter.deadline_ns, self._pulse.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened: nothing of the old stream counts."""
        self._cutter = self._fresh()
        self._pulse.opened(now_ns)
        self._outgoing = b""

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The readings that these bytes complete."""
        for piece in self._cutter.cut(heard(data, self._parity)):
            yield from self._understood(piece)

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return said(outgoing, self._parity)

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: give up half a frame, tell of silence."""
        yield from self._given_up(now_ns)
        yield from self._pulse.tick(now_ns)

    def _given_up(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        for piece in self._cutter.tick(now_ns):
            yield from self._understood(piece)

    def _understood(self, piece: bytes | Garbled) -> Iterator[Reading]:
        if isinstance(piece, Garbled):
            yield piece
        else:
            yield from self._said(piece)

    @abstractmethod
    def _said(self, piece: bytes) -> Iterator[Reading]:
        """The readings of one piece."""


class Wish(msgspec.Struct):
    """What a scale is to be set to: asked for when it rests, again when it refuses, not for ever."""

    question: bytes
    refused: DeviceFault
    granted: Callable[[bytes], bool]
    """Whether the status bytes of the answer show that it was done."""
    asks: int = 0
    asked: bool = False

    @classmethod
    def vain(cls, refused: DeviceFault) -> "Wish":
        """One that this scale can never grant: it is refused at the next occasion."""
        return cls(b"", refused, lambda _: False, asks=WISH_ASKS_MAX)


class AskedScale(ListeningScale):
    """A scale that speaks when it is asked: the next question follows its answer, or its silence."""

    def __init__(
        self, fresh: Callable[[], Cutter], pulse: Pulse, question: bytes, parity: Parity = "line"
    ) -> None:
        super().__init__(fresh, pulse, parity)
        self._question = question
        self._asked_ns: Nanoseconds | None = None
        self._ask_at_ns: Nanoseconds | None = None
        self._steady = False
        self._wish: Wish | None = None

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (super().deadline_ns, self._ask_at_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a port that has just been opened, and ask."""
        super().opened(now_ns)
        self._steady = False
        self._wish = None
        self._send(self._question, now_ns)

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: give up half a frame, ask again, tell of silence."""
        yield from self._given_up(now_ns)
        if self._ask_at_ns is not None and now_ns >= self._ask_at_ns:
            yield from self._ask(now_ns)
        yield from self._pulse.tick(now_ns)

    def _ask(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        if self._wish is not None:
            self._wish.asked = False
            self._wish.asks += 1
            if self._wish.asks > WISH_ASKS_MAX:
                yield from self._refused(self._wish)
        if self._wish is not None and self._steady:
            self._wish.asked = True
            self._steady = False
            self._send(self._wish.question, now_ns)
        else:
            self._send(self._question, now_ns)

    def _send(self, question: bytes, now_ns: Nanoseconds) -> None:
        self._outgoing = question
        self._asked_ns = now_ns
        self._ask_at_ns = Nanoseconds(now_ns + ANSWER_PATIENCE_NS)

    def _answered(self, every_ns: int = ASK_EVERY_NS) -> None:
        """The answer has come: the next question is due at its pace."""
        if self._asked_ns is not None:
            self._ask_at_ns = Nanoseconds(self._asked_ns + every_ns)

    def _wish_answered(self, status: bytes) -> Iterator[Reading]:
        """What the status says of a wish that was asked for; without one, the scale is just alive."""
        wish = self._wish
        if wish is None or not wish.asked:
            yield from self._pulse.alive()
        elif wish.granted(status):
            self._wish = None
            yield from self._pulse.restarted()
        else:  # weighed before it is asked for again: a scale takes its zero with a weighing
            self._steady = False
            yield from self._pulse.alive()

    def _refused(self, wish: Wish) -> Iterator[Reading]:
        self._wish = None
        yield from self._pulse.troubled(wish.refused)
