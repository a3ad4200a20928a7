"""Money that is due and that its provider says nothing of: asked for by the hour, then a person's."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.checkout.payments.givingback import GivingBack
from edge.checkout.payments.provider import Attempt, Said
from edge.checkout.state import Stage, Tap
from edge.events import Presented
from retail.units import Money
from tests.checkout.pay_shop import Machine, Parted, PayShop
from tests.checkout.test_purchase import RED, names

DAY_S = 24 * 3_600


class Silent(Machine):
    """It takes money, and answers no question about giving it back until `answers`."""

    answers = False
    asked = 0

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        self.asked += 1
        if not self.answers:
            raise OSError("no route to host")
        return await super().refund(attempt, refund, amount_minor)


@pytest.fixture
def gift() -> Silent:
    return Silent("gift", "nothing")


@pytest.fixture
def shop(tmp_path: Path, gift: Silent) -> Iterator[PayShop]:
    made = PayShop(tmp_path / "ledger.db", Machine(), gift, counter=Parted)
    assert isinstance(made.counter, Parted)
    made.counter.name, made.counter.most_minor = "gift", 2000
    made.till.hear(Presented(RED))
    yield made
    made.close()


async def give_up(shop: PayShop) -> None:
    """A part is paid, and the shopper gives up: it is due."""
    await shop.tap(Tap.BUY)
    assert "gift" in names(shop)
    await shop.tap(Tap.METHOD, "gift")
    await shop.until(Stage.CHOOSING)
    assert shop.state.paying.paid == Money(2000, "EUR")
    await shop.tap(Tap.CANCEL)
    await asyncio.sleep(1)


async def pass_days(shop: PayShop, days: float, life_s: float = 0) -> None:
    """Time passes in one life, or in lives of `life_s` each."""
    left_s = days * DAY_S
    while left_s > 0:
        giving = asyncio.ensure_future(GivingBack(shop.cashier, shop.till.register, shop).run())
        await asyncio.sleep(min(left_s, life_s or left_s))
        giving.cancel()
        left_s -= life_s or left_s


def outcomes(shop: PayShop) -> list[tuple[str, str]]:
    return [(str(closed.outcome), closed.reason) for closed in shop.closed()][2:]


def test_after_three_days_of_silence_a_person_has_it_and_nobody_asks_again(
    shop: PayShop, gift: Silent
) -> None:
    async def story() -> None:
        await give_up(shop)
        await pass_days(shop, 2.9)
        assert outcomes(shop) == []
        assert gift.asked > 60
        await pass_days(shop, 0.5)
        assert outcomes(shop) == [("person", "silent")]
        asked, gift.answers = gift.asked, True
        shop.cut()
        await pass_days(shop, 2)
        assert gift.asked == asked
        assert not shop.book.dues()

    shop.loop.live(story())
    assert shop.accounts() == {"settlement/gift": 2000, "refund-due": -2000}


def test_a_provider_that_comes_back_in_time_gives_it_back(shop: PayShop, gift: Silent) -> None:
    async def story() -> None:
        await give_up(shop)
        await pass_days(shop, 2.5)
        gift.answers = True
        await pass_days(shop, 0.2)

    shop.loop.live(story())
    assert outcomes(shop) == [("refunded", "")]
    assert shop.accounts() == {}


def test_an_object_that_was_switched_off_for_a_week_asks_before_it_calls_anybody(
    shop: PayShop, gift: Silent
) -> None:
    async def story() -> None:
        await give_up(shop)
        await asyncio.sleep(7 * DAY_S)
        await pass_days(shop, 1 / 24, life_s=60)
        assert outcomes(shop) == [], "in a minute it is asked for some four times"
        gift.answers = True
        await pass_days(shop, 0.1)

    shop.loop.live(story())
    assert outcomes(shop) == [("refunded", "")]
