"""The field of a reader among shoppers: each tag is heard as often and as strongly as its place allows."""

import math
import random
from collections.abc import Iterator

import msgspec

from simulators.shoppers.noise import (
    READ_PERMILLE,
    RSSI_AT_1_M_DBM,
    RSSI_HALF_HEARD_DBM,
    RSSI_SHADOW_CDB,
    RSSI_SLOPE_DB,
    Noise,
)


class _Tag(msgspec.Struct):
    """A tag where it is now: how many of a thousand rounds hear it, and how strongly on average."""

    chance: float
    level_dbm: float


class Tags:
    """The tags around one object, and who stands between them and the antenna."""

    def __init__(self, luck: random.Random, noise: Noise) -> None:
        self._luck = luck
        self._spread_db = noise.spread_cdb / 100
        self._own: dict[str, tuple[float, float]] = {}
        self._tags: dict[str, _Tag] = {}
        self._body_db = 0.0

    def put(self, epc: str, level_dbm: float, chance: float = 1.0) -> None:
        """A tag comes to a place, or moves there: `chance` is of what the tag itself can do at its best."""
        best, shadow_db = self._tag(epc)
        self._tags[epc] = _Tag(best * chance, level_dbm + shadow_db)

    def put_at(self, epc: str, distance_m: float) -> None:
        """A tag hangs, or is carried, so far in front of the antenna."""
        best, shadow_db = self._tag(epc)
        level_dbm = RSSI_AT_1_M_DBM - 40 * math.log10(distance_m) + shadow_db
        self._tags[epc] = _Tag(best * _heard(level_dbm), level_dbm)

    def take(self, epc: str) -> None:
        """A tag is carried out of the field; nobody minds if it was not there."""
        self._tags.pop(epc, None)

    def stand_before(self, body_db: float) -> None:
        """A body stands between antenna and tags, and takes so many decibels; 0 steps aside."""
        self._body_db = body_db

    def round(self) -> Iterator[tuple[str, int]]:
        """What one round hears: tags in any order, with whole dBm."""
        behind = _behind(self._body_db)
        heard = [each for each in self._tags.items() if self._luck.random() < each[1].chance * behind]
        self._luck.shuffle(heard)
        for epc, tag in heard:
            yield epc, round(self._luck.gauss(tag.level_dbm - self._body_db, self._spread_db))

    def _tag(self, epc: str) -> tuple[float, float]:
        """What a tag is like for as long as it exists: how it is made, how it hangs, what is behind it."""
        if epc not in self._own:
            shadow_db = self._luck.gauss(0, RSSI_SHADOW_CDB / 100)
            self._own[epc] = self._luck.uniform(*READ_PERMILLE) / 1000, shadow_db
        return self._own[epc]


def _heard(level_dbm: float) -> float:
    return 1 / (1 + math.exp((RSSI_HALF_HEARD_DBM - level_dbm) / RSSI_SLOPE_DB))


def _behind(body_db: float) -> float:
    """A body that takes 10 dB lets half of the answers through, one of 20 dB a quarter."""
    return math.exp2(-body_db / 10)
