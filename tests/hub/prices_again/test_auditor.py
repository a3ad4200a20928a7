"""The hub prices every sale again behind ingest: each one once, none lost, whatever is cut off on the way."""

import random
from threading import Event
from typing import Any, Final

import msgspec
import pytest
from sqlalchemy import update

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.facts import Sale
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.hub.documents.edition import Site
from cloud_sync.hub.documents.importer import import_shop
from cloud_sync.hub.documents.shop import Shop
from cloud_sync.hub.documents.shop_file import ShopFile
from cloud_sync.hub.pricing.auditor import Auditor
from cloud_sync.hub.pricing.open_book import changed_book, open_book
from cloud_sync.hub.pricing.shelf import Shelf
from cloud_sync.hub.status import sentences, status_of
from cloud_sync.hub.store import schema
from edge.checkout.wares import Wares
from retail.pricing.basket import Measured
from retail.pricing.book import PriceBook, Prices, Product, Version
from retail.pricing.changes import changed, changes_between
from retail.pricing.promotions import Percent, Promotions
from tests.hub.hub_world import SITE, TENANT, HubWorld, PaperJournal
from tests.hub.prices_again.till_world import BOOK, sold
from tests.retail.pricing.shop import NUTS, PRODUCTS, SOAP, TAXES, TEA, bundle, offer

KEY: Final = SoftwareKey.generate()
FILE: Final = ShopFile(TENANT, SITE, "en", "EUR", TAXES, ())
FIRST: Final = Version(1, 1)
TENTH: Final = bundle(offer("tenth", Percent(1_000)))
WARES: Final = Wares(units={SOAP: 2, TEA: 1}, packs={1: Measured(NUTS, 123)})


def issue(hub: HubWorld, book: PriceBook = BOOK, offers: Promotions | None = None) -> None:
    import_shop(hub.store, Shop(FILE, book, (), {}, offers), KEY, hub.clock())


def dearer(minor: int) -> PriceBook:
    """The book with soap at another price: few changes, which an object gets as such."""
    soap: Product = msgspec.structs.replace(PRODUCTS[0], price_minor=minor)
    return msgspec.structs.replace(BOOK, products=(soap, *PRODUCTS[1:]))


def write(journal: PaperJournal, sale: Sale, **changes: Any) -> None:
    number = len(journal.entries) + 1
    journal.write(msgspec.structs.replace(sale, sale=f"s-{journal.epoch}-{number}", **changes))


def look(hub: HubWorld) -> Auditor:
    auditor = Auditor(hub.store, hub.clock)
    while auditor.step():
        pass
    return auditor


def figures(hub: HubWorld) -> tuple[int, int, int, int]:
    """Sales that came out the same, that did not, that wait, that were not checked."""
    with hub.store.reading() as connection:
        found: tuple[int, int, int, int] = msgspec.structs.astuple(
            status_of(connection, hub.clock()).hub.prices
        )
    return found


def alarms(hub: HubWorld) -> list[tuple[str, str, int]]:
    return [(row[1], row[2], row[4]) for row in hub.rows("alarm")]


def take_in(hub: HubWorld, journal: PaperJournal) -> None:
    hub.send(journal, 1)
    hub.project()


