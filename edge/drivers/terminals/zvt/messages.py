"""What a message says: what stands in it without a name, then its fields; and the bytes of it again."""

from enum import IntEnum
from typing import Final

import msgspec

from edge.drivers.terminals.zvt import apdu, bmp, masks, tlv
from edge.drivers.terminals.zvt.bmp import Field, Form


class Code(IntEnum):
    """The messages that we send or understand."""

    SET_TIME = 0x0401
    STATUS_INFORMATION = 0x040F
    INTERMEDIATE_STATUS = 0x04FF
    STATUS_ENQUIRY = 0x0501
    REGISTRATION = 0x0600
    AUTHORISATION = 0x0601
    LOG_OFF = 0x0602
    COMPLETION = 0x060F
    SET_TERMINAL_ID = 0x061B
    ABORT = 0x061E
    REPEAT_RECEIPT = 0x0620
    RESERVATION = 0x0622
    PARTIAL_REVERSAL = 0x0623
    BOOK_TOTAL = 0x0624
    RESERVATION_REVERSAL = 0x0625
    REVERSAL = 0x0630
    REFUND = 0x0631
    END_OF_DAY = 0x0650
    DIAGNOSIS = 0x0670
    INITIALISATION = 0x0693
    CANCEL = 0x06B0
    READ_CARD = 0x06C0
    PRINT_LINE = 0x06D1
    PRINT_TEXT = 0x06D3
    SELECT_LANGUAGE = 0x0830
    WRITE_FILE = 0x0814
    FEIG_FUNCTION = 0x0FA1
    ACCEPTED = 0x8000


REFUSALS: Final = 0x84
"""The class of a refusal; its instruction is the error."""

_CURRENCY_ERROR: Final = 0x6F


class Part(msgspec.Struct, frozen=True):
    """What stands at the beginning of a message without a name of its own; like a field otherwise."""

    name: str
    size: int
    form: Form = Form.BYTES


class Said(msgspec.Struct, frozen=True):
    """A part and its bytes, masked; `head` is its length where it has one."""

    part: Part
    data: bytes
    head: bytes = b""


_PASSWORD: Final = Part("password", 3, Form.BCD)
_CURRENCY: Final = Part("currency", 2, Form.BCD)
_CONFIG: Final = Part("config_byte", 1)
_STATUS: Final = Part("status", 1)
_MINUTES: Final = Part("timeout", 1, Form.BCD)
_ERROR: Final = Part("error", 1)
_VERSION: Final = (Part("sw_version", bmp.LLL, Form.TEXT), Part("terminal_status_code", 1))
_REST: Final = 1 << 16
_TEXT: Final = Part("text", _REST, Form.TEXT)
_FUNCTION: Final = Part("instr", 2)
# What a Feig cVEND says of itself; the voltage of its battery came with later versions (EVerest/zvt, feig).
_SYSTEM: Final = (
    Part("device_id", 8, Form.TEXT),
    Part("sw_version", 17, Form.TEXT),
    Part("terminal_id", 8, Form.TEXT),
)
_VOLTAGE: Final = Part("battery_voltage", 4, Form.TEXT)
_TEMPERATURE: Final = Part("temperature", _REST, Form.TEXT)
_OLD_SYSTEM_BYTES: Final = range(36, 38)
_SYSTEM_BYTES: Final = range(40, 42)

_Layout = tuple[Part, ...]

# Code -> the ways in which such a message may begin; that which leaves nothing unread is the right one, the
# first of them where several do.
_LAYOUTS: Final[dict[int, tuple[_Layout, ...]]] = {
    Code.STATUS_ENQUIRY: ((_PASSWORD,), ()),
    Code.REGISTRATION: ((_PASSWORD, _CONFIG, _CURRENCY), (_PASSWORD, _CONFIG)),
    Code.SET_TERMINAL_ID: ((_PASSWORD,),),
    Code.REPEAT_RECEIPT: ((_PASSWORD,),),
    Code.REVERSAL: ((_PASSWORD,),),
    Code.REFUND: ((_PASSWORD,),),
    Code.END_OF_DAY: ((_PASSWORD,),),
    Code.INITIALISATION: ((_PASSWORD,),),
    Code.READ_CARD: ((Part("timeout_sec", 1),),),
    Code.INTERMEDIATE_STATUS: ((_STATUS, _MINUTES), (_STATUS,)),
    # What the terminal answers to an enquiry begins with its version, whose length looks like fields.
    Code.COMPLETION: (_VERSION, ()),
    Code.WRITE_FILE: ((_PASSWORD,),),
    Code.SELECT_LANGUAGE: ((Part("language", 1),),),
    Code.FEIG_FUNCTION: ((_PASSWORD, _FUNCTION), (_FUNCTION,)),
    Code.ABORT: ((_ERROR,), (_ERROR, _CURRENCY)),
    Code.PRINT_LINE: ((Part("attribute", 1), _TEXT),),
}
_PLAIN: Final[tuple[_Layout, ...]] = ((),)


