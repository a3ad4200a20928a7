"""Numbers on a label, without floats: how many of them are decimals, what they weigh, what they cost."""

from typing import Final

from retail.identity.gs1.codes import CURRENCIES
from retail.units import MINOR_DIGITS_USUAL, half_up, minor_digits

# The last digit of an AI says how many digits of its number are decimals, so no more than nine.
_TENS: Final[tuple[int, ...]] = tuple(10**places for places in range(10))

_NG_PER_MG: Final = 10**6

# The net weights of GS1 General Specifications, section 3.6: kilogram, pound, troy ounce.
_UNITS_NG: Final = {"310": 10**12, "320": 453_592_370_000, "356": 31_103_476_800}

WEIGHTS: Final = {
    f"{kind}{places}": (unit_ng, _NG_PER_MG * _TENS[places])
    for kind, unit_ng in _UNITS_NG.items()
    for places in range(6)
}
"""AI of a net weight -> what its number is to be multiplied and divided by to be milligrams."""

# Measures, and amounts: some of these have the number of a currency in front.
_DECIMAL: Final = frozenset({"31", "32", "33", "34", "35", "36"})
_PLAIN_AMOUNTS: Final = frozenset({"390", "392", "394"})
_AMOUNTS_WITH_CURRENCY: Final = frozenset({"391", "393"})

PRICES: Final = frozenset(f"{kind}{places}" for kind in ("392", "393") for places in range(10))
"""AIs of what an item of variable measure costs."""


def decimal(ai: str, value: str) -> tuple[int, int] | None:
    """The digits of a number, and how many of them are decimals; None where the AI holds no such number."""
    if ai[:3] in _AMOUNTS_WITH_CURRENCY:
        return int(value[3:]), int(ai[3])
    if ai[:3] in _PLAIN_AMOUNTS or (ai[:2] in _DECIMAL and len(ai) == 4):
        return int(value), int(ai[3])
    return None


def currency_of(ai: str, value: str) -> str | None:
    """The letters of the currency that an amount is in; None where it names none."""
    return CURRENCIES[value[:3]] if ai[:3] in _AMOUNTS_WITH_CURRENCY else None


def weight_mg(ai: str, value: str) -> int:
    """What the item weighs, to the nearest milligram; `ai` is one of WEIGHTS."""
    numerator, denominator = WEIGHTS[ai]
    return half_up(int(value) * numerator, denominator)


def in_minor(digits: int, decimals: int, currency: str | None) -> int | None:
    """An amount in the minor unit of its currency; None where it is no whole number of them."""
    shift = (minor_digits(currency) if currency else MINOR_DIGITS_USUAL) - decimals
    if shift >= 0:
        return digits * _TENS[shift]
    whole, rest = divmod(digits, _TENS[-shift])
    return None if rest else whole
