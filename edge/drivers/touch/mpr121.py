"""The driver of touch-key chips on I2C: the MPR121, and the CAP1188 as a second chip with fewer needs.

Sources: Freescale/NXP "MPR121 Proximity Capacitive Touch Sensor Controller" (Rev. 4, 02/2013) for the status
word, the over-current flag and the rule that a chip is only set while it stands still; the set-up values of
github esphome/esphome, components mpr121 and cap1188; github adafruit/Adafruit_CAP1188_Library.

An answer is known by its length, so that a recording can be read without its questions.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from edge.drivers.alarm import Alarm
from edge.drivers.framing import garbled
from edge.drivers.pulse import Pulse
from edge.readings import ButtonPressed, DeviceFault, Garbled, Nanoseconds, Reading

# A tap is 80 ms or longer: at 25 questions a second none is missed, and the bus is busy for 1 % of the time.
ASK_EVERY_NS: Final = 40_000_000
# Once a second a chip is looked after: whether it has lost its power, and with it its settings.
CARE_ASKS: Final = 25
# A transaction takes less than a millisecond: the rest of half an answer does not come after so long.
ANSWER_PATIENCE_NS: Final = 200_000_000
# What we read at most in one transaction.
_READ_BYTES_MAX: Final = 2

_SILENT: Final = DeviceFault(
    "device.silent", "The touch keys are not there: check their wires, their power and their I2C address."
)
_OVER_CURRENT: Final = DeviceFault(
    "buttons.over-current", "The touch keys draw too much current: check the board for moisture and shorts."
)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which chip it is, and how its keys are built."""

    chip: Literal["mpr121", "cap1188"] = "mpr121"
    keys: Annotated[int, Meta(ge=1, le=12)] = 12
    """How many of the MPR121's electrodes are in use, from the first."""
    touch_threshold: Annotated[int, Meta(ge=1, le=255)] = 12
    release_threshold: Annotated[int, Meta(ge=1, le=255)] = 6
    """Lower than the one to touch, so that a finger at rest does not flutter."""
    debounce: Annotated[int, Meta(ge=0, le=7)] = 1
    """So many more samples must agree, for a touch and for a release."""
    silence_ms: Annotated[int, Meta(gt=0)] = 2000
    """So long without an answer is a fault: fifty questions."""


class _Chip(msgspec.Struct, frozen=True):
    """One kind of chip: what to ask, what the answers mean, what to write."""

    status: bytes
    width: int
    keys: int
    setup: bytes
    care: bytes
    """What is sent once a second."""
    unused: int = 0
    """Bits of the status that are never set."""
    over_current: int = 0
    clear_over_current: bytes = b""
    clear_touch: bytes = b""
    running: int | None = None
    """What `care` answers when the chip runs as it was set; None when it answers nothing."""


def _read(register: int, count: int) -> bytes:
    return bytes([1, count, register])


def _write(register: int, *values: int) -> bytes:
    return bytes([1 + len(values), 0, register, *values])


def _mpr121(settings: Settings) -> _Chip:
    running = 0x80 | settings.keys  # the baseline starts from what is measured first
    thresholds = [settings.touch_threshold, settings.release_threshold] * 12
    debounce = settings.debounce << 4 | settings.debounce
    setup = (
        _write(0x5E, 0x00)  # stopped: nothing else may be written while it runs
        + _write(0x41, *thresholds)
        + _write(0x2B, 0x01, 0x01, 0x0E, 0x00, 0x01, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00)  # baseline filter
        + _write(0x5B, debounce)
        + _write(0x5C, 0x10, 0x20)  # 16 uA, 0.5 us, a sample each millisecond
        + _write(0x5E, running)
    )
    return _Chip(
        status=_read(0x00, 2),
        width=2,
        keys=(1 << settings.keys) - 1,
        setup=setup,
        care=_read(0x5E, 1),
        unused=0x6000,
        over_current=0x8000,
        clear_over_current=_write(0x01, 0x80),
        running=running,
    )


def _cap1188(_settings: Settings) -> _Chip:
    setup = _write(0x2A, 0x00) + _write(0x41, 0x30)  # several keys at once; ready sooner from its standby
    # A touch stays in the status until the interrupt bit is cleared.
    return _Chip(
        status=_read(0x03, 1), width=1, keys=0xFF, setup=setup, care=setup, clear_touch=_write(0x00, 0x00)
    )


_CHIPS: Final = {"mpr121": _mpr121, "cap1188": _cap1188}


