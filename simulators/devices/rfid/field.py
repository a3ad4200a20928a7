"""The field of a UHF reader: which tags are in front of which antenna, and which of them a round hears."""

import random
from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from simulators.devices.device import RefusedError, read_order, understood
from simulators.devices.rfid.gen2 import EPC_WORDS_MAX

RSSI_SPREAD_DB: Final = 1.5
# While the field is shaken (somebody walks through it), this part of the usual answers comes through.
SHAKEN_PERCENT: Final = 40
# More tags than this in front of one shop's reader nobody has.
TAGS_MAX: Final = 500

Rssi = Annotated[int, Meta(ge=-128, le=0)]
Antenna = Annotated[int, Meta(ge=1, le=32)]


class PutTag(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="put"):
    """A hand brings a tag before an antenna; a weak `rssi_dbm` is a tag far away."""

    epc: str
    rssi_dbm: Rssi = -55
    antenna: Antenna = 1


class TakeTag(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="take"):
    """A hand takes a tag away from every antenna."""

    epc: str


class ClearField(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="verb", tag="clear"):
    """A hand takes every tag away."""


Hand = PutTag | TakeTag | ClearField
VERBS: Final[tuple[str, ...]] = ("put", "take", "clear")


class TagInField(msgspec.Struct):
    """One tag, the antenna that hears it, and how strongly."""

    epc: str
    rssi_dbm: Rssi
    antenna: Antenna = 1


class Tags(msgspec.Struct):
    """What stays when the power goes."""

    tags: list[TagInField] = []


class Sighting(NamedTuple):
    """One tag that one round of one antenna heard."""

    epc: bytes
    rssi_dbm: int
    antenna: int


class Field:
    """Tags in front of antennas; `luck` decides the order of answers, their RSSI, and which are missed."""

    def __init__(self, luck: random.Random, *, antennas: int = 1, read_permille: int = 980) -> None:
        self._luck = luck
        self._antennas = antennas
        self._read_permille = read_permille
        self._tags: dict[tuple[int, bytes], int] = {}
        self._shaken_until_ns = 0

    def put(self, epc: str, rssi_dbm: int = -55, antenna: int = 1) -> None:
        """Bring a tag before an antenna; putting it again moves it nearer or farther."""
        place = antenna, _epc_bytes(epc)
        if antenna > self._antennas:
            raise RefusedError(f"there is no antenna {antenna}: the reader has {self._antennas}")
        if len(self._tags) >= TAGS_MAX and place not in self._tags:
            raise RefusedError(f"the field holds {TAGS_MAX} tags already: take one out first")
        self._tags[place] = rssi_dbm

    def take(self, epc: str) -> None:
        """Take a tag away from every antenna that hears it."""
        gone = [place for place in self._tags if place[1] == _epc_bytes(epc)]
        if not gone:
            raise RefusedError(f"the tag {epc} is not in the field")
        for place in gone:
            del self._tags[place]

    def shake(self, until_ns: int) -> None:
        """Let the field be unsteady until then: most tags are missed in most rounds."""
        self._shaken_until_ns = until_ns

    def obey(self, order: Mapping[str, Any]) -> None:
        """Do what a hand asks with one of VERBS."""
        hand: Hand = read_order(order, VERBS, Hand)
        match hand:
            case PutTag(epc=epc, rssi_dbm=rssi_dbm, antenna=antenna):
                self.put(epc, rssi_dbm, antenna)
            case TakeTag(epc=epc):
                self.take(epc)
            case ClearField():
                self._tags.clear()

    def world(self) -> dict[str, Any]:
        """Say what is in the field."""
        tags = sorted((epc.hex().upper(), antenna, rssi) for (antenna, epc), rssi in self._tags.items())
        return {"tags": [self._told(*tag) for tag in tags]}

    def restore(self, world: Mapping[str, Any]) -> None:
        """Put everything back as `world` had it."""
        self._tags.clear()
        tags: Tags = understood(world, Tags, "the field of the reader")
        for tag in tags.tags:
            self.put(tag.epc, tag.rssi_dbm, tag.antenna)

    def _told(self, epc: str, antenna: int, rssi_dbm: int) -> dict[str, Any]:
        """Of the only antenna nobody speaks."""
        where = {"antenna": antenna} if self._antennas > 1 else {}
        return {"epc": epc, "rssi_dbm": rssi_dbm, **where}

    def count(self, antenna: int = 1) -> int:
        """How many tags are in front of an antenna."""
        return sum(place[0] == antenna for place in self._tags)

    def round(self, now_ns: int, antenna: int = 1) -> list[Sighting]:
        """Make one inventory round: every tag is heard at most once, in any order."""
        chance_permille = self._chance_permille(now_ns)
        heard = [
            Sighting(epc, self._rssi(rssi_dbm), at)
            for (at, epc), rssi_dbm in self._tags.items()
            if at == antenna and self._luck.randrange(1000) < chance_permille
        ]
        self._luck.shuffle(heard)
        return heard

    def _chance_permille(self, now_ns: int) -> int:
        shaken = now_ns < self._shaken_until_ns
        return self._read_permille * SHAKEN_PERCENT // 100 if shaken else self._read_permille

    def _rssi(self, rssi_dbm: int) -> int:
        return min(0, max(-128, round(self._luck.gauss(rssi_dbm, RSSI_SPREAD_DB))))


class BeforeAField:
    """A reader of tags as a hand meets it: whatever else it does, this is what can be done before it."""

    _field: Field

    def put(self, epc: str, rssi_dbm: int = -55, antenna: int = 1) -> None:
        """Bring a tag before an antenna; putting it again moves it."""
        self._field.put(epc, rssi_dbm, antenna)

    def take(self, epc: str) -> None:
        """Take a tag away."""
        self._field.take(epc)

    def shake(self, until_ns: int, /) -> None:
        """Let the field be unsteady: most tags are missed in most rounds."""
        self._field.shake(until_ns)

    def obey(self, order: Mapping[str, Any], _now_ns: int, /) -> None:
        """Do what a hand asks."""
        self._field.obey(order)

    def world(self) -> dict[str, Any]:
        """Say what is in the field."""
        return self._field.world()

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Put everything back as `world` had it."""
        self._field.restore(world)


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
