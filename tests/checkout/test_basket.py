"""What is on the bill: items by tag, units by weight, and labels that were scanned; each of it once."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Sale
from edge.checkout.basket import ITEMS_MAX
from edge.checkout.catalogue import Catalogue
from edge.checkout.state import Answer, NoticeKind, Stage, Tap
from edge.checkout.till import Till
from edge.events import (
    CodeBlurred,
    CodeCleared,
    CodeShown,
    CodeUnclear,
    Event,
    Fetched,
    Left,
    Listed,
    Misplaced,
    OutOfService,
    Presented,
    Purpose,
    PutBack,
    PutBackUnits,
    Scanned,
    Took,
    TookUnits,
)
from edge.offline_queue.reader import LedgerReader
from retail.custody import Move
from retail.identity.gtin import completed
from retail.identity.standing import Recall
from retail.pricing.book import Names, PriceBook, Product, Version
from retail.units import Gtin, Money
from tests.checkout.till_hand import COFFEE, SWEATER, Hand, item, price_book

Hands = Callable[[str], Hand]
CHEESE = Gtin("99520123456781")
OWN_CHEESE = Gtin("02302148200006")
STRANGER = completed(952000100099)
RED, BLUE = item(SWEATER, 1), item(SWEATER, 2)
TODAY = datetime(2026, 9, 21, tzinfo=UTC)


def book(**changed: object) -> PriceBook:
    """The till's small book, and cheese by weight: 24.90 a kilogram."""
    cheese = Product(CHEESE, {"en": Names("Cheese")}, 2490, "reduced", 0, 0, net_mg=1_000_000, weighed=True)
    own = replace(cheese, gtin=OWN_CHEESE)
    made = price_book()
    products = tuple(replace(each, words={"en": each.words["en"]}) for each in (*made.products, cheese, own))
    return replace(made, products=products, **changed)


def plain(gtin: str, serial: str | None = None, **said: object) -> Scanned:
    return replace(Scanned(gtin, gtin, serial), **said)


def tap(till: Till, what: Tap, value: str | None = None) -> Answer:
    return asyncio.run(till.tap(what, till.state.number, value))


def total(till: Till) -> int:
    return till.state.total.amount_minor if till.state.total else 0


def kinds(till: Till) -> list[NoticeKind]:
    return [notice.kind for notice in till.state.notices]


def sales(hand: Hand) -> list[Sale]:
    facts = [decode_body(entry.body).fact for entry in LedgerReader(hand.directory / "ledger.db").entries()]
    return [fact for fact in facts if isinstance(fact, Sale)]


@pytest.fixture
def at(hands: Hands) -> Callable[..., tuple[Hand, Till]]:
    """A till of some kind with the book in force."""

    def open_till(kind: str, prices: PriceBook | None = None) -> tuple[Hand, Till]:
        hand = hands(kind)
        hand.ms = int(TODAY.timestamp() * 1_000)
        till = hand.till()
        till.use(Catalogue(prices or book(), Version(1, 1)))
        return hand, till

    return open_till


At = Callable[..., tuple[Hand, Till]]

