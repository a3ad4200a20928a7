"""A PN532 on its high speed UART (NXP UM0701-02): it sleeps until it is woken, and lists cards of type A."""

import random
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, ClassVar, Final

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import SAID_FRAMES_MAX
from simulators.devices.rfid.cards import VERBS, Cards
from simulators.devices.rfid.pn532_frames import ACK, ERROR, FrameReader, Sign, frame

FIRMWARE, STATUS, SET_BAUD, SAM, POWER_DOWN = 0x02, 0x04, 0x10, 0x14, 0x16
RF, EXCHANGE, DESELECT, LIST, RELEASE = 0x32, 0x40, 0x44, 0x4A, 0x52
# Chip 32h, version 1.6, and what it supports: type A, type B, ISO 18092.
ABOUT: Final = bytes.fromhex("32010607")
TYPE_A: Final = 0x00
TARGETS_MAX: Final = 2
# Item 5 of RFConfiguration: how often activation is tried again, FFh for ever.
RETRIES_ITEM, FOR_EVER = 0x05, 0xFF
TIMED_OUT, NO_SUCH_TARGET, GOOD = 0x01, 0x27, 0x00
RATES: Final = range(9)

# What a card of each size of its number answers: ATQA and SAK of a MIFARE Classic 1K, an NTAG, and one with a
# number of ten bytes.
CARDS: Final = {
    4: (b"\x00\x04", b"\x08"),
    7: (b"\x00\x44", b"\x00"),
    10: (b"\x00\x84", b"\x00"),
}
# The fifth rising edge on the line wakes the chip (section 6.2.3.3); a byte 55h has five, a byte 00h one.
WAKING_EDGES: Final = 5
ANSWER_NS: Final = 2_000_000
# One attempt at a card of type A.
ATTEMPT_NS: Final = 5_000_000
# While a card is held at the edge of the field, so many of a hundred attempts fail.
MISSED_PERCENT: Final = 60

Data = bytes | None


