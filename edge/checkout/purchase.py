"""A purchase: from "Buy now" to "It's yours", or to the word that nothing was charged.

The basket is frozen from the tap on: what is taken meanwhile is the next sale. Which attempts are made, and
what each came to, the payments know; here is what it means to the shopper.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from cloud_sync.contract.facts import Sale
from edge.checkout.afoot import Afoot
from edge.checkout.payments.cashier import Ended, Result
from edge.checkout.payments.outcomes import outcome_of
from edge.checkout.ports import Clock, Payments
from edge.checkout.register import Register
from edge.checkout.sale import SaleStage, SaleStep, Shop, billed, next_stage
from edge.checkout.state import HOUSE_ACCOUNT, NOT_PAYING, Outcome, Paying, Stage, Tap, Way
from edge.checkout.wares import Wares
from edge.events import Purpose
from edge.offline_queue.outcomes import Appended, JournalClosedError
from edge.readings import TerminalNeeds
from retail.pricing.rules import Priced
from retail.units import Money

_SECOND_NS: Final = 1_000_000_000

# Whoever looks for a card has a minute before the glass asks, and half of one to answer (20 seconds are the
# least by WCAG 2.2, criterion 2.2.1).
WARNS_NS: Final = 60 * _SECOND_NS
GONE_NS: Final = WARNS_NS + 30 * _SECOND_NS

# Two lines on where the money goes are read by then.
_CANCELLED_NS: Final = 30 * _SECOND_NS

# By then a person of the shop was there: so long as the cashier itself asks. Whoever passes by meanwhile
# holds up nobody for longer.
_UNKNOWN_NS: Final = 600 * _SECOND_NS

_CODES: Final[dict[str, frozenset[Purpose]]] = {
    "wechat": frozenset({Purpose.WECHAT}),
    "alipay": frozenset({Purpose.ALIPAY}),
    "wallet": frozenset({Purpose.WALLET}),
}
"""The codes of wallets say whose they are."""
_ANY_CODE: Final = frozenset({Purpose.MEMBER, Purpose.CARD, Purpose.OTHER})

SHOWN_AS: Final = {
    SaleStage.CHOOSING: Stage.CHOOSING,
    SaleStage.SHOWING: Stage.PAYING,
    SaleStage.PAYING: Stage.PAYING,
    SaleStage.DECLINED: Stage.DECLINED,
    SaleStage.UNKNOWN: Stage.UNKNOWN,
    SaleStage.RECORDING: Stage.RECORDING,
    SaleStage.DONE: Stage.DONE,
    SaleStage.CANCELLED: Stage.CANCELLED,
}
"""A sale that is under way, as the glass shows it, whatever else there is."""

_UNDECIDED: Final = frozenset({SaleStage.CHOOSING, SaleStage.SHOWING, SaleStage.DECLINED})
"""Nothing is under way: the shopper may still do otherwise."""


class Deal(msgspec.Struct, frozen=True):
    """What a shopper has agreed to: the goods, their price, and the sale as it will be written."""

    wares: Wares
    priced: Priced
    draft: Sale


class Purchase:
    """The purchase of one till, and after it the next one.

    `on_change` is called with each change, `on_sold` once a sale is on the disk, `on_broken` when nobody can
    tell whether it is, `on_too_long` when no entry can hold it, `on_left` when its shopper is gone.
    """

    def __init__(self, shop: Shop, register: Register, clock: Clock, afoot: Afoot) -> None:
        self._shop = shop
        self._register = register
        self._clock = clock
        self._afoot = afoot
        self._payments: Payments | None = None
        self.stage = SaleStage.OPEN
        self.deal: Deal | None = None
        self.online = False
        """Whether the hub answers: some ways to pay need it."""
        self.under_way: asyncio.Future[None] | None = None
        """What is being written or paid; a tap that was taken is seen through."""
        self._way: Way | None = None
        self._tried = False
        """Something was begun: the sale is meant on the disk."""
        self._begun_ns = 0
        self._lost_ns = 0
        self._stopped = False
        self._outcome: Outcome | None = None
        self.on_change: Callable[[], None] = lambda: None
        self.on_sold: Callable[[Deal, Appended], None] = lambda _deal, _written: None
        self.on_broken: Callable[[], None] = lambda: None
        self.on_too_long: Callable[[Deal], None] = lambda _deal: None
        self.on_left: Callable[[], None] = lambda: None

    def take(self, payments: Payments) -> None:
        """From here on it can be paid by these ways, too."""
        self._payments = payments

    @property
    def is_frozen(self) -> bool:
        """Whether goods and price stand, whatever becomes of the basket."""
        return self.deal is not None and self.stage not in {SaleStage.OPEN, SaleStage.DONE}

    @property
    def may_reopen(self) -> bool:
        """Whether the shopper can go back to the basket: nothing is under way, and nothing is paid."""
        return self.stage in _UNDECIDED and self._paid_minor() == 0

    @property
    def may_change(self) -> bool:
        """Whether what it costs may still change: nothing is agreed on, or it can be taken back."""
        return self.stage is SaleStage.OPEN or self.may_reopen

    @property
    def is_untried(self) -> bool:
        """Whether it is only being talked about."""
        return self.stage in {SaleStage.CHOOSING, SaleStage.SHOWING} and not self._tried

    def ways(self, total: Money) -> tuple[Way, ...]:
        """How `total` could be paid, or what is left of a sale that is under way."""
        if self._paid_minor():
            total = self._left()
        found = []
        if self._shop.account and not self._paid_minor():
            found.append(Way(HOUSE_ACCOUNT, "account", total, 0))
        if self._payments is not None:
            found += self._payments.ways(total, online=self.online)
        order = self._shop.methods
        found.sort(key=lambda way: order.index(way.name) if way.name in order else len(order))
        return tuple(found)

    def shown(self, idle_ns: int) -> Paying:
        """The purchase as the glass shows it, when nobody has touched anything for so long."""
        if not self.is_frozen:
            return NOT_PAYING
        assert self.deal is not None
        paid_minor = self._paid_minor()
        ways = self.ways(self._left()) if self.stage in _UNDECIDED else ()
        return Paying(
            ways=ways,
            way=self._way,
            left=self._left(),
            paid=Money(paid_minor, self.deal.draft.currency) if paid_minor else None,
            wants_code=self.stage is SaleStage.SHOWING,
            code=self._desk_code(),
            prompt=self._prompt(),
            asks=self._asks(),
            outcome=self._outcome,
            warns=self.stage in _UNDECIDED and idle_ns >= WARNS_NS,
        )

    def begin(self, deal: Deal) -> None:
        """The shopper wants it: with one way to pay it begins, with several the shopper chooses."""
        self._step(SaleStep.BUY)
        self.deal, self._way, self._outcome, self._tried = deal, None, None, False
        ways = self.ways(deal.priced.total)
        if len(ways) == 1:
            self._choose(ways[0])
        else:
            self.on_change()

    def tap(self, tap: Tap, value: str | None) -> bool:
        """Do what the shopper asks for; False where there is no such control."""
        match tap:
            case Tap.METHOD | Tap.RETRY | Tap.DESK if self.stage in _UNDECIDED:
                return self._tap_way(self._named(tap, value))
            case Tap.PAY if self.stage is SaleStage.DECLINED:
                self._step(SaleStep.CHOOSE)
            case Tap.CANCEL if self.stage is SaleStage.PAYING:
                return self._stop()
            case Tap.CANCEL if self.stage in _UNDECIDED:
                self.end()
            case Tap.BACK if self.stage is SaleStage.SHOWING:
                self._step(SaleStep.CHOOSE)
                if len(self.ways(self._left())) == 1:  # there is nothing to choose
                    self.end()
            case Tap.BACK if self.may_reopen:
                self.reopen()
            case Tap.DONE if self.stage is SaleStage.CANCELLED:
                self.leave()
            case _:
                return False
        return True

    def is_code_for(self, purpose: Purpose) -> Way | None:
        """The way that a code of this kind pays by now; a wallet that shows its code has chosen already."""
        if self.stage not in {SaleStage.CHOOSING, SaleStage.SHOWING}:
            return None
        ways = [way for way in self.ways(self._left()) if way.shows == "scan"]
        plain = [way for way in ways if purpose in _CODES.get(way.name, ())]
        if not plain and self.stage is SaleStage.SHOWING:
            plain = [way for way in ways if way == self._way and purpose in _codes_of(way)]
        return plain[0] if plain else None

    def show(self, way: Way, ticket: int) -> None:
        """The shopper has shown the code that `way` asks for."""
        self._way = way
        self._pay(way, ticket)

    def tick(self, idle_ns: int, *, goods_are_gone: bool) -> None:
        """Time has passed: end what nobody goes on with."""
        match self.stage:
            case SaleStage.CHOOSING | SaleStage.SHOWING | SaleStage.DECLINED if idle_ns >= GONE_NS:
                self.end()
                self.on_left()
            case SaleStage.CANCELLED if idle_ns >= _CANCELLED_NS:
                self.leave()
            case SaleStage.UNKNOWN if idle_ns >= _CANCELLED_NS and goods_are_gone:
                self.leave()
            case SaleStage.UNKNOWN if self._clock.now_ns() - self._lost_ns >= _UNKNOWN_NS:
                self.leave()
            case _:
                pass

    def end(self) -> None:
        """The shopper does not want it: what is paid of it goes back."""
        if self.may_reopen:
            self.reopen()
            return
        assert self.deal is not None
        assert self._payments is not None
        self._step(SaleStep.CANCEL)
        self._afoot.begin(self._give_up(self._payments, self.deal.draft.sale))

    def reopen(self) -> None:
        """Back to the basket: what is bought next is another sale."""
        self._step(SaleStep.REOPEN)
        self.deal = None

    def leave(self) -> None:
        """The shopper has seen how it ended."""
        self._step(SaleStep.LEAVE)
        self.deal = None
        self.on_left()

    def show_done(self) -> None:
        """After a restart: the last sale is shown once more."""
        self.stage = SaleStage.DONE

    def show_unknown(self) -> None:
        """After a restart: nobody knows what became of the last payment."""
        self.stage, self._lost_ns = SaleStage.UNKNOWN, self._clock.now_ns()

    def _step(self, step: SaleStep) -> None:
        self.stage = next_stage(self.stage, step)

    def _named(self, tap: Tap, value: str | None) -> Way | None:
        name = value
        if tap is Tap.RETRY:
            name = self._way.name if self._way else None
        elif tap is Tap.DESK:
            return next((way for way in self.ways(self._left()) if way.shows == "desk"), None)
        return next((way for way in self.ways(self._left()) if way.name == name), None)

    def _tap_way(self, way: Way | None) -> bool:
        if way is None:
            return False
        if self.stage is not SaleStage.CHOOSING:
            self._step(SaleStep.CHOOSE)
        self._choose(way)
        return True

    def _choose(self, way: Way) -> None:
        assert self.deal is not None
        self._way, self._outcome = way, None
        if way.name == HOUSE_ACCOUNT:
            self._step(SaleStep.BILL)
            # What was taken is seen through, whatever becomes of the browser that sent the tap; and it is
            # taken before anything is awaited, so that a second tap finds another screen.
            self.under_way = self._afoot.begin(self._bill(self.deal))
        elif way.shows == "scan":
            self._step(SaleStep.ASK)
        else:
            self._pay(way, None)
        self.on_change()

    def _pay(self, way: Way, ticket: int | None) -> None:
        assert self.deal is not None
        assert self._payments is not None
        self._step(SaleStep.PAY)
        self._outcome, self._tried, self._stopped = None, True, False
        self._begun_ns = self._clock.now_ns()
        self.under_way = self._afoot.begin(self._see_paid(self._payments, self.deal, way, ticket))

    def _stop(self) -> bool:
        assert self.deal is not None
        if self._stopped or self._payments is None:
            return False
        self._stopped = True
        self._payments.stop(self.deal.draft.sale)
        return True

    async def _bill(self, deal: Deal) -> None:
        try:
            written = await self._register.record(billed(deal.draft, self._shop.account))
        except JournalClosedError:
            # Whether it was written, only the file can tell: the runtime starts again and looks. Nothing is
            # said to be sold, and nothing more is sold.
            self._break()
        except ValueError:
            # The journal refuses an entry past its limit, and nothing was written: fewer goods will fit.
            self._refuse(deal)
        else:
            self._be_done(deal, written)

    async def _see_paid(self, payments: Payments, deal: Deal, way: Way, ticket: int | None) -> None:
        try:
            ended = await payments.pay(deal.draft, way, ticket)
        except JournalClosedError:
            self._break()
        except ValueError:
            self._refuse(deal)
        else:
            self._end(deal, ended)

    def _end(self, deal: Deal, ended: Ended) -> None:
        match ended.result:
            case Result.PAID:
                assert ended.recorded is not None
                self._be_done(deal, ended.recorded)
                return
            case Result.PART:
                self._way = None
                self._step(SaleStep.PART)
            case Result.PERSON:
                self._step(SaleStep.LOSE)
                self._lost_ns = self._clock.now_ns()
            case result:
                is_own = self._stopped and result is Result.CANCELLED
                self._outcome = "cancelled" if is_own else outcome_of(ended)
                self._step(SaleStep.DECLINE)
        self.on_change()

    def _be_done(self, deal: Deal, written: Appended) -> None:
        self._step(SaleStep.RECORD)
        self.deal = None
        self.on_sold(deal, written)

    def _break(self) -> None:
        self._step(SaleStep.FAIL)
        self.on_broken()

    def _refuse(self, deal: Deal) -> None:
        self._step(SaleStep.FAIL)
        self.deal = None
        self.on_too_long(deal)

    async def _give_up(self, payments: Payments, sale: str) -> None:
        try:
            await payments.give_up(sale)
        except JournalClosedError:
            self.on_broken()

    def _asks(self) -> bool:
        """Whether it is no longer the shopper whom everybody waits for."""
        if self.stage is not SaleStage.PAYING or self._way is None:
            return False
        waited_ns = self._clock.now_ns() - self._begun_ns
        return self._stopped or waited_ns > self._way.patience_s * _SECOND_NS

    def _desk_code(self) -> str:
        if self.stage is not SaleStage.PAYING or self._payments is None or self.deal is None:
            return ""
        return self._payments.code(self.deal.draft.sale)

    def _prompt(self) -> TerminalNeeds:
        if self.stage is not SaleStage.PAYING or self._payments is None or self.deal is None:
            return TerminalNeeds.NOTHING
        return self._payments.prompt(self.deal.draft.sale)

    def _left(self) -> Money:
        assert self.deal is not None
        draft = self.deal.draft
        return Money(draft.total_minor - self._paid_minor(), draft.currency)

    def _paid_minor(self) -> int:
        """What of the sale is paid already, by other ways."""
        if self.deal is None or self._payments is None or not self._tried:
            return 0
        return self._payments.paid_minor(self.deal.draft)


def _codes_of(way: Way) -> frozenset[Purpose]:
    return _CODES.get(way.name, _ANY_CODE)
