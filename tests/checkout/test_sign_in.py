"""A member signs in by a code or a number; without the network the glass says so, and selling goes on."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.contract.members import MemberKnown, MemberUnknown
from edge.checkout.asked import Away, SigningIn
from edge.checkout.sale import Shop
from edge.checkout.state import Answer, Greeted, NoticeKind, Stage, Tap
from edge.checkout.till import Till
from edge.events import CodeShown, Presented, Purpose
from tests.checkout.pay_shop import Machine, PayShop
from tests.checkout.till_hand import SWEATER, Hand, catalogue, item

SHOP = Shop("mirror-4", "floor", "a7Kxa7Kxa7Kx", "UTC")
TAG = item(SWEATER, 1)
GOLD = MemberKnown("gold", "Ann")


class Book:
    """Members by number; ticket 1 is Ann's code. While it is `away` nobody can be asked."""

    away = False
    asked = 0

    async def find(self, ticket: int) -> MemberKnown | MemberUnknown:
        return await self.find_number("4711" if ticket == 1 else "")

    async def find_number(self, number: str) -> MemberKnown | MemberUnknown:
        self.asked += 1
        if self.away:
            raise ConnectionError
        return GOLD if number == "4711" else MemberUnknown()


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Hand]:
    made = Hand(tmp_path, SHOP)
    yield made
    made.close()


def opened(hand: Hand, book: Book | None, *, online: bool = True) -> Till:
    till = hand.till()
    if book is not None:
        till.know(book)
    till.use(catalogue())
    till.link(up=online)
    till.hear(Presented(TAG))
    return till


def stage(shop: Till | PayShop) -> Stage:
    return shop.state.stage


async def tap(till: Till, what: Tap, value: str | None = None) -> Answer:
    said = await till.tap(what, till.state.number, value)
    for _ in range(5):
        await asyncio.sleep(0)
    return said


async def type_number(till: Till, digits: str) -> None:
    for digit in digits:
        assert await tap(till, Tap.DIGIT, digit) is Answer.ACCEPTED
    assert await tap(till, Tap.ENTER) is Answer.ACCEPTED


def run(day: Callable[[], Any]) -> None:
    asyncio.run(day())


def test_a_number_is_typed_and_the_basket_comes_back_with_a_greeting(hand: Hand) -> None:
    async def day() -> None:
        till = opened(hand, Book())
        assert till.state.signs_in
        await tap(till, Tap.SIGNIN)
        assert (till.state.stage, till.state.aside) == (Stage.SIGNIN, SigningIn())
        await type_number(till, "4712")
        assert till.state.aside == SigningIn(said="unknown")
        await tap(till, Tap.DIGIT, "9")
        await tap(till, Tap.ERASE)
        await type_number(till, "4711")
        assert (till.state.stage, till.state.member) == (Stage.OFFERED, Greeted("gold", "Ann"))
        assert not till.state.signs_in

    run(day)


def test_a_code_that_is_shown_signs_in_as_well(hand: Hand) -> None:
    async def day() -> None:
        till = opened(hand, Book())
        await tap(till, Tap.SIGNIN)
        till.hear(CodeShown(Purpose.MEMBER, 1))
        for _ in range(5):
            await asyncio.sleep(0)
        assert (till.state.stage, till.state.member) == (Stage.OFFERED, Greeted("gold", "Ann"))

    run(day)


def test_whoever_counts_through_numbers_gets_nowhere_and_the_next_shopper_may_try(hand: Hand) -> None:
    book = Book()

    async def day() -> None:
        till = opened(hand, book)
        await tap(till, Tap.SIGNIN)
        for number in range(4):
            await type_number(till, f"{number}")
        assert till.state.aside == SigningIn(said="unknown", pad=False)
        assert await tap(till, Tap.DIGIT, "4") is Answer.REFUSED
        assert book.asked == 4
        hand.pass_seconds(601)
        till.tick()
        assert stage(till) is Stage.OFFERED
        await tap(till, Tap.SIGNIN)
        assert till.state.aside == SigningIn()

    run(day)


