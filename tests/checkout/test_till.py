"""What a shopper does at the till, what is then owed, and what is then in the journal."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud_sync.contract.entry import SignedEntry, decode_body
from cloud_sync.contract.facts import Arrived, Sale
from edge.checkout.catalogue import Catalogue
from edge.checkout.figures import Figures, figures
from edge.checkout.sale import Shop
from edge.checkout.state import Answer, Stage, Tap
from edge.checkout.till import Till
from edge.events import (
    Agreed,
    Ambiguous,
    BackInService,
    Left,
    OutOfService,
    Presented,
    PutBack,
    Took,
)
from edge.offline_queue.integrity import problems
from edge.offline_queue.reader import LedgerReader
from retail.custody import Move
from retail.identity.gtin import completed
from retail.pricing.book import Names, PriceBook, Product, Version
from retail.units import Money
from tests.checkout.till_hand import COFFEE, SWEATER, Hand, catalogue, item

Hands = Callable[[str], Hand]
RED, BLUE, GREEN = (item(SWEATER, serial) for serial in (1, 2, 3))
BAGS = [item(COFFEE, serial) for serial in range(4)]


def tap(till: Till, what: Tap, value: str | None = None, screen: int | None = None) -> Answer:
    number = till.state.number if screen is None else screen
    return asyncio.run(till.tap(what, number, value))


def sales(hand: Hand) -> list[Sale]:
    facts = [decode_body(entry.body).fact for entry in LedgerReader(hand.directory / "ledger.db").entries()]
    return [fact for fact in facts if isinstance(fact, Sale)]


@pytest.fixture
def mirror(hands: Hands) -> tuple[Hand, Till]:
    hand = hands("mirror")
    till = hand.till()
    till.use(catalogue())
    return hand, till


@pytest.fixture
def shelf(hands: Hands) -> tuple[Hand, Till]:
    hand = hands("shelf")
    till = hand.till()
    till.use(catalogue())
    stock(hand, till, BAGS)
    return hand, till


def stock(hand: Hand, till: Till, bags: list[str]) -> None:
    move = Move(COFFEE, "transit", "shelf-b12", len(bags))
    assert hand.journal is not None
    written = asyncio.run(hand.journal.append(Arrived("t1", (move,), tuple(bags)), "transfer/t1"))
    till.books.apply(written.body)
    till.stocked()


def test_without_a_price_book_nothing_is_sold(hands: Hands) -> None:
    till = hands("mirror").till()
    till.hear(Presented(RED))
    assert till.state.stage is Stage.UNPAIRED
    assert tap(till, Tap.BUY) is Answer.REFUSED


def test_an_item_held_up_is_priced_bought_and_written(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    assert (till.state.stage, till.state.total) == (Stage.OFFERED, Money(5990, "EUR"))
    assert tap(till, Tap.BUY) is Answer.ACCEPTED
    assert till.state.stage is Stage.DONE
    (sale,) = sales(hand)
    assert till.state.sold is not None
    assert till.state.sold.number == sale.number
    assert sale.number.endswith("-0001")
    assert [(line.gtin, line.units, line.epcs) for line in sale.lines] == [(SWEATER, 1, (RED,))]
    assert {(each.account, each.amount_minor) for each in sale.postings} == {
        ("receivable/acc", 5990),
        ("revenue", -5034),
        ("tax/standard", -956),
    }
    assert sale.moves == (Move(SWEATER, "floor", "sold", 1),)


def test_done_is_shown_only_after_the_sale_is_on_the_disk(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    shown: list[tuple[Stage, int]] = []
    till.subscribe(lambda: shown.append((till.state.stage, len(sales(hand)))))
    tap(till, Tap.BUY)
    assert shown == [(Stage.RECORDING, 0), (Stage.DONE, 1)]


def test_two_fast_taps_are_one_sale(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))

    async def twice() -> list[Answer]:
        number = till.state.number
        return list(await asyncio.gather(till.tap(Tap.BUY, number), till.tap(Tap.BUY, number)))

    assert asyncio.run(twice()) == [Answer.ACCEPTED, Answer.STALE]
    assert len(sales(hand)) == 1


def test_a_tap_whose_browser_went_away_is_seen_through(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))

    async def walk_away() -> None:
        tapping = asyncio.ensure_future(till.tap(Tap.BUY, till.state.number))
        await asyncio.sleep(0)
        tapping.cancel()
        while till.state.stage is Stage.RECORDING:
            await asyncio.sleep(0)

    asyncio.run(walk_away())
    assert till.state.stage is Stage.DONE
    assert len(sales(hand)) == 1


def test_a_tap_on_an_older_screen_buys_nothing(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    painted = till.state.number
    till.hear(Presented(BLUE))
    assert tap(till, Tap.BUY, screen=painted) is Answer.STALE
    assert sales(hand) == []


def test_the_network_does_not_make_a_screen_stale(mirror: tuple[Hand, Till]) -> None:
    _, till = mirror
    till.hear(Presented(RED))
    painted = till.state.number
    till.link(up=True)
    assert tap(till, Tap.BUY, screen=painted) is Answer.ACCEPTED


def test_putting_back_lowers_the_bill_by_what_taking_raised_it(shelf: tuple[Hand, Till]) -> None:
    _, till = shelf
    totals = []
    for event in (Took(BAGS[0]), Took(BAGS[1]), PutBack(BAGS[0]), PutBack(BAGS[1])):
        till.hear(event)
        totals.append(till.state.total and till.state.total.amount_minor)
    assert totals == [1150, 2300, 1150, None]
    assert till.state.stage is Stage.IDLE


def test_a_sold_item_is_not_sold_again_even_after_a_restart(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    tap(till, Tap.BUY)
    tap(till, Tap.DONE)
    for each in (till, hand.till()):
        each.use(catalogue())
        each.hear(Left(RED))
        each.hear(Presented(RED))
        assert each.state.lines == ()


def test_receipt_numbers_have_no_gap_across_restarts(hands: Hands) -> None:
    hand = hands("mirror")
    for red in (RED, BLUE, GREEN):
        till = hand.till()
        till.use(catalogue())
        if till.state.stage is Stage.DONE:
            tap(till, Tap.DONE)
        till.hear(Presented(red))
        tap(till, Tap.BUY)
    assert [sale.number[-4:] for sale in sales(hand)] == ["0001", "0002", "0003"]
    assert len({sale.number[:4] for sale in sales(hand)}) == 1


def test_its_yours_is_shown_again_after_a_power_cut(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    tap(till, Tap.BUY)
    sold = till.state.sold
    hand.pass_seconds(5)
    again = hand.till()
    again.use(catalogue())
    assert (again.state.stage, again.state.sold) == (Stage.DONE, sold)


def test_an_old_sale_is_nobody_elses_to_see(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    tap(till, Tap.BUY)
    hand.pass_seconds(61)
    again = hand.till()
    again.use(catalogue())
    assert (again.state.stage, again.state.sold) == (Stage.IDLE, None)


@pytest.mark.parametrize(("seconds", "stage"), [(3, Stage.DONE), (5, Stage.OFFERED)])
def test_the_next_shopper_waits_until_the_receipt_was_seen(
    mirror: tuple[Hand, Till], seconds: int, stage: Stage
) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    tap(till, Tap.BUY)
    till.hear(Presented(BLUE))
    hand.pass_seconds(seconds)
    till.tick()
    assert till.state.stage is stage


def test_goods_that_leave_while_the_sale_is_written_are_still_what_was_bought(
    mirror: tuple[Hand, Till],
) -> None:
    _, till = mirror
    till.hear(Presented(RED))
    recording: list[Money | None] = []

    def leave() -> None:
        if till.state.stage is Stage.RECORDING and not recording:
            recording.append(till.state.total)
            till.hear(Left(RED))
            recording.append(till.state.total)

    till.subscribe(leave)
    tap(till, Tap.BUY)
    assert recording == [Money(5990, "EUR")] * 2
    assert till.state.stage is Stage.DONE


def test_a_screen_number_never_comes_again_after_a_restart(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    painted = till.state.number
    again = hand.till()
    again.use(catalogue())
    again.hear(Presented(RED))
    assert tap(again, Tap.BUY, screen=painted) is Answer.STALE


def test_a_device_that_has_not_answered_yet_is_not_broken(mirror: tuple[Hand, Till]) -> None:
    _, till = mirror
    till.hear(OutOfService("reader", "device.waiting"))
    assert (till.state.stage, till.state.trouble) == (Stage.OUT_OF_SERVICE, "device.waiting")


def test_done_ends_by_itself(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    tap(till, Tap.BUY)
    hand.pass_seconds(61)
    till.tick()
    assert till.state.stage is Stage.IDLE


def test_sensors_that_disagree_charge_nothing(shelf: tuple[Hand, Till]) -> None:
    hand, till = shelf
    till.hear(Took(BAGS[0]))
    till.hear(Ambiguous("tag-and-weight"))
    assert (till.state.stage, till.state.trouble) == (Stage.DISAGREE, "tag-and-weight")
    assert tap(till, Tap.BUY) is Answer.REFUSED
    till.hear(Agreed())
    assert till.state.stage is Stage.OFFERED
    assert sales(hand) == []


def test_a_dead_device_stops_selling_and_the_basket_survives(shelf: tuple[Hand, Till]) -> None:
    _, till = shelf
    till.hear(Took(BAGS[0]))
    till.hear(OutOfService("scale", "device.gone"))
    assert (till.state.stage, till.state.trouble) == (Stage.OUT_OF_SERVICE, "scale")
    assert tap(till, Tap.BUY) is Answer.REFUSED
    till.hear(BackInService())
    assert (till.state.stage, till.state.total) == (Stage.OFFERED, Money(1150, "EUR"))


def test_a_full_disk_refuses_before_anything_is_owed(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    till.disk("disk")
    assert till.state.stage is Stage.OUT_OF_SERVICE
    assert tap(till, Tap.BUY) is Answer.REFUSED
    till.disk(None)
    assert tap(till, Tap.BUY) is Answer.ACCEPTED
    assert len(sales(hand)) == 1


def test_a_sale_that_cannot_be_written_is_never_shown_as_done(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    assert hand.journal is not None
    hand.journal.close()
    tap(till, Tap.BUY)
    till.disk(None)
    assert (till.state.stage, till.state.trouble) == (Stage.OUT_OF_SERVICE, "journal")
    assert till.state.sold is None


def test_a_basket_keeps_the_prices_it_was_opened_with(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    till.use(catalogue(2, sweater_minor=6990))
    till.tick()
    assert till.state.total == Money(5990, "EUR")
    tap(till, Tap.BUY)
    assert [(sale.total_minor, sale.prices.n) for sale in sales(hand)] == [(5990, 1)]
    till.tick()
    tap(till, Tap.DONE)
    till.hear(Presented(BLUE))
    assert till.state.total == Money(6990, "EUR")


def test_a_basket_that_nobody_touches_is_priced_anew(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    till.use(catalogue(2, sweater_minor=6990))
    hand.pass_seconds(121)
    till.tick()
    assert till.state.total == Money(6990, "EUR")


def test_a_rail_of_garments_is_no_basket(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    for serial in range(101):
        till.hear(Presented(item(SWEATER, serial)))
    assert (till.state.stage, till.state.trouble) == (Stage.DISAGREE, "too-many")
    till.hear(Left(item(SWEATER, 0)))
    assert tap(till, Tap.BUY) is Answer.ACCEPTED
    assert len(sales(hand)[0].lines[0].epcs) == 100


def test_a_basket_too_long_for_an_entry_is_refused_and_a_smaller_one_is_sold(hands: Hands) -> None:
    hand = hands("mirror")
    till = hand.till()
    till.use(Catalogue(long_winded_book(100), Version(1, 1)))
    epcs = [item(completed(952000200000 + n), n) for n in range(100)]
    for epc in epcs:
        till.hear(Presented(epc))
    tap(till, Tap.BUY)
    assert (till.state.stage, till.state.trouble) == (Stage.DISAGREE, "too-many")
    assert sales(hand) == []
    for epc in epcs[50:]:
        till.hear(Left(epc))
    assert tap(till, Tap.BUY) is Answer.ACCEPTED
    assert len(sales(hand)[0].lines) == 50


def long_winded_book(products: int) -> PriceBook:
    words = {"en": Names("\N{CJK UNIFIED IDEOGRAPH-8336}" * 80)}
    made = (Product(completed(952000200000 + n), words, 100, "standard", 0, 0) for n in range(products))
    return PriceBook("corner", "en", "EUR", {"standard": 1900}, tuple(made))


def test_a_price_book_that_comes_while_a_sale_is_written_waits_for_it(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))

    def leave_and_change() -> None:
        if till.state.stage is Stage.RECORDING and till.state.lines:
            till.hear(Left(RED))
            till.use(Catalogue(long_winded_book(1), Version(1, 2)))

    till.subscribe(leave_and_change)
    tap(till, Tap.BUY)
    assert till.state.stage is Stage.DONE
    assert [sale.prices.n for sale in sales(hand)] == [1]
    till.tick()
    tap(till, Tap.DONE)
    till.hear(Presented(item(completed(952000200000), 1)))
    assert till.state.total == Money(100, "EUR")


def test_goods_that_the_shop_does_not_sell_are_not_offered(mirror: tuple[Hand, Till]) -> None:
    _, till = mirror
    for epc in ("E2806890000050", "00" * 12, "not hex", item(SWEATER, 5)[:-2]):
        till.hear(Presented(epc))
    assert till.state.stage is Stage.IDLE


def test_goods_held_up_before_the_first_price_book_are_offered_once_it_comes(hands: Hands) -> None:
    till = hands("mirror").till()
    till.hear(Presented(RED))
    till.use(catalogue())
    assert till.state.total == Money(5990, "EUR")


def test_a_shoppers_language_ends_with_the_shopper(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    assert tap(till, Tap.LANGUAGE, "de") is Answer.ACCEPTED
    assert tap(till, Tap.LANGUAGE, "tlh") is Answer.REFUSED
    tap(till, Tap.BUY)
    assert sales(hand)[0].lines[0].name == "Merinopullover"
    tap(till, Tap.DONE)
    assert till.state.language == "en"


def test_a_language_of_the_glass_is_chosen_where_the_goods_have_no_words_in_it(tmp_path: Path) -> None:
    speaks = ("en", "zh-Hans", "ar")
    hand = Hand(tmp_path, Shop("mirror-4", "floor", "acc", "Europe/Berlin", speaks=speaks))
    till = hand.till()
    assert list(till.state.languages) == ["en", "zh-Hans", "ar"]
    assert tap(till, Tap.LANGUAGE, "ar") is Answer.ACCEPTED
    assert till.state.language == "ar"
    till.use(catalogue())
    assert list(till.state.languages) == ["en", "de", "zh-Hans", "ar"]
    till.hear(Presented(RED))
    assert tap(till, Tap.BUY) is Answer.ACCEPTED
    assert sales(hand)[0].lines[0].name == "Merino sweater"
    tap(till, Tap.DONE)
    assert till.state.language == "en"
    hand.close()


def test_what_is_here_counts_what_was_taken_and_sold(shelf: tuple[Hand, Till]) -> None:
    _, till = shelf
    assert till.state.offer is not None
    assert till.state.offer.here == 4
    till.hear(Took(BAGS[0]))
    assert till.state.lines[0].goods.here == 3
    tap(till, Tap.BUY)
    tap(till, Tap.DONE)
    assert till.state.offer.here == 3


def test_nobody_vouches_for_the_floor_without_the_hub(mirror: tuple[Hand, Till]) -> None:
    _, till = mirror
    till.delivered({SWEATER: 4})
    till.hear(Presented(RED))
    assert till.state.lines[0].goods.here is None
    till.link(up=True)
    assert till.state.lines[0].goods.here == 4
    tap(till, Tap.BUY)
    tap(till, Tap.DONE)
    till.hear(Presented(BLUE))
    assert till.state.lines[0].goods.here == 3


def test_more_than_the_book_has_is_sold_and_the_overdraft_is_written(shelf: tuple[Hand, Till]) -> None:
    hand, till = shelf
    stray = item(COFFEE, 99)
    for epc in (*BAGS, stray):
        till.hear(Took(epc))
    tap(till, Tap.BUY)
    assert sales(hand)[0].moves == (
        Move(COFFEE, "count", "shelf-b12", 1),
        Move(COFFEE, "shelf-b12", "sold", 5),
    )
    assert till.books.stock["shelf-b12", COFFEE] == 0


def test_books_in_memory_tables_and_entries_say_the_same(shelf: tuple[Hand, Till]) -> None:
    hand, till = shelf
    for bag in BAGS[:3]:
        till.hear(Took(bag))
        tap(till, Tap.BUY)
        tap(till, Tap.DONE)
    again = hand.till().books
    assert (again.stock, again.items, again.sales) == (till.books.stock, till.books.items, till.books.sales)
    folded = check_ledger(hand.directory / "ledger.db")
    assert again.stock == {
        (holder, gtin): units for holder, held in folded.stock.items() for gtin, units in held.items()
    }
    assert (folded.sales, folded.money) == (3, {"EUR": 3450})


def check_ledger(path: Path) -> Figures:
    found = list(problems(LedgerReader(path)))
    entries = [one for one in found if isinstance(one, SignedEntry)]
    assert found == entries
    return figures(decode_body(entry.body) for entry in entries)


def test_a_ledger_that_is_over_is_out_of_service_and_no_purchase_is_spoken_of(
    mirror: tuple[Hand, Till],
) -> None:
    _, till = mirror
    till.over()
    assert (till.state.stage, till.state.trouble) == (Stage.OUT_OF_SERVICE, "ledger")
