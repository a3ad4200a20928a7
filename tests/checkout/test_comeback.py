"""A till that was started anew in the middle of a purchase: what is still there, and what is nobody's."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from edge.checkout.comeback import Kept
from edge.checkout.state import NoticeKind, Stage, Tap
from edge.checkout.till import Till
from edge.events import BackInService, OutOfService, Presented, Scanned
from retail.tender import Outcome
from tests.checkout.pay_shop import Machine, PayShop
from tests.checkout.till_hand import COFFEE, SWEATER, Hand, catalogue, item

BAG, WOOL = Scanned(COFFEE, COFFEE), Scanned(SWEATER, SWEATER, "8")


@pytest.fixture
def hand(hands: Callable[[str], Hand]) -> Hand:
    return hands("mirror")


@pytest.fixture
def till(hand: Hand) -> Till:
    return began(hand)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[PayShop]:
    made = PayShop(tmp_path / "ledger.db", Machine())
    made.till.link(up=True)
    yield made
    made.close()


def began(hand: Hand, kept: Kept | None = None) -> Till:
    till = hand.till() if kept is None else hand.till(kept)
    till.use(catalogue())
    till.tick()
    return till


def tap(till: Till, what: Tap, value: str | None = None) -> None:
    asyncio.run(till.tap(what, till.state.number, value))


def bought(till: Till) -> dict[str, int]:
    return {line.goods.gtin: line.units for line in till.state.lines}


def test_what_was_scanned_is_on_the_bill_again(hand: Hand, till: Till) -> None:
    for label in (BAG, BAG, WOOL):
        till.hear(label)
    before = till.state
    again = began(hand, till.comeback.keep())
    assert (again.state.lines, again.state.total) == (before.lines, before.total)
    tap(again, Tap.CANCEL)
    assert again.state.lines == ()


def test_after_a_second_death_it_is_still_there_and_once(hand: Hand, till: Till) -> None:
    till.hear(BAG)
    dies_at_once = hand.till(till.comeback.keep())
    again = began(hand, dies_at_once.comeback.keep())
    assert bought(again) == {COFFEE: 1}
    again.tick()
    assert bought(began(hand, again.comeback.keep())) == {COFFEE: 1}


def test_it_waits_until_the_devices_answer(hand: Hand, till: Till) -> None:
    till.hear(BAG)
    again = hand.till(till.comeback.keep())
    again.hear(OutOfService("reader", "device.waiting"))
    again.use(catalogue())
    again.tick()
    assert bought(again) == {}
    again.hear(BackInService())
    assert bought(again) == {COFFEE: 1}


def test_goods_that_somebody_else_left_long_ago_are_nobodys(hand: Hand, till: Till) -> None:
    till.hear(BAG)
    hand.pass_seconds(121)
    assert bought(began(hand, till.comeback.keep())) == {}


def test_a_shopper_who_is_slow_and_still_there_keeps_them(hand: Hand, till: Till) -> None:
    till.hear(BAG)
    hand.pass_seconds(90)
    till.tick()
    tap(till, Tap.STAY)
    hand.pass_seconds(90)
    assert bought(began(hand, till.comeback.keep())) == {COFFEE: 1}


def test_a_pack_in_view_that_has_a_tag_is_one_pack(hand: Hand, till: Till) -> None:
    till.hear(Scanned(SWEATER, SWEATER))
    kept = till.comeback.keep()
    again = began(hand, kept)
    again.hear(Presented(item(SWEATER, 8)))
    assert bought(again) == {SWEATER: 1}


@pytest.mark.parametrize(
    ("choices", "reads"),
    [
        (((Tap.LANGUAGE, "de"),), ("de", False, False)),
        (((Tap.LARGER, None), (Tap.LISTEN, None)), ("en", True, True)),
    ],
)
def test_whoever_reads_otherwise_goes_on_reading_so(
    hand: Hand, till: Till, choices: tuple[tuple[Tap, str | None], ...], reads: tuple[str, bool, bool]
) -> None:
    till.hear(Presented(item(SWEATER, 1)))
    for what, value in choices:
        tap(till, what, value)
    state = began(hand, till.comeback.keep()).state
    assert (state.language, state.larger, state.listens) == reads


def test_a_receipt_that_was_put_away_is_not_shown_again(hand: Hand, till: Till) -> None:
    till.hear(BAG)
    tap(till, Tap.BUY)
    assert began(hand, till.comeback.keep()).state.stage is Stage.DONE
    again = began(hand, till.comeback.keep())
    tap(again, Tap.DONE)
    assert began(hand, again.comeback.keep()).state.stage is Stage.IDLE


def test_goods_that_were_sold_are_not_on_the_next_bill(hand: Hand, till: Till) -> None:
    """Killed between the sale and the word of it: the books know more than what was kept."""
    till.hear(BAG)
    kept = till.comeback.keep()
    tap(till, Tap.BUY)
    again = began(hand, kept)
    assert (again.state.stage, bought(again)) == (Stage.DONE, {})
    tap(again, Tap.DONE)
    again.tick()
    assert bought(again) == {}


def test_a_sale_leaves_nothing_to_be_kept(till: Till) -> None:
    till.hear(BAG)
    tap(till, Tap.BUY)
    tap(till, Tap.DONE)
    assert msgspec.structs.replace(till.comeback.keep(), put_away="") == Kept()


CAME_TO: Final[list[tuple[Outcome, Stage, dict[str, int], NoticeKind | None]]] = [
    ("captured", Stage.DONE, {}, None),
    ("unknown", Stage.UNKNOWN, {}, None),
    ("declined", Stage.OFFERED, {COFFEE: 1}, NoticeKind.NOT_CHARGED),
]


@pytest.mark.parametrize(("outcome", "stage", "lines", "said"), CAME_TO)
def test_of_a_payment_that_was_cut_off_it_is_found_out_first(
    shop: PayShop, outcome: Outcome, stage: Stage, lines: dict[str, int], said: NoticeKind | None
) -> None:
    machine = shop.machines["zvt"]
    machine.plan = [(outcome, 1.0)]

    kept: list[Kept] = []

    async def story() -> None:
        shop.till.subscribe(lambda: kept.append(shop.till.comeback.keep()))
        shop.till.hear(BAG)
        await shop.tap(Tap.BUY)
        await shop.tap(Tap.METHOD, "zvt")
        await asyncio.sleep(0.5)  # the machine is at work
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            if "see_paid" in repr(task) or "Pursuit" in repr(task):
                task.cancel()
        shop.cut()
        shop.till.checks(payment=True)
        shop.till.comeback.resume(kept[-1])
        shop.till.tick()
        assert bought(shop.till) == {}
        machine._stands[machine.attempts[0].id] = outcome
        await shop.cashier.recover()
        shop.till.checks(payment=False)
        shop.till.tick()

    shop.live(story)
    assert (shop.state.stage, bought(shop.till)) == (stage, lines)
    assert [notice.kind for notice in shop.state.notices] == ([] if said is None else [said])