def test_a_sale_comes_out_the_same_and_one_of_before_is_not_checked(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    issue(hub)
    write(mirror, sold(WARES, versions=(FIRST, FIRST)))
    take_in(hub, mirror)
    assert figures(hub) == (0, 0, 0, 0)

    look(hub)

    assert figures(hub) == (1, 0, 0, 1)
    assert alarms(hub) == []
    with hub.store.reading() as connection:
        said = list(sentences(status_of(connection, 0), 0))
    assert "  priced again: 1 sale came out the same, 1 of before were not checked" in said


def test_a_sale_that_costs_something_else_is_an_alarm_and_a_row_for_good(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    issue(hub)
    sale = sold(WARES, prices=dearer(1), versions=(FIRST, FIRST))
    write(mirror, sale)
    take_in(hub, mirror)

    for _ in range(2):
        look(hub)

    assert figures(hub) == (0, 1, 0, 1)
    assert alarms(hub) == [("price", "mirror-4/s-e1-4", 1)]
    ((_, dev, name, verdict, sentence, *_),) = hub.rows("price_case")
    assert (dev, name, verdict) == ("mirror-4", "s-e1-4", "differs")
    assert sentence.startswith("price of line 1 (00000000000001): expected 299, got 1; ")


def test_promotions_are_those_that_the_sale_names(hub: HubWorld, mirror: PaperJournal) -> None:
    issue(hub, offers=TENTH)
    issue(hub, offers=bundle(offer("tenth", Percent(2_000))))
    for version in (FIRST, Version(1, 2)):
        write(mirror, sold(WARES, TENTH, versions=(FIRST, version)))
    take_in(hub, mirror)

    look(hub)

    assert figures(hub) == (1, 1, 0, 1)
    assert alarms(hub) == [("price", "mirror-4/s-e1-5", 1)]


def test_a_book_that_was_told_as_changes_is_put_together(hub: HubWorld, mirror: PaperJournal) -> None:
    issue(hub)
    issue(hub, dearer(300))
    write(mirror, sold(WARES, prices=dearer(300), versions=(Version(1, 2), FIRST)))
    take_in(hub, mirror)

    look(hub)

    assert figures(hub) == (1, 0, 0, 1)


def test_a_sale_by_a_book_that_is_not_here_waits_and_is_never_lost(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    issue(hub)
    for _ in range(3):
        write(mirror, sold(WARES, prices=dearer(300), versions=(Version(1, 2), FIRST)))
    write(mirror, sold(WARES, prices=dearer(9), versions=(Version(1, 2), FIRST)))
    take_in(hub, mirror)
    auditor = look(hub)
    auditor.look_again()
    assert figures(hub) == (0, 0, 4, 1)
    assert alarms(hub) == [("price.unknown", "mirror-4/1.2", 1)]

    issue(hub, dearer(300))
    for _ in range(2):
        auditor.look_again()

    assert figures(hub) == (3, 1, 0, 1)
    assert alarms(hub) == [("price.unknown", "mirror-4/1.2", 1), ("price", "mirror-4/s-e1-7", 1)]


def test_when_all_is_made_again_all_is_priced_again_and_nobody_is_called_twice(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    issue(hub)
    write(mirror, sold(WARES, versions=(FIRST, FIRST)))
    write(mirror, sold(WARES, prices=dearer(1), versions=(FIRST, FIRST)))
    take_in(hub, mirror)
    look(hub)
    before = {name: hub.rows(name, "at_ms") for name in ("price_case", "price_cursor")}

    hub.projector.rebuild()
    assert figures(hub) == (0, 0, 0, 0)
    look(hub)

    assert {name: hub.rows(name, "at_ms") for name in ("price_case", "price_cursor")} == before
    assert alarms(hub) == [("price", "mirror-4/s-e1-5", 1)]


TERMS: Final = (
    *("site", "language", "currency", "taxes", "tax_exclusive", "tax_rounding", "cash_step_minor"),
    *("circulations", "region", "recalled", "spoken"),
)


class CutError(Exception):
    """The power went."""


@pytest.mark.parametrize("seed", range(3))
def test_every_sale_is_priced_again_once_however_often_it_is_cut_off(
    hub: HubWorld, keys: list[SoftwareKey], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    luck = random.Random(seed)
    issue(hub)
    journals = [hub.admit(PaperJournal(name, key)) for name, key in zip(("a", "b", "c"), keys, strict=True)]
    wrong = 0
    for journal in journals:
        journal.begin()
    honest, other = (sold(WARES, prices=book, versions=(FIRST, FIRST)) for book in (BOOK, dearer(1)))
    sent = dict.fromkeys(range(3), 1)
    clean = Auditor.__dict__["_write"]

    def cut(auditor: Auditor, connection: Any, stretch: Any) -> None:
        clean(auditor, connection, stretch)
        if luck.random() < 0.3:
            raise CutError

    monkeypatch.setattr(Auditor, "_write", cut)
    auditors = [Auditor(hub.store, hub.clock) for _ in range(2)]
    for _ in range(40):
        at = luck.randrange(3)
        is_wrong = luck.random() < 0.2
        wrong += is_wrong
        write(journals[at], other if is_wrong else honest)
        if luck.random() < 0.6:
            hub.send(journals[at], sent[at])
            sent[at] = len(journals[at].entries) + 1
        if luck.random() < 0.5:
            hub.projector.step(8)
        for auditor in auditors:
            if luck.random() < 0.4:
                _step(auditor)
    for at, journal in enumerate(journals):
        if sent[at] <= len(journal.entries):
            hub.send(journal, sent[at])
    hub.project()
    while _step(auditors[0]):
        pass

    assert figures(hub) == (40 - wrong, wrong, 0, 0)
    assert [times for kind, _, times in alarms(hub) if kind == "price"] == [1] * wrong


def _step(auditor: Auditor) -> bool:
    try:
        return auditor.step()
    except CutError:
        return True


def test_what_another_has_priced_meanwhile_is_not_counted_again(
    hub: HubWorld, mirror: PaperJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(hub)
    write(mirror, sold(WARES, versions=(FIRST, FIRST)))
    take_in(hub, mirror)
    slow, writes = Auditor(hub.store, hub.clock), Auditor.__dict__["_write"]

    def overtaken(auditor: Auditor, connection: Any, stretch: Any) -> None:
        if auditor is slow:
            cursor = schema.price_cursor
            writes(auditor, connection, stretch)
            connection.execute(update(cursor).values(equal=cursor.c.equal + 0))
        writes(auditor, connection, stretch)

    monkeypatch.setattr(Auditor, "_write", overtaken)
    assert slow.step()

    assert figures(hub) == (1, 0, 0, 1)


def test_the_auditor_works_until_it_is_told_to_end_and_rests_while_ingest_is_busy(
    hub: HubWorld, mirror: PaperJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(hub)
    write(mirror, sold(WARES, versions=(FIRST, FIRST)))
    take_in(hub, mirror)
    monkeypatch.setattr("cloud_sync.hub.pricing.auditor._ROUND_S", 0.001)
    monkeypatch.setattr("cloud_sync.hub.pricing.auditor._GLANCE_S", 0.001)
    closing, asked = Event(), 0

    def is_busy() -> bool:
        nonlocal asked
        asked += 1
        if asked > 3:
            closing.set()
        return asked <= 3

    Auditor(hub.store, hub.clock).work(closing, is_busy)

    assert figures(hub) == (1, 0, 0, 1)
    assert asked == 4


def test_the_shelf_keeps_no_more_books_than_it_has_room_for(hub: HubWorld) -> None:
    issue(hub)
    issue(hub, dearer(300))
    shelf = Shelf(products_max=len(PRODUCTS))
    with hub.store.reading() as connection:
        site = Site(TENANT, SITE)
        first = shelf.book(connection, site, FIRST)
        assert shelf.book(connection, site, FIRST) is first
        assert shelf.book(connection, site, Version(1, 2)).by_gtin[SOAP].price_minor == 300
        again = shelf.book(connection, site, FIRST)

    assert again is not first


def test_an_open_book_says_what_the_whole_one_does() -> None:
    later = changes_between(BOOK, "a-hash", dearer(300))
    gone = msgspec.structs.replace(later, gone=(TEA,))
    opened = open_book(encode(BOOK))

    for book, whole in (
        (opened, BOOK),
        (changed_book(opened, encode(later)), dearer(300)),
        (changed_book(opened, encode(gone)), changed(BOOK, gone)),
    ):
        prices: Prices = book
        assert dict(prices.by_gtin) == whole.by_gtin
        for name in TERMS:
            assert getattr(prices, name) == getattr(whole, name), name
        soap = prices.by_gtin[SOAP]
        assert (prices.price(soap), prices.name(soap, "de")) == (whole.price(soap), whole.name(soap, "de"))
    assert len(changed_book(opened, encode(gone)).by_gtin) == len(PRODUCTS) - 1
