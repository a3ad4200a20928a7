"""The cashier, one day at a time: what each of its rules is for."""

from typing import Any

import msgspec
import pytest

from edge.checkout.payments.cashier import SaleBusyError
from edge.checkout.payments.provider import Attempt, Said
from edge.checkout.payments.pursuit import Came, Pursuit
from edge.readings import Nanoseconds
from proofs.loop import SimulatedLoop
from proofs.luck import seeded
from tests.payments.bank import BEHAVIOURS, Bank, Behaviour, Kind
from tests.payments.day import ONCE, Day
from tests.payments.life import Life
from tests.payments.scene import CURRENCY, TOTAL_MINOR, Part, Scene, Shopper, draft
from tests.payments.wire import Wire
from tests.payments.worlds import KINDS, bank, run

OK = BEHAVIOURS["ok"]


@pytest.fixture(autouse=True)
def _in_a_world_of_its_own() -> Any:
    with seeded(1):
        yield


def test_who_has_had_enough_before_the_request_left_was_never_charged() -> None:
    day = Day("fenced", OK).then(0.01, lambda life: life.cashier.stop("sale-1"))
    ledger = day.ended()
    assert day.told == ["cancelled"]
    assert not day.bank.starts
    assert not ledger.intents


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after_s", [0.01, 0.051, 0.06, 0.11, 1.0, 2.11])
def test_a_sale_that_is_given_up_while_it_is_paid_gives_everything_back(kind: Kind, after_s: float) -> None:
    parts = Shopper("sale-1", (Part("psp", 400), Part("psp", TOTAL_MINOR - 400, tries=1)))
    day = Day(kind, OK, Behaviour(takes_s=5.0), shoppers=[parts])
    day.then(2.3 + after_s, lambda life: life.cashier.give_up("sale-1", "left"))
    ledger = day.ended()
    assert not ledger.sales
    assert not day.bank.net_minor


def test_a_sale_that_is_paid_is_not_paid_again() -> None:
    refused: list[type[Exception]] = []

    async def again(life: Life) -> None:
        with pytest.raises(ValueError, match="expected a part of 0") as error:
            await life.cashier.pay(draft("sale-1"), "psp", TOTAL_MINOR)
        refused.append(error.type)

    day = Day("knows", OK).then(10.0, again)
    day.ended()
    assert refused
    assert day.captures == 1


def test_a_basket_that_changed_is_another_sale() -> None:
    refused: list[str] = []

    async def changed(life: Life) -> None:
        other = msgspec.structs.replace(draft("sale-1"), language="de")
        with pytest.raises(ValueError, match="another sale") as error:
            await life.cashier.pay(other, "psp", TOTAL_MINOR)
        refused.append(str(error.value))

    day = Day("knows", BEHAVIOURS["declined"]).then(10.0, changed)
    day.ended()
    assert refused


def test_a_second_tap_while_the_terminal_is_still_asked_for_its_number_is_refused() -> None:
    refused: list[str] = []

    async def again(life: Life) -> None:
        with pytest.raises(SaleBusyError) as error:
            await life.cashier.pay(draft("sale-1"), "psp", TOTAL_MINOR)
        refused.append(str(error.value))

    day = Day("fenced", OK).then(0.01, again)
    day.ended()
    assert refused
    assert day.captures == 1


def test_a_refund_that_is_refused_is_a_persons_and_stays_theirs() -> None:
    day = Day("knows", Behaviour(per_cent=40, refunds="no"))
    ledger = day.ended()
    assert [(end["outcome"], end["reason"]) for end in ledger.ends["attempt-1-1"]] == [
        ("refund-due", "other-money"),
        ("person", "no-reversal"),
    ]


def test_money_in_another_currency_is_a_persons() -> None:
    day = Day("knows", Behaviour(currency="USD"))
    ledger = day.ended()
    assert day.told == ["person"]
    assert [end["reason"] for end in ledger.persons] == ["other-currency"]


