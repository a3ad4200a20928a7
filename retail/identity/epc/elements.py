"""GS1 element strings of an EPC: in brackets, as a canonical Digital Link, and by short names.

Source: GS1 General Specifications, sections 3.2 (Application Identifiers) and 7.9.1 (check digit); GS1
Digital Link URI syntax 1.4, section 4.12 (canonical URIs); GS1 Tag Data Translation 2.2 (bare identifiers).
"""

from typing import Final, Protocol
from urllib.parse import quote

from retail.units import Gtin

Elements = tuple[tuple[str, str], ...]
"""AIs and their values; the key comes first."""

RESOLVER: Final = "https://id.gs1.org"
UNRESERVED: Final = "-._~"
"""Digital Link escapes all else of the 82 characters, be it a delimiter of URIs or not."""

DATES: Final = {
    "11": "prodDate", "13": "packDate", "15": "bestBeforeDate", "16": "sellByDate", "17": "expDate",
    "7006": "firstFreezeDate", "7007": "harvestDate",
}  # fmt: skip
"""AI of a date -> its short name; a Web URI has it after the question mark."""

_NAMES: Final = {
    "00": "sscc", "01": "gtin", "21": "serial", "253": "gdti", "254": "serial", "255": "gcn", "414": "gln",
    "8003": "grai", "8004": "giai", "8006": "itip", "8010": "cpi", "8011": "serial", "8017": "gsrnp",
    "8018": "gsrn", **DATES,
}  # fmt: skip

_KEY_DIGITS: Final = {
    "00": 18, "01": 14, "253": 13, "255": 13, "402": 17, "414": 13, "417": 13, "8003": 14, "8006": 14,
    "8017": 18, "8018": 18,
}  # fmt: skip
"""AI -> the length of the digits in its value that end with a check digit."""


_ZERO: Final = ord("0")


def check_digit(body: str) -> int:
    """The digit that ends a key whose other digits are `body`: from the right they weigh 3, 1, 3, 1 ..."""
    # We add up the codes of the digits, a third of the time of their values, and take off what is too much.
    codes = body.encode("ascii")
    heavy, light = codes[::-2], codes[-2::-2]
    return (_ZERO * (3 * len(heavy) + len(light)) - 3 * sum(heavy) - sum(light)) % 10


def misprint(elements: Elements) -> str | None:
    """What is wrong with the check digit of the key, if anything."""
    ai, value = elements[0]
    end = _KEY_DIGITS.get(ai)
    if end is None:
        return None
    expected = str(check_digit(value[: end - 1]))
    given = value[end - 1 : end]
    return None if given == expected else f"expected check digit {expected} in ({ai}){value}, got {given}"


def bracketed(elements: Elements) -> str | None:
    """The element string with each AI in brackets."""
    return "".join([f"({ai}){value}" for ai, value in elements]) or None


def canonical_link(elements: Elements, literal: str = UNRESERVED) -> str | None:
    """The Web URI that GS1 calls canonical: key and qualifiers as path, dates after the question mark.

    `literal` are the characters, beside letters and digits, that it does not escape.
    """
    if not elements:
        return None
    path = "".join([f"/{ai}/{quote(value, safe=literal)}" for ai, value in elements if ai not in DATES])
    dates = "&".join([f"{ai}={value}" for ai, value in elements if ai in DATES])
    return f"{RESOLVER}{path}?{dates}" if dates else RESOLVER + path


def bare(elements: Elements) -> str | None:
    """The elements by name; none where an element has no short name in Tag Data Translation."""
    if not elements or any(ai not in _NAMES for ai, _ in elements):
        return None
    return ";".join([f"{_NAMES[ai]}={value}" for ai, value in elements])


def gtin_in(elements: Elements) -> Gtin | None:
    """The GTIN-14 in the key, where the key has one."""
    if elements and elements[0][0] in {"01", "8006"}:
        return Gtin(elements[0][1][:14])
    return None


class HasElements(Protocol):
    """What can be said in the words of GS1."""

    @property
    def elements(self) -> Elements:
        """Its AIs and their values; none where it is not of GS1."""
        ...


class InWordsOfGs1:
    """What its elements say of a thing, whatever they were read from."""

    __slots__ = ()

    @property
    def element_string(self: HasElements) -> str | None:
        """The elements in brackets, as people read them."""
        return bracketed(self.elements)

    @property
    def digital_link(self: HasElements) -> str | None:
        """The canonical Web URI of the thing, at the resolver of GS1."""
        return canonical_link(self.elements)

    @property
    def gtin14(self: HasElements) -> Gtin | None:
        """The product, where the thing is a trade item or a piece of one."""
        return gtin_in(self.elements)
