"""The house's own books: what was taken out of slices of wallets, and what the desk has confirmed.

For these two ways to pay nobody outside keeps books that could be asked after a power cut: the object's own
entries are the books. In memory and as tables, both folded from the same entries.
"""

from collections.abc import Callable, Iterable
from importlib import resources
from typing import Final

import msgspec

from cloud_sync.contract.entry import Body
from cloud_sync.contract.escrow import given_back, put_back, taken_out
from cloud_sync.contract.facts import Operator
from edge.checkout.payments.book import Row, Sql

DESK: Final = "desk"
"""The provider of what is paid at the desk, as entries name it."""

CASH: Final = f"{DESK}.cash"
CHEQUE: Final = f"{DESK}.cheque"
PAID_OUT: Final = f"{DESK}.paid-out"
"""The acts of an `operator` entry about an attempt, and about the key of a refund."""

TABLES: Final = ("slice_use", "slice_back", "slice_end", "desk_deed")

# The payment book forgets an attempt by then, and nothing of it can go back any more.
_KEPT_MS: Final = 90 * 24 * 3_600 * 1_000


class Use(msgspec.Struct):
    """What one attempt took out of a slice, and what of it went back: refund key -> amount."""

    slice: str
    amount_minor: int
    back: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def net_minor(self) -> int:
        """What is still out."""
        return self.amount_minor - sum(self.back.values())


class HouseBook:
    """All that matters still; `apply` each entry once it is on the disk: twice does no harm."""

    def __init__(self) -> None:
        self.uses: dict[str, Use] = {}
        """By attempt."""
        self.ended: set[str] = set()
        """The slices that were given back."""
        self.came: set[str] = set()
        """The attempts whose money somebody at the desk has taken."""
        self.handed: set[str] = set()
        """The refunds that somebody at the desk has handed out."""

    @classmethod
    def load(cls, rows: Callable[[str], Iterable[Row]]) -> "HouseBook":
        """The book as the tables have it; `rows` answers a SELECT."""
        book = cls()
        for attempt, serial, amount_minor in rows("SELECT attempt, slice, amount_minor FROM slice_use"):
            book.uses[attempt] = Use(serial, amount_minor)
        for attempt, refund, amount_minor in rows("SELECT * FROM slice_back"):
            book.uses[attempt].back[refund] = amount_minor
        book.ended.update(serial for (serial,) in rows("SELECT slice FROM slice_end"))
        for about, act in rows("SELECT about, act FROM desk_deed"):
            book.confirm(act, about)
        return book

    def apply(self, body: Body) -> None:
        """One more entry is on the disk."""
        for paid in taken_out(body.fact):
            self.uses.setdefault(paid.attempt, Use(paid.reference, paid.amount_minor))
        if (back := put_back(body.fact)) is not None and back.attempt in self.uses:
            self.uses[back.attempt].back[back.refund] = back.amount_minor
        if (serial := given_back(body.fact)) is not None:
            self.ended.add(serial)
        if isinstance(body.fact, Operator) and is_of_desk(body.fact.act):
            self.confirm(body.fact.act, body.fact.about)

    def confirm(self, act: str, about: str) -> None:
        """Somebody at the desk says what became of money."""
        (self.handed if act == PAID_OUT else self.came).add(about)

    def out_minor(self, serial: str) -> int:
        """What is taken out of a slice and did not go back."""
        return sum(use.net_minor for use in self.uses.values() if use.slice == serial)


def is_of_desk(act: str) -> bool:
    """Whether somebody confirmed something at the desk."""
    return act in {CASH, CHEQUE, PAID_OUT}


def schema() -> str:
    """The statements that create the tables."""
    return resources.files("edge.checkout.payments").joinpath("house.sql").read_text(encoding="utf-8")


def fold(db: Sql, body: Body) -> None:
    """Bring the tables up to date with one more entry."""
    for paid in taken_out(body.fact):
        use = (paid.attempt, paid.reference, paid.amount_minor, body.wall_ms)
        db.execute("INSERT OR IGNORE INTO slice_use VALUES (?, ?, ?, ?)", use)
    if (back := put_back(body.fact)) is not None:
        db.execute(
            "REPLACE INTO slice_back SELECT attempt, ?, ? FROM slice_use WHERE attempt = ?",
            (back.refund, back.amount_minor, back.attempt),
        )
    if (serial := given_back(body.fact)) is not None:
        db.execute("INSERT OR IGNORE INTO slice_end VALUES (?, ?)", (serial, body.wall_ms))
        _forget(db, body.wall_ms)
    if isinstance(body.fact, Operator) and is_of_desk(body.fact.act):
        deed = (body.fact.about, body.fact.act, body.wall_ms)
        db.execute("INSERT OR IGNORE INTO desk_deed VALUES (?, ?, ?)", deed)
        db.execute("DELETE FROM desk_deed WHERE wall_ms < ?", (body.wall_ms - _KEPT_MS,))


def _forget(db: Sql, wall_ms: int) -> None:
    """A slice that was given back stays known to be; what was taken out of it long ago need not."""
    old = "SELECT attempt FROM slice_use JOIN slice_end USING (slice) WHERE slice_end.wall_ms < ?"
    for table in ("slice_back", "slice_use"):
        db.execute(f"DELETE FROM {table} WHERE attempt IN ({old})", (wall_ms - _KEPT_MS,))  # noqa: S608 - ours
