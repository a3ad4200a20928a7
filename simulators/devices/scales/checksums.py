"""The demand of a Dialog 06 scale that the till prove its program, by a polynomial that both keep secret.

Rotations and remainder are as the public driver of Coop IT Easy (its hw_scale for Odoo) works them out; the
polynomial itself nobody publishes, and none is here.
"""

import random
import re
from collections.abc import Sequence
from typing import Final

WORD_BITS: Final = 16
WORD_MAX: Final = 0xFFFF
# So many weighings may pass between two proofs.
WEIGHINGS_MAX: Final = 50
CHECKSUM: Final = re.compile("([0-9A-F]{4})([0-9A-F]{4})")


class Demand:
    """Whether checksums are due, and whether those that came are right; without a polynomial none are due."""

    def __init__(self, luck: random.Random, polynomial: str) -> None:
        self._luck = luck
        self._polynomial = int(polynomial or "0", 16)
        self.power_on()

    @property
    def due(self) -> bool:
        """Whether the till has to prove its program before the next weighing."""
        return bool(self._polynomial) and self._unproven

    @property
    def waits(self) -> bool:
        """Whether the till has been asked and has not answered."""
        return bool(self._asked)

    def power_on(self) -> None:
        """Trust nobody."""
        self._asked = ""
        self.error_happened()

    def error_happened(self) -> None:
        """Trust nobody any more."""
        self._unproven = True
        self._weighings = 0

    def weighed(self) -> None:
        """Count a weighing."""
        self._weighings += 1
        self._unproven = self._weighings >= WEIGHINGS_MAX

    def ask(self) -> str:
        """Give the random number by which the till is to turn its checksums: two digits, one for each."""
        self._asked = f"{self._luck.randrange(256):02X}"
        return self._asked

    def met(self, fields: Sequence[str]) -> bool:
        """Say whether record 10 holds a checksum and its correction, each turned as it was asked for."""
        left, right = (int(digit, 16) for digit in self._asked)
        self._asked = ""
        sent = CHECKSUM.fullmatch(fields[0]) if len(fields) == 1 else None
        if not sent:
            return False
        checksum, correction = turned(int(sent[1], 16), -left), turned(int(sent[2], 16), right)
        self._unproven = correction != remainder(checksum, self._polynomial)
        self._weighings = 0
        return not self._unproven


def turned(word: int, places: int) -> int:
    """Turn sixteen bits to the left, or to the right by less than 0."""
    places %= WORD_BITS
    return (word << places | word >> WORD_BITS - places) & WORD_MAX


def remainder(checksum: int, polynomial: int) -> int:
    """Divide the checksum and sixteen noughts by the polynomial; what remains is its correction."""
    rest = checksum << WORD_BITS
    for place in reversed(range(WORD_BITS)):
        if rest >> place + WORD_BITS & 1:
            rest ^= polynomial << place
    return rest
