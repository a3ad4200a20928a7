"""What the checkout's figures are taken with: goals, and a till that really sells. Nothing measures time."""

import pytest

from benchmarks.checkout import BENCHMARKS, tap
from edge.checkout.sale import Shop

# The numbers that were promised, said here once more: a goal that is moved shows.
PROMISED = {
    "tap-to-sale": "ratio <= 5",
    "tap-to-sale-account": "ratio <= 5",
    "pricing": "value <= 2",
    "catalogue-lookup": "value <= 1",
}


def test_every_promised_number_stands_beside_its_goal() -> None:
    goals = {each.name: str(each.goal) for each in BENCHMARKS if each.goal is not None}
    assert {name: goals.get(name) for name in PROMISED} == PROMISED


@pytest.mark.parametrize("shop", [tap.BY_CARD, tap.ON_ACCOUNT])
def test_every_shopper_of_the_bench_buys_with_one_tap_and_a_sync_is_taken_after_each(shop: Shop) -> None:
    sold, synced = tap.in_turns_ms(shop, 3)
    assert len(sold) == len(synced) == 3
    assert min(*sold, *synced) > 0


def test_value_and_ceiling_are_of_the_same_run_whoever_is_asked_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = iter([([1.0] * 300, [2.0] * 300), ([3.0] * 300, [4.0] * 300)])
    monkeypatch.setattr(tap, "in_turns_ms", lambda _shop, _sales: next(runs))
    turns = tap.Turns(tap.BY_CARD, 99)
    assert (turns.sold_ms(), turns.synced_ms(), turns.synced_ms(), turns.sold_ms()) == (1.0, 2.0, 4.0, 3.0)
