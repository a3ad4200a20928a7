"""Paying at the desk: a code on the glass, and a person of the shop who takes cash or a cheque for it.

No money is ever assumed: the desk has it once somebody has said so in the journal. A reservation is an open
attempt in the payment book and nothing else, and its code is made of the attempt's id, so that both are the
same after a power cut.
"""

import asyncio
import hashlib
from collections.abc import Callable
from enum import Enum
from typing import Final, Literal, Protocol

import msgspec

from cloud_sync.contract.facts import Fact, Operator
from edge.checkout.payments.book import Due, PaymentBook
from edge.checkout.payments.house import CASH, CHEQUE, DESK, PAID_OUT, HouseBook
from edge.checkout.payments.provider import Attempt, Capabilities, Said, Taken
from edge.offline_queue.outcomes import Appended
from edge.readings import Nanoseconds

Means = Literal["cash", "cheque"]

SECOND_NS: Final = 1_000_000_000

# A shopper finds the desk and queues; after ten minutes a pursuit would call a person anyway.
LIFE_S: Final = 480

# Crockford's base 32 has no letter that is read for another. Six of them are a thousand million codes: among
# a hundred reservations two alike are one in 200,000, and then nobody is charged for either.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LETTERS: Final = 6
_MISREAD: Final = str.maketrans("OIL", "011", "- ")

_ACTS: Final[dict[Means, str]] = {"cash": CASH, "cheque": CHEQUE}


class Confirmed(Enum):
    """What became of a word of the desk's."""

    DONE = "done"  # it is on the disk
    ALREADY = "already"  # it was said before
    NO_SUCH_CODE = "no-such-code"  # nobody waits for it, or not any more: give the money back
    OTHER_AMOUNT = "other-amount"  # nothing was written: take what is asked for, or give it back
    TWO_ALIKE = "two-alike"  # nothing was written: two wait under one code


class Waits(msgspec.Struct, frozen=True):
    """What waits for the desk, as its staff sees it: money to take, or to hand out."""

    code: str
    sale: str
    amount_minor: int
    currency: str


class Register(Protocol):
    """All that the desk asks of the register."""

    async def write(self, fact: Fact, idem: str) -> Appended:
        """Write a fact; return once it is on the disk."""
        ...


class Wall(Protocol):
    """All that the desk asks of time."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        ...


def code_of(key: str) -> str:
    """The code of an attempt, or of a refund, as the glass shows it and staff types it."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    letters = (_LETTERS[number >> 5 * place & 31] for place in range(_CODE_LETTERS))
    return "".join(letters)