# What happens in turn, and what is then owed.
BILLS: list[tuple[str, list[Event], int]] = [
    ("one scan", [plain(SWEATER)], 5990),
    ("two scans of a product are two packs", [plain(COFFEE), plain(COFFEE)], 2300),
    ("two scans of one item are one item", [plain(SWEATER, "1"), plain(SWEATER, "1")], 5990),
    ("two items", [plain(SWEATER, "1"), plain(SWEATER, "2")], 2 * 5990),
    ("scanned, and heard as a tag", [plain(SWEATER, "1"), Presented(RED)], 5990),
    ("heard as a tag, and scanned", [Presented(RED), plain(SWEATER, "1")], 5990),
    ("scanned, and another heard", [plain(SWEATER, "2"), Presented(RED)], 2 * 5990),
    ("scanned and heard, and lowered again", [plain(SWEATER, "1"), Presented(RED), Left(RED)], 5990),
    ("scanned and taken, and put back", [Took(RED), plain(SWEATER, "1"), PutBack(RED)], 0),
    ("heard, and its plain code scanned", [Presented(RED), plain(SWEATER)], 5990),
    ("heard, and its plain code scanned twice", [Presented(RED), plain(SWEATER), plain(SWEATER)], 2 * 5990),
    ("units without tags", [TookUnits(COFFEE, 3)], 3450),
    ("units taken and put back", [TookUnits(COFFEE, 3), PutBackUnits(COFFEE, 2)], 1150),
    ("more put back than taken", [TookUnits(COFFEE, 1), PutBackUnits(COFFEE, 5), TookUnits(COFFEE, 1)], 1150),
    ("taken, and the same pack scanned", [TookUnits(COFFEE, 1), plain(COFFEE)], 1150),
    ("taken, and the same item scanned", [TookUnits(COFFEE, 1), plain(COFFEE, "7")], 1150),
    (
        "by tag, by weight and by code",
        [Took(RED), TookUnits(COFFEE, 2), plain(CHEESE, price_minor=399)],
        8689,
    ),
    ("a price on the label", [plain(CHEESE, price_minor=399)], 399),
    ("a price in the shop's currency", [plain(CHEESE, price_minor=399, currency="EUR")], 399),
    ("a weight on the label", [plain(CHEESE, weight_mg=1_250_000)], 3113),  # 31.125 rounds up
    ("both: the price holds", [plain(CHEESE, weight_mg=1_250_000, price_minor=399)], 399),
    ("two labels alike are two packs", [plain(CHEESE, price_minor=399)] * 2, 798),
    ("one labelled item twice is one", [plain(CHEESE, "9", price_minor=399)] * 2, 399),
    ("a weight of a piece product", [plain(COFFEE, weight_mg=500_000)], 2300),  # 46.00 a kilogram
    ("a count on the label", [plain(COFFEE, count=5)], 5750),
    (
        "the shop's own number with a weight inside",
        [replace(plain("02302148210869", weight_mg=1_086_000, circulation="geo"), lookup=OWN_CHEESE)],
        2704,
    ),
]


@pytest.mark.parametrize(("events", "owed"), [case[1:] for case in BILLS], ids=[case[0] for case in BILLS])
def test_the_bill_is(at: At, events: list[Event], owed: int) -> None:
    _, till = at("panel")
    for event in events:
        till.hear(event)
    assert (total(till), till.state.stage) == (owed, Stage.OFFERED if owed else Stage.IDLE)


# A label, and what is said about it instead of a price.
REFUSED: list[tuple[Scanned, NoticeKind]] = [
    (plain(STRANGER), NoticeKind.UNKNOWN),
    (plain("02112345678900", circulation="geo"), NoticeKind.ELSEWHERE),
    (plain(COFFEE, expiry="260920"), NoticeKind.EXPIRED),
    (plain(COFFEE, lot="BAD"), NoticeKind.RECALLED),
    (plain(COFFEE, lot="BAD", expiry="260920"), NoticeKind.RECALLED),
    (plain(CHEESE), NoticeKind.NO_PRICE),
    (plain(CHEESE, count=2), NoticeKind.NO_PRICE),
    (plain(CHEESE, price_minor=0), NoticeKind.NO_PRICE),
    (plain(CHEESE, weight_mg=0), NoticeKind.NO_PRICE),
    (plain(CHEESE, price_minor=10**15), NoticeKind.NO_PRICE),
    (plain(CHEESE, price_minor=399, currency="SEK"), NoticeKind.NO_PRICE),
    (plain(SWEATER, weight_mg=400_000), NoticeKind.NO_PRICE),  # the book has no net content
    (plain(COFFEE, count=0), NoticeKind.NO_PRICE),
    (plain(COFFEE, count=10**8), NoticeKind.NO_PRICE),
]


