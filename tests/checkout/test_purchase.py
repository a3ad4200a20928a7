"""What a shopper who pays sees, what is then charged, and what is then in the journal."""

import asyncio
import gc
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.contract.facts import PaymentIntent, SaleDiscount
from edge.checkout.asked import Away
from edge.checkout.catalogue import Catalogue, Leaflet
from edge.checkout.payments.cashier import Ended
from edge.checkout.payments.givingback import GivingBack
from edge.checkout.payments.provider import Attempt, Said
from edge.checkout.sale import MOVES, SaleStage, SaleStep, WrongStepError, next_stage
from edge.checkout.state import Answer, NoticeKind, Saving, Stage, Tap
from edge.events import CodeShown, Left, Presented, Purpose
from retail.pricing.book import Version
from retail.pricing.promotions import Percent, Promotion, Promotions
from retail.tender import Outcome
from retail.units import Money
from tests.checkout.pay_shop import CODE, Machine, Parted, PayShop
from tests.checkout.till_hand import COFFEE, SWEATER, item, price_book

RED, BLUE = item(SWEATER, 1), item(SWEATER, 2)
BAG = item(COFFEE, 1)
TOTAL = Money(5990, "EUR")

Shops = Callable[..., PayShop]


@pytest.fixture
def shops(tmp_path: Path) -> Iterator[Shops]:
    made: list[PayShop] = []

    def make(*machines: Machine, **told: Any) -> PayShop:
        made.append(PayShop(tmp_path / f"ledger{len(made)}.db", *machines, **told))
        made[-1].till.link(up=True)
        made[-1].till.hear(Presented(RED))
        return made[-1]

    yield make
    for shop in made:
        shop.close()


def parted(shops: Shops, *machines: Machine, most_minor: int = 2000) -> PayShop:
    """A shop at which a gift card pays no more than a part; its machine is made here if nobody brings one."""
    if not any(machine.name == "gift" for machine in machines):
        machines = (*machines, Machine("gift", "nothing"))
    shop = shops(*machines, counter=Parted)
    assert isinstance(shop.counter, Parted)
    shop.counter.name, shop.counter.most_minor = "gift", most_minor
    return shop


def names(shop: PayShop) -> list[str]:
    return [way.name for way in shop.state.paying.ways]


def notices(shop: PayShop) -> list[NoticeKind]:
    return [notice.kind for notice in shop.state.notices]


def test_the_shopper_chooses_a_way_pays_and_has_one_sale_with_its_payment(shops: Shops) -> None:
    card = Machine()
    shop = shops(card)
    seen: list[Stage] = []
    shop.till.subscribe(lambda: seen.append(shop.state.stage))

    async def story() -> None:
        assert await shop.tap(Tap.BUY) is Answer.ACCEPTED
        assert (shop.state.stage, names(shop)) == (Stage.CHOOSING, ["zvt", "house-account"])
        assert shop.sales() == []
        assert await shop.tap(Tap.METHOD, "zvt") is Answer.ACCEPTED
        assert shop.state.stage is Stage.PAYING
        await shop.until(Stage.DONE)

    shop.live(story)
    (sale,) = shop.sales()
    assert [*dict.fromkeys(seen)] == [Stage.CHOOSING, Stage.PAYING, Stage.DONE]
    assert (sale.number[-5:], sale.tender, sale.total_minor) == ("-0001", "zvt", 5990)
    assert isinstance(sale.payments, tuple)
    assert [(paid.provider, paid.amount_minor, paid.card) for paid in sale.payments] == [
        ("zvt", 5990, "Visa 4242")
    ]
    assert shop.accounts() == {"settlement/zvt": 5990, "revenue": -5034, "tax/standard": -956}
    assert shop.state.sold is not None
    assert (shop.state.sold.tender, shop.state.sold.number) == ("zvt", sale.number)


def test_with_one_way_to_pay_there_is_nothing_to_choose(shops: Shops) -> None:
    shop = shops(Machine(), account="")

    async def story() -> None:
        await shop.tap(Tap.BUY)
        assert shop.state.stage is Stage.PAYING
        await shop.until(Stage.DONE)

    shop.live(story)
    assert len(shop.sales()) == 1