class Desk:
    """A `Provider` whose books are the entries of the people at the desk.

    `on_confirmed` hears of money that came: `Cashier.told` fits.
    """

    name: Final = DESK
    capabilities: Final = Capabilities(
        "desk",
        needs_network=False,
        patience_ns=Nanoseconds(LIFE_S * SECOND_NS),
        ladder_ns=(Nanoseconds(2 * SECOND_NS), Nanoseconds(10 * SECOND_NS)),
    )

    def __init__(self, payments: PaymentBook, house: HouseBook, register: Register, clock: Wall) -> None:
        self._payments = payments
        self._house = house
        self._register = register
        self._clock = clock
        self._over: set[str] = set()
        """Attempts that nothing will be taken for."""
        self._confirming: set[str] = set()
        # Two people of the shop who type the same code: the second finds what the first has said.
        self._turn = asyncio.Lock()
        self.on_confirmed: Callable[[str, Said], None] = lambda _attempt, _said: None

    # What the people at the desk do

    def to_take(self) -> tuple[Waits, ...]:
        """The reservations that wait for money, the oldest first."""
        return tuple(_waits(each.id, each, each.amount_minor) for each in self._reserved())

    def to_hand_out(self) -> tuple[Waits, ...]:
        """The money that shoppers have to get back here."""
        dues = [due for due in self._payments.dues() if due.id not in self._house.handed]
        found = ((due, self._attempt(due)) for due in dues)
        return tuple(_waits(due.id, attempt, due.amount_minor) for due, attempt in found if attempt)

    async def confirm(self, code: str, staff: str, taken_minor: int, means: Means = "cash") -> Confirmed:
        """`staff` (a pseudonym, whose PIN was checked) has taken this money; done once it is on the disk.

        Raises JournalClosedError: then nobody knows, and after the start the desk's list tells.
        """
        async with self._turn:
            found = [each for each in self._open() if code_of(each.id) == _read(code)]
            if len(found) != 1:
                return Confirmed.TWO_ALIKE if found else Confirmed.NO_SUCH_CODE
            attempt = found[0]
            if attempt.id in self._house.came:
                return Confirmed.ALREADY
            if self._has_expired(attempt):
                return Confirmed.NO_SUCH_CODE
            if taken_minor != attempt.amount_minor:
                return Confirmed.OTHER_AMOUNT
            self._confirming.add(attempt.id)
            try:
                await self._write(Operator(staff, _ACTS[means], attempt.id), f"desk/{attempt.id}")
            finally:
                self._confirming.discard(attempt.id)
        self.on_confirmed(attempt.id, _captured(attempt))
        return Confirmed.DONE

    async def hand_out(self, code: str, staff: str, given_minor: int) -> Confirmed:
        """`staff` has handed this money to the shopper; done once it is on the disk."""
        async with self._turn:
            dues = [due for due in self._payments.dues() if self._attempt(due)]
            found = [due for due in dues if code_of(due.id) == _read(code)]
            if len(found) != 1:
                return Confirmed.TWO_ALIKE if found else Confirmed.NO_SUCH_CODE
            due = found[0]
            if due.id in self._house.handed:
                return Confirmed.ALREADY
            if given_minor != due.amount_minor:
                return Confirmed.OTHER_AMOUNT
            await self._write(Operator(staff, PAID_OUT, due.id), f"handed/{due.id}")
            return Confirmed.DONE

    # What the cashier asks

    async def fence(self) -> str:
        """It knows our attempts."""
        return ""

    async def start(self, attempt: Attempt) -> Said:
        """Show the code and wait for the desk."""
        return self._said(attempt)

    async def query(self, attempt: Attempt) -> Said:
        """How it stands: somebody has the money, or the shopper is still expected, or is not any more."""
        return self._said(attempt)

    async def cancel(self, attempt: Attempt) -> Said:
        """End it, unless somebody is taking the money at this moment."""
        if attempt.id not in self._house.came and attempt.id not in self._confirming:
            self._over.add(attempt.id)
        return self._said(attempt)

    async def capture(self, attempt: Attempt) -> Said:
        """There is nothing to hand in: it is in the till."""
        return self._said(attempt)

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """It goes back by hand: `refunded` once somebody has said that it did."""
        if refund in self._house.handed:
            return Said("refunded", amount_minor, attempt.currency)
        return Said("in-progress")

    async def taken(self) -> tuple[Taken, ...]:
        """What the desk says it took."""
        lines = (self._payments.line(attempt) for attempt in sorted(self._house.came))
        found = (line.attempt for line in lines if line is not None)
        return tuple(Taken(each.id, "", each.amount_minor, each.currency) for each in found)

    # Below

    def _said(self, attempt: Attempt) -> Said:
        if attempt.id in self._house.came:
            return _captured(attempt)
        if attempt.id in self._confirming:
            return Said("in-progress")
        if self._has_expired(attempt) or self._payments.line(attempt.id) is None:
            self._over.add(attempt.id)  # it stays over, whatever the clock says next
        return Said("cancelled" if attempt.id in self._over else "in-progress")

    def _has_expired(self, attempt: Attempt) -> bool:
        """Whether nobody may pay for it any more."""
        line = self._payments.line(attempt.id)
        if attempt.id in self._over or line is None or line.standing != "open":
            return True
        return self._clock.wall_ms() - line.wall_ms >= LIFE_S * 1_000

    def _open(self) -> list[Attempt]:
        return [line.attempt for line in self._payments.open() if line.attempt.provider == DESK]

    def _reserved(self) -> list[Attempt]:
        came = self._house.came
        return [each for each in self._open() if each.id not in came and not self._has_expired(each)]

    def _attempt(self, due: Due) -> Attempt | None:
        """The attempt of money that this desk has to give back."""
        line = self._payments.line(due.attempt)
        return line.attempt if line is not None and line.attempt.provider == DESK else None

    async def _write(self, deed: Operator, idem: str) -> None:
        written = await self._register.write(deed, idem)
        self._house.apply(written.body)


def _read(code: str) -> str:
    """A code as somebody typed it."""
    return code.upper().translate(_MISREAD)


def _captured(attempt: Attempt) -> Said:
    return Said("captured", attempt.amount_minor, attempt.currency)


def _waits(key: str, attempt: Attempt, amount_minor: int) -> Waits:
    return Waits(code_of(key), attempt.sale, amount_minor, attempt.currency)