def test_captured_without_an_amount_is_no_evidence() -> None:
    day = Day("knows", Behaviour(answer="silence", declines=True))
    day.pushed(1.0, "attempt-1-1", Said("captured")).pushed(1.5, "attempt-1-1", Said("captured", TOTAL_MINOR))
    ledger = day.ended()
    assert day.told == ["declined"]
    assert not ledger.sales


def test_late_money_is_back_within_two_minutes_of_coming() -> None:
    day = Day("knows", BEHAVIOURS["lookup says no, then yes"])
    day.ended()
    back = next(line for line in day.scene.story if "refunded" in line)
    assert float(back.split()[0]) < 62.0 + 120.0


def test_a_provider_that_answers_nobody_holds_up_no_refund_of_another() -> None:
    scene = Scene(
        [bank("dead", "knows", BEHAVIOURS["declined"]), bank("psp", "knows", BEHAVIOURS["partial"])]
    )
    shoppers = [
        Shopper("sale-1", (Part("dead", tries=1),)),
        Shopper("sale-2", (Part("dead", tries=1),), comes_s=5.0),
        Shopper("sale-3", (Part("psp", tries=1),), comes_s=100.0),
    ]
    scene.banks["dead"].behaviours = [BEHAVIOURS["declined"], Behaviour(dead=True, answer="lost")]
    ledger = run(scene, shoppers)
    scene.over()
    assert [person["sale"] for person in ledger.persons] == ["sale-2"]
    assert not scene.banks["psp"].net_minor


def test_a_way_to_pay_that_was_taken_out_of_the_shop_leaves_its_payments_to_a_person() -> None:
    left: list[Scene] = []
    scene = Scene([bank("psp", "knows", OK)])
    run(
        scene,
        [ONCE],
        watch=lambda _step, name: left.append(scene.copied()) if name.endswith("sent") else None,
    )
    for each in left[:1]:
        each.banks["other"] = each.banks.pop("psp")
        ledger = run(each)
        assert [person["reason"] for person in ledger.persons] == ["no-provider"]
        each.over()
    scene.over()


def test_a_recovery_that_ends_late_gives_up_no_sale_of_now() -> None:
    left: list[Scene] = []
    slow = Behaviour(takes_s=40.0, answer="in-progress")
    scene = Scene([bank("slow", "knows", slow), bank("psp", "knows", OK, Behaviour(takes_s=44.0))])
    first = Shopper("sale-1", (Part("slow"),))
    run(
        scene,
        [first],
        watch=lambda _step, name: left.append(scene.copied()) if name.endswith("sent") else None,
    )
    scene.over()
    cut = left[0]
    cut.dark(1.0)
    now = Shopper("sale-2", (Part("psp", 400), Part("psp", TOTAL_MINOR - 400, tries=1)), comes_s=10.0)
    ledger = run(cut, [now])
    cut.over()
    assert {*ledger.sales} == {"sale-1", "sale-2"}


def test_a_terminal_that_never_says_its_number_is_not_waited_for() -> None:
    day = Day("fenced", OK)
    day.bank.dead = True
    day.ended()
    assert day.told == ["unavailable"]


def test_what_was_heard_with_the_end_is_weighed_after_it() -> None:
    loop, late = SimulatedLoop(), []

    async def both() -> None:
        wire = Wire(
            Bank("psp", "knows", Behaviour(arrives_s=None, answer="silence")),
            lambda _: None,
            lambda: loop.now_ns,
        )
        clock = _Clock(loop)
        attempt = Attempt("attempt-1", "sale-1", "psp", TOTAL_MINOR, CURRENCY)
        pursuit = Pursuit(attempt, wire, clock, lambda _attempt, said: late.append(said))
        pursuit.tell(Said("declined"))
        pursuit.tell(Said("captured", TOTAL_MINOR, CURRENCY))
        end = await pursuit.run(start=True)
        assert end.came is Came.DECLINED

    loop.live(both())
    assert [said.outcome for said in late] == ["captured"]


class _Clock:
    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self._loop.now_ns)
