"""A UHF reader of the Chafon UHFReader18 and 288 families: it answers one command after the other."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, ClassVar, Final, Literal, NamedTuple

from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import SAID_FRAMES_MAX
from simulators.devices.rfid.field import VERBS, BeforeAField, Field, Sighting

INVENTORY, INFO, SET_REGION, SET_ADDRESS, SET_SCAN_TIME, SET_POWER = 0x01, 0x21, 0x22, 0x24, 0x25, 0x2F
DONE, FOUND, MORE_FOLLOWS = 0x00, 0x01, 0x03
ANTENNA_FAILED, NO_TAG, WRONG_LENGTH, ILLEGAL_COMMAND, WRONG_PARAMETER = 0xF8, 0xFB, 0xFD, 0xFE, 0xFF
# What a reader says of a command that it cannot name.
UNNAMED: Final = 0x00
BROADCAST: Final = 0xFF
POWER_MAX_DBM: Final = 30
# Type 09h stands for the UHFReader18 line; bit 1 of the protocols is ISO 18000-6C, which is Gen2.
VERSION, READER_TYPE, GEN2 = b"\x03\x01", 0x09, 0x02
# Europe, 865.1 to 867.9 MHz: bits 6 and 7 of both limits name the band, as SET_REGION takes them.
REGION_DEFAULT: Final = bytes((0x4E, 0x00))

# Between two bytes of a command; after it a reader waits for a new length (manual, section 2).
GAP_NS: Final = 15_000_000
# Address, command and CRC; and all that one byte can count.
LENGTH_MIN, LENGTH_MAX = 4, 0xFF
ANTENNA_TURN_NS: Final = (20_000_000, 40_000_000)
SCAN_TIME_DEFAULT: Final = 10
# An inventory of the 288 may say Q, session, target, antenna and time (SID UR-008 manual, command 01h).
INVENTORY_DATA_BYTES, ANTENNA_AT, FIRST_ANTENNA = 5, -2, 0x80
# RSSI is told as a number above this; the manual names no unit, the captures fit this one.
RSSI_ZERO_DBM: Final = -130

# Command and data, or the status that tells what was wrong with it.
Answer = tuple[int, bytes]


class Command(NamedTuple):
    """What a host asked; `whole` is false when its CRC was wrong."""

    address: int
    code: int
    data: bytes
    whole: bool


class UhfReader18(BeforeAField):
    """The reader; `luck` decides what it hears. The 288 tells antenna and RSSI of a tag, the 18 neither."""

    kind = "uhfreader18"
    baud = 57_600
    terminator = b""
    verbs: tuple[str, ...] = VERBS

    def __init__(
        self,
        luck: random.Random,
        *,
        family: str = "18",
        antennas: int = 1,
        address: int = 0,
        read_permille: int = 980,
    ) -> None:
        self._luck = luck
        self._has_rssi = family == "288"
        self._antennas = antennas
        self._address = address
        self._field = Field(luck, antennas=antennas, read_permille=read_permille)
        self._power_dbm = POWER_MAX_DBM
        self._region = REGION_DEFAULT
        self._scan_time = SCAN_TIME_DEFAULT
        self.power_on(0)

    def power_on(self, _now_ns: int, /) -> None:
        """Start over; address, power and region are in its flash."""
        self._pending = bytearray()
        self._heard_ns = 0
        self._said: list[bytes] = []
        self._inventory_ends_ns: int | None = None
        self._listening = range(1, self._antennas + 1)

    # The cable.

    @property
    def wakes_ns(self) -> int | None:
        """When the inventory under way ends."""
        return self._inventory_ends_ns

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host; while a command is carried out, what comes is lost."""
        if self._inventory_ends_ns is not None:
            return
        if now_ns - self._heard_ns > GAP_NS:
            self._pending.clear()
        self._heard_ns = now_ns
        self._pending += data
        for command in self._commands():
            if command.address in (self._address, BROADCAST):
                self._carry_out(command, now_ns)
            if self._inventory_ends_ns is not None:
                self._pending.clear()

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the frames that are due."""
        if self._inventory_ends_ns is not None and now_ns >= self._inventory_ends_ns:
            self._inventory_ends_ns = None
            self._tell_tags(now_ns)
        said, self._said = self._said, []
        return said

    def _commands(self) -> Iterator[Command]:
        """Cut the bytes by their lengths; a length that no command has is passed over."""
        while self._pending:
            length = self._pending[0]
            if length < LENGTH_MIN:
                del self._pending[:1]
                continue
            if len(self._pending) <= length:
                return
            whole = bytes(self._pending[: length + 1])
            del self._pending[: length + 1]
            yield Command(whole[1], whole[2], whole[3:-2], crc16(whole[:-2]) == whole[-2:])

    def _carry_out(self, command: Command, now_ns: int) -> None:
        if not command.whole or command.code not in self._ANSWERS:
            self._say(UNNAMED, ILLEGAL_COMMAND, b"")
        elif command.code == INVENTORY:
            self._begin_inventory(self._named_antennas(command.data), now_ns)
        else:
            # It answers by the address that it had when it was asked.
            address = self._address
            status, data = self._ANSWERS[command.code](self, command.data)
            self._say(command.code, status, data, address)

    def _say(self, code: int, status: int, data: bytes, address: int | None = None) -> None:
        body = bytes((self._address if address is None else address, code, status)) + data
        frame = bytes((len(body) + 2,)) + body
        if len(self._said) < SAID_FRAMES_MAX:
            self._said.append(frame + crc16(frame))

    # The inventory.

    def _named_antennas(self, data: bytes) -> range:
        """Read which antenna the 288 shall use: 80h is the first, and without a word it is all of them."""
        everyone = range(1, self._antennas + 1)
        if not self._has_rssi or len(data) < INVENTORY_DATA_BYTES:
            return everyone
        named = data[ANTENNA_AT] - FIRST_ANTENNA + 1
        return range(named, named + 1) if named in everyone else range(0)

    def _begin_inventory(self, antennas: range, now_ns: int) -> None:
        if not antennas:
            self._say(INVENTORY, ANTENNA_FAILED, b"")
        else:
            self._listening = antennas
            self._inventory_ends_ns = now_ns + sum(self._luck.randint(*ANTENNA_TURN_NS) for _ in antennas)

    def _tell_tags(self, now_ns: int) -> None:
        heard = [tag for antenna in self._listening for tag in self._field.round(now_ns, antenna)]
        if not heard:
            self._say(INVENTORY, NO_TAG, b"")
        elif self._has_rssi:
            for tag in heard:
                self._say(INVENTORY, MORE_FOLLOWS, self._with_antenna(tag))
            self._say(INVENTORY, FOUND, bytes((_antenna_bit(heard[-1].antenna), 0)))
        else:
            self._tell_in_pages(list(dict.fromkeys(tag.epc for tag in heard)))

    def _with_antenna(self, tag: Sighting) -> bytes:
        rssi = max(0, tag.rssi_dbm - RSSI_ZERO_DBM)
        return bytes((_antenna_bit(tag.antenna), 1, len(tag.epc))) + tag.epc + bytes((rssi,))

    def _tell_in_pages(self, epcs: list[bytes]) -> None:
        """Say `number, length, EPC, length, EPC..` in as many frames as it takes; all but the last say so."""
        pages: list[list[bytes]] = [[]]
        for epc in epcs:
            if sum(len(each) + 1 for each in [*pages[-1], epc]) > LENGTH_MAX - 6:
                pages.append([])
            pages[-1].append(epc)
        for page in pages:
            status = FOUND if page is pages[-1] else MORE_FOLLOWS
            listed = b"".join(bytes((len(epc),)) + epc for epc in page)
            self._say(INVENTORY, status, bytes((len(page),)) + listed)

    # The commands.

    def _info(self, data: bytes) -> Answer:
        if data:
            return WRONG_LENGTH, b""
        told = bytes((READER_TYPE, GEN2)) + self._region + bytes((self._power_dbm, self._scan_time))
        # The 288 family adds its antennas, the buzzer, and two bytes of settings that it does not have here.
        return DONE, VERSION + told + (bytes((2**self._antennas - 1, 0, 0, 0)) if self._has_rssi else b"")

    def _set_region(self, data: bytes) -> Answer:
        if len(data) != 2:
            return WRONG_LENGTH, b""
        self._region = data
        return DONE, b""

    def _set_address(self, data: bytes) -> Answer:
        if len(data) != 1:
            return WRONG_LENGTH, b""
        if data[0] == BROADCAST:
            return WRONG_PARAMETER, b""
        self._address = data[0]
        return DONE, b""

    def _set_scan_time(self, data: bytes) -> Answer:
        if len(data) != 1:
            return WRONG_LENGTH, b""
        self._scan_time = data[0]
        return DONE, b""

    def _set_power(self, data: bytes) -> Answer:
        if len(data) != 1:
            return WRONG_LENGTH, b""
        if data[0] > POWER_MAX_DBM:
            return WRONG_PARAMETER, b""
        self._power_dbm = data[0]
        return DONE, b""

    def _never(self, _data: bytes) -> Answer:
        """Hold the place of the inventory, which answers when it has ended."""
        return DONE, b""

    _ANSWERS: ClassVar[Mapping[int, Callable[..., Answer]]] = {
        INVENTORY: _never,
        INFO: _info,
        SET_REGION: _set_region,
        SET_ADDRESS: _set_address,
        SET_SCAN_TIME: _set_scan_time,
        SET_POWER: _set_power,
    }


def _antenna_bit(antenna: int) -> int:
    return 1 << antenna - 1


def crc16(data: bytes) -> bytes:
    """CRC-16 of the manual, section 3.2: polynomial 8408h (reflected), preset FFFFh, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc.to_bytes(2, "little")


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a reader on a bench."""

    family: Literal["18", "288"] = "18"
    antennas: Annotated[int, Meta(ge=1, le=4)] = 1
    address: Annotated[int, Meta(ge=0, le=254)] = 0
    read_permille: Annotated[int, Meta(ge=0, le=1000)] = 980

    def device(self, luck: random.Random) -> UhfReader18:
        """Make the reader."""
        return UhfReader18(
            luck,
            family=self.family,
            antennas=self.antennas,
            address=self.address,
            read_permille=self.read_permille,
        )
