"""A UHF reader of the R200 family with tags in its field: it answers commands and inventories in rounds."""

import random
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import SAID_FRAMES_MAX
from simulators.devices.rfid.field import VERBS, BeforeAField, Field
from simulators.devices.rfid.gen2 import tag_memory
from simulators.devices.rfid.r200_frames import (
    ANSWER,
    FAILED,
    MARKS,
    NOTICE,
    CommandReader,
    Failure,
    frame,
)

INFO, SINGLE_POLL, MULTI_POLL, STOP, REGION, SET_POWER, GET_POWER = 0x03, 0x22, 0x27, 0x28, 0x07, 0xB6, 0xB7
INFO_TEXTS: Final = {0: b"M100 26dBm V1.0", 1: b"V2.3.3", 2: b"Simulated"}
# China 900 MHz, US, Europe, China 800 MHz, Korea.
REGIONS: Final = {1, 2, 3, 4, 6}
POWER_DEFAULT_CDBM, POWER_MAX_CDBM = 2600, 3000
DONE: Final = b"\x00"
# The manual's example of a multi poll begins with this reserved byte.
RESERVED: Final = 0x22

ROUND_NS: Final = (25_000_000, 40_000_000)
# A 24-byte notice takes this long at 115200 baud; a round cannot end before its notices are said.
NOTICE_NS: Final = 24 * 10 * 1_000_000_000 // 115_200


class R200(BeforeAField):
    """The module itself; `luck` decides order, RSSI and which tags a round misses."""

    kind = "r200"
    baud = 115_200
    verbs: tuple[str, ...] = VERBS

    def __init__(self, luck: random.Random, *, marks: str = "bb-7e", read_permille: int = 980) -> None:
        self._luck = luck
        self._marks = MARKS[marks]
        self._field = Field(luck, read_permille=read_permille)
        self._commands = CommandReader(self._marks)
        self.terminator = bytes((self._marks.end,))
        self.power_on(0)

    def power_on(self, _now_ns: int, /) -> None:
        """Start over: nothing is polled, the settings are those of the maker."""
        self._commands.forget()
        self._said: list[bytes] = []
        self._rounds_left = 0
        self._round_ends_ns: int | None = None
        self._power_cdbm = POWER_DEFAULT_CDBM

    # The cable.

    @property
    def wakes_ns(self) -> int | None:
        """When the round under way ends."""
        return self._round_ends_ns

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host and obey the commands in them."""
        for command in self._commands.receive(data, now_ns):
            if (answer := self._ANSWERS.get(command.code)) is None:
                self._fail(Failure.BAD_COMMAND)
            else:
                answer(self, command.parameters, now_ns)

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the frames that are due."""
        if self._round_ends_ns is not None and now_ns >= self._round_ends_ns:
            self._end_round(now_ns)
        said, self._said = self._said, []
        return said

    def _say(self, kind: int, code: int, parameters: bytes) -> None:
        if len(self._said) < SAID_FRAMES_MAX:
            self._said.append(frame(self._marks, kind, code, parameters))

    def _fail(self, failure: Failure) -> None:
        self._say(ANSWER, FAILED, bytes((failure,)))

    def _begin_round(self, now_ns: int) -> None:
        busy_ns = self._field.count() * NOTICE_NS
        self._round_ends_ns = now_ns + max(busy_ns, self._luck.randint(*ROUND_NS))

    def _end_round(self, now_ns: int) -> None:
        heard = self._field.round(now_ns)
        for tag in heard:
            self._say(NOTICE, SINGLE_POLL, bytes((tag.rssi_dbm & 0xFF,)) + tag_memory(tag.epc))
        if not heard:
            self._fail(Failure.NO_TAG)
        self._rounds_left -= 1
        self._round_ends_ns = None
        if self._rounds_left:
            self._begin_round(now_ns)

    # The commands.

    def _info(self, parameters: bytes, _now_ns: int) -> None:
        text = INFO_TEXTS.get(parameters[0]) if len(parameters) == 1 else None
        if text is None:
            self._fail(Failure.BAD_PARAMETER)
        else:
            self._say(ANSWER, INFO, parameters + text)

    def _poll_once(self, _parameters: bytes, now_ns: int) -> None:
        self._poll(max(1, self._rounds_left), now_ns)

    def _poll_often(self, parameters: bytes, now_ns: int) -> None:
        rounds = int.from_bytes(parameters[1:])
        if len(parameters) != 3 or parameters[0] != RESERVED or not rounds:
            self._fail(Failure.BAD_PARAMETER)
        else:
            self._poll(rounds, now_ns)

    def _poll(self, rounds: int, now_ns: int) -> None:
        self._rounds_left = rounds
        if self._round_ends_ns is None:
            self._begin_round(now_ns)

    def _stop(self, _parameters: bytes, _now_ns: int) -> None:
        self._rounds_left = 0
        self._round_ends_ns = None
        self._say(ANSWER, STOP, DONE)

    def _set_region(self, parameters: bytes, _now_ns: int) -> None:
        if len(parameters) != 1 or parameters[0] not in REGIONS:
            self._fail(Failure.BAD_PARAMETER)
        else:
            self._say(ANSWER, REGION, DONE)

    def _set_power(self, parameters: bytes, _now_ns: int) -> None:
        power_cdbm = int.from_bytes(parameters)
        if len(parameters) != 2 or power_cdbm > POWER_MAX_CDBM:
            self._fail(Failure.BAD_PARAMETER)
        else:
            self._power_cdbm = power_cdbm
            self._say(ANSWER, SET_POWER, DONE)

    def _get_power(self, _parameters: bytes, _now_ns: int) -> None:
        self._say(ANSWER, GET_POWER, self._power_cdbm.to_bytes(2))

    _ANSWERS: ClassVar[Mapping[int, Callable[..., None]]] = {
        INFO: _info,
        SINGLE_POLL: _poll_once,
        MULTI_POLL: _poll_often,
        STOP: _stop,
        REGION: _set_region,
        SET_POWER: _set_power,
        GET_POWER: _get_power,
    }


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a reader on a bench."""

    marks: Literal["bb-7e", "aa-dd"] = "bb-7e"
    read_permille: Annotated[int, Meta(ge=0, le=1000)] = 980

    def device(self, luck: random.Random) -> R200:
        """Make the reader."""
        return R200(luck, marks=self.marks, read_permille=self.read_permille)