@pytest.mark.parametrize(("label", "kind"), REFUSED)
def test_what_may_not_be_sold_is_named_and_never_billed_and_stops_nothing(
    at: At, label: Scanned, kind: NoticeKind
) -> None:
    hand, till = at("panel", book(recalls=(Recall(Gtin(COFFEE), lot="BAD"),)))
    till.hear(plain(SWEATER))
    till.hear(label)
    assert (total(till), kinds(till)) == (5990, [kind])
    assert tap(till, Tap.BUY) is Answer.ACCEPTED
    assert [line.gtin for line in sales(hand)[0].lines] == [SWEATER]


def test_a_last_day_is_the_last_day_of_the_shop_and_not_of_greenwich(at: At) -> None:
    hand, till = at("panel")
    hand.ms += 21 * 3_600_000  # 21:00 in UTC is 23:00 in Berlin
    till.hear(plain(COFFEE, expiry="260921"))
    assert total(till) == 1150
    hand.ms += 3_600_000
    till.tick()
    assert (total(till), kinds(till)) == (0, [NoticeKind.EXPIRED])


def test_what_was_fit_for_sale_when_it_was_painted_is_not_sold_past_its_day(at: At) -> None:
    hand, till = at("panel")
    till.hear(plain(COFFEE, expiry="260921"))
    hand.ms += 23 * 3_600_000
    assert tap(till, Tap.BUY) is Answer.STALE
    assert sales(hand) == []


def test_a_recall_holds_at_once_even_for_a_basket_that_keeps_its_prices(at: At) -> None:
    _, till = at("mirror")
    till.hear(Presented(RED))
    till.hear(Presented(BLUE))
    till.hear(plain(COFFEE))
    recalls = (Recall(Gtin(SWEATER), serial="1"), Recall(Gtin(COFFEE)))
    till.use(Catalogue(replace(book(), recalls=recalls), Version(1, 2)))
    assert (total(till), kinds(till)) == (5990, [NoticeKind.RECALLED] * 2)
    assert {notice.names["en"] for notice in till.state.notices} == {"Merino sweater", "Coffee"}
    till.hear(Left(RED))
    assert tap(till, Tap.CANCEL) is Answer.ACCEPTED
    assert (total(till), kinds(till)) == (5990, [])


OLD = "260920"

# What happens in turn; what is then owed for it, with one pack of it past its day.
SPOILED: list[tuple[str, list[Event], int]] = [
    ("its item, by tag", [Took(RED), Took(BLUE), plain(SWEATER, "1", expiry=OLD)], 5990),
    ("one of the items, by tag", [Took(RED), Took(BLUE), plain(SWEATER, expiry=OLD)], 0),
    ("another item of it", [Took(RED), plain(SWEATER, "9", expiry=OLD)], 5990),
    (
        "put back: the others are fine",
        [Took(RED), Took(BLUE), plain(SWEATER, expiry=OLD), PutBack(RED)],
        5990,
    ),
    ("another put back", [Took(RED), Took(BLUE), plain(SWEATER, "1", expiry=OLD), PutBack(BLUE)], 0),
    ("units by weight", [TookUnits(COFFEE, 2), plain(COFFEE, expiry=OLD)], 0),
    ("units by weight, and its serial", [TookUnits(COFFEE, 2), plain(COFFEE, "7", expiry=OLD)], 0),
    ("a unit put back", [TookUnits(COFFEE, 2), plain(COFFEE, expiry=OLD), PutBackUnits(COFFEE, 1)], 1150),
    ("a good one scanned", [plain(COFFEE), plain(COFFEE, expiry=OLD)], 1150),
]


@pytest.mark.parametrize(
    ("events", "owed"), [case[1:] for case in SPOILED], ids=[case[0] for case in SPOILED]
)
def test_a_pack_past_its_day_is_not_sold_by_its_tag_or_weight_either(
    at: At, events: list[Event], owed: int
) -> None:
    _, till = at("shelf")
    for event in events:
        till.hear(event)
    assert total(till) == owed


