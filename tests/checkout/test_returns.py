"""Goods come back with a receipt, without one, as a void, elsewhere; and with the power gone in between."""

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from typing import Any
from zlib import crc32

import apsw
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.facts import Operator, PaymentClosed, Posting
from edge.checkout.books import Books, ShopProjection
from edge.checkout.credit import Refusal, ReturnedUnits, units_left
from edge.checkout.returns import ELSEWHERE, Answer, Refused, TakenBack
from edge.checkout.sale import billed
from edge.checkout.sold import read_shown
from edge.checkout.staff import RETURN, UNPROVEN, VOID, Allowed
from edge.checkout.unproven import Unproven
from edge.offline_queue.projections import catch_up, dump, load
from proofs.loop import SimulatedLoop
from retail.pricing.book import Names, PriceBook, Product
from retail.return_policy import DAY_MS, PriceFrom
from tests.checkout.returning import ACCOUNT, BY, MUG, SCARF, STAFF, TOTAL_MINOR, Script, Till, draft, play
from tests.contract.privacy import TEXTS, personal, texts_in
from tests.payments.bank import BEHAVIOURS, Kind
from tests.payments.scene import Scene
from tests.payments.worlds import KINDS, bank

NEW_TABLES = {"day_close", "last_refund", "wrong_pin", "slice_use", "slice_back", "slice_end", "desk_deed"}
SPLIT = (("psp-0", 700), ("psp-1", TOTAL_MINOR - 700))


def _product(gtin: str, name: str, price_minor: int, tax: str) -> Product:
    return Product(gtin, {"en": Names(name)}, price_minor, tax, 0, 0)


BOOK = PriceBook(
    *("site-1", "en", "EUR", {"standard": 1900, "reduced": 700}),
    (_product(MUG, "Mug", 400, "reduced"), _product(SCARF, "Scarf", 1_000, "standard")),
)


def shop(*kinds: Kind, behaviour: str = "ok") -> Scene:
    return Scene([bank(f"psp-{at}", kind, BEHAVIOURS[behaviour]) for at, kind in enumerate(kinds)])


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = shop("knows")
    yield made
    made.over()


def given_minor(answer: Answer) -> int:
    assert isinstance(answer, TakenBack), answer
    return answer.total_minor


def test_a_mug_of_three_comes_back_and_a_third_of_the_money_goes(scene: Scene) -> None:
    async def story(till: Till) -> None:
        await till.pay()
        assert given_minor(await till.back((0, 1))) == 333
        await asyncio.sleep(60)
        assert scene.banks["psp-0"].net_minor == TOTAL_MINOR - 333
        (refund,) = till.refunds()
        assert refund.number.endswith("-R0001")
        assert [(row.tax, row.gross_minor, row.tax_minor) for row in refund.taxes] == [("reduced", 333, 22)]
        assert till.books.units("quarantine") == {MUG: 1}
        assert [body.fact.act for body in till.bodies() if isinstance(body.fact, Operator)] == [RETURN]

    play(scene, story)


def test_everything_comes_back_in_turns_and_every_account_is_empty_again(scene: Scene) -> None:
    async def story(till: Till) -> None:
        await till.pay()
        assert [given_minor(await till.back(each)) for each in ((0, 1), (1, 1), (0, 2))] == [333, 1_000, 666]
        assert await till.back((0, 1)) is Refusal.TOO_MANY
        await asyncio.sleep(60)
        assert till.accounts() == {}
        assert till.books.units("quarantine") == {MUG: 3, SCARF: 1}

    play(scene, story)


def test_two_who_take_the_same_thing_back_at_once_give_it_back_once(scene: Scene) -> None:
    async def story(till: Till) -> None:
        await till.pay()
        past, mug = till.past(), [ReturnedUnits(0, 1)]
        answers = await asyncio.gather(*(till.returns.take_back(past, mug, BY[RETURN]) for _ in range(3)))
        assert [isinstance(each, TakenBack) for each in answers].count(True) == 1
        assert [each for each in answers if not isinstance(each, TakenBack)] == [Refused.CHANGED] * 2

    play(scene, story)