def test_a_tap_on_pay_is_answered_long_before_it_is_paid(shops: Shops) -> None:
    card = Machine()
    card.plan = [("captured", 90.0)]
    shop = shops(card, account="")

    async def story() -> None:
        before_s = shop.loop.time()
        await shop.tap(Tap.BUY)
        assert shop.loop.time() - before_s < 0.1

    shop.live(story)


def test_two_fast_taps_on_a_way_are_one_attempt(shops: Shops) -> None:
    card = Machine()
    shop = shops(card)

    async def story() -> None:
        await shop.tap(Tap.BUY)
        number = shop.state.number
        taps = (shop.till.tap(Tap.METHOD, number, "zvt") for _ in range(2))
        assert await asyncio.gather(*taps) == [Answer.ACCEPTED, Answer.STALE]
        await shop.until(Stage.DONE)

    shop.live(story)
    assert len(card.attempts) == 1


def test_a_declined_card_is_said_to_have_cost_nothing_and_may_try_again(shops: Shops) -> None:
    card = Machine()
    card.plan = [("declined", 3.0)]
    shop = shops(card)

    async def story() -> None:
        await shop.pay_by("zvt")
        await shop.until(Stage.DECLINED)
        assert (shop.state.paying.outcome, shop.state.paying.paid) == ("declined", None)
        await shop.tap(Tap.RETRY)
        await shop.until(Stage.DONE)

    shop.live(story)
    assert len({attempt.id for attempt in card.attempts}) == 2
    assert len({attempt.sale for attempt in card.attempts}) == len(shop.sales()) == 1


def test_after_a_declined_card_it_can_go_on_the_house_account(shops: Shops) -> None:
    card = Machine()
    card.plan = [("declined", 3.0)]
    shop = shops(card)

    async def story() -> None:
        await shop.pay_by("zvt")
        await shop.until(Stage.DECLINED)
        await shop.tap(Tap.PAY)
        assert shop.state.stage is Stage.CHOOSING
        await shop.tap(Tap.METHOD, "house-account")

    shop.live(story)
    assert shop.state.stage is Stage.DONE
    assert shop.accounts()["receivable/a7Kxa7Kxa7Kx"] == 5990
    assert card.held == {}


def test_whoever_cancels_in_time_pays_nothing_and_has_the_basket_back(shops: Shops) -> None:
    card = Machine()
    card.plan = [("captured", 60.0)]
    shop = shops(card)

    async def story() -> None:
        await shop.pay_by("zvt")
        await asyncio.sleep(5)
        await shop.tap(Tap.CANCEL)
        assert shop.state.paying.asks
        await shop.until(Stage.DECLINED)
        assert shop.state.paying.outcome == "cancelled"
        await shop.tap(Tap.BACK)
        assert (shop.state.stage, shop.state.total) == (Stage.OFFERED, TOTAL)

    shop.live(story)
    assert (shop.sales(), card.held) == ([], {})


def test_whoever_cancels_too_late_has_bought_it(shops: Shops) -> None:
    card = Machine()
    shop = shops(card)

    async def story() -> None:
        await shop.pay_by("zvt")
        await asyncio.sleep(2.1)
        if shop.state.stage is Stage.PAYING:
            await shop.tap(Tap.CANCEL)
        await shop.until(Stage.DONE)

    shop.live(story)
    assert len(shop.sales()) == 1
    assert list(card.held.values()) == [5990]


def test_what_is_taken_while_somebody_pays_is_the_next_sale(shops: Shops) -> None:
    shop = shops(Machine())

    async def story() -> None:
        await shop.pay_by("zvt")
        shop.till.hear(Presented(BLUE))
        assert shop.state.total == TOTAL
        await shop.until(Stage.DONE)
        await shop.tap(Tap.DONE)
        assert (shop.state.stage, shop.state.total) == (Stage.OFFERED, TOTAL)

    shop.live(story)
    assert [line.epcs for sale in shop.sales() for line in sale.lines] == [(RED,)]


