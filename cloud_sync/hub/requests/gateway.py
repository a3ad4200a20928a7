"""The payment gateway: attempts at providers whose secrets only the hub has, each started once at most.

An attempt is in the books before its provider hears of it, so whatever happens in between, nobody starts it
again: who asks again is told how it stands. What a provider does not answer is unknown, which is no decline.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec

from cloud_sync.contract.requests import Answer, PaymentAsked, PaymentSaid, Refused
from cloud_sync.hub.payments.pushes import Hint
from cloud_sync.hub.requests import books, payback
from cloud_sync.hub.requests.books import Intent, Line, Outcome
from cloud_sync.hub.requests.payback import Back, Going, TooMuchError
from cloud_sync.hub.requests.provider import Attempt, Provider, Said
from cloud_sync.hub.store.attention import raise_alarm
from cloud_sync.hub.store.database import Store, generation
from retail.tender import MONEY

_log = logging.getLogger(__name__)

# Nothing more can come of these but a refund, which the hub itself asks for.
_SETTLED: Final[frozenset[Outcome]] = frozenset({"captured", "refunded", "refused"})
# Nothing is left to cancel.
_ENDED: Final[frozenset[Outcome]] = _SETTLED | {"declined", "cancelled"}


class Gateway:
    """Answers the payment questions of objects. Threads may share it, if none asks what another asks."""

    def __init__(self, store: Store, providers: Mapping[str, Provider], clock_ms: Callable[[], int]) -> None:
        self._store, self._providers, self._clock_ms = store, providers, clock_ms

    def answer(self, dev: str, ask: PaymentAsked) -> Answer | None:
        """What to tell the object; None while the entry that means the attempt has not come yet."""
        attempt = Attempt(ask.attempt, dev, ask.provider, ask.amount_minor, ask.currency)
        line = self._line(attempt)
        if line is None and ask.verb == "start":
            return self._start(attempt, ask.code)
        if line is None:
            return self._never_started(attempt, ask)
        if (refusal := self._another(line, attempt)) is not None:
            return refusal
        if ask.verb == "refund":
            key = ask.refund or attempt.id
            return self._refund(
                line, Back(line.attempt, key, ask.refund_minor if ask.refund else attempt.amount_minor)
            )
        return self._attended(line, ask.verb)

    def _attended(self, line: Line, verb: Literal["start", "query", "cancel", "capture"]) -> Answer:
        """What to tell of an attempt that is in the books."""
        if line.outcome == "captured" and self._is_leaving(line):
            return _told(msgspec.structs.replace(line, outcome="unknown"))
        match verb:
            case "start" | "query":
                return self._query(line)
            case "cancel":
                return self._cancel(line)
            case "capture":
                return self._capture(line)

    def has(self, provider: str) -> bool:
        """Whether this hub has an account with a provider."""
        return provider in self._providers

    def look(self, provider: str, hint: Hint) -> Line | None:
        """Ask a provider how an attempt stands, and write that down; None if nobody here knows of it.

        Raises OSError if the provider does not answer.
        """
        asked = self._providers.get(provider)
        with self._store.reading() as connection:
            line = books.find(connection, hint.attempt) or books.of_reference(
                connection, provider, hint.reference
            )
        if asked is None or line is None or line.attempt.provider != provider:
            return None
        if line.outcome in _SETTLED:
            return line
        return self._settled(line.attempt, asked.query(line.attempt))

    def end(self, line: Line) -> Line:
        """Have a provider end an attempt that its object has left alone."""
        provider = self._providers[line.attempt.provider]
        return self._settled(line.attempt, _asked(provider.cancel, line.attempt))

    def _start(self, attempt: Attempt, code: str) -> Answer | None:
        with self._store.reading() as connection:
            meant = books.intended(connection, attempt.dev, attempt.id)
            was_restored = generation(connection) > 1
        if meant is None:
            return None
        refusal = self._why_not(meant, attempt)
        with self._store.writing() as connection:
            first = books.enter(connection, attempt, "refused" if refusal else "unknown", self._clock_ms())
            line = books.find(connection, attempt.id)
        assert line is not None
        if not first:  # another worker was faster
            return self._query(line)
        if refusal:
            return Refused(refusal)
        return _told(self._begun(line.attempt, code, ask_first=was_restored))

    def _begun(self, attempt: Attempt, code: str, *, ask_first: bool) -> Line:
        """Start an attempt. The books of a hub that was restored may have lost it: its provider knows."""
        provider = self._providers[attempt.provider]
        if ask_first and (said := _asked(provider.query, attempt)).outcome != "not-found":
            return self._settled(attempt, said)
        return self._settled(attempt, _asked(lambda each: provider.start(each, code), attempt))

    def _why_not(self, meant: Intent, attempt: Attempt) -> str:
        """Why an attempt is not started, or ''."""
        if not meant.attempt.is_same(attempt) or attempt.amount_minor <= 0:
            said = f"the journal means {_money(meant.attempt)}, the question {_money(attempt)}"
            return f"attempt {attempt.id}: {said}"
        if not meant.is_newest:
            return f"attempt {attempt.id}: its sale has gone on to another attempt"
        if attempt.provider not in self._providers:
            return f"this hub has no account with {attempt.provider}: offer another way to pay"
        return ""

    def _never_started(self, attempt: Attempt, ask: PaymentAsked) -> Answer:
        if ask.verb == "cancel":
            # A start that was held up on its way finds this and does nothing.
            with self._store.writing() as connection:
                books.enter(connection, attempt, "cancelled", self._clock_ms())
            return _told(Line(attempt, "cancelled"))
        return _told(Line(attempt, "not-found"))

    def _another(self, line: Line, attempt: Attempt) -> Refused | None:
        """The refusal of a question that does not fit its attempt."""
        if line.attempt.is_same(attempt):
            return None
        sentence = (
            f"attempt {attempt.id} is of {_money(line.attempt)}, and {attempt.dev} asks for {_money(attempt)}"
        )
        self._alarm(attempt, sentence)
        return Refused(sentence)

    def _query(self, line: Line) -> Answer:
        provider = self._providers.get(line.attempt.provider)
        if line.outcome in _SETTLED or provider is None:
            return _told(line)
        return _told(self._settled(line.attempt, _asked(provider.query, line.attempt)))

    def _cancel(self, line: Line) -> Answer:
        provider = self._providers.get(line.attempt.provider)
        if line.outcome in _ENDED or provider is None:
            return _told(line)
        return _told(self._settled(line.attempt, _asked(provider.cancel, line.attempt)))

    def _capture(self, line: Line) -> Answer:
        provider = self._providers.get(line.attempt.provider)
        if line.outcome in _ENDED or provider is None:
            return _told(line)
        return _told(self._settled(line.attempt, _asked(provider.capture, line.attempt)))

    def _refund(self, line: Line, back: Back) -> Answer:
        provider = self._providers.get(line.attempt.provider)
        if line.outcome == "refused" or provider is None:
            return _told(line)
        if line.outcome not in {"captured", "refunded"}:
            # Nobody has confirmed the money yet.
            line = self._settled(line.attempt, _asked(provider.query, line.attempt))
        if line.outcome not in {"captured", "refunded"}:
            return _told(line)  # nothing came in
        try:
            with self._store.writing() as connection:
                back = payback.begin(connection, back, self._clock_ms())
        except TooMuchError as error:
            self._alarm(line.attempt, str(error))
            return Refused(str(error))
        if back.outcome == "unknown":
            back = self._gone(
                back, _asked(lambda each: provider.refund(each, back.key, back.amount_minor), line.attempt)
            )
        return _told_back(back)

    def _gone(self, back: Back, said: Said) -> Back:
        """A refund as it stands after its provider has said something, and it is in the books."""
        if said.outcome == "refunded" and (said.amount_minor, said.currency) != (
            back.amount_minor,
            back.attempt.currency,
        ):
            got = f"{back.attempt.provider} speaks of {said.amount_minor} {said.currency}"
            self._alarm(
                back.attempt, f"refund {back.key} is of {back.amount_minor}, and {got}: a person must look"
            )
        elif said.outcome in {"refunded", "declined"}:
            outcome: Going = "refunded" if said.outcome == "refunded" else "declined"
            back = msgspec.structs.replace(back, outcome=outcome, reference=said.reference)
        with self._store.writing() as connection:
            payback.settle(connection, back, self._clock_ms())
        return back

    def _settled(self, attempt: Attempt, said: Said) -> Line:
        """What is to be told after a provider has said something, and it is in the books."""
        if said.outcome in MONEY and (said.amount_minor, said.currency) != (
            attempt.amount_minor,
            attempt.currency,
        ):
            got = f"{attempt.provider} speaks of {said.amount_minor} {said.currency}"
            self._alarm(
                attempt, f"attempt {attempt.id} is of {_money(attempt)}, and {got}: a person must look"
            )
            said = _nothing(attempt)
        heard = Line(attempt, said.outcome, said.reference, said.reason, said.card)
        with self._store.writing() as connection:
            before, line = books.settle(connection, heard, self._clock_ms())
        if before in {"declined", "cancelled"} and line.outcome in MONEY:
            self._alarm(
                attempt, f"attempt {attempt.id} was {before}, and now {attempt.provider} has the money"
            )
        if line.outcome in _ENDED:
            return line
        return msgspec.structs.replace(heard, reference=line.reference)

    def _line(self, attempt: Attempt) -> Line | None:
        with self._store.reading() as connection:
            return books.find(connection, attempt.id)

    def _is_leaving(self, line: Line) -> bool:
        """Whether all of an attempt's money is on its way back: nobody sells for it any more."""
        with self._store.reading() as connection:
            return payback.left_minor(connection, line.attempt) == 0

    def _alarm(self, attempt: Attempt, sentence: str) -> None:
        with self._store.writing() as connection:
            raise_alarm(connection, "payment", attempt.dev, sentence, self._clock_ms())


def _asked(verb: Callable[[Attempt], Said], attempt: Attempt) -> Said:
    try:
        return verb(attempt)
    except OSError as error:
        _log.warning("%s does not answer about attempt %s: %s", attempt.provider, attempt.id, error)
        return _nothing(attempt)


def _nothing(attempt: Attempt) -> Said:
    return Said("unknown", attempt.amount_minor, attempt.currency)


def _told(line: Line) -> Answer:
    attempt = line.attempt
    if line.outcome == "refused":
        return Refused(f"attempt {attempt.id} was refused and is not started: make another one")
    money = attempt.amount_minor, attempt.currency
    return PaymentSaid(attempt.id, line.outcome, *money, line.reference, line.reason, line.card)


def _told_back(back: Back) -> Answer:
    attempt = back.attempt
    reference = back.reference or attempt.reference
    return PaymentSaid(attempt.id, back.outcome, back.amount_minor, attempt.currency, reference)


def _money(attempt: Attempt) -> str:
    return f"{attempt.amount_minor} {attempt.currency} at {attempt.provider} for {attempt.dev}"
