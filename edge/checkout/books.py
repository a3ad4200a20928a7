"""The till's books: what this object has to sell, what it has sold, and which documents it works by.

In memory for the hot path; in the journal's file as a projection that follows, so that a start reads a few
rows instead of the whole journal. Both are folded from the same entries by the same rules.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from importlib import resources
from typing import Final

import msgspec

from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Arrived, DocumentApplied, Operator, Refund, Sale, SaleLine
from edge.checkout.payments import book as payments
from edge.checkout.payments import house
from edge.checkout.payments.book import Row, Sql
from retail.custody import QUARANTINE, SOLD, Move
from retail.identity.answer import Resolved
from retail.identity.resolver import resolve
from retail.pricing.book import Version

# A sold item that comes back later than this is looked up at the hub.
_SOLD_KEPT_MS: Final = 90 * 24 * 3_600 * 1_000


WRONG_PIN: Final = "pin.wrong"
LOCKED_PIN: Final = "pin.locked"
"""What an `operator` entry says of a PIN."""

CALIBRATED: Final = "scale.calibrate"
"""What it says of a scale that was calibrated: at the machine itself, where nobody is asked for a PIN."""

_WITHOUT_PIN: Final = frozenset({LOCKED_PIN, CALIBRATED})
"""Any other act of somebody's came after a right one."""


class WrongPins(msgspec.Struct, frozen=True):
    """How many wrong PINs there were in a row, and when the last of them was."""

    wrong: int
    wall_ms: int


class LastSale(msgspec.Struct, frozen=True):
    """The sale that was written last, as a till that comes back after a power cut needs it."""

    seq: int
    sale: str
    number: str
    total_minor: int
    currency: str
    units: int
    wall_ms: int


class LastRefund(msgspec.Struct, frozen=True):
    """The note of credit that was written last, and its sale."""

    refund: str
    sale: str


class ShopProjection:
    """The till's books as tables: stock, items, transfers, documents, takings, the last sale, payments.

    Version 2 had no payments yet, version 3 no notes of credit and no books of the house, version 4 no days
    of terminals: their rows are those of a shop where there was none.
    """

    name: Final = "shop"
    version: Final = 5
    reads: Final = (2, 3, 4, 5)
    tables: Final = (
        *("stock", "item", "transfer", "document", "takings", "last_sale"),
        *payments.TABLES,
        *house.TABLES,
        *("last_refund", "wrong_pin"),
    )

    @property
    def schema(self) -> str:
        """The statements that create the tables."""
        shop = resources.files("edge.checkout").joinpath("shop.sql").read_text(encoding="utf-8")
        return shop + payments.schema() + house.schema()

    def fold(self, db: Sql, body: Body) -> None:
        """Bring the tables up to date with one more entry."""
        payments.fold(db, body)
        house.fold(db, body)
        match body.fact:
            case Sale() as sale:
                _fold_sale(db, body, sale)
            case Refund() as refund:
                _fold_refund(db, body, refund)
            case Operator() as deed:
                _fold_deed(db, body, deed)
            case Arrived(transfer=transfer, moves=moves, epcs=epcs):
                db.execute("INSERT OR IGNORE INTO transfer VALUES (?)", (transfer,))
                _fold_moves(db, moves)
                for epc, gtin, holder in _places(moves, epcs):
                    db.execute("REPLACE INTO item VALUES (?, ?, ?, ?)", (epc, gtin, holder, body.wall_ms))
            case DocumentApplied(name=name, version=version, sha256=sha256):
                db.execute(
                    "REPLACE INTO document VALUES (?, ?, ?, ?)", (name, version.generation, version.n, sha256)
                )
            case _:
                pass


