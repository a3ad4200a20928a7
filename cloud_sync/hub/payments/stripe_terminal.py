"""Stripe's card readers, driven by its servers: an intent says what is paid, a reader has it paid.

The intent is the truth about money, whatever a reader or an error says of it. It is made and paid under keys
of the attempt's; as Stripe forgets a key after a day, what is asked later is found by our own metadata.

Sources: https://docs.stripe.com/terminal/payments/collect-card-payment?terminal-sdk-platform=server-driven,
https://docs.stripe.com/api/idempotent_requests, https://docs.stripe.com/currencies.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import stripe

from cloud_sync.hub.payments.pushes import ATTEMPT
from cloud_sync.hub.requests.provider import Attempt, Said, UnreachableError

if TYPE_CHECKING:
    from stripe import RequestOptions
    from stripe.params import PaymentIntentListParamsCreated

_log = logging.getLogger(__name__)

_REFUND: Final = "opos_refund"

# The version of the description that our tests hold every question and answer against. The library's own is
# newer, and names the ways to pay of an intent otherwise.
_VERSION: Final = "2023-08-16"
# A question is answered in under a second; a reader that is slow to wake takes ten.
_ANSWER_S: Final = 20
# Keys are kept for a day at least: an hour is left for clocks that differ.
_KEY_LIFE_MS: Final = 23 * 3600 * 1000
# An intent is made within a minute of its line in the books; the rest is for clocks that differ.
_MADE_BEFORE_S: Final = 300
_MADE_AFTER_S: Final = 600
# More intents in a quarter of an hour than a chain of shops makes.
_LOOKED_THROUGH_MAX: Final = 2_000
# Where Stripe counts in other units than ISO 4217 does: nothing is charged a hundredfold.
_OTHER_UNITS: Final = frozenset({"ISK", "MGA", "UGX"})
# The reader does not have the job: the intent can be ended at once.
_NOT_BEGUN: Final = frozenset(
    {
        "intent_invalid_state",
        "terminal_reader_busy",
        "terminal_reader_hardware_fault",
        "terminal_reader_invalid_location_for_payment",
        "terminal_reader_offline",
    }
)
# The reader may have taken the job all the same.
_MAYBE_BEGUN: Final = frozenset({"terminal_reader_timeout"})
# A refund that can never be done; all other trouble may pass.
_NEVER_BACK: Final = frozenset({"amount_too_large", "charge_already_refunded", "charge_disputed"})
_WITH_CARD: Final = ["latest_charge"]


def connected(key: str, url: str = "") -> stripe.StripeClient:
    """A client that asks once and never by itself again; `url` is another server than Stripe's."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": url} if url else None,
        stripe_version=_VERSION,
        http_client=stripe.RequestsClient(timeout=_ANSWER_S),
        max_network_retries=0,
    )


