"""Larger letters and a voice are one shopper's; and what was scanned is not forgotten without a word."""

import asyncio
from collections.abc import Callable

import pytest

from edge.checkout.state import Answer, NoticeKind, Stage, State, Tap
from edge.checkout.till import Till
from edge.events import Left, Presented, Scanned
from tests.checkout.till_hand import SWEATER, Hand, catalogue, item

RED = item(SWEATER, 1)


def tap(till: Till, what: Tap, value: str | None = None) -> Answer:
    return asyncio.run(till.tap(what, till.state.number, value))


def wishes(state: State) -> tuple[bool, bool, str]:
    return state.larger, state.listens, state.language


@pytest.fixture
def mirror(hands: Callable[[str], Hand]) -> tuple[Hand, Till]:
    hand = hands("mirror")
    till = hand.till()
    till.use(catalogue())
    return hand, till


def test_a_tap_makes_it_larger_or_heard_and_another_takes_it_back(mirror: tuple[Hand, Till]) -> None:
    _, till = mirror
    till.hear(Presented(RED))
    number = till.state.number
    assert tap(till, Tap.LARGER) is tap(till, Tap.LISTEN) is Answer.ACCEPTED
    assert wishes(till.state) == (True, True, "en")
    tap(till, Tap.LARGER)
    tap(till, Tap.LISTEN)
    assert wishes(till.state) == (False, False, "en")
    assert till.state.number == number  # the same goods at the same price: a tap on it still counts


def test_larger_letters_end_with_the_shopper(mirror: tuple[Hand, Till]) -> None:
    _, till = mirror
    till.hear(Presented(RED))
    tap(till, Tap.LARGER)
    tap(till, Tap.LISTEN)
    tap(till, Tap.BUY)
    assert wishes(till.state) == (True, True, "en")
    tap(till, Tap.DONE)
    assert wishes(till.state) == (False, False, "en")


def test_whoever_goes_without_buying_leaves_no_wishes_behind(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    for what, value in ((Tap.LARGER, None), (Tap.LISTEN, None), (Tap.LANGUAGE, "de")):
        tap(till, what, value)
    hand.pass_seconds(61)
    till.tick()
    assert wishes(till.state) == (True, True, "de")  # the goods are still there, and so are they
    till.hear(Left(RED))
    hand.pass_seconds(59)
    till.tick()
    assert wishes(till.state) == (True, True, "de")
    hand.pass_seconds(1)
    till.tick()
    assert wishes(till.state) == (False, False, "en")


def asked(till: Till) -> bool:
    return NoticeKind.STILL_THERE in {notice.kind for notice in till.state.notices}


def test_what_was_scanned_is_asked_for_before_it_is_forgotten(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Scanned(SWEATER, SWEATER))
    hand.pass_seconds(59)
    till.tick()
    assert not asked(till)
    hand.pass_seconds(1)
    till.tick()
    assert asked(till)
    tap(till, Tap.STAY)
    assert not asked(till)
    hand.pass_seconds(121)
    till.tick()
    assert till.state.stage is Stage.IDLE


def test_goods_in_a_hand_are_asked_for_by_nobody(mirror: tuple[Hand, Till]) -> None:
    hand, till = mirror
    till.hear(Presented(RED))
    hand.pass_seconds(300)
    till.tick()
    assert till.state.stage is Stage.OFFERED
    assert not asked(till)