def test_what_is_put_back_while_somebody_pays_is_still_bought_and_they_are_told(shops: Shops) -> None:
    shop = shops(Machine())

    async def story() -> None:
        await shop.pay_by("zvt")
        shop.till.hear(Left(RED))
        assert (notices(shop), shop.state.total) == ([NoticeKind.PUT_BACK], TOTAL)
        await shop.until(Stage.DONE)

    shop.live(story)
    assert len(shop.sales()) == 1


def test_a_basket_that_changes_before_anything_was_tried_is_offered_anew(shops: Shops) -> None:
    shop = shops(Machine())

    async def story() -> None:
        await shop.tap(Tap.BUY)
        shop.till.hear(Presented(BLUE))
        assert (shop.state.stage, shop.state.total) == (Stage.OFFERED, Money(11980, "EUR"))
        await shop.tap(Tap.BUY)
        shop.till.hear(Left(RED))
        shop.till.hear(Left(BLUE))
        assert shop.state.stage is Stage.IDLE

    shop.live(story)


def test_after_a_decline_no_other_goods_are_paid_for_than_are_there(shops: Shops) -> None:
    card = Machine()
    card.plan = [("declined", 1.0)]
    shop = shops(card)

    async def story() -> None:
        await shop.pay_by("zvt")
        await shop.until(Stage.DECLINED)
        shop.till.hear(Presented(BLUE))
        assert shop.state.stage is Stage.DECLINED  # what became of the money stays in sight
        await shop.tap(Tap.RETRY)
        assert (shop.state.stage, shop.state.total) == (Stage.OFFERED, Money(11980, "EUR"))

    shop.live(story)
    assert len(card.attempts) == 1


@pytest.mark.parametrize("stage", [Stage.CHOOSING, Stage.DECLINED])
def test_where_nothing_may_be_sold_no_attempt_begins(shops: Shops, stage: Stage) -> None:
    card = Machine()
    card.plan = [("declined", 1.0)]
    shop = shops(card)

    async def story() -> None:
        await shop.tap(Tap.BUY)
        if stage is Stage.DECLINED:
            await shop.tap(Tap.METHOD, "zvt")
            await shop.until(Stage.DECLINED)
        shop.till.disk("disk")
        await shop.tap(Tap.METHOD, "zvt")
        assert shop.state.stage is Stage.OUT_OF_SERVICE

    shop.live(story)
    assert len(card.attempts) == (stage is Stage.DECLINED)


def test_a_part_is_paid_one_way_and_the_rest_another(shops: Shops) -> None:
    shop = parted(shops, Machine())

    async def story() -> None:
        await shop.pay_by("gift")
        await shop.until(Stage.CHOOSING)
        paying = shop.state.paying
        assert (paying.paid, paying.left) == (Money(2000, "EUR"), Money(3990, "EUR"))
        assert "house-account" not in names(shop)
        assert shop.sales() == []
        await shop.tap(Tap.METHOD, "zvt")
        await shop.until(Stage.DONE)

    shop.live(story)
    (sale,) = shop.sales()
    assert isinstance(sale.payments, tuple)
    assert [paid.amount_minor for paid in sale.payments] == [2000, 3990]
    assert shop.accounts() == {
        "settlement/gift": 2000,
        "settlement/zvt": 3990,
        "revenue": -5034,
        "tax/standard": -956,
    }


