"""A way to pay whose secrets only the hub has: each question goes to the hub, and its answer is the evidence.

No network is here: whoever carries the questions checks that the hub itself has answered. What the hub does
not answer is unknown, which is no decline.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from cloud_sync.contract.requests import Answer, PaymentAsked, PaymentSaid, Refused, Verb
from edge.checkout.payments.provider import Attempt, Capabilities, Said, Taken
from edge.checkout.payments.pursuit import SECOND_NS
from edge.readings import Nanoseconds

_log: Final = logging.getLogger("opos.payments")

NOT_READABLE: Final = "code.not-readable"
"""The reason when what the shopper showed is nothing that could be asked about."""
REFUSED: Final = "refused"
"""The reason when the hub did not do it, and never will."""

# The longest number of a provider's own is Alipay's, 64 characters; entries have room for no novel.
_WORD_CHARS_MAX: Final = 64

# Questions without an answer whose ids are remembered: a shop that has more of them open has no hub.
_REMEMBERED_MAX: Final = 64


class NoWordError(ConnectionError):
    """The hub has said nothing about an attempt, or nothing that is about it: nobody knows how it stands."""


class UnaskedError(ConnectionError):
    """Nobody could read the question, so it was not asked, and the provider hears nothing of it."""


class Hub(Protocol):
    """All that a payment asks of the way to the hub."""

    @property
    def hub_answers(self) -> bool:
        """Whether the hub answers just now."""
        ...

    async def ask(self, request_id: str, payment: PaymentAsked) -> Answer:
        """The hub's own answer to this question.

        Raises OSError when there was none, ValueError for a question that was not asked, since nobody could
        read it.
        """
        ...


class _Question(msgspec.Struct):
    """The last question about an attempt, without what its shopper showed."""

    id: str
    payment: PaymentAsked
    under_way: bool = True


class CloudProvider:
    """One provider at the hub, by its code `name`; `new_id` gives a fresh request id each time."""

    def __init__(self, name: str, capabilities: Capabilities, hub: Hub, new_id: Callable[[], str]) -> None:
        self.name: Final = name
        self.capabilities: Final = capabilities
        self._hub = hub
        self._new_id = new_id
        self._last: dict[str, _Question] = {}

    async def fence(self) -> str:
        """The hub knows our attempts by their ids. Raises NoWordError while it does not answer."""
        if not self._hub.hub_answers:
            raise NoWordError(f"the hub does not answer: nothing can be paid by {self.name}")
        return ""

    async def start(self, attempt: Attempt) -> Said:
        """Begin to charge; what cannot be asked, since no code is like that, was never begun."""
        try:
            return await self._asked(attempt, _payment("start", attempt), attempt.code)
        except UnaskedError as error:
            _log.warning("%r was not begun: %s", attempt, error)
            return Said("declined", reason=NOT_READABLE)

    async def query(self, attempt: Attempt) -> Said:
        """How the attempt stands."""
        return await self._asked(attempt, _payment("query", attempt))

    async def cancel(self, attempt: Attempt) -> Said:
        """End it if nothing was charged; a start that is still on its way does nothing after that."""
        return await self._asked(attempt, _payment("cancel", attempt))

    async def capture(self, attempt: Attempt) -> Said:
        """Take what is held for us."""
        return await self._asked(attempt, _payment("capture", attempt))

    async def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """Pay so much of it back; the answer is about this refund alone."""
        payment = _payment("refund", attempt)
        payment = msgspec.structs.replace(payment, refund=refund, refund_minor=amount_minor)
        return await self._asked(attempt, payment)

    async def taken(self) -> tuple[Taken, ...]:
        """Nothing: the hub itself compares what its providers settle."""
        return ()

    async def _asked(self, attempt: Attempt, payment: PaymentAsked, code: str = "") -> Said:
        question = self._question(payment)
        try:
            answer = await self._hub.ask(question.id, msgspec.structs.replace(payment, code=code))
        except ValueError as error:
            raise UnaskedError(str(error)) from error
        finally:
            question.under_way = False
        if self._last.get(attempt.id) is question:
            del self._last[attempt.id]
        return _said(payment.verb, attempt, answer)

    def _question(self, payment: PaymentAsked) -> _Question:
        """The question under its id.

        One that nobody answered keeps its id when it is asked again, so that an answer that was only late
        counts. Once anything else was asked about the attempt, an older answer proves nothing any more.
        """
        last = self._last.pop(payment.attempt, None)
        if last is None or last.payment != payment or last.under_way:
            last = _Question(self._new_id(), payment)
        last.under_way = True
        self._last[payment.attempt] = last
        while len(self._last) > _REMEMBERED_MAX:
            del self._last[next(iter(self._last))]
        return last


def _payment(verb: Verb, attempt: Attempt) -> PaymentAsked:
    return PaymentAsked(verb, attempt.id, attempt.provider, attempt.amount_minor, attempt.currency)


def _said(verb: Verb, attempt: Attempt, answer: Answer) -> Said:
    match answer:
        case PaymentSaid() if answer.attempt == attempt.id:
            words = (answer.reference, answer.reason, answer.card)
            return Said(
                *(answer.outcome, answer.amount_minor, answer.currency),
                *(word[:_WORD_CHARS_MAX] for word in words),
            )
        case Refused():
            # To start, it means that nothing was charged and nothing will be; and that is what it repeats.
            _log.error("the hub refuses to %s %r: %s", verb, attempt, _without(attempt.code, answer.sentence))
            return Said("declined", reason=REFUSED)
        case _:
            raise NoWordError(f"the hub has said nothing about {attempt!r}")


def _without(secret: str, sentence: str) -> str:
    return sentence.replace(secret, "...") if secret else sentence


def _seconds(*pauses_s: int) -> tuple[Nanoseconds, ...]:
    return tuple(Nanoseconds(pause_s * SECOND_NS) for pause_s in pauses_s)


WAYS: Final[Mapping[str, Capabilities]] = {
    # The card is put to the reader within two minutes, as on any terminal; the hub hears of it at once.
    "stripe": Capabilities("terminal", True, Nanoseconds(120 * SECOND_NS), _seconds(2, 2, 3, 5)),
    # A shopper who has to type a password is asked about every ten seconds, and given up after 45 (WeChat
    # Pay, quick pay, 4011937125).
    "wechat": Capabilities("scan", True, Nanoseconds(45 * SECOND_NS), _seconds(5, 10)),
    # First after 5 s, then every 3 to 6 s for about a minute, then cancelled (Alipay, alipay.trade.pay).
    "alipay": Capabilities("scan", True, Nanoseconds(60 * SECOND_NS), _seconds(5, 4)),
}
"""The providers that a hub may have an account with, and how patient one must be with each."""