@pytest.mark.parametrize("online", [False, True])
def test_without_the_network_nobody_signs_in_and_the_goods_are_sold(hand: Hand, online: bool) -> None:
    async def day() -> None:
        book = Book()
        book.away = True
        till = opened(hand, book, online=online)
        await tap(till, Tap.SIGNIN)
        if online:  # the line breaks while the hub is asked
            till.link(up=False)
            await type_number(till, "4711")
        assert (till.state.stage, till.state.aside) == (Stage.OFFLINE, Away("signin"))
        assert await tap(till, Tap.BACK) is Answer.ACCEPTED
        assert stage(till) is Stage.OFFERED
        assert await tap(till, Tap.BUY) is Answer.ACCEPTED
        assert stage(till) is Stage.DONE

    run(day)


def test_what_needs_the_network_goes_on_once_it_is_back(hand: Hand) -> None:
    async def day() -> None:
        till = opened(hand, Book(), online=False)
        await tap(till, Tap.SIGNIN)
        assert stage(till) is Stage.OFFLINE
        till.link(up=True)
        assert stage(till) is Stage.OFFERED

    run(day)


def test_where_no_member_can_be_known_nobody_is_asked_to_sign_in(hand: Hand) -> None:
    async def day() -> None:
        till = opened(hand, None)
        assert not till.state.signs_in
        assert await tap(till, Tap.SIGNIN) is Answer.REFUSED

    run(day)


def test_a_code_that_was_not_known_leaves_with_the_shopper(hand: Hand) -> None:
    async def day() -> None:
        till = opened(hand, Book())
        await tap(till, Tap.SIGNIN)
        till.hear(CodeShown(Purpose.MEMBER, 2))
        for _ in range(5):
            await asyncio.sleep(0)
        assert till.state.aside == SigningIn(said="unknown")
        hand.pass_seconds(91)
        till.tick()
        assert (till.state.stage, till.state.notices) == (Stage.OFFERED, ())
        assert NoticeKind.MEMBER_UNKNOWN not in [notice.kind for notice in till.state.notices]

    run(day)


def test_a_wallet_that_cannot_be_asked_any_more_leads_back_to_the_basket(tmp_path: Path) -> None:
    shop = PayShop(tmp_path / "ledger.db", Machine(), Machine("wechat", "scan", network=True))
    shop.till.link(up=True)

    async def story() -> None:
        shop.till.hear(Presented(TAG))
        await shop.tap(Tap.BUY)
        await shop.tap(Tap.METHOD, "wechat")
        assert shop.state.paying.wants_code
        shop.till.link(up=False)
        assert (shop.state.stage, shop.state.aside) == (Stage.OFFLINE, Away("way", "wechat"))
        assert [way.name for way in shop.state.paying.ways] == ["zvt", "house-account"]
        assert await shop.tap(Tap.BACK) is Answer.ACCEPTED
        assert stage(shop) is Stage.OFFERED
        await shop.tap(Tap.BUY)
        await shop.tap(Tap.METHOD, "zvt")
        await shop.until(Stage.DONE)

    shop.live(story)
    shop.close()


def test_money_that_was_stored_is_accepted_and_not_called_paid(tmp_path: Path) -> None:
    card = Machine()
    shop = PayShop(tmp_path / "ledger.db", card)
    card.plan = [("stored-offline", 2.0)]

    async def story() -> None:
        shop.till.hear(Presented(TAG))
        await shop.tap(Tap.BUY)
        await shop.tap(Tap.METHOD, "zvt")
        await shop.until(Stage.DONE)
        assert shop.state.sold is not None
        assert shop.state.sold.stored == shop.state.sold.total

    shop.live(story)
    shop.close()


@pytest.mark.parametrize("online", [True, False])
def test_whoever_says_nothing_for_a_minute_is_asked_and_can_stay(hand: Hand, online: bool) -> None:
    async def day() -> None:
        till = opened(hand, Book(), online=online)
        await tap(till, Tap.SIGNIN)
        stands = till.state.stage
        assert stands is (Stage.SIGNIN if online else Stage.OFFLINE)
        for _ in range(2):
            hand.pass_seconds(59)
            till.tick()
            assert not warns(till)
            hand.pass_seconds(1)
            till.tick()
            assert (till.state.stage, warns(till)) == (stands, True)
            assert await tap(till, Tap.STAY) is Answer.ACCEPTED
            assert not warns(till)
        hand.pass_seconds(90)
        till.tick()
        assert till.state.stage is Stage.OFFERED

    run(day)


def warns(till: Till) -> bool:
    assert isinstance(till.state.aside, SigningIn | Away)
    return till.state.aside.warns
