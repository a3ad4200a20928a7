"""A message as people and programs read it: one name for each thing that it says, masked."""

from collections.abc import Callable, Iterator
from typing import Final

from edge.drivers.terminals.zvt import bmp, facts, letters, tlv
from edge.drivers.terminals.zvt.bmp import Form
from edge.drivers.terminals.zvt.messages import Message, Said
from edge.drivers.terminals.zvt.tlv import Tlv

Shown = int | str | list["Shown"] | dict[str, "Shown"]

# Digits that are no number: nobody adds a date to another.
_AS_WRITTEN: Final = {0x0C, 0x0D, 0x0E, 0xAA}


def _number(data: bytes) -> Shown:
    return int.from_bytes(data)


def _hex(data: bytes) -> Shown:
    return data.hex()


def _digits(data: bytes) -> Shown:
    return int(data.hex()) if data.hex().isdigit() else data.hex()


# Tag -> its name, and how it is read; any other is shown in hexadecimal under its number.
_TAGS: Final[dict[int, tuple[str, Callable[[bytes], Shown]]]] = {
    0x07: ("text_lines", letters.read),
    0x09: ("attribute", _number),
    0x0A: ("command", _hex),
    0x14: ("character_set", _number),
    0x1A: ("max_len_apdu", _number),
    0x1B: ("diagnosis_type", _number),
    0x41: ("zvt_card_type_tag", _hex),
    0x42: ("application_name", letters.read),
    0x43: ("application_id", _hex),
    0x44: ("application_label", letters.read),
    0x46: ("emv_print_customer", letters.read),
    0x47: ("emv_print_merchant", letters.read),
    0x4C: ("uuid", _hex),
    0x1F07: ("receipt_type", _number),
    0x1F0B: ("maximum_pre_autorisation", _digits),
    0x1F0E: ("tlv_date", _hex),
    0x1F0F: ("tlv_time", _hex),
    0x1F10: ("cardholder_check", _number),
    0x1F12: ("card_technology", _number),
    0x1F14: ("card_identification_item", _hex),
    0x1F15: ("card_reading_control", _number),
    0x1F16: ("extended_error_code", _digits),
    0x1F17: ("extended_error_text", letters.read),
    0x1F2B: ("long_trace_number", _digits),
    0x1F37: ("receipt_information", _number),
    0x1F40: ("device_name", letters.read),
    0x1F41: ("software_version", letters.read),
    0x1F42: ("serial_number", _digits),
    0x1F43: ("device_state", _number),
    0x1F44: ("tlv_terminal_id", _digits),
    0x1F45: ("ats", _hex),
    0x1F4C: ("contactless_card_type", _number),
    0x1F4D: ("sub_type", _hex),
    0x1F4F: ("atqa", _hex),
    0x1F50: ("sak", _number),
    0x1F60: ("card_types_read", _number),
    0x1F62: ("bmp_prefix", letters.read),
    0x1F63: ("bmp_data", letters.read),
}


def fields(message: Message) -> dict[str, Shown]:
    """Everything that it says; what comes more than once is a list."""
    shown: dict[str, Shown] = {}
    for name, value in _named(message):
        match shown.get(name):
            case None:
                shown[name] = value
            case [*before]:
                shown[name] = [*before, value]
            case before:
                shown[name] = [before, value]
    return shown


def _named(message: Message) -> Iterator[tuple[str, Shown]]:
    if (refusal := message.refusal) is not None:
        yield "error", refusal
    for unnamed in message.said:
        yield unnamed.part.name, _said(unnamed)
    for each in message.fields:
        kind = bmp.KINDS[each.bmp]
        if kind.form is Form.TLV:
            yield from _tags(each.tags, letters.named(each.tags))
        else:
            totals = _totals(message) if each.bmp == facts.TOTALS else {}
            yield kind.name, totals or _field(each.bmp, kind.form, each.data)


def _said(each: Said) -> Shown:
    match each.part.form:
        case Form.BCD:
            return int(each.data.hex())
        case Form.TEXT:
            return letters.read(each.data)
        case _:
            return int.from_bytes(each.data)


def _totals(message: Message) -> dict[str, Shown]:
    told = facts.totals(message, "")
    if told is None:
        return {}
    shown: dict[str, Shown] = {"receipt_no_start": told.receipt_first, "receipt_no_end": told.receipt_last}
    for each in told.kinds:
        shown |= {f"{each.kind}_num": each.count, f"{each.kind}_total": each.amount_minor}
    return shown


def _field(number: int, form: Form, data: bytes) -> Shown:
    if form is Form.TEXT:
        return letters.read(data)
    if form is Form.BCD:
        # FFFF is the receipt of a reservation that is not there.
        text = data.hex()
        return text if number in _AS_WRITTEN else int(text) if text.isdigit() else int.from_bytes(data)
    if len(data) == 1:
        return data[0]
    return data.hex().rstrip("f") if number in {bmp.PAN, 0x23} else data.hex()


def _tags(tags: tuple[Tlv, ...], character_set: str) -> Iterator[tuple[str, Shown]]:
    for each in tlv.every(tags):
        if each.parts:
            continue
        name, read = _TAGS.get(each.tag, (f"tlv_{each.tag:02x}", _hex))
        yield name, letters.read(each.data, character_set) if read is letters.read else read(each.data)
