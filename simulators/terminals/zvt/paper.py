"""What a receipt of the terminal says, line by line."""

from typing import Final

import msgspec

from simulators.terminals.zvt.books import Books, Entry
from simulators.terminals.zvt.cards import BRANDS, CARDS, Shown

COLUMNS: Final = 32
CENTRED, DOUBLE_WIDTH = 0x40, 0x20
TITLES: Final = {
    "payment": "K A R T E N Z A H L U N G",
    "refund": "G U T S C H R I F T",
    "reversal": "S T O R N O",
}
HEADS: Final = {"merchant": "Händlerbeleg", "customer": "Kundenbeleg"}


class Line(msgspec.Struct, frozen=True):
    """One line and its attribute of 06 D1."""

    text: str
    attribute: int = 0


def receipt(entry: Entry, kind: str, merchant: str, terminal_id: int, shows: Shown) -> list[Line]:
    """A receipt for shopper or merchant; the number of the card is as hidden as the terminal hides it."""
    day, hour = entry.at.split("T")
    card = CARDS[entry.card]
    number = f"############{entry.last4}" if shows == "masked" else card.number
    amount = f"{entry.currency:03d} {entry.amount_minor // 100},{entry.amount_minor % 100:02d}"
    return [
        Line(merchant, CENTRED),
        Line(HEADS[kind], CENTRED),
        Line(TITLES[entry.kind], CENTRED),
        Line(""),
        Line(_row("Terminal-ID", f"{terminal_id:08d}")),
        Line(_row("TA-Nr / Beleg-Nr", f"{entry.trace:06d} / {entry.receipt:04d}")),
        *([Line(_row("Storno zu TA-Nr", f"{entry.original:06d}"))] if entry.original else []),
        Line(_row(card.label, number)),
        Line(_row("Genehmigung", entry.code)),
        Line(_row(day, hour)),
        Line(f"Betrag {amount}", DOUBLE_WIDTH),
        Line("Zahlung erfolgt" if entry.kind == "payment" else "Betrag zurück", CENTRED),
    ]


def day_end(books: Books, merchant: str, terminal_id: int, at: str) -> list[Line]:
    """What an end of day prints."""
    rows = [
        Line(_row(f"{brand} {count}", f"{amount // 100},{amount % 100:02d}"))
        for brand, (count, amount) in zip(BRANDS, books.totals(), strict=True)
        if count
    ]
    head = [Line(merchant, CENTRED), Line("K A S S E N S C H N I T T", CENTRED)]
    return [*head, Line(_row("Terminal-ID", f"{terminal_id:08d}")), Line(at.replace("T", " ")), *rows]


def _row(left: str, right: str) -> str:
    return left + right.rjust(max(len(right) + 1, COLUMNS - len(left)))
