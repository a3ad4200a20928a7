"""What a till asks: the messages of the OpenAPI document that this terminal understands."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from simulators.terminals.nexo.sealing import Keys, SealError, Trailer, opened

Text = Annotated[str, Meta(min_length=1)]
ServiceId = Annotated[str, Meta(pattern="^.{1,10}$")]
VERSION: Final = "3.0"
_SPELLED: Final = {"id": "ID", "poi": "POI"}


class MalformedError(Exception):
    """No message of the protocol; the text says what is wrong in it."""


def _pascal(name: str) -> str:
    """`poi_transaction_id` is POITransactionID on the wire."""
    return "".join(_SPELLED.get(word, word.capitalize()) for word in name.split("_"))


class _Wire(msgspec.Struct, frozen=True, rename=_pascal, omit_defaults=True):
    """A part of a message; what it does not name is passed over, as a terminal does."""


class Header(_Wire, frozen=True):
    """MessageHeader; `device_id` is of Device messages, `service_id` of all others."""

    message_class: Literal["Service", "Device", "Event"]
    message_category: Text
    message_type: Literal["Request", "Response", "Notification"]
    sale_id: Text
    poi_id: Text
    protocol_version: str = ""
    service_id: ServiceId | msgspec.UnsetType = msgspec.UNSET
    device_id: ServiceId | msgspec.UnsetType = msgspec.UNSET

    @property
    def pair(self) -> str:
        """What pairs an answer with its question."""
        return self.service_id or self.device_id or ""


class TransactionId(_Wire, frozen=True):
    """Whose transaction it is, and since when."""

    transaction_id: Text
    time_stamp: Text


class SaleData(_Wire, frozen=True):
    """The till's own name for what it sells."""

    sale_transaction_id: TransactionId


class AmountsReq(_Wire, frozen=True):
    """An amount in the currency's own unit, as a JSON number: 19.95."""

    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    requested_amount: Any


class PaymentTransaction(_Wire, frozen=True):
    """What is to be paid."""

    amounts_req: AmountsReq


class PaymentData(_Wire, frozen=True):
    """Which way the money goes."""

    payment_type: str = "Normal"


class PaymentRequest(_Wire, frozen=True):
    """Take money, or give it back."""

    sale_data: SaleData
    payment_transaction: PaymentTransaction
    payment_data: PaymentData = PaymentData()


class MessageReference(_Wire, frozen=True):
    """A message of before."""

    message_category: str = "Payment"
    sale_id: str = ""
    service_id: str = ""


class TransactionStatusRequest(_Wire, frozen=True):
    """A question: what became of that message."""

    message_reference: MessageReference = MessageReference()


class AbortRequest(_Wire, frozen=True):
    """Stop that, if it can be stopped."""

    message_reference: MessageReference
    abort_reason: Text


class OriginalTransaction(_Wire, frozen=True):
    """The terminal's own name for a transaction."""

    poi_transaction_id: TransactionId


class ReversalRequest(_Wire, frozen=True):
    """Take that back; all of it, unless an amount is said."""

    original_poi_transaction: OriginalTransaction
    reversal_reason: Literal["CustCancel", "Malfunction", "MerchantCancel", "Unable2Compl"]
    reversed_amount: Any = None
    sale_data: SaleData | None = None


class SaleSoftware(_Wire, frozen=True):
    """What the till is."""

    manufacturer_id: Text
    application_name: Text
    software_version: Text
    certification_code: Text


class LoginRequest(_Wire, frozen=True):
    """A till begins."""

    date_time: Text
    sale_software: SaleSoftware
    operator_language: Annotated[str, Meta(pattern="^[a-z]{2}$")]


class LogoutRequest(_Wire, frozen=True):
    """A till ends."""


class OutputText(_Wire, frozen=True):
    """One line."""

    text: str


