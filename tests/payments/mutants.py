"""Bugs that we know how to make: each is the product with one thing wrong, for as long as its block lasts."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final
from unittest.mock import patch

import msgspec

from cloud_sync.contract.facts import PaymentIntent
from edge.checkout.payments import entries, givingback, pursuit
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.cashier import Cashier, Ended, Result
from edge.checkout.payments.entries import Entries
from edge.checkout.payments.provider import Attempt, Said
from edge.checkout.payments.pursuit import Came, End, Pursuit
from retail import tender
from retail.tender import Outcome, Phase, Then
from tests.payments.wire import Wire
from tests.payments.worlds import Case


class Mutant(msgspec.Struct, frozen=True):
    """A bug: what makes it, the day on which it shows, and the promise that it breaks."""

    made: Callable[[], AbstractContextManager[Any]]
    case: Case
    breaks: str


def _table(phase: Phase, outcome: Outcome, then: Then) -> AbstractContextManager[Any]:
    """One row of the table wrong."""
    return patch.object(tender, "NEXT", {**tender.NEXT, (phase, outcome): then})


@contextmanager
def _intent_after_send() -> Iterator[None]:
    mean, pursue = Entries.mean, Cashier._pursue
    meant: dict[str, Any] = {}

    async def remember(_self: Entries, attempt: Attempt, draft: Any) -> None:
        meant[attempt.id] = draft

    async def send_first(self: Cashier, attempt: Attempt, *, start: bool) -> Ended:
        if not start:
            return await pursue(self, attempt, start=start)
        said = await self.providers[attempt.provider].start(attempt)
        await mean(self._entries, attempt, meant[attempt.id])
        return await self._settle(attempt, End(Came.PAID, said))

    with patch.object(Entries, "mean", remember), patch.object(Cashier, "_pursue", send_first):
        yield


@contextmanager
def _timeout_as_decline() -> Iterator[None]:
    with patch.object(pursuit, "UNKNOWN", Said("declined")):
        yield


@contextmanager
def _retry_with_a_new_reference() -> Iterator[None]:
    start = Wire.start

    async def again(self: Wire, attempt: Attempt) -> Said:
        try:
            return await start(self, attempt)
        except OSError:
            return await start(self, msgspec.structs.replace(attempt, id=f"{attempt.id}-again"))

    with patch.object(Wire, "start", again):
        yield


@contextmanager
def _sent_again_at_a_boot() -> Iterator[None]:
    run = Pursuit.run
    with patch.object(Pursuit, "run", lambda self, **_how: run(self, start=True)):
        yield


@contextmanager
def _late_success_ignored() -> Iterator[None]:
    async def ignore(_self: Cashier, _attempt: Attempt, _said: Said) -> bool:
        return False

    with patch.object(Cashier, "_weigh_late", ignore):
        yield


@contextmanager
def _no_fence() -> Iterator[None]:
    async def nothing(_self: Wire) -> str:
        return ""

    with patch.object(Wire, "fence", nothing):
        yield


@contextmanager
def _shown_before_the_commit() -> Iterator[None]:
    settle = Cashier._settle

    async def early(self: Cashier, attempt: Attempt, end: End) -> Ended:
        self.on_ended(_Shown(Result.PAID, attempt.sale, attempt.provider)) if end.came is Came.PAID else None
        return await settle(self, attempt, end)

    with patch.object(Cashier, "_settle", early):
        yield


class _Shown(Ended, frozen=True):
    """What is shown without anything on the disk."""


@contextmanager
def _refund_under_a_new_key() -> Iterator[None]:
    refund, keys = Wire.refund, iter(range(10**6))

    async def fresh(self: Wire, attempt: Attempt, key: str, amount_minor: int) -> Said:
        return await refund(self, attempt, f"{key}-{next(keys)}", amount_minor)

    with patch.object(Wire, "refund", fresh):
        yield


@contextmanager
def _parts_forgotten_at_a_boot() -> Iterator[None]:
    with patch.object(PaymentBook, "unfinished", lambda _self: []):
        yield


@contextmanager
def _refund_asked_for_once() -> Iterator[None]:
    with patch.object(givingback, "_AGAIN_S", (10**9,)):
        yield


@contextmanager
def _nobody_looks_again() -> Iterator[None]:
    with patch.object(PaymentBook, "closed_since", lambda _self, _wall_ms: []):
        yield


@contextmanager
def _no_end_of_the_window() -> Iterator[None]:
    with patch.object(PaymentBook, "bounded", lambda _self, attempt: attempt):
        yield


@contextmanager
def _a_terminal_for_two() -> Iterator[None]:
    with patch.object(Cashier, "_is_leased", lambda _self, _provider: False):
        yield


@contextmanager
def _stored_is_settled() -> Iterator[None]:
    with patch.object(PaymentBook, "stored", lambda _self: []):
        yield


@contextmanager
def _the_draft_is_left_out() -> Iterator[None]:
    def without(*fields: Any) -> PaymentIntent:
        return PaymentIntent(*fields[:-1])

    with patch.object(entries, "PaymentIntent", without):
        yield


MUTANTS: Final = {
    "intent after send": Mutant(_intent_after_send, Case(("knows",), ("ok",)), "without a durable"),
    "timeout as decline": Mutant(_timeout_as_decline, Case(("knows",), ("lost reply",)), "can bring none"),
    "retry with a new reference": Mutant(
        _retry_with_a_new_reference, Case(("knows",), ("lost reply",)), "without a durable"
    ),
    "partial as full": Mutant(
        lambda: patch.object(Pursuit, "_is_ours", lambda _self, _said: True),
        Case(("knows",), ("partial",)),
        "net captured",
    ),
    "resend on boot": Mutant(
        _sent_again_at_a_boot, Case(("fenced",), ("lost reply",)), "asked to charge once"
    ),
    "no fence": Mutant(_no_fence, Case(("fenced",), ("lost request",)), "settlement is"),
    "not found is final": Mutant(
        lambda: _table(Phase.ASKED, "not-found", Then.CANCELLED),
        Case(("knows",), ("delayed",)),
        "can bring none",
    ),
    "late success ignored": Mutant(
        _late_success_ignored, Case(("knows",), ("lookup says no, then yes",)), "every capture ends"
    ),
    "shown before the commit": Mutant(
        _shown_before_the_commit, Case(("knows",), ("ok",)), "released implies"
    ),
    "refund under a new key": Mutant(
        _refund_under_a_new_key, Case(("knows",), ("partial",)), "settlement is"
    ),
    "parts forgotten at a boot": Mutant(
        _parts_forgotten_at_a_boot, Case(("knows", "knows"), ("ok", "ok")), "no sale hangs"
    ),
    "a terminal for two": Mutant(_a_terminal_for_two, Case(("fenced",), ("late",)), "pays for one"),
    "refund asked for once": Mutant(_refund_asked_for_once, Case(("knows",), ("partial",)), "nothing is due"),
    "nobody looks again": Mutant(_nobody_looks_again, Case(("fenced",), ("late",)), "every capture ends"),
    "no end of the window": Mutant(_no_end_of_the_window, Case(("fenced",), ("declined",)), "net captured"),
    "what is stored stays stored": Mutant(
        _stored_is_settled, Case(("stores",), ("lost reply",)), "settlement is"
    ),
    "the draft is left out": Mutant(_the_draft_is_left_out, Case(("knows",), ("ok",)), ""),
}
