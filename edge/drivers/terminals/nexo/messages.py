"""Questions to a nexo terminal, and what an answer proves of the money; what proves nothing is Unclear.

The beginning of a driver: see the package for what it was checked against. An answer counts only when it is
sealed by our secret and its header is that of our question: a terminal may repeat an older answer, and an
older one is about other money.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from edge.drivers.terminals.nexo.crypto import SharedSecret, Untrusted
from retail.units import minor_digits

Category = Literal["Payment", "Reversal", "TransactionStatus", "Abort"]
Reason = Literal["CustCancel", "MerchantCancel", "Malfunction", "Unable2Compl"]
# More than a payment with both receipts, by far.
ANSWER_BYTES_MAX: Final = 1 << 18
# No amount of a shop, in any currency's own unit; it keeps a number of a million digits from being made.
AMOUNT_MAX: Final = 10**12
# What comes of reading an answer that is not as it should be: a part that is missing, or of another type.
_NO_ANSWER: Final = (
    msgspec.MsgspecError,
    UnicodeDecodeError,
    RecursionError,
    KeyError,
    TypeError,
    ArithmeticError,
)


class Exchange(msgspec.Struct, frozen=True):
    """What makes a question ours: `service_id`, up to 10 characters, is never used twice in 48 hours."""

    service_id: str
    sale_id: str
    poi_id: str

    def header(self, category: Category, kind: Literal["Request", "Response"] = "Request") -> dict[str, str]:
        """The MessageHeader."""
        return {
            "ProtocolVersion": "3.0",
            "MessageClass": "Service",
            "MessageCategory": category,
            "MessageType": kind,
            "ServiceID": self.service_id,
            "SaleID": self.sale_id,
            "POIID": self.poi_id,
        }


# What an answer proves.


class Taken(msgspec.Struct, frozen=True):
    """Money was taken: this much, which may be less than was asked. Of the card no more than four digits."""

    amount_minor: int
    currency: str
    transaction: str
    at: str
    sale: str
    last4: str = ""
    brand: str = ""
    approval: str = ""


class GivenBack(msgspec.Struct, frozen=True):
    """Money was given back, of this transaction; whether that is the one that was meant, the asker sees."""

    original: str
    amount: Decimal | None


class NotDone(msgspec.Struct, frozen=True):
    """The terminal says that it took nothing; `condition` is its ErrorCondition."""

    condition: str
    words: str = ""


class StillRunning(msgspec.Struct, frozen=True):
    """It is not over: ask again."""


class NeverHeard(msgspec.Struct, frozen=True):
    """The terminal does not know of it, now; it may not have been asked, or it may know later."""


class Rejected(msgspec.Struct, frozen=True):
    """The terminal did not take the question.

    It says so in clear words, which anybody on the line could have said, and also when the ServiceID was used
    before: ask what became of that before anything else.
    """

    words: str


class Unclear(msgspec.Struct, frozen=True):
    """Nothing is proven: not that money was taken, and not that it was not."""

    why: str


Proof = Taken | GivenBack | NotDone | StillRunning | NeverHeard | Rejected | Unclear


# Questions: each is the body of a POST.


def pay(exchange: Exchange, sale: str, at: str, amount_minor: int, currency: str) -> bytes:
    """Take money. `sale` is our name for it, `at` the time as 2026-11-22T14:30:15Z."""
    amount = Decimal(amount_minor).scaleb(-minor_digits(currency))
    body = {
        "SaleData": {"SaleTransactionID": {"TransactionID": sale, "TimeStamp": at}},
        "PaymentTransaction": {"AmountsReq": {"Currency": currency, "RequestedAmount": amount}},
    }
    return _question(exchange, "Payment", body)


def ask_what_became(exchange: Exchange, of: Exchange, category: Category = "Payment") -> bytes:
    """Ask after an older question; `exchange` is of this one."""
    return _question(exchange, "TransactionStatus", {"MessageReference": _reference(of, category)})


def stop(exchange: Exchange, what: Exchange, why: str) -> bytes:
    """Wish that a payment ends; its answer is empty, and what came of it is told by the payment's own."""
    return _question(exchange, "Abort", {"MessageReference": _reference(what, "Payment"), "AbortReason": why})


