"""What was promised of a ledger, checked by lines of our own: hashes, links, signatures, sums, keys, time."""

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from cloud_sync.contract.signing import SoftwareKey
from tests.offline_queue.power.shop import DEV, KEYS, Books

Row = tuple[int, str, str, str, bytes, bytes, bytes, bytes]
"""An entry as it is stored: seq, kind, idem, kid, prev, body, hash, sig."""

_PUBLIC: Final = {each.public.kid: each for each in KEYS}


class BrokenPromiseError(AssertionError):
    """A ledger is not what was promised of it."""


def insist(holds: object, why: str) -> None:
    """Raise BrokenPromiseError, saying `why`, if something does not hold."""
    if not holds:
        raise BrokenPromiseError(why)


def b64(data: bytes) -> str:
    """Base64url without padding, as RFC 7515 has it."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def check_signature(row: Row) -> None:
    """One entry's signature over its RFC 7515 signing input."""
    _, _, _, kid, prev, body, _, sig = row
    r, s = int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")
    public = _PUBLIC[kid]._private.public_key()
    try:
        public.verify(encode_dss_signature(r, s), _signing_input(kid, prev, body), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise BrokenPromiseError(f"entry {row[0]} is not signed by {kid}") from error


def _signing_input(kid: str, prev: bytes, body: bytes) -> bytes:
    header = b64(b'{"alg":"ES256","kid":"%s","prev":"%s"}' % (kid.encode(), b64(prev).encode()))
    return f"{header}.{b64(body)}".encode()


class History:
    """Every entry that a ledger was promised to hold, in order, with the books after each."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.books = [Books()]
        self.wall_ms = [0]
        self.idems: dict[str, int] = {}
        self.checkpoints: list[int] = []
        self.epoch = ""
        # What an epoch takes over from the one before it.
        self.previous: History | None = None
        self.spent: frozenset[str] = frozenset()
        self._first_key = 0

    @classmethod
    def following(cls, old: "History") -> "History":
        """A new epoch of the same object, which has nothing yet but what it takes over."""
        new = cls()
        new.previous = old
        new.books = [old.books[-1]]
        new.spent = old.spent | old.idems.keys()
        new._first_key = KEYS.index(old.signer)
        return new

    @property
    def head(self) -> int:
        """The last seq."""
        return len(self.rows)

    @property
    def signer(self) -> SoftwareKey:
        """The key that signs the next entry."""
        return KEYS[self._first_key + sum(row[1] == "key.rotated" for row in self.rows)]

    def up_to(self, head: int) -> "History":
        """The same history, ended at `head`."""
        other = History()
        other.rows, other.books = self.rows[:head], self.books[: head + 1]
        other.wall_ms = self.wall_ms[: head + 1]
        other.idems = {row[2]: row[0] for row in other.rows}
        other.checkpoints = [seq for seq in self.checkpoints if seq <= head]
        other.epoch = self.epoch if head else ""
        other.previous, other.spent, other._first_key = self.previous, self.spent, self._first_key
        return other

    def row(self, seq: int) -> Row:
        """One entry."""
        return self.rows[seq - 1]

    def add(self, row: Row, ordered: dict[str, Any] | None = None) -> None:
        """One more entry, which must say what was `ordered` and follow from all that was there before."""
        seq, kind, idem, kid, prev, body, digest, _ = row
        told = json.loads(body)
        if not self.rows:
            self.epoch = told["epoch"]
        last = self.rows[-1][6] if self.rows else hashlib.sha256(self.epoch.encode()).digest()
        insist(seq == self.head + 1, f"entry {seq} comes after {self.head}")
        insist(prev == last, f"entry {seq} does not name the hash before it")
        insist(
            digest == hashlib.sha256(_signing_input(kid, prev, body)).digest(),
            f"entry {seq} has not the hash of its bytes",
        )
        insist(
            (told["dev"], told["epoch"], told["seq"], told["idem"]) == (DEV, self.epoch, seq, idem),
            f"entry {seq} says that it is another",
        )
        insist(told["fact"]["kind"] == kind, f"entry {seq} is filed as {kind}")
        insist(idem not in self.idems, f"{idem} is written twice: {self.idems.get(idem)} and {seq}")
        insist(idem not in self.spent, f"{idem} was written in the epoch before, and again as entry {seq}")
        insist(told["wall_ms"] >= self.wall_ms[-1], f"entry {seq}: time has gone back")
        insist(ordered in (None, told["fact"]), f"entry {seq} does not say what was ordered")
        _conserve(seq, told["fact"])
        if seq == 2 and self.previous is not None:
            self._check_fork(self.previous, told["fact"])
        self.rows.append(row)
        self.books.append(self.books[-1].after(told["fact"]))
        self.wall_ms.append(told["wall_ms"])
        self.idems[idem] = seq
        if kind == "checkpoint":
            self.checkpoints.append(seq)

    def _check_fork(self, old: "History", fact: dict[str, Any]) -> None:
        """The second entry of an epoch that follows another says which, and where that one ended."""
        insist(fact["kind"] == "fork" and fact["epoch"] == old.epoch, f"{fact} follows {old.epoch}")
        was = {"seq": old.head, "hash": b64(old.row(old.head)[6])}
        insist(fact["was"] == was, f"{fact} says where the old epoch ended, and that was {was}")


def _conserve(seq: int, fact: dict[str, Any]) -> None:
    """Money sums to zero; a sale hands over what it charges for."""
    sums: dict[str, int] = {}
    for posting in fact.get("postings", ()):
        sums[posting["currency"]] = sums.get(posting["currency"], 0) + posting["amount_minor"]
    insist(not any(sums.values()), f"entry {seq} makes or loses money: {sums}")
    if fact["kind"] == "sale":
        sold = {line["gtin"]: line["units"] for line in fact["lines"]}
        gone = {move["gtin"]: move["units"] for move in fact["moves"]}
        insist(sold == gone, f"entry {seq} sells {sold} and hands over {gone}")
