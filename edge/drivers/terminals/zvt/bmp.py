"""The fields of a message: a byte that names the field (its "bitmap"), and a value of known size.

Sources: the table of the ZVT summary 13.11 as read in github BrunoHos/zvt-show, EVerest/zvt, Portalum.Zvt
and wirelane/ecrterm. What none of them knows ends the reading: its size cannot be told.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Final

import msgspec

from edge.drivers.terminals.zvt import masks, tlv
from edge.drivers.terminals.zvt.tlv import MalformedError, Tlv


class Form(Enum):
    """How a value is written."""

    BCD = "digits"
    BYTES = "bytes"
    TEXT = "text"
    TLV = "tags"


class Kind(msgspec.Struct, frozen=True):
    """One field: `size` in bytes, or by -2 and -3 that a length of so many digits stands before it."""

    name: str
    size: int
    form: Form = Form.BYTES
    mask: masks.Mask = masks.text


LL: Final = -2
LLL: Final = -3


def _digits(name: str, size: int) -> Kind:
    return Kind(name, size, Form.BCD)


def _text(name: str, size: int) -> Kind:
    return Kind(name, size, Form.TEXT)


def _secret(name: str, size: int) -> Kind:
    return Kind(name, size, mask=masks.wholly)


TLV: Final = 0x06
PAN: Final = 0x22

KINDS: Final[dict[int, Kind]] = {
    0x01: Kind("timeout", 1),
    0x02: Kind("maximum_no_of_status_info", 1),
    0x03: Kind("service_byte", 1),
    0x04: _digits("amount", 6),
    0x05: Kind("pump_no", 1),
    TLV: Kind("tlv", 0, Form.TLV),
    0x0B: _digits("trace_number", 3),
    0x0C: _digits("time", 3),
    0x0D: _digits("date", 2),
    0x0E: _digits("expiry", 2),
    0x17: _digits("card_sequence_number", 2),
    0x19: Kind("card_type", 1),
    PAN: Kind("pan_masked", LL, mask=masks.number),
    0x23: Kind("track_2_masked", LL, mask=masks.track_2),
    0x24: _secret("track_3_masked", LLL),
    0x27: Kind("result_code", 1),
    0x29: _digits("terminal_id", 4),
    0x2A: Kind("vu_number", 15, Form.TEXT, masks.nothing),
    0x2D: _secret("track_1_masked", LL),
    0x2E: _secret("chip_data_masked", LLL),
    0x37: _digits("original_trace_number", 3),
    0x3A: _secret("cvv_masked", 2),
    0x3B: _text("aid_authorization_attribute", 8),
    0x3C: _text("additional_text", LLL),
    0x3D: _secret("password_masked", 3),
    0x49: _digits("currency", 2),
    0x60: Kind("single_amounts", LLL, mask=masks.nothing),
    0x87: _digits("receipt_no", 2),
    0x88: _digits("turnover_record_number", 3),
    0x8A: Kind("zvt_card_type", 1),
    0x8B: _text("card_name", LL),
    0x8C: Kind("zvt_card_type_id", 1),
    0x92: _secret("chip_record_masked", LLL),
    0x9A: _secret("purse_record_masked", LLL),
    0xA0: Kind("host_result_code", 1),
    0xA7: _secret("ef_id_masked", LL),
    0xAA: _digits("full_date", 3),
    0xAF: _secret("ef_info_masked", LLL),
    0xBA: Kind("aid_parameter", 5),
    0xD0: Kind("algorithm_key", 1),
    0xD1: _secret("pin_data_masked", LL),
    0xD2: Kind("card_output_direction", 1),
    0xD3: Kind("dukpt_key", 1),
    0xE0: Kind("input_length_min", 1),
    **{0xE0 + line: _text(f"second_text_{line}", LL) for line in range(1, 9)},
    0xE9: Kind("input_length_max", 1),
    0xEA: Kind("input_echo", 1),
    0xEB: Kind("mac", 8),
    0xF0: Kind("display_duration", 1),
    **{0xF0 + line: _text(f"text_{line}", LL) for line in range(1, 9)},
    0xF9: Kind("beeps", 1),
    0xFA: Kind("card_reader", 1),
    0xFB: Kind("ok_required", 1),
    0xFC: Kind("dialog_control", 1),
    0xFD: Kind("display_device", 1),
}

# A reservation that is not there is told as FFFF (06 1E B8), which is no number.
_NO_RECEIPT: Final = (0x87, b"\xff\xff")


class Field(msgspec.Struct, frozen=True):
    """One field: `head` is its length as it was written; `data`, or `tags`, are masked already."""

    bmp: int
    head: bytes = b""
    data: bytes = b""
    tags: tuple[Tlv, ...] = ()

    @property
    def encoded(self) -> bytes:
        """The bytes of it."""
        return bytes([self.bmp]) + self.head + self.data + b"".join(each.encoded for each in self.tags)


def parsed(data: bytes) -> tuple[tuple[Field, ...], str | None]:
    """The fields up to the first that cannot be read, and why that one cannot; nothing of it is kept."""
    fields: list[Field] = []
    at = 0
    try:
        for field, ends in _each(data):
            fields.append(field)
            at = ends
    except MalformedError as error:
        return tuple(fields), f"field {data[at]:02X}: {error}"
    return tuple(fields), None


def built(bmp: int, data: bytes = b"", tags: tuple[Tlv, ...] = ()) -> Field:
    """A field of ours."""
    kind = KINDS[bmp]
    if kind.form is Form.TLV:
        return Field(bmp, tlv.length(sum(len(each.encoded) for each in tags)), tags=tags)
    if kind.size < 0:
        return Field(bmp, bytes(0xF0 | int(digit) for digit in f"{len(data):0{-kind.size}d}"), data)
    assert len(data) == kind.size, f"{kind.name} is {kind.size} bytes long"
    return Field(bmp, b"", data)


def _each(data: bytes) -> Iterator[tuple[Field, int]]:
    at = 0
    while at < len(data):
        kind = KINDS.get(data[at])
        if kind is None:
            raise MalformedError("expected a known field, got another")
        size, begins = _measured(kind, data, at + 1)
        value = data[begins : begins + size]
        if len(value) < size:
            raise MalformedError(f"expected {size} bytes, got {len(value)}")
        yield _field(data[at], kind, data[at + 1 : begins], value), begins + size
        at = begins + size


def _measured(kind: Kind, data: bytes, at: int) -> tuple[int, int]:
    if kind.form is Form.TLV:
        return tlv.measured(data, at)
    if kind.size >= 0:
        return kind.size, at
    begins = at - kind.size
    size = 0
    for byte in data[at:begins]:
        if byte & 0x0F > 9 or byte & 0xF0 not in {0xF0, 0x00}:
            raise MalformedError("expected a length in digits, got something else")
        size = size * 10 + (byte & 0x0F)
    if begins > len(data):
        raise MalformedError("expected a length, got the end")
    return size, begins


def _field(bmp: int, kind: Kind, head: bytes, value: bytes) -> Field:
    if kind.form is Form.TLV:
        return Field(bmp, head, tags=tlv.parsed(value))
    if kind.form is Form.BCD:
        if not (value.hex().isdigit() or (bmp, value) == _NO_RECEIPT):
            raise MalformedError("expected decimal digits, got something else")
        return Field(bmp, head, value)
    return Field(bmp, head, kind.mask(value))