class TouchKeys:
    """A ButtonPressed for each touch and each release, by the number of the electrode."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._chip = _CHIPS[self._settings.chip](self._settings)
        self._pulse = Pulse(self._settings.silence_ms * 1_000_000, _SILENT)
        self._touched = 0
        self._outgoing = b""
        self._ask_at_ns: Nanoseconds | None = None
        self._start()

    @property
    def pending(self) -> int:
        """Bytes that are no whole answer."""
        return len(self._buffer)

    @property
    def deadline_ns(self) -> Nanoseconds | None:
        """When `tick` has something to do."""
        deadlines = (self._ask_at_ns, self._pulse.deadline_ns, self._alarm.deadline_ns)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def opened(self, now_ns: Nanoseconds) -> None:
        """Start over on a bus that has just been opened; nothing is written before the chip has answered."""
        self._start()
        self._pulse.opened(now_ns)
        self._ask(now_ns)

    def receive(self, data: bytes) -> Iterator[Reading]:
        """The changes that these answers tell."""
        self._buffer += data
        while len(self._buffer) >= 2:
            error, size = self._buffer[:2]
            if size > _READ_BYTES_MAX or (error and size):
                yield from self._noise()
            elif len(self._buffer) < 2 + size:
                break
            else:
                answer = bytes(self._buffer[2 : 2 + size])
                del self._buffer[: 2 + size]
                if not error:
                    yield from self._answered(answer)
        if self._buffer:
            self._alarm.set(ANSWER_PATIENCE_NS)
        else:
            self._alarm.off()

    def to_send(self) -> bytes:
        """What is to be sent now; it is handed out once."""
        outgoing, self._outgoing = self._outgoing, b""
        return outgoing

    def tick(self, now_ns: Nanoseconds) -> Iterator[Reading]:
        """Take note of the time: give up half an answer, tell of silence, ask again."""
        if self._alarm.rings(now_ns):
            yield from self._noise()
        yield from self._pulse.tick(now_ns)
        if self._ask_at_ns is not None and now_ns >= self._ask_at_ns:
            self._ask(now_ns)

    def _start(self) -> None:
        self._buffer = bytearray()
        self._outgoing = b""
        self._asks = 0
        self._set_up = self._over = False
        self._ask_at_ns = None
        self._alarm = Alarm()

    def _ask(self, now_ns: Nanoseconds) -> None:
        # Before the first answer only questions: whoever has this address may be another chip.
        cares = self._asks % CARE_ASKS == 0 and (self._set_up or self._chip.running is not None)
        self._send(self._chip.status)
        self._send(self._chip.care if cares else b"")
        self._asks += 1
        self._ask_at_ns = Nanoseconds(now_ns + ASK_EVERY_NS)

    def _noise(self) -> Iterator[Garbled]:
        """What is in the buffer begins with no answer, and answers have no mark to look for: it all goes."""
        raw = bytes(self._buffer)
        self._buffer.clear()
        yield garbled(raw, "expected the answer of a touch-key chip, got bytes that are none")

    def _answered(self, answer: bytes) -> Iterator[Reading]:
        if len(answer) == self._chip.width:
            yield from self._status(answer)
        elif answer and self._chip.running is not None:
            yield from self._cared(answer[0])
        else:  # something was written
            yield from self._pulse.alive()

    def _status(self, answer: bytes) -> Iterator[Reading]:
        bits = int.from_bytes(answer, "little")
        if bits & self._chip.unused:
            yield garbled(answer, "expected a status, got bits that no status has")
        elif bits & self._chip.over_current:
            self._over = True
            self._send(self._chip.clear_over_current)
            yield from self._changed(0)
            yield from self._pulse.troubled(_OVER_CURRENT)
        else:
            self._over = False
            yield from self._pulse.well()
            yield from self._changed(bits & self._chip.keys)
            self._send(self._chip.clear_touch if bits else b"")
            if not self._set_up and self._chip.running is None:
                self._configure()

    def _cared(self, value: int) -> Iterator[Reading]:
        """The chip has said how it runs: as it was set, or it has started anew since."""
        yield from self._pulse.alive()
        if self._set_up and value == self._chip.running:
            return
        if self._set_up and not self._over:
            yield from self._changed(0)
            yield from self._pulse.restarted()
        self._configure()

    def _configure(self) -> None:
        self._set_up = True
        self._send(self._chip.setup)

    def _send(self, transactions: bytes) -> None:
        """Add to what goes out next; what is in there already need not go twice."""
        if transactions not in self._outgoing:
            self._outgoing += transactions

    def _changed(self, touched: int) -> Iterator[ButtonPressed]:
        before, self._touched = self._touched, touched
        for key in range((before | touched).bit_length()):
            if (before ^ touched) >> key & 1:
                yield ButtonPressed(key, down=bool(touched >> key & 1))


def driver(settings: Mapping[str, Any]) -> TouchKeys:
    """A new driver, set as a profile says."""
    return TouchKeys(msgspec.convert(settings, Settings))
