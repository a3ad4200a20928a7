"""The terminal's own books: what it took, gave back and reversed, whatever the till believes."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from simulators.terminals.zvt.cards import BRANDS, CARDS

# As many as a small terminal keeps before it wants an end of day.
TURNOVER_MAX: Final = 500
# Of closed days so many transactions are still listed; the money of the others is summed up.
LISTED_MAX: Final = 2000
RECEIPT_MAX: Final = 9999
TRACE_MAX: Final = 999_999

Kind = Literal["payment", "refund", "reversal"]
State = Literal["pending", "done", "reversed"]


class Entry(msgspec.Struct):
    """One transaction that the host has said yes to; `pending` until the till has acknowledged it.

    `sign` is 1 where the merchant gets the amount, -1 where it goes back. A reversal names the trace of its
    `original`; `auto` is one that the terminal made by itself.
    """

    kind: Kind
    state: State
    sign: Literal[1, -1]
    amount_minor: int
    authorised_minor: int
    currency: int
    trace: int
    receipt: int
    at: str
    card: str
    last4: str
    code: str
    day: int
    original: int = 0
    auto: bool = False


class Books(msgspec.Struct):
    """All of it; `settled_minor` is the money of transactions that are not listed any more."""

    trace: Annotated[int, Meta(ge=0)] = 0
    receipt: Annotated[int, Meta(ge=0)] = 0
    day: int = 1
    day_end_open: bool = False
    declined: int = 0
    settled_minor: int = 0
    entries: list[Entry] = []

    @property
    def held_minor(self) -> int:
        """What the acquirer owes the merchant: payments less refunds and reversals, pending ones included."""
        return self.settled_minor + sum(entry.sign * entry.amount_minor for entry in self.entries)

    @property
    def last(self) -> Entry | None:
        """The newest transaction."""
        return self.entries[-1] if self.entries else None

    def today(self) -> list[Entry]:
        """The transactions since the last end of day."""
        return [entry for entry in self.entries if entry.day == self.day]

    def number(self) -> tuple[int, int]:
        """The next trace and receipt; both begin again at 1."""
        self.trace = self.trace % TRACE_MAX + 1
        self.receipt = self.receipt % RECEIPT_MAX + 1
        return self.trace, self.receipt

    def write(self, entry: Entry) -> Entry:
        """Add a transaction; the oldest of closed days make room for it."""
        self.entries.append(entry)
        while len(self.entries) > LISTED_MAX:
            gone = self.entries.pop(0)
            self.settled_minor += gone.sign * gone.amount_minor
        return entry

    def reverse(self, entry: Entry, at: str, *, auto: bool) -> Entry:
        """Take a transaction back by one of its own."""
        trace, receipt = self.number()
        entry.state = "reversed"
        about = {"kind": "reversal", "state": "done", "sign": -entry.sign, "original": entry.trace}
        new = {"trace": trace, "receipt": receipt, "at": at, "day": self.day, "auto": auto}
        return self.write(msgspec.structs.replace(entry, **about, **new))

    def pending(self) -> list[Entry]:
        """What a power cut has left without an acknowledgement."""
        return [entry for entry in self.entries if entry.state == "pending"]

    def find(self, receipt: int) -> Entry | None:
        """The newest transaction of today with this receipt number."""
        return next((entry for entry in reversed(self.today()) if entry.receipt == receipt), None)

    def last_payment(self) -> Entry | None:
        """The newest payment of today."""
        return next((entry for entry in reversed(self.today()) if entry.kind == "payment"), None)

    def totals(self) -> list[tuple[int, int]]:
        """Count and amount for each brand: payments that stand."""
        taken = [entry for entry in self.today() if entry.kind == "payment" and entry.state == "done"]
        of_brand = [[each.amount_minor for each in taken if _brand(each.card) == brand] for brand in BRANDS]
        return [(len(amounts), sum(amounts)) for amounts in of_brand]

    def close_day(self) -> None:
        """Begin another day; what was taken cannot be reversed any more."""
        self.day += 1
        self.day_end_open = False


def _brand(card: str) -> str:
    return CARDS[card].brand if card in CARDS else "other"
