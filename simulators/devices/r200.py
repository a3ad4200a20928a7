"""A UHF reader of the R200 family with tags in its field: it answers commands and inventories in rounds."""

import random
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Final

import msgspec
from msgspec import Meta

from simulators.devices.device import SAID_FRAMES_MAX, RefusedError, read_order, understood
from simulators.devices.r200_frames import (
    ANSWER,
    FAILED,
    MARKS,
    NOTICE,
    CommandReader,
    Failure,
    frame,
    tag_memory,
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
RSSI_SPREAD_DB: Final = 1.5
# While the field is shaken (somebody walks through it), this part of the usual answers comes through.
SHAKEN_PERCENT: Final = 40
# Gen2 counts the words of an EPC in five bits.
EPC_WORDS_MAX: Final = 31
# More tags than this in one field no module of this family reads in a round.
TAGS_MAX: Final = 500

Rssi = Annotated[int, Meta(ge=-128, le=0)]


class PutTag(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="put"):
    """A hand brings a tag into the field; a weak `rssi_dbm` is a tag far away."""

    epc: str
    rssi_dbm: Rssi = -55


class TakeTag(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="take"):
    """A hand takes a tag out of the field."""

    epc: str


class ClearField(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="clear"):
    """A hand takes everything out of the field."""


Hand = PutTag | TakeTag | ClearField
VERBS: Final[tuple[str, ...]] = ("put", "take", "clear")


class TagInField(msgspec.Struct):
    """One tag and how strongly it is heard."""

    epc: str
    rssi_dbm: Rssi


class Field(msgspec.Struct):
    """What stays when the power goes: the tags in front of the antenna."""

    tags: list[TagInField] = []


class R200:
    """The module itself; `luck` decides order, RSSI and which tags a round misses."""

    kind = "r200"
    baud = 115_200
    verbs: tuple[str, ...] = VERBS

    def __init__(self, luck: random.Random, *, marks: str = "bb-7e", read_permille: int = 980) -> None:
        self._luck = luck
        self._marks = MARKS[marks]
        self._read_permille = read_permille
        self._tags: dict[bytes, int] = {}
        self._shaken_until_ns = 0
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

    # The hand.

    def put(self, epc: str, rssi_dbm: int = -55) -> None:
        """Bring a tag into the field; putting it again moves it."""
        memory = _epc_bytes(epc)
        if len(self._tags) >= TAGS_MAX and memory not in self._tags:
            raise RefusedError(f"the field holds {TAGS_MAX} tags already: take one out first")
        self._tags[memory] = rssi_dbm

    def take(self, epc: str) -> None:
        """Take a tag out of the field."""
        if self._tags.pop(_epc_bytes(epc), None) is None:
            raise RefusedError(f"the tag {epc} is not in the field")

    def shake(self, until_ns: int, /) -> None:
        """Let the field be unsteady: most tags are missed in most rounds."""
        self._shaken_until_ns = until_ns

    def obey(self, order: Mapping[str, Any], _now_ns: int, /) -> None:
        """Do what a hand asks."""
        hand: Hand = read_order(order, VERBS, Hand)
        match hand:
            case PutTag(epc=epc, rssi_dbm=rssi_dbm):
                self.put(epc, rssi_dbm)
            case TakeTag(epc=epc):
                self.take(epc)
            case ClearField():
                self._tags.clear()

    def world(self) -> dict[str, Any]:
        """Say what is in the field."""
        tags = ({"epc": epc.hex().upper(), "rssi_dbm": rssi} for epc, rssi in self._tags.items())
        return {"tags": sorted(tags, key=lambda tag: str(tag["epc"]))}

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Put everything back as `world` had it."""
        self._tags.clear()
        field: Field = understood(world, Field, "the field of the reader")
        for tag in field.tags:
            self.put(tag.epc, tag.rssi_dbm)

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
        busy_ns = len(self._tags) * NOTICE_NS
        self._round_ends_ns = now_ns + max(busy_ns, self._luck.randint(*ROUND_NS))

    def _end_round(self, now_ns: int) -> None:
        heard = [epc for epc in self._tags if self._luck.randrange(1000) < self._chance_permille(now_ns)]
        self._luck.shuffle(heard)
        for epc in heard:
            self._say(NOTICE, SINGLE_POLL, bytes((self._rssi(epc),)) + tag_memory(epc))
        if not heard:
            self._fail(Failure.NO_TAG)
        self._rounds_left -= 1
        self._round_ends_ns = None
        if self._rounds_left:
            self._begin_round(now_ns)

    def _chance_permille(self, now_ns: int) -> int:
        shaken = now_ns < self._shaken_until_ns
        return self._read_permille * SHAKEN_PERCENT // 100 if shaken else self._read_permille

    def _rssi(self, epc: bytes) -> int:
        rssi_dbm = round(self._luck.gauss(self._tags[epc], RSSI_SPREAD_DB))
        return min(0, max(-128, rssi_dbm)) & 0xFF

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


def _epc_bytes(epc: str) -> bytes:
    try:
        memory = bytes.fromhex(epc)
    except ValueError:
        raise RefusedError(f"{epc!r} is not an EPC: expected hexadecimal digits") from None
    if not memory or len(memory) % 2 or len(memory) > 2 * EPC_WORDS_MAX:
        raise RefusedError(
            f"{epc!r} is not an EPC: expected 1 to {EPC_WORDS_MAX} words of 4 hexadecimal digits"
        )
    return memory