class Books:
    """The same in memory; `apply` each entry once it is on the disk."""

    def __init__(self) -> None:
        self.stock: Counter[tuple[str, str]] = Counter()
        self.items: dict[str, tuple[str, str]] = {}
        """EPC -> (GTIN, holder)."""
        self._held: defaultdict[str, dict[str, str]] = defaultdict(dict)
        """Holder -> EPC -> GTIN: a till asks many times a sale, and what was sold stays in `items`."""
        self.transfers: set[str] = set()
        """The transfers that were counted."""
        self.documents: dict[str, tuple[Version, str]] = {}
        """Name -> (version, sha256)."""
        self.sales = 0
        self.last_sale: LastSale | None = None
        self.refunds = 0
        self.last_refund: LastRefund | None = None
        self.wrong_pins: dict[str, WrongPins] = {}
        """Staff -> wrong PINs since the last right one."""

    @classmethod
    def load(cls, rows: Callable[[str], Iterable[Row]], epoch: str) -> "Books":
        """The books as the projection has them in `epoch`; `rows` answers a SELECT."""
        books = cls()
        for holder, gtin, units in rows("SELECT holder, gtin, units FROM stock"):
            books.stock[holder, gtin] = units
        for epc, gtin, holder in rows("SELECT epc, gtin, holder FROM item"):
            books._place(epc, gtin, holder)
        for name, generation, n, sha256 in rows("SELECT name, generation, n, sha256 FROM document"):
            books.documents[name] = (Version(generation, n), sha256)
        books.transfers.update(transfer for (transfer,) in rows("SELECT transfer FROM transfer"))
        for _, when, sales, *last in rows("SELECT * FROM last_sale"):
            if when == epoch:  # receipts are numbered anew in each epoch
                books.sales, books.last_sale = sales, LastSale(*last)
        for _, when, refunds, *note in rows("SELECT * FROM last_refund"):
            if when == epoch:
                books.refunds, books.last_refund = refunds, LastRefund(*note)
        for staff, wrong, wall_ms in rows("SELECT * FROM wrong_pin"):
            books.wrong_pins[staff] = WrongPins(wrong, wall_ms)
        return books

    def apply(self, body: Body) -> None:
        """One more entry is on the disk."""
        match body.fact:
            case Sale() as sale:
                self._move(sale.moves)
                for line in sale.lines:
                    for epc in line.epcs:
                        self._place(epc, line.gtin, SOLD)
                self.sales += 1
                self.last_sale = _last_sale(body, sale)
            case Refund() as refund:
                self._move(refund.moves)
                for line in refund.lines:
                    for epc in line.epcs:
                        self._place(epc, line.gtin, _taker(refund, line))
                self.refunds += 1
                self.last_refund = LastRefund(refund.refund, refund.sale)
            case Operator(staff=staff, act=act):
                self._learn_pin(staff, act, body.wall_ms)
            case Arrived(transfer=transfer, moves=moves, epcs=epcs):
                self.transfers.add(transfer)
                self._move(moves)
                for place in _places(moves, epcs):
                    self._place(*place)
            case DocumentApplied(name=name, version=version, sha256=sha256):
                self.documents[name] = (version, sha256)
            case _:
                pass

    def is_sold(self, epc: str) -> bool:
        """Whether this object sold the item, and has not had it back."""
        return epc in self.items and self.items[epc][1] == SOLD

    def at(self, holder: str) -> dict[str, str]:
        """The items that a holder has: EPC -> GTIN."""
        return dict(self._held.get(holder, {}))

    def units(self, holder: str) -> dict[str, int]:
        """The units that a holder has: GTIN -> units."""
        return {gtin: units for (where, gtin), units in self.stock.items() if where == holder}

    def _place(self, epc: str, gtin: str, holder: str) -> None:
        if epc in self.items:
            self._held[self.items[epc][1]].pop(epc, None)
        self.items[epc] = (gtin, holder)
        self._held[holder][epc] = gtin

    def _learn_pin(self, staff: str, act: str, wall_ms: int) -> None:
        if act == WRONG_PIN:
            before = self.wrong_pins.get(staff, WrongPins(0, 0))
            self.wrong_pins[staff] = WrongPins(before.wrong + 1, wall_ms)
        elif act not in _WITHOUT_PIN:
            self.wrong_pins.pop(staff, None)

    def _move(self, moves: Iterable[Move]) -> None:
        for move in moves:
            self.stock[move.giver, move.gtin] -= move.units
            self.stock[move.taker, move.gtin] += move.units


