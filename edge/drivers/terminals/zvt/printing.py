"""The lines of a terminal's receipts, as it sends them one by one or as a block."""

from collections.abc import Iterator
from typing import Final

from edge.drivers.terminals.zvt import letters, tlv
from edge.drivers.terminals.zvt.messages import Code, Message
from edge.drivers.terminals.zvt.tlv import Tlv
from edge.readings import ReceiptFor, TerminalLine

_LAST: Final = 0x80
_CENTRED: Final = 0x40
_WIDE: Final = 0x20
_TALL: Final = 0x10
# An attribute that is no line but empty lines, as many as the byte behind it says.
_FEEDS: Final = 0xFF
# More would be a roll of paper.
_FEEDS_MAX: Final = 16

_TEXTS: Final = 0x25
_LINE: Final = 0x07
_ATTRIBUTE: Final = 0x09
_RECEIPT: Final = 0x1F07
_RECEIPTS: Final = {b"\x01": ReceiptFor.MERCHANT, b"\x02": ReceiptFor.CUSTOMER, b"\x03": ReceiptFor.ADMIN}


def lines(message: Message, attempt: str) -> Iterator[TerminalLine]:
    """Every line that the message wants printed."""
    if message.code == Code.PRINT_LINE:
        yield from _single(message, attempt)
    else:
        yield from _block(message.tags, attempt)


def _single(message: Message, attempt: str) -> Iterator[TerminalLine]:
    attribute = int.from_bytes(message.value("attribute") or b"\0")
    text = message.value("text") or b""
    if attribute == _FEEDS:
        for _ in range(min(text[0] if text else 1, _FEEDS_MAX)):
            yield TerminalLine(attempt, ReceiptFor.UNKNOWN, "")
    else:
        yield _line(attempt, ReceiptFor.UNKNOWN, letters.read(text), attribute)


def _block(tags: tuple[Tlv, ...], attempt: str) -> Iterator[TerminalLine]:
    receipt = _RECEIPTS.get(tlv.first(tags, _RECEIPT) or b"", ReceiptFor.UNKNOWN)
    character_set = letters.named(tags)
    attribute = 0
    for each in tlv.every(tuple(tag for tag in tags if tag.tag == _TEXTS)):
        if each.tag == _LINE:
            yield _line(attempt, receipt, letters.read(each.data, character_set), attribute)
        elif each.tag == _ATTRIBUTE:
            # It holds for the lines behind it; at the end it says that there are none.
            attribute = int.from_bytes(each.data)
            if attribute & _LAST:
                yield TerminalLine(attempt, receipt, "", last=True)
                attribute = 0


def _line(attempt: str, receipt: ReceiptFor, text: str, attribute: int) -> TerminalLine:
    return TerminalLine(
        attempt,
        receipt,
        text,
        centred=bool(attribute & _CENTRED),
        wide=bool(attribute & _WIDE),
        tall=bool(attribute & _TALL),
        last=bool(attribute & _LAST),
    )