class StripeTerminal:
    """One account; `readers` says which reader stands beside which object. Threads may share it.

    With `holds` money is held first, and taken by `capture`.
    """

    def __init__(
        self,
        client: stripe.StripeClient,
        readers: Mapping[str, str],
        clock_ms: Callable[[], int],
        *,
        holds: bool = False,
    ) -> None:
        self._readers, self._clock_ms = readers, clock_ms
        self._api, self._capture_method = client.v1, "manual" if holds else "automatic"

    def start(self, attempt: Attempt, _code: str) -> Said:
        """Make the intent, and have the object's reader ask for a card."""
        reader = self._readers.get(attempt.dev)
        if reader is None or attempt.currency in _OTHER_UNITS:
            return _no(attempt, "currency" if reader else "no-reader")
        with _answering():
            intent = self._made(attempt)
            try:
                self._api.terminal.readers.process_payment_intent(
                    reader, {"payment_intent": intent.id}, {"idempotency_key": _key(attempt, "process")}
                )
            except stripe.StripeError as error:
                if (code := _code_of(error)) in _MAYBE_BEGUN:
                    return _so("in-progress", attempt, intent)
                if code not in _NOT_BEGUN:
                    raise
                return self._without_reader(attempt, intent, code)
        return _so("in-progress", attempt, intent)

    def query(self, attempt: Attempt) -> Said:
        """How the intent stands; one whose reader has given up is ended first, so that no is no."""
        with _answering():
            intent = self._found(attempt)
            if intent is None:
                return Said("not-found", attempt.amount_minor, attempt.currency)
            if intent.status == "requires_payment_method" and (why := self._why_over(attempt, intent)):
                return self._without_reader(attempt, intent, why)
            return _said(attempt, intent)

    def cancel(self, attempt: Attempt) -> Said:
        """End the intent, or make it and end it: a start that is still on its way has nothing to do then."""
        with _answering():
            intent = self._found(attempt)
            if intent is None and self._clock_ms() - attempt.asked_ms > _KEY_LIFE_MS:
                return Said("not-found", attempt.amount_minor, attempt.currency)
            intent = intent or self._made(attempt)
            self._free_reader(attempt, intent)
            return _said(attempt, self._ended(intent))

    def capture(self, attempt: Attempt) -> Said:
        """Take what is held, if it is all that was asked for."""
        with _answering():
            intent = self._found(attempt)
            if intent is None:
                return Said("not-found", attempt.amount_minor, attempt.currency)
            if intent.status == "requires_capture" and intent.amount_capturable == attempt.amount_minor:
                try:
                    intent = self._api.payment_intents.capture(
                        intent.id, {"expand": _WITH_CARD}, {"idempotency_key": _key(attempt, "capture")}
                    )
                except stripe.InvalidRequestError:
                    intent = self._again(intent)
            return _said(attempt, intent)

    def refund(self, attempt: Attempt, refund: str, amount_minor: int) -> Said:
        """Pay back under `refund`, which stands in the refund's metadata for when its key is forgotten."""
        with _answering():
            intent = self._found(attempt)
            if intent is None:
                raise UnreachableError(f"attempt {attempt.id} was captured, and Stripe does not find it")
            try:
                back = self._refunded(intent, refund) or self._api.refunds.create(
                    {"payment_intent": intent.id, "amount": amount_minor, "metadata": {_REFUND: refund}},
                    {"idempotency_key": _key(attempt, f"refund/{refund}")},
                )
            except stripe.InvalidRequestError as error:
                if _code_of(error) not in _NEVER_BACK:
                    raise
                return Said("declined", amount_minor, attempt.currency, reason=_code_of(error))
        ends: dict[str | None, Any] = {"succeeded": "refunded", "failed": "declined", "canceled": "declined"}
        return Said(ends.get(back.status, "in-progress"), back.amount, back.currency.upper(), back.id)

    def _made(self, attempt: Attempt) -> stripe.PaymentIntent:
        """The attempt's intent: the same one, however often it is made under its key."""
        # The library's types are those of its own version.
        params: Any = {
            "amount": attempt.amount_minor,
            "currency": attempt.currency.lower(),
            "payment_method_types": ["card_present"],
            "capture_method": self._capture_method,
            "metadata": {ATTEMPT: attempt.id},
        }
        options: RequestOptions = {"idempotency_key": _key(attempt, "create")}
        return self._api.payment_intents.create(params, options)

    def _found(self, attempt: Attempt) -> stripe.PaymentIntent | None:
        if attempt.reference:
            return self._api.payment_intents.retrieve(attempt.reference, {"expand": _WITH_CARD})
        at_s = attempt.asked_ms // 1000
        made: PaymentIntentListParamsCreated = {"gte": at_s - _MADE_BEFORE_S, "lte": at_s + _MADE_AFTER_S}
        page = self._api.payment_intents.list(
            {"created": made, "limit": 100, "expand": [f"data.{each}" for each in _WITH_CARD]}
        )
        for intent in islice(page.auto_paging_iter(), _LOOKED_THROUGH_MAX):
            if getattr(intent.metadata, ATTEMPT, "") == attempt.id:
                return intent
        return None

    def _refunded(self, intent: stripe.PaymentIntent, refund: str) -> stripe.Refund | None:
        page = self._api.refunds.list({"payment_intent": intent.id, "limit": 100})
        every = islice(page.auto_paging_iter(), _LOOKED_THROUGH_MAX)
        return next((each for each in every if getattr(each.metadata, _REFUND, "") == refund), None)

    def _why_over(self, attempt: Attempt, intent: stripe.PaymentIntent) -> str:
        """Why a reader will not have this intent paid any more; '' while it may."""
        if (reader := self._readers.get(attempt.dev)) is None:
            return ""
        action = self._api.terminal.readers.retrieve(reader).action
        if action is not None and _is_about(action, intent):
            return (action.failure_code or "failed") if action.status == "failed" else ""
        error = intent.last_payment_error
        return (error.code or error.type) if error is not None else ""

    def _free_reader(self, attempt: Attempt, intent: stripe.PaymentIntent) -> None:
        """Stop the reader, if it is at this intent and no other."""
        if (name := self._readers.get(attempt.dev)) is None:
            return
        reader = self._api.terminal.readers.retrieve(name)
        action = reader.action
        if action is None or action.status != "in_progress" or not _is_about(action, intent):
            return
        try:
            self._api.terminal.readers.cancel_action(name)
        except stripe.InvalidRequestError as error:  # it is at the card: the intent says what comes of it
            _log.info("reader %s cannot be stopped now: %s", name, _code_of(error))

    def _without_reader(self, attempt: Attempt, intent: stripe.PaymentIntent, why: str) -> Said:
        """What is to be told of an intent that no reader will have paid: no, once it is ended."""
        ended = self._ended(intent)
        return _no(attempt, why, ended.id) if ended.status == "canceled" else _said(attempt, ended)

    def _ended(self, intent: stripe.PaymentIntent) -> stripe.PaymentIntent:
        """The intent after it was asked to end: an error says nothing of it, so it is looked at."""
        if intent.status in {"canceled", "succeeded"}:
            return intent
        try:
            return self._api.payment_intents.cancel(intent.id)
        except stripe.InvalidRequestError:
            return self._again(intent)

    def _again(self, intent: stripe.PaymentIntent) -> stripe.PaymentIntent:
        return self._api.payment_intents.retrieve(intent.id, {"expand": _WITH_CARD})


