"""EPC069-12: the QR code of a SEPA credit transfer, twelve lines that begin with BCD.

European Payments Council, Quick Response Code: Guidelines to Enable the Data Capture for the Initiation of a
SEPA Credit Transfer, version 2.1.
"""

import re
from typing import Final

import msgspec

from retail.payment_codes import accounts, amounts
from retail.payment_codes.amounts import Amount
from retail.payment_codes.refusal import Refused, UnwritableError, shown

TAG: Final = "BCD"
CURRENCY: Final = "EUR"

# The guidelines give the whole code 331 bytes, so that it fits QR version 13 at error correction M.
BYTES_MAX: Final = 331

CHARSETS: Final = {
    "1": "utf-8", "2": "iso8859-1", "3": "iso8859-2", "4": "iso8859-4",
    "5": "iso8859-5", "6": "iso8859-7", "7": "iso8859-10", "8": "iso8859-15",
}  # fmt: skip
"""The number on the third line -> how the bytes of the code are to be read."""

FIELDS: Final = (
    "service tag", "version", "character set", "identification", "BIC", "name", "IBAN", "amount", "purpose",
    "reference", "text", "information",
)  # fmt: skip
_LINES_MIN: Final = FIELDS.index("IBAN") + 1

_AMOUNT: Final = re.compile(r"EUR([0-9]{1,9}(?:\.[0-9]{1,2})?)")
_PURPOSE: Final = re.compile(r"[A-Z0-9]{1,4}")
_LENGTHS_MAX: Final = {"name": 70, "reference": 35, "text": 140, "information": 70}
_CENTS: Final = 2


class SepaTransfer(msgspec.Struct, frozen=True):
    """Whom to send euros; `reference` is for machines, `text` for people, and never both."""

    name: str
    iban: str
    amount: Amount | None = None
    bic: str | None = None
    purpose: str | None = None
    reference: str | None = None
    text: str | None = None
    information: str | None = None
    version: str = "002"
    charset: str = "1"

    scheme: str = "epc"
    departures: tuple[str, ...] = ()
    currency: str = CURRENCY

    @property
    def objects(self) -> tuple[tuple[str, str], ...]:
        """The lines by the number that the guidelines give them, those at the end left out if empty."""
        return tuple((str(at), line) for at, line in enumerate(_lines(self), 1))


def read(text: str) -> SepaTransfer | Refused:
    """The transfer, from lines that end with LF or CR LF."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if not _LINES_MIN <= len(lines) <= len(FIELDS):
        return Refused("code", f"expected {_LINES_MIN} to {len(FIELDS)} lines, got {len(lines)}")
    values = dict(zip(FIELDS, lines, strict=False))
    wrong = _head(values, text) or _account(values) or _remittance(values)
    if wrong is not None:
        return wrong
    amount = _amount(values.get("amount", ""))
    if isinstance(amount, Refused):
        return amount
    return SepaTransfer(
        name=values["name"],
        iban=values["IBAN"],
        amount=amount,
        bic=values["BIC"] or None,
        purpose=values.get("purpose") or None,
        reference=values.get("reference") or None,
        text=values.get("text") or None,
        information=values.get("information") or None,
        version=values["version"],
        charset=values["character set"],
    )


def write(transfer: SepaTransfer) -> str:
    """The lines of the code; they go into the QR code as bytes in `CHARSETS[transfer.charset]`."""
    text = "\n".join(_lines(transfer))
    found = read(text)
    if isinstance(found, Refused):
        raise UnwritableError(found)
    return text


def asked(amount_minor: int) -> Amount:
    """An amount of cents as this code writes it."""
    return amounts.of_currency(amount_minor, CURRENCY)


def _lines(transfer: SepaTransfer) -> list[str]:
    amount = "" if transfer.amount is None else CURRENCY + transfer.amount.text
    lines = [TAG, transfer.version, transfer.charset, "SCT", transfer.bic or "", transfer.name, transfer.iban]
    rest = (transfer.purpose, transfer.reference, transfer.text, transfer.information)
    lines += [amount, *(each or "" for each in rest)]
    while not lines[-1]:
        lines.pop()
    return lines


def _head(values: dict[str, str], text: str) -> Refused | None:
    for field, allowed in (
        ("service tag", (TAG,)), ("version", ("001", "002")), ("character set", tuple(CHARSETS)),
        ("identification", ("SCT",)),
    ):  # fmt: skip
        if values[field] not in allowed:
            return Refused(field, f"expected {' or '.join(allowed)}, got {shown(values[field])}")
    try:
        size = len(text.encode(CHARSETS[values["character set"]]))
    except UnicodeEncodeError as error:
        return Refused("character set", f"expected characters of {error.encoding}, got {text[error.start]!r}")
    return Refused("code", f"expected at most {BYTES_MAX} bytes, got {size}") if size > BYTES_MAX else None


def _account(values: dict[str, str]) -> Refused | None:
    if not values["name"].strip():
        return Refused("name", "expected the name of the beneficiary, got none")
    if values["version"] == "001" and not values["BIC"]:
        return Refused("BIC", "expected one, as version 001 demands, got none")
    wrong = accounts.bic(values["BIC"], "BIC") if values["BIC"] else None
    return wrong or accounts.iban(values["IBAN"], "IBAN")


def _remittance(values: dict[str, str]) -> Refused | None:
    for field, most in _LENGTHS_MAX.items():
        if len(values.get(field, "")) > most:
            return Refused(field, f"expected at most {most} characters, got {len(values[field])}")
    if (purpose := values.get("purpose")) and not _PURPOSE.fullmatch(purpose):
        return Refused("purpose", f"expected a code of at most four characters, got {shown(purpose)}")
    if values.get("reference") and values.get("text"):
        return Refused("text", "expected either a reference or a text, got both")
    if (reference := values.get("reference", "")).startswith("RF"):
        return accounts.creditor_reference(reference, "reference")
    return None


def _amount(text: str) -> Amount | Refused | None:
    if not text:
        return None
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return Refused("amount", f"expected EUR and an amount such as 12.30, got {shown(text)}")
    return amounts.above_zero(match[1], _CENTS, "amount")
