"""The hub issues a price book whole or as its changes, and reads back each that a sale has named."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from cloud_sync.contract.documents import (
    MANIFEST_TYPE,
    PRICE_CHANGES,
    PRICES,
    PROMOTIONS,
    Manifest,
)
from cloud_sync.contract.signing import SoftwareKey, Verifier, unseal
from cloud_sync.hub.documents import books
from cloud_sync.hub.documents.books import UnknownVersionError, price_book
from cloud_sync.hub.documents.edition import Edition, Site
from cloud_sync.hub.documents.importer import import_shop
from cloud_sync.hub.documents.resigning import reissue, resign
from cloud_sync.hub.documents.sheet import ImportRefusedError
from cloud_sync.hub.documents.shop import Shop, read_shop
from cloud_sync.hub.documents.shop_file import ShopFile
from cloud_sync.hub.store import schema
from retail.identity.gtin import completed
from retail.pricing.book import Names, PriceBook, Product, Version
from retail.pricing.changes import PriceChanges, changed
from retail.pricing.promotions import Percent, Promotion, Promotions
from tests.hub.hub_world import HubWorld

KEY = SoftwareKey.generate()
SITE = Site("demo", "corner")
FILE = ShopFile("demo", "corner", "en", "EUR", {"standard": 1900}, ())
GTINS: list[str] = [completed(952000100000 + number) for number in range(60)]
OFFERS = Promotions(
    "corner", "EUR", "Europe/Berlin", (Promotion("tenth", {"en": "A tenth off"}, Percent(1_000)),)
)


def book(prices: dict[str, int]) -> PriceBook:
    made = (
        Product(gtin, {"en": Names(f"Goods {gtin}")}, minor, "standard", 0, 0)
        for gtin, minor in prices.items()
    )
    return PriceBook("corner", "en", "EUR", {"standard": 1900}, tuple(made))


PRICED = dict.fromkeys(GTINS, 199)


def take_in(hub: HubWorld, prices: dict[str, int], promotions: Promotions | None = None) -> list[Edition]:
    shop = Shop(FILE, book(prices), (), {}, promotions)
    return list(import_shop(hub.store, shop, KEY, hub.clock()).documents)


def issued(editions: list[Edition]) -> list[tuple[str, Version]]:
    return [(each.name, each.version) for each in editions if each.changed]


def on_an_object(hub: HubWorld, key: SoftwareKey = KEY) -> tuple[PriceBook, Version]:
    """The price book of an object that hears the newest manifest of each document, and nothing before."""
    keys = {each.public.kid: Verifier(each.public) for each in (KEY, key)}
    newest = {row[3]: unseal(row[7], MANIFEST_TYPE, keys, Manifest) for row in documents(hub)}
    whole = newest[PRICES]
    made = msgspec.json.decode(_bytes(hub, whole), type=PriceBook)
    later = newest.get(PRICE_CHANGES)
    if later is None or later.version < whole.version:
        return made, whole.version
    changes = msgspec.json.decode(_bytes(hub, later), type=PriceChanges)
    assert changes.base == whole.sha256
    return changed(made, changes), later.version


def documents(hub: HubWorld) -> list[tuple[Any, ...]]:
    """The rows of all editions, in the order in which they were issued."""
    return sorted(hub.rows("document"))


def _bytes(hub: HubWorld, manifest: Manifest) -> bytes:
    chunks = dict(hub.rows("chunk"))
    return b"".join(chunks[sha256] for sha256 in manifest.chunks)


def prices_of(made: PriceBook) -> dict[str, int]:
    return {each.gtin: each.price_minor for each in made.products}


def test_a_changed_price_goes_out_as_a_change_in_versions_that_are_counted_together(hub: HubWorld) -> None:
    assert issued(take_in(hub, PRICED))[0] == (PRICES, Version(1, 1))
    assert issued(take_in(hub, PRICED | {GTINS[3]: 99})) == [(PRICE_CHANGES, Version(1, 2))]
    assert issued(take_in(hub, PRICED | {GTINS[3]: 99})) == []
    assert issued(take_in(hub, PRICED | {GTINS[4]: 98})) == [(PRICE_CHANGES, Version(1, 3))]
    made, version = on_an_object(hub)
    assert (prices_of(made), version) == (PRICED | {GTINS[4]: 98}, Version(1, 3))


def test_prices_that_are_as_before_again_are_changes_of_nothing(hub: HubWorld) -> None:
    take_in(hub, PRICED)
    take_in(hub, PRICED | {GTINS[3]: 99})
    assert issued(take_in(hub, PRICED)) == [(PRICE_CHANGES, Version(1, 3))]
    assert issued(take_in(hub, PRICED)) == []
    assert prices_of(on_an_object(hub)[0]) == PRICED


def test_a_book_that_has_changed_in_much_is_issued_whole_and_its_old_changes_are_over(hub: HubWorld) -> None:
    take_in(hub, PRICED)
    dear = dict.fromkeys(GTINS, 299)
    assert issued(take_in(hub, dear)) == [(PRICES, Version(1, 2))]
    take_in(hub, dear | {GTINS[0]: 1})
    assert issued(take_in(hub, PRICED)) == [(PRICES, Version(1, 4)), (PRICE_CHANGES, Version(1, 5))]
    assert prices_of(on_an_object(hub)[0]) == PRICED


def test_changes_past_their_limit_are_issued_whole(hub: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    take_in(hub, PRICED)
    monkeypatch.setattr(books, "CHANGES_BYTES_MAX", 10)
    assert issued(take_in(hub, PRICED | {GTINS[3]: 99})) == [(PRICES, Version(1, 2))]


@pytest.mark.parametrize("seed", range(5))
def test_every_book_that_was_ever_sold_by_can_be_read_back(hub: HubWorld, seed: int) -> None:
    luck = random.Random(seed)
    known: dict[Version, dict[str, int]] = {}
    for _ in range(12):
        sold = luck.sample(GTINS, luck.choice((40, 59, 60)))
        prices = {gtin: luck.choice((199, 199, 199, 199, 199, 99)) for gtin in sold}
        take_in(hub, prices)
        made, version = on_an_object(hub)
        assert prices_of(made) == prices
        known[version] = prices
    with hub.store.reading() as connection:
        assert {each: prices_of(price_book(connection, SITE, each)) for each in known} == known
        with pytest.raises(UnknownVersionError):
            price_book(connection, SITE, Version(1, 999))


def test_documents_that_are_signed_again_keep_book_and_changes_together(hub: HubWorld) -> None:
    take_in(hub, PRICED)
    take_in(hub, PRICED | {GTINS[3]: 99})
    newer = SoftwareKey.generate()
    with hub.store.writing() as connection:
        resign(connection, newer, hub.clock())
    made, version = on_an_object(hub, newer)
    assert (prices_of(made), version) == (PRICED | {GTINS[3]: 99}, Version(1, 4))
    assert len({(row[4], row[5]) for row in documents(hub) if row[3] in {PRICES, PRICE_CHANGES}}) == 4
    with hub.store.writing() as connection:
        connection.execute(update(schema.hub).values(generation=2))
        reissue(connection, newer, hub.clock())
    assert prices_of(on_an_object(hub, newer)[0]) == PRICED | {GTINS[3]: 99}
    assert on_an_object(hub, newer)[1] == Version(2, 2)
    with hub.store.reading() as connection:
        assert prices_of(price_book(connection, SITE, version)) == PRICED | {GTINS[3]: 99}


def test_promotions_are_issued_when_they_change_and_end_with_their_file(hub: HubWorld) -> None:
    assert PROMOTIONS not in dict(issued(take_in(hub, PRICED)))
    assert issued(take_in(hub, PRICED, OFFERS)) == [(PROMOTIONS, Version(1, 1))]
    assert issued(take_in(hub, PRICED, OFFERS)) == []
    assert issued(take_in(hub, PRICED)) == [(PROMOTIONS, Version(1, 2))]
    assert issued(take_in(hub, PRICED)) == []
    newest = [row for row in documents(hub) if row[3] == PROMOTIONS][-1]
    manifest = unseal(newest[7], MANIFEST_TYPE, {KEY.public.kid: Verifier(KEY.public)}, Manifest)
    assert msgspec.json.decode(_bytes(hub, manifest), type=Promotions).promotions == ()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"site": "airport"}, "expected promotions of corner"),
        ({"currency": "CHF"}, "expected them in EUR"),
        ({"timezone": "Mars"}, "timezone"),
        ({"promotions": OFFERS.promotions * 2}, "expected it once"),
    ],
)
def test_promotions_that_are_wrong_are_named_with_their_file(
    tmp_path: Path, change: dict[str, object], why: str
) -> None:
    (tmp_path / "shop.toml").write_text(
        'tenant = "demo"\nsite = "corner"\nlanguage = "en"\ncurrency = "EUR"\nobjects = []\n'
        "[taxes]\nstandard = 1900\n",
        encoding="utf-8",
    )
    heads = "gtin,price_minor,tax,pack_mg,pack_tolerance_mg,net_mg,name_en"
    (tmp_path / "products.csv").write_text(f"{heads}\n{GTINS[0]},199,standard,0,0,,Apple\n", encoding="utf-8")
    (tmp_path / "deliveries.csv").write_text("transfer,holder,gtin,epcs\n", encoding="utf-8")
    assert read_shop(tmp_path).promotions is None
    path = tmp_path / "promotions.json"
    path.write_bytes(msgspec.json.encode(OFFERS))
    assert read_shop(tmp_path).promotions == OFFERS
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(OFFERS, **change)))
    with pytest.raises(ImportRefusedError, match=why):
        read_shop(tmp_path)
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(ImportRefusedError, match=r"promotions\.json"):
        read_shop(tmp_path)
