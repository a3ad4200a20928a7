"""Paying by card at a terminal that speaks ZVT: it is asked to charge once, and asked how that went.

Its evidence is its own: the result of what we asked for, and, after a silence or a power cut, its last
transaction, held against the fence that was written down before. No driver is here: whoever carries commands
and readings calls `heard`.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from edge.checkout.payments.book import AttemptLine, PaymentBook
from edge.checkout.payments.provider import UNKNOWN, Attempt, Capabilities, Said, Taken
from edge.checkout.payments.pursuit import SECOND_NS
from edge.checkout.payments.results import (
    AGAIN,
    ALREADY_REVERSED,
    BUSY,
    IMPOSSIBLE,
    NO_RECEIPT,
    OTHER_REVERSED,
    OTHER_TERMINAL,
    WHOLE_ONLY,
    BusyError,
    DayEnd,
    NoAnswerError,
    Receipts,
    day_end,
    reason,
)
from edge.checkout.payments.traces import (
    APPROVED,
    History,
    Mark,
    distance,
    judged,
    mark,
    word,
)
from edge.commands import AskTerminal, CancelPayment, Command, EndOfDay, ReversePayment, StartPayment
from edge.readings import (
    DeviceFault,
    Nanoseconds,
    Reading,
    TerminalDeed,
    TerminalLine,
    TerminalNeeds,
    TerminalOutcome,
    TerminalReady,
    TerminalResult,
    TerminalSaid,
    TerminalTotals,
)

_log: Final = logging.getLogger("opos.payments")

ZVT: Final = "zvt"
"""The provider of card terminals that speak ZVT, as entries name it where the shop gives no other name."""

# A shopper looks for the card, puts it in and types a PIN: terminals give up after one to two minutes.
_PATIENCE_S: Final = 120

# A terminal in a network of the shop answers at once, one on a serial line within seconds.
_LADDER_S: Final = (1, 2, 5, 10)

# The port comes back within two seconds, a busy terminal is registered at again after ten; then it is asked.
_READY_S: Final = 20.0
_ASKS_MAX: Final = 3

# A day is closed after its host was called and its receipt printed.
_DAY_S: Final = 300.0

# What a port or a terminal says when nobody answers any more.
_AWAY: Final = frozenset({"device.gone", "device.silent", "terminal.refused"})


class Terminal(Protocol):
    """All that a payment asks of the line to a terminal; its readings come by `TerminalProvider.heard`."""

    def command(self, command: Command) -> None:
        """Have it done; the readings tell what became of it."""
        ...


class TerminalProvider:
    """A `Provider` whose evidence a terminal gives.

    `on_told` hears of money that nobody waits for: `Cashier.told` fits. `on_prompt` hears what the terminal
    waits for while somebody pays, by attempt: `card`, `right-pin`, `remove-card`, `host`, `patience`, ...
    """

    capabilities: Final = Capabilities(
        "terminal",
        needs_network=False,
        patience_ns=Nanoseconds(_PATIENCE_S * SECOND_NS),
        ladder_ns=tuple(Nanoseconds(pause_s * SECOND_NS) for pause_s in _LADDER_S),
    )

    def __init__(self, terminal: Terminal, payments: PaymentBook, name: str = ZVT) -> None:
        self.name: Final = name
        self._terminal = terminal
        self._payments = payments
        self._history = History()
        self.counts_in = ""
        """Its currency, as it has said itself; '' while it has not."""
        self._away = False
        self._at_work = ""
        """The attempt that the terminal is at, as far as it has told."""
        self._asks = 0
        self._waits: dict[str, asyncio.Queue[TerminalResult]] = {}
        self._totals: dict[str, TerminalTotals] = {}
        self._receipts = Receipts()
        self._ready = asyncio.Event()
        # A terminal does one thing at a time, and is not asked for a second one meanwhile.
        self._turn = asyncio.Lock()
        self.on_told: Callable[[str, Said], None] = lambda _attempt, _said: None
        self.on_prompt: Callable[[str, TerminalNeeds], None] = lambda _attempt, _needs: None

    # What the terminal says

    def heard(self, reading: Reading) -> None:
        """Take in one reading of the terminal; call it before the terminal gets its answer."""
        match reading:
            case TerminalResult():
                self._hear_result(reading)
            case TerminalReady():
                self._away = False
                self.counts_in = reading.currency or self.counts_in
                self._history.is_on(reading.terminal_id)
                self._ready.set()
            case TerminalSaid() if reading.attempt and reading.attempt == self._at_work:
                self.on_prompt(reading.attempt, reading.needs)
            case TerminalLine():
                self._receipts.add(reading)
            case TerminalTotals():
                self._totals[reading.attempt] = reading
            case DeviceFault() if reading.code in _AWAY:
                self._lose()
            case _:
                pass

    def receipt_lines(self, attempt: str) -> tuple[TerminalLine, ...]:
        """What the terminal wants printed of an attempt, card numbers masked; the last few are kept."""
        return self._receipts.of(attempt)

    # What the cashier asks

    async def fence(self) -> str:
        """How far the terminal has counted. Raises NoAnswerError while it cannot be asked."""
        if self._away or self._at_work:
            raise NoAnswerError("the terminal is away, or at work for somebody else")
        async with self._turn:
            await self._ask_last()
            if distance(self._history.last, self._history.told) < 0:
                await self._ask_last()  # it told of the past
            if distance(self._history.last, self._history.told) < 0:
                _log.warning("the terminal counts from %s on: it has begun anew", self._history.told)
                self._history.begin_anew()
        return str(Mark(self._history.terminal, self._history.last))

    async def start(self, attempt: Attempt) -> Said:
        """Have a card pay; what the terminal says last is its word, and without that nobody knows."""
        async with self._turn:
            if self._away:
                return Said("declined", reason=reason(None))  # nobody has heard of it
            self._at_work = attempt.id
            with self._waiting(attempt.id) as told:
                self._terminal.command(StartPayment(attempt.id, attempt.amount_minor, attempt.currency))
                return word(self._history, attempt, await _end(told), self.counts_in)

    async def query(self, attempt: Attempt) -> Said:
        """How it stands by the last transactions of the terminal."""
        if self._at_work:
            return Said("in-progress") if self._at_work == attempt.id else UNKNOWN
        try:
            async with self._turn:
                asked = await self._ask_last(is_awaited=True)
        except BusyError:
            return Said("in-progress")
        said = self._stands(attempt)
        if said.outcome == "captured" and said.reference == self._last_reference:
            self._receipts.give(asked, attempt.id)
        return said

    async def cancel(self, attempt: Attempt) -> Said:
        """Ask the terminal to stop; a terminal that rests and knows of nothing has nothing to stop."""
        self._terminal.command(CancelPayment(attempt.id))
        return await self.query(attempt)

    async def capture(self, attempt: Attempt) -> Said:
        """A terminal holds nothing: what it approves it takes."""
        return await self.query(attempt)

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """Take the whole payment back by its receipt number; asked twice, the terminal says that it has."""
        if self._at_work or any(line.standing == "open" for line in self._payments.at(self.name)):
            return Said("in-progress")  # a reversal would come to lie before what somebody is waiting for
        try:
            async with self._turn:
                await self._ask_last()
                return await self._reverse(attempt, refund, amount_minor)
        except BusyError:
            return Said("in-progress")

    async def taken(self) -> tuple[Taken, ...]:
        """The payments that it has told of since we listen; whose they are, their numbers tell."""
        async with self._turn:
            await self._ask_last()
        known = {self._place(line): line.attempt.id for line in self._payments.at(self.name) if line.paid}
        return tuple(
            Taken(
                known.get((self._history.terminal, deed.trace), ""),
                *(str(self._history.mark(deed)), deed.amount_minor or 0, deed.currency),
            )
            for deed in self._history.standing()
        )

    async def end_day(self) -> DayEnd:
        """Have the terminal hand in what it took; after that nothing of it can be reversed any more."""
        lines = self._payments.at(self.name)
        due = {due.attempt for due in self._payments.dues()}
        if self._at_work or any(line.standing == "open" or line.attempt.id in due for line in lines):
            return DayEnd("waits")
        async with self._turn:
            try:
                await self._ask_last()  # what it is in doubt about is settled first
            except OSError:
                return DayEnd("refused", reason=reason(None))
            with self._waiting(key := self._key("day")) as told:
                self._terminal.command(EndOfDay(key))
                try:
                    async with asyncio.timeout(_DAY_S):
                        return day_end(await _end(told), self._totals.pop(key, None))
                except TimeoutError:
                    return DayEnd("unknown")

    # Readings

    def _hear_result(self, told: TerminalResult) -> None:
        self._away = self._away and told.result_code is None
        self._history.note(told, self.counts_in)
        if told.attempt == self._at_work and told.complete:
            self._at_work = ""
        if (wait := self._waits.get(told.attempt)) is not None:
            wait.put_nowait(told)
        elif (line := self._payments.line(told.attempt)) is not None and told.complete:
            self.on_told(told.attempt, word(self._history, line.attempt, told, self.counts_in))

    def _lose(self) -> None:
        """Nobody answers: what is under way is unknown, and who waits need not wait any longer."""
        self._away = True
        self._at_work = ""
        self._ready.clear()
        for key, wait in self._waits.items():
            wait.put_nowait(TerminalResult(key, TerminalDeed.UNASKED, TerminalOutcome.UNKNOWN))

    # Questions

    @contextmanager
    def _waiting(self, key: str) -> Iterator[asyncio.Queue[TerminalResult]]:
        """The results of a command of ours, for as long as somebody waits for them."""
        self._waits[key] = asyncio.Queue()
        try:
            yield self._waits[key]
        finally:
            del self._waits[key]

    def _key(self, what: str) -> str:
        self._asks += 1
        return f"{what}-{self._asks}"

    async def _ask_last(self, *, is_awaited: bool = False) -> str:
        """Have the terminal tell of its last transaction, and take note of it; the key of the question.

        `is_awaited`: the end of an attempt hangs on it. Raises NoAnswerError, BusyError and TimeoutError.
        """
        for _ in range(_ASKS_MAX):
            if self._away:
                await self._until_ready()
            told = await self._told_of_last()
            if told.outcome is not TerminalOutcome.REFUSED or told.result_code is not None:
                break
            await self._until_ready()  # nobody has heard the question: it was not registered yet
        self._weigh(told, is_awaited=is_awaited)
        return told.attempt

    async def _until_ready(self) -> None:
        async with asyncio.timeout(_READY_S):
            await self._ready.wait()

    async def _told_of_last(self) -> TerminalResult:
        key = self._key("ask")
        self._ready.clear()
        with self._waiting(key) as told:
            self._terminal.command(AskTerminal(key))
            return await _end(told)

    @property
    def _last_reference(self) -> str:
        deed = self._history.deed(self._history.told)
        return "" if deed is None else str(self._history.mark(deed))

    def _weigh(self, told: TerminalResult, *, is_awaited: bool) -> None:
        """Raise unless it is an answer: a transaction, or that there is none.

        Who knew of one and knows of none any more, has forgotten what somebody waits for as well.
        """
        has_none = told.outcome is TerminalOutcome.DECLINED and told.result_code == IMPOSSIBLE
        has_forgotten = is_awaited and self._history.told != 0
        if told.result_code in BUSY:
            raise BusyError("the terminal is at work")
        if told.outcome is TerminalOutcome.DONE and told.trace:
            self._tell_late()
        elif not has_none or has_forgotten:
            raise NoAnswerError(f"the terminal says nothing of its last receipt: {told.outcome.value}")

    def _tell_late(self) -> None:
        """An attempt that was closed without money may have it after all: tell, before it is covered."""
        lines = [line for line in self._payments.at(self.name) if line.standing != "open"]
        if not lines or lines[-1].standing not in {"declined", "cancelled", "person"}:
            return
        last = lines[-1].attempt
        said = self._stands(self._payments.bounded(last))
        if said.outcome == "captured":
            self.on_told(last.id, said)

    # Meaning

    def _stands(self, attempt: Attempt) -> Said:
        """How an attempt stands by all that the terminal has told."""
        fence = mark(attempt.fence)
        if fence is None:
            return UNKNOWN
        until = mark(attempt.until)
        claimed = {
            self._place(line) for line in self._payments.at(self.name) if line.attempt.id != attempt.id
        }
        said = judged(
            self._history,
            *(fence, until, attempt.amount_minor),
            lambda place: (place.terminal, place.trace) in claimed,
        )
        return said or UNKNOWN

    def _place(self, line: AttemptLine) -> tuple[str, int] | None:
        place = mark(line.paid.reference) if line.paid is not None else None
        return None if place is None else (place.terminal, place.trace)

    # Giving back

    async def _reverse(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        line = self._payments.line(attempt.id)
        paid_minor = line.paid.amount_minor if line is not None and line.paid is not None else None
        place = mark(line.paid.reference) if line is not None and line.paid is not None else None
        if place is None:
            return Said("declined", reason=NO_RECEIPT)
        if paid_minor != amount_minor:
            return Said("declined", reason=WHOLE_ONLY)
        if not place.is_of(self._history.terminal):
            return Said("declined", reason=OTHER_TERMINAL)
        back = Said("refunded", amount_minor, attempt.currency, str(place))
        if self._history.is_reversed(place.trace):
            return back
        if not place.receipt:
            return Said("declined", reason=NO_RECEIPT)
        with self._waiting(key := self._key(f"back-{refund}")) as told:
            self._terminal.command(ReversePayment(key, place.receipt))
            return self._reversed(place, back, await _end(told))

    def _reversed(self, place: Mark, back: Said, told: TerminalResult) -> Said:
        """What a reversal came to: the amount and the trace of what it took back must be ours."""
        match told.outcome:
            case TerminalOutcome.DONE if self._is_of(place, back, told):
                return back
            case TerminalOutcome.DONE:
                _log.error("the terminal was to reverse %s, and reversed %s: a person must look", place, told)
                return Said("declined", reason=OTHER_REVERSED, reference=f"{told.original or 0:06d}")
            case TerminalOutcome.DECLINED if told.result_code == ALREADY_REVERSED:
                return back
            case TerminalOutcome.DECLINED if told.result_code not in AGAIN:
                return Said("declined", reason=reason(told.result_code))
            case _:
                return Said("in-progress", reason=reason(told.result_code))

    def _is_of(self, place: Mark, back: Said, told: TerminalResult) -> bool:
        same_money = (told.amount_minor, told.currency or self.counts_in)
        same_payment = told.original in {None, place.trace} and told.result_code == APPROVED
        return same_payment and same_money == (back.amount_minor, back.currency)


async def _end(told: asyncio.Queue[TerminalResult]) -> TerminalResult:
    """The last word; what comes before it is evidence of something that may still be taken back."""
    while not (result := await told.get()).complete:
        pass
    return result
