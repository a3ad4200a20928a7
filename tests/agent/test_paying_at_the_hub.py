"""A payment at the hub, with every process killed in its middle: charged once, and never forgotten."""

import hashlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.checkout.payments.cashier import Result
from tests.agent.line_world import Broker, Cable
from tests.agent.paying_world import CODE, PayingWorld
from tests.hub.paper_provider import Break
from tests.long_form import LONG


@pytest.fixture
def world(
    tmp_path: Path, broker: Broker, cable: Cable, caplog: pytest.LogCaptureFixture
) -> Iterator[PayingWorld]:
    caplog.set_level("DEBUG")
    running = PayingWorld(tmp_path, broker, cable)
    yield running
    running.close()
    assert CODE not in caplog.text
    for name, data in running.written().items():
        assert CODE.encode() not in data, f"{name} knows what the shopper showed"


def test_a_shopper_pays_and_the_provider_has_it_once(world: PayingWorld) -> None:
    ended = world.life.pay().result(60)

    assert (ended.result, world.charged()) == (Result.PAID, [1])
    world.until(lambda: world.life.journal.acked == world.life.journal.head, "the hub has the sale")
    assert world.hub.told().asked == ["start"]
    assert world.hub.told().codes == [hashlib.sha256(CODE.encode()).hexdigest()]


BREAKS = {
    "the answer is lost": ([Break.ON_THE_WAY_BACK], Result.PAID),
    "the question is lost": ([Break.ON_THE_WAY], Result.CANCELLED),
    "the answers are lost twice": ([Break.ON_THE_WAY_BACK, Break.ON_THE_WAY_BACK], Result.PAID),
}


@pytest.mark.parametrize(("moods", "result"), BREAKS.values(), ids=BREAKS)
def test_a_provider_that_cannot_be_heard_is_asked_until_it_is(
    world: PayingWorld, moods: list[Break], result: Result
) -> None:
    world.hub.wish(moods=moods)

    assert world.life.pay().result(60).result is result

    assert world.charged() == ([1] if result is Result.PAID else [])


@pytest.mark.parametrize("mood", [Break.HUB_BEFORE, Break.HUB_AFTER])
def test_a_hub_that_is_killed_while_it_asks_charges_once_at_most(world: PayingWorld, mood: Break) -> None:
    world.hub.wish(moods=[mood])
    paying = world.life.pay()
    assert world.hub.wait() == 9

    world.hub.start()

    charged = mood is Break.HUB_AFTER
    assert paying.result(60).result is (Result.PAID if charged else Result.CANCELLED)
    assert world.charged() == ([1] if charged else [])


def test_an_agent_that_is_killed_while_the_shopper_decides_is_missed_by_nobody(
    world: PayingWorld,
) -> None:
    world.hub.wish(verdict="in-progress")
    paying = world.life.pay()
    world.until(lambda: "query" in world.hub.told().asked, "the hub is asked how it stands")
    world.kill_agent()
    (attempt,) = world.hub.told().state
    world.hub.wish(state={attempt: "captured"}, charged={attempt: 1})

    world.start_agent()

    assert paying.result(60).result is Result.PAID
    assert world.charged() == [1]


def test_an_object_that_is_killed_asks_when_it_is_back_and_never_pays_again(world: PayingWorld) -> None:
    world.hub.wish(verdict="in-progress")
    world.life.pay()
    world.until(lambda: "query" in world.hub.told().asked, "the hub is asked how it stands")
    (attempt,) = world.hub.told().state
    world.kill_object()
    world.hub.wish(state={attempt: "captured"}, charged={attempt: 1})

    world.until(lambda: world.life.ended, "it has an end")

    assert [ended.result for ended in world.life.ended] == [Result.PAID]
    assert (world.charged(), world.hub.told().asked.count("start")) == ([1], 1)


def test_a_line_that_swallows_the_question_delays_it_and_doubles_nothing(world: PayingWorld) -> None:
    world.cable.go_dead()
    paying = world.life.pay()
    world.until(lambda: not world.life.questions.hub_answers, "the agent sees that nobody answers")

    world.cable.heal()

    assert paying.result(60).result in {Result.PAID, Result.CANCELLED}
    assert world.charged() == ([1] if paying.result().result is Result.PAID else [])


def test_while_the_hub_is_away_nothing_is_begun(world: PayingWorld) -> None:
    world.hub.kill()
    world.kill_agent()
    world.until(lambda: not world.life.questions.hub_answers, "the object knows")

    assert world.life.pay().result(60).result is Result.UNAVAILABLE

    world.hub.start()
    world.start_agent()
    world.until_up()
    assert list(world.life.cashier.book.of_sale("s1")) == [], "nothing was meant, so nothing is to be asked"
    assert world.hub.told().asked == []


def test_what_is_due_goes_back_by_the_hub_once(world: PayingWorld) -> None:
    assert world.life.pay(minor=500).result(60).result is Result.PART
    world.life.give_back()

    world.life.do(world.life.cashier.give_up("s1", "left"))

    world.until(lambda: not world.life.cashier.book.dues(), "it has gone back")
    assert sum(world.hub.told().refunded.values()) == 1
    assert world.life.pay("s2").result(60).result is Result.PAID


_MOODS = [Break.NOWHERE, Break.ON_THE_WAY, Break.ON_THE_WAY_BACK, Break.HUB_BEFORE, Break.HUB_AFTER]


@pytest.mark.parametrize("seed", range(3 if LONG else 1))
def test_after_a_bad_day_what_is_paid_is_what_the_provider_has(world: PayingWorld, seed: int) -> None:
    luck = random.Random(seed)
    sales = [f"s{number}" for number in range(5)]
    for sale in sales:
        world.hub.wish(moods=luck.choices(_MOODS, k=2), verdict=luck.choice(("captured", "declined")))
        pay_through(world, sale, luck.choice((world.change_agent, world.kill_object, world.cable.cut)))

    lines = [line for sale in sales for line in world.life.cashier.book.of_sale(sale)]
    paid = sorted(line.attempt.id for line in lines if line.standing == "paid")
    told = world.hub.told()
    assert paid == sorted(attempt for attempt, times in told.charged.items() if times)
    assert set(told.charged.values()) <= {0, 1}
    assert told.asked.count("start") <= len(lines) == len(sales)


def pay_through(world: PayingWorld, sale: str, accident: Callable[[], None]) -> None:
    """A shopper pays; there is an accident once somebody has heard of it, and everything comes up again."""
    heard = len(world.hub.told().asked)
    paying = world.life.pay(sale)
    world.until(
        lambda: paying.done() or not world.hub.lives or len(world.hub.told().asked) > heard, "it is heard of"
    )
    world.tend_hub()
    accident()

    def is_over() -> bool:
        world.tend_hub()
        return world.life.questions.hub_answers and not world.life.cashier.is_busy(sale)

    world.until(is_over, "it has an end")
