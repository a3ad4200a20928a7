"""The examinations on bytes alone: each yields a sentence for each flaw that it finds in a driver."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from edge.drivers.driver import Driver
from edge.readings import LoadMoving, Nanoseconds, Reading, RoundEnded, Touched
from tests.drivers.conformance.memory import held_bytes
from tests.drivers.conformance.subjects import Subject, heard, payload
from tests.drivers.conformance.vectors import Vector
from tests.long_form import LONG

Examination = Callable[[Subject], Iterator[str]]

SECOND_NS: Final = 1_000_000_000
# Longer than any driver waits for the rest of a frame.
PAUSE_S: Final = 30
# Every offset of a short vector; a report of a thousand tags is cut at so many places of its length.
CUTS_MAX: Final = 250 if LONG else 100
# A driver that begins in the middle is fed several frames each time: fewer places do.
STARTS_MAX: Final = 40 if LONG else 16
RANDOM_NOISES: Final = 6 if LONG else 3
# Noise that looks like the beginning of a longer frame may hide what follows for as long as that frame.
HIDDEN_BYTES_MAX: Final = 1024
# What a driver may hold: more than the longest frame of a line, less than anybody would notice on a board.
HELD_BYTES_MAX: Final = 64 * 1024
# No protocol has a longer head of a frame, after which the rest is only waited for.
HEADS_MAX: Final = 10
BLOCK_BYTES: Final = 4096
FLOOD_BYTES: Final = HELD_BYTES_MAX * 3 // 2
# The fastest that a device is asked: a load cell whose file holds a new value eighty times a second.
WAKES_A_SECOND_MAX: Final = 100


def meant(subject: Subject) -> Iterator[str]:
    """Each vector is the readings that its source says, no more and no less."""
    for vector in subject.vectors:
        if wrong := vector.wrong(subject.whole(vector)):
            yield f"{vector.source}: {wrong}"


def cut(subject: Subject) -> Iterator[str]:
    """However a vector is cut, it is the same readings."""
    for vector in subject.vectors:
        whole = subject.whole(vector)
        for parts in _cuts(vector.data):
            if (got := heard(subject.fresh(vector.settings), *parts)) != whole:
                yield f"{vector.source}: cut at {len(parts[0])}: expected {whole}, got {got}"
                break


def again(subject: Subject) -> Iterator[str]:
    """What is said twice is heard twice; only what is said of the device itself is said once."""
    for vector in subject.good:
        driver = subject.fresh(vector.settings)
        first, second = heard(driver, vector.data), heard(driver, subject.later(vector.data, 1))
        if _told(second) != _told(first):
            yield f"{vector.source}: twice: expected {payload(first)} again, got {second}"


def late(subject: Subject) -> Iterator[str]:
    """Who begins to listen in the middle of a frame hears nothing that was not said, and then all."""
    for vector in subject.good:
        for start in _places(len(vector.data) // subject.traits.piece_bytes, STARTS_MAX):
            tail = vector.data[start * subject.traits.piece_bytes :]
            for flaw in _in_step(subject, vector, tail):
                yield f"{vector.source}: begun at {start}: {flaw}"


def noisy(subject: Subject) -> Iterator[str]:
    """After noise a driver is in step again within two whole frames."""
    for vector in subject.good:
        for noise in _noises(subject, vector):
            flaws = [*_in_step(subject, vector, vector.data, noise)]
            if not subject.traits.lasting:  # a key that noise has pressed stays down
                yield from (f"{vector.source}: after the noise {noise.hex()}: {flaw}" for flaw in flaws)


def hurt(subject: Subject) -> Iterator[str]:
    """Among whole frames, one that has lost a byte, or has a wrong checksum, is no other reading."""
    if subject.clean or not subject.traits.fixed:
        return
    for vector in subject.good:
        truth = _told(subject.whole(vector))
        for what, data in _wounds(vector.data, guarded=subject.traits.guarded):
            driver = subject.fresh(vector.settings)
            driver.opened(Nanoseconds(0))
            got = heard(driver, vector.data, data)
            yield from (f"{vector.source}: {what}: {flaw}" for flaw in _invented(got, truth))


def endless(subject: Subject) -> Iterator[str]:
    """However much comes that is no frame, a driver holds little, and gives it up when nothing follows."""
    for head, filler in _floods(subject):
        driver = subject.fresh({})
        pending = _flooded(driver, head, filler)
        what = f"{head.hex()} and {filler[:8].hex()} without end"
        if max(pending, held := held_bytes(driver)) > HELD_BYTES_MAX:
            yield f"{what}: {pending} bytes were pending, {held} are held"
        _paused(driver)
        if driver.pending:
            yield f"{what}: {driver.pending} bytes are still pending after a pause"


def still(subject: Subject) -> Iterator[str]:
    """A driver without a port wants nothing; one with a port says a thing once, and lets its loop sleep."""
    driver = subject.fresh({})
    if driver.deadline_ns is not None or driver.to_send():
        yield "before its port was opened it had a deadline, or something to send"
    driver.opened(Nanoseconds(0))
    asks = bool(driver.to_send())
    if asks and driver.to_send():
        yield "what is to be sent is handed out twice"
    yield from _wakes(driver)
    if not (asks or subject.traits.restless) and driver.deadline_ns is not None:
        yield f"its device may be silent for ever, and yet it waits for {driver.deadline_ns}"


EXAMINATIONS: Final[Mapping[str, Examination]] = {
    each.__name__: each for each in (meant, cut, again, late, noisy, hurt, endless, still)
}


def _places(size: int, most: int) -> range:
    """Offsets inside so many bytes: all of them, or evenly `most` where there are more."""
    return range(1, size, max(1, size // most))


def _cuts(data: bytes) -> Iterator[list[bytes]]:
    yield [bytes((byte,)) for byte in data]
    for place in _places(len(data), CUTS_MAX):
        yield [data[:place], data[place:]]


def _told(readings: Iterable[Reading]) -> list[Reading]:
    """What is said of goods and hands, whenever it was."""
    return [
        msgspec.structs.replace(each, at_us=0) if isinstance(each, Touched) else each
        for each in payload(readings)
    ]


def _in_step(subject: Subject, vector: Vector, *noise: bytes) -> Iterator[str]:
    """Whether a frame is understood after noise and two frames that may be lost to it, nothing invented.

    Once with a pause after the two frames, and once in an endless stream, which may have to reach beyond the
    end of the frame that the noise seemed to begin.
    """
    truth = _told(subject.whole(vector))
    for lost in (2, max(2, HIDDEN_BYTES_MAX // len(vector.data) + 1)):
        driver = subject.fresh(vector.settings)
        got = heard(driver, *noise, *(subject.later(vector.data, after) for after in range(1, lost + 1)))
        if lost == 2:
            got += _paused(driver)
        last = heard(driver, subject.later(vector.data, lost + 1 + PAUSE_S))
        if _told(last) != truth:
            yield f"{lost} frames later: expected {truth}, got {last}"
        if subject.traits.marked and not subject.clean:
            yield from _invented(got, truth)


def _paused(driver: Driver) -> list[Reading]:
    return [
        reading for pauses in range(3) for reading in driver.tick(Nanoseconds(pauses * PAUSE_S * SECOND_NS))
    ]


def _noises(subject: Subject, vector: Vector) -> Iterator[bytes]:
    luck = random.Random(vector.source)
    piece, data = subject.traits.piece_bytes, vector.data
    for _ in range(RANDOM_NOISES):
        yield luck.randbytes(luck.randint(1, 40) * piece)
    for filler in (b"\x00", b"\xff", b"\r", b"7"):
        yield filler * (9 * piece)
    yield data[:piece] * 3
    for part in range(1, 4):
        yield data[: max(1, len(data) * part // 4 // piece) * piece]


def _invented(got: Iterable[Reading], truth: list[Reading]) -> Iterator[str]:
    """What was told of goods and hands that are not there; an empty field or a moving load sells nothing."""
    for each in _told(got):
        if each not in truth and not isinstance(each, RoundEnded | LoadMoving):
            yield f"invented {each}"


def _wounds(data: bytes, *, guarded: bool) -> Iterator[tuple[str, bytes]]:
    for place in range(len(data)):
        before, byte, after = data[:place], data[place : place + 1], data[place + 1 :]
        yield f"byte {place} lost", before + after
        if guarded:
            yield f"byte {place} doubled", before + byte * 2 + after
            for bit in range(8):
                yield f"bit {bit} of byte {place} flipped", before + bytes((byte[0] ^ 1 << bit,)) + after


def _floods(subject: Subject) -> Iterator[tuple[bytes, bytes]]:
    """How floods begin, and what then comes without end."""
    luck = random.Random(1)
    for filler in (luck.randbytes(BLOCK_BYTES), b"\x00", b"\xff", b"\x20", b"7"):
        yield b"", filler
    data = max((vector.data for vector in subject.vectors), key=len, default=b"")
    yield b"", data[: len(data) * 2 // 3] or b"\x55"
    for place in _places(min(len(data), HEADS_MAX), HEADS_MAX):
        yield data[:place], b"\x00"
        yield data[:place], b"7"


def _flooded(driver: Driver, head: bytes, filler: bytes) -> int:
    """The most that was pending while the flood came."""
    block = (filler * (BLOCK_BYTES // len(filler) + 1))[:BLOCK_BYTES]
    most = 0
    for part in (head, *[block] * (FLOOD_BYTES // BLOCK_BYTES)):
        heard(driver, bytes(bytearray(part)))  # a copy: what is kept twice counts twice
        most = max(most, driver.pending)
    return most


def _wakes(driver: Driver) -> Iterator[str]:
    now = Nanoseconds(0)
    for _ in range(WAKES_A_SECOND_MAX * 30):
        list(driver.tick(now))
        driver.to_send()
        if (deadline := driver.deadline_ns) is None or deadline > 30 * SECOND_NS:
            return
        if deadline <= now:
            yield f"after tick({now}) its deadline is still {deadline}: a loop would spin"
            return
        now = deadline
    yield f"wakes more than {WAKES_A_SECOND_MAX} times a second while nobody says anything"