def test_a_house_account_is_credited_at_once(scene: Scene) -> None:
    async def story(till: Till) -> None:
        await till.bill()
        assert given_minor(await till.back((1, 1))) == 1_000
        assert till.accounts()[f"receivable/{ACCOUNT}"] == TOTAL_MINOR - 1_000
        assert till.book.dues() == []

    play(scene, story)


def test_split_tender_goes_back_to_both_providers() -> None:
    scene = shop("knows", "holds")

    async def story(till: Till) -> None:
        await till.pay(parts=SPLIT)
        assert given_minor(await till.back((0, 1), (1, 1))) == 1_333
        assert [(each.provider, each.total_minor) for each in till.refunds()] == [
            ("psp-0", 700),
            ("psp-1", 633),
        ]
        assert given_minor(await till.back((0, 2))) == 666
        await asyncio.sleep(60)
        assert [each.net_minor for each in scene.banks.values()] == [0, 0]

    play(scene, story)
    scene.over()


def test_a_void_undoes_the_last_sale_and_the_goods_are_where_they_were(scene: Scene) -> None:
    async def story(till: Till) -> None:
        assert await till.returns.void(BY[VOID]) is Refused.NO_SALE
        await till.pay("sale-00000000001")
        await till.pay("sale-00000000002")
        before = till.books.units("floor")
        assert await till.returns.void(BY[RETURN]) is Refused.NEEDS_STAFF
        assert given_minor(await till.returns.void(BY[VOID])) == TOTAL_MINOR
        assert await till.returns.void(BY[VOID]) is Refused.NOT_WHOLE
        assert till.refunds()[-1].sale == "sale-00000000002"
        assert till.books.units("floor")[MUG] == before[MUG] + 3
        await asyncio.sleep(60)
        assert scene.banks["psp-0"].net_minor == TOTAL_MINOR

    play(scene, story)


def test_a_void_has_its_minutes_and_needs_a_clock(scene: Scene) -> None:
    async def story(till: Till) -> None:
        await till.pay()
        till.clock.quality = lambda: "untrusted"  # type: ignore[method-assign,assignment,return-value]
        assert await till.returns.void(BY[VOID]) is Refused.NO_CLOCK
        del till.clock.quality
        await asyncio.sleep(10 * 60)
        assert await till.returns.void(BY[VOID]) is Refused.TOO_LATE

    play(scene, story)


def test_goods_without_a_receipt_are_worth_their_lowest_price_and_go_to_quarantine(scene: Scene) -> None:
    async def story(till: Till) -> None:
        now_ms = till.clock.wall_ms()
        prices = [
            PriceFrom(MUG, 200, now_ms - 90 * DAY_MS),  # over before the thirty days began
            PriceFrom(MUG, 350, now_ms - 40 * DAY_MS),  # held when they began
            PriceFrom(MUG, 380, now_ms - 5 * DAY_MS),
        ]
        mugs = [Unproven(MUG, 2)]
        assert await till.returns.without_receipt(mugs, BOOK, prices, BY[RETURN]) is Refused.NEEDS_STAFF
        answer = await till.returns.without_receipt(mugs, BOOK, prices, BY[UNPROVEN])
        assert given_minor(answer) == 700
        assert till.accounts() == {"revenue": 654, "tax/reduced": 46, "settlement/desk": -700}
        assert till.books.units("quarantine") == {MUG: 2}
        deeds = [body.fact for body in till.bodies() if isinstance(body.fact, Operator)]
        assert [(deed.staff, deed.act) for deed in deeds] == [(STAFF, UNPROVEN)]
        much = [Unproven(SCARF, 6)]
        assert await till.returns.without_receipt(much, BOOK, prices, BY[UNPROVEN]) is Refused.TOO_MUCH
        strange = [Unproven("09520001000034", 1)]
        assert await till.returns.without_receipt(strange, BOOK, prices, BY[UNPROVEN]) is Refused.NO_PRICE
        none = [Unproven(MUG, 0)]
        assert await till.returns.without_receipt(none, BOOK, prices, BY[UNPROVEN]) is Refusal.NOTHING

    play(scene, story)


