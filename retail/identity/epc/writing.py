"""How an EPC is put on a tag in a coding up to release 1.x, and when it does not fit.

Source: GS1 EPC Tag Data Standard 2.3, sections 12.3.1 (what each coding can hold), 12.4 (EPC Tag URIs) and
14.3 (encoding methods).
"""

from typing import Final

from retail.identity.answer import Refused
from retail.identity.epc.bits import BitWriter
from retail.identity.epc.cage import CAGE_CHARACTERS
from retail.identity.epc.codings import BY_NAME, Coding, Field, Method, Reference, Row
from retail.identity.epc.identity import Epc, EpcError, components
from retail.identity.epc.schemes import URI_CHARACTERS_MAX
from retail.identity.epc.seven_bits import write_seven_bits
from retail.identity.epc.tag import TAG_URI, Tag
from retail.identity.epc.variable import write_six_bits

_COMPANY_DIGITS_MAX: Final = 12


def encode(tag: Tag) -> str:
    """The EPC memory of `tag` in upper-case hexadecimal, whole 16-bit words of it.

    Raises EpcError where the coding cannot hold it.
    """
    coding = BY_NAME[tag.coding]
    writer = BitWriter()
    writer.put(coding.header, 8)
    _filter(coding, tag.filter_value, writer)
    parts = list(tag.epc.parts)
    if coding.rows:
        _partition(coding, parts.pop(0), parts.pop(0), writer)
    for field in coding.fields:
        _field(coding, field, "" if field.method is Method.RESERVED else parts.pop(0), writer)
    return writer.hexadecimal()


def tagged(epc: Epc, coding: str, filter_value: int | None = None) -> Tag | Refused:
    """A tag that holds `epc` in `coding`, or why there is none; a coding without a filter takes None."""
    if coding not in BY_NAME:
        return Refused(f"expected a coding of {', '.join(BY_NAME)}, got {coding[:40]!r}")
    if epc.pattern or BY_NAME[coding].kind != epc.kind:
        return Refused(f"expected a {BY_NAME[coding].kind} for {coding}, got {epc.pure_identity_uri}")
    tag = Tag(coding, filter_value, epc)
    try:
        encode(tag)
    except EpcError as error:
        return Refused(str(error))
    return tag


def parse_tag(text: str) -> Tag | Refused:
    """The tag that an EPC Tag URI says, without control fields in brackets: those are of the PC word."""
    if len(text) > URI_CHARACTERS_MAX or not text.startswith(TAG_URI):
        return Refused(f"expected an EPC Tag URI {TAG_URI}, got {text[:40]!r}")
    name, _, body = text.removeprefix(TAG_URI).partition(":")
    coding = BY_NAME.get(name)
    if coding is None:
        return Refused(f"expected a coding of {', '.join(BY_NAME)}, got {name[:40]!r}")
    filter_value = None
    if coding.filter_bits:
        control, _, body = body.partition(".")
        if not (control.isascii() and control.isdigit() and control == str(int(control))):
            return Refused(f"expected a filter value in {text!r}, got {control!r}")
        filter_value = int(control)
    found = components(coding.kind, body)
    return found if isinstance(found, Refused) else tagged(found, name, filter_value)


def _filter(coding: Coding, value: int | None, writer: BitWriter) -> None:
    highest = (1 << coding.filter_bits) - 1
    if (value is None) != (coding.filter_bits == 0) or not 0 <= (value or 0) <= highest:
        raise EpcError(f"expected a filter value 0 to {highest} in {coding.name}, got {value}")
    writer.put(value or 0, coding.filter_bits)


def _partition(coding: Coding, company: str, reference: str, writer: BitWriter) -> None:
    partition = _COMPANY_DIGITS_MAX - len(company)
    row = coding.rows[partition]
    writer.put(partition, 3)
    writer.put(int(company), row.company_bits)
    if coding.reference is Reference.PADDED:
        writer.put(int(reference or 0), row.reference_bits)
    elif coding.reference is Reference.PLAIN:
        if len(reference) > row.reference_digits:
            raise EpcError(f"expected at most {row.reference_digits} digits, got {reference}")
        _integer(coding, reference, row.reference_bits, writer)
    else:
        _name(coding, reference, row, writer)


def _name(coding: Coding, name: str, row: Row, writer: BitWriter) -> None:
    if len(name) > row.reference_digits:
        raise EpcError(f"expected at most {row.reference_digits} characters in {coding.name}, got {name!r}")
    if coding.reference is Reference.VARIABLE:
        write_six_bits(name, writer)
    else:
        write_seven_bits(name, row.reference_bits, row.reference_digits, writer)


def _field(coding: Coding, field: Field, text: str, writer: BitWriter) -> None:
    match field.method:
        case Method.INTEGER:
            _integer(coding, text, field.bits, writer)
        case Method.STRING:
            write_seven_bits(text, field.bits, field.characters_max, writer)
        case Method.NUMERIC:
            # A 1 in front keeps the zeros that follow it.
            _integer(coding, f"1{text}", field.bits, writer)
        case Method.PAIR:
            writer.put(int(text), field.bits)
        case Method.RESERVED:
            writer.put(0, field.bits)
        case Method.VARIABLE:
            write_six_bits(text, writer)
        case Method.CAGE:
            for code in [ord(character) & 0x3F for character in text.rjust(CAGE_CHARACTERS)]:
                writer.put(code, 6)
        case Method.CAGE_ASCII:
            writer.put(int.from_bytes(text.rjust(CAGE_CHARACTERS).encode("ascii")), field.bits)


def _integer(coding: Coding, text: str, bits: int, writer: BitWriter) -> None:
    if not text.isdigit() or text != str(int(text)) or int(text) >= 1 << bits:
        expected = f"a number 0 to {(1 << bits) - 1} without zeros in front"
        raise EpcError(f"expected {expected} in {coding.name}, got {text!r}")
    writer.put(int(text), bits)
