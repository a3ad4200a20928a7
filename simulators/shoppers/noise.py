"""How wrong sensors are, with the sources of the numbers; one draw of them is one day at one object."""

import random
from collections.abc import Sequence
from typing import Final, Self

import msgspec

READ_PERMILLE: Final = (600, 980)
"""How many of a thousand rounds hear a tag that lies in front of its antenna.

A study of Wal-Mart, quoted by Bolotnyy, Krize and Robins ("The Practicality of Multi-Tag RFID Systems",
University of Virginia), found objects with a probability as low as 0.66; the University of Arkansas (2008,
180 and 97 tagged garments on a rail) found 89.9 and 99.4 %.
"""

RSSI_SPREAD_CDB: Final = (150, 300)
"""Standard deviation of one sighting of a tag at rest; readers report whole dBm (R200 manual, one byte)."""

RSSI_SHADOW_CDB: Final = 200
"""Standard deviation between places that are equally far away: reflections add up differently.

Kuester, Novotny and Guerrieri ("Forward and reverse link constraints in UHF RFID with passive tags", IEEE
EMC 2010) found fading of up to 8 dB within 2 m; that is four of these.
"""

RSSI_AT_1_M_DBM: Final = -60
"""What a garment one metre away answers; it falls by 12 dB when the distance doubles.

The answer of a passive tag falls with the fourth power of the distance (Dobkin, "The RF in RFID", chapter on
link budgets).
"""

RSSI_HALF_HEARD_DBM: Final = -70
RSSI_SLOPE_DB: Final = 3
"""At the edge of a reader's range half of the rounds hear a tag, and within a few dB all or none do."""

ROUND_MS: Final = (50, 80, 120)
MIRROR_ROUND_MS: Final = (40, 50, 60)
"""One round of all antennas. An R200 needs 25 to 40 ms for an empty one, and 2 ms for each tag at least; a
mirror has one antenna and hears few tags well, a shelf has two or more."""

CELL_MS: Final = 100
"""An indicator's rate of conversion, ten a second (HX711, data sheet: 10 or 80)."""

SIGMA_MG: Final = (500, 2_000)
"""Standard deviation of a reading: the shop's floor, the compressor of a fridge, air."""

DRIFT_MG_H: Final = (-1_000, 1_000)
"""A cell follows the temperature: kim5jk/loadcell-temp-compensation measured a standard deviation of 0.62 g
over 21 days of 8.7 degrees; a gram an hour is a shelf beside a door."""

TARED_H: Final = (0, 12)
"""How long ago the scale was set to zero: this morning."""

CREEP_PPM: Final = 245
CREEP_S: Final = 300
"""A cell of class C3 gives way by at most 0.7 of its permissible error in 30 minutes (OIML R 60-1:2017,
5.5.1): 0.7 x 0.7 x 1.5 / 3000 of its load, most of it in the first minutes, and returns as slowly."""

SETTLE_MS: Final = (60, 160)
"""The time constant of plate and filter: after seven of them a kilogram is right to a gram."""

PACK_PERMILLE: Final = 30
"""How far a pack is from what its kind weighs: the tolerable error of packs of 300 to 500 g is 3 % (directive
76/211/EEC, annex I, 2.4)."""

DIGIT_MG: Final = 1_000
"""The last digit of a shelf's indicator."""


class Noise(msgspec.Struct, frozen=True):
    """One day at one object."""

    round_ms: int
    spread_cdb: int
    sigma_mg: int
    drift_mg_h: int
    tared_h: int
    settle_ms: int

    @classmethod
    def drawn(cls, luck: random.Random, round_ms: Sequence[int] = ROUND_MS) -> Self:
        """Any day within the limits above, each as likely as the others."""
        return cls(
            luck.choice(round_ms),
            luck.randint(*RSSI_SPREAD_CDB),
            luck.randint(*SIGMA_MG),
            luck.randint(*DRIFT_MG_H),
            luck.randint(*TARED_H),
            luck.randint(*SETTLE_MS),
        )
