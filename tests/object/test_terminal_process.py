"""A real object at a card terminal, with everything that goes wrong at one, and the end of its day."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_sync.contract.facts import DayClosed, Handed, PaymentClosed, PaymentIntent
from tests.object.real_hub import eventually
from tests.object.terminal_shop import READER, TerminalShop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[TerminalShop]:
    running = TerminalShop(tmp_path)
    try:
        yield running
    finally:
        running.close()


def test_a_day_at_the_terminal_loses_no_payment_and_doubles_none(shop: TerminalShop) -> None:
    shop.until_online(online=True)
    a_card_with_a_pin(shop)
    a_card_that_is_declined(shop)
    a_cable_that_is_pulled(shop)
    a_runtime_that_is_killed(shop)
    taken = Handed(len(shop.sales()), shop.held_minor)
    a_card_at_the_hub(shop)
    assert "done" in shop.hub.command("order", "panel-7", "end-of-day", "--wait")
    eventually(lambda: bool(_days(shop)), "the day is closed")
    (day,) = _days(shop)
    assert day.own == day.told == taken
    shop.until_synced()
    assert shop.troubles() == []


def a_card_with_a_pin(shop: TerminalShop) -> None:
    shop.pay_by("zvt")
    shop.prompted("card")
    shop.do("insert", card="girocard")
    shop.prompted("pin-pad")
    shop.do("pin", right=False)
    shop.prompted("right-pin")
    shop.do("pin")
    shop.prompted("remove-card")
    shop.do("remove")
    shop.shows("done")
    check(shop, sales=1)
    shop.leave()


def a_card_that_is_declined(shop: TerminalShop) -> None:
    shop.do("decline")
    shop.pay_by("zvt")
    shop.prompted("card")
    shop.do("tap")
    shop.shows("declined")
    assert shop.state()["outcome"] == "declined"
    check(shop, sales=1)
    shop.tap("retry")
    shop.prompted("card")
    shop.do("tap")
    shop.shows("done")
    check(shop, sales=2)
    shop.leave()


def a_cable_that_is_pulled(shop: TerminalShop) -> None:
    """While the bank is asked: nobody knows, the terminal is asked again and again, and it knows."""
    shop.do("host", delay_ms=1_500)
    shop.pay_by("zvt")
    shop.prompted("card")
    shop.do("tap", card="mastercard")
    shop.prompted("host")
    shop.cable.cut()
    shop.sees(lambda state: state["screen"] in {"done", "declined"}, "it is found out")
    check(shop, sales=3 if shop.state()["screen"] == "done" else 2)


def a_runtime_that_is_killed(shop: TerminalShop) -> None:
    """Kill -9 while the bank is asked: the next start asks, and never sends it again."""
    shop.until_idle()
    before = len(shop.sales())
    shop.pay_by("zvt")
    shop.prompted("card")
    shop.do("tap")
    shop.prompted("host")
    shop.kill_runtime()
    eventually(lambda: len(_ended(shop)) == _meant(shop), "every attempt has an end")
    check(shop, sales=len(shop.sales()))
    assert before <= len(shop.sales()) <= before + 1
    shop.do("host")
    shop.until_idle()


def a_card_at_the_hub(shop: TerminalShop) -> None:
    """The hub has an account: its process has read payments.toml."""
    shop.pay_by("stripe")
    eventually(lambda: _is_asked(shop), "Stripe's reader waits for a card")
    shop.stripe.tap(READER)
    shop.shows("done")
    shop.leave()
    assert shop.stripe.net_minor("eur") == shop.sold_minor("stripe") > 0


def check(shop: TerminalShop, sales: int) -> None:
    """So many sales, and the terminal's own books have exactly their money."""
    assert len(shop.sales()) == sales
    assert shop.held_minor == shop.sold_minor("zvt")


def _is_asked(shop: TerminalShop) -> bool:
    return any(asked.route.endswith("process_payment_intent") for asked in shop.stripe.asked)


def _days(shop: TerminalShop) -> list[DayClosed]:
    return [fact for fact in shop.facts() if isinstance(fact, DayClosed)]


def _meant(shop: TerminalShop) -> int:
    return sum(isinstance(fact, PaymentIntent) for fact in shop.facts())


def _ended(shop: TerminalShop) -> set[str]:
    paid = {paid.attempt for sale in shop.sales() for paid in sale.payments or ()}
    return paid | {fact.attempt for fact in shop.facts() if isinstance(fact, PaymentClosed)}