@pytest.mark.parametrize("gives_up", ["tap", "walks away"])
def test_whoever_gives_up_between_two_parts_has_the_first_one_back(shops: Shops, gives_up: str) -> None:
    gift = Machine("gift", "nothing")
    shop = parted(shops, Machine(), gift)

    async def story() -> None:
        giving = asyncio.ensure_future(GivingBack(shop.cashier, shop.till.register, shop).run())
        await shop.pay_by("gift")
        await shop.until(Stage.CHOOSING)
        assert await shop.tap(Tap.BACK) is Answer.REFUSED  # it is not only talked about any more
        if gives_up == "tap":
            await shop.tap(Tap.CANCEL)
            assert (shop.state.stage, shop.state.paying.paid) == (Stage.CANCELLED, Money(2000, "EUR"))
            await shop.tap(Tap.DONE)
            assert shop.state.stage is Stage.OFFERED
        await asyncio.sleep(200)
        giving.cancel()

    shop.live(story)
    assert (shop.sales(), shop.accounts(), gift.held) == ([], {}, {gift.attempts[0].id: 0})
    assert [closed.outcome for closed in shop.closed()] == ["captured", "refund-due", "refunded"]
    assert shop.state.stage is Stage.OFFERED


def test_when_nobody_knows_the_shopper_is_told_not_to_pay_again(shops: Shops) -> None:
    card = Machine()
    card.plan = [("unknown", 1.0)]
    shop = shops(card)

    async def story() -> None:
        await shop.pay_by("zvt")
        await asyncio.sleep(300)
        assert (shop.state.stage, shop.state.paying.asks) == (Stage.PAYING, True)
        await shop.until(Stage.UNKNOWN)
        for tap in (Tap.RETRY, Tap.BUY, Tap.CANCEL, Tap.DONE, Tap.PAY, Tap.BACK):
            assert await shop.tap(tap) is Answer.REFUSED
        assert await shop.tap(Tap.METHOD, "zvt") is Answer.REFUSED
        shop.till.hear(Left(RED))
        await shop.until(Stage.IDLE, seconds=40)

    shop.live(story)
    assert len(card.attempts) == 1
    assert [closed.outcome for closed in shop.closed()] == ["person"]


def test_who_passes_by_holds_up_a_glass_that_waits_for_a_person_for_ten_minutes_at_most(shops: Shops) -> None:
    card = Machine()
    card.plan = [("unknown", 1.0)]
    shop = shops(card)

    async def story() -> None:
        await shop.pay_by("zvt")
        await shop.until(Stage.UNKNOWN)
        for half_minutes in range(30):
            shop.till.hear(Left(RED) if half_minutes % 2 else Presented(RED))
            await asyncio.sleep(29)
            if shop.state.stage is not Stage.UNKNOWN:
                break
        assert half_minutes in {20, 21}

    shop.live(story)


@pytest.mark.parametrize("stays", [False, True])
def test_the_glass_asks_before_it_gives_up_and_any_touch_gives_more_time(
    shops: Shops, *, stays: bool
) -> None:
    shop = shops(Machine())

    async def story() -> None:
        await shop.tap(Tap.BUY)
        await asyncio.sleep(59)
        assert not shop.state.paying.warns
        await asyncio.sleep(2)
        assert (shop.state.stage, shop.state.paying.warns) == (Stage.CHOOSING, True)
        if stays:
            assert await shop.tap(Tap.STAY) is Answer.ACCEPTED
            assert not shop.state.paying.warns
        await asyncio.sleep(31)
        assert shop.state.stage is (Stage.CHOOSING if stays else Stage.OFFERED)

    shop.live(story)


def wallet() -> Machine:
    return Machine("wechat", "scan", network=True)


def test_the_code_of_a_wallet_pays_and_is_written_nowhere(shops: Shops) -> None:
    phone = wallet()
    shop = shops(Machine(), phone)
    shop.shown[7] = CODE

    async def story() -> None:
        await shop.pay_by("wechat")
        assert (shop.state.stage, shop.state.paying.wants_code) == (Stage.PAYING, True)
        assert phone.attempts == []
        shop.till.hear(CodeShown(Purpose.MEMBER, 6))
        assert phone.attempts == []
        shop.till.hear(CodeShown(Purpose.WECHAT, 7))
        await shop.until(Stage.DONE)

    shop.live(story)
    assert [attempt.code for attempt in phone.attempts] == [CODE]
    assert not any(CODE in repr(fact) for fact in shop.facts())


