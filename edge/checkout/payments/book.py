"""The book of payments: every attempt of this object, where it stands, and what shoppers have to get back.

In memory for the cashier, and as tables for the next start; both are folded from the same entries by the same
rules, so that nothing is known of a payment but what is on the disk.
"""

from collections.abc import Callable, Iterable, Sequence
from importlib import resources
from typing import Any, Final, Literal, Protocol, TypeVar

import msgspec

from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Closing, DayClosed, Paid, PaymentClosed, PaymentIntent, Refund, Sale
from edge.checkout.payments.postings import TENDERED, stored
from edge.checkout.payments.provider import Attempt

Row = tuple[Any, ...]

Standing = Literal[
    "open", "part", "paid", "declined", "cancelled", "person", "due", "refunded", "dishonoured"
]
"""Meant; paid as a part of a sale that is not done; the rest are ends, of which `due` and `person` stay open
for somebody. A sale was paid by what is `dishonoured`: stored while nobody could be asked, and no good."""

DueStanding = Literal["open", "refunded", "person"]

# Money that comes later than this is found in the provider's settlement, by the hub.
_KEPT_MS: Final = 90 * 24 * 3_600 * 1_000

# The sale that it was meant for is in the ledger: nobody will draft it again.
_SOLD: Final[frozenset[Standing]] = frozenset({"paid", "dishonoured"})

_OVER: Final[frozenset[Standing]] = frozenset({"paid", "declined", "cancelled", "refunded"})

# What an end makes of an attempt; one that was closed may still turn out to be paid, and is due then.
_STANDS: Final[dict[Closing, Standing]] = {
    "captured": "part",
    "declined": "declined",
    "cancelled": "cancelled",
    "refund-due": "due",
    "refunded": "refunded",
    "person": "person",
}


class Sql(Protocol):
    """All that a projection asks of a database."""

    def execute(self, statement: str, _bindings: Sequence[object] = ..., /) -> Iterable[Row]:
        """Run one statement; the rows that it answers."""
        ...


class AttemptLine(msgspec.Struct):
    """One attempt in the book."""

    attempt: Attempt
    standing: Standing
    wall_ms: int
    paid: Paid | None = None
    draft: Sale | None = None


class Due(msgspec.Struct):
    """Money that has to go back to a shopper; `id` is the key that the provider is asked by."""

    id: str
    attempt: str
    amount_minor: int
    standing: DueStanding
    wall_ms: int


class _Day(msgspec.Struct, frozen=True):
    """When a provider last handed in its day; `carried` were open then, and are of the next one."""

    wall_ms: int
    carried: frozenset[str]

    def precedes(self, line: AttemptLine) -> bool:
        """Whether an attempt is of the day that began then."""
        return line.wall_ms > self.wall_ms or line.attempt.id in self.carried


