"""The terminal's own books: what it took, gave back and reversed, whatever the till believes."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

# So many are listed; the money of older ones is summed up.
LISTED_MAX: Final = 2000

Kind = Literal["payment", "refund", "reversal"]


class Entry(msgspec.Struct):
    """One transaction that the host has said yes to; `sign` is 1 where the merchant gets the amount.

    `transaction` is the terminal's name for it and `psp` the acquirer's; `sale` is the till's. A reversal
    names its `original`; `auto` is one that the terminal made by itself.
    """

    kind: Kind
    sign: Literal[1, -1]
    amount_minor: int
    currency: str
    transaction: str
    psp: str
    at: str
    card: str
    mode: str
    last4: str
    code: str
    sale: str
    sale_at: str
    sale_id: str
    service_id: str
    reversed_minor: int = 0
    original: str = ""
    auto: bool = False


class Books(msgspec.Struct):
    """All of it; `settled_minor` is the money of transactions that are not listed any more."""

    count: Annotated[int, Meta(ge=0)] = 0
    declined: int = 0
    settled_minor: int = 0
    entries: list[Entry] = []

    @property
    def held_minor(self) -> int:
        """What the acquirer owes the merchant: payments less refunds and reversals."""
        return self.settled_minor + sum(entry.sign * entry.amount_minor for entry in self.entries)

    def write(self, entry: Entry) -> Entry:
        """Add a transaction; the oldest make room for it."""
        self.entries.append(entry)
        while len(self.entries) > LISTED_MAX:
            gone = self.entries.pop(0)
            self.settled_minor += gone.sign * gone.amount_minor
        return entry

    def reverse(self, entry: Entry, amount_minor: int, names: "Names", *, auto: bool) -> Entry:
        """Take so much of a transaction back, by one of its own."""
        assert 0 < amount_minor <= left_minor(entry), "nobody gets back more than was taken"
        entry.reversed_minor += amount_minor
        reversal = msgspec.structs.replace(
            entry,
            kind="reversal",
            sign=-1 if entry.sign == 1 else 1,
            amount_minor=amount_minor,
            transaction=names.transaction,
            psp=names.psp,
            at=names.at,
            reversed_minor=0,
            original=entry.transaction,
            auto=auto,
        )
        return self.write(reversal)

    def find(self, transaction: str) -> Entry | None:
        """The transaction of this name."""
        return next((entry for entry in self.entries if entry.transaction == transaction), None)

    def last_payment(self) -> Entry | None:
        """The newest payment of which something is left."""
        taken = (each for each in reversed(self.entries) if each.kind == "payment" and left_minor(each))
        return next(taken, None)


class Names(msgspec.Struct, frozen=True):
    """How a new transaction is called here and at the acquirer, and when it was."""

    transaction: str
    psp: str
    at: str


def left_minor(entry: Entry) -> int:
    """What of a transaction has not been taken back; nothing of a reversal can be."""
    return 0 if entry.kind == "reversal" else entry.amount_minor - entry.reversed_minor
