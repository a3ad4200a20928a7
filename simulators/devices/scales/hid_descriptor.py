"""The report descriptor of a HID point-of-sale scale: what it tells the kernel of its reports.

USB HID Point of Sale Usage Tables 1.02 (page 0x8D), in the items of the Device Class Definition for HID 1.11,
section 6.2.2.
"""

from typing import Final

COLLECTION_END: Final = b"\xc0"
ARRAY_IN: Final = b"\x81\x00"
VALUE_IN: Final = b"\x81\x02"
VALUE_OUT: Final = b"\x91\x02"
PADDING_OUT: Final = b"\x91\x03"


def descriptor(data_id: int, control_id: int) -> bytes:
    """Describe the data report, and the scale control report unless its id is 0."""
    reports = _report(data_id, 0x32, _data())
    if control_id:
        reports += _report(control_id, 0x31, _control())
    return b"\x05\x8d\x09\x20\xa1\x01" + reports + COLLECTION_END


def _report(report_id: int, usage: int, fields: bytes) -> bytes:
    return bytes((0x85, report_id, 0x09, usage, 0xA1, 0x02)) + fields + COLLECTION_END


def _data() -> bytes:
    """Status and unit, each one of a list; the exponent; sixteen bits of weight."""
    status, unit = _one_of(0x70, range(0x71, 0x79)), _one_of(0x50, range(0x51, 0x5D))
    exponent = b"\x09\x41\x15\x81\x25\x7f" + _size(8) + VALUE_IN
    weight = b"\x09\x40\x15\x00\x27\xff\xff\x00\x00" + _size(16) + VALUE_IN
    return status + unit + exponent + weight


def _control() -> bytes:
    """Zero scale and enforced zero return, a bit each, and six bits that mean nothing."""
    return b"\x09\x80\x09\x81\x15\x00\x25\x01" + _size(1, 2) + VALUE_OUT + _size(6) + PADDING_OUT


def _one_of(usage: int, choices: range) -> bytes:
    usages = b"".join(bytes((0x09, choice)) for choice in choices)
    limits = bytes((0x15, 1, 0x25, len(choices)))
    return bytes((0x09, usage, 0xA1, 0x02)) + limits + _size(8) + usages + ARRAY_IN + COLLECTION_END


def _size(bits: int, count: int = 1) -> bytes:
    return bytes((0x75, bits, 0x95, count))