class PaymentBook:
    """All attempts that matter still; `apply` each entry once it is on the disk."""

    def __init__(self) -> None:
        self._lines: dict[str, AttemptLine] = {}
        self._by_sale: dict[str, list[AttemptLine]] = {}
        self._dues: dict[str, Due] = {}
        self._days: dict[str, _Day] = {}

    @classmethod
    def load(cls, rows: Callable[[str], Iterable[Row]]) -> "PaymentBook":
        """The book as the projection has it; `rows` answers a SELECT."""
        book = cls()
        # In the order in which they were meant: after a checkpoint the rows lie in that of their ids.
        for *meant, standing, paid, draft, wall_ms in rows("SELECT * FROM attempt ORDER BY wall_ms, rowid"):
            attempt = Attempt(*meant)
            line = AttemptLine(attempt, standing, wall_ms, _read(paid, Paid), _read(draft, Sale))
            book._add(line)
        for sale, lines in book._by_sale.items():
            if any(line.standing in _SOLD for line in lines):
                book._drop_draft(sale)
        for row in rows("SELECT * FROM due"):
            due = Due(*row)
            book._dues[due.id] = due
        for provider, wall_ms, carried in rows("SELECT provider, wall_ms, carried FROM day_close"):
            book._days[provider] = _Day(wall_ms, frozenset(msgspec.json.decode(carried)))
        return book

    def apply(self, body: Body) -> None:
        """One more entry is on the disk."""
        match body.fact:
            case PaymentIntent() as intent:
                self._add(_meant(intent, body.wall_ms))
            case Sale(payments=tuple() as payments):
                for paid in payments:
                    self._stand(paid.attempt, "paid", paid)
                self._drop_draft(body.fact.sale)
                self._forget(body.wall_ms)
            case PaymentClosed() as closed:
                self._close(closed, body.wall_ms)
            case Refund() as refund:
                due = Due(refund.refund, refund.attempt, refund.total_minor, "open", body.wall_ms)
                self._dues[due.id] = due
            case DayClosed(outcome="closed") as day:
                carried = (line.attempt.id for line in self.at(day.provider) if line.standing == "open")
                self._days[day.provider] = _Day(body.wall_ms, frozenset(carried))
            case _:
                pass

    def _add(self, line: AttemptLine) -> None:
        self._lines[line.attempt.id] = line
        self._by_sale.setdefault(line.attempt.sale, []).append(line)

    def _drop_draft(self, sale: str) -> None:
        """A sale that is done: its draft would be two thirds of what three months of payments weigh."""
        for line in self._by_sale.get(sale, ()):
            line.draft = None

    def _close(self, closed: PaymentClosed, wall_ms: int) -> None:
        key = due_key(closed)
        match closed.outcome:
            case "captured":
                self._stand(closed.attempt, "paid" if self._is_paid(closed) else "part", _brought(closed))
            case "person" if self._is_paid(closed):
                self._stand(closed.attempt, "dishonoured")
            case "refund-due":
                self._stand(closed.attempt, "due", _brought_now(closed))
                self._dues[key] = Due(key, closed.attempt, closed.amount_minor, "open", wall_ms)
            case "refunded" | "person" if key in self._dues:
                self._dues[key].standing = "refunded" if closed.outcome == "refunded" else "person"
                if key == closed.attempt:
                    self._stand(closed.attempt, _STANDS[closed.outcome])
            case _:
                self._stand(closed.attempt, _STANDS[closed.outcome])

    def _is_paid(self, closed: PaymentClosed) -> bool:
        """Whether a sale was paid by it already: then this is about what was stored."""
        line = self._lines.get(closed.attempt)
        return line is not None and line.standing == "paid" and closed.refund is msgspec.UNSET

    def _stand(self, attempt: str, standing: Standing, paid: Paid | None = None) -> None:
        line = self._lines.get(attempt)
        if line is not None:
            line.standing, line.paid = standing, paid or line.paid

    def line(self, attempt: str) -> AttemptLine | None:
        """The line of an attempt; None if this object never meant it."""
        return self._lines.get(attempt)

    def open(self) -> list[AttemptLine]:
        """The attempts that have not come to an end, the oldest first."""
        return [line for line in self._lines.values() if line.standing == "open"]

    def at(self, provider: str) -> list[AttemptLine]:
        """All attempts at one provider, in order."""
        return [line for line in self._lines.values() if line.attempt.provider == provider]

    def of_sale(self, sale: str) -> list[AttemptLine]:
        """All attempts of one sale, in order."""
        return [*self._by_sale.get(sale, ())]

    def stored(self) -> list[AttemptLine]:
        """What paid for sales while nobody could be asked, and is still to be handed in."""
        paid = (line for line in self._lines.values() if line.standing == "paid" and line.paid is not None)
        return [line for line in paid if line.paid is not None and line.paid.stored is True]

    def bounded(self, attempt: Attempt) -> Attempt:
        """An attempt as its provider has to be asked about it when others came after it.

        A provider that does not know our attempts is told where the next one begins: what it counted from
        there on is not this one, though it be of the same amount.
        """
        lines = iter(self._lines.values())
        for line in lines:
            if line.attempt.id == attempt.id:
                break
        later = (line.attempt for line in lines if line.attempt.provider == attempt.provider)
        until = next((each.fence for each in later if each.fence), "")
        return msgspec.structs.replace(attempt, until=until)

    def day_closed_ms(self, provider: str) -> int | None:
        """When this provider has last handed in its day; None if it never did here."""
        return self._days[provider].wall_ms if provider in self._days else None

    def of_the_day(self, provider: str) -> list[Paid]:
        """What its attempts have brought in since then, but for those of which all has gone back."""
        before = self._days.get(provider, _Day(-1, frozenset()))
        came = [line.paid for line in self.at(provider) if before.precedes(line) and line.paid is not None]
        return [paid for paid in came if self._gone_back_minor(paid.attempt) < paid.amount_minor]

    def _gone_back_minor(self, attempt: str) -> int:
        dues = (due for due in self._dues.values() if due.attempt == attempt)
        return sum(due.amount_minor for due in dues if due.standing == "refunded")

    def draft(self, sale: str) -> Sale | None:
        """A sale as it was meant when its first attempt was."""
        return next((line.draft for line in self.of_sale(sale) if line.draft is not None), None)

    def parts(self, sale: str) -> tuple[Paid, ...]:
        """What is paid already of a sale that is not done."""
        lines = self.of_sale(sale)
        return tuple(line.paid for line in lines if line.standing == "part" and line.paid is not None)

    def unfinished(self) -> list[str]:
        """The sales of which a part is paid, and that nobody has ended."""
        return list({line.attempt.sale: None for line in self._lines.values() if line.standing == "part"})

    def dues(self) -> list[Due]:
        """What has to go back and has not yet."""
        return [due for due in self._dues.values() if due.standing == "open"]

    def due(self, key: str) -> Due | None:
        """What is known of one refund."""
        return self._dues.get(key)

    def given_back_minor(self, attempt: str) -> int:
        """How much of an attempt's money has gone back, or has to."""
        return sum(due.amount_minor for due in self._dues.values() if due.attempt == attempt)

    def closed_since(self, wall_ms: int) -> list[AttemptLine]:
        """The attempts that ended without money since then: late money may still come for them."""
        late: frozenset[Standing] = frozenset({"declined", "cancelled", "person"})
        return [line for line in self._lines.values() if line.standing in late and line.wall_ms >= wall_ms]

    def _forget(self, wall_ms: int) -> None:
        for line in [*self._lines.values()]:
            if line.standing in _OVER and line.wall_ms < wall_ms - _KEPT_MS:
                del self._lines[line.attempt.id]
                self._by_sale[line.attempt.sale].remove(line)
                if not self._by_sale[line.attempt.sale]:
                    del self._by_sale[line.attempt.sale]
        for due in [*self._dues.values()]:
            if due.standing == "refunded" and due.wall_ms < wall_ms - _KEPT_MS:
                del self._dues[due.id]


