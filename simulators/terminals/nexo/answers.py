"""What the terminal answers: bodies as the OpenAPI document has them, and the notice of a rejection."""

import base64
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec

from simulators.terminals.nexo.asks import MessageReference
from simulators.terminals.nexo.books import Entry
from simulators.terminals.nexo.cards import CARDS
from simulators.terminals.nexo.money import number
from simulators.terminals.nexo.paper import receipts
from simulators.terminals.nexo.script import Body
from simulators.terminals.nexo.setup import Setup, Told

# So much of what was rejected is given back; a whole flood is not.
REJECTED_BYTES_MAX: Final = 2048
POSITIVE: Final = {"Result": "Success"}
COUNTRY: Final = "056"
RECONCILIATION: Final = "1000"


class Failed(msgspec.Struct, frozen=True):
    """Why not: one of ErrorCondition, and words for a person."""

    condition: str
    words: str

    def response(self) -> Body:
        """As a Response."""
        told = additional({"message": self.words, "refusalReason": self.words})
        return {"Result": "Failure", "ErrorCondition": self.condition, "AdditionalResponse": told}


def additional(pairs: dict[str, str]) -> str:
    """AdditionalResponse: a query string with spaces as %20."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())


def payment_failed(failed: Failed, sale: Body, poi: Body) -> Body:
    """A payment of nothing."""
    return {"PaymentResponse": {"Response": failed.response(), "SaleData": sale, "POIData": poi}}


def paid(setup: Setup, entry: Entry, *, asked_minor: int) -> Body:
    """A payment of all, or of a part."""
    result = "Partial" if entry.amount_minor < asked_minor else "Success"
    return {
        "PaymentResponse": {
            "Response": {"Result": result, "AdditionalResponse": _details(setup, entry, asked_minor)},
            "SaleData": sale_data(entry.sale, entry.sale_at),
            "POIData": poi_data(setup, entry.transaction, entry.at),
            "PaymentResult": _result(setup, entry),
            "PaymentReceipt": receipts(entry, setup.merchant),
        }
    }


def sale_data(sale: str, at: str) -> Body:
    """The till's own name for it, given back."""
    return {"SaleTransactionID": {"TransactionID": sale, "TimeStamp": at}}


def poi_data(setup: Setup, transaction: str, at: str) -> Body:
    """The terminal's name for it."""
    return {
        "POITransactionID": {"TransactionID": transaction, "TimeStamp": at},
        "POIReconciliationID": _typed(setup, RECONCILIATION),
    }


def reversal_failed(failed: Failed) -> Body:
    """Nothing was taken back."""
    return {"ReversalResponse": {"Response": failed.response()}}


def reversed_(setup: Setup, reversal: Entry, original: Entry) -> Body:
    """What was taken back, of which transaction."""
    details = {"pspReference": reversal.psp, "merchantReference": reversal.sale}
    named = {"TransactionID": original.transaction, "TimeStamp": original.at}
    return {
        "ReversalResponse": {
            "Response": {**POSITIVE, "AdditionalResponse": additional(details)},
            "POIData": poi_data(setup, reversal.transaction, reversal.at),
            "OriginalPOITransaction": {"POIID": setup.poi_id, "POITransactionID": named},
            "ReversedAmount": number(reversal.amount_minor, reversal.currency),
        }
    }


def status_failed(failed: Failed, reference: MessageReference) -> Body:
    """Not known, or not over."""
    return {
        "TransactionStatusResponse": {
            "Response": failed.response(),
            "MessageReference": _filled(msgspec.to_builtins(reference)),
        }
    }


def repeated(told: Told, reference: MessageReference) -> Body:
    """An answer once more, as it was given."""
    return {
        "TransactionStatusResponse": {
            "Response": POSITIVE,
            "MessageReference": _filled(msgspec.to_builtins(reference)),
            "RepeatedMessageResponse": {
                "MessageHeader": msgspec.json.decode(told.header),
                "RepeatedResponseMessageBody": msgspec.Raw(told.body.encode()),
            },
        }
    }


