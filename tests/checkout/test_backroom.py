"""Prices and deliveries from the hub: believed when signed, new and whole; counted once."""

import asyncio
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cloud_sync.contract.documents import (
    DELIVERIES,
    MANIFEST_TYPE,
    PICTURES_WANTED_MAX,
    PRICE_CHANGES,
    PRICES,
    PROMOTIONS,
    Deliveries,
    Delivery,
    manifest_of,
)
from cloud_sync.contract.encoding import encode
from cloud_sync.contract.signing import SoftwareKey, seal
from edge.bindery import binding
from edge.checkout.backroom import Backroom
from edge.checkout.documents import DocumentRefusedError, Documents
from edge.checkout.pictures import Pictures
from edge.checkout.state import Stage
from edge.checkout.till import Till
from edge.events import Presented
from retail.pricing.book import PriceBook, Version
from retail.pricing.changes import PriceChanges, changes_between
from retail.pricing.promotions import Percent, Promotion, Promotions
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
        documents = Documents(self.directory, "corner", [RETAILER.public], binding)
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
    documents = Documents(post.directory, "corner", [RETAILER.public], binding)
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


def files(post: Post) -> set[str]:
    """What the back room has on its disk, the journal's own files left out."""
    names = {path.name for path in post.directory.iterdir()}
    return {name for name in names if not name.startswith(("ledger", "staged", "pictures"))}


def changes(now: PriceBook, base: PriceBook | None = None) -> PriceChanges:
    whole = base or price_book()
    return changes_between(whole, hashlib.sha256(encode(whole)).hexdigest(), now)


def price_of_a_sweater(till: Till) -> int:
    till.hear(Presented(item(SWEATER, 1)))
    assert till.state.total is not None
    return till.state.total.amount_minor


def test_changed_prices_are_sold_by_at_once_and_after_a_restart(post: Post) -> None:
    post.send(PRICES, price_book())
    post.send(PRICE_CHANGES, changes(price_book(4990)), Version(1, 2))
    for till in (post.till, post.start()[0]):
        assert price_of_a_sweater(till) == 4990
        assert till._reckoning.catalogue is not None
        assert till._reckoning.catalogue.version == Version(1, 2)
    assert files(post) == {
        "prices-1-1.json",
        "prices-changes-1-2.json",
        *(f"catalogue-1-{n}.{kind}" for n in (1, 2) for kind in ("db", "stamp")),
    }


def test_changes_add_up_from_the_whole_book_so_none_in_between_is_missed(post: Post) -> None:
    post.send(PRICES, price_book())
    post.send(PRICE_CHANGES, changes(price_book(3990)), Version(1, 7))
    post.send(PRICE_CHANGES, changes(price_book(1)), Version(1, 6))
    assert price_of_a_sweater(post.till) == 3990


def test_changes_without_their_book_ask_for_the_whole(post: Post) -> None:
    with pytest.raises(DocumentRefusedError, match="it comes first"):
        post.send(PRICE_CHANGES, changes(price_book(4990)), Version(1, 2))
    post.send(PRICES, price_book(2990))
    with pytest.raises(DocumentRefusedError, match="expected changes of the book"):
        post.send(PRICE_CHANGES, changes(price_book(4990)), Version(1, 2))
    assert price_of_a_sweater(post.till) == 2990
    post.send(PRICES, price_book(), Version(1, 2))
    post.send(PRICE_CHANGES, changes(price_book(4990)), Version(1, 3))
    assert PRICE_CHANGES in post.till.books.documents


def test_changes_of_before_the_book_was_issued_whole_again_change_nothing(post: Post) -> None:
    post.send(PRICES, price_book())
    post.send(PRICE_CHANGES, changes(price_book(4990)), Version(1, 2))
    post.send(PRICES, price_book(3990), Version(1, 4))
    post.send(PRICE_CHANGES, changes(price_book(1)), Version(1, 3))
    for till in (post.till, post.start()[0]):
        assert price_of_a_sweater(till) == 3990


def test_a_book_that_was_signed_again_keeps_its_changes(post: Post) -> None:
    post.send(PRICES, price_book())
    post.send(PRICE_CHANGES, changes(price_book(4990)), Version(1, 2))
    post.send(PRICES, price_book(), Version(2, 1))
    post.send(PRICE_CHANGES, changes(price_book(4990)), Version(2, 2))
    assert price_of_a_sweater(post.till) == 4990