def schema() -> str:
    """The statements that create the tables."""
    return resources.files("edge.checkout.payments").joinpath("payments.sql").read_text(encoding="utf-8")


TABLES: Final = ("attempt", "due", "day_close")


def fold(db: Sql, body: Body) -> None:
    """Bring the tables up to date with one more entry."""
    match body.fact:
        case PaymentIntent() as intent:
            _insert(db, _meant(intent, body.wall_ms))
        case Sale(payments=tuple() as payments):
            for paid in payments:
                _stand(db, paid.attempt, "paid", paid)
            _forget(db, body.wall_ms)
        case PaymentClosed() as closed:
            _fold_closed(db, closed, body.wall_ms)
        case Refund() as refund:
            due = (refund.refund, refund.attempt, refund.total_minor, "open", body.wall_ms)
            db.execute("REPLACE INTO due VALUES (?, ?, ?, ?, ?)", due)
        case DayClosed(outcome="closed") as day:
            rows = db.execute(
                "SELECT attempt FROM attempt WHERE provider = ? AND standing = 'open'", (day.provider,)
            )
            carried = msgspec.json.encode(sorted(attempt for (attempt,) in rows)).decode()
            db.execute("REPLACE INTO day_close VALUES (?, ?, ?)", (day.provider, body.wall_ms, carried))
        case _:
            pass


