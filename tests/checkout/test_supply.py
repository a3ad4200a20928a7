"""What lies elsewhere: asked of the hub while somebody looks, seldom, and shown as the hub has said it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import pytest

from cloud_sync.contract.requests import Answer, Noted
from cloud_sync.contract.stock import PRODUCTS_MAX, StockAsked, StockTold
from edge.checkout.catalogue import Catalogue
from edge.checkout.state import Tap
from edge.checkout.supply import Supply
from edge.events import Left, Presented
from edge.offline_queue.bell import Question
from edge.offline_queue.questions import NoAnswerError, Questions, UnreadableQuestionError
from edge.runtime.members import new_request
from edge.runtime.stock import StockRoom
from proofs.loop import SimulatedLoop
from retail.identity.gtin import completed
from retail.pricing.book import PriceBook, Version
from tests.checkout.test_looking import M_OAT, SCARF, SOCKS, XL, L, M, book, other, shirt
from tests.checkout.till_hand import Hand, item

Hands = Callable[[str], Hand]

MINUTE: Final = 60


class PaperHub(Questions):
    """A hub that takes a second to answer: of each product two lie in the shop, and nine in others."""

    def __init__(self, hand: Hand) -> None:
        super().__init__("mirror-4", [])
        self._hand = hand
        self.hub_answers = True
        self.asked: list[tuple[str, ...]] = []
        self._is_asked = False
        self.ahead_ms = 0
        self.instead: Answer | Exception | None = None

    async def ask(self, request_id: str, question: Question) -> Answer:
        assert len(request_id) == len(new_request())
        assert isinstance(question, StockAsked)
        assert question.holder == "floor"
        assert not self._is_asked, "one question at a time"
        self.asked.append(question.gtins)
        self._is_asked = True
        await asyncio.sleep(1)
        self._is_asked = False
        if isinstance(self.instead, Exception):
            raise self.instead
        units, more = dict.fromkeys(question.gtins, 2), dict.fromkeys(question.gtins, 9)
        return self.instead or StockTold(self._hand.wall_ms() + self.ahead_ms, units, more)


class Scene:
    """A mirror that a shopper stands at, its stock room, and the hub."""

    def __init__(self, hand: Hand, sold: PriceBook) -> None:
        self.hand, self.hub, self.till = hand, PaperHub(hand), hand.till()
        catalogue = Catalogue(sold, Version(1, 1))
        self.till.use(catalogue)
        self.till.link(up=True)
        self.room = StockRoom(self.till, self.hub, new_request, lambda: catalogue.book, hand.shop.sells_from)

    async def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            await asyncio.sleep(1)
            self.hand.pass_seconds(1)
        self.till.tick()

    def numbers(self) -> tuple[int | None, int | None]:
        """What the glass says of what is looked at."""
        assert self.till.state.looked is not None
        goods = self.till.state.looked.goods
        return goods.shop, goods.elsewhere


def play(
    hands: Hands, scene: Callable[[Scene], Coroutine[Any, Any, None]], sold: PriceBook | None = None
) -> Scene:
    it = Scene(hands("mirror"), sold or book())

    async def both() -> None:
        watching = asyncio.ensure_future(it.room.watch(it.hand))
        await scene(it)
        watching.cancel()

    SimulatedLoop().live(both())
    return it


def test_what_is_looked_at_is_asked_with_all_that_a_tap_may_bring_and_the_answer_is_shown(
    hands: Hands,
) -> None:
    async def scene(it: Scene) -> None:
        await it.wait(5)
        assert it.hub.asked == [], "nobody looks at anything"
        it.till.hear(Presented(item(M, 1)))
        assert it.numbers() == (None, None)
        await it.wait(3)
        assert it.numbers() == (2, 9)
        number = it.till.state.number
        for size in ("L", "XL", "L"):
            await it.till.tap(Tap.SIZE, it.till.state.number, size)
            await it.wait(2)
            assert it.numbers() == (2, 9)
        assert it.till.state.number > number

    asked = play(hands, scene).hub.asked
    assert len(asked) == 1
    assert asked[0][:3] == (M, SOCKS, SCARF)
    assert set(asked[0]) == {M, L, XL, M_OAT, SOCKS, SCARF, "00000000000000"}


def test_an_answer_makes_no_other_screen_of_it(hands: Hands) -> None:
    """A tap that was painted before the number came still counts."""

    async def scene(it: Scene) -> None:
        it.till.hear(Presented(item(M, 1)))
        number = it.till.state.number
        await it.wait(3)
        assert it.numbers() == (2, 9)
        assert it.till.state.number == number

    play(hands, scene)


def test_it_is_asked_again_while_somebody_looks_and_not_when_they_have_gone(hands: Hands) -> None:
    async def scene(it: Scene) -> None:
        it.till.hear(Presented(item(M, 1)))
        await it.wait(4 * MINUTE)
        assert len(it.hub.asked) == 1
        await it.wait(2 * MINUTE)
        assert len(it.hub.asked) == 2
        it.till.hear(Left(item(M, 1)))
        await it.wait(20 * MINUTE)
        assert len(it.hub.asked) == 2

    play(hands, scene)


def test_of_another_product_nothing_is_said_before_the_hub_has(hands: Hands) -> None:
    async def scene(it: Scene) -> None:
        it.till.hear(Presented(item(M, 1)))
        await it.wait(3)
        it.till.supplied(Supply(it.hand.wall_ms(), {M: 2}, {M: 9}))
        await it.till.tap(Tap.SIZE, it.till.state.number, "XL")
        assert it.numbers() == (None, None)

    play(hands, scene)


def test_whoever_lifts_one_thing_after_another_asks_once_a_second_at_most(hands: Hands) -> None:
    async def scene(it: Scene) -> None:
        for _ in range(10):
            for gtin in (M, SCARF):
                it.till.hear(Presented(item(gtin, 1)))
                await it.wait(1)
                it.till.hear(Left(item(gtin, 1)))

    assert len(play(hands, scene).hub.asked) <= 10


@pytest.mark.parametrize("instead", [Noted(), NoAnswerError("late"), UnreadableQuestionError("long")])
def test_without_an_answer_nothing_is_said_and_the_hub_is_left_alone(
    hands: Hands, instead: Answer | Exception
) -> None:
    async def scene(it: Scene) -> None:
        it.hub.instead = instead
        it.till.hear(Presented(item(M, 1)))
        await it.wait(20)
        assert len(it.hub.asked) == 1
        assert it.numbers() == (None, None)
        it.hub.instead = None
        await it.wait(20)
        assert it.numbers() == (2, 9)

    play(hands, scene)


def test_offline_nothing_is_asked_and_nothing_is_shown(hands: Hands) -> None:
    async def scene(it: Scene) -> None:
        it.till.hear(Presented(item(M, 1)))
        await it.wait(3)
        it.till.link(up=False)
        it.hub.hub_answers = False
        assert it.numbers() == (None, None)
        await it.wait(10 * MINUTE)
        assert len(it.hub.asked) == 1

    play(hands, scene)


@pytest.mark.parametrize(("ahead_minutes", "expected"), [(90, (2, 9)), (-14, (2, 9)), (-16, (None, None))])
def test_a_clock_that_is_behind_the_hubs_hides_nothing_and_what_is_old_is_hidden(
    hands: Hands, ahead_minutes: int, expected: tuple[int | None, int | None]
) -> None:
    async def scene(it: Scene) -> None:
        it.hub.ahead_ms = ahead_minutes * MINUTE * 1_000
        it.till.hear(Presented(item(M, 1)))
        await it.wait(3)
        assert it.numbers() == expected

    play(hands, scene)


def test_of_many_sizes_with_many_companions_as_many_are_asked_for_as_an_answer_holds(hands: Hands) -> None:
    gtins = [completed(952000100300 + number) for number in range(70)]
    scarves = [completed(952000100400 + number) for number in range(4)]
    products = tuple(shirt(gtin, f"{number}", goes_with=tuple(scarves)) for number, gtin in enumerate(gtins))
    sold = PriceBook(
        "corner", "en", "EUR", {"standard": 1900}, (*products, *(other(gtin, "Scarf") for gtin in scarves))
    )

    async def scene(it: Scene) -> None:
        it.till.hear(Presented(item(gtins[65], 1)))
        await it.wait(3)
        assert it.numbers() == (2, 9)

    (asked,) = play(hands, scene, sold).hub.asked
    assert len(asked) == len(set(asked)) == PRODUCTS_MAX
    assert asked[:3] == (gtins[65], *scarves[:2])
