"""Bugs of a card terminal's provider that we know how to make: each shows on one of the bad days."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final
from unittest.mock import patch

import msgspec
import pytest

from edge.checkout.payments import terminal, traces
from edge.checkout.payments.provider import Said
from edge.checkout.payments.terminal import TerminalProvider
from edge.checkout.payments.traces import History, Mark
from edge.readings import TerminalResult
from tests.payments.oracle import BrokenPromiseError
from tests.payments.zvt.shop import DAYS, NEXT, ONCE, Cut, World, told_of_the_one_before

Made = Callable[[], AbstractContextManager[Any]]


def _evidence_is_the_end() -> AbstractContextManager[Any]:
    async def first(told: Any) -> TerminalResult:
        result: TerminalResult = await told.get()
        return result

    return patch.object(terminal, "_end", first)


def _reversal_looks_like_a_payment() -> AbstractContextManager[Any]:
    note = History.note

    def blind(self: History, told: TerminalResult, currency: str) -> Any:
        return note(self, msgspec.structs.replace(told, original=None), currency)

    return patch.object(History, "note", blind)


def _no_fence() -> AbstractContextManager[Any]:
    judged = traces.judged

    def anything(history: History, fence: Mark, *rest: Any) -> Said | None:
        return judged(history, Mark(fence.terminal, 0), *rest)

    return patch.object(terminal, "judged", anything)


def _silence_is_a_decline() -> AbstractContextManager[Any]:
    return patch.object(traces, "UNKNOWN", Said("declined"))


def _claims_are_forgotten() -> AbstractContextManager[Any]:
    return patch.object(TerminalProvider, "_place", lambda *_: None)


MUTANTS: Final[dict[str, tuple[Made, str]]] = {
    "evidence is the end": (_evidence_is_the_end, "lost answer"),
    "a reversal looks like a payment": (_reversal_looks_like_a_payment, "lost answer"),
    "no fence": (_no_fence, "lost request"),
    "silence is a decline": (_silence_is_a_decline, "lost reply"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_bug_that_we_know_how_to_make_does_not_stay_hidden(name: str) -> None:
    made, day = MUTANTS[name]
    with made(), pytest.raises(BrokenPromiseError):
        _played(day)


def _played(day: str) -> None:
    """A day, and with the power gone at every step of its payment."""
    World(DAYS[day]).live([ONCE])
    for step in range(40):
        world = World(DAYS[day])
        world.live([ONCE], Cut(step))
        world.live([NEXT])


def test_a_payment_that_is_forgotten_to_be_somebodys_pays_for_a_second_sale() -> None:
    with _claims_are_forgotten(), pytest.raises(BrokenPromiseError):
        told_of_the_one_before()
