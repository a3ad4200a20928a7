"""Stripe's cloud for server-driven card readers: intents, readers, refunds and events, from its public API.

Written from the OpenAPI description of 2023-09-12 and https://docs.stripe.com/terminal: what a card does is
said by the hand (`tap`, `decline`, `walk_away`) or by the test helper `present_payment_method`.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from simulators.providers.cloud import Answered, Asked, Cloud
from simulators.providers.stripe_things import Thing, card, page, reader

# https://docs.stripe.com/api/idempotent_requests: keys are forgotten after a day at the earliest.
_KEY_LIFE_S: Final = 24 * 3600


class _RefusedError(Exception):
    """An error of the API."""

    def __init__(self, status: int, code: str, message: str, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": {"type": kind, "code": code, "message": message}}


@dataclass
class _Remembered:
    """What was answered under an idempotency key."""

    question: tuple[str, bytes]
    answer: Answered
    at_s: int


@dataclass
class _Books:
    intents: dict[str, Thing] = field(default_factory=dict)
    charges: dict[str, Thing] = field(default_factory=dict)
    refunds: dict[str, Thing] = field(default_factory=dict)
    readers: dict[str, Thing] = field(default_factory=dict)
    events: list[Thing] = field(default_factory=list)


class StripeCloud(Cloud):
    """One account, with a reader for each of `readers`.

    `asleep` are readers that are not on the line; `busy` is answered by those whose last job is not done.
    """

    def __init__(self, *readers: str, key: str = "sk_test_paper", **where: Any) -> None:
        super().__init__(**where)
        self.books, self._key = _Books(), key
        self._remembered: dict[str, _Remembered] = {}
        self.asleep: set[str] = set()
        self.deaf: set[str] = set()
        """Readers that take a job, while the cloud believes that they did not answer."""
        for name in readers:
            self.books.readers[name] = reader(name)

    # What a hand does.

    def tap(self, reader: str, last4: str = "4242", approved_minor: int | None = None) -> None:
        """A card that is good is held to the reader; `approved_minor` is what its bank allows of it."""
        with self.lock:
            intent = self._at(reader)
            amount = intent["amount"] if approved_minor is None else approved_minor
            held = intent["capture_method"] == "manual"
            charge = self._charge(intent, amount, last4, captured=not held)
            intent["latest_charge"], intent["last_payment_error"] = charge["id"], None
            intent["status"] = "requires_capture" if held else "succeeded"
            intent["amount_capturable" if held else "amount_received"] = amount
            self._done(reader, "succeeded")
            self._tell("payment_intent." + ("amount_capturable_updated" if held else "succeeded"), intent)

    def decline(self, reader: str, code: str = "card_declined") -> None:
        """A card is held to the reader, and its bank says no."""
        with self.lock:
            intent = self._at(reader)
            intent["status"] = "requires_payment_method"
            intent["last_payment_error"] = {"type": "card_error", "code": code, "message": "No."}
            self._done(reader, "failed", code)
            self._tell("payment_intent.payment_failed", intent)

    def walk_away(self, reader: str) -> None:
        """Nobody holds a card to the reader: it gives up."""
        with self.lock:
            self._at(reader)
            self._done(reader, "failed", "customer_canceled")

    def net_minor(self, currency: str) -> int:
        """What this account holds for its shop by its own books."""
        charges = [each for each in self.books.charges.values() if each["currency"] == currency.lower()]
        return sum(each["amount_captured"] - each["amount_refunded"] for each in charges)

    def signed(self, event: Thing, secret: str) -> tuple[bytes, str]:
        """An event as it is pushed: the body, and the header Stripe-Signature."""
        body = json.dumps(event, separators=(",", ":")).encode()
        at_s = self.now_s()
        mac = hmac.new(secret.encode(), b"%d.%b" % (at_s, body), hashlib.sha256).hexdigest()
        return body, f"t={at_s},v1={mac}"

    # What a program asks.

    def answer(self, asked: Asked) -> Answered:
        """Answer one question, or the same again under the same key."""
        if asked.headers.get("authorization") != f"Bearer {self._key}":
            return _json(401, _RefusedError(401, "api_key_invalid", "Invalid API Key provided").body)
        try:
            key = asked.headers.get("idempotency-key", "")
            if not key or asked.method != "POST":
                return self._answered(asked)
            return self._once(key, asked)
        except _RefusedError as refused:
            return _json(refused.status, refused.body)

    def _once(self, key: str, asked: Asked) -> Answered:
        question = asked.path, asked.body
        before = self._remembered.get(key)
        if before is not None and self.now_s() - before.at_s < _KEY_LIFE_S:
            if before.question != question:
                message = "Keys for idempotent requests can only be used with the same parameters"
                raise _RefusedError(400, "idempotency_error", message, "idempotency_error")
            return before.answer
        answer = self._answered(asked)
        self._remembered[key] = _Remembered(question, answer, self.now_s())
        return answer

    def _answered(self, asked: Asked) -> Answered:
        query = asked.body.decode() if asked.method == "POST" else urlsplit(asked.path).query
        said = dict(parse_qsl(query, keep_blank_values=True))
        match asked.method, *asked.route.strip("/").split("/")[1:]:
            case "POST", "payment_intents":
                thing = self._create(said)
            case "GET", "payment_intents":
                thing = page(asked.route, list(self.books.intents.values()), said)
            case "GET", "payment_intents", name:
                thing = self._intent(name)
            case "POST", "payment_intents", name, "cancel":
                thing = self._cancel(self._intent(name))
            case "POST", "payment_intents", name, "capture":
                thing = self._capture(self._intent(name))
            case _, *_, "readers", name, verb:
                thing = self._at_reader(name, verb, said)
            case "GET", "terminal", "readers", name:
                thing = self._reader_of(name)
            case "POST", "refunds":
                thing = self._refund(said)
            case "GET", "refunds":
                ours = [
                    each
                    for each in self.books.refunds.values()
                    if each["payment_intent"] == said.get("payment_intent", each["payment_intent"])
                ]
                thing = page(asked.route, ours, said)
            case "GET", "events":
                thing = page(asked.route, self.books.events, said)
            case _:
                raise _RefusedError(404, "resource_missing", f"Unrecognized request URL {asked.route}")
        return _json(200, self._expanded(thing, said))

    def _at_reader(self, name: str, verb: str, said: Mapping[str, str]) -> Thing:
        match verb:
            case "process_payment_intent":
                return self._process(name, self._intent(said["payment_intent"]))
            case "cancel_action":
                return self._cancel_action(name)
            case "present_payment_method":
                self.tap(name, said.get("card_present[number]", "4242424242424242")[-4:])
                return self._reader_of(name)
            case _:
                raise _RefusedError(404, "resource_missing", f"Unrecognized request URL {verb}")

    def _create(self, said: Mapping[str, str]) -> Thing:
        for name in ("amount", "currency"):
            if name not in said:
                raise _RefusedError(400, "parameter_missing", f"Missing required param: {name}.")
        intent: Thing = {
            "id": f"pi_{secrets.token_hex(12)}",
            "object": "payment_intent",
            "amount": int(said["amount"]),
            "amount_capturable": 0,
            "amount_received": 0,
            "capture_method": said.get("capture_method", "automatic"),
            "confirmation_method": "automatic",
            "created": self.now_s(),
            "currency": said["currency"],
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": _folded(said, "metadata"),
            "payment_method_types": [said.get("payment_method_types[0]", "card")],
            "status": "requires_payment_method",
        }
        self.books.intents[intent["id"]] = intent
        return intent

    def _process(self, name: str, intent: Thing) -> Thing:
        reader = self._reader_of(name)
        if name in self.asleep:
            raise _RefusedError(400, "terminal_reader_offline", "Reader is currently offline")
        if (reader["action"] or {}).get("status") == "in_progress":
            raise _RefusedError(409, "terminal_reader_busy", "Reader is currently processing another request")
        if intent["status"] != "requires_payment_method":
            raise _RefusedError(400, "intent_invalid_state", f"This intent is {intent['status']}")
        reader["action"] = {
            "type": "process_payment_intent",
            "status": "in_progress",
            "failure_code": None,
            "failure_message": None,
            "process_payment_intent": {"payment_intent": intent["id"]},
        }
        if name in self.deaf:
            raise _RefusedError(
                400, "terminal_reader_timeout", "There was a timeout when sending this command"
            )
        return reader

    def _cancel_action(self, name: str) -> Thing:
        reader = self._reader_of(name)
        reader["action"] = None
        return reader

    def _cancel(self, intent: Thing) -> Thing:
        if intent["status"] in {"succeeded", "processing", "canceled"}:
            message = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
            raise _RefusedError(400, "payment_intent_unexpected_state", message)
        intent["status"], intent["amount_capturable"] = "canceled", 0
        intent["canceled_at"] = self.now_s()
        for each in self.books.readers.values():
            action = each["action"] or {}
            if _intent_of(action) == intent["id"] and action["status"] == "in_progress":
                action["status"], action["failure_code"] = "failed", "intent_invalid_state"
        self._tell("payment_intent.canceled", intent)
        return intent

    def _capture(self, intent: Thing) -> Thing:
        if intent["status"] != "requires_capture":
            raise _RefusedError(400, "payment_intent_unexpected_state", f"It is {intent['status']}")
        amount = intent["amount_capturable"]
        intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
        self.books.charges[intent["latest_charge"]].update(captured=True, amount_captured=amount)
        self._tell("payment_intent.succeeded", intent)
        return intent

    def _refund(self, said: Mapping[str, str]) -> Thing:
        intent = self._intent(said["payment_intent"])
        charge = self.books.charges.get(intent["latest_charge"] or "")
        if charge is None or not charge["amount_captured"]:
            raise _RefusedError(400, "payment_intent_unexpected_state", "There is no successful charge")
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = int(said.get("amount", left))
        if not left:
            raise _RefusedError(400, "charge_already_refunded", "Charge has already been refunded.")
        if amount > left:
            raise _RefusedError(400, "amount_too_large", "Refund amount is greater than unrefunded amount")
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        refund: Thing = {
            "id": f"re_{secrets.token_hex(12)}",
            "object": "refund",
            "amount": amount,
            "charge": charge["id"],
            "created": self.now_s(),
            "currency": charge["currency"],
            "metadata": _folded(said, "metadata"),
            "payment_intent": intent["id"],
            "status": "succeeded",
        }
        self.books.refunds[refund["id"]] = refund
        self._tell("charge.refunded", charge)
        return refund

    def _charge(self, intent: Thing, amount: int, last4: str, *, captured: bool) -> Thing:
        charge: Thing = {
            "id": f"ch_{secrets.token_hex(12)}",
            "object": "charge",
            "amount": amount,
            "amount_captured": amount if captured else 0,
            "amount_refunded": 0,
            "billing_details": {"address": None, "email": None, "name": None, "phone": None},
            "captured": captured,
            "created": self.now_s(),
            "currency": intent["currency"],
            "disputed": False,
            "livemode": False,
            "metadata": intent["metadata"],
            "paid": True,
            "payment_intent": intent["id"],
            "payment_method_details": {"type": "card_present", "card_present": card(amount, last4)},
            "refunded": False,
            "status": "succeeded",
        }
        self.books.charges[charge["id"]] = charge
        return charge

    def _at(self, reader: str) -> Thing:
        """The intent that a reader works on."""
        action = self._reader_of(reader)["action"]
        if action is None or action["status"] != "in_progress":
            raise LookupError(f"reader {reader} asks for no card")
        return self.books.intents[_intent_of(action)]

    def _done(self, reader: str, status: str, code: str | None = None) -> None:
        thing = self._reader_of(reader)
        thing["action"].update(status=status, failure_code=code)
        self._tell(f"terminal.reader.action_{status}", thing)

    def _intent(self, name: str) -> Thing:
        if name not in self.books.intents:
            raise _RefusedError(404, "resource_missing", f"No such payment_intent: '{name}'")
        return self.books.intents[name]

    def _reader_of(self, name: str) -> Thing:
        if name not in self.books.readers:
            raise _RefusedError(404, "resource_missing", f"No such terminal reader: '{name}'")
        return self.books.readers[name]

    def _expanded(self, thing: Thing, said: Mapping[str, str]) -> Thing:
        wanted = {value for name, value in said.items() if name.startswith("expand[")}
        if thing["object"] == "list":
            thing = {
                **thing,
                "data": [self._with_charge(each, "data.latest_charge" in wanted) for each in thing["data"]],
            }
        return self._with_charge(thing, "latest_charge" in wanted)

    def _with_charge(self, thing: Thing, wanted: bool) -> Thing:
        charge = self.books.charges.get(thing.get("latest_charge") or "")
        return {**thing, "latest_charge": charge} if wanted and charge else thing

    def _tell(self, kind: str, thing: Thing) -> None:
        event = {
            "id": f"evt_{len(self.books.events) + 1}",
            "object": "event",
            "api_version": "2023-08-16",
            "created": self.now_s(),
            "data": {"object": json.loads(json.dumps(thing))},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.books.events.append(event)


def _intent_of(action: Thing) -> str:
    return str(action.get("process_payment_intent", {}).get("payment_intent", ""))


def _folded(said: Mapping[str, str], name: str) -> dict[str, str]:
    """The values of `name[key]`."""
    return {key[len(name) + 1 : -1]: value for key, value in said.items() if key.startswith(f"{name}[")}


def _json(status: int, thing: Thing) -> Answered:
    return Answered(status, json.dumps(thing).encode(), {"request-id": f"req_{secrets.token_hex(6)}"})