def give_back(exchange: Exchange, transaction: str, at: str, reason: Reason) -> bytes:
    """Reverse all of a transaction, named as its Taken has it."""
    original = {"POITransactionID": {"TransactionID": transaction, "TimeStamp": at}}
    return _question(exchange, "Reversal", {"OriginalPOITransaction": original, "ReversalReason": reason})


def sealed(question: bytes, by: SharedSecret, nonce: bytes) -> bytes:
    """Shut a question; the header stands outside as well."""
    header = msgspec.json.decode(question)["SaleToPOIRequest"]["MessageHeader"]
    return msgspec.json.encode({"SaleToPOIRequest": {"MessageHeader": header, **by.lock(question, nonce)}})


def _question(exchange: Exchange, category: Category, body: Mapping[str, Any]) -> bytes:
    content = {"MessageHeader": exchange.header(category), f"{category}Request": body}
    return msgspec.json.Encoder(decimal_format="number").encode({"SaleToPOIRequest": content})


def _reference(of: Exchange, category: Category) -> dict[str, str]:
    return {"MessageCategory": category, "ServiceID": of.service_id, "SaleID": of.sale_id, "POIID": of.poi_id}


# Answers. Only what proves something is read; types and fields beyond it may be as they like.


class _Response(msgspec.Struct, frozen=True, rename="pascal"):
    result: Literal["Success", "Partial", "Failure"]
    error_condition: str = ""
    additional_response: str = ""


class _Named(msgspec.Struct, frozen=True):
    transaction: str = msgspec.field(name="TransactionID")
    at: str = msgspec.field(name="TimeStamp")


class _Poi(msgspec.Struct, frozen=True):
    named: _Named = msgspec.field(name="POITransactionID")


class _Sale(msgspec.Struct, frozen=True):
    named: _Named = msgspec.field(name="SaleTransactionID")


class _Amounts(msgspec.Struct, frozen=True, rename="pascal"):
    authorized_amount: Any
    currency: str


class _Card(msgspec.Struct, frozen=True, rename="pascal"):
    masked_pan: str = ""
    payment_brand: str = ""


class _Instrument(msgspec.Struct, frozen=True, rename="pascal"):
    card_data: _Card = _Card()


class _Acquirer(msgspec.Struct, frozen=True, rename="pascal"):
    approval_code: str = ""


class _Result(msgspec.Struct, frozen=True, rename="pascal"):
    amounts_resp: _Amounts
    payment_instrument_data: _Instrument = _Instrument()
    payment_acquirer_data: _Acquirer = _Acquirer()


class _Paid(msgspec.Struct, frozen=True):
    result: _Result = msgspec.field(name="PaymentResult")
    poi: _Poi = msgspec.field(name="POIData")
    sale: _Sale = msgspec.field(name="SaleData")


class _Reversed(msgspec.Struct, frozen=True):
    original: _Poi = msgspec.field(name="OriginalPOITransaction")
    amount: Any = msgspec.field(name="ReversedAmount", default=None)


def proof(body: bytes, of: Exchange, category: Category, secret: SharedSecret | None) -> Proof:
    """What an answer proves of our question; with a `secret` a clear answer proves nothing."""
    try:
        return _proof(body, of, category, secret)
    except _NO_ANSWER as error:
        return Unclear(f"no answer of the protocol: {error}")


def status_proof(
    body: bytes, of: Exchange, about: Exchange, category: Category, secret: SharedSecret | None
) -> Proof:
    """What the answer to ask_what_became proves of the older question."""
    try:
        told = _content(body, of, "TransactionStatus", secret)
        return told if isinstance(told, Rejected | Unclear) else _of_status(told, about, category)
    except _NO_ANSWER as error:
        return Unclear(f"no answer of the protocol: {error}")