class Message(msgspec.Struct, frozen=True):
    """One whole message, masked; `wrong` says what of it could not be read, and was thrown away."""

    code: int
    said: tuple[Said, ...] = ()
    fields: tuple[Field, ...] = ()
    wide: bool = False
    wrong: str | None = None

    @property
    def data(self) -> bytes:
        """The bytes behind the length."""
        return b"".join(each.head + each.data for each in self.said) + b"".join(
            each.encoded for each in self.fields
        )

    @property
    def encoded(self) -> bytes:
        """All bytes of it; those that could not be read are missing."""
        return apdu.framed(self.code, self.data, wide=self.wide)

    @property
    def refusal(self) -> int | None:
        """The error that this message refuses with; None when it is none."""
        return self.code & 0xFF if self.code >> 8 == REFUSALS else None

    def value(self, name: str) -> bytes | None:
        """What stands without a name of its own."""
        return next((each.data for each in self.said if each.part.name == name), None)

    def field(self, number: int) -> bytes | None:
        """The first field of that number."""
        return next((each.data for each in self.fields if each.bmp == number), None)

    @property
    def tags(self) -> tuple[tlv.Tlv, ...]:
        """What the containers hold."""
        return tuple(tag for each in self.fields for tag in each.tags)


def parsed(raw: bytes) -> Message:
    """What a whole message says, as far as it can be read."""
    code, wide, data = apdu.split(raw)
    found = [_tried(code, layout, data) for layout in _layouts(code, data)]
    best = next((each for each in found if each.wrong is None), found[-1])
    return msgspec.structs.replace(best, wide=wide and len(data) < 0xFF)


def message(code: Code, *fields: Field, **parts: bytes) -> bytes:
    """A message of ours: what has no name in the order of its layout, then the fields."""
    layout = next(each for each in _LAYOUTS.get(code, _PLAIN) if {part.name for part in each} == parts.keys())
    said = tuple(Said(part, parts[part.name]) for part in layout)
    return Message(code, said, fields).encoded


def _layouts(code: int, data: bytes) -> tuple[_Layout, ...]:
    """The ways to try, the likeliest first: a few are told apart only by what they hold."""
    known = _LAYOUTS.get(code, _PLAIN)
    if code == Code.ABORT and data[:1] == bytes([_CURRENCY_ERROR]):
        return known[::-1]
    if code == Code.COMPLETION and data.isascii():
        if len(data) in _OLD_SYSTEM_BYTES:
            return *known, (*_SYSTEM, _TEMPERATURE)
        if len(data) in _SYSTEM_BYTES:
            return *known, (*_SYSTEM, _VOLTAGE, _TEMPERATURE)
    if code == Code.INTERMEDIATE_STATUS and data[1:2] == bytes([bmp.TLV]) and len(data) > 2:
        return known[::-1] if data[2] == len(data) - 3 else known
    return known


def _tried(code: int, layout: _Layout, data: bytes) -> Message:
    said: list[Said] = []
    at = 0
    for part in layout:
        each = _cut(part, data, at)
        if each is None:
            return Message(code, tuple(said), wrong=f"expected its {part.name}, got something else")
        said.append(each)
        at += len(each.head) + len(each.data)
    fields, wrong = bmp.parsed(data[at:])
    return Message(code, tuple(said), fields, wrong=wrong)


def _cut(part: Part, data: bytes, at: int) -> Said | None:
    head, size = b"", part.size
    if part.size == bmp.LLL:
        head = data[at : at + 3]
        if not _is_length(head):
            return None
        size = int("".join(str(byte & 0x0F) for byte in head))
    elif part.size == _REST:
        return Said(part, masks.text(data[at:]))
    value = data[at + len(head) : at + len(head) + size]
    if len(value) < size or (part.form is Form.BCD and not value.hex().isdigit()):
        return None
    return Said(part, masks.text(value) if part.form is Form.TEXT else value, head)


def _is_length(head: bytes) -> bool:
    return len(head) == 3 and all(byte & 0xF0 == 0xF0 and byte & 0x0F <= 9 for byte in head)