def test_a_pack_by_weight_with_a_tag_is_sold_by_its_label_and_its_tag_with_it(at: At) -> None:
    hand, till = at("mirror")
    epc = item(CHEESE, 4)
    till.hear(Presented(epc))
    till.hear(plain(CHEESE, "4", price_minor=399))
    assert (total(till), kinds(till)) == (399, [])
    tap(till, Tap.BUY)
    assert [line.epcs for line in sales(hand)[0].lines] == [(epc,)]
    tap(till, Tap.DONE)
    assert till.state.stage is Stage.IDLE
    assert kinds(till) == []


def test_as_many_as_can_be_bought_may_be_heard_and_scanned_too(at: At) -> None:
    _, till = at("mirror")
    for serial in range(60):
        till.hear(Presented(item(SWEATER, serial)))
        till.hear(plain(SWEATER, str(serial)))
    assert (till.state.stage, total(till)) == (Stage.OFFERED, 60 * 5990)


def test_circulations_that_the_book_names_are_the_shops_own(at: At) -> None:
    _, till = at("panel", book(circulations=("geo",)))
    till.hear(plain("02112345678900", circulation="geo"))
    assert kinds(till) == [NoticeKind.UNKNOWN]


def test_tags_of_goods_by_weight_are_named_and_asked_for_their_label(at: At) -> None:
    _, till = at("mirror")
    till.hear(Presented(item(CHEESE, 4)))
    assert (till.state.stage, kinds(till)) == (Stage.IDLE, [NoticeKind.NO_PRICE])
    till.hear(Left(item(CHEESE, 4)))
    assert kinds(till) == []


NOTICES: list[tuple[Event, NoticeKind]] = [
    (CodeShown(Purpose.MEMBER, 1), NoticeKind.MEMBER),
    (CodeShown(Purpose.WECHAT, 1), NoticeKind.PAY_LATER),
    (CodeShown(Purpose.ALIPAY, 1), NoticeKind.PAY_LATER),
    (CodeShown(Purpose.CARD, 1), NoticeKind.PAY_LATER),
    (CodeShown(Purpose.ASKS_FOR_MONEY, 1), NoticeKind.ASKS_FOR_MONEY),
    (CodeShown(Purpose.OTHER, 1), NoticeKind.UNREADABLE),
    (CodeBlurred(), NoticeKind.HOLD_STILL),
    (CodeUnclear(), NoticeKind.SCAN_AGAIN),
    (CodeUnclear((COFFEE, SWEATER)), NoticeKind.CHOOSE),
    (CodeUnclear((STRANGER,)), NoticeKind.SCAN_AGAIN),
    (Misplaced(RED), NoticeKind.MISPLACED),
]


@pytest.mark.parametrize(("event", "kind"), NOTICES)
def test_the_glass_says_in_passing_what_it_makes_of_a_code(at: At, event: Event, kind: NoticeKind) -> None:
    _, till = at("panel")
    till.hear(plain(SWEATER))
    painted = till.state.number
    till.hear(event)
    assert (total(till), kinds(till)) == (5990, [kind])
    assert (till.state.number == painted) is not bool(till.state.candidates)


@pytest.mark.parametrize(
    ("shown", "over"),
    [
        (CodeShown(Purpose.OTHER, 1), plain(SWEATER)),
        (CodeBlurred(), CodeCleared()),
        (CodeUnclear((COFFEE,)), CodeCleared()),
        (Misplaced(RED), Fetched(RED)),
    ],
)
def test_a_notice_ends_when_it_is_over(at: At, shown: Event, over: Event) -> None:
    _, till = at("panel")
    till.hear(shown)
    till.hear(over)
    assert kinds(till) == []


def test_a_notice_in_passing_passes(at: At) -> None:
    hand, till = at("panel")
    till.hear(plain(STRANGER))
    hand.pass_seconds(11)
    till.tick()
    assert kinds(till) == [NoticeKind.UNKNOWN]
    hand.pass_seconds(1)
    till.tick()
    assert kinds(till) == []


