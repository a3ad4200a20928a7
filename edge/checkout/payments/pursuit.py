"""One attempt, pursued to its end: its provider is asked until the table of `retail.tender` says so.

Nothing here is durable, and nothing here decides what is sold: the cashier writes down what came of it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, Final, Protocol

import msgspec

from edge.checkout.payments.provider import UNKNOWN, Attempt, Provider, Said
from edge.readings import Nanoseconds
from retail.tender import ENDS, MONEY, Phase, Then, Verb, after

SECOND_NS: Final = 1_000_000_000

# A provider that says nothing to a question for so long says nothing: the question is asked again.
_ANSWER_S: Final = 30.0

# After this long, or twice the patience of a provider that is slower, a shopper is told that a person will
# look into it; the money is watched all the same.
PERSON_NS: Final = Nanoseconds(600 * SECOND_NS)

# A terminal gives its shopper three minutes; a start that takes longer than this has lost its answer.
_START_S_MAX: Final = 240.0


OTHER_CURRENCY: Final = "other-currency"
"""The reason when money was taken in a currency that nobody had asked for."""


class Clock(Protocol):
    """All that a pursuit asks of time."""

    def now_ns(self) -> Nanoseconds:
        """Monotonic time."""
        ...


class Came(Enum):
    """What an attempt came to."""

    PAID = "paid"
    STORED = "stored"  # taken while nobody could be asked
    DECLINED = "declined"
    CANCELLED = "cancelled"
    OTHER_MONEY = "other-money"  # taken, but not what was asked for: it goes back
    NOBODY_KNOWS = "nobody-knows"  # a person has to look


class End(msgspec.Struct, frozen=True):
    """How a pursuit ended, and what the provider said last."""

    came: Came
    said: Said


_CAME: Final = {
    Then.PAID: Came.PAID,
    Then.STORED: Came.STORED,
    Then.DECLINED: Came.DECLINED,
    Then.CANCELLED: Came.CANCELLED,
    Then.GIVEN_BACK: Came.CANCELLED,
}
_ASK: Final[dict[Then, Verb]] = {Then.WAIT: "query", Then.STOP: "cancel", Then.CAPTURE: "capture"}


class Pursuit:
    """`await run()` it once; `tell` it what is pushed, and `stop` it when the shopper has had enough.

    `late` hears what a provider still says after the end.
    """

    def __init__(
        self, attempt: Attempt, provider: Provider, clock: Clock, late: Callable[[Attempt, Said], None]
    ) -> None:
        self._attempt = attempt
        self._provider = provider
        self._clock = clock
        self._late = late
        self._heard: asyncio.Queue[tuple[Verb, Said]] = asyncio.Queue()
        self._calls: dict[Verb, asyncio.Task[None]] = {}
        self._phase = Phase.ASKED
        self._then = Then.WAIT
        self._asked = 0
        """How often it was asked since something changed."""
        self._wish = asyncio.Event()
        self._over = False

    def tell(self, said: Said) -> None:
        """The provider has said something by itself."""
        self._hear("push", said)

    def stop(self) -> None:
        """The shopper does not want to pay like this any more."""
        self._wish.set()

    async def run(self, *, start: bool) -> End:
        """See it through. `start` begins to charge; without it, the attempt may have been started before."""
        self._call("start" if start else "query")
        try:
            end = await self._see_through(self._clock.now_ns())
        finally:
            self._over = True
        while not self._heard.empty():  # it was said before the end, and came after the word that made it
            self._late(self._attempt, self._heard.get_nowait()[1])
        return end

    async def _see_through(self, begun_ns: Nanoseconds) -> End:
        while True:
            heard = await self._next(begun_ns)
            if heard and (end := self._judge(*heard)) is not None:
                return end
            if self._clock.now_ns() - begun_ns >= max(PERSON_NS, 2 * self._provider.capabilities.patience_ns):
                return End(Came.NOBODY_KNOWS, UNKNOWN)

    def _judge(self, verb: Verb, said: Said) -> End | None:
        """The end that a provider's word means; None while there is none."""
        if said.outcome in MONEY and not self._is_ours(said):
            if said.outcome == "captured" and said.amount_minor > 0 and said.currency:
                return self._other_money(said)
            if said.outcome == "captured":
                said = UNKNOWN  # money of which nobody says how much: that is no evidence
            else:
                said = Said("in-progress")  # held, or given back, and not what was asked for: it is ended
                self._wish.set()
        before = self._phase, self._then
        self._phase, self._then = after(self._phase, verb, said.outcome)
        if self._then in ENDS:
            return End(_CAME[self._then], said)
        if (self._phase, self._then) != before:
            self._asked = 0
        return None

    def _other_money(self, said: Said) -> End:
        """What was taken goes back; in another currency nobody here can say what it is worth."""
        if said.currency == self._attempt.currency:
            return End(Came.OTHER_MONEY, said)
        return End(Came.NOBODY_KNOWS, msgspec.structs.replace(said, reason=OTHER_CURRENCY))

    def _is_ours(self, said: Said) -> bool:
        """Whether the evidence is of the same money."""
        return (said.amount_minor, said.currency) == (self._attempt.amount_minor, self._attempt.currency)

    async def _next(self, begun_ns: Nanoseconds) -> tuple[Verb, Said] | None:
        """What is heard next; None when it was time to ask instead, which was done."""
        pause_s = self._pause_s(begun_ns)
        hearing = asyncio.ensure_future(self._heard.get())
        wishing = asyncio.ensure_future(self._wish.wait())
        waits = {hearing} if self._phase is not Phase.ASKED else {hearing, wishing}
        try:
            await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                return hearing.result()
        finally:
            hearing.cancel()
            wishing.cancel()
        if self._phase is Phase.ASKED and (self._wish.is_set() or self._is_too_long(begun_ns)):
            self._phase, self._then, self._asked = Phase.STOPPING, Then.STOP, 0
        self._ask()
        return None

    def _pause_s(self, begun_ns: Nanoseconds) -> float:
        """How long to listen before something is asked."""
        if "start" in self._calls and self._phase is Phase.ASKED:
            left_ns = begun_ns + self._provider.capabilities.patience_ns - self._clock.now_ns()
            return max(left_ns, 0) / SECOND_NS
        if self._is_asking:
            return _ANSWER_S
        if self._asked == 0 and self._then is not Then.WAIT:
            return 0
        ladder_ns = self._provider.capabilities.ladder_ns
        return ladder_ns[min(self._asked, len(ladder_ns) - 1)] / SECOND_NS

    @property
    def _is_asking(self) -> bool:
        return any(verb != "start" for verb in self._calls)

    def _is_too_long(self, begun_ns: Nanoseconds) -> bool:
        return self._clock.now_ns() - begun_ns >= self._provider.capabilities.patience_ns

    def _ask(self) -> None:
        """Ask what the table says, unless an answer is still awaited."""
        if self._is_asking:
            return
        self._asked += 1
        self._call(_ASK[self._then])

    def _call(self, verb: Verb) -> None:
        self._calls[verb] = asyncio.ensure_future(self._called(verb))

    async def _called(self, verb: Verb) -> None:
        try:
            async with asyncio.timeout(_START_S_MAX if verb == "start" else _ANSWER_S):
                said = await self._asking(verb)
        except (OSError, TimeoutError):
            said = UNKNOWN
        del self._calls[verb]
        self._hear(verb, said)

    def _asking(self, verb: Verb) -> Coroutine[Any, Any, Said]:
        asked = {
            "start": self._provider.start,
            "query": self._provider.query,
            "cancel": self._provider.cancel,
            "capture": self._provider.capture,
        }
        return asked[verb](self._attempt)

    def _hear(self, verb: Verb, said: Said) -> None:
        if self._over:
            self._late(self._attempt, said)
        else:
            self._heard.put_nowait((verb, said))
