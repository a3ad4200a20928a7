"""A ThingMagic module (M6E, M6E Nano, M7E) on its serial line: it reads on and on and streams records."""

import random
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final

import msgspec
from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import SAID_FRAMES_MAX, read_order
from simulators.devices.rfid.field import VERBS as FIELD_VERBS
from simulators.devices.rfid.field import BeforeAField, Field, Sighting
from simulators.devices.rfid.gen2 import tag_memory

HEAD: Final = 0xFF
VERSION, BOOT, READ, CLEAR, MULTI = 0x03, 0x04, 0x22, 0x2A, 0x2F
GET_POWER, GET_TEMPERATURE, ANTENNAS, SET_POWER, PROTOCOL = 0x62, 0x72, 0x91, 0x92, 0x93
REGION, OPTIONS = 0x97, 0x9A
OK, WRONG_LENGTH, NO_SUCH_COMMAND, POWER_TOO_HIGH, NO_SUCH_VALUE = 0x0000, 0x0100, 0x0101, 0x0103, 0x0105
NOTHING_NEW, TOO_HOT, HIGH_RETURN_LOSS = 0x0400, 0x0504, 0x0505
GEN2: Final = 0x05
# What MULTI does, in the byte behind its time-out: read and go on reading; stop.
START, STOP = 1, 2
# Bootloader, hardware (30h is the M6E Nano), date, firmware, and the protocols as bits, of which Gen2 is 4.
ABOUT: Final = bytes.fromhex("12120000 30000002 20161222 01070000 00000010")
POWER_DEFAULT_CDBM, POWER_MAX_CDBM = 500, 2700
CHANNEL_KHZ: Final = 921_600
# What stands before RSSI in a tag record; the meaning of the first bytes is not public.
BEFORE_RSSI: Final = bytes.fromhex("10001B01FF0101")
# What stands before the temperature in its record, as a real module was heard to say it.
BEFORE_TEMPERATURE: Final = bytes.fromhex("00011F028200820001")

# A host sends a command in one go; what stops for longer than this is the torso of a host that died.
PAUSE_NS: Final = 100_000_000
KEEPALIVE_NS: Final = 1_000_000_000
ROUND_NS: Final = (25_000_000, 40_000_000)
# The record of a 12-byte EPC takes this long at 115200 baud.
RECORD_NS: Final = 47 * 10 * 1_000_000_000 // 115_200
TEMPERATURE_C_MAX: Final = 85

Answer = tuple[int, bytes]


class Heat(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="heat"):
    """The module gets as warm as this; beyond 85 degrees it reads no more until it has cooled down."""

    celsius: Annotated[int, Meta(ge=0, le=120)]


class Detune(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="detune"):
    """A hand pulls the antenna, or lays it on metal, so that its power comes back; or puts it right."""

    detuned: bool


Hand = Heat | Detune
OWN_VERBS: Final[tuple[str, ...]] = ("heat", "detune")