def _last_sale(body: Body, sale: Sale) -> LastSale:
    units = sum(line.units for line in sale.lines)
    return LastSale(body.seq, sale.sale, sale.number, sale.total_minor, sale.currency, units, body.wall_ms)


def _fold_sale(db: Sql, body: Body, sale: Sale) -> None:
    _fold_moves(db, sale.moves)
    for line in sale.lines:
        for epc in line.epcs:
            db.execute("REPLACE INTO item VALUES (?, ?, ?, ?)", (epc, line.gtin, SOLD, body.wall_ms))
    db.execute("DELETE FROM item WHERE holder = 'sold' AND wall_ms < ?", (body.wall_ms - _SOLD_KEPT_MS,))
    db.execute(
        "INSERT INTO takings VALUES (?, ?, ?, 1, ?) ON CONFLICT DO UPDATE"
        " SET sales = sales + 1, total_minor = total_minor + excluded.total_minor",
        (sale.business_date, sale.currency, sale.tender, sale.total_minor),
    )
    db.execute(
        "INSERT INTO last_sale VALUES (1, ?, 1, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " sales = iif(epoch = excluded.epoch, sales + 1, 1), epoch = excluded.epoch, seq = excluded.seq,"
        " sale = excluded.sale, number = excluded.number, total_minor = excluded.total_minor,"
        " currency = excluded.currency, units = excluded.units, wall_ms = excluded.wall_ms",
        (body.epoch, *msgspec.structs.astuple(_last_sale(body, sale))),
    )


def _fold_refund(db: Sql, body: Body, refund: Refund) -> None:
    _fold_moves(db, refund.moves)
    for line in refund.lines:
        for epc in line.epcs:
            place = (epc, line.gtin, _taker(refund, line), body.wall_ms)
            db.execute("REPLACE INTO item VALUES (?, ?, ?, ?)", place)
    db.execute(
        "INSERT INTO last_refund VALUES (1, ?, 1, ?, ?) ON CONFLICT DO UPDATE SET"
        " refunds = iif(epoch = excluded.epoch, refunds + 1, 1), epoch = excluded.epoch,"
        " refund = excluded.refund, sale = excluded.sale",
        (body.epoch, refund.refund, refund.sale),
    )


def _taker(refund: Refund, line: SaleLine) -> str:
    """Who has the goods of a line that came back."""
    return next((move.taker for move in refund.moves if move.gtin == line.gtin), QUARANTINE)


def _fold_deed(db: Sql, body: Body, deed: Operator) -> None:
    if deed.act == WRONG_PIN:
        db.execute(
            "INSERT INTO wrong_pin VALUES (?, 1, ?) ON CONFLICT DO UPDATE"
            " SET wrong = wrong + 1, wall_ms = excluded.wall_ms",
            (deed.staff, body.wall_ms),
        )
    elif deed.act not in _WITHOUT_PIN:
        db.execute("DELETE FROM wrong_pin WHERE staff = ?", (deed.staff,))


def _fold_moves(db: Sql, moves: Iterable[Move]) -> None:
    for move in moves:
        for holder, units in ((move.giver, -move.units), (move.taker, move.units)):
            db.execute(
                "INSERT INTO stock VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET units = units + excluded.units",
                (holder, move.gtin, units),
            )


def _places(moves: Sequence[Move], epcs: Iterable[str]) -> Iterable[tuple[str, str, str]]:
    """Where each arrived item is now: the moves of an arrival all go to one holder."""
    for epc in epcs:
        answer = resolve(epc, "epc")
        assert isinstance(answer, Resolved), f"{epc} was checked when its delivery was accepted"
        yield epc, answer.gtin14, moves[0].taker
