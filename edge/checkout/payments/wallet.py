"""Member wallets and gift cards: paid out of slices that the hub has lent to this object, with no network.

A slice is money that nobody else can spend meanwhile. What is taken out of it, the sale itself says, in one
commit; so a power cut before that has taken nothing, and one after it has taken it once. What is left goes
back by an entry of its own, after which nothing more is taken.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, Protocol

import msgspec

from cloud_sync.contract.escrow import (
    GIVEN_BACK,
    SLICE_TYPE,
    WALLET,
    Slice,
    SliceAsked,
    SliceGiven,
    SliceRefused,
    shown_by,
)
from cloud_sync.contract.facts import Fact, PaymentClosed
from cloud_sync.contract.signing import Verifier, unseal
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.house import HouseBook, Use
from edge.checkout.payments.provider import Attempt, Capabilities, Said, Taken
from edge.checkout.payments.purse import Kept
from edge.offline_queue.outcomes import Appended
from edge.readings import Nanoseconds

_log: Final = logging.getLogger("opos.payments")

SECOND_NS: Final = 1_000_000_000

# The hub answers at once or not at all; a shopper waits so long for it before another way is offered.
_PATIENCE_S: Final = 20

# An answer may be a slice that the object has forgotten, with money out of it that it has not: then it asks
# once more for what is missing. A hub that never gives enough is not asked for ever.
_ASKS_MAX: Final = 2


class Purse(Protocol):
    """Where slices lie over a power cut.

    It need not be trusted: they are signed, and entries say what is left of them.
    """

    def slices(self) -> Iterable[Kept]:
        """All that were kept."""
        ...

    def keep(self, serial: str, jws: str, until_ns: Nanoseconds) -> None:
        """Keep one in place of an older one of its serial; raises OSError."""
        ...

    def drop(self, serial: str) -> None:
        """Forget one, if it is there; raises OSError."""
        ...


class Hub(Protocol):
    """All that the wallet asks of the hub."""

    @property
    def keys(self) -> Mapping[str, Verifier]:
        """The hub's keys for receipts, by kid."""
        ...

    async def lend(self, ask: SliceAsked) -> SliceGiven | SliceRefused:
        """Ask for a slice; raises OSError without an answer."""
        ...


class Register(Protocol):
    """All that the wallet asks of the register."""

    async def write(self, fact: Fact, idem: str) -> Appended:
        """Write a fact; return once it is on the disk."""
        ...


