"""The number on most goods: an SGTIN-96 whose fields stay numbers, as a shop counts and writes them.

Source: GS1 EPC Tag Data Standard 1.x, unchanged in 2.x: the SGTIN-96 coding table. From the left: header 8
bits, filter 3, partition 3, company prefix and item reference 44 together, serial 38.
"""

import binascii
from typing import Final

import msgspec

from retail.identity.answer import Refused
from retail.identity.epc.codings import BY_NAME, CODINGS
from retail.identity.epc.plus_codings import CODINGS as PLUS_CODINGS
from retail.identity.gtin import completed, parse
from retail.units import Gtin

SGTIN_96: Final = "sgtin-96"
SGTIN_96_HEADER: Final = "30"
SGTIN_96_HEX_DIGITS: Final = 24
SERIAL_BITS: Final = 38
SERIAL_MAX: Final = 2**SERIAL_BITS - 1
FILTER_MAX: Final = 7
POINT_OF_SALE: Final = 1
"""The filter value of goods that a shopper buys."""

HEADERS: Final = {
    "00": "unprogrammed",
    **{f"{coding.header:02X}": coding.name.upper() for coding in (*CODINGS, *PLUS_CODINGS)},
}
"""First byte of a tag -> the coding that it announces."""

PARTITIONS: Final = BY_NAME[SGTIN_96].rows
"""By partition value; 7 is not defined."""

_IDENTITIES: Final = tuple(f"%0{row.company_digits}d.%0{row.reference_digits}d.%d" for row in PARTITIONS)

COMPANY_DIGITS_MAX: Final = 12
COMPANY_DIGITS_MIN: Final = 6


class SgtinError(ValueError):
    """A field of an SGTIN is out of its range, or the digits to make one from are no GTIN."""


class Sgtin(msgspec.Struct, frozen=True):
    """One item: its product, and the serial that no other item of that product has.

    `item` is the item reference with the indicator digit of the GTIN in front. An Sgtin is valid or is not
    made: SgtinError says which field is wrong.
    """

    filter_value: int
    partition: int
    company: int
    item: int
    serial: int

    def __post_init__(self) -> None:
        _within("filter value", self.filter_value, FILTER_MAX)
        _within("partition", self.partition, len(PARTITIONS) - 1)
        row = PARTITIONS[self.partition]
        _within("company prefix", self.company, 10**row.company_digits - 1)
        _within("item reference", self.item, 10**row.reference_digits - 1)
        _within("serial", self.serial, SERIAL_MAX)

    @property
    def gtin(self) -> Gtin:
        """The product: indicator, company prefix, rest of the item reference, and their check digit."""
        shift = 10 ** (PARTITIONS[self.partition].reference_digits - 1)
        indicator, rest = divmod(self.item, shift)
        return completed(indicator * 10**12 + self.company * shift + rest)

    @property
    def tag_uri(self) -> str:
        """The tag as a URI, its filter value in it."""
        return f"urn:epc:tag:sgtin-96:{self.filter_value}.{self.identity}"

    @property
    def pure_identity_uri(self) -> str:
        """The item as a URI, whatever tag it is written on."""
        return f"urn:epc:id:sgtin:{self.identity}"

    @property
    def identity(self) -> str:
        """Company prefix, item reference and serial as both URIs write them; only the serial drops zeros."""
        return _IDENTITIES[self.partition] % (self.company, self.item, self.serial)


def decode(text: str) -> Sgtin | Refused:
    """The item that a tag's EPC memory (hexadecimal, either case) names, or why it names none."""
    if text[:2] != SGTIN_96_HEADER:
        return _refused_header(text)
    if len(text) != SGTIN_96_HEX_DIGITS:
        return Refused(f"expected {SGTIN_96_HEX_DIGITS} hexadecimal digits of an SGTIN-96, got {len(text)}")
    try:
        bits = int.from_bytes(binascii.unhexlify(text))
    except ValueError:
        return Refused(f"expected hexadecimal digits only, got {text!r}")
    try:
        return _fields(bits)
    except SgtinError as error:
        return Refused(str(error))


def encode(sgtin: Sgtin) -> str:
    """The EPC memory of a tag that names `sgtin`, in upper-case hexadecimal."""
    row = PARTITIONS[sgtin.partition]
    goods = sgtin.company << row.reference_bits | sgtin.item
    head = int(SGTIN_96_HEADER, 16) << 6 | sgtin.filter_value << 3 | sgtin.partition
    return f"{(head << 44 | goods) << SERIAL_BITS | sgtin.serial:024X}"


def item_of(gtin: str, serial: int, company_digits: int, filter_value: int = POINT_OF_SALE) -> Sgtin:
    """The item `serial` of the product `gtin`, whose company prefix has `company_digits` digits.

    The length of the prefix cannot be seen in a GTIN: whoever numbers the goods knows it. Raises SgtinError.
    """
    whole = parse(gtin)
    if isinstance(whole, Refused):
        raise SgtinError(whole.reason)
    if not COMPANY_DIGITS_MIN <= company_digits <= COMPANY_DIGITS_MAX:
        raise SgtinError(f"expected a company prefix of 6 to 12 digits, got {company_digits}")
    end = 1 + company_digits
    item = whole[0] + whole[end:-1]
    return Sgtin(filter_value, COMPANY_DIGITS_MAX - company_digits, int(whole[1:end]), int(item), serial)


def _fields(bits: int) -> Sgtin:
    partition = bits >> 82 & 7
    _within("partition", partition, len(PARTITIONS) - 1)
    row = PARTITIONS[partition]
    goods = bits >> SERIAL_BITS & (1 << 44) - 1
    company, item = goods >> row.reference_bits, goods & (1 << row.reference_bits) - 1
    return Sgtin(bits >> 85 & 7, partition, company, item, bits & SERIAL_MAX)


def _within(name: str, value: int, highest: int) -> None:
    if not 0 <= value <= highest:
        raise SgtinError(f"expected {name} 0 to {highest}, got {value}")


def _refused_header(text: str) -> Refused:
    header = text[:2].upper()
    if header in HEADERS:
        return Refused(f"expected header 30 (SGTIN-96), got {header} ({HEADERS[header]})")
    return Refused(f"expected header 30 (SGTIN-96), got {header!r}")
