"""The trial of a card terminal: the smallest amount is paid, and reversed at once.

The object holds no terminal while it trains, so this is a talk of our own with it. What is paid and reversed
stands in the terminal's books, as a payment and its reversal, and in no book of the shop.
"""

import asyncio
import contextlib
import random
import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from edge.clock import Clock
from edge.commands import Command, ReversePayment, StartPayment
from edge.drivers.registry import driver_for
from edge.drivers.transports import Conversation
from edge.drivers.uris import PeripheralUri
from edge.provision.trial.sale import TrialFailedError
from edge.readings import (
    DeviceFault,
    Reading,
    TerminalDeed,
    TerminalOutcome,
    TerminalReady,
    TerminalResult,
)

# A terminal registers within a few seconds; a person finds a card within a minute, and the bank answers.
_READY_S: Final = 20.0
_CARD_S: Final = 120.0
_ATTEMPT_BYTES: Final = 8


class Penny(msgspec.Struct, frozen=True):
    """A payment that was taken back: the terminal, the amount, and both receipts of the terminal's."""

    terminal: str
    amount_minor: int
    currency: str
    receipt: int
    reversal: int | None


async def penny(uri: PeripheralUri, amount_minor: int, clock: Clock, told: Callable[[str], object]) -> Penny:
    """Pay so little with a real card and take it back; `told` hears what the terminal waits for.

    Raises TrialFailedError, ProfileError.
    """
    heard: asyncio.Queue[Reading] = asyncio.Queue()
    line = Conversation(uri, driver_for(uri.profile), heard.put_nowait, clock, random.SystemRandom())
    talking = asyncio.ensure_future(line.run())
    try:
        return await _paid_and_reversed(line.command, heard, amount_minor, told)
    except asyncio.CancelledError as error:  # Ctrl-C: what the terminal does from here on nobody hears
        raise TrialFailedError(
            f"it was broken off: look at the terminal, and if it took something {_HAND}"
        ) from error
    finally:
        talking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await talking


async def _paid_and_reversed(
    command: Callable[[Command], None],
    heard: "asyncio.Queue[Reading]",
    amount_minor: int,
    told: Callable[[str], object],
) -> Penny:
    ready = await _ready(heard)
    currency = ready.currency or "EUR"
    told("card")
    attempt = secrets.token_hex(_ATTEMPT_BYTES)
    command(StartPayment(attempt, amount_minor, currency))
    paid = await _result(heard, attempt)
    if paid.outcome is not TerminalOutcome.DONE:
        raise TrialFailedError(_NOT_PAID[paid.outcome])
    if paid.receipt is None:
        raise TrialFailedError(f"the terminal names no receipt, so it cannot be told to take back {_HAND}")
    told("reversal")
    back = f"{attempt}r"
    command(ReversePayment(back, paid.receipt))
    reversed_ = await _result(heard, back)
    if reversed_.outcome is not TerminalOutcome.DONE:
        raise TrialFailedError(f"the terminal did not take back receipt {paid.receipt}: {_HAND}")
    return Penny(ready.terminal_id, amount_minor, currency, paid.receipt, reversed_.receipt)


_HAND: Final = "reverse it by hand at the terminal, before its next end of day"

_NOT_PAID: Final = {
    TerminalOutcome.DECLINED: "the card was declined: nothing was charged; try another card",
    TerminalOutcome.CANCELLED: "nobody put a card into the terminal: nothing was charged",
    TerminalOutcome.REFUSED: "the terminal takes no payment now: `opos doctor` says why",
    TerminalOutcome.UNKNOWN: f"nobody knows whether the card was charged: look at the terminal, and {_HAND}",
}


async def _ready(heard: "asyncio.Queue[Reading]") -> TerminalReady:
    try:
        async with asyncio.timeout(_READY_S):
            while not isinstance(reading := await heard.get(), TerminalReady):
                if isinstance(reading, DeviceFault):
                    raise TrialFailedError(reading.sentence)
    except TimeoutError as error:
        raise TrialFailedError(
            "the card terminal did not register: check its cable and its settings"
        ) from error
    return reading


async def _result(heard: "asyncio.Queue[Reading]", attempt: str) -> TerminalResult:
    """What became of an attempt; what the terminal says meanwhile is for the person at its own display."""
    outcome: TerminalResult | None = None
    try:
        async with asyncio.timeout(_CARD_S):
            while outcome is None or not outcome.complete:
                reading = await heard.get()
                if isinstance(reading, TerminalResult) and reading.attempt == attempt:
                    outcome = reading
    except TimeoutError:
        return outcome or TerminalResult(attempt, TerminalDeed.PAYMENT, TerminalOutcome.UNKNOWN)
    return outcome
