"""The Swiss QR code: the lines of a QR-bill's payment part, from SPC to what stands behind EPD.

SIX, Swiss Implementation Guidelines for the QR-bill, versions 2.0 to 2.3 (line 0200).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from retail.identity.gs1.codes import COUNTRY_LETTERS
from retail.payment_codes import accounts, amounts
from retail.payment_codes.amounts import Amount
from retail.payment_codes.refusal import Refused, UnwritableError, shown

TAG: Final = "SPC"
_HEAD: Final = (("QR type", TAG), ("version", "0200"), ("coding", "1"))
_TRAILER: Final = "EPD"
_CENTS: Final = 2

# Where the lines begin (table of chapter 4.2.2), and how many there are at least and at most.
_IBAN_AT, _CREDITOR_AT, _FINAL_AT, _AMOUNT_AT, _DEBTOR_AT, _REFERENCE_AT, _TRAILER_AT = (
    3,
    4,
    11,
    18,
    20,
    27,
    30,
)
_PARTY_LINES: Final = 7
_LINES_MIN: Final = 31
_LINES_MAX: Final = 34
_CHARACTERS_MAX: Final = 997

_CURRENCIES: Final = frozenset({"CHF", "EUR"})
_AMOUNT: Final = re.compile(r"[0-9]{1,9}\.[0-9]{2}")
_MESSAGE_MAX: Final = 140
_ALTERNATIVE_MAX: Final = 100
# Bank numbers that only QR-IBANs have: a QR reference leads to those, and to no others.
_QR_BANKS: Final = range(30000, 32000)

# An address line by line: what it is called, how long it may be, whether it has to be there.
_STRUCTURED: Final = (("name", 70, True), ("street", 70, False), ("house number", 16, False),
                      ("postcode", 16, True), ("town", 35, True), ("country", 2, True))  # fmt: skip
_COMBINED: Final = (("name", 70, True), ("line 1", 70, False), ("line 2", 70, True),
                    ("postcode", 0, False), ("town", 0, False), ("country", 2, True))  # fmt: skip
_ADDRESSES: Final = {"S": _STRUCTURED, "K": _COMBINED}


class Party(msgspec.Struct, frozen=True):
    """Who is paid or who pays; with `kind` K street and house number are two free lines, as on old bills."""

    name: str
    street: str
    house_number: str
    postcode: str
    town: str
    country: str
    kind: str = "S"


class SwissBill(msgspec.Struct, frozen=True):
    """The payment part of a QR-bill."""

    iban: str
    creditor: Party
    currency: str
    amount: Amount | None = None
    debtor: Party | None = None
    reference_kind: str = "NON"
    reference: str = ""
    message: str = ""
    billing: str = ""
    alternatives: tuple[str, ...] = ()

    scheme: str = "swiss"
    departures: tuple[str, ...] = ()

    @property
    def objects(self) -> tuple[tuple[str, str], ...]:
        """The lines by their number."""
        return tuple((str(at), line) for at, line in enumerate(_lines(self), 1))


def read(text: str) -> SwissBill | Refused:
    """The bill, from lines that end with CR LF or LF."""
    if len(text) > _CHARACTERS_MAX:
        return Refused("code", f"expected at most {_CHARACTERS_MAX} characters, got {len(text)}")
    lines = text.replace("\r\n", "\n").split("\n")
    while len(lines) > _LINES_MIN and not lines[-1]:
        lines.pop()
    if not _LINES_MIN <= len(lines) <= _LINES_MAX:
        return Refused("code", f"expected {_LINES_MIN} to {_LINES_MAX} lines, got {len(lines)}")
    wrong = next(_wrong(lines), None)
    if wrong is not None:
        return wrong
    amount = _amount(lines[_AMOUNT_AT])
    if isinstance(amount, Refused):
        return amount
    creditor = _party(lines, _CREDITOR_AT)
    assert creditor is not None, "an empty creditor was refused above"
    return SwissBill(
        iban=lines[_IBAN_AT],
        creditor=creditor,
        currency=lines[_AMOUNT_AT + 1],
        amount=amount,
        debtor=_party(lines, _DEBTOR_AT),
        reference_kind=lines[_REFERENCE_AT],
        reference=lines[_REFERENCE_AT + 1],
        message=lines[_REFERENCE_AT + 2],
        billing=lines[_TRAILER_AT + 1] if len(lines) > _LINES_MIN else "",
        alternatives=tuple(lines[_TRAILER_AT + 2 :]),
    )


def write(bill: SwissBill) -> str:
    """The lines of the code, parted by CR LF."""
    text = "\r\n".join(_lines(bill))
    found = read(text)
    if isinstance(found, Refused):
        raise UnwritableError(found)
    return text


def _lines(bill: SwissBill) -> list[str]:
    lines = [*(value for _, value in _HEAD), bill.iban, *_party_lines(bill.creditor), *_party_lines(None)]
    lines += ["" if bill.amount is None else bill.amount.text, bill.currency, *_party_lines(bill.debtor)]
    lines += [bill.reference_kind, bill.reference, bill.message, _TRAILER]
    behind = [bill.billing, *bill.alternatives]
    return lines + (behind if any(behind) else [])


def _party_lines(party: Party | None) -> tuple[str, ...]:
    if party is None:
        return ("",) * _PARTY_LINES
    where = (party.street, party.house_number, party.postcode, party.town, party.country)
    return (party.kind, party.name, *where)


def _wrong(lines: Sequence[str]) -> Iterator[Refused]:
    for (field, value), line in zip(_HEAD, lines, strict=False):
        if line != value:
            yield Refused(field, f"expected {value}, got {shown(line)}")
    if lines[_TRAILER_AT] != _TRAILER:
        yield Refused(
            "trailer", f"expected {_TRAILER} on line {_TRAILER_AT + 1}, got {shown(lines[_TRAILER_AT])}"
        )
    if lines[_IBAN_AT][:2] not in {"CH", "LI"}:
        yield Refused("IBAN", f"expected one of Switzerland or Liechtenstein, got {shown(lines[_IBAN_AT])}")
    if wrong := accounts.iban(lines[_IBAN_AT], "IBAN"):
        yield wrong
    yield from _wrong_party(lines, _CREDITOR_AT, "creditor")
    if any(lines[_FINAL_AT:_AMOUNT_AT]):
        yield Refused("ultimate creditor", "expected seven empty lines, as long as it is reserved")
    if lines[_AMOUNT_AT + 1] not in _CURRENCIES:
        yield Refused("currency", f"expected CHF or EUR, got {shown(lines[_AMOUNT_AT + 1])}")
    if any(lines[_DEBTOR_AT:_REFERENCE_AT]):
        yield from _wrong_party(lines, _DEBTOR_AT, "debtor")
    yield from _wrong_reference(lines)
    yield from _wrong_words(lines)


def _wrong_party(lines: Sequence[str], start: int, who: str) -> Iterator[Refused]:
    kind, *values = lines[start : start + _PARTY_LINES]
    if kind not in _ADDRESSES:
        yield Refused(f"{who} address type", f"expected S or K, got {shown(kind)}")
        return
    for (field, most, needed), value in zip(_ADDRESSES[kind], values, strict=True):
        if needed and not value:
            yield Refused(f"{who} {field}", "expected one, got none")
        if len(value) > most:
            yield Refused(f"{who} {field}", f"expected at most {most} characters, got {len(value)}")
    if values[-1] not in COUNTRY_LETTERS:
        yield Refused(f"{who} country", f"expected two letters of ISO 3166, got {shown(values[-1])}")


def _wrong_reference(lines: Sequence[str]) -> Iterator[Refused]:
    kind, reference = lines[_REFERENCE_AT : _REFERENCE_AT + 2]
    if kind not in {"QRR", "SCOR", "NON"}:
        yield Refused("reference type", f"expected QRR, SCOR or NON, got {shown(kind)}")
        return
    bank = lines[_IBAN_AT][4:9]
    needs = bank.isdigit() and int(bank) in _QR_BANKS
    if needs != (kind == "QRR"):
        yield Refused(
            "reference type", f"expected {'QRR with' if needs else 'QRR only with'} a QR-IBAN, got {kind}"
        )
    wrong = None
    if kind == "QRR":
        wrong = accounts.qr_reference(reference, "reference")
    elif kind == "SCOR":
        wrong = accounts.creditor_reference(reference, "reference")
    elif reference:
        wrong = Refused("reference", f"expected none with NON, got {shown(reference)}")
    if wrong:
        yield wrong


def _wrong_words(lines: Sequence[str]) -> Iterator[Refused]:
    billing = lines[_TRAILER_AT + 1] if len(lines) > _LINES_MIN else ""
    if (size := len(lines[_REFERENCE_AT + 2]) + len(billing)) > _MESSAGE_MAX:
        yield Refused(
            "message", f"expected {_MESSAGE_MAX} characters with the billing information, got {size}"
        )
    for line in lines[_TRAILER_AT + 2 :]:
        if len(line) > _ALTERNATIVE_MAX:
            yield Refused("alternative", f"expected at most {_ALTERNATIVE_MAX} characters, got {len(line)}")


def _amount(text: str) -> Amount | Refused | None:
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        return Refused("amount", f"expected an amount such as 12.30, got {shown(text)}")
    return amounts.above_zero(text, _CENTS, "amount")


def _party(lines: Sequence[str], start: int) -> Party | None:
    kind, name, street, house_number, postcode, town, country = lines[start : start + _PARTY_LINES]
    return Party(name, street, house_number, postcode, town, country, kind) if kind else None
