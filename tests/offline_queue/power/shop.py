"""What the ledgers hold that lose their power: sales, arrivals, and two views of them; keys and a clock."""

import json
import random
from base64 import urlsafe_b64encode
from collections import Counter
from typing import Any, Final

import apsw
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Arrived, Fact, Posting, Sale, SaleLine, TaxLine
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import SoftwareKey
from edge.clock import ClockQuality
from edge.offline_queue.pen import Order
from edge.readings import Nanoseconds
from retail.custody import Move
from retail.pricing.book import Version

DEV: Final = "shelf-7"
VERSION: Final = "1.0"
_GOODS: Final = {"09520001000017": 250, "09520001000024": 1190, "09520001000031": 99, "09520001000048": 4900}
_GOODS_ORDER: Final = tuple(_GOODS)


def key(number: int) -> SoftwareKey:
    """The same key for the same number, whenever a seed is played again."""
    return SoftwareKey(ec.derive_private_key(7_000_003 + number, ec.SECP256R1()))


KEYS: Final = tuple(key(number) for number in range(8))
"""As many keys as a life may rotate through."""


class JumpingClock:
    """A clock that is moved by hand, forwards and back."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000
        self.ms = 1_750_000_000_000

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self.ns)

    def wall_ms(self) -> int:
        return self.ms

    def quality(self) -> ClockQuality:
        return "untrusted"

    def go_on(self, luck: random.Random) -> None:
        """Some time passes; now and then the wall clock is set, by up to a day in either direction."""
        step_ms = luck.randint(1, 60_000)
        self.ns += step_ms * 1_000_000
        self.ms += luck.randint(-86_400_000, 86_400_000) if luck.random() < 0.1 else step_ms


class Takings:
    """A view of the journal: what was posted to each account."""

    name = "takings"
    version = 1
    reads = (1,)
    tables = ("takings",)
    schema = "CREATE TABLE takings (account TEXT PRIMARY KEY, minor INTEGER NOT NULL) STRICT"

    def fold(self, db: apsw.Cursor, body: Body) -> None:
        for posting in getattr(body.fact, "postings", ()):
            db.execute(
                "INSERT INTO takings VALUES (?1, ?2) ON CONFLICT (account) DO UPDATE SET minor = minor + ?2",
                (posting.account, posting.amount_minor),
            )


class Stock:
    """A view of the journal: what each holder has."""

    name = "stock"
    version = 1
    reads = (1,)
    tables = ("stock",)
    schema = (
        "CREATE TABLE stock (holder TEXT, gtin TEXT, units INTEGER NOT NULL,"
        " PRIMARY KEY (holder, gtin)) STRICT"
    )

    def fold(self, db: apsw.Cursor, body: Body) -> None:
        for move in getattr(body.fact, "moves", ()):
            for holder, units in ((move.giver, -move.units), (move.taker, move.units)):
                db.execute(
                    "INSERT INTO stock VALUES (?1, ?2, ?3)"
                    " ON CONFLICT (holder, gtin) DO UPDATE SET units = units + ?3",
                    (holder, move.gtin, units),
                )


VIEWS: Final = (Takings(), Stock())


class Books(msgspec.Struct, frozen=True):
    """What the views must show, by the harness's own arithmetic over the JSON of bodies."""

    takings: dict[str, int] = {}
    stock: dict[tuple[str, str], int] = {}

    def after(self, fact: dict[str, Any]) -> "Books":
        """The books with one more entry in them."""
        postings, moves = fact.get("postings", ()), fact.get("moves", ())
        if not postings and not moves:
            return self
        takings, stock = Counter(self.takings), Counter(self.stock)
        for posting in postings:
            takings[posting["account"]] += posting["amount_minor"]
        for move in moves:
            stock[move["giver"], move["gtin"]] -= move["units"]
            stock[move["taker"], move["gtin"]] += move["units"]
        return Books(dict(takings), dict(stock))


def arrival(luck: random.Random, number: int) -> Order:
    """Goods come in; now and then so many kinds that the entry fills pages of its own."""
    kinds = luck.choice((1, 1, 1, 2, 3, 40))
    moves = tuple(Move(luck.choice(_GOODS_ORDER), "transit", DEV, luck.randint(1, 9)) for _ in range(kinds))
    return Order(Arrived(f"t{number}", moves), f"transfer/t{number}")


def sale(luck: random.Random, number: int) -> Order:
    """Goods go out, and the money for them comes in."""
    sold = [(gtin, luck.randint(1, 3)) for gtin in luck.sample(_GOODS_ORDER, luck.randint(1, 3))]
    lines = tuple(
        SaleLine(gtin, f"No. {gtin[-2:]}", units, _GOODS[gtin], units * _GOODS[gtin], "A")
        for gtin, units in sold
    )
    total = sum(line.total_minor for line in lines)
    tax = total * 19 // 119
    postings = (
        Posting("cash", total, "EUR"),
        Posting("sales", tax - total, "EUR"),
        Posting("vat", -tax, "EUR"),
    )
    moves = tuple(Move(gtin, DEV, "sold", units) for gtin, units in sold)
    fact = Sale(
        sale=f"s{number}",
        number=f"A{number}",
        business_date="2025-06-15",
        language="en",
        currency="EUR",
        total_minor=total,
        tender="cash",
        prices=Version(1, 1),
        lines=lines,
        taxes=(TaxLine("A", 1900, total, tax),),
        postings=postings,
        moves=moves,
    )
    return Order(fact, f"sale/s{number}")


def another(order: Order) -> Order:
    """Another fact under the same idempotency key, no less balanced."""
    fact = order.fact
    if isinstance(fact, Sale):
        return Order(msgspec.structs.replace(fact, number=f"{fact.number}x"), order.idem)
    assert isinstance(fact, Arrived)
    return Order(msgspec.structs.replace(fact, epcs=("303400000000000000000001",)), order.idem)


def nothing(luck: random.Random) -> Order:
    """A fact that moves no goods: it must be refused, and its neighbours written."""
    number = luck.randrange(10**9)
    return Order(Arrived(f"n{number}", (Move(_GOODS_ORDER[0], "transit", DEV, 0),)), f"transfer/n{number}")


def receipt_of(epoch: str, seq: int, digest: str, generation: int = 1, safe: int = 0) -> Receipt:
    """What a hub says of this object."""
    return Receipt(DEV, epoch, seq, digest, generation, safe, at_ms=0)


def spoilt(receipt: Receipt, luck: random.Random) -> Receipt:
    """A receipt that is not for this ledger, or cannot be true."""
    wrong: dict[str, Any] = luck.choice(
        (
            {"dev": "shelf-8"},
            {"epoch": "another"},
            {"seq": receipt.seq + 1_000},
            {"hash": "AAAA"},
            {"safe": receipt.seq + 1},
        )
    )
    return msgspec.structs.replace(receipt, **wrong)


def as_json(fact: Fact) -> dict[str, Any]:
    """A fact as a body has it."""
    plain: dict[str, Any] = json.loads(msgspec.json.encode(fact))
    return plain


def words_of(receipt: Receipt) -> str:
    """A receipt in the form of a JWS: whoever hands it to the pen has checked its signature before."""
    return ".".join(("e30", urlsafe_b64encode(msgspec.json.encode(receipt)).decode().rstrip("="), "c2ln"))
