"""Stock asked of the hub: what can be sold in other places and sites, and when it was counted."""

from typing import Final

from sqlalchemy import insert

from cloud_sync.contract.stock import StockAsked, StockTold
from cloud_sync.hub.store import schema
from retail.custody import COUNT, QUARANTINE, SOLD, SUPPLIER, TRANSIT, Move
from tests.hub.hub_world import COFFEE, SCARF, SITE, TENANT, HubWorld, PaperJournal
from tests.hub.request_world import RequestCounter

HAT: Final = "09520001100406"
ASKED: Final = StockAsked("floor", (SCARF, COFFEE, HAT))

LYING: Final = (
    (TENANT, SITE, "floor", SCARF, 5),
    (TENANT, SITE, "shelf-b12", SCARF, 2),
    (TENANT, SITE, "shelf-c3", SCARF, 1),
    (TENANT, SITE, QUARANTINE, SCARF, 70),
    (TENANT, SITE, TRANSIT, SCARF, 70),
    (TENANT, SITE, SOLD, SCARF, 70),
    (TENANT, SITE, SUPPLIER, SCARF, -148),
    (TENANT, "harbour", "floor", SCARF, 4),
    (TENANT, "harbour", "shelf-1", SCARF, 3),
    (TENANT, "harbour", QUARANTINE, SCARF, 70),
    (TENANT, "station", "floor", SCARF, 2),
    (TENANT, "station", "floor", COFFEE, 40),
    ("another", SITE, "shelf-b12", SCARF, 900),
    ("another", "harbour", "floor", COFFEE, 900),
)


def lay(hub: HubWorld) -> None:
    columns = ("tenant", "site", "holder", "gtin", "units")
    with hub.store.writing() as connection:
        connection.execute(insert(schema.stock), [dict(zip(columns, row, strict=True)) for row in LYING])


def told(counter: RequestCounter, ask: StockAsked = ASKED) -> StockTold:
    answer = counter.ask(ask)
    assert isinstance(answer, StockTold)
    return answer


def test_what_can_be_sold_in_other_places_is_told_and_nothing_of_another_tenant(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    lay(hub)
    answer = told(RequestCounter(hub, mirror))
    assert answer.shop == {SCARF: 3, COFFEE: 0, HAT: 0}
    assert answer.elsewhere == {SCARF: 9, COFFEE: 40, HAT: 0}


def test_a_shelf_is_told_what_lies_on_the_floor_and_not_what_it_has_itself(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    lay(hub)
    answer = told(RequestCounter(hub, mirror), StockAsked("shelf-b12", (SCARF, SCARF)))
    assert (answer.shop, answer.elsewhere) == ({SCARF: 6}, {SCARF: 9})


def test_an_answer_is_new_each_time_and_as_old_as_what_waits_to_be_counted(
    hub: HubWorld, mirror: PaperJournal, shelf: PaperJournal
) -> None:
    counter = RequestCounter(hub, mirror)
    before_ms = hub.clock()
    assert told(counter).as_of_ms > before_ms

    holder = shelf.holder
    moves = (Move(SCARF, COUNT, holder, 9), Move(SCARF, holder, SOLD, 1))
    shelf.write(shelf.sale(SCARF, 1, 3450, moves=moves))
    waits_ms = hub.clock()
    hub.send(shelf, 1)
    hub.clock.now_ms += 60_000
    late = told(counter)
    assert waits_ms < late.as_of_ms < waits_ms + 1_000
    assert late.shop[SCARF] == 0

    hub.project()
    now = told(counter)
    assert now.as_of_ms > waits_ms + 60_000
    assert now.shop[SCARF] == 8
