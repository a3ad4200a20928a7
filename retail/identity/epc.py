"""The number on a tag: SGTIN-96, read and written by whole-number arithmetic from the partition table.

Source: GS1 EPC Tag Data Standard 1.x, unchanged in 2.x: the SGTIN partition table (table 14-2), the SGTIN-96
coding table, and the table of binary headers (section 14.2). From the left: header 8 bits, filter 3,
partition 3, company prefix and item reference 44 together, serial 38.
"""

import binascii
from typing import Final

import msgspec

from retail.identity.answer import Refused
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
    "00": "unprogrammed", "2C": "GDTI-96", "2D": "GSRN-96", "2E": "GSRNP-96", "2F": "USDoD-96",
    "30": "SGTIN-96", "31": "SSCC-96", "32": "SGLN-96", "33": "GRAI-96", "34": "GIAI-96", "35": "GID-96",
    "36": "SGTIN-198", "37": "GRAI-170", "38": "GIAI-202", "39": "SGLN-195", "3A": "GDTI-113",
    "3B": "ADI-var", "3C": "CPI-96", "3D": "CPI-var", "3E": "GDTI-174", "3F": "SGCN-96",
    "40": "ITIP-110", "41": "ITIP-212", "F0": "CPI+", "F1": "GRAI+", "F2": "SGLN+", "F3": "ITIP+",
    "F4": "GSRN+", "F5": "GSRNP+", "F6": "GDTI+", "F7": "SGTIN+", "F8": "SGCN+", "F9": "SSCC+",
    "FA": "GIAI+", "FB": "DSGTIN+",
}  # fmt: skip
"""First byte of a tag -> the scheme that it announces."""


class Partition(msgspec.Struct, frozen=True):
    """One row of the partition table: how company prefix and item reference share their 44 bits."""

    company_bits: int
    company_digits: int
    item_bits: int
    item_digits: int


PARTITIONS: Final = (
    Partition(40, 12, 4, 1),
    Partition(37, 11, 7, 2),
    Partition(34, 10, 10, 3),
    Partition(30, 9, 14, 4),
    Partition(27, 8, 17, 5),
    Partition(24, 7, 20, 6),
    Partition(20, 6, 24, 7),
)
"""By partition value; 7 is not defined."""

_IDENTITIES: Final = tuple(f"%0{row.company_digits}d.%0{row.item_digits}d.%d" for row in PARTITIONS)

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
        _within("item reference", self.item, 10**row.item_digits - 1)
        _within("serial", self.serial, SERIAL_MAX)

    @property
    def gtin(self) -> Gtin:
        """The product: indicator, company prefix, rest of the item reference, and their check digit."""
        shift = 10 ** (PARTITIONS[self.partition].item_digits - 1)
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
    goods = sgtin.company << row.item_bits | sgtin.item
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
    company, item = goods >> row.item_bits, goods & (1 << row.item_bits) - 1
    return Sgtin(bits >> 85 & 7, partition, company, item, bits & SERIAL_MAX)


def _within(name: str, value: int, highest: int) -> None:
    if not 0 <= value <= highest:
        raise SgtinError(f"expected {name} 0 to {highest}, got {value}")


def _refused_header(text: str) -> Refused:
    header = text[:2].upper()
    if header in HEADERS:
        return Refused(f"expected header 30 (SGTIN-96), got {header} ({HEADERS[header]})")
    return Refused(f"expected header 30 (SGTIN-96), got {header!r}")
