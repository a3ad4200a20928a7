"""What is sold in a world, who may speak in it, and the arithmetic that the hub's figures must agree with."""

import json
import random
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from cloud_sync.contract.facts import Arrived, Posting, Sale, SaleLine, TaxLine
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.topics import Address
from edge.offline_queue.pen import Order
from retail.custody import SOLD, TRANSIT, Move
from retail.pricing.book import Version

TENANT: Final = "proof"
SITE: Final = "corner"
OBJECTS: Final = ("mirror-1", "mirror-2", "shelf-3", "tray-4")
"""All that the hub has admitted; a world has one to four of them."""
TRANSFERS: Final = 3
"""Deliveries to each object: few, so that one is told again when a card was put back."""
UNITS_A_TRANSFER: Final = 12

_PRICES: Final = {"09520001000010": 250, "09520001000027": 1190, "09520001000034": 99}
GTINS: Final = tuple(_PRICES)
_CURRENCIES: Final = ("EUR", "EUR", "EUR", "SEK")


@cache
def key(number: int) -> SoftwareKey:
    """The same key for the same number, whenever a seed is played again."""
    return SoftwareKey(ec.derive_private_key(9_000_011 + number, ec.SECP256R1()))


RECEIPT_KEY: Final = key(99)
"""What the hub signs its receipts with."""
DOCUMENTS_KEY: Final = key(98)
"""What it signs its documents with."""


def key_of(name: str) -> SoftwareKey:
    """The key that an object is admitted with."""
    return key(first_key(name))


def first_key(name: str) -> int:
    """The number of that key."""
    return OBJECTS.index(name)


def address_of(name: str) -> Address:
    """Where an object stands."""
    return Address(TENANT, SITE, name)


def transfer(name: str, number: int) -> tuple[str, str]:
    """The name of a delivery to an object, and its goods."""
    return f"to-{name}-{number}", GTINS[number % len(GTINS)]


def arrival(name: str, number: int) -> Order:
    """The delivery has come."""
    told, gtin = transfer(name, number)
    return Order(Arrived(told, (Move(gtin, TRANSIT, name, UNITS_A_TRANSFER),)), f"transfer/{told}")


def sale(luck: random.Random, name: str) -> Order:
    """Somebody buys one to three sorts of goods."""
    sold = [(gtin, luck.randint(1, 3)) for gtin in luck.sample(GTINS, luck.randint(1, 3))]
    number, currency = f"s{luck.getrandbits(64):x}", luck.choice(_CURRENCIES)
    lines = tuple(SaleLine(gtin, gtin, n, _PRICES[gtin], n * _PRICES[gtin], "A") for gtin, n in sold)
    total = sum(line.total_minor for line in lines)
    tax = total * 19 // 119
    fact = Sale(
        sale=number,
        number=number[:6],
        business_date="2026-03-02",
        language="en",
        currency=currency,
        total_minor=total,
        tender="cash",
        prices=Version(1, 1),
        lines=lines,
        taxes=(TaxLine("A", 1900, total, tax),),
        postings=(
            Posting("cash", total, currency),
            Posting("revenue", tax - total, currency),
            Posting("tax/A", -tax, currency),
        ),
        moves=tuple(Move(gtin, name, SOLD, n) for gtin, n in sold),
    )
    return Order(fact, f"sale/{number}")


class Sums(msgspec.Struct):
    """What some entries come to; a sale or a transfer counts once, however often it is told."""

    money: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """(account, currency) -> minor units."""
    moved: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """(holder, gtin) -> units."""
    sales: Counter[str] = msgspec.field(default_factory=Counter)
    """Object -> sales."""


def sums_of(bodies: Iterable[bytes]) -> Sums:
    """By the JSON of the bodies, with nothing of what the hub counts by."""
    sums, counted = Sums(), set[tuple[str, str]]()
    for data in bodies:
        body: dict[str, Any] = json.loads(data)
        fact = body["fact"]
        once = (body["dev"], fact["sale"]) if fact["kind"] == "sale" else ("", fact.get("transfer", ""))
        if fact["kind"] not in {"sale", "stock.move"} or once in counted:
            continue
        counted.add(once)
        sums.sales[body["dev"]] += fact["kind"] == "sale"
        for posting in fact.get("postings", ()):
            sums.money[posting["account"], posting["currency"]] += posting["amount_minor"]
        for move in fact["moves"]:
            sums.moved[move["giver"], move["gtin"]] -= move["units"]
            sums.moved[move["taker"], move["gtin"]] += move["units"]
    return sums