def test_nobody_takes_back_without_staff_or_after_a_month(scene: Scene) -> None:
    async def story(till: Till) -> None:
        await till.pay()
        mug, past = [ReturnedUnits(0, 1)], till.past()
        assert await till.returns.take_back(past, mug) is Refused.NEEDS_STAFF
        assert await till.returns.take_back(past, mug, Allowed(STAFF, VOID)) is Refused.NEEDS_STAFF
        assert await till.returns.take_back(past, [], BY[RETURN]) is Refusal.NOTHING
        await asyncio.sleep(30 * 86_400)
        assert await till.returns.take_back(till.past(), mug, BY[RETURN]) is Refused.TOO_LATE

    play(scene, story)


def test_a_receipt_is_found_by_its_number_and_by_its_bytes_and_by_nothing_else(scene: Scene) -> None:
    async def story(till: Till) -> None:
        for number in range(1, 12):
            await till.bill(f"sale-{number:011d}")
            if number % 3 == 0:
                await till.back((0, 1), sale=f"sale-{number:011d}")
        for number in range(1, 12):
            past = till.past(f"sale-{number:011d}")
            found = till.sold.by_number(f" {past.sale.number.lower()} ")
            assert found == past
            assert len(past.refunds) == (number % 3 == 0)
        first = till.past("sale-00000000001").sale.number
        for other in (
            "",
            "0001",
            first + "99",
            first[:-1] + "x",
            "AAAA-0001",
            first.replace("-", "-R"),
            "K-²",
        ):
            assert till.sold.by_number(other) is None
        row = till.pen._db.execute("SELECT seq FROM entry WHERE idem = 'sale/sale-00000000004'").get
        entry = next(each for each in _entries(till) if each.seq == row)
        shown = read_shown(f"https://shop.example/r#{entry.jws()}")
        assert shown is not None
        ours = till.sold.by_entry(shown.entry)
        assert ours is not None
        assert ours.sale.sale == "sale-00000000004"
        head, body, signature = entry.jws().split(".")
        forged = read_shown(f"{head}.{body}.{'A' * len(signature)}")
        assert forged is not None
        assert till.sold.by_entry(forged.entry) is None
        assert read_shown("hello") is None

    play(scene, story)


def _entries(till: Till) -> list[SignedEntry]:
    sql = "SELECT seq, kid, prev, body, hash, sig FROM entry ORDER BY seq"
    rows: list[Any] = till.pen._db.execute(sql).fetchall()
    return [SignedEntry(*row) for row in rows]


def test_what_another_object_sold_goes_to_quarantine_and_a_person_pays(scene: Scene) -> None:
    other = shop("knows")
    receipts: list[str] = []

    async def elsewhere(till: Till) -> None:
        await till.pay("sale-0000000other")
        receipts.extend(each.jws() for each in _entries(till) if b'"sale-0000000other"' in each.body)

    play(other, elsewhere)
    other.over()

    async def here(till: Till) -> None:
        shown = read_shown(receipts[-1])
        assert shown is not None
        assert till.sold.by_entry(shown.entry) is None
        mug = [ReturnedUnits(0, 1)]
        assert await till.returns.of_another(shown, mug, BY[RETURN]) is Refused.NOT_BELIEVED
        till.returns.vouches = lambda _shown: True
        assert given_minor(await till.returns.of_another(shown, mug, BY[RETURN])) == 333
        assert [(end.outcome, end.reason) for end in till.ends()] == [("person", ELSEWHERE)]
        assert till.books.units("quarantine") == {MUG: 1}
        assert till.book.dues() == []
        assert till.accounts()["refund-due"] == -333
        twice = [ReturnedUnits(0, 3)]
        assert await till.returns.of_another(shown, twice, BY[RETURN]) is Refusal.TOO_MANY
        # The promise that nothing is due holds once a person has paid: here it is shown by hand.
        await till.register.write(_paid_by_hand(till), "by-hand/1")

    play(scene, here)


