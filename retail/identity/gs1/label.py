"""What a label says: the product, and whatever else of the item is written on it."""

from typing import Final

import msgspec

from retail.identity.gs1.fields import FIELDS, RULE_OF
from retail.identity.gs1.measures import PRICES, WEIGHTS, currency_of, decimal, in_minor, weight_mg
from retail.identity.gs1.pairing import Elements
from retail.identity.gs1.uri import link
from retail.units import Gtin

# Year, month, day, hour and minute of the end of what does not keep for days.
_EXPIRY_TIME: Final = "7003"

BRACKET: Final = "\\("
"""A bracket that is part of a value, and not the beginning of an AI."""


class Label(msgspec.Struct, frozen=True):
    """One label, whole and valid.

    `lookup_code` is what a catalogue knows the product by: without the weight or price that a number of the
    shop's own has inside. `gtin14` is that number, as read; on a case it may be the number of what is in it
    (AI 02), and `count` says how many. Dates are YYMMDD (see `dates.day`).
    `circulation` is `geo` or `company` for numbers that mean something only in a country or a company. A
    price in no named currency is counted in hundredths.
    """

    symbology: str | None = None
    text: str = ""
    ais: Elements = ()
    gtin14: Gtin | None = None
    serial: str | None = None
    lot: str | None = None
    expiry: str | None = None
    best_before: str | None = None
    lookup_code: str | None = None
    weight_mg: int | None = None
    price_minor: int | None = None
    currency: str | None = None
    count: int | None = None
    circulation: str | None = None

    @property
    def element_string(self) -> str | None:
        """The elements with their AIs in brackets, as people write them; None where there are none."""
        return "".join([f"({ai}){value.replace('(', BRACKET)}" for ai, value in self.ais]) or None

    @property
    def digital_link(self) -> str | None:
        """The canonical Digital Link of the elements; None where they cannot be one."""
        return link(self.ais)

    @property
    def raw(self) -> str | None:
        """The elements with `^` for FNC1; None where there are none."""
        return raw(self.ais) or None


def raw(elements: Elements) -> str:
    """The elements in one line, `^` wherever a symbol must have FNC1."""
    text, separator = "", "^"
    for ai, value in elements:
        text += f"{separator}{ai}{value}"
        separator = "^" if ai not in RULE_OF or FIELDS[ai].separated else ""
    return text


def label_of(
    elements: Elements, symbology: str | None = None, text: str = "", currency: str | None = None
) -> Label:
    """What valid elements say; `currency` is that of a price that names none."""
    read = dict(elements).get
    gtin = read("01") or read("03") or read("02")
    count = read("30") or read("37")
    mass_mg, price_minor = None, None
    for ai, value in elements:
        if ai in WEIGHTS:
            mass_mg = weight_mg(ai, value)
        elif ai in PRICES:
            currency = currency_of(ai, value) or currency
            price_minor = _price_minor(ai, value, currency)
    return Label(
        symbology=symbology,
        text=text,
        ais=elements,
        gtin14=Gtin(gtin) if gtin else None,
        serial=read("21"),
        lot=read("10"),
        expiry=read("17") or read(_EXPIRY_TIME, "")[:6] or None,
        best_before=read("15"),
        lookup_code=gtin,
        weight_mg=mass_mg,
        price_minor=price_minor,
        currency=currency if price_minor is not None else None,
        count=int(count) if count else None,
    )


def _price_minor(ai: str, value: str, currency: str | None) -> int | None:
    number = decimal(ai, value)
    assert number is not None, f"AI ({ai}) is a price"
    return in_minor(*number, currency)
