"""The goods that shoppers move: each has a tag and a weight of its own, near that of its kind."""

import random
from typing import Final

import msgspec

from simulators.shoppers.noise import PACK_PERMILLE

KINDS: Final = 10
ITEMS_MAX_EACH: Final = 2
# From a bag of sweets to a bottle.
GRAMS: Final = (60, 1_000)

# SGTIN-96 (EPC Tag Data Standard, 14.6.1): header 30, filter 1 (a thing that is sold), partition 5 (a company
# prefix of 7 digits in 24 bits, an item reference of 6 in 20 bits), and 38 bits of serial number.
_HEADER, _FILTER, _PARTITION = 0x30, 1, 5
_COMPANY: Final = 614_141
_STRANGER: Final = 400_638


class Item(msgspec.Struct, frozen=True):
    """One thing: what its tag says, what its kind weighs, and what it weighs itself."""

    epc: str
    kind: int
    nominal_mg: int
    mass_mg: int

    @property
    def is_ours(self) -> bool:
        """Whether the shop knows it, on this shelf or on another one."""
        return int(self.epc, 16) >> 58 & (1 << 24) - 1 == _COMPANY

    @property
    def tolerance_mg(self) -> int:
        """How far a thing of this kind may be from what its kind weighs."""
        return self.nominal_mg * PACK_PERMILLE // 1000


def sgtin96(company: int, reference: int, serial: int) -> str:
    """The EPC memory of a tag, in hexadecimal."""
    bits = (_HEADER << 3 | _FILTER) << 3 | _PARTITION
    return f"{((bits << 24 | company) << 20 | reference) << 38 | serial:024X}"


def thing(luck: random.Random, kind: int, nominal_mg: int, *, stranger: bool = False) -> Item:
    """One thing of a kind; a stranger belongs to somebody else's shop."""
    off_permille = luck.uniform(-PACK_PERMILLE, PACK_PERMILLE)
    epc = sgtin96(_STRANGER if stranger else _COMPANY, kind, luck.getrandbits(38))
    return Item(epc, kind, nominal_mg, round(nominal_mg * (1000 + off_permille) / 1000))


def assortment(luck: random.Random) -> list[Item]:
    """Ten kinds on one load cell, one or two of each."""
    goods = []
    for kind in range(KINDS):
        nominal_mg = luck.randint(*GRAMS) * 1000
        goods += [thing(luck, kind, nominal_mg) for _ in range(luck.randint(1, ITEMS_MAX_EACH))]
    return goods


def garments(luck: random.Random, count: int) -> list[Item]:
    """So many garments, each of a kind of its own."""
    return [thing(luck, kind, luck.randint(*GRAMS) * 1000) for kind in range(count)]
