"""Prices and deliveries from the hub: believed when signed, new and whole; counted once."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cloud_sync.contract.documents import (
    DELIVERIES,
    MANIFEST_TYPE,
    PRICES,
    Deliveries,
    Delivery,
    manifest_of,
)
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.signing import SoftwareKey, seal
from edge.checkout.backroom import Backroom
from edge.checkout.documents import DocumentRefusedError, Documents
from edge.checkout.state import Stage
from edge.checkout.till import Till
from edge.events import Presented
from retail.pricing.book import Version
from retail.units import Money
from tests.checkout.till_hand import COFFEE, SWEATER, Hand, item, price_book

RETAILER = SoftwareKey.generate()
FIRST = Version(1, 1)
BAGS = tuple(item(COFFEE, serial) for serial in range(3))
DELIVERED = Deliveries(
    (
        Delivery("t1", "shelf-b12", COFFEE, 3, BAGS),
        Delivery("t2", "floor", SWEATER, 2),
        Delivery("t3", "shelf-c1", COFFEE, 9),
    )
)


class Post:
    """The hub's end: signs documents and stages them for a back room."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.directory = hand.directory
        self.till, self.backroom = self.start()

    def start(self) -> tuple[Till, Backroom]:
        till = self.hand.till()
        assert self.hand.journal is not None
        documents = Documents(self.directory, "corner", [RETAILER.public])
        backroom = Backroom(self.hand.shop, documents, self.hand.journal, till)
        asyncio.run(backroom.open())
        return till, backroom

    def send(
        self,
        name: str,
        content: object,
        version: Version = FIRST,
        *,
        site: str = "corner",
        key: SoftwareKey = RETAILER,
        damage: bytes = b"",
    ) -> None:
        data = encode(content)
        staged = self.directory / "staged"
        staged.write_bytes(data + damage)
        jws = seal(key, MANIFEST_TYPE, manifest_of(name, site, version, data))
        asyncio.run(self.backroom.receive(jws, staged))


@pytest.fixture
def post(hands: Callable[[str], Hand]) -> Post:
    return Post(hands("shelf"))


def test_a_signed_price_book_is_sold_by_at_once_and_after_a_restart(post: Post) -> None:
    post.send(PRICES, price_book())
    for till in (post.till, post.start()[0]):
        till.hear(Presented(item(SWEATER, 1)))
        assert till.state.total == Money(5990, "EUR")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"key": SoftwareKey.generate()}, "nobody we trust"),
        ({"site": "airport"}, "expected a document for site corner"),
        ({"damage": b" "}, "not those that the retailer signed"),
        ({"name": "gossip"}, "no document is called"),
        ({"content": {"site": 1}}, "prices is no prices"),
        ({"content": price_book(sweater_minor=-5)}, "prices: "),
    ],
)
def test_a_forged_damaged_or_absurd_price_book_changes_nothing(
    post: Post, wrong: dict[str, object], why: str
) -> None:
    arguments: dict[str, object] = {"name": PRICES, "content": price_book()}
    with pytest.raises(DocumentRefusedError, match=why):
        post.send(**(arguments | wrong))  # type: ignore[arg-type]
    assert post.till.state.stage is Stage.UNPAIRED
    assert post.till.books.documents == {}


def test_an_older_price_book_is_ignored(post: Post) -> None:
    post.send(PRICES, price_book(), Version(1, 2))
    post.send(PRICES, price_book(sweater_minor=1), Version(1, 1))
    post.send(PRICES, price_book(sweater_minor=1), Version(1, 2))
    post.till.hear(Presented(item(SWEATER, 1)))
    assert post.till.state.total == Money(5990, "EUR")
    post.send(PRICES, price_book(sweater_minor=4990), Version(2, 1))
    assert post.till.books.documents[PRICES][0] == Version(2, 1)


def test_a_delivery_is_counted_once_however_often_it_is_told(post: Post) -> None:
    post.send(PRICES, price_book())
    for n in (1, 2, 3):
        post.send(DELIVERIES, DELIVERED, Version(1, n))
    post.till, post.backroom = post.start()
    assert post.till.books.stock["shelf-b12", COFFEE] == 3
    assert post.till.books.stock["transit", COFFEE] == -3
    assert post.backroom.packs().keys() == set(BAGS)
    assert post.till.state.offer is not None
    assert post.till.state.offer.here == 3


def test_deliveries_before_prices_wait_for_them(post: Post) -> None:
    post.send(DELIVERIES, DELIVERED)
    assert post.backroom.packs() == {}
    post.send(PRICES, price_book())
    assert post.backroom.packs().keys() == set(BAGS)


@pytest.mark.parametrize(
    "delivery",
    [
        Delivery("t", "shelf-b12", COFFEE, 0),
        Delivery("t", "shelf-b12", COFFEE, 2, BAGS),
        Delivery("t", "shelf-b12", SWEATER, 3, BAGS),
        Delivery("t", "shelf-b12", COFFEE, 1, ("E280",)),
    ],
    ids=["no units", "more items than units", "items of another product", "an unreadable tag"],
)
def test_a_delivery_that_cannot_be_is_refused_whole(post: Post, delivery: Delivery) -> None:
    with pytest.raises(DocumentRefusedError):
        post.send(DELIVERIES, Deliveries((DELIVERED.deliveries[0], delivery)))
    assert post.till.books.stock == {}


def test_a_kept_file_that_was_changed_is_not_sold_by_until_it_is_sent_again(post: Post) -> None:
    post.send(PRICES, price_book())
    kept = next(path for path in post.directory.iterdir() if path.name == "prices-1-1.json")
    kept.write_bytes(kept.read_bytes().replace(b"5990", b"0001"))
    post.till = post.hand.till()
    assert post.hand.journal is not None
    documents = Documents(post.directory, "corner", [RETAILER.public])
    post.backroom = Backroom(post.hand.shop, documents, post.hand.journal, post.till)
    with pytest.raises(DocumentRefusedError, match="the hub sends it again"):
        asyncio.run(post.backroom.open())
    assert post.till.state.stage is Stage.UNPAIRED
    with pytest.raises(DocumentRefusedError, match="older"):
        post.send(PRICES, price_book(sweater_minor=1), Version(1, 0))
    post.send(PRICES, price_book())
    post.till.hear(Presented(item(SWEATER, 1)))
    assert post.till.state.total == Money(5990, "EUR")


def test_a_document_is_entered_in_the_journal_with_its_hash(post: Post) -> None:
    post.send(PRICES, price_book())
    version, sha256 = post.till.books.documents[PRICES]
    assert (version, sha256) == (Version(1, 1), hashlib.sha256(encode(price_book())).hexdigest())
    assert msgspec.json.decode((post.directory / "prices-1-1.json").read_bytes())["site"] == "corner"


def test_a_staged_file_that_is_gone_is_refused(post: Post, tmp_path: Path) -> None:
    data = encode(price_book())
    jws = seal(RETAILER, MANIFEST_TYPE, manifest_of(PRICES, "corner", Version(1, 1), data))
    with pytest.raises(DocumentRefusedError, match="cannot be read"):
        asyncio.run(post.backroom.receive(jws, tmp_path / "gone"))