def login(setup: Setup, at: str, failed: Failed | None = None) -> Body:
    """What the terminal is."""
    if failed:
        return {"LoginResponse": {"Response": failed.response()}}
    software = {
        "ManufacturerID": "OPOS",
        "ApplicationName": "nexo simulator",
        "SoftwareVersion": "1",
        "CertificationCode": "none",
    }
    state = {"GlobalStatus": "OK", "CommunicationOKFlag": True, "CardReaderOKFlag": True}
    system = {"DateTime": at, "POISoftware": software, "POIStatus": state}
    return {
        "LoginResponse": {
            "Response": {**POSITIVE, "AdditionalResponse": f"tid={setup.poi_id}"},
            "POISystemData": system,
        }
    }


def logout() -> Body:
    """The till may go."""
    return {"LogoutResponse": {"Response": POSITIVE}}


def displayed(outputs: Sequence[tuple[str, str, Failed | None]]) -> Body:
    """For each output: its device, its kind, and why it is not shown."""
    results = [
        {"Device": device, "InfoQualify": kind, "Response": failed.response() if failed else POSITIVE}
        for device, kind, failed in outputs
    ]
    return {"DisplayResponse": {"OutputResult": results}}


def rejected(reason: str, raw: bytes, at: str) -> Body:
    """What comes back for no message at all: a request in its turn, since it is the terminal's event."""
    header = {
        "ProtocolVersion": "3.0",
        "MessageClass": "Event",
        "MessageCategory": "Event",
        "MessageType": "Notification",
        "SaleID": "N/A",
        "POIID": "N/A",
        "DeviceID": "1",
    }
    event = {"TimeStamp": at, "EventToNotify": "Reject", "EventDetails": additional({"message": reason})}
    if raw:
        event["RejectedMessage"] = base64.b64encode(raw[:REJECTED_BYTES_MAX]).decode()
    return {"SaleToPOIRequest": {"MessageHeader": header, "EventNotification": event}}


def _filled(told: Body) -> Body:
    return {name: value for name, value in told.items() if value}


def _typed(setup: Setup, digits: str) -> int | str:
    """A number, as the schema says; text, as terminals in the field were seen to say."""
    return int(digits) if setup.types == "schema" else digits


def _result(setup: Setup, entry: Entry) -> Body:
    card = CARDS[entry.card]
    acquirer = {
        "MerchantID": setup.merchant,
        "AcquirerPOIID": setup.poi_id,
        "AcquirerTransactionID": {"TransactionID": entry.psp, "TimeStamp": entry.at},
        "ApprovalCode": entry.code,
    }
    data: Body = {"PaymentBrand": card.brand, "MaskedPan": card.masked, "EntryMode": [entry.mode]}
    if setup.types == "seen":
        # The schema allows numbers up to 3, meaning digits, so that by it hardly any country can be told.
        data["CardCountryCode"] = COUNTRY
    instrument: Body = {"PaymentInstrumentType": "Card", "CardData": data}
    amounts = {"Currency": entry.currency, "AuthorizedAmount": number(entry.amount_minor, entry.currency)}
    return {
        "PaymentType": "Normal" if entry.kind == "payment" else "Refund",
        "OnlineFlag": True,
        "PaymentAcquirerData": acquirer,
        "PaymentInstrumentData": instrument,
        "AmountsResp": amounts,
    }


def _details(setup: Setup, entry: Entry, asked_minor: int) -> str:
    card = CARDS[entry.card]
    told: dict[str, Any] = {
        "tid": setup.poi_id.rpartition("-")[2],
        "AID": card.aid,
        "pspReference": entry.psp,
        "merchantReference": entry.sale,
        "paymentMethod": card.brand,
        "cardSummary": entry.last4,
        "authCode": entry.code,
        "posOriginalAmountValue": str(asked_minor),
        "posAuthAmountValue": str(entry.amount_minor),
        "posAuthAmountCurrency": entry.currency,
        "refusalReasonRaw": "APPROVED",
        "iso8601TxDate": entry.at,
    }
    return additional(told)
