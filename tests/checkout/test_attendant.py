"""Somebody of the shop at the glass: who gets in, what is given back, what of a shopper stays as it is."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import pytest

from cloud_sync.contract.facts import Operator, Refund
from edge.checkout.calling import CALL_NS
from edge.checkout.credit import ReturnedUnits, units_left
from edge.checkout.sold import Shown
from edge.checkout.staff import LOCK_MS, RETURN, TRIES, UNPROVEN, VOID, Allowed
from edge.checkout.staffed import MoneyBack
from edge.checkout.state import Answer, NoticeKind, Stage, Tap
from edge.events import CodeShown, Presented, Purpose, Scanned, StaffCalled, StaffCame
from retail.return_policy import PriceFrom
from retail.units import Money
from tests.checkout.pay_shop import Machine
from tests.checkout.staff_shop import BLUE, RED, StaffShop, StaffShops
from tests.checkout.test_staff import ANNA, WORDS
from tests.checkout.till_hand import COFFEE, SWEATER, item

PRICE: Final = 5990


@pytest.fixture
def shop(staff_shops: StaffShops) -> StaffShop:
    return staff_shops(Machine())


def live(shop: StaffShop, story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        giving = asyncio.ensure_future(shop.giving.run())
        try:
            await story()
            await asyncio.sleep(30)
        finally:
            giving.cancel()

    shop.live(told)


def refunds(shop: StaffShop) -> list[Refund]:
    return [fact for fact in shop.facts() if isinstance(fact, Refund)]


def acts(shop: StaffShop) -> list[str]:
    return [fact.act for fact in shop.facts() if isinstance(fact, Operator)]


def stage(shop: StaffShop) -> Stage:
    return shop.state.stage


def sweater() -> Scanned:
    return Scanned(SWEATER, SWEATER)


def test_a_badge_and_a_pin_open_the_menu_and_the_shoppers_basket_is_hidden_and_left_alone(
    shop: StaffShop,
) -> None:
    async def story() -> None:
        shop.till.hear(Presented(RED))
        shop.till.hear(sweater())
        before = shop.state
        assert before.stage is Stage.OFFERED
        shop.badge()
        assert (shop.state.stage, shop.work.step) == (Stage.STAFF, "pin")
        state = shop.state
        hidden = (state.lines, state.total, state.ways, state.notices, state.sold, state.scanned)
        assert hidden == ((), None, (), (), None, False)
        for tap in (Tap.BUY, Tap.CANCEL, Tap.DONE, Tap.METHOD, Tap.RETRY, Tap.DEED):
            assert await shop.tap(tap, RETURN) is Answer.REFUSED
        await shop.type(WORDS[0])
        assert (shop.work.step, shop.work.acts) == ("menu", (RETURN, VOID, UNPROVEN))
        await shop.tap(Tap.LEAVE)
        assert msgspec.structs.replace(shop.state, number=0) == msgspec.structs.replace(before, number=0)

    live(shop, story)


def test_a_pin_is_never_seen(shop: StaffShop) -> None:
    async def story() -> None:
        shop.badge()
        number = shop.state.number
        for digit in WORDS[0]:
            assert await shop.till.tap(Tap.DIGIT, number, digit) is Answer.ACCEPTED  # fast fingers
        assert shop.work.dots == len(WORDS[0])
        shown = msgspec.json.encode(shop.work).decode() + repr(shop.attendant._work)
        assert WORDS[0] not in shown
        await shop.tap(Tap.ERASE)
        assert shop.work.dots == len(WORDS[0]) - 1
        assert await shop.tap(Tap.DIGIT, "x") is Answer.REFUSED
        assert await shop.tap(Tap.DIGIT, "12") is Answer.REFUSED

    live(shop, story)


def test_wrong_pins_waits_and_locks_are_said_and_are_in_the_journal(shop: StaffShop) -> None:
    async def story() -> None:
        shop.badge()
        said = []
        for _ in range(TRIES):
            await shop.type("000000")
            said.append(shop.work.said)
            assert shop.work.dots == 0
            await asyncio.sleep(10)
        assert said == ["wrong"] * (TRIES - 1) + ["locked"]
        await shop.type(WORDS[0])
        assert (shop.work.step, shop.work.said) == ("pin", "locked")
        shop.badge("99")  # nobody's: it looks the same
        assert (shop.work.step, shop.work.said) == ("pin", "")
        await shop.type("000000")
        await shop.type("000000")
        assert shop.work.said == "wait"
        assert acts(shop) == ["pin.wrong"] * TRIES + ["pin.locked"]
        await asyncio.sleep(LOCK_MS / 1_000)
        assert stage(shop) is not Stage.STAFF
        await shop.come()

    live(shop, story)


def test_what_a_receipt_says_comes_back_piece_by_piece_and_the_money_by_its_card(shop: StaffShop) -> None:
    card = shop.machines["zvt"]

    async def story() -> None:
        receipt = await shop.sell(RED, BLUE)
        assert sum(card.held.values()) == 2 * PRICE
        await shop.come()
        await shop.tap(Tap.DEED, RETURN)
        shop.show("opos:whatever", Purpose.OTHER)
        assert shop.work.said == "not-a-receipt"
        shop.show(f"https://shop.example/r#{receipt}", Purpose.RECEIPT)
        assert (shop.work.step, [(line.units, line.most) for line in shop.work.lines]) == ("lines", [(0, 2)])
        await shop.tap(Tap.ENTER)
        assert (shop.work.step, shop.work.said) == ("lines", "nothing")
        await shop.tap(Tap.LINE, "0")
        await shop.tap(Tap.ENTER)
        assert (shop.work.step, shop.work.amount) == ("confirm", Money(PRICE, "EUR"))
        assert refunds(shop) == []
        await shop.tap(Tap.ENTER)
        assert (shop.work.step, shop.work.money) == (
            "done",
            (MoneyBack("way", "zvt", Money(PRICE, "EUR")),),
        )
        assert shop.work.number == refunds(shop)[0].number
        await asyncio.sleep(30)
        assert sum(card.held.values()) == PRICE
        await shop.tap(Tap.ENTER)
        await shop.tap(Tap.DEED, RETURN)
        shop.show(receipt, Purpose.RECEIPT)
        assert [(line.units, line.most) for line in shop.work.lines] == [(0, 1)]
        await shop.tap(Tap.LINE, "0")
        await shop.tap(Tap.LINE, "0")
        assert shop.work.lines[0].units == 0  # past the last it begins again

    live(shop, story)
    assert [(fact.staff, fact.act) for fact in shop.facts() if isinstance(fact, Operator)] == [(ANNA, RETURN)]
    assert shop.till.books.stock["quarantine", SWEATER] == 1
    assert shop.accounts().get("refund-due", 0) == 0


def test_goods_are_counted_by_their_codes_and_tags_each_item_once(shop: StaffShop) -> None:
    async def story() -> None:
        receipt = await shop.sell(RED, BLUE)
        await shop.come()
        await shop.tap(Tap.DEED, RETURN)
        shop.show(receipt, Purpose.RECEIPT)
        shop.till.hear(sweater())
        assert shop.work.lines[0].units == 1
        for _ in range(2):
            shop.till.hear(Presented(BLUE))
        assert shop.work.lines[0].units == 1  # it was tapped or scanned before: now its number is known
        shop.till.hear(Scanned(COFFEE, COFFEE))
        assert shop.work.said == "other-item"
        shop.till.hear(sweater())
        shop.till.hear(sweater())
        assert (shop.work.lines[0].units, shop.work.said) == (2, "too-many")
        await shop.tap(Tap.ENTER)
        await shop.tap(Tap.ENTER)
        await shop.tap(Tap.LEAVE)

    live(shop, story)
    (refund,) = refunds(shop)
    assert (refund.lines[0].units, refund.lines[0].epcs) == (2, (BLUE,))
    assert shop.till.books.items[BLUE] == (SWEATER, "quarantine")
    assert shop.state.lines == ()  # nothing that staff scanned is on a shopper's bill


def test_a_number_is_typed_where_no_code_can_be_shown(shop: StaffShop) -> None:
    async def story() -> None:
        await shop.sell()
        await shop.come()
        await shop.tap(Tap.DEED, RETURN)
        await shop.type("7")
        assert (shop.work.step, shop.work.said, shop.work.typed) == ("receipt", "no-sale", "")
        await shop.type("1")
        assert (shop.work.step, shop.work.number[-5:]) == ("lines", "-0001")
        await shop.tap(Tap.BACK)
        await shop.tap(Tap.BACK)
        assert shop.work.step == "menu"

    live(shop, story)


def test_the_last_sale_is_voided_within_minutes_and_never_twice(shop: StaffShop) -> None:
    card = shop.machines["zvt"]

    async def story() -> None:
        await shop.come()
        await shop.tap(Tap.DEED, VOID)
        assert (shop.work.step, shop.work.said) == ("menu", "no-sale")
        await shop.tap(Tap.LEAVE)
        await shop.sell()
        await shop.come()
        await shop.tap(Tap.DEED, VOID)
        assert (shop.work.step, shop.work.amount) == ("confirm", Money(PRICE, "EUR"))
        await shop.tap(Tap.ENTER)
        assert shop.work.step == "done"
        await asyncio.sleep(30)
        assert sum(card.held.values()) == 0
        await shop.tap(Tap.ENTER)
        await shop.tap(Tap.DEED, VOID)
        assert shop.work.said == "not-whole"
        await shop.tap(Tap.LEAVE)
        await shop.sell(BLUE)
        await asyncio.sleep(11 * 60)
        await shop.come()
        await shop.tap(Tap.DEED, VOID)
        assert shop.work.said == "too-late"

    live(shop, story)
    assert [refund.reason for refund in refunds(shop)] == ["void"]
    assert shop.accounts() == {
        account: amount for account, amount in shop.accounts().items() if account != "refund-due"
    }


def test_goods_without_a_receipt_are_paid_in_cash_at_the_lowest_price(shop: StaffShop) -> None:
    async def story() -> None:
        shop.prices.append(PriceFrom(SWEATER, 4_000, shop.wall_ms()))
        await shop.come()
        await shop.tap(Tap.DEED, UNPROVEN)
        shop.till.hear(Scanned("09520001999990", "09520001999990"))
        assert shop.work.said == "no-price"
        for _ in range(2):
            shop.till.hear(sweater())
        await shop.tap(Tap.ENTER)
        assert (shop.work.step, shop.work.said) == ("goods", "too-much")
        await shop.tap(Tap.LINE, "0")
        await shop.tap(Tap.ENTER)
        assert (shop.work.step, shop.work.amount) == ("confirm", Money(4_000, "EUR"))
        shop.prices.append(PriceFrom(SWEATER, 3_000, shop.wall_ms()))  # it fell while somebody thought
        await shop.tap(Tap.ENTER)
        assert (shop.work.said, shop.work.amount, refunds(shop)) == ("changed", Money(3_000, "EUR"), [])
        await shop.tap(Tap.ENTER)
        assert shop.work.money == (MoneyBack("cash", "desk", Money(3_000, "EUR")),)

    live(shop, story)
    assert shop.accounts()["settlement/desk"] == -3_000
    assert "refund-due" not in shop.accounts()


def test_only_what_is_theirs_is_offered_and_done(shop: StaffShop) -> None:
    async def story() -> None:
        await shop.sell()
        await shop.come("18", WORDS[1])
        assert shop.work.acts == (RETURN,)
        for deed in (VOID, UNPROVEN, "training.enter", ""):
            assert await shop.tap(Tap.DEED, deed) is Answer.REFUSED

    live(shop, story)
    assert acts(shop) == []


def test_a_receipt_of_another_object_is_for_a_person_and_one_that_nobody_vouches_for_is_refused(
    staff_shops: StaffShops,
) -> None:
    other, here = staff_shops(Machine()), staff_shops(Machine())
    shown: list[str] = []

    async def sell() -> None:
        # Another object's sales have other names than ours.
        other.till._new_sale = lambda: "elsewhere-0001"
        shown.append(await other.sell())

    live(other, sell)
    believed: list[Shown] = []

    def vouches(each: Shown) -> bool:
        believed.append(each)
        return True

    async def story() -> None:
        await here.come()
        await here.tap(Tap.DEED, RETURN)
        here.show(shown[0], Purpose.RECEIPT)
        assert here.work.said == "not-believed"
        here.returns.vouches = vouches
        here.show(shown[0], Purpose.RECEIPT)
        await here.tap(Tap.LINE, "0")
        await here.tap(Tap.ENTER)
        await here.tap(Tap.ENTER)
        assert [part.how for part in here.work.money] == ["person"]

    live(here, story)
    assert believed
    assert [(each.outcome, each.reason) for each in here.closed()] == [("person", "sold-elsewhere")]
    assert here.machines["zvt"].held == {}


def test_a_minute_without_a_touch_ends_it_and_each_touch_begins_another(shop: StaffShop) -> None:
    async def story() -> None:
        await shop.come()
        for _ in range(3):
            await asyncio.sleep(55)
            await shop.tap(Tap.DEED, RETURN)
            await shop.tap(Tap.BACK)
        await asyncio.sleep(55)
        assert stage(shop) is Stage.STAFF
        await asyncio.sleep(6)
        assert stage(shop) is Stage.IDLE
        assert await shop.tap(Tap.DEED, RETURN) is Answer.REFUSED

    live(shop, story)


def test_while_somebody_pays_a_badge_opens_nothing(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Presented(RED))
        await shop.tap(Tap.BUY)
        assert stage(shop) is Stage.CHOOSING
        shop.badge()
        assert stage(shop) is Stage.CHOOSING
        assert [each.kind for each in shop.state.notices] == [NoticeKind.BADGE]
        await shop.tap(Tap.METHOD, "zvt")
        shop.badge()
        await shop.until(Stage.DONE)
        shop.badge()
        assert stage(shop) is Stage.STAFF
        await shop.tap(Tap.LEAVE)
        assert stage(shop) is Stage.DONE

    live(shop, story)


def test_a_receipt_and_a_badge_without_staff_are_explained(shop: StaffShop) -> None:
    async def story() -> None:
        receipt = await shop.sell()
        shop.show(receipt, Purpose.RECEIPT)
        assert [each.kind for each in shop.state.notices] == [NoticeKind.RECEIPT]
        shop.till.serving.attendant = None
        shop.badge()
        assert [each.kind for each in shop.state.notices] == [NoticeKind.BADGE]

    live(shop, story)


def test_a_shopper_calls_and_a_badge_of_the_shop_ends_it(shop: StaffShop) -> None:
    async def story() -> None:
        assert await shop.tap(Tap.STAFF) is Answer.ACCEPTED
        assert (shop.state.called, shop.heard) == (True, [StaffCalled()])
        await asyncio.sleep(40)
        shop.badge("99")
        assert shop.state.called
        shop.badge("17")
        assert (shop.state.called, shop.heard[-1]) == (False, StaffCame("badge", 40))
        await shop.tap(Tap.LEAVE)
        await shop.tap(Tap.STAFF)
        await shop.tap(Tap.STAFF)
        assert shop.heard[-1] == StaffCame("taken-back", 0)
        await shop.tap(Tap.STAFF)
        await asyncio.sleep(CALL_NS / 10**9 + 1)
        assert (shop.state.called, shop.heard[-1]) == (False, StaffCame("nobody", CALL_NS // 10**9))

    live(shop, story)


def test_two_fast_taps_call_once(shop: StaffShop) -> None:
    async def story() -> None:
        number = shop.state.number
        answers = [await shop.till.tap(Tap.STAFF, number) for _ in range(2)]
        assert (answers, shop.state.called) == ([Answer.ACCEPTED, Answer.STALE], True)

    live(shop, story)


def test_whoever_came_to_an_unknown_payment_ends_its_screen(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till._purchase.show_unknown()
        shop.till.tick()
        assert stage(shop) is Stage.UNKNOWN
        shop.badge()
        await shop.tap(Tap.LEAVE)
        assert stage(shop) is Stage.UNKNOWN  # anybody can show a badge
        await shop.come()
        await shop.tap(Tap.LEAVE)
        assert stage(shop) is Stage.IDLE

    live(shop, story)


def test_what_came_back_meanwhile_is_said_and_is_given_back_once(shop: StaffShop) -> None:
    async def story() -> None:
        receipt = await shop.sell()
        await shop.come()
        await shop.tap(Tap.DEED, RETURN)
        shop.show(receipt, Purpose.RECEIPT)
        await shop.tap(Tap.LINE, "0")
        await shop.tap(Tap.ENTER)
        past = shop.sold.by_number(shop.sales()[0].number)
        assert past is not None
        await shop.returns.take_back(past, [ReturnedUnits(0, 1)], Allowed(ANNA, RETURN))
        await shop.tap(Tap.ENTER)
        assert (shop.work.step, shop.work.said) == ("lines", "changed")
        assert shop.work.lines[0].most == 0
        await shop.tap(Tap.ENTER)
        assert shop.work.said == "nothing"

    live(shop, story)
    assert len(refunds(shop)) == 1
    assert sum(shop.machines["zvt"].held.values()) == 0


def test_a_second_tap_while_it_is_being_written_does_nothing(shop: StaffShop) -> None:
    async def story() -> None:
        receipt = await shop.sell()
        await shop.come()
        await shop.tap(Tap.DEED, RETURN)
        shop.show(receipt, Purpose.RECEIPT)
        await shop.tap(Tap.LINE, "0")
        await shop.tap(Tap.ENTER)
        number = shop.state.number
        answers = await asyncio.gather(*(shop.till.tap(Tap.ENTER, number) for _ in range(3)))
        assert answers.count(Answer.ACCEPTED) == 1

    live(shop, story)
    assert len(refunds(shop)) == 1


def test_a_journal_that_fails_is_said_and_after_the_start_nothing_is_owed_twice(shop: StaffShop) -> None:
    async def story() -> None:
        receipt = await shop.sell()
        await shop.come()
        await shop.tap(Tap.DEED, RETURN)
        shop.show(receipt, Purpose.RECEIPT)
        await shop.tap(Tap.LINE, "0")
        await shop.tap(Tap.ENTER)
        shop.fails = True
        await shop.tap(Tap.ENTER)
        assert (shop.work.step, shop.work.said) == ("confirm", "journal")
        shop.fails = False
        shop.cut()
        await shop.returns.recover()
        assert stage(shop) is not Stage.STAFF
        await shop.come()
        await shop.tap(Tap.DEED, RETURN)
        shop.show(receipt, Purpose.RECEIPT)
        await shop.tap(Tap.LINE, "0")
        await shop.tap(Tap.ENTER)
        await shop.tap(Tap.ENTER)
        assert shop.work.step == "done"

    live(shop, story)
    assert len(refunds(shop)) == 1


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_tapped_and_shown_no_money_and_no_goods_are_made(
    staff_shops: StaffShops, seed: int
) -> None:
    luck = random.Random(seed)
    shop = staff_shops(Machine())
    receipts: list[str] = []
    items = [item(SWEATER, serial) for serial in range(1, 9)]
    taps = [Tap.ENTER] * 4 + [Tap.LINE] * 3 + [Tap.DEED] * 2 + [Tap.DIGIT, Tap.ERASE, Tap.BACK, Tap.BUY]

    async def work() -> None:
        await shop.come()
        for _ in range(luck.randint(5, 40)):
            tap = luck.choice(taps)
            value = luck.choice(["0", "1", "7", RETURN, VOID, UNPROVEN])
            match luck.randrange(4):
                case 0:
                    shop.show(luck.choice(receipts), Purpose.RECEIPT)
                case 1:
                    shop.till.hear(sweater())
                case _:
                    number = shop.state.number
                    both = [shop.till.tap(tap, number, value) for _ in range(luck.choice((1, 1, 2)))]
                    await asyncio.gather(*both)
            await asyncio.sleep(luck.choice((0, 0.05, 1)))
        shop.till.hear(CodeShown(Purpose.OTHER, 1))
        await asyncio.sleep(61)

    async def story() -> None:
        for _ in range(4):
            receipts.append(await shop.sell(*(items.pop() for _ in range(luck.choice((1, 2))))))
            await work()
            if luck.random() < 0.5:
                await shop.tap(Tap.CANCEL)

    live(shop, story)
    accounts = shop.accounts()
    assert sum(accounts.values()) == 0
    assert "refund-due" not in accounts
    assert accounts.get("settlement/zvt", 0) == sum(shop.machines["zvt"].held.values())
    assert sum(shop.till.books.stock.values()) == 0
    for sale in shop.sales():
        past = shop.sold.by_sale(sale.sale)
        assert past is not None
        assert min(units_left(sale, past.refunds)) >= 0
        assert sum(each.total_minor for each in past.refunds) <= sale.total_minor
    deeds = len([act for act in acts(shop) if act in {RETURN, VOID, UNPROVEN}])
    assert deeds == len({(refund.sale, refund.refund) for refund in refunds(shop)})