def _fold_closed(db: Sql, closed: PaymentClosed, wall_ms: int) -> None:
    key = due_key(closed)
    match closed.outcome:
        case "captured":
            _stand(db, closed.attempt, "paid" if _is_paid(db, closed) else "part", _brought(closed))
        case "person" if _is_paid(db, closed):
            _stand(db, closed.attempt, "dishonoured")
        case "refund-due":
            _stand(db, closed.attempt, "due", _brought_now(closed))
            due = (key, closed.attempt, closed.amount_minor, "open", wall_ms)
            db.execute("REPLACE INTO due VALUES (?, ?, ?, ?, ?)", due)
        case "refunded" | "person":
            db.execute("UPDATE due SET standing = ? WHERE due = ?", (closed.outcome, key))
            if key == closed.attempt:
                _stand(db, closed.attempt, _STANDS[closed.outcome])
        case _:
            _stand(db, closed.attempt, _STANDS[closed.outcome])


def _is_paid(db: Sql, closed: PaymentClosed) -> bool:
    rows = db.execute("SELECT standing FROM attempt WHERE attempt = ?", (closed.attempt,))
    return closed.refund is msgspec.UNSET and [*rows] == [("paid",)]


def due_key(closed: PaymentClosed) -> str:
    """The refund that an end is about: one of its own, or the money of the attempt itself."""
    return closed.refund if isinstance(closed.refund, str) else closed.attempt


def _meant(intent: PaymentIntent, wall_ms: int) -> AttemptLine:
    fence = intent.fence if isinstance(intent.fence, str) else ""
    attempt = Attempt(
        intent.attempt, intent.sale, intent.provider, intent.amount_minor, intent.currency, fence
    )
    draft = intent.draft if isinstance(intent.draft, Sale) else None
    return AttemptLine(attempt, "open", wall_ms, draft=draft)


def _brought(closed: PaymentClosed) -> Paid:
    """The money that an end speaks of; by its postings, whether it was stored."""
    account = stored(closed.provider)
    is_stored = any(each.account == account and each.amount_minor > 0 for each in closed.postings)
    return Paid(
        *(closed.attempt, closed.provider, closed.amount_minor, closed.reference),
        True if is_stored else msgspec.UNSET,
    )


def _brought_now(closed: PaymentClosed) -> Paid | None:
    """The same; None if it was brought in before, as a part of a sale."""
    return None if any(each.account == TENDERED for each in closed.postings) else _brought(closed)


def _insert(db: Sql, line: AttemptLine) -> None:
    meant = line.attempt
    draft = "" if line.draft is None else msgspec.json.encode(line.draft).decode()
    db.execute(
        "REPLACE INTO attempt VALUES (?, ?, ?, ?, ?, ?, 'open', '', ?, ?)",
        (
            *(meant.id, meant.sale, meant.provider, meant.amount_minor, meant.currency, meant.fence),
            *(draft, line.wall_ms),
        ),
    )


def _stand(db: Sql, attempt: str, standing: Standing, paid: Paid | None = None) -> None:
    if paid is None:
        db.execute("UPDATE attempt SET standing = ? WHERE attempt = ?", (standing, attempt))
        return
    brought = msgspec.json.encode(paid).decode()
    db.execute("UPDATE attempt SET standing = ?, paid = ? WHERE attempt = ?", (standing, brought, attempt))


def _forget(db: Sql, wall_ms: int) -> None:
    db.execute(
        "DELETE FROM attempt WHERE standing IN ('paid', 'declined', 'cancelled', 'refunded') AND wall_ms < ?",
        (wall_ms - _KEPT_MS,),
    )
    db.execute("DELETE FROM due WHERE standing = 'refunded' AND wall_ms < ?", (wall_ms - _KEPT_MS,))


_T = TypeVar("_T")


def _read(text: str, into: type[_T]) -> _T | None:
    return msgspec.json.decode(text, type=into) if text else None
