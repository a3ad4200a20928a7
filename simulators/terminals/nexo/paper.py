"""Receipts as data: lines of name, value and key, each a query string, for the merchant and the shopper."""

from typing import Any, Final
from urllib.parse import quote

from simulators.terminals.nexo.books import Entry
from simulators.terminals.nexo.cards import CARDS
from simulators.terminals.nexo.money import number

COPIES: Final = {"CashierReceipt": "MERCHANT COPY", "CustomerReceipt": "CARDHOLDER COPY"}


def receipts(entry: Entry, merchant: str) -> list[dict[str, Any]]:
    """Both copies; no signature is asked for."""
    return [
        {
            "DocumentQualifier": qualifier,
            "RequiredSignatureFlag": False,
            "OutputContent": {"OutputFormat": "Text", "OutputText": _lines(entry, merchant, title)},
        }
        for qualifier, title in COPIES.items()
    ]


def _lines(entry: Entry, merchant: str, title: str) -> list[dict[str, Any]]:
    date, _, time = entry.at.removesuffix(".000Z").partition("T")
    total = f"{number(entry.amount_minor, entry.currency)} {entry.currency}"
    rows = [
        ("header1", merchant, ""),
        ("merchantTitle", title, ""),
        ("txdate", "Date", date),
        ("txtime", "Time", time),
        ("pan", "Card", "************" + entry.last4),
        ("paymentMethod", "Payment method", CARDS[entry.card].brand),
        ("txRef", "Tender", entry.transaction.partition(".")[0]),
        ("mref", "Reference", entry.sale),
        ("authCode", "Auth. code", entry.code),
        ("txtype", "Type", "GOODS_SERVICES" if entry.kind == "payment" else "REFUND"),
        ("totalAmount", "TOTAL", total),
        ("approved", "APPROVED", ""),
    ]
    return [{"Text": _line(*row), "EndOfLineFlag": True} for row in rows]


def _line(key: str, name: str, value: str) -> str:
    shown = {"name": name, "value": value, "key": key}
    return "&".join(f"{part}={quote(text, safe='')}" for part, text in shown.items() if text)