def _paid_by_hand(till: Till) -> PaymentClosed:
    refund = till.refunds()[0]
    return PaymentClosed(
        *(refund.sale, refund.attempt, refund.provider, "person", 333, "EUR"),
        postings=(Posting("refund-due", 333, "EUR"), Posting("revenue", -333, "EUR")),
        refund=refund.refund,
    )


def test_what_came_back_is_no_longer_already_paid(scene: Scene) -> None:
    async def story(till: Till) -> None:
        tags = ("3034257BF7194E4000001A85", "3034257BF7194E4000001A86")
        await till.register.record(billed(draft(mug_epcs=tags), ACCOUNT))
        assert till.books.is_sold(tags[0])
        asked = [ReturnedUnits(0, 1, tags[:1])]
        assert given_minor(await till.returns.take_back(till.past(), asked, BY[RETURN])) == 333
        assert (till.books.is_sold(tags[0]), till.books.is_sold(tags[1])) == (False, True)
        assert till.books.at("quarantine") == {tags[0]: MUG}

    play(scene, story)


def test_money_that_never_came_or_has_not_come_yet_does_not_go_back(scene: Scene) -> None:
    async def story(till: Till) -> None:
        await till.pay()
        (line,) = till.book.of_sale("sale-00000000001")
        captured = line.paid
        assert captured is not None
        line.paid = msgspec.structs.replace(captured, stored=True)
        assert await till.back((0, 1)) is Refusal.NOT_CAPTURED
        line.paid, line.standing = captured, "dishonoured"
        assert await till.back((0, 1)) is Refusal.NOT_CAPTURED
        line.standing = "paid"
        assert given_minor(await till.back((0, 1))) == 333

    play(scene, story)


def test_nothing_that_people_say_stands_in_an_entry(scene: Scene) -> None:
    async def story(till: Till) -> None:
        await till.bill()
        past, mug = till.past(), [ReturnedUnits(0, 1)]
        with pytest.raises(ValueError, match="code"):
            await till.returns.take_back(past, mug, BY[RETURN], "Anna says it is too small")
        assert given_minor(await till.returns.take_back(past, mug, BY[RETURN], "too-small")) == 333
        await till.returns.without_receipt([Unproven(MUG, 1)], BOOK, (), BY[UNPROVEN])
        for body in till.bodies():
            assert [*personal(body)] == []
            odd = [(name, text) for name, text in texts_in(body) if not re.fullmatch(TEXTS[name].looks, text)]
            assert odd == []

    play(scene, story)


