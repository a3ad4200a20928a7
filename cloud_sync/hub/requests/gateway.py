"""The payment gateway: attempts at providers whose secrets only the hub has, each started once at most.

An attempt is in the books before its provider hears of it, so whatever happens in between, nobody starts it
again: who asks again is told how it stands. What a provider does not answer is unknown, which is no decline.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from cloud_sync.contract.requests import Answer, PaymentAsked, PaymentSaid, Refused
from cloud_sync.hub.requests import books
from cloud_sync.hub.requests.books import Intent, Line, Outcome
from cloud_sync.hub.requests.provider import Attempt, Provider, Said
from cloud_sync.hub.store.attention import raise_alarm
from cloud_sync.hub.store.database import Store, generation
from retail.tender import MONEY

_log = logging.getLogger(__name__)

# Nothing more can come of these but a refund, which the hub itself asks for.
_SETTLED: Final[frozenset[Outcome]] = frozenset({"captured", "refunded", "refused"})
# Nothing is left to cancel.
_ENDED: Final[frozenset[Outcome]] = _SETTLED | {"declined", "cancelled", "refunding"}


class Gateway:
    """Answers the payment questions of objects. Threads may share it, if none asks what another asks."""

    def __init__(self, store: Store, providers: Mapping[str, Provider], clock_ms: Callable[[], int]) -> None:
        self._store, self._providers, self._clock_ms = store, providers, clock_ms

    def answer(self, dev: str, ask: PaymentAsked) -> Answer | None:
        """What to tell the object; None while the entry that means the attempt has not come yet."""
        attempt = Attempt(ask.attempt, dev, ask.provider, ask.amount_minor, ask.currency)
        line = self._line(attempt)
        if line is None and ask.verb == "start":
            return self._start(attempt)
        if line is None:
            return self._never_started(attempt, ask)
        if (refusal := self._another(line, attempt)) is not None:
            return refusal
        match ask.verb:
            case "start" | "query":
                return self._query(line)
            case "cancel":
                return self._cancel(line)
            case "refund":
                return self._refund(line)

    def _start(self, attempt: Attempt) -> Answer | None:
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
        return _told(self._begun(attempt, ask_first=was_restored))

    def _begun(self, attempt: Attempt, *, ask_first: bool) -> Line:
        """Start an attempt. The books of a hub that was restored may have lost it: its provider knows."""
        provider = self._providers[attempt.provider]
        if ask_first and (said := _asked(provider.query, attempt)).outcome != "not-found":
            return self._settled(attempt, said)
        return self._settled(attempt, _asked(provider.start, attempt))

    def _why_not(self, meant: Intent, attempt: Attempt) -> str:
        """Why an attempt is not started, or ''."""
        if meant.attempt != attempt or attempt.amount_minor <= 0:
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
        if line.attempt == attempt:
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

    def _refund(self, line: Line) -> Answer:
        provider = self._providers.get(line.attempt.provider)
        if line.outcome in {"refunded", "refused"} or provider is None:
            return _told(line)
        attempt = line.attempt
        if line.outcome != "captured":
            # Nobody has confirmed the money yet, or a refund was begun and nobody has confirmed that.
            line = self._settled(attempt, _asked(provider.query, attempt))
        if line.outcome != "captured":
            return _told(line)
        with self._store.writing() as connection:
            books.settle(connection, Line(attempt, "refunding"), self._clock_ms())
        return _told(self._settled(attempt, _asked(provider.refund, attempt)))

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
        heard = Line(attempt, said.outcome, said.reference)
        with self._store.writing() as connection:
            before, line = books.settle(connection, heard, self._clock_ms())
        if before in {"declined", "cancelled"} and line.outcome in MONEY:
            self._alarm(
                attempt, f"attempt {attempt.id} was {before}, and now {attempt.provider} has the money"
            )
        return line if line.outcome in _ENDED else Line(attempt, said.outcome, line.reference)

    def _line(self, attempt: Attempt) -> Line | None:
        with self._store.reading() as connection:
            return books.find(connection, attempt.id)

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
    outcome = "unknown" if line.outcome == "refunding" else line.outcome
    return PaymentSaid(attempt.id, outcome, attempt.amount_minor, attempt.currency, line.reference)


def _money(attempt: Attempt) -> str:
    return f"{attempt.amount_minor} {attempt.currency} at {attempt.provider} for {attempt.dev}"
