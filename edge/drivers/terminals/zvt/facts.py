"""What a terminal's messages prove of a payment: the evidence, and no more of the card than may be kept."""

import re
from typing import Final

import msgspec

from edge.drivers.terminals.zvt import bmp, letters, settings, tlv
from edge.drivers.terminals.zvt.messages import Message
from edge.readings import CardTotal, TerminalNeeds, TerminalTotals

# Intermediate states (github EVerest/zvt and Portalum.Zvt, its English texts); 40 more asks to take the card
# out as well. What a shopper has to read and type, only the terminal's own display says.
_NEEDS: Final[dict[int, TerminalNeeds]] = {
    0x00: TerminalNeeds.PIN_PAD,
    0x01: TerminalNeeds.PIN_PAD,
    0x02: TerminalNeeds.PIN_PAD,
    0x04: TerminalNeeds.HOST,
    0x05: TerminalNeeds.REVERSAL,
    0x06: TerminalNeeds.PATIENCE,
    0x07: TerminalNeeds.OTHER_CARD,
    0x08: TerminalNeeds.OTHER_CARD,
    0x09: TerminalNeeds.OTHER_CARD,
    0x0A: TerminalNeeds.CARD,
    0x0B: TerminalNeeds.REMOVE_CARD,
    0x0C: TerminalNeeds.OTHER_CARD,
    0x0E: TerminalNeeds.PATIENCE,
    0x0F: TerminalNeeds.PATIENCE,
    0x10: TerminalNeeds.OTHER_CARD,
    0x15: TerminalNeeds.RIGHT_PIN,
    0x17: TerminalNeeds.PATIENCE,
    0x19: TerminalNeeds.OTHER_CARD,
    0x1C: TerminalNeeds.NOTHING,
    0x1D: TerminalNeeds.NOTHING,
    0x28: TerminalNeeds.PATIENCE,
    0x29: TerminalNeeds.PATIENCE,
    0x2B: TerminalNeeds.PATIENCE,
    0x2C: TerminalNeeds.PATIENCE,
    0x68: TerminalNeeds.PATIENCE,
    0x69: TerminalNeeds.PIN_PAD,
    0xC9: TerminalNeeds.PATIENCE,
    0xCA: TerminalNeeds.PATIENCE,
    0xCC: TerminalNeeds.PIN_PAD,
    0xD2: TerminalNeeds.PATIENCE,
    0xD3: TerminalNeeds.PATIENCE,
    0xE0: TerminalNeeds.PIN_PAD,
    0xE1: TerminalNeeds.PIN_PAD,
}
_REMOVE_TOO: Final = 0x40

TOTALS: Final = 0x60
KINDS: Final = ("girocard", "jcb", "eurocard", "amex", "visa", "diners", "others")
"""The kinds of cards that an end of day counts, in their order (github EVerest/zvt, packets.rs)."""
# Two receipts, and for each kind a count and a sum.
_TOTALS_BYTES: Final = 2 + 2 + 7 * len(KINDS)

_DISPLAY_TEXT: Final = 0x24
_LINE: Final = 0x07


class Evidence(msgspec.Struct, frozen=True):
    """What one status information says; the names are those of a TerminalResult."""

    result_code: int | None = None
    amount_minor: int | None = None
    currency: str | None = None
    trace: int | None = None
    receipt: int | None = None
    terminal_id: str = ""
    card_last4: str = ""
    card_name: str = ""
    auth_code: str = ""
    date: str = ""
    time: str = ""
    original: int | None = None


def evidence(message: Message) -> Evidence:
    """What it proves."""
    return Evidence(
        result_code=_byte(message.field(0x27)),
        amount_minor=_number(message.field(0x04)),
        currency=settings.currency(message.field(0x49)),
        trace=_number(message.field(0x0B)),
        receipt=_number(message.field(0x87)),
        terminal_id=_hex(message.field(0x29)),
        card_last4=_last4(message.field(bmp.PAN)),
        card_name=letters.read(message.field(0x8B) or b""),
        auth_code=letters.read(message.field(0x3B) or b"").strip(),
        date=_hex(message.field(0x0D)),
        time=_hex(message.field(0x0C)),
        original=_number(message.field(0x37)),
    )


def completed(said: Evidence, before: Evidence) -> Evidence:
    """`said`, with what it leaves open as it was said before."""
    known = msgspec.structs.asdict(before)
    told = msgspec.structs.asdict(said)
    return Evidence(**{name: known[name] if value in {None, ""} else value for name, value in told.items()})


def totals(message: Message, attempt: str) -> TerminalTotals | None:
    """What a day came to, by kind of card, where the message says so and it can be read."""
    data = message.field(TOTALS)
    if data is None or len(data) != _TOTALS_BYTES or not _decimal(data).isdigit():
        return None
    kinds = (
        CardTotal(name, data[at], int(data[at + 1 : at + 7].hex()))
        for name, at in zip(KINDS, range(4, _TOTALS_BYTES, 7), strict=True)
    )
    return TerminalTotals(attempt, int(data[:2].hex()), int(data[2:4].hex()), tuple(kinds))


def _decimal(data: bytes) -> str:
    """All of it that must be digits: the counts are plain bytes."""
    return data[:4].hex() + "".join(data[at + 1 : at + 7].hex() for at in range(4, len(data), 7))


def needs(code: int) -> TerminalNeeds:
    """What an intermediate status asks for."""
    if found := _NEEDS.get(code):
        return found
    return TerminalNeeds.REMOVE_CARD if code & _REMOVE_TOO and code < 0x80 else TerminalNeeds.OTHER


def words(message: Message) -> str:
    """The text that a terminal shows, where it tells; lines as lines."""
    lines = (
        letters.read(line.data, letters.named(message.tags))
        for tag in message.tags
        if tag.tag == _DISPLAY_TEXT
        for line in tlv.every(tag.parts)
        if line.tag == _LINE
    )
    return "\n".join(lines)


def _last4(number: bytes | None) -> str:
    found = re.search("[0-9]{4}$", (number or b"").hex().rstrip("f"))
    return found[0] if found else ""


def _byte(data: bytes | None) -> int | None:
    return data[0] if data else None


def _number(data: bytes | None) -> int | None:
    return int(data.hex()) if data and data.hex().isdigit() else None


def _hex(data: bytes | None) -> str:
    return (data or b"").hex()