class Pn532:
    """The chip; `luck` decides which attempts fail at the edge of the field."""

    kind = "pn532"
    baud = 115_200
    terminator = b"\x00"
    verbs: tuple[str, ...] = VERBS

    def __init__(self, luck: random.Random) -> None:
        self._luck = luck
        self._cards = Cards(tuple(CARDS), TARGETS_MAX)
        self._shaken_until_ns = 0
        self._frames = FrameReader()
        self.power_on(0)

    def power_on(self, _now_ns: int, /) -> None:
        """Start over, asleep."""
        self._frames.forget()
        self._said: list[bytes] = []
        self._edges = 0
        self._awake = False
        self._retries = FOR_EVER
        self._listed: list[bytes] = []
        self._answer: tuple[int, bytes] | None = None
        self._last: bytes | None = None
        self._looking: tuple[int, int] | None = None
        self._attempts = 0

    # The hand.

    def put(self, uid: str) -> None:
        """Lay a card down."""
        self._cards.put(uid)

    def take(self, uid: str) -> None:
        """Take a card away."""
        self._cards.take(uid)

    def shake(self, until_ns: int, /) -> None:
        """Hold the cards at the edge of the field."""
        self._shaken_until_ns = until_ns

    def obey(self, order: Mapping[str, Any], _now_ns: int, /) -> None:
        """Do what a hand asks."""
        self._cards.obey(order)

    def world(self) -> dict[str, Any]:
        """Say which cards lie there."""
        return self._cards.world()

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Put everything back."""
        self._cards.restore(world)

    # The cable.

    @property
    def wakes_ns(self) -> int | None:
        """When the answer is ready, or the next attempt at a card is over."""
        if self._answer:
            return self._answer[0]
        return self._looking[0] if self._looking else None

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host: they wake the chip, or make a frame."""
        for said in self._frames.receive(self._woken(data)):
            if said is Sign.ACK:
                self._answer = self._looking = None
            elif said is Sign.NACK:
                if self._last is not None:
                    self._answer = (now_ns, self._last)
            else:
                self._begin(said, now_ns)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the frames that are due."""
        if self._looking and now_ns >= self._looking[0]:
            self._look(now_ns)
        if self._answer and now_ns >= self._answer[0]:
            self._last = self._answer[1]
            self._answer = None
            self._say(self._last)
        said, self._said = self._said, []
        return said

    def _say(self, whole: bytes) -> None:
        if len(self._said) < SAID_FRAMES_MAX:
            self._said.append(whole)

    def _woken(self, data: bytes) -> bytes:
        """Count rising edges while it sleeps; what comes after the fifth is heard."""
        for place, byte in enumerate(data):
            if self._awake:
                return data[place:]
            self._edges += _rising_edges(byte)
            self._awake = self._edges >= WAKING_EDGES
        return b""

    # The commands.

    def _begin(self, command: bytes, now_ns: int) -> None:
        """Acknowledge at once and answer when it is done; a new command ends the one under way."""
        self._say(ACK)
        self._looking = self._answer = None
        code, parameters = command[0], command[1:]
        if code == LIST:
            self._begin_list(parameters, now_ns)
            return
        answer = self._ANSWERS.get(code)
        data = answer(self, parameters) if answer else None
        whole = ERROR if data is None else frame(bytes((code + 1,)) + data)
        self._answer = (now_ns + ANSWER_NS, whole)

    def _begin_list(self, parameters: bytes, now_ns: int) -> None:
        if len(parameters) < 2 or not 1 <= parameters[0] <= TARGETS_MAX:
            self._answer = (now_ns + ANSWER_NS, ERROR)
        else:
            # Of another kind than type A there is never a card here.
            most = parameters[0] if parameters[1] == TYPE_A else 0
            self._looking = (now_ns + ATTEMPT_NS, most)
            self._attempts = 0

    def _look(self, now_ns: int) -> None:
        """Make one attempt; without a card the next one follows, as often as the host has set."""
        _, most = self._looking or (0, 0)
        found = [uid for uid in self._cards.uids if not self._missed(now_ns)][:most]
        self._attempts += 1
        if found or (self._retries != FOR_EVER and self._attempts > self._retries):
            self._looking = None
            self._listed = found
            targets = (_target(number, uid) for number, uid in enumerate(found, 1))
            self._answer = (now_ns, frame(bytes((LIST + 1, len(found))) + b"".join(targets)))
        else:
            self._looking = (now_ns + ATTEMPT_NS, most)

    def _missed(self, now_ns: int) -> bool:
        return now_ns < self._shaken_until_ns and self._luck.randrange(100) < MISSED_PERCENT

    def _about(self, _parameters: bytes) -> Data:
        return ABOUT

    def _status(self, _parameters: bytes) -> Data:
        # No error, no field from outside, no target, and the status of a SAM that is not there.
        return bytes((0, 0, 0, 0x80))

    def _sam(self, parameters: bytes) -> Data:
        return b"" if parameters and 1 <= parameters[0] <= 4 else None

    def _rf(self, parameters: bytes) -> Data:
        if not parameters:
            return None
        if parameters[0] == RETRIES_ITEM:
            if len(parameters) != 4:
                return None
            self._retries = parameters[3]
        return b""

    def _set_baud(self, parameters: bytes) -> Data:
        """Agree to a rate; the line keeps its own, since a pty has none to change."""
        return b"" if len(parameters) == 1 and parameters[0] in RATES else None

    def _exchange(self, parameters: bytes) -> Data:
        """Answer for a card that has nothing to say: time-out while it is there, else no such target."""
        number = parameters[0] if parameters else 0
        there = 1 <= number <= len(self._listed) and self._listed[number - 1] in self._cards.uids
        return bytes((TIMED_OUT if there else NO_SUCH_TARGET,))

    def _release(self, _parameters: bytes) -> Data:
        self._listed = []
        return bytes((GOOD,))

    def _power_down(self, _parameters: bytes) -> Data:
        self._awake, self._edges = False, 0
        return bytes((GOOD,))

    _ANSWERS: ClassVar[Mapping[int, Callable[..., Data]]] = {
        FIRMWARE: _about,
        STATUS: _status,
        SET_BAUD: _set_baud,
        SAM: _sam,
        POWER_DOWN: _power_down,
        RF: _rf,
        EXCHANGE: _exchange,
        DESELECT: _release,
        RELEASE: _release,
    }


def _target(number: int, uid: bytes) -> bytes:
    """Build what InListPassiveTarget tells of a card of type A at 106 kbit/s."""
    atqa, sak = CARDS[len(uid)]
    return bytes((number,)) + atqa + sak + bytes((len(uid),)) + uid


def _rising_edges(byte: int) -> int:
    """Count the edges of a byte between its start bit, which is low, and its stop bit, which is high."""
    wave = [0, *(byte >> place & 1 for place in range(8)), 1]
    return sum(before < after for before, after in pairwise(wave))


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a chip on a bench."""

    def device(self, luck: random.Random) -> Pn532:
        """Make the chip."""
        return Pn532(luck)
