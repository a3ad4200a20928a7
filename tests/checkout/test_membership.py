"""A member shows who they are and pays their own price, until they have bought or gone: nothing stays."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.contract.facts import Basis
from cloud_sync.contract.members import MemberKnown, MemberUnknown
from edge.checkout.catalogue import Catalogue
from edge.checkout.membership import GONE_NS
from edge.checkout.sale import Shop
from edge.checkout.state import Answer, Greeted, NoticeKind, Stage, State, Tap
from edge.checkout.till import Till
from edge.events import CodeShown, Left, Presented, Purpose
from retail.pricing.book import PriceBook, Version
from tests.checkout.pay_shop import Machine, PayShop
from tests.checkout.till_hand import SWEATER, Hand, item, price_book

SHOP = Shop("mirror-4", "floor", "a7Kxa7Kxa7Kx", "UTC")
GOLD = MemberKnown("gold", "Ann")
TAG = item(SWEATER, 1)


class Book:
    """Members by ticket; a ticket that is not here nobody can be asked about, and an event holds one back."""

    def __init__(self) -> None:
        self.answers: dict[int, MemberKnown | MemberUnknown] = {
            1: GOLD,
            2: MemberUnknown(),
            3: MemberKnown(""),
        }
        self.slow: dict[int, asyncio.Event] = {}

    async def find(self, ticket: int) -> MemberKnown | MemberUnknown:
        if ticket in self.slow:
            await self.slow[ticket].wait()
        if ticket not in self.answers:
            raise ConnectionError
        return self.answers[ticket]

    async def find_number(self, number: str) -> MemberKnown | MemberUnknown:
        return await self.find(int(number))


def members_book() -> PriceBook:
    """The sweater is 49.90 for gold members, 55.00 for all others who are members."""
    book = price_book()
    first = msgspec.structs.replace(book.products[0], member_prices={"gold": 4990, "*": 5500})
    return msgspec.structs.replace(book, products=(first, *book.products[1:]))


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Hand]:
    made = Hand(tmp_path, SHOP)
    yield made
    made.close()


def opened(hand: Hand, book: Book | None) -> Till:
    till = hand.till()
    if book is not None:
        till.know(book)
    till.use(Catalogue(members_book(), Version(1, 1)))
    return till


def shown(till: Till, ticket: int) -> None:
    till.hear(CodeShown(Purpose.MEMBER, ticket))


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def notices(state: State) -> list[NoticeKind]:
    return [notice.kind for notice in state.notices]


def minor(till: Till) -> int:
    assert till.state.total is not None
    return till.state.total.amount_minor


def run(day: Callable[[], Any]) -> None:
    asyncio.run(day())


def test_a_member_pays_their_own_price_and_is_nobody_after_the_sale(hand: Hand) -> None:
    async def day() -> None:
        till = opened(hand, Book())
        till.hear(Presented(TAG))
        assert minor(till) == 5990
        shown(till, 1)
        await settled()
        assert (till.state.member, minor(till)) == (Greeted("gold", "Ann"), 4990)

        assert await till.tap(Tap.BUY, till.state.number) is Answer.ACCEPTED

        assert (till.state.stage, till.state.member) == (Stage.DONE, None)
        till.hear(Presented(item(SWEATER, 2)))
        hand.pass_seconds(5)
        till.tick()
        assert minor(till) == 5990

    run(day)
    ledger = (hand.directory / "ledger.db").read_bytes() + _wal(hand)
    assert b'"level":"gold"' in ledger
    assert b"Ann" not in ledger


def _wal(hand: Hand) -> bytes:
    wal = hand.directory / "ledger.db-wal"
    return wal.read_bytes() if wal.exists() else b""


def test_the_sale_says_the_level_that_it_was_priced_by_and_nothing_else(hand: Hand) -> None:
    async def day() -> None:
        till = opened(hand, Book())
        till.hear(Presented(TAG))
        shown(till, 3)
        await settled()
        assert minor(till) == 5500
        wares = till._reckoning.wares()
        priced = till._reckoning.price(wares, None)
        assert priced is not None
        assert till._reckoning.deal("s", wares, priced).draft.basis == Basis(hand.ms, level="")

    run(day)


@pytest.mark.parametrize(("ticket", "notice"), [(2, NoticeKind.MEMBER_UNKNOWN), (9, NoticeKind.MEMBER_AWAY)])
def test_who_is_not_known_pays_what_all_pay_and_is_told_so(
    hand: Hand, ticket: int, notice: NoticeKind
) -> None:
    async def day() -> None:
        till = opened(hand, Book())
        till.hear(Presented(TAG))
        shown(till, ticket)
        await settled()
        assert (till.state.member, minor(till), notices(till.state)) == (None, 5990, [notice])

    run(day)


def test_where_nobody_can_be_asked_the_code_is_of_no_use(hand: Hand) -> None:
    async def day() -> None:
        till = opened(hand, None)
        shown(till, 1)
        assert notices(till.state) == [NoticeKind.MEMBER]

    run(day)


def test_the_last_code_counts_however_late_the_first_is_answered(hand: Hand) -> None:
    async def day() -> None:
        book = Book()
        book.slow[1] = asyncio.Event()
        till = opened(hand, book)
        shown(till, 1)
        await settled()
        shown(till, 3)
        await settled()
        book.slow[1].set()
        await settled()
        assert till.state.member == Greeted("", "")

    run(day)


def test_an_answer_that_comes_after_the_sale_is_nobodys(hand: Hand) -> None:
    async def day() -> None:
        book = Book()
        book.slow[1] = asyncio.Event()
        till = opened(hand, book)
        till.hear(Presented(TAG))
        shown(till, 1)
        await till.tap(Tap.BUY, till.state.number)
        book.slow[1].set()
        await settled()
        assert till.state.member is None

    run(day)


def test_who_shows_it_while_choosing_how_to_pay_is_shown_the_new_price_first(tmp_path: Path) -> None:
    shop = PayShop(tmp_path / "ledger.db", Machine("zvt"), Machine("stripe"))

    async def day() -> None:
        shop.till.know(Book())
        shop.till.use(Catalogue(members_book(), Version(1, 2)))
        shop.till.hear(Presented(TAG))
        await shop.till.tap(Tap.BUY, shop.till.state.number)
        assert shop.till.state.stage is Stage.CHOOSING
        shown(shop.till, 1)
        await settled()
        shop.till.tick()
        assert (shop.till.state.stage, minor(shop.till)) == (Stage.OFFERED, 4990)

        await shop.till.tap(Tap.BUY, shop.till.state.number)
        await shop.till.tap(Tap.METHOD, shop.till.state.number, "zvt")
        shown(shop.till, 2)  # what is being paid for keeps its price

        assert await shop.until(Stage.DONE) is Stage.DONE
        assert [attempt.amount_minor for attempt in shop.machines["zvt"].attempts] == [4990]

    shop.live(day)
    shop.close()


def test_a_member_who_has_gone_is_forgotten(hand: Hand) -> None:
    async def day() -> None:
        till = opened(hand, Book())
        till.hear(Presented(TAG))
        shown(till, 1)
        await settled()
        hand.pass_seconds(GONE_NS // 10**9 + 1)
        till.tick()
        assert till.state.member is not None  # the goods are still in somebody's hands
        till.hear(Left(TAG))
        hand.pass_seconds(GONE_NS // 10**9 + 1)
        till.tick()
        assert till.state.member is None

    run(day)