class ThingMagic(BeforeAField):
    """The module; `luck` decides what it hears. Its temperature goes with the power, the tags stay."""

    kind = "thingmagic"
    baud = 115_200
    terminator = b""
    verbs: tuple[str, ...] = FIELD_VERBS + OWN_VERBS

    def __init__(
        self, luck: random.Random, *, antennas: int = 1, temperatures: bool = False, read_permille: int = 980
    ) -> None:
        self._luck = luck
        self._antennas = antennas
        self._temperatures = temperatures
        self._field = Field(luck, antennas=antennas, read_permille=read_permille)
        self._detuned = False
        self.power_on(0)

    def power_on(self, now_ns: int, /) -> None:
        """Start over: nothing is read, no region or protocol is set, the module is cool."""
        self._pending = bytearray()
        self._heard_ns = now_ns
        self._said: list[bytes] = []
        self._celsius = 27
        self._power_cdbm = POWER_DEFAULT_CDBM
        self._protocol = 0
        self._round_ends_ns: int | None = None
        self._alive_ns = 0
        self._antenna = 1

    # The hand.

    def obey(self, order: Mapping[str, Any], _now_ns: int, /) -> None:
        """Do what a hand asks."""
        if order.get("verb") in FIELD_VERBS:
            self._field.obey(order)
            return
        hand: Hand = read_order(order, self.verbs, Hand)
        match hand:
            case Heat(celsius=celsius):
                self._celsius = celsius
            case Detune(detuned=detuned):
                self._detuned = detuned

    # The cable.

    @property
    def wakes_ns(self) -> int | None:
        """When the round under way ends, or its next sign of life is due."""
        return None if self._round_ends_ns is None else min(self._round_ends_ns, self._alive_ns)

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host and obey the commands in them."""
        if now_ns - self._heard_ns > PAUSE_NS:
            self._pending.clear()
        self._heard_ns = now_ns
        self._pending += data
        for code, parameters in self._commands():
            if (answer := self._ANSWERS.get(code)) is None:
                self._say(code, NO_SUCH_COMMAND)
            else:
                status, said = answer(self, parameters, now_ns)
                self._say(code, status, said)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the frames that are due."""
        if self._round_ends_ns is not None and now_ns >= self._round_ends_ns:
            self._end_round(now_ns)
        if self._round_ends_ns is not None and now_ns >= self._alive_ns:
            self._say_alive(now_ns)
        said, self._said = self._said, []
        return said

    def _commands(self) -> Iterator[tuple[int, bytes]]:
        """Find `FF length code data CRC`; what has a wrong CRC is passed over by its head."""
        while (start := self._pending.find(HEAD)) >= 0:
            del self._pending[:start]
            if len(self._pending) < 2 or len(self._pending) < (size := self._pending[1] + 5):
                return
            whole = bytes(self._pending[:size])
            if crc16(whole[1:-2]) == whole[-2:]:
                del self._pending[:size]
                yield whole[2], whole[3:-2]
            else:
                del self._pending[:1]
        self._pending.clear()

    def _say(self, code: int, status: int, data: bytes = b"") -> None:
        body = bytes((len(data), code)) + status.to_bytes(2) + data
        if len(self._said) < SAID_FRAMES_MAX:
            self._said.append(bytes((HEAD,)) + body + crc16(body))

    # Continuous reading.

    def _begin_round(self, now_ns: int) -> None:
        busy_ns = self._field.count(self._antenna) * RECORD_NS
        self._round_ends_ns = now_ns + max(busy_ns, self._luck.randint(*ROUND_NS))

    def _end_round(self, now_ns: int) -> None:
        if self._celsius <= TEMPERATURE_C_MAX and not self._detuned:
            for tag in self._field.round(now_ns, self._antenna):
                self._say(READ, OK, self._record(tag, now_ns))
        self._antenna = self._antenna % self._antennas + 1
        self._begin_round(now_ns)

    def _record(self, tag: Sighting, now_ns: int) -> bytes:
        port = tag.antenna << 4 | tag.antenna
        since_alive_ms = (now_ns - (self._alive_ns - KEEPALIVE_NS)) // 1_000_000
        memory = tag_memory(tag.epc)
        return b"".join(
            (
                BEFORE_RSSI,
                struct.pack(">bB", tag.rssi_dbm, port),
                CHANNEL_KHZ.to_bytes(3),
                since_alive_ms.to_bytes(4),
                self._luck.randrange(180).to_bytes(2),
                bytes((GEN2, 0, 0, 0x0F)),
                (8 * len(memory)).to_bytes(2),
                memory,
            )
        )

    def _say_alive(self, now_ns: int) -> None:
        """Say once a second that it still reads, or why it does not."""
        self._alive_ns = now_ns + KEEPALIVE_NS
        if self._celsius > TEMPERATURE_C_MAX:
            self._say(READ, TOO_HOT)
        elif self._detuned:
            self._say(READ, HIGH_RETURN_LOSS)
        else:
            self._say(READ, NOTHING_NEW)
        if self._temperatures:
            self._say(READ, OK, BEFORE_TEMPERATURE + bytes((self._celsius,)))

    # The commands.

    def _about(self, _data: bytes, _now_ns: int) -> Answer:
        return OK, ABOUT

    def _multi(self, data: bytes, now_ns: int) -> Answer:
        if len(data) < 3:
            return WRONG_LENGTH, b""
        if data[2] == STOP:
            self._round_ends_ns = None
            return OK, bytes((STOP,))
        if data[2] != START or self._protocol != GEN2:
            return NO_SUCH_VALUE, b""
        self._alive_ns = now_ns + KEEPALIVE_NS
        self._begin_round(now_ns)
        return OK, b""

    def _set_power(self, data: bytes, _now_ns: int) -> Answer:
        power_cdbm = int.from_bytes(data)
        if len(data) != 2:
            return WRONG_LENGTH, b""
        if power_cdbm > POWER_MAX_CDBM:
            return POWER_TOO_HIGH, b""
        self._power_cdbm = power_cdbm
        return OK, b""

    def _get_power(self, data: bytes, _now_ns: int) -> Answer:
        return OK, data[:1] + self._power_cdbm.to_bytes(2)

    def _set_protocol(self, data: bytes, _now_ns: int) -> Answer:
        if data != bytes((0, GEN2)):
            return NO_SUCH_VALUE, b""
        self._protocol = GEN2
        return OK, b""

    def _temperature(self, _data: bytes, _now_ns: int) -> Answer:
        return OK, bytes((self._celsius,))

    def _nod(self, _data: bytes, _now_ns: int) -> Answer:
        """Accept what changes nothing here: region, antenna list, options, boot, an empty buffer."""
        return OK, b""

    _ANSWERS: ClassVar[Mapping[int, Callable[..., Answer]]] = {
        VERSION: _about,
        BOOT: _nod,
        CLEAR: _nod,
        MULTI: _multi,
        GET_POWER: _get_power,
        GET_TEMPERATURE: _temperature,
        ANTENNAS: _nod,
        SET_POWER: _set_power,
        PROTOCOL: _set_protocol,
        REGION: _nod,
        OPTIONS: _nod,
    }


def crc16(data: bytes) -> bytes:
    """CRC of the Mercury serial protocol: polynomial 1021h, preset FFFFh, without the closing zero bits."""
    crc = 0xFFFF
    for byte in data:
        for place in range(7, -1, -1):
            carried = crc & 0x8000
            crc = (crc << 1 | byte >> place & 1) & 0xFFFF
            crc ^= 0x1021 if carried else 0
    return crc.to_bytes(2)


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a module on a bench."""

    antennas: Annotated[int, Meta(ge=1, le=4)] = 1
    temperatures: bool = False
    read_permille: Annotated[int, Meta(ge=0, le=1000)] = 980

    def device(self, luck: random.Random) -> ThingMagic:
        """Make the module."""
        return ThingMagic(
            luck,
            antennas=self.antennas,
            temperatures=self.temperatures,
            read_permille=self.read_permille,
        )
