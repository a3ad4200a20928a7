"""Mass: what a scale writes, in whichever unit, as milligrams; the only place where weights are rounded.

A pound is 0.45359237 kg by definition (National Bureau of Standards, "Refinement of values for the yard and
the pound", 1959); the ounce is its 16th, the grain its 7000th part, the troy ounce 480 and the pennyweight
24 grains. The units of Chinese and Hong Kong scales (tael) are not here: which tael is meant, no protocol
says.
"""

import re
from fractions import Fraction
from typing import Final

from edge.readings import Milligrams

_POUND_MG: Final = Fraction(45_359_237, 100)
_GRAIN_MG: Final = _POUND_MG / 7000

UNITS_MG: Final[dict[str, Fraction]] = {
    "mg": Fraction(1),
    "ct": Fraction(200),
    "g": Fraction(1000),
    "kg": Fraction(1_000_000),
    "t": Fraction(1_000_000_000),
    "gr": _GRAIN_MG,
    "dwt": 24 * _GRAIN_MG,
    "ozt": 480 * _GRAIN_MG,
    "oz": _POUND_MG / 16,
    "lb": _POUND_MG,
    "ton": 2000 * _POUND_MG,
}
"""Unit -> milligrams, exactly."""

# Nine digits on either side of the point are more than any scale shows.
_WEIGHT: Final = re.compile(rb" *(?P<sign>[+-]?) *(?P<whole>\d{1,9})(?:\.(?P<fraction>\d{1,9}))? *")


def milligrams(value: int, decimals: int, unit: str) -> Milligrams:
    """What the digits of `value` mean with so many of them behind the point (zeros after them when < 0)."""
    return Milligrams(round(value * UNITS_MG[unit] / Fraction(10) ** decimals))


def weight(text: bytes, unit: bytes) -> Milligrams | None:
    """The weight that a scale wrote (`-  0.360`, `kg`); None where it is no number or unit that we know."""
    found = _WEIGHT.fullmatch(text)
    name = unit.strip().lower().decode("latin-1")
    if found is None or name not in UNITS_MG:
        return None
    fraction = found["fraction"] or b""
    value = int(found["sign"] + found["whole"] + fraction)
    return milligrams(value, len(fraction), name)


def digits(weight_mg: int, decimals: int, unit: str) -> int:
    """The digits of a weight that we send (a tare), so many of them behind the point."""
    return round(weight_mg * Fraction(10) ** decimals / UNITS_MG[unit])