class Clock(Protocol):
    """All that the wallet asks of time."""

    def now_ns(self) -> Nanoseconds:
        """Monotonic time."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        ...

    def quality(self) -> Literal["trusted", "untrusted"]:
        """Whether something outside has confirmed the wall clock since the machine started."""
        ...


class Journal(msgspec.Struct, frozen=True):
    """Whose entries say what was taken out: a slice is for one journal, and void in the next."""

    dev: str
    epoch: str
    register: Register


class Books(msgspec.Struct, frozen=True):
    """What is known of attempts, as the tables have it after a start."""

    payments: PaymentBook
    house: HouseBook


class _Held(msgspec.Struct):
    """A slice that this object has; until when by the monotonic clock, if it was heard of in this boot."""

    slice: Slice
    until_ns: Nanoseconds | None = None


class Wallet:
    """A `Provider` whose books are the entries of the sales that it paid for."""

    name: Final = WALLET
    capabilities: Final = Capabilities(
        "scan",
        needs_network=False,
        patience_ns=Nanoseconds(_PATIENCE_S * SECOND_NS),
        ladder_ns=(Nanoseconds(SECOND_NS), Nanoseconds(5 * SECOND_NS)),
    )

    def __init__(self, journal: Journal, books: Books, hub: Hub, purse: Purse, clock: Clock) -> None:
        self._journal = journal
        self._payments, self._house = books.payments, books.house
        self._hub = hub
        self._purse = purse
        self._clock = clock
        self._held: dict[str, _Held] = {}
        """By serial."""
        self._uses: dict[str, Use] = {}
        """What was promised in this life, by attempt: taken out as soon as it is said, on the disk later.

        It grows by some hundred bytes a payment, and the next start begins anew.
        """
        self._backs: dict[str, tuple[str, int]] = {}
        """Refund key -> attempt and amount: spent again only once it is on the disk."""
        self._asking: set[str] = set()
        self._tombs: set[str] = set()
        """Attempts that will never be charged."""
        self._ending: set[str] = set()
        """Slices that nothing is taken out of any more."""
        self._turn = asyncio.Lock()
        for kept in purse.slices():
            if (found := self._read(kept.jws)) is not None:
                self._held[found.serial] = _Held(found, kept.until_ns)

    # What the cashier asks

    async def fence(self) -> str:
        """It knows our attempts."""
        return ""

    async def start(self, attempt: Attempt) -> Said:
        """Take it out of a slice of what was shown, and ask the hub for more of it if that is not enough."""
        if attempt.id in self._tombs:
            return Said("cancelled")
        self._asking.add(attempt.id)
        try:
            return await self._charge(attempt)
        finally:
            self._asking.discard(attempt.id)

    async def query(self, attempt: Attempt) -> Said:
        """How it stands: what this life has not begun, and no entry speaks of, will never be charged."""
        if (use := self._use(attempt.id)) is not None:
            return _said("captured" if self._net_minor(attempt.id, use) else "refunded", attempt, use.slice)
        if attempt.id in self._asking:
            return Said("in-progress")
        self._tombs.add(attempt.id)
        return Said("cancelled")

    async def cancel(self, attempt: Attempt) -> Said:
        """End it, unless it is charged already."""
        self._asking.discard(attempt.id)
        return await self.query(attempt)

    async def capture(self, attempt: Attempt) -> Said:
        """There is nothing to hand in: the entries are the hub's books too."""
        return await self.query(attempt)

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """Put it back: into the slice, or to the wallet if that was given back. The entry does it."""
        use = self._use(attempt.id)
        back = Said("refunded", amount_minor, attempt.currency, use.slice if use else "")
        if use is None:
            # It was never taken out, as entries go, unless they are too old to be known.
            line = self._payments.line(attempt.id)
            is_old = line is not None and line.paid is not None and line.paid.reference
            return Said("declined", reason="wallet.forgotten") if is_old else back
        asked = use.back | {key: minor for key, (of, minor) in self._backs.items() if of == attempt.id}
        if asked.setdefault(refund, amount_minor) != amount_minor or sum(asked.values()) > use.amount_minor:
            return Said("declined", reason="wallet.too-much")
        self._backs[refund] = attempt.id, amount_minor
        return back

    async def taken(self) -> tuple[Taken, ...]:
        """What its own books, the entries, say."""
        lines = ((self._payments.line(attempt), use) for attempt, use in self._house.uses.items())
        return tuple(
            Taken(line.attempt.id, use.slice, use.amount_minor, line.attempt.currency)
            for line, use in lines
            if line is not None
        )

    # What the till and the runtime ask

    def left_minor(self, code: str, currency: str) -> int:
        """How much may be paid by what is shown, as far as is known here.

        After a decline for `wallet.balance` the hub has lent all there was: so much of a sale can be paid
        by it, and the rest otherwise.
        """
        alive = [held.slice for held in self._of(shown_by(code), currency) if self._is_alive(held)]
        return max((self._rest_minor(each) for each in alive), default=0)

    async def tidy(self) -> None:
        """Give back what is over; at a start, and once an hour.

        What nobody can say of, since the machine's clock was set by nobody, is kept and not spent: the hour
        is known soon, and the card is good offline again.
        """
        for held in [*self._held.values()]:
            if self._is_over(held):
                await self.give_back(held.slice.serial)

    async def give_back(self, serial: str) -> None:
        """End a slice: its rest goes back to its wallet. Not while something is being taken out of it."""
        held = self._held.get(serial)
        if held is None or self._is_in_use(serial):
            return
        self._ending.add(serial)
        async with self._turn:
            if serial not in self._house.ended:
                written = await self._journal.register.write(self._end(held.slice), f"slice/{serial}")
                self._house.apply(written.body)
        self._held.pop(serial, None)
        self._tell_purse(lambda purse: purse.drop(serial))

    # Below

    async def _charge(self, attempt: Attempt) -> Said:
        if not attempt.code:
            return Said("declined", reason="wallet.code")
        shown = shown_by(attempt.code)
        for _ in range(_ASKS_MAX):
            if (held := self._covering(shown, attempt)) is not None:
                break
            if reason := await self._borrow(shown, attempt):
                return Said("declined", reason=reason)
            if attempt.id in self._tombs:  # the shopper had enough meanwhile
                return Said("cancelled")
        else:
            held = self._covering(shown, attempt)
        if held is None:
            return Said("declined", reason="wallet.balance")
        self._uses[attempt.id] = Use(held.serial, attempt.amount_minor)
        return _said("captured", attempt, held.serial)

    def _covering(self, shown: str, attempt: Attempt) -> Slice | None:
        """A slice of what is shown that has enough left."""
        found = [held.slice for held in self._of(shown, attempt.currency) if self._is_alive(held)]
        return next((each for each in found if self._rest_minor(each) >= attempt.amount_minor), None)

    async def _borrow(self, shown: str, attempt: Attempt) -> str:
        """Ask the hub for as much as is missing; why nothing came of it, or ''."""
        has = next((held.slice for held in self._of(shown, attempt.currency)), None)
        out_minor = has.amount_minor - self._rest_minor(has) if has else 0
        ask = SliceAsked(
            *(shown, self._journal.epoch, attempt.currency, attempt.amount_minor),
            *(has.serial if has else "", out_minor),
        )
        try:
            answer = await self._hub.lend(ask)
        except OSError:
            return "wallet.offline"
        if isinstance(answer, SliceRefused):
            return answer.reason
        return "" if self._hear(answer.slice) else "wallet.later"

    def _hear(self, jws: str) -> bool:
        """The hub has lent a slice just now: whether it is ours to spend."""
        if (found := self._read(jws)) is None:
            return False
        has = self._held.get(found.serial)
        if has is not None and (has.slice.amount_minor, has.slice.at_ms) > (found.amount_minor, found.at_ms):
            return True  # the answer to an older question
        life_ns = (found.expires_ms - found.at_ms) * 1_000_000
        until_ns = Nanoseconds(self._clock.now_ns() + life_ns)
        self._held[found.serial] = _Held(found, until_ns)
        self._tell_purse(lambda purse: purse.keep(found.serial, jws, until_ns))
        return True

    def _read(self, jws: str) -> Slice | None:
        """A slice, if the hub has signed it for this journal, and it was not given back."""
        try:
            found = unseal(jws, SLICE_TYPE, self._hub.keys, Slice)
        except ValueError as error:  # a BadSignatureError and a msgspec.DecodeError are each one
            _log.error("a slice that cannot be believed: %s", error)
            return None
        if (found.dev, found.epoch) != (self._journal.dev, self._journal.epoch):
            _log.warning("slice %s is for %s in another epoch or place: void here", found.serial, found.dev)
            return None
        # The hub may not have heard yet that it was given back.
        return None if found.serial in self._house.ended | self._ending else found

    def _of(self, shown: str, currency: str) -> list[_Held]:
        """What there is of a wallet, the newest first; what is given back is not."""
        gone = self._house.ended | self._ending
        found = [held for held in self._held.values() if held.slice.serial not in gone]
        of_it = [held for held in found if (held.slice.shown, held.slice.currency) == (shown, currency)]
        return sorted(of_it, key=lambda held: held.slice.at_ms, reverse=True)

    def _is_alive(self, held: _Held) -> bool:
        """Whether it may still be spent; who knows neither the hour nor since when he has it, may not."""
        if held.until_ns is not None and self._clock.now_ns() >= held.until_ns:
            return False
        if self._clock.quality() == "trusted":
            return self._clock.wall_ms() < held.slice.expires_ms
        return held.until_ns is not None

    def _is_over(self, held: _Held) -> bool:
        """Whether it will never be spent any more."""
        if held.until_ns is not None and self._clock.now_ns() >= held.until_ns:
            return True
        return self._clock.quality() == "trusted" and self._clock.wall_ms() >= held.slice.expires_ms

    def _rest_minor(self, of: Slice) -> int:
        uses = self._uses | self._house.uses
        out = (self._net_minor(attempt, use) for attempt, use in uses.items() if use.slice == of.serial)
        return of.amount_minor - sum(out)

    def _use(self, attempt: str) -> Use | None:
        return self._house.uses.get(attempt) or self._uses.get(attempt)

    def _net_minor(self, attempt: str, use: Use) -> int:
        """What of a use is still out: what goes back counts once it is on the disk."""
        back = dict(use.back)
        for key, (of, amount_minor) in self._backs.items():
            due = self._payments.due(key)
            if of == attempt and due is not None and due.standing == "refunded":
                back[key] = amount_minor
        return use.amount_minor - sum(back.values())

    def _is_in_use(self, serial: str) -> bool:
        """Whether something was promised out of a slice that is not on the disk yet."""
        lines = (self._payments.line(attempt) for attempt, use in self._uses.items() if use.slice == serial)
        return any(line is not None and line.standing == "open" for line in lines)

    def _end(self, of: Slice) -> PaymentClosed:
        rest_minor = max(self._rest_minor(of), 0)
        return PaymentClosed(
            *(of.serial, of.serial, WALLET, "cancelled", rest_minor, of.currency), reason=GIVEN_BACK
        )

    def _tell_purse(self, told: Callable[[Purse], None]) -> None:
        """What the purse loses costs one question to the hub, and no money."""
        try:
            told(self._purse)
        except OSError as error:
            _log.warning("the purse: %s", error)


def _said(outcome: Literal["captured", "refunded"], attempt: Attempt, serial: str) -> Said:
    return Said(outcome, attempt.amount_minor, attempt.currency, serial)
