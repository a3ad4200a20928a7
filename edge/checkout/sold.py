"""Sold: what the journal of this object still has of a sale, and of what came back of it since.

No table is kept for this. Notes of credit are numbered within their sale, so that each can be asked for by
its key, and receipt numbers grow with the entries, so that one is found by halving.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, SignedEntry, decode_body, read_entry
from cloud_sync.contract.facts import Refund, Sale
from cloud_sync.contract.fragment import BadFragmentError, parse
from edge.checkout.payments.book import Sql
from edge.checkout.receipts import receipt_number

# A sale has at most so many notes: one a unit, and one more for each attempt that paid.
_NOTES_MAX: Final = 1_000


class Past(msgspec.Struct, frozen=True):
    """A sale of this object, when it was, and the notes of credit that were written for it, in order."""

    sale: Sale
    wall_ms: int
    refunds: tuple[Refund, ...]


class Shown(msgspec.Struct, frozen=True):
    """A receipt that somebody shows: its entry, and the certificate beside it or ''; not believed yet."""

    entry: SignedEntry
    certificate: str


def note_key(sale: str, count: int) -> str:
    """The key of the note number `count` (from 1) of a sale: its provider is asked by it, too."""
    return f"{sale}-{count}"


def read_shown(text: str) -> Shown | None:
    """The receipt in a fragment, a link that ends in one, or a compact JWS; None in any other text."""
    fragment = text.strip().rpartition("#")[2]
    try:
        entry, certificate = parse(fragment)
    except BadFragmentError:
        entry, certificate = fragment, ""
    try:
        return Shown(read_entry(entry), certificate)
    except ValueError:
        return None


class Sold:
    """The journal, as a return asks it; `db` reads its file."""

    def __init__(self, db: Sql, epoch: str) -> None:
        self._db = db
        self.prefix = receipt_number(epoch, 0).partition("-")[0]
        """What the receipt numbers of this object begin with."""

    def by_sale(self, sale: str) -> Past | None:
        """The sale of this name; None if it is not, or not any more, in this journal."""
        body = self._body(f"sale/{sale}")
        return self._past(body) if body is not None else None

    def by_number(self, number: str) -> Past | None:
        """The sale with this receipt number, as somebody may have typed it."""
        prefix, _, digits = number.strip().upper().partition("-")
        if prefix != self.prefix or not digits.isdecimal() or not digits.isascii():
            return None
        body = self._halved(int(digits))
        return self._past(body) if body is not None else None

    def by_hash(self, seq: int, entry_hash: str) -> Past | None:
        """The sale at a place of this journal, by its entry's hash in base64url as a link has it."""
        rows = [*self._db.execute("SELECT hash, body FROM entry WHERE seq = ?", (seq,))]
        if [b64(bytes(hashed)) for hashed, _ in rows] != [entry_hash]:
            return None
        return self._past(decode_body(bytes(rows[0][1])))

    def by_entry(self, entry: SignedEntry) -> Past | None:
        """The sale of a receipt, if it is to the bit what this journal has at its place."""
        rows = [*self._db.execute("SELECT hash, sig, body FROM entry WHERE seq = ?", (entry.seq,))]
        if [(bytes(hashed), bytes(sig)) for hashed, sig, _ in rows] != [(entry.hash, entry.sig)]:
            return None
        return self._past(decode_body(bytes(rows[0][2])))

    def refund(self, key: str) -> Refund | None:
        """The note of this key."""
        body = self._body(f"refund/{key}")
        return body.fact if body is not None and isinstance(body.fact, Refund) else None

    def refunds(self, sale: str) -> tuple[Refund, ...]:
        """All notes of a sale, in order: they were written one after the other."""
        return tuple(self._notes(sale))

    def _notes(self, sale: str) -> Iterable[Refund]:
        for count in range(1, _NOTES_MAX + 1):
            refund = self.refund(note_key(sale, count))
            if refund is None:
                return
            yield refund

    def _past(self, body: Body) -> Past | None:
        if not isinstance(body.fact, Sale):
            return None
        return Past(body.fact, body.wall_ms, self.refunds(body.fact.sale))

    def _body(self, idem: str) -> Body | None:
        return _first(self._db.execute("SELECT body FROM entry WHERE idem = ?", (idem,)))

    def _halved(self, wanted: int) -> Body | None:
        """The sale number `wanted`, found by halving: entries are in the order of their receipt numbers."""
        ((low, high),) = self._db.execute("SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM entry")
        while low <= high:
            middle = (low + high) // 2
            body = _first(
                self._db.execute(
                    "SELECT body FROM entry WHERE seq BETWEEN ? AND ? AND kind = 'sale' ORDER BY seq LIMIT 1",
                    (middle, high),
                )
            )
            if body is None:
                high = middle - 1
                continue
            assert isinstance(body.fact, Sale)
            count = int(body.fact.number.rpartition("-")[2])
            if count == wanted:
                return body
            low, high = (body.seq + 1, high) if count < wanted else (low, middle - 1)
        return None


def _first(rows: Iterable[tuple[Any, ...]]) -> Body | None:
    found = next((row for row in [*rows]), None)
    return None if found is None else decode_body(bytes(found[0]))