def test_a_wallet_that_shows_its_code_has_chosen(shops: Shops) -> None:
    phone = wallet()
    shop = shops(Machine(), phone)
    shop.shown[7] = CODE

    async def story() -> None:
        await shop.tap(Tap.BUY)
        shop.till.hear(CodeShown(Purpose.WECHAT, 7))
        await shop.until(Stage.DONE)

    shop.live(story)
    assert len(phone.attempts) == 1


def test_a_code_that_is_forgotten_already_begins_nothing(shops: Shops) -> None:
    phone = wallet()
    shop = shops(Machine(), phone)

    async def story() -> None:
        await shop.tap(Tap.BUY)
        shop.till.hear(CodeShown(Purpose.WECHAT, 7))
        await shop.until(Stage.DECLINED)
        assert shop.state.paying.outcome == "code"

    shop.live(story)
    assert phone.attempts == []


def test_offline_only_what_needs_no_network_is_offered(shops: Shops) -> None:
    shop = shops(wallet(), Machine())
    shop.till.link(up=False)

    async def story() -> None:
        await shop.tap(Tap.BUY)
        assert names(shop) == ["zvt", "house-account"]

    shop.live(story)


def test_where_no_way_works_nothing_is_begun_and_the_glass_says_so(shops: Shops) -> None:
    shop = shops(wallet(), account="")
    shop.till.link(up=False)

    before = shop.facts()[-1:]

    async def story() -> None:
        assert await shop.tap(Tap.BUY) is Answer.ACCEPTED
        assert (shop.state.stage, shop.state.aside) == (Stage.OFFLINE, Away("pay"))
        assert await shop.tap(Tap.BACK) is Answer.ACCEPTED
        assert (shop.state.stage, shop.facts()[-1:]) == (Stage.OFFERED, before)

    shop.live(story)


def test_receipt_numbers_have_no_gap_however_it_is_paid(shops: Shops) -> None:
    shop = shops(Machine())

    async def story() -> None:
        for epc, way in ((RED, "zvt"), (BLUE, "house-account"), (BAG, "zvt")):
            shop.till.hear(Presented(epc))
            await shop.tap(Tap.BUY)
            await shop.tap(Tap.METHOD, way)
            await shop.until(Stage.DONE)
            await shop.tap(Tap.DONE)

    shop.live(story)
    assert [sale.number[-4:] for sale in shop.sales()] == ["0001", "0002", "0003"]


AFTER_A_CUT = [
    ("captured", Stage.DONE, None),
    ("declined", Stage.OFFERED, NoticeKind.NOT_CHARGED),
    ("cancelled", Stage.OFFERED, NoticeKind.NOT_CHARGED),
    ("unknown", Stage.UNKNOWN, None),
]


@pytest.mark.parametrize(("outcome", "stage", "notice"), AFTER_A_CUT)
def test_after_a_power_cut_the_glass_says_what_became_of_the_payment(
    shops: Shops, outcome: Any, stage: Stage, notice: NoticeKind | None
) -> None:
    card = Machine()
    card.plan = [(outcome, 1.0)]
    shop = shops(card)

    async def story() -> None:
        await shop.tap(Tap.BUY)
        tapping = asyncio.ensure_future(shop.tap(Tap.METHOD, "zvt"))
        await asyncio.sleep(0.5)  # the machine is at work
        await tapping
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            if "see_paid" in repr(task) or "Pursuit" in repr(task):
                task.cancel()
        shop.cut()
        await asyncio.sleep(2)
        shop.till.checks(payment=True)
        shop.till.hear(Presented(RED))
        assert (shop.state.stage, shop.state.trouble) == (Stage.OUT_OF_SERVICE, "payment")
        card._stands[card.attempts[0].id] = outcome
        await shop.cashier.recover()
        shop.till.checks(payment=False)
        assert shop.state.stage is stage
        assert notices(shop) == ([] if notice is None else [notice])

    shop.live(story)
    assert len(card.attempts) == 1
    assert len(shop.sales()) == (outcome == "captured")