def _of_status(told: dict[str, Any], about: Exchange, category: Category) -> Proof:
    status = told["TransactionStatusResponse"]
    response = msgspec.convert(status["Response"], _Response)
    if response.error_condition == "NotFound":
        return NeverHeard()
    if response.error_condition == "InProgress":
        return StillRunning()
    if response.result != "Success":
        return Unclear(f"a status of {response.error_condition or response.result}")
    repeated = status["RepeatedMessageResponse"]
    if not _same(repeated["MessageHeader"], about.header(category, "Response")):
        return Unclear("the status repeats the answer to another question")
    return _meaning(repeated["RepeatedResponseMessageBody"], category)


def _proof(body: bytes, of: Exchange, category: Category, secret: SharedSecret | None) -> Proof:
    told = _content(body, of, category, secret)
    return told if isinstance(told, Rejected | Unclear) else _meaning(told, category)


def _content(
    body: bytes, of: Exchange, category: Category, secret: SharedSecret | None
) -> dict[str, Any] | Rejected | Unclear:
    if len(body) > ANSWER_BYTES_MAX:
        return Unclear(f"an answer of {len(body)} bytes")
    message = _decoded(body)
    if "SaleToPOIRequest" in message:
        return _rejection(message["SaleToPOIRequest"])
    content: dict[str, Any] = message["SaleToPOIResponse"]
    if secret is not None:
        text = secret.unlock(content)
        if isinstance(text, Untrusted):
            return Unclear(text.why)
        content = _decoded(text)["SaleToPOIResponse"]
    if not _same(content["MessageHeader"], of.header(category, "Response")):
        return Unclear("an answer to another question")
    return content


def _rejection(content: dict[str, Any]) -> Rejected | Unclear:
    """A notice that comes unsealed, whatever the question was."""
    event = content["EventNotification"]
    if event["EventToNotify"] != "Reject":
        return Unclear(f"an event: {event['EventToNotify']}")
    return Rejected(str(event.get("EventDetails", "")))


def _meaning(content: dict[str, Any], category: Category) -> Proof:
    body = content[f"{category}Response"]
    response = msgspec.convert(body["Response"], _Response)
    if response.result == "Failure":
        if response.error_condition in ("", "InProgress"):
            return Unclear(f"a failure of {response.error_condition or 'no condition'}")
        return NotDone(response.error_condition, response.additional_response)
    return _taken(msgspec.convert(body, _Paid)) if category == "Payment" else _given_back(body)


def _taken(paid: _Paid) -> Taken | Unclear:
    amounts, card = paid.result.amounts_resp, paid.result.payment_instrument_data.card_data
    amount = _exact(amounts.authorized_amount)
    shifted = None if amount is None else amount.scaleb(minor_digits(amounts.currency))
    if shifted is None or shifted != int(shifted) or shifted < 0:
        return Unclear(f"an amount that is none of {amounts.currency}")
    return Taken(
        int(shifted),
        amounts.currency,
        paid.poi.named.transaction,
        paid.poi.named.at,
        paid.sale.named.transaction,
        # Whatever a terminal shows of a number, the last four digits are all that goes on from here.
        card.masked_pan[-4:] if card.masked_pan[-4:].isdigit() else "",
        card.payment_brand,
        paid.result.payment_acquirer_data.approval_code,
    )


def _given_back(body: dict[str, Any]) -> GivenBack:
    told = msgspec.convert(body, _Reversed)
    return GivenBack(told.original.named.transaction, _exact(told.amount))


def _exact(amount: Any) -> Decimal | None:
    number = isinstance(amount, int | Decimal) and not isinstance(amount, bool)
    return Decimal(amount) if number and abs(amount) <= AMOUNT_MAX else None


def _decoded(text: bytes) -> dict[str, Any]:
    # A float would make 19.95 something else.
    return msgspec.convert(msgspec.json.Decoder(float_hook=Decimal).decode(text), dict[str, Any])


def _same(told: Any, ours: Mapping[str, str]) -> bool:
    """Whether a header is of our question; a class or a version says nothing about that."""
    names = ("MessageCategory", "MessageType", "ServiceID", "SaleID", "POIID")
    return isinstance(told, dict) and all(told.get(name) == ours[name] for name in names)