def test_the_shopper_chooses_where_the_camera_cannot_tell(at: At) -> None:
    _, till = at("panel")
    till.hear(CodeUnclear((COFFEE, SWEATER)))
    assert tap(till, Tap.CHOOSE, STRANGER) is Answer.REFUSED
    assert tap(till, Tap.CHOOSE, COFFEE) is Answer.ACCEPTED
    assert (total(till), till.state.candidates, kinds(till)) == (1150, (), [])


def test_an_item_that_was_sold_is_not_sold_again_by_its_code(at: At) -> None:
    hand, till = at("mirror")
    till.hear(Presented(RED))
    till.hear(plain(SWEATER, "1"))
    till.hear(plain(SWEATER, "2"))
    tap(till, Tap.BUY)
    tap(till, Tap.DONE)
    till.hear(Left(RED))
    assert till.state.stage is Stage.IDLE
    for serial in ("1", "2"):
        till.hear(plain(SWEATER, serial))
        assert (total(till), kinds(till)) == (0, [NoticeKind.PAID])
    assert [(line.units, line.epcs) for line in sales(hand)[0].lines] == [(2, (RED,))]


def test_a_paid_garment_is_known_by_its_tag_after_a_restart_too(at: At) -> None:
    hand, till = at("mirror")
    till.hear(Presented(RED))
    tap(till, Tap.BUY)
    hand.pass_seconds(70)
    again = hand.till()
    again.use(Catalogue(book(), Version(1, 1)))
    again.hear(Presented(RED))
    again.hear(plain(SWEATER, "1"))
    assert (total(again), kinds(again)) == (0, [NoticeKind.PAID])


def test_what_is_sold_leaves_the_basket_and_what_was_taken_meanwhile_stays(at: At) -> None:
    hand, till = at("shelf")
    till.hear(TookUnits(COFFEE, 2))
    till.hear(plain(CHEESE, price_minor=399))

    def take_another() -> None:
        if till.state.stage is Stage.RECORDING and not till.state.notices:
            unsubscribe()
            till.hear(TookUnits(COFFEE, 1))
            till.hear(plain(SWEATER))

    unsubscribe = till.subscribe(take_another)
    tap(till, Tap.BUY)
    tap(till, Tap.DONE)
    assert total(till) == 1150 + 5990
    (sale,) = sales(hand)
    assert sale.total_minor == 2 * 1150 + 399
    assert Move(COFFEE, "shelf-b12", "sold", 2) in sale.moves


def test_a_sale_of_measured_packs_has_a_line_for_each_and_balances(at: At) -> None:
    hand, till = at("panel")
    for minor in (399, 450):
        till.hear(plain(CHEESE, price_minor=minor))
    tap(till, Tap.BUY)
    (sale,) = sales(hand)
    assert [(line.units, line.price_minor, line.total_minor, line.epcs) for line in sale.lines] == [
        (1, 399, 399, ()),
        (1, 450, 450, ()),
    ]
    assert sale.moves == (Move(CHEESE, "floor", "sold", 2),)
    assert sum(posting.amount_minor for posting in sale.postings) == 0


def test_a_line_that_was_scanned_is_taken_off_on_the_glass(at: At) -> None:
    _, till = at("panel")
    for label in (
        plain(COFFEE),
        plain(COFFEE),
        plain(CHEESE, price_minor=399),
        plain(CHEESE, price_minor=450),
    ):
        till.hear(label)
    coffee, first, second = (line.remove for line in till.state.lines)
    assert tap(till, Tap.REMOVE, "nothing") is Answer.REFUSED
    assert tap(till, Tap.REMOVE, first) is Answer.ACCEPTED
    assert total(till) == 2300 + 450
    assert tap(till, Tap.REMOVE, coffee) is Answer.ACCEPTED
    assert total(till) == 1150 + 450
    assert tap(till, Tap.REMOVE, second) is Answer.ACCEPTED
    assert [(line.goods.gtin, line.units) for line in till.state.lines] == [(COFFEE, 1)]


