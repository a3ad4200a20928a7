"""Tags whose fields end with a zero character: parts of aircraft (ADI) and of machines (CPI).

Source: GS1 EPC Tag Data Standard 2.3, sections 14.3.7 to 14.3.9 and 14.4.7 to 14.4.9 (6-bit methods).
"""

from typing import Final

from retail.identity.answer import Refused
from retail.identity.epc.alphabets import SIX_BIT_CHARACTERS, SIX_BITS
from retail.identity.epc.bits import BitReader, BitWriter, number
from retail.identity.epc.cage import CAGE_CHARACTERS, cage
from retail.identity.epc.codings import CODINGS, Coding, Field, Method
from retail.identity.epc.identity import Epc, EpcError, components
from retail.identity.epc.tag import Tag

# The longest of these, an ADI, has 434 bits; the length bits of a tag count at most 31 words of 16.
DIGITS_MAX: Final = 31 * 4
_SPACE: Final = 0x20

_CODINGS: Final = {
    form(f"{coding.header:02X}"): coding
    for coding in CODINGS
    if not coding.bits
    for form in (str.upper, str.lower)
}
HEADERS: Final = _CODINGS.keys()
"""The first two hexadecimal digits of a tag in one of these codings."""


def decode_variable(text: str) -> Tag | Refused:
    """The tag whose EPC memory is `text`, in hexadecimal of either case; its header is of these codings."""
    coding = _CODINGS[text[:2]]
    try:
        filter_value, parts = _read(coding, text)
    except EpcError as error:
        return Refused(str(error))
    # The bits alone do not say where a # may stand, and how long a key may be; the grammar of the URI does.
    found = components(coding.kind, Epc(coding.kind, parts).body)
    return found if isinstance(found, Refused) else Tag(coding.name, filter_value, found)


def write_six_bits(text: str, writer: BitWriter) -> None:
    """Append the characters of `text`, and a zero that ends them."""
    for character in text:
        writer.put(ord(character) & 0x3F, 6)
    writer.put(0, 6)


def _read(coding: Coding, text: str) -> tuple[int, tuple[str, ...]]:
    """Filter value and components."""
    if len(text) > DIGITS_MAX:
        raise EpcError(f"expected at most {DIGITS_MAX} hexadecimal digits, got {len(text)}")
    reader = BitReader(number(text), 4 * len(text))
    reader.take(8)
    filter_value = reader.take(coding.filter_bits)
    parts = _partitioned(coding, reader) if coding.rows else []
    parts += [_field(field, reader) for field in coding.fields]
    if reader.rest():
        raise EpcError(f"expected zeros after the bits of {coding.name}")
    return filter_value, tuple(parts)


def _partitioned(coding: Coding, reader: BitReader) -> list[str]:
    partition = reader.take(3)
    if partition >= len(coding.rows):
        raise EpcError(f"expected partition 0 to {len(coding.rows) - 1}, got {partition}")
    row = coding.rows[partition]
    company = reader.take(row.company_bits)
    if company >= 10**row.company_digits:
        raise EpcError(f"expected company prefix 0 to {10**row.company_digits - 1}, got {company}")
    return [f"{company:0{row.company_digits}d}", _six_bits(reader, row.reference_digits)]


def _field(field: Field, reader: BitReader) -> str:
    if field.method is Method.VARIABLE:
        return _six_bits(reader, field.characters_max)
    if field.method is Method.INTEGER:
        return str(reader.take(field.bits))
    assert field.method is Method.CAGE, f"no field of a variable coding is {field.method}"
    codes = [reader.take(6) for _ in range(CAGE_CHARACTERS)]
    if codes[0] == _SPACE:
        del codes[0]
    return cage("".join([SIX_BIT_CHARACTERS.get(code, "?") for code in codes]))


def _six_bits(reader: BitReader, characters_max: int) -> str:
    """Characters up to the zero that ends them."""
    characters: list[str] = []
    while code := reader.take(6):
        if code not in SIX_BIT_CHARACTERS or len(characters) == characters_max:
            raise EpcError(f"expected at most {characters_max} of {SIX_BITS} and a zero, got {code:06b}")
        characters.append(SIX_BIT_CHARACTERS[code])
    return "".join(characters)