class OutputContent(_Wire, frozen=True):
    """Lines, if it is text."""

    output_format: Literal["BarCode", "MessageRef", "Text", "XHTML"]
    output_text: list[OutputText] = []


class DisplayOutput(_Wire, frozen=True):
    """What a display is to show."""

    device: Literal["CashierDisplay", "CashierInput", "CustomerDisplay", "CustomerInput"]
    info_qualify: Text
    output_content: OutputContent


class DisplayRequest(_Wire, frozen=True):
    """Show this."""

    display_output: list[DisplayOutput]


Request = (
    PaymentRequest
    | TransactionStatusRequest
    | AbortRequest
    | ReversalRequest
    | LoginRequest
    | LogoutRequest
    | DisplayRequest
)

# Category -> the body's type and the class of its messages; the body's key is the type's name.
CATEGORIES: Final[dict[str, tuple[type[Request], str]]] = {
    "Payment": (PaymentRequest, "Service"),
    "TransactionStatus": (TransactionStatusRequest, "Service"),
    "Abort": (AbortRequest, "Service"),
    "Reversal": (ReversalRequest, "Service"),
    "Login": (LoginRequest, "Service"),
    "Logout": (LogoutRequest, "Service"),
    "Display": (DisplayRequest, "Device"),
}


class Asked(msgspec.Struct, frozen=True):
    """One question of a till; `sealed` ones are answered sealed."""

    header: Header
    request: Request
    sealed: bool


def asked(body: bytes, keys: Keys | None, *, clear: bool) -> Asked:
    """Read a question. MalformedError when it is none; `clear` ones are taken if that is allowed."""
    content = _envelope(body)
    header: Header = _read(content.get("MessageHeader"), Header, "MessageHeader")
    sealed = "NexoBlob" in content
    if sealed:
        content = _opened(content, keys)
        inner: Header = _read(content.get("MessageHeader"), Header, "the sealed MessageHeader")
        if inner != header:
            raise MalformedError("the sealed header is not the one that stands outside")
    elif not clear:
        raise MalformedError("the message is not encrypted")
    return Asked(header, _request(header, content), sealed)


def _request(header: Header, content: dict[str, Any]) -> Request:
    kind, message_class = CATEGORIES.get(header.message_category, (None, ""))
    if kind is None:
        raise MalformedError(f"the category {header.message_category} is not supported")
    expected = (message_class, "Request")
    if (header.message_class, header.message_type) != expected:
        raise MalformedError(f"a {header.message_category} is a message of {' '.join(expected)}")
    if header.protocol_version not in ("", VERSION):
        raise MalformedError(f"protocol version {header.protocol_version}: expected {VERSION}")
    if not header.pair or (message_class == "Service" and not header.service_id):
        raise MalformedError("a message without a ServiceID")
    request: Request = _read(content.get(kind.__name__), kind, kind.__name__)
    return request


def _envelope(body: bytes) -> dict[str, Any]:
    if not body.strip():
        raise MalformedError("Empty input which would have resulted in a null result.")
    try:
        # Amounts must be exact: a float would make 19.95 something else.
        told = msgspec.json.Decoder(float_hook=Decimal).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError("not JSON") from error
    content = told.get("SaleToPOIRequest") if isinstance(told, dict) else None
    if not isinstance(content, dict):
        raise MalformedError("no SaleToPOIRequest")
    return content


def _opened(content: dict[str, Any], keys: Keys | None) -> dict[str, Any]:
    if keys is None:
        raise MalformedError("the terminal has no key")
    trailer: Trailer = _read(content.get("SecurityTrailer"), Trailer, "SecurityTrailer")
    blob: str = _read(content.get("NexoBlob"), str, "NexoBlob")
    try:
        return _envelope(opened(blob, trailer, keys))
    except SealError as error:
        raise MalformedError(f"Crypto error: {error}") from error


def _read(told: Any, kind: Any, what: str) -> Any:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise MalformedError(f"{what}: {error}") from error