def test_what_is_in_a_hand_is_put_back_and_not_taken_off_on_the_glass(at: At) -> None:
    _, till = at("shelf")
    for event in (Took(RED), TookUnits(COFFEE, 2), plain(COFFEE)):
        till.hear(event)
    assert [line.remove for line in till.state.lines] == ["", ""]
    till.hear(plain(CHEESE, price_minor=399))
    assert tap(till, Tap.CANCEL) is Answer.ACCEPTED
    assert (total(till), till.state.scanned) == (5990 + 2300, False)
    assert tap(till, Tap.CANCEL) is Answer.REFUSED


def test_an_item_that_was_scanned_by_both_of_its_codes_is_taken_off_by_one_tap(at: At) -> None:
    _, till = at("panel")
    till.hear(plain(COFFEE, "7"))
    till.hear(plain(COFFEE))
    assert total(till) == 1150
    tap(till, Tap.REMOVE, COFFEE)
    assert total(till) == 0


def test_a_full_basket_says_so_and_can_be_bought(at: At) -> None:
    hand, till = at("panel")
    for serial in range(ITEMS_MAX + 1):
        till.hear(plain(SWEATER, f"s{serial}"))
    assert (total(till), kinds(till)) == (5990 * ITEMS_MAX, [NoticeKind.FULL])
    assert tap(till, Tap.BUY) is Answer.ACCEPTED
    assert sales(hand)[0].lines[0].units == ITEMS_MAX


def test_more_than_can_be_bought_at_once_is_cancelled_on_the_glass(at: At) -> None:
    _, till = at("panel")
    till.hear(plain(COFFEE, count=600))
    till.hear(plain(COFFEE, count=600))
    assert (till.state.stage, till.state.trouble) == (Stage.DISAGREE, "too-many")
    assert tap(till, Tap.CANCEL) is Answer.ACCEPTED
    assert till.state.stage is Stage.IDLE


def test_what_was_scanned_and_left_lying_is_nobodys_after_two_minutes(at: At) -> None:
    hand, till = at("panel")
    till.hear(plain(SWEATER))
    hand.pass_seconds(119)
    till.tick()
    assert total(till) == 5990
    hand.pass_seconds(2)
    till.tick()
    assert till.state.stage is Stage.IDLE


def test_what_is_scanned_while_nothing_can_be_bought_is_on_no_bill_later(at: At) -> None:
    hand, till = at("panel")
    till.over()
    till.hear(plain(SWEATER))
    assert not till.state.scanned
    unpaired = hand.till()
    unpaired.hear(plain(SWEATER))
    unpaired.use(Catalogue(book(), Version(1, 1)))
    assert unpaired.state.stage is Stage.IDLE


def test_a_dead_scanner_stops_the_sale_and_keeps_the_basket(at: At) -> None:
    _, till = at("panel")
    till.hear(plain(SWEATER))
    till.hear(OutOfService("scanner", "device.gone"))
    assert till.state.stage is Stage.OUT_OF_SERVICE
    assert till.state.total == Money(5990, "EUR")


def test_a_tray_offers_its_goods_once_all_of_them_have_been_told(at: At) -> None:
    hand, till = at("tray")
    stages = []
    for event in (Presented(RED), Listed((RED,)), Presented(BLUE), Listed((RED, BLUE)), Left(RED)):
        till.hear(event)
        stages.append(till.state.stage)
    looking, offered = Stage.LISTING, Stage.OFFERED
    assert stages == [looking, offered, looking, offered, looking]
    assert tap(till, Tap.BUY) is Answer.REFUSED
    till.hear(Listed((BLUE,)))
    assert tap(till, Tap.BUY) is Answer.ACCEPTED
    tap(till, Tap.DONE)
    assert till.state.stage is Stage.IDLE
    assert [line.epcs for line in sales(hand)[0].lines] == [(BLUE,)]


