"""Goods with a least age: nothing is sold before somebody has looked, and a no charges nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import pytest

from cloud_sync.contract.facts import Operator, Sale
from edge.checkout.asked import AgeAsked
from edge.checkout.catalogue import Catalogue
from edge.checkout.staff import AGE, AGE_REFUSED, RETURN, StaffList
from edge.checkout.state import Answer, NoticeKind, Stage, Tap
from edge.events import Left, Presented, Scanned
from retail.pricing.book import PriceBook, Version
from tests.checkout.pay_shop import Machine
from tests.checkout.staff_shop import BLUE, RED, StaffShop, StaffShops
from tests.checkout.test_staff import ANNA, BERT, QUICK, WORDS, member
from tests.checkout.till_hand import COFFEE, SWEATER, item, price_book

LISTED: Final = StaffList(
    (member("17", ANNA, WORDS[0], RETURN, AGE), member("18", BERT, WORDS[1], RETURN)), QUICK
)
BEAN: Final = item(COFFEE, 1)


def adult_book() -> PriceBook:
    """Coffee is sold from 18 years on, as if it were something stronger."""
    book = price_book()
    coffee = msgspec.structs.replace(book.products[1], min_age=18)
    return msgspec.structs.replace(book, products=(book.products[0], coffee))


@pytest.fixture
def shops(staff_shops: StaffShops, monkeypatch: pytest.MonkeyPatch) -> StaffShops:
    """Shops in which coffee is for grown-ups, and one person of the shop may say who is."""
    monkeypatch.setattr("tests.checkout.staff_shop.LISTED", LISTED)

    def make(*machines: Machine, **told: Any) -> StaffShop:
        made = staff_shops(*machines, **told)
        made.till.use(Catalogue(adult_book(), Version(1, 2)))
        made.till.tick()
        return made

    return make


@pytest.fixture
def shop(shops: StaffShops) -> StaffShop:
    return shops(Machine())


def looked(shop: StaffShop) -> list[tuple[str, str, str]]:
    """Who looked at an age, what they said, and of which sale."""
    told = [fact for fact in shop.facts() if isinstance(fact, Operator)]
    return [(fact.staff, fact.act, fact.about) for fact in told if fact.act.startswith("age.")]


def stage(shop: StaffShop) -> Stage:
    return shop.state.stage


async def answer(shop: StaffShop, *, old_enough: bool) -> None:
    shop.badge()
    await shop.type(WORDS[0])
    assert shop.work.step == "age"
    await shop.tap(*((Tap.ENTER,) if old_enough else (Tap.DEED, AGE_REFUSED)))


def live(shop: StaffShop, story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await story()

    shop.live(told)


def test_somebody_looks_before_it_is_paid_and_the_entry_names_the_sale(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Presented(BEAN))
        assert await shop.tap(Tap.BUY) is Answer.ACCEPTED
        assert (stage(shop), shop.state.called) == (Stage.AGE, True)
        assert shop.state.aside == AgeAsked(18, "2008-09-21")
        assert shop.machines["zvt"].attempts == []
        await answer(shop, old_enough=True)
        assert (stage(shop), shop.state.called) == (Stage.CHOOSING, False)
        await shop.tap(Tap.METHOD, "zvt")
        await shop.until(Stage.DONE)

    live(shop, story)
    (sale,) = shop.sales()
    assert looked(shop) == [(ANNA, AGE, sale.sale)]
    kinds = [type(fact) for fact in shop.facts()]
    assert kinds.index(Operator) < kinds.index(Sale)


def test_a_no_takes_the_goods_off_the_bill_and_charges_nothing(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Presented(RED))
        shop.till.hear(Presented(BEAN))
        shop.till.hear(Scanned(COFFEE, COFFEE))
        await shop.tap(Tap.BUY)
        await answer(shop, old_enough=False)
        assert (stage(shop), [line.goods.gtin for line in shop.state.lines]) == (
            Stage.OFFERED,
            [SWEATER],
        )
        assert [notice.kind for notice in shop.state.notices] == [NoticeKind.AGE]
        assert not shop.state.scanned
        shop.till.hear(Scanned(COFFEE, COFFEE))  # once more
        assert [line.goods.gtin for line in shop.state.lines] == [SWEATER]
        await shop.tap(Tap.BUY)
        assert stage(shop) is Stage.CHOOSING

    live(shop, story)
    assert [(staff, act) for staff, act, _ in looked(shop)] == [(ANNA, AGE_REFUSED)]
    assert (shop.sales(), shop.accounts()) == ([], {})


def test_what_was_seen_holds_for_this_shopper_and_each_sale_is_named(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Presented(BEAN))
        await shop.tap(Tap.BUY)
        await answer(shop, old_enough=True)
        await shop.tap(Tap.BACK)
        shop.till.hear(Presented(BLUE))
        assert await shop.tap(Tap.BUY) is Answer.ACCEPTED
        assert stage(shop) is Stage.CHOOSING
        await shop.tap(Tap.METHOD, "zvt")
        await shop.until(Stage.DONE)
        for epc in (BEAN, BLUE):
            shop.till.hear(Left(epc))
        await shop.tap(Tap.DONE)
        shop.till.hear(Presented(item(COFFEE, 2)))
        await shop.tap(Tap.BUY)
        assert stage(shop) is Stage.AGE  # the next shopper is somebody else

    live(shop, story)
    (sale,) = shop.sales()
    assert looked(shop)[-1] == (ANNA, AGE, sale.sale)
    assert len(looked(shop)) == 2


def test_two_fast_taps_begin_one_purchase(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Presented(BEAN))
        await shop.tap(Tap.BUY)
        await answer(shop, old_enough=True)
        await shop.tap(Tap.BACK)
        number = shop.state.number
        said = await asyncio.gather(*(shop.till.tap(Tap.BUY, number) for _ in range(3)))
        assert len([each for each in said if each is Answer.ACCEPTED]) == 1

    live(shop, story)


def test_who_may_not_look_changes_nothing(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Presented(BEAN))
        await shop.tap(Tap.BUY)
        shop.badge("18")
        await shop.type(WORDS[1])
        await shop.tap(Tap.ENTER)
        assert (shop.work.step, shop.work.said) == ("age", "not-this")
        await shop.tap(Tap.LEAVE)
        assert stage(shop) is Stage.AGE

    live(shop, story)
    assert looked(shop) == []


def test_a_shopper_who_goes_back_or_puts_it_back_waits_for_nobody(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Presented(RED))
        shop.till.hear(Presented(BEAN))
        await shop.tap(Tap.BUY)
        assert await shop.tap(Tap.BACK) is Answer.ACCEPTED
        assert (stage(shop), shop.state.called) == (Stage.OFFERED, False)
        await shop.tap(Tap.BUY)
        shop.till.hear(Left(BEAN))
        assert stage(shop) is Stage.OFFERED
        await shop.tap(Tap.BUY)
        assert stage(shop) is Stage.CHOOSING

    live(shop, story)
    assert looked(shop) == []


def test_what_changed_while_staff_looked_is_not_bought_unseen(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Presented(BEAN))
        await shop.tap(Tap.BUY)
        shop.badge()
        await shop.type(WORDS[0])
        shop.till.hear(Presented(RED))
        await shop.tap(Tap.ENTER)
        assert (shop.work.step, shop.work.said) == ("age", "changed")
        await shop.tap(Tap.LEAVE)
        assert stage(shop) is Stage.OFFERED

    live(shop, story)
    assert looked(shop) == []


def test_the_goods_of_a_shopper_who_waits_stay_and_in_the_end_nobody_waits(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Scanned(COFFEE, COFFEE))
        await shop.tap(Tap.BUY)
        await asyncio.sleep(300)
        assert stage(shop) is Stage.AGE
        await asyncio.sleep(600)
        assert stage(shop) is Stage.IDLE

    live(shop, story)


def test_where_nobody_of_the_shop_can_prove_who_they_are_it_is_sold_elsewhere(shop: StaffShop) -> None:
    shop.till.serving.attendant = None

    async def story() -> None:
        shop.till.hear(Presented(BEAN))
        await shop.tap(Tap.BUY)
        assert (stage(shop), shop.state.called) == (Stage.AGE, False)
        assert isinstance(shop.state.aside, AgeAsked)
        assert not shop.state.aside.comes
        await shop.tap(Tap.BACK)
        assert stage(shop) is Stage.OFFERED

    live(shop, story)
    assert shop.sales() == []


def test_a_power_cut_forgets_what_was_seen(shop: StaffShop) -> None:
    async def story() -> None:
        shop.till.hear(Presented(BEAN))
        await shop.tap(Tap.BUY)
        await answer(shop, old_enough=True)
        shop.cut()
        shop.till.use(Catalogue(adult_book(), Version(1, 2)))
        shop.till.tick()
        shop.till.hear(Presented(BEAN))
        await shop.tap(Tap.BUY)
        assert stage(shop) is Stage.AGE

    live(shop, story)
