"""Whether a payment may be stored while nobody can be asked, and why not: a policy as data, and one function.

What is stored is a promise of the shopper's that the shop believes. How much it believes is the shop's own
choice; what it has been told since, good or bad, is folded from the journal's entries into `Stored`.
"""

from enum import Enum
from typing import Final, Literal

import msgspec

_HOUR_MS: Final = 3_600_000

# More declines than this leave nothing of any limit: a halved EUR 250 is a cent by then.
_HALVINGS_MAX: Final = 16

# More declines than this are not remembered: long before, nothing is stored any more.
_DECLINES_MAX: Final = 256


class OfflinePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much an object believes while it cannot ask; amounts in minor units of `currency`."""

    currency: str = "EUR"
    floor_minor: int = 2_500
    """The most that one sale may store."""
    waiting_minor: int = 25_000
    """The most that may wait for an answer at one object."""
    waiting_sales: int = 20
    age_ms: int = 24 * _HOUR_MS
    """Once the oldest has waited so long, nothing more is stored: who cannot ask for a day is not offline."""
    payer_sales: int = 2
    """So many of one payer within `payer_ms` that nobody has answered for."""
    payer_ms: int = 24 * _HOUR_MS
    excluded: frozenset[str] = frozenset()
    """GTINs and categories of goods that are never sold like this."""
    memory_ms: int = 30 * 24 * _HOUR_MS
    """So long a decline halves the limits and blocks its payer."""


DEFAULT: Final = OfflinePolicy()

Standing = Literal["waiting", "declined"]


class Promise(msgspec.Struct, frozen=True):
    """One payment that was stored; `payer` is a pseudonym of the card, wallet or person."""

    attempt: str
    payer: str
    amount_minor: int
    at_ms: int
    """When it was stored; once it was declined, when that was heard."""
    standing: Standing = "waiting"


class Stored(msgspec.Struct, frozen=True):
    """All promises that nobody has kept: those that wait, and those that turned out to be no good."""

    promises: tuple[Promise, ...] = ()

    def took(self, promise: Promise) -> "Stored":
        """One more was stored; the same one again changes nothing."""
        if any(each.attempt == promise.attempt for each in self.promises):
            return self
        return Stored((*self.promises, promise))

    def honoured(self, attempt: str) -> "Stored":
        """It was forwarded, and is good: nothing is left to remember."""
        return Stored(tuple(each for each in self.promises if each.attempt != attempt))

    def declined(self, attempt: str, at_ms: int) -> "Stored":
        """It was forwarded, and is no good; of one that never waited here nothing is known."""
        was = next((each for each in self.waiting() if each.attempt == attempt), None)
        if was is None:
            return self
        now = msgspec.structs.replace(was, standing="declined", at_ms=at_ms)
        before = [each for each in self.promises if each.standing == "declined"]
        return Stored((*self.waiting_but(was), *before[1 - _DECLINES_MAX :], now))

    def waiting_but(self, one: Promise) -> list[Promise]:
        """Those that wait beside `one`."""
        return [each for each in self.waiting() if each is not one]

    def waiting(self) -> list[Promise]:
        """Those that nobody has answered for."""
        return [each for each in self.promises if each.standing == "waiting"]


class Wish(msgspec.Struct, frozen=True):
    """A payment that somebody would like to store: all of one sale, its goods by GTIN and category."""

    amount_minor: int
    currency: str
    payer: str
    goods: frozenset[str] = frozenset()


class WhyNot(Enum):
    """Why a payment is not stored; the value is a stable code for entries, screens and programs."""

    CURRENCY = "offline.currency"
    AMOUNT = "offline.amount"  # nothing, or less: that is no payment
    NOBODY = "offline.nobody"  # no payer is known, so nobody could be held to it
    GOODS = "offline.goods"
    BLOCKED = "offline.blocked"  # this payer was declined before
    FLOOR = "offline.floor"
    WAITING = "offline.waiting"  # too much money waits already
    SALES = "offline.sales"  # too many sales wait already
    AGE = "offline.age"
    VELOCITY = "offline.velocity"  # too many of this payer wait already


def why_not(policy: OfflinePolicy, stored: Stored, wish: Wish, now_ms: int) -> tuple[WhyNot, ...]:
    """Every reason why `wish` may not be stored now, the most telling first; it may be if there is none.

    `now_ms` is the journal's wall time, which never goes back.
    """
    declines = [
        each
        for each in stored.promises
        if each.standing == "declined" and now_ms - each.at_ms <= policy.memory_ms
    ]
    waiting = stored.waiting()
    found = (
        (WhyNot.CURRENCY, wish.currency != policy.currency),
        (WhyNot.AMOUNT, wish.amount_minor <= 0),
        (WhyNot.NOBODY, not wish.payer),
        (WhyNot.GOODS, not policy.excluded.isdisjoint(wish.goods)),
        (WhyNot.BLOCKED, any(each.payer == wish.payer for each in declines)),
        *_over_limits(policy, waiting, wish, min(len(declines), _HALVINGS_MAX)),
        (WhyNot.AGE, any(now_ms - each.at_ms >= policy.age_ms for each in waiting)),
        (WhyNot.VELOCITY, _of_payer(policy, waiting, wish.payer, now_ms) >= policy.payer_sales),
    )
    return tuple(why for why, is_so in found if is_so)


def _over_limits(
    policy: OfflinePolicy, waiting: list[Promise], wish: Wish, halvings: int
) -> tuple[tuple[WhyNot, bool], ...]:
    """The limits, each halved for each decline and rounded down."""
    money_minor = sum(each.amount_minor for each in waiting) + wish.amount_minor
    return (
        (WhyNot.FLOOR, wish.amount_minor > policy.floor_minor >> halvings),
        (WhyNot.WAITING, money_minor > policy.waiting_minor >> halvings),
        (WhyNot.SALES, len(waiting) + 1 > policy.waiting_sales >> halvings),
    )


def _of_payer(policy: OfflinePolicy, waiting: list[Promise], payer: str, now_ms: int) -> int:
    """How many of a payer wait from within its time."""
    return sum(each.payer == payer and now_ms - each.at_ms < policy.payer_ms for each in waiting)