@pytest.mark.parametrize("damage", ["gone", "bent", "no stamp", "another form", "half made"])
def test_a_bound_book_that_is_damaged_is_made_again_from_what_was_signed(post: Post, damage: str) -> None:
    post.send(PRICES, price_book())
    post.send(PRICE_CHANGES, changes(price_book(4990)), Version(1, 2))
    for n in (1, 2):
        book, stamp = (post.directory / f"catalogue-1-{n}.{kind}" for kind in ("db", "stamp"))
        data = book.read_bytes()
        match damage:
            case "gone":
                book.unlink()
            case "bent":
                book.write_bytes(data.replace(b"4990", b"0001").replace(b"5990", b"0001"))
            case "no stamp":
                stamp.unlink()
            case "another form":
                stamp.write_bytes(stamp.read_bytes().replace(b'"form":1', b'"form":0'))
            case _:
                book.unlink()
                (post.directory / f"catalogue-1-{n}.part").write_bytes(data[: len(data) // 2])
    assert price_of_a_sweater(post.start()[0]) == 4990
    assert not any(name.endswith(".part") for name in files(post))


def test_the_files_of_what_is_over_are_dropped(post: Post) -> None:
    for n in range(1, 5):
        post.send(PRICES, price_book(1000 + n), Version(1, n))
        post.send(DELIVERIES, DELIVERED, Version(1, n))
    assert files(post) == {
        "prices-1-4.json",
        "deliveries-1-4.json",
        "catalogue-1-4.db",
        "catalogue-1-4.stamp",
    }
    assert price_of_a_sweater(post.till) == 1004


def test_a_basket_is_priced_by_its_own_book_though_its_file_is_dropped(post: Post) -> None:
    post.send(PRICES, price_book())
    assert price_of_a_sweater(post.till) == 5990
    post.send(PRICES, price_book(4990), Version(1, 2))
    post.till.hear(Presented(item(COFFEE, 1)))
    assert post.till.state.total == Money(5990 + 1150, "EUR")


def test_a_refused_document_leaves_no_file(post: Post) -> None:
    post.send(PRICES, price_book())
    before = files(post)
    for name, content in (
        (PRICES, price_book(-5)),
        (PRICE_CHANGES, changes(price_book(-5))),
        (PROMOTIONS, {"site": "corner"}),
    ):
        with pytest.raises(DocumentRefusedError):
            post.send(name, content, Version(1, 9))
    assert files(post) == before


def test_what_was_copied_by_half_leaves_no_file(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power goes, or the card is full: a price book of 60 MB is not left lying there for ever."""
    (post.directory / "prices-1-1.part").write_bytes(b"half a bo")
    post.send(PRICES, price_book(), Version(1, 2))
    before = files(post)
    assert not any(name.endswith(".part") for name in before)

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("edge.checkout.documents.os.fsync", full)
    with pytest.raises(DocumentRefusedError, match="No space left"):
        post.send(PRICES, price_book(4990), Version(1, 3))
    assert files(post) == before


def leaflet(**changed: object) -> Promotions:
    offer = Promotion("tenth", {"en": "A tenth off"}, Percent(1_000))
    return msgspec.structs.replace(Promotions("corner", "EUR", "Europe/Berlin", (offer,)), **changed)


def promotions_of(till: Till) -> tuple[Promotions | None, Version | None]:
    till.tick()
    catalogue = till._reckoning.catalogue
    assert catalogue is not None
    return catalogue.promotions, catalogue.promotions_version


@pytest.mark.parametrize("order", [(PRICES, PROMOTIONS), (PROMOTIONS, PRICES)])
def test_promotions_are_a_document_of_their_own_whichever_comes_first(
    post: Post, order: tuple[str, str]
) -> None:
    sent = {PRICES: price_book(), PROMOTIONS: leaflet()}
    for name in order:
        post.send(name, sent[name])
    assert promotions_of(post.till) == (leaflet(), Version(1, 1))
    post.till, post.backroom = post.start()
    assert promotions_of(post.till) == (leaflet(), Version(1, 1))
    post.send(PRICES, price_book(4990), Version(1, 2))
    assert promotions_of(post.till) == (leaflet(), Version(1, 1))


def test_a_shop_may_have_no_promotions(post: Post) -> None:
    post.send(PRICES, price_book())
    assert promotions_of(post.till) == (None, None)


@pytest.mark.parametrize(
    "wrong", [leaflet(site="airport"), leaflet(timezone="Mars"), {"site": "corner"}, leaflet(groups=())]
)
def test_promotions_that_nobody_can_price_by_are_refused(post: Post, wrong: object) -> None:
    post.send(PRICES, price_book())
    with pytest.raises(DocumentRefusedError, match="promotions"):
        post.send(PROMOTIONS, wrong)
    assert promotions_of(post.till) == (None, None)


def test_promotions_in_another_currency_lower_no_price(post: Post) -> None:
    post.send(PRICES, price_book())
    post.send(PROMOTIONS, leaflet(currency="CHF"))
    assert promotions_of(post.till) == (None, None)


def test_what_is_whole_is_worked_by_though_another_document_is_damaged(post: Post) -> None:
    post.send(PRICES, price_book())
    post.send(DELIVERIES, DELIVERED)
    (post.directory / "deliveries-1-1.json").write_bytes(b"{}")
    till = post.hand.till()
    assert post.hand.journal is not None
    documents = Documents(post.directory, "corner", [RETAILER.public], binding)
    with pytest.raises(DocumentRefusedError, match="the hub sends it again"):
        asyncio.run(Backroom(post.hand.shop, documents, post.hand.journal, till).open())
    assert price_of_a_sweater(till) == 5990


def test_what_cannot_be_bound_again_at_a_start_is_said_and_the_rest_is_worked_by(post: Post) -> None:
    post.send(PRICES, price_book())
    post.send(PROMOTIONS, leaflet())
    (post.directory / "catalogue-1-1.stamp").unlink()
    (post.directory / "catalogue-1-1.part").mkdir()  # as on a card that takes nothing any more
    till = post.hand.till()
    assert post.hand.journal is not None
    documents = Documents(post.directory, "corner", [RETAILER.public], binding)
    backroom = Backroom(post.hand.shop, documents, post.hand.journal, till)
    with pytest.raises(OSError, match=r"catalogue-1-1\.part"):
        asyncio.run(backroom.open())
    assert till.state.stage is Stage.UNPAIRED
    (post.directory / "catalogue-1-1.part").rmdir()
    post.backroom, post.till = backroom, till
    post.send(PRICES, price_book())  # the hub sends it again
    assert price_of_a_sweater(till) == 5990 * 9 // 10


def test_two_documents_that_come_at_once_are_taken_one_after_the_other(post: Post) -> None:
    jobs = []
    for n in (1, 2, 3):
        data = encode(price_book(1000 + n))
        staged = post.directory / f"staged-{n}"
        staged.write_bytes(data)
        jws = seal(RETAILER, MANIFEST_TYPE, manifest_of(PRICES, "corner", Version(1, n), data))
        jobs.append((jws, staged))

    async def both() -> None:
        await asyncio.gather(*(post.backroom.receive(*job) for job in jobs))

    asyncio.run(both())
    assert price_of_a_sweater(post.till) == 1003


def with_pictures() -> PriceBook:
    sweater, coffee = price_book().products
    products = (
        msgspec.structs.replace(sweater, images=("5" * 64, "6" * 64)),
        msgspec.structs.replace(coffee, images=("c" * 64,)),
    )
    return msgspec.structs.replace(price_book(), products=products)


def test_the_pictures_of_what_is_sold_here_are_wanted_and_no_others(post: Post) -> None:
    post.send(PRICES, with_pictures())
    wanted = post.directory / "pictures" / "wanted"
    assert wanted.read_text() == ""
    post.send(DELIVERIES, DELIVERED)
    assert wanted.read_text().split() == ["c" * 64]


@pytest.mark.parametrize("trouble", ["a flipped bit", "no folder", "no room"])
def test_goods_are_sold_whatever_ails_the_list_of_their_pictures(
    post: Post, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = post.directory / "pictures"
    match trouble:
        case "a flipped bit":
            folder.mkdir()
            (folder / "wanted").write_bytes(b"\xe5" + b"5" * 63 + b"\n")
        case "no folder":
            folder.write_bytes(b"a file")
        case _:
            (folder / "wanted.part").mkdir(parents=True)
    post.send(PRICES, with_pictures())
    assert price_of_a_sweater(post.start()[0]) == 5990
    assert ("pictures" in caplog.text) is (trouble != "a flipped bit")
    assert trouble != "a flipped bit" or (folder / "wanted").read_bytes() == b""


def test_a_picture_is_shown_when_it_has_come_whole(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"a sweater").hexdigest()
    pictures = Pictures(tmp_path / "pictures")
    assert pictures.picture(sha256) is None
    pictures.want([sha256, sha256, "f" * 64])
    assert (tmp_path / "pictures" / "wanted").read_text().split() == [sha256, "f" * 64]
    for data, shown in ((b"a sw", None), (b"a sweater", b"a sweater")):
        (tmp_path / "pictures" / sha256).write_bytes(data)
        assert pictures.picture(sha256) == shown


def test_no_more_pictures_are_wanted_than_there_is_room_for(tmp_path: Path) -> None:
    Pictures(tmp_path).want(f"{number:064x}" for number in range(PICTURES_WANTED_MAX + 1))
    assert len((tmp_path / "wanted").read_text().split()) == PICTURES_WANTED_MAX