def test_books_of_before_there_were_notes_are_read_as_books_without_any(scene: Scene) -> None:
    async def story(till: Till) -> None:
        await till.bill()
        while catch_up(till.pen._db, [ShopProjection()]):
            pass
        today, db = ShopProjection(), apsw.Connection(":memory:")
        db.execute(today.schema)
        of_version_3 = [each for each in dump(till.pen._db, today) if each[0] not in NEW_TABLES]
        load(db, of_version_3)
        books = Books.load(db.execute, till.pen.epoch)
        assert (books.sales, books.refunds, books.last_refund) == (1, 0, None)
        await till.back((0, 1))
        for body in till.bodies()[-2:]:
            today.fold(db.cursor(), body)
        assert Books.load(db.execute, till.pen.epoch).refunds == 1
        assert {2, 3, 4, today.version} == {*today.reads}

    play(scene, story)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    deeds=st.lists(
        st.tuples(st.sampled_from(["pay", "bill", "split", "back", "void", "unproven"]), st.integers(0, 9)),
        min_size=2,
        max_size=9,
    ),
    kind=st.sampled_from(KINDS),
)
def test_any_sequence_of_sales_and_returns_keeps_money_and_stock(
    deeds: list[tuple[str, int]], kind: Kind
) -> None:
    scene = shop(kind, "knows")

    async def story(till: Till) -> None:
        sales: list[str] = []
        for deed, luck in deeds:
            sale = f"sale-{len(sales) + 1:011d}"
            match deed:
                case "pay":
                    sales.append(sale)
                    await till.pay(sale)
                case "split":
                    sales.append(sale)
                    await till.pay(sale, SPLIT)
                case "bill":
                    sales.append(sale)
                    await till.bill(sale)
                case "back" if sales:
                    await till.back((luck % 2, luck // 2), sale=sales[luck % len(sales)])
                case "void":
                    await till.returns.void(BY[VOID])
                case _:
                    await till.returns.without_receipt([Unproven(MUG, luck)], BOOK, (), BY[UNPROVEN])
        brought = {"quarantine": 0, "floor": 0}
        for refund in till.refunds():
            for move in refund.moves:
                brought[move.taker] += move.units
        assert sum(till.books.units("quarantine").values()) == brought["quarantine"]

    try:
        play(scene, story)
    finally:
        scene.over()


class Forgetful(Till):
    """A mutant: it does not look at what it had begun."""

    def __init__(self, scene: Scene, loop: SimulatedLoop, watch: Callable[[int, str], None]) -> None:
        super().__init__(scene, loop, watch)
        self.returns.recover = self._nothing  # type: ignore[method-assign]

    async def _nothing(self) -> None:
        pass


async def everything_back(till: Till) -> None:
    """The day after: whatever has not come back comes back now."""
    left = units_left(till.past().sale, till.past().refunds)
    assert left in {(3, 1), (2, 0), (0, 0)}  # each return is there as a whole, or not at all
    if sum(left):
        answer = await till.back(*((at, units) for at, units in enumerate(left) if units))
        assert isinstance(answer, TakenBack)
    await asyncio.sleep(120)
    assert [each.net_minor for each in till.scene.banks.values()] == [0, 0]
    assert till.accounts() == {}


def cut_everywhere(scene: Scene, pays: Script, luck: random.Random, after: type[Till] = Till) -> int:
    """A return with the power cut at each of its steps, and again in half of those of its recovery."""
    copies: list[Scene] = []
    returning = False

    def watch(_step: int, _name: str) -> None:
        if returning:
            copies.append(scene.copied())

    async def first(till: Till) -> None:
        nonlocal returning
        await pays(till)
        await asyncio.sleep(60)
        returning = True
        assert given_minor(await till.back((0, 1), (1, 1))) == 1_333
        await asyncio.sleep(120)
        returning = False

    try:
        play(scene, first, watch)
        return sum(_cut_again(copy, luck, after) for copy in copies)
    finally:
        for copy in (scene, *copies):
            copy.over()


def _cut_again(scene: Scene, luck: random.Random, after: type[Till]) -> int:
    again: list[Scene] = []

    def watch(_step: int, _name: str) -> None:
        if luck.random() < 0.5:
            again.append(scene.copied())

    scene.dark(luck.choice([1.0, 70.0, 40_000.0]))
    try:
        play(scene, everything_back, watch, after)
        for copy in again:
            copy.dark(1.0)
            play(copy, everything_back, till=after)
    finally:
        for copy in again:
            copy.over()
    return 1 + len(again)


async def pays_in_parts(till: Till) -> None:
    await till.pay(parts=SPLIT)


async def is_billed(till: Till) -> None:
    await till.bill()


@pytest.mark.parametrize("behaviour", ["ok", "lost reply"])
@pytest.mark.parametrize("kind", KINDS)
def test_power_cuts_between_a_refund_and_its_payback_lose_and_double_nothing(
    kind: Kind, behaviour: str
) -> None:
    luck = random.Random(crc32(f"{kind} {behaviour}".encode()))
    assert cut_everywhere(shop(kind, "knows", behaviour=behaviour), pays_in_parts, luck) > 50


def test_power_cuts_while_a_house_account_is_credited_lose_and_double_nothing() -> None:
    assert cut_everywhere(shop("knows", "knows"), is_billed, random.Random(1)) > 20


@pytest.mark.parametrize("pays", [pays_in_parts, is_billed])
def test_a_start_that_does_not_look_back_is_found_out(pays: Script) -> None:
    with pytest.raises(AssertionError):
        cut_everywhere(shop("knows", "knows"), pays, random.Random(1), Forgetful)
