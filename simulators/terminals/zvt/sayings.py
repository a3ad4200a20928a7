"""What the terminal says: status, completion, abort, intermediate status, receipt lines."""

from typing import Final, Literal

import msgspec

from simulators.terminals.zvt.apdu import Apdu
from simulators.terminals.zvt.books import Books, Entry
from simulators.terminals.zvt.cards import CARDS, EXPIRES, Shown
from simulators.terminals.zvt.fields import TLV, bcd, body, tlv
from simulators.terminals.zvt.paper import Line

ACCEPTED: Final = Apdu(0x8000)
COMPLETION, ABORT, INTERMEDIATE, STATUS, LINE, BLOCK = 0x060F, 0x061E, 0x04FF, 0x040F, 0x06D1, 0x06D3

# Intermediate statuses; with 40 added they also ask to take the card out.
INSERT_CARD, ASKING_HOST, AUTO_REVERSAL, REMOVE_CARD, WATCH_PIN_PAD = 0x0A, 0x04, 0x05, 0x0B, 0x01
WRONG_PIN, APPROVED, DECLINED, AND_REMOVE = 0x15, 0x1C, 0x1D, 0x40

# Results: what BMP 27, 06 1E and 84 cc 00 say. 55 is of the host: a wrong PIN too often.
OK, PIN_REFUSED, NOT_ISSUED = 0x00, 0x55, 0x05
UNREADABLE, FULL, NOT_REGISTERED, CANCELLED, WRONG_CURRENCY = 0x64, 0x6A, 0x6B, 0x6C, 0x6F
IMPOSSIBLE, PROTOCOL, BUSY, HOST_SILENT, NO_HOST = 0x83, 0x9A, 0xA0, 0xA1, 0xA3
ALREADY_REVERSED, NOT_REVERSIBLE, TOO_HIGH, TOO_LOW, NO_PAPER, DAY_END_OPEN = (
    0xB4,
    0xB5,
    0xC3,
    0xC8,
    0xCC,
    0xF0,
)

BLOCK_TYPES: Final = {"merchant": b"\x01", "customer": b"\x02", "day end": b"\x03"}
LAST_LINE: Final = 0x80
CONTRACT_BYTES: Final = 15
CODE_BYTES: Final = 8


class Persona(msgspec.Struct, frozen=True):
    """What a terminal is called, and how much of a card it tells."""

    terminal_id: int
    currency: int
    contract: str
    details: Literal["few", "many"]
    shows: Shown


def refused(error: int) -> Apdu:
    """No to a command, at once."""
    return Apdu(0x8400 | error)


def abort(error: int, currency: int | None = None) -> Apdu:
    """The end of a command that led to nothing."""
    return Apdu(ABORT, bytes((error,)) + (b"" if currency is None else bcd(currency, 2)))


def intermediate(status: int, minutes: int | None) -> Apdu:
    """What the shopper is shown, and for how long."""
    return Apdu(INTERMEDIATE, bytes((status,)) + (b"" if minutes is None else bcd(minutes, 1)))


def condition(persona: Persona) -> Apdu:
    """The completion of a registration or of a question for the status: nothing is due."""
    named = ((0x29, bcd(persona.terminal_id, 4)), (0x49, bcd(persona.currency, 2)))
    return Apdu(COMPLETION, body(((0x19, b"\0"), *named)))


def not_approved(persona: Persona, amount_minor: int, result: int) -> Apdu:
    """The status of what the host has refused: it has no trace and no receipt."""
    head = ((0x27, bytes((result,))), (0x04, bcd(amount_minor, 6)), (0x49, bcd(persona.currency, 2)))
    return Apdu(STATUS, body((*head, (0x29, bcd(persona.terminal_id, 4)))))


def status(persona: Persona, entry: Entry) -> Apdu:
    """The status of a transaction."""
    head = [(0x27, b"\0"), (0x04, bcd(entry.amount_minor, 6)), (0x49, bcd(entry.currency, 2))]
    head.append((0x0B, bcd(entry.trace, 3)))
    if entry.kind == "reversal":
        head.append((0x37, bcd(entry.original, 3)))
    receipt = (0x87, bcd(entry.receipt, 2))
    if entry.kind == "reversal" and persona.details == "few":
        return Apdu(STATUS, body((*head, receipt)))
    day, hour = entry.at.split("T")
    head += [(0x0C, bytes.fromhex(hour.replace(":", ""))), (0x0D, bytes.fromhex(day[5:].replace("-", "")))]
    head += [receipt, (0x29, bcd(persona.terminal_id, 4))]
    return Apdu(STATUS, body((*head, *_of_card(persona, entry))))


def _of_card(persona: Persona, entry: Entry) -> list[tuple[int, bytes]]:
    card = CARDS[entry.card]
    told = [(0x22, card.pan(persona.shows))]
    if persona.shows == "track2":
        told.append((0x23, card.track2()))
    if persona.details == "many":
        told += [(0x0E, bytes.fromhex(EXPIRES)), (0x17, b"\0\1"), (0x88, bcd(entry.trace, 3))]
        told += [(0x2A, persona.contract.encode("ascii").ljust(CONTRACT_BYTES)[:CONTRACT_BYTES])]
        told += [(0x3B, entry.code.encode("ascii").ljust(CODE_BYTES, b"\0"))]
        told += [(0x3C, f"GEN.NR.:{entry.code}".encode("ascii"))]
    told += [(0x8A, bytes((card.kind,))), (0x8B, card.label.encode("cp437") + b"\0")]
    if persona.details == "many":
        told.append((TLV, tlv(0x43, bytes.fromhex(card.aid))))
    return told


def totals(books: Books) -> Apdu:
    """The status of an end of day: first and last receipt, then a count and an amount for each brand."""
    receipts = [entry.receipt for entry in books.today()] or [0]
    counted = books.totals()
    rows = b"".join(bytes((min(count, 0xFF),)) + bcd(amount, 6) for count, amount in counted)
    ends = bcd(receipts[0], 2) + bcd(receipts[-1], 2)
    whole = sum(amount for _, amount in counted)
    return Apdu(STATUS, body(((0x27, b"\0"), (0x04, bcd(whole, 6)), (0x60, ends + rows))))


def print_lines(lines: list[Line]) -> list[Apdu]:
    """A receipt as a message for each line, and one that ends it."""
    told = [Apdu(LINE, bytes((line.attribute,)) + line.text.encode("cp437")) for line in lines]
    return [*told, Apdu(LINE, bytes((LAST_LINE,)))]


def print_block(kind: str, lines: list[Line]) -> Apdu:
    """A receipt as one message."""
    texts = b"".join(_block_line(line) for line in lines)
    inside = tlv(0x1F07, BLOCK_TYPES[kind]) + tlv(0x25, texts + tlv(0x09, bytes((LAST_LINE,))))
    return Apdu(BLOCK, body(((TLV, inside),)))


def _block_line(line: Line) -> bytes:
    text = tlv(0x07, line.text.encode("cp437"))
    return text + (tlv(0x09, bytes((line.attribute,))) if line.attribute else b"")