def test_what_is_scanned_beside_an_empty_tray_is_offered(at: At) -> None:
    _, till = at("tray")
    till.hear(plain(COFFEE))
    assert (till.state.stage, total(till)) == (Stage.OFFERED, 1150)


@pytest.mark.parametrize("seed", range(20))
def test_putting_back_lowers_the_bill_by_exactly_what_taking_raised_it(at: At, seed: int) -> None:
    """Whatever else is in the basket: undone in turn, each step gives back its own."""
    luck = random.Random(seed)
    _, till = at("shelf")
    tags = [item(SWEATER, serial) for serial in range(6)]
    labels = [plain(SWEATER, "3"), plain(COFFEE), plain(COFFEE, "5"), plain(CHEESE, price_minor=399)]
    for label in luck.sample(labels, 2):
        till.hear(label)
    before: list[int] = []
    undo: list[Event] = []
    for _ in range(12):
        before.append(total(till))
        if tags and luck.random() < 0.5:
            epc = tags.pop()
            till.hear(Took(epc))
            undo.append(PutBack(epc))
        else:
            units = luck.randint(1, 3)
            till.hear(TookUnits(COFFEE, units))
            undo.append(PutBackUnits(COFFEE, units))
    covered = plain(SWEATER, "3") in till._reckoning.basket.scans.values()
    for owed, event in zip(reversed(before), reversed(undo), strict=True):
        till.hear(event)
        if event == PutBack(item(SWEATER, 3)) and covered:
            return  # the item was scanned before it was taken: with it, its scan is put back
        assert total(till) == owed


def any_event(luck: random.Random) -> Event:
    """Something that a sensor, a scanner or a camera may say at any time."""
    epc = item(luck.choice((SWEATER, COFFEE, CHEESE)), luck.randint(1, 4))
    gtin = luck.choice((SWEATER, COFFEE, CHEESE, STRANGER))
    label = plain(
        gtin,
        luck.choice((None, None, "1", "2")),
        expiry=luck.choice((None, None, None, OLD)),
        lot=luck.choice((None, "BAD")),
        price_minor=luck.choice((None, None, 0, 399)),
        weight_mg=luck.choice((None, None, 125_000)),
        count=luck.choice((None, None, None, 3, 900)),
    )
    return luck.choice(
        (
            Presented(epc), Left(epc), Took(epc), PutBack(epc), Listed((epc,)), Misplaced(epc), Fetched(epc),
            TookUnits(gtin, luck.randint(1, 3)), PutBackUnits(gtin, luck.randint(1, 3)), label, label, label,
            CodeUnclear((gtin, COFFEE)), CodeCleared(), CodeBlurred(), CodeShown(Purpose.MEMBER, 1),
        )
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("kind", ["shelf", "tray"])
def test_whatever_happens_the_bill_adds_up_and_names_only_what_may_be_sold(
    at: At, kind: str, seed: int
) -> None:
    luck = random.Random(seed)
    hand, till = at(kind, book(recalls=(Recall(Gtin(COFFEE), lot="BAD"),)))
    bought = 0
    for _ in range(150):
        till.hear(any_event(luck))
        state = till.state
        assert total(till) == sum(line.total.amount_minor for line in state.lines)
        assert {line.goods.gtin for line in state.lines} <= {SWEATER, COFFEE, CHEESE}
        if luck.random() < 0.2:
            value = luck.choice([*(line.remove for line in state.lines), COFFEE, ""])
            tap(till, luck.choice((Tap.REMOVE, Tap.CHOOSE, Tap.CANCEL, Tap.DONE)), value)
        if bought < 5 and till.state.stage is Stage.OFFERED and luck.random() < 0.1:
            owed = total(till)
            assert tap(till, Tap.BUY) is Answer.ACCEPTED
            bought += 1
            assert sales(hand)[-1].total_minor == owed
            hand.pass_seconds(61)
            till.tick()
    sold = [epc for sale in sales(hand) for line in sale.lines for epc in line.epcs]
    assert len(sold) == len(set(sold))