@contextmanager
def _answering() -> Iterator[None]:
    """Whatever is no answer is one word: nothing is known. No error of a call is ever a decline."""
    try:
        yield
    except stripe.StripeError as error:
        raise UnreachableError(f"{type(error).__name__} {_code_of(error)}: {error.user_message}") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The library gives what came as it came: an object without its fields is no answer either.
        raise UnreachableError(f"Stripe answers with something else than its objects: {error}") from error


def _code_of(error: stripe.StripeError) -> str:
    """What an error calls itself; one that is no `InvalidRequestError` has it in its body alone."""
    return error.code or getattr(error.error, "code", None) or ""


def _key(attempt: Attempt, verb: str) -> str:
    return f"opos/{attempt.id}/{verb}"


def _is_about(action: Any, intent: stripe.PaymentIntent) -> bool:
    about = getattr(action, "process_payment_intent", None)
    return about is not None and about.payment_intent == intent.id


def _said(attempt: Attempt, intent: stripe.PaymentIntent) -> Said:
    match intent.status:
        case "succeeded":
            charge = intent.latest_charge
            is_back = isinstance(charge, stripe.Charge) and charge.refunded
            money = intent.amount_received
            return _money("refunded" if is_back else "captured", money, intent)
        case "requires_capture":
            return _money("authorised", intent.amount_capturable, intent)
        case "canceled" if intent.last_payment_error is not None:
            return _no(attempt, intent.last_payment_error.code or "declined", intent.id)
        case "canceled":
            return _so("cancelled", attempt, intent)
        case _:
            return _so("in-progress", attempt, intent)


def _money(outcome: Any, amount_minor: int, intent: stripe.PaymentIntent) -> Said:
    return Said(outcome, amount_minor, intent.currency.upper(), intent.id, card=_card(intent))


def _so(outcome: Any, attempt: Attempt, intent: stripe.PaymentIntent) -> Said:
    return Said(outcome, attempt.amount_minor, attempt.currency, intent.id)


def _no(attempt: Attempt, why: str, reference: str = "") -> Said:
    return Said("declined", attempt.amount_minor, attempt.currency, reference, why)


def _card(intent: stripe.PaymentIntent) -> str:
    """The card as a receipt may show it; '' if Stripe did not say."""
    charge = intent.latest_charge
    details = charge.payment_method_details if isinstance(charge, stripe.Charge) else None
    card = getattr(details, "card_present", None)
    return f"{(card.brand or 'card').title()} {card.last4}" if card is not None else ""
