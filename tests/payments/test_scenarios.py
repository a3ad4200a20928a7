"""Ways in which shops really lost money, each with a public report of it: none of them happens here."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from edge.checkout.payments.provider import Said
from edge.commands import StartPayment
from proofs.luck import seeded
from tests.drivers.zvt.paper import APPROVED, YES, Desk, results
from tests.payments.bank import BEHAVIOURS, Behaviour, Kind
from tests.payments.day import AGAIN, ONCE, Day
from tests.payments.life import DEV, SHOP
from tests.payments.scene import CURRENCY, TOTAL_MINOR, Scene
from tests.payments.worlds import Case, bank, crashes, run

DATA: Final = Path(__file__).parents[2] / os.environ.get("OPOS_DATA", "../shared/data")
SCENARIOS: Final = DATA / "payments" / "faults" / "scenarios.json"


def _cut(kind: Kind, behaviour: Behaviour, name: str) -> None:
    """The same, with the power gone at every step."""
    BEHAVIOURS[name] = behaviour
    try:
        crashes(Case((kind,), (name,)), random.Random(1), 80)
    finally:
        del BEHAVIOURS[name]


def capture_fails_after_auth() -> None:
    day = Day("holds", Behaviour(captures="lost"))
    day.ended()
    assert (day.told, day.captures) == (["paid"], 1)
    _cut("holds", Behaviour(captures="lost"), "capture fails")


def error_swallowed_marked_paid() -> None:
    day = Day("knows", Behaviour(dead=True, answer="lost"))
    ledger = day.ended()
    assert day.told == ["person"]
    assert not ledger.sales


def webhook_missing() -> None:
    day = Day("knows", Behaviour(answer="silence"))
    day.ended()
    assert (day.told, day.captures) == (["paid"], 1)


def webhook_duplicate() -> None:
    day = Day("knows", BEHAVIOURS["duplicate push"])
    ledger = day.ended()
    assert (day.told, day.captures, len(ledger.sales)) == (["paid"], 1, 1)


def late_success_after_error() -> None:
    day = Day("knows", BEHAVIOURS["late"])
    ledger = day.ended()
    assert day.told == ["cancelled"]
    assert [end["outcome"] for end in ledger.ends["attempt-1-1"]] == ["cancelled", "refund-due", "refunded"]


def older_failure_after_success() -> None:
    day = Day("knows", BEHAVIOURS["declined"], BEHAVIOURS["ok"], shoppers=[AGAIN])
    for after_s, attempt in ((30.0, "attempt-1-1"), (40.0, "attempt-1-2")):
        day.pushed(after_s, attempt, Said("declined"))
    ledger = day.ended()
    assert day.told == ["declined", "paid"]
    assert [*ledger.paid] == ["attempt-1-2"]


def payment_without_order() -> None:
    left: list[Scene] = []
    scene = Scene([bank("psp", "knows", BEHAVIOURS["ok"])])
    run(
        scene,
        [ONCE],
        watch=lambda _step, name: left.append(scene.copied()) if name.endswith("sent") else None,
    )
    assert left
    for each in left:
        each.dark(40_000.0)
        assert [*run(each).sales] == ["sale-1"], "the journal knew the sale before the provider did"
        each.over()
    scene.over()


def tcp_split_answer() -> None:
    for at in range(1, len(APPROVED) // 2):
        desk = Desk().registered()
        desk.order(StartPayment("attempt-1", 1_995, "EUR"))
        read = desk.terminal(YES, APPROVED[: 2 * at], APPROVED[2 * at :])
        assert [(each.result_code, each.amount_minor) for each in results(read)] == [(0, 1_995)], (
            f"cut at {at}"
        )


def client_and_webhook_race() -> None:
    ours = Said("captured", TOTAL_MINOR, CURRENCY)
    for after_s in (2.1, 2.15, 2.1525, 2.2, 2.25):
        day = Day("knows", BEHAVIOURS["ok"]).pushed(after_s, "attempt-1-1", ours)
        ledger = day.ended()
        assert (day.told, len(ledger.sales), day.captures) == (["paid"], 1, 1)


def connectivity_lost_after_request() -> None:
    day = Day("fenced", Behaviour(dead=True, answer="silence"))
    ledger = day.ended()
    assert day.told == ["person"]
    assert [person["reason"] for person in ledger.persons] == ["unknown"]


def paid_after_expiry() -> None:
    for kind in ("knows", "fenced"):
        day = Day(kind, Behaviour(takes_s=5_000, answer="silence", lies=True))
        ledger = day.ended()
        assert day.captures == 1
        assert [end["outcome"] for end in ledger.ends["attempt-1-1"]][1:] == ["refund-due", "refunded"]


def alipay_unknown() -> None:
    day = Day("knows", BEHAVIOURS["lost request"])
    day.ended()
    assert day.told == ["cancelled"]
    assert day.bank.tombs == {"attempt-1-1"}, "what might still come is refused"


def adyen_no_response() -> None:
    for behaviour, shown in (
        (Behaviour(answer="silence", takes_s=100.0), "cancelled"),
        (Behaviour(answer="silence"), "paid"),
        (Behaviour(answer="silence", arrives_s=None), "cancelled"),
    ):
        day = Day("knows", behaviour)
        day.ended()
        assert day.told == [shown]


def idempotency_key_expired() -> None:
    left: list[Scene] = []
    scene = Scene([bank("psp", "knows", BEHAVIOURS["lost request"])])
    run(scene, [ONCE], watch=lambda _step, _name: left.append(scene.copied()))
    for each in left:
        each.dark(3 * 86_400.0)
        run(each)
        assert max(each.banks["psp"].starts.values(), default=0) <= 1, "it is looked up, and never sent again"
        each.over()
    scene.over()


def power_cut_after_status_info() -> None:
    _cut("fenced", Behaviour(answer="lost", reverses=True), "reverses by itself")
    day = Day("fenced", Behaviour(answer="silence", reverses=True))
    ledger = day.ended()
    assert day.told == ["cancelled"]
    assert not ledger.sales


def sdk_409_shown_as_decline() -> None:
    day = Day("knows", BEHAVIOURS["lost reply"])
    day.ended()
    assert day.told == ["paid"]


def stock_gone_after_charge() -> None:
    day = Day("knows", BEHAVIOURS["ok"])
    day.shop = msgspec.structs.replace(SHOP, sells_from=DEV)  # whose book stock is nothing
    (sale,) = day.ended().sales.values()
    assert [(move["giver"], move["taker"]) for move in sale["moves"]] == [("count", DEV), (DEV, "sold")]


def shopper_sees_failure_buys_again() -> None:
    taps = [msgspec.structs.replace(AGAIN, comes_s=after_s) for after_s in (0.0, 1.0, 6.0, 20.0, 44.0, 100.0)]
    day = Day("knows", Behaviour(answer="silence"), shoppers=taps)
    day.ended()
    assert (day.told, day.captures) == (["paid"], 1)


def reversal_hits_other_transaction() -> None:
    day = Day("fenced", Behaviour(per_cent=40, refunds="other"))
    ledger = day.ended()
    assert [person["amount_minor"] for person in ledger.persons] == [TOTAL_MINOR * 40 // 100]


CHECKS: Final[dict[str, Callable[[], None]]] = {
    test.__name__: test
    for test in (
        capture_fails_after_auth,
        error_swallowed_marked_paid,
        webhook_missing,
        webhook_duplicate,
        late_success_after_error,
        older_failure_after_success,
        payment_without_order,
        tcp_split_answer,
        client_and_webhook_race,
        connectivity_lost_after_request,
        paid_after_expiry,
        alipay_unknown,
        adyen_no_response,
        idempotency_key_expired,
        power_cut_after_status_info,
        sdk_409_shown_as_decline,
        stock_gone_after_charge,
        shopper_sees_failure_buys_again,
        reversal_hits_other_transaction,
    )
}


@pytest.mark.parametrize("name", CHECKS)
def test_what_once_lost_money_somewhere_loses_none_here(name: str) -> None:
    check = CHECKS[name]
    with seeded(1):
        check()


def test_every_public_scenario_is_a_test() -> None:
    if not SCENARIOS.exists():
        pytest.skip(f"no public scenarios at {SCENARIOS}: set OPOS_DATA")
    assert {scenario["id"] for scenario in json.loads(SCENARIOS.read_text())} == {*CHECKS}
