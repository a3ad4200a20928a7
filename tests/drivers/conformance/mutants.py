"""Drivers that each break one promise: the battery must find every one of them, or it proves nothing."""

from collections.abc import Iterator
from typing import Final

from edge.drivers.driver import Driver
from edge.drivers.rfid import r200_frames
from edge.readings import (
    DeviceFault,
    DeviceReady,
    Garbled,
    Milligrams,
    Nanoseconds,
    Reading,
    TagSeen,
    Weighed,
)


class Mutant:
    """A right driver in wrong hands: what a mutant does not override is done right."""

    def __init__(self, right: Driver) -> None:
        self._right = right

    @property
    def pending(self) -> int:
        return self._right.pending

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        return self._right.deadline_ns

    def opened(self, now_ns: Nanoseconds) -> None:
        self._right.opened(now_ns)

    def receive(self, data: bytes) -> Iterator[Reading]:
        yield from self._right.receive(data)

    def to_send(self) -> bytes:
        return self._right.to_send()

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        yield from self._right.tick(now_ns)


class Trusting(Mutant):
    """It mends the checksum of a frame instead of refusing it."""

    def receive(self, data: bytes) -> Iterator[Reading]:
        frame = bytearray(data)
        if len(frame) > 7 and frame[0] in r200_frames.ENDS:
            frame[-2] = sum(frame[1:-2]) & 0xFF
        yield from self._right.receive(bytes(frame))


class Hoarder(Mutant):
    """It keeps all that ever came, for later."""

    def __init__(self, right: Driver) -> None:
        super().__init__(right)
        self._kept: list[bytes] = []

    def receive(self, data: bytes) -> Iterator[Reading]:
        self._kept.append(bytes(data))
        yield from self._right.receive(data)


class Patient(Mutant):
    """It waits for ever for the rest of a frame: for it, time stands still."""

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        yield from self._right.tick(Nanoseconds(min(now_ns, 0)))


class ZeroForSilence(Mutant):
    """It takes no answer for an empty plate."""

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        for reading in self._right.tick(now_ns):
            yield Weighed(Milligrams(0), steady=True) if isinstance(reading, DeviceFault) else reading


class Deaf(Mutant):
    """Once it has heard noise it understands nothing any more."""

    def __init__(self, right: Driver) -> None:
        super().__init__(right)
        self._confused = False

    def receive(self, data: bytes) -> Iterator[Reading]:
        for reading in self._right.receive(data):
            self._confused |= isinstance(reading, Garbled)
            if not self._confused:
                yield reading


class Whole(Mutant):
    """It takes each piece that the port hands out for a whole frame."""

    def receive(self, data: bytes) -> Iterator[Reading]:
        if data.endswith(b"\r\n"):
            yield from self._right.receive(data)


class Brittle(Mutant):
    """It reads every byte as a character."""

    def receive(self, data: bytes) -> Iterator[Reading]:
        yield from self._right.receive(data.decode("ascii").encode())


class Hopeful(Mutant):
    """It takes every weight for a steady one."""

    def receive(self, data: bytes) -> Iterator[Reading]:
        for reading in self._right.receive(data):
            yield Weighed(reading.weight_mg, steady=True) if isinstance(reading, Weighed) else reading


class Once(Mutant):
    """It does not tell what it has told before."""

    def __init__(self, right: Driver) -> None:
        super().__init__(right)
        self._told: set[Reading] = set()

    def receive(self, data: bytes) -> Iterator[Reading]:
        for reading in self._right.receive(data):
            if reading not in self._told:
                self._told.add(reading)
                yield reading


class Restless(Mutant):
    """It always has something to do at once."""

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        return None if self._right.deadline_ns is None else Nanoseconds(0)


class Chatterbox(Mutant):
    """It says its question again whenever it is asked for one."""

    def __init__(self, right: Driver) -> None:
        super().__init__(right)
        self._last = b""

    def to_send(self) -> bytes:
        self._last = self._right.to_send() or self._last
        return self._last


class Sulking(Mutant):
    """It asks no more when it was not answered once."""

    def __init__(self, right: Driver) -> None:
        super().__init__(right)
        self._sulks = False

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        for reading in self._right.tick(now_ns):
            self._sulks |= isinstance(reading, DeviceFault)
            yield reading

    def to_send(self) -> bytes:
        sent = self._right.to_send()
        return b"" if self._sulks else sent


class Guessing(Mutant):
    """It sees in noise the tag that it saw last."""

    def receive(self, data: bytes) -> Iterator[Reading]:
        for reading in self._right.receive(data):
            yield TagSeen("0" * 24) if isinstance(reading, Garbled) else reading


class Quiet(Mutant):
    """It never says how its device is."""

    def receive(self, data: bytes) -> Iterator[Reading]:
        return (each for each in self._right.receive(data) if not isinstance(each, DeviceReady))

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        return (each for each in self._right.tick(now_ns) if not isinstance(each, DeviceFault))


class Stammerer(Mutant):
    """It tells everything twice."""

    def receive(self, data: bytes) -> Iterator[Reading]:
        for reading in self._right.receive(data):
            yield from (reading, reading)


# What breaks, whose promise it is, and how the battery calls the examinations and faults that must find it.
MUTANTS: Final[tuple[tuple[type[Mutant], str, frozenset[str]], ...]] = (
    (Trusting, "r200", frozenset({"meant", "hurt"})),
    (Hoarder, "r200", frozenset({"endless"})),
    (Patient, "r200", frozenset({"endless"})),
    (ZeroForSilence, "mt-sics", frozenset({"silence"})),
    (Deaf, "r200", frozenset({"late", "noisy"})),
    (Whole, "mt-sics", frozenset({"cut", "pieces of one byte"})),
    (Hopeful, "mt-sics", frozenset({"meant", "unsteady", "overload"})),
    (Once, "mt-sics", frozenset({"again"})),
    (Restless, "r200", frozenset({"still"})),
    (Chatterbox, "mt-sics", frozenset({"still"})),
    (Sulking, "mt-sics", frozenset({"silence"})),
    (Guessing, "r200", frozenset({"meant", "hurt", "noise"})),
    (Quiet, "mt-sics", frozenset({"silence", "unplugged"})),
    (Stammerer, "serial-scanner", frozenset({"meant", "restart"})),
)