@pytest.mark.parametrize("paid_minor", [0, 2000])
def test_what_a_shopper_of_now_pays_is_nothing_that_a_start_has_to_see_through(
    shops: Shops, paid_minor: int
) -> None:
    """Returns of before the start are finished first, and somebody may buy meanwhile."""
    card, gift = Machine(), Machine("gift", "nothing")
    shop = parted(shops, card, gift, most_minor=paid_minor)
    ended: list[Ended] = []
    shop.cashier.on_ended = ended.append

    async def story() -> None:
        await shop.tap(Tap.BUY)
        if paid_minor:
            await shop.tap(Tap.METHOD, "gift")
            await shop.until(Stage.CHOOSING)
            await shop.cashier.recover()
        await shop.tap(Tap.METHOD, "zvt")
        await asyncio.sleep(0.5)  # the machine is at work
        await shop.cashier.recover()
        await shop.until(Stage.DONE)

    shop.live(story)
    (sale,) = shop.sales()
    assert isinstance(sale.payments, tuple)
    assert sum(paid.amount_minor for paid in sale.payments) == sale.total_minor
    assert ended == []
    assert {closed.outcome for closed in shop.closed()} <= {"captured"}


@pytest.mark.parametrize("where", ["paying", "billing", "giving back"])
def test_what_nobody_thought_of_ends_the_object_instead_of_leaving_its_shopper_to_wait(
    shops: Shops, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wrong(*_: Any) -> Any:
        raise KeyError("nobody thought of it")

    shop = parted(shops, Machine())

    async def story() -> None:
        await shop.tap(Tap.BUY)
        match where:
            case "paying":
                monkeypatch.setattr(shop.counter, "pay", wrong)
                await shop.tap(Tap.METHOD, "zvt")
            case "billing":
                monkeypatch.setattr(shop.till.register, "record", wrong)
                with pytest.raises(KeyError):
                    await shop.tap(Tap.METHOD, "house-account")
            case _:
                await shop.tap(Tap.METHOD, "gift")
                await shop.until(Stage.CHOOSING)
                monkeypatch.setattr(shop.counter, "give_up", wrong)
                await shop.tap(Tap.CANCEL)
        await asyncio.sleep(1)

    with pytest.raises(KeyError, match="nobody thought of it"):
        shop.live(story)


def test_a_journal_that_fails_while_it_is_paid_leaves_nothing_said_to_be_sold(shops: Shops) -> None:
    shop = shops(Machine())

    async def story() -> None:
        await shop.pay_by("zvt")
        await asyncio.sleep(1)
        shop.fails = True
        await shop.until(Stage.OUT_OF_SERVICE)
        assert shop.state.trouble == "journal"

    shop.live(story)
    assert shop.sales() == []


def test_a_journal_that_fails_leaves_no_refund_begun_by_half(
    shops: Shops, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than are asked for at once: those whose turn has not come are not begun at all."""
    gift = Machine("gift", "nothing")
    shop = parted(shops, Machine(), gift)
    asked: list[str] = []

    async def refund(attempt: Attempt, key: str, amount_minor: int) -> Said:
        asked.append(key)
        return Said("refunded", amount_minor, attempt.currency)

    async def story() -> None:
        await shop.pay_by("gift")
        await shop.until(Stage.CHOOSING)
        await shop.tap(Tap.CANCEL)
        await asyncio.sleep(1)
        (due,) = shop.book.dues()
        dues = [msgspec.structs.replace(due, id=f"{due.id}-{number}") for number in range(20)]
        monkeypatch.setattr(shop.book, "dues", lambda: dues)
        monkeypatch.setattr(gift, "refund", refund)
        shop.fails = True
        await GivingBack(shop.cashier, shop.till.register, shop).run()

    shop.live(story)
    gc.collect()  # what was begun and is awaited by nobody would be heard of now
    assert 0 < len(asked) < 20


def test_a_promotion_is_shown_charged_and_written(shops: Shops) -> None:
    offer = Promotion("autumn", {"en": "Autumn sale"}, Percent(1_000))
    leaflet = Leaflet(Promotions("corner", "EUR", "Europe/Berlin", (offer,)), Version(1, 4))
    shop = shops(Machine())
    shop.till.hear(Left(RED))
    shop.till.use(Catalogue(price_book(), Version(1, 2), leaflet))
    shop.till.hear(Presented(RED))
    assert shop.state.savings == (Saving("Autumn sale", Money(599, "EUR")),)
    assert shop.state.total == Money(5391, "EUR")

    async def story() -> None:
        await shop.pay_by("zvt")
        await shop.until(Stage.DONE)

    shop.live(story)
    (sale,) = shop.sales()
    assert (sale.total_minor, sale.promotions) == (5391, Version(1, 4))
    assert sale.lines[0].discounts == (SaleDiscount("autumn", 599, "Autumn sale"),)


def test_nothing_leads_out_of_paying_but_the_end_of_the_attempt() -> None:
    ends = {SaleStep.RECORD, SaleStep.PART, SaleStep.DECLINE, SaleStep.LOSE, SaleStep.FAIL}
    assert {step for stage, step in MOVES if stage is SaleStage.PAYING} == ends
    assert {stage for (stage, step), to in MOVES.items() if to is SaleStage.PAYING} == {
        SaleStage.CHOOSING,
        SaleStage.SHOWING,
    }
    with pytest.raises(WrongStepError, match="paying cannot cancel"):
        next_stage(SaleStage.PAYING, SaleStep.CANCEL)


ENDS: list[Outcome] = ["captured", "declined", "cancelled", "unknown"]
TAPS = [Tap.BUY, Tap.PAY, Tap.RETRY, Tap.DESK, Tap.BACK, Tap.CANCEL, Tap.DONE, Tap.STAY, Tap.METHOD]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_shoppers_tap_all_money_is_in_a_sale_or_goes_back(shops: Shops, seed: int) -> None:
    luck = random.Random(seed)
    machines = [Machine(), Machine("gift", "nothing"), Machine("desk", "desk"), wallet()]
    shop = parted(shops, *machines, most_minor=luck.randint(1, 6000))
    for machine in machines:
        ends = luck.choices(ENDS, [6, 2, 1, 1], k=20)
        machine.plan = [(end, luck.choice([0.0, 0.3, 5.0, 200.0])) for end in ends]

    async def story() -> None:
        giving = asyncio.ensure_future(GivingBack(shop.cashier, shop.till.register, shop).run())
        shop.tick_s = 5.0
        for step in range(60):
            epc = luck.choice([RED, BLUE, BAG])
            shop.till.hear(Presented(epc) if luck.random() < 0.5 else Left(epc))
            shop.shown[step] = CODE
            if luck.random() < 0.1:
                shop.till.hear(CodeShown(Purpose.WECHAT, step))
            tap = luck.choice(TAPS)
            await shop.tap(tap, luck.choice([*shop.machines, "house-account"]) if tap is Tap.METHOD else None)
            await asyncio.sleep(luck.choice([0.0, 0.1, 1.0, 10.0, 100.0]))
        shop.tick_s = 100.0
        await asyncio.sleep(20_000)
        giving.cancel()

    shop.live(story)
    held = sum(minor for machine in machines for minor in machine.held.values())
    paid = [paid for sale in shop.sales() for paid in sale.payments or ()]
    assert held == sum(each.amount_minor for each in paid)
    assert len({each.attempt for each in paid}) == len(paid)
    assert [sale.number[-4:] for sale in shop.sales()] == [f"{n + 1:04}" for n in range(len(shop.sales()))]
    assert not {"tendered", "refund-due"} & shop.accounts().keys()
    assert shop.state.stage in {Stage.IDLE, Stage.OFFERED}
    sold = {epc for sale in shop.sales() for line in sale.lines for epc in line.epcs}
    assert len(sold) == sum(line.units for sale in shop.sales() for line in sale.lines)
    meant = [fact for fact in shop.facts() if isinstance(fact, PaymentIntent)]
    assert len(meant) >= len([attempt for machine in machines for attempt in machine.attempts])
