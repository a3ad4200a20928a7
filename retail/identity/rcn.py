"""Numbers of restricted circulation: prefix 2, with the price, weight or count of one pack inside.

Source: GS1 General Specifications, sections 2.1.11 and 2.1.12 (who may give out which prefix), 7.9.2 to 7.9.4
(the check digit of a price); for each country the rules of its GS1 organisation, named beside them.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import msgspec

from retail.identity import gtin
from retail.identity.answer import Refused
from retail.identity.gs1.label import Label
from retail.identity.gs1.measures import in_minor
from retail.units import Gtin


class Carries(Enum):
    """What the variable digits of a number are."""

    COUNT = "count"
    PRICE = "price"
    WEIGHT = "weight"


class Measure(msgspec.Struct, frozen=True):
    """How twelve digits are shared: `digits` has P for the item, V for the value, C for its check digit.

    Of the value `decimals` digits stand behind the point, in kilograms or in the currency.
    """

    carries: Carries
    digits: str
    decimals: int = 0


class Region(msgspec.Struct, frozen=True):
    """The rules of a country or of a shop: by the first two digits of a number, how to read it."""

    measures: Mapping[str, Measure]
    currency: str | None = None


def _graded(carries: Carries, first: int, decimals: tuple[int, ...]) -> dict[str, Measure]:
    """Four digits of a value, their decimals by the prefix, which count up from `first`."""
    return {str(first + n): Measure(carries, "PPPPPPPPVVVV", each) for n, each in enumerate(decimals)}


_WEIGHTS: Final = _graded(Carries.WEIGHT, 23, (3, 2, 1))
_NORDIC: Final = _graded(Carries.PRICE, 20, (2, 1, 0)) | _WEIGHTS
_DANISH_PRICE: Final = Measure(Carries.PRICE, "PPPPPPVVVVVV", 2)
_DANISH_WEIGHT: Final = Measure(Carries.WEIGHT, "PPPPPPVVVVVV", 3)
_GERMAN_PRICE: Final = Measure(Carries.PRICE, "PPPPPPCVVVVV", 2)
_GERMAN_COUNT: Final = Measure(Carries.COUNT, "PPPPPPCVVVVV")
_GERMAN_WEIGHT: Final = Measure(Carries.WEIGHT, "PPPPPPCVVVVV", 3)

REGIONS: Final[Mapping[str, Region]] = {
    # GS1 Denmark, "GTIN-13 pris" and "GTIN-13 vaegt".
    "dk": Region(
        dict.fromkeys(("21", "22", "23", "24"), _DANISH_PRICE)
        | dict.fromkeys(("26", "28"), _DANISH_WEIGHT)
        | {"27": Measure(Carries.WEIGHT, "PPPPPPPVVVVV", 3)},
        "DKK",
    ),
    # GS1 Germany, "Globale Artikelnummer (GTIN) in der Anwendung", SAN-4.
    "de": Region(
        dict.fromkeys(("22", "23"), _GERMAN_PRICE)
        | dict.fromkeys(("25", "26"), _GERMAN_COUNT)
        | dict.fromkeys(("28", "29"), _GERMAN_WEIGHT),
        "EUR",
    ),
    # GS1 UK, "How to barcode variable measure items".
    "gb": Region({"20": Measure(Carries.PRICE, "PPPPPPPCVVVV", 2)}, "GBP"),
    # GS1 Latvia, "Variable measure in Latvia", which the Baltic states share; GS1 Finland has the same.
    "ee": Region(_WEIGHTS),
    "fi": Region(_WEIGHTS),
    "lt": Region(_WEIGHTS),
    "lv": Region(_WEIGHTS),
    # GS1 Sweden, "How do I create my variable weight numbers"; Norway publishes none, its goods follow these.
    "no": Region(_NORDIC, "NOK"),
    "se": Region(_NORDIC, "SEK"),
}
"""ISO 3166-1 letters -> the rules of the country. A shop with rules of its own hands in its own table."""

_KILOGRAM_MG: Final = 10**6

# Digit -> its weighed value, for the weights 2-, 3, 5+ and 5- of GS1 General Specifications, section 7.9.2.
_TWO_MINUS: Final = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
_THREE: Final = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)
_FIVE_PLUS: Final = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
_FIVE_MINUS: Final = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)
_FOUR_DIGITS: Final = (_TWO_MINUS, _TWO_MINUS, _THREE, _FIVE_MINUS)
_FIVE_DIGITS: Final = (_FIVE_PLUS, _TWO_MINUS, _FIVE_MINUS, _FIVE_PLUS, _TWO_MINUS)


def read(text: str, region: str | None = None, regions: Mapping[str, Region] = REGIONS) -> Label | Refused:
    """The label that printed digits are, and what is inside them by the rules of `region`.

    A number that is not of restricted circulation, or that the region has no rule for, is read as any other.
    """
    number = gtin.parse(text)
    if isinstance(number, Refused):
        return number
    if region is not None and region not in regions:
        return Refused(f"expected a region of {', '.join(sorted(regions))}, got {region[:40]!r}")
    plain = Label(text=text, gtin14=number, lookup_code=text, circulation=circulation(number))
    measure = regions[region].measures.get(number[1:3]) if region else None
    if measure is None or plain.circulation != "geo":
        return plain
    return _measured(plain, number[1:], measure, regions[region].currency if region else None)


def circulation(number: Gtin) -> str | None:
    """`geo` or `company` where a number means something only in one country or one company; else None."""
    if number.startswith("000000"):
        return "company" if number[6] in "02" else None
    if number[0] != "0":
        return None
    if number[1] == "2" or number[1:3] == "02":
        return "geo"
    return "company" if number[1:3] == "04" else None


def _measured(plain: Label, digits: str, measure: Measure, currency: str | None) -> Label | Refused:
    value = _digits(digits, measure, "V")
    check = _digits(digits, measure, "C")
    if check and check != check_digit(value):
        return Refused(f"expected check digit {check_digit(value)} of {value}, got {check} in {digits}")
    lookup = gtin.completed(int(_zeroed(digits, measure)))[1:]
    made = msgspec.structs.replace(plain, lookup_code=lookup)
    match measure.carries:
        case Carries.COUNT:
            return msgspec.structs.replace(made, count=int(value))
        case Carries.WEIGHT:
            weight_mg = int(value) * _KILOGRAM_MG // 10**measure.decimals
            return msgspec.structs.replace(made, weight_mg=weight_mg)
        case Carries.PRICE:
            price_minor = in_minor(int(value), measure.decimals, currency)
            return msgspec.structs.replace(made, price_minor=price_minor, currency=currency)


def _digits(digits: str, measure: Measure, letter: str) -> str:
    return "".join(digit for digit, each in zip(digits, measure.digits, strict=False) if each == letter)


def _zeroed(digits: str, measure: Measure) -> str:
    """The twelve digits without their value; the check digit of no value is 0, too."""
    return "".join(digit if each == "P" else "0" for digit, each in zip(digits, measure.digits, strict=False))


def check_digit(value: str) -> str:
    """The digit that guards a price or weight of four or five digits against misreading."""
    assert len(value) in (4, 5), f"{value!r} has no check digit"
    if len(value) == 4:
        return str(3 * _weighed(value, _FOUR_DIGITS) % 10)
    return str(_FIVE_MINUS.index(-_weighed(value, _FIVE_DIGITS) % 10))


def _weighed(value: str, weights: tuple[tuple[int, ...], ...]) -> int:
    return sum(weight[int(digit)] for digit, weight in zip(value, weights, strict=True))
