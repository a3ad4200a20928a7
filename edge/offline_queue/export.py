"""The ledger for others: each entry as a compact JWS, as a line of JSON, or as a row for a spreadsheet.

One entry at a time, so that a long ledger needs no more memory than a short one.
"""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, SignedEntry, decode_body
from cloud_sync.contract.facts import Arrived, Fact, Sale, kind_of
from retail.units import minor_digits

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# A spreadsheet takes a cell that begins like this for a formula, and runs it (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")

CSV_COLUMNS: Final = (
    "seq",
    "kind",
    "idem",
    "written_utc",
    "clock",
    "business_date",
    "receipt",
    "currency",
    "total",
    "units",
    "hash",
)
"""What a spreadsheet gets of an entry; `hash` is hexadecimal, since base64url may begin like a formula."""


class UnsayableError(ValueError):
    """An entry whose body is none of ours has no line in this form: which one, and why."""

    def __init__(self, entry: SignedEntry, why: object) -> None:
        super().__init__(f"entry {entry.seq}: {why}")


class Form(msgspec.Struct, frozen=True):
    """How a ledger is written down: what stands above all entries, and the line of one.

    `line` raises UnsayableError.
    """

    head: bytes
    line: Callable[[SignedEntry], bytes]


class _Line(msgspec.Struct, frozen=True):
    """`body` comes last, and is the bytes that were signed."""

    seq: int
    kind: str
    idem: str
    kid: str
    prev: str
    hash: str
    sig: str
    body: msgspec.Raw


def moment(wall_ms: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC; as they are where no calendar has them."""
    try:
        return (_EPOCH + timedelta(milliseconds=wall_ms)).isoformat(timespec="milliseconds")[:-6] + "Z"
    except OverflowError:
        return f"{wall_ms} ms"


def as_text_cell(text: str) -> str:
    """`text` as a spreadsheet shows it instead of computing it."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _jws(entry: SignedEntry) -> bytes:
    return f"{entry.jws()}\n".encode("ascii")


def _json(entry: SignedEntry) -> bytes:
    body = _body(entry)
    line = _Line(
        entry.seq,
        kind_of(body.fact),
        body.idem,
        entry.kid,
        b64(entry.prev),
        b64(entry.hash),
        b64(entry.sig),
        msgspec.Raw(entry.body),
    )
    return msgspec.json.encode(line) + b"\n"


def _row(entry: SignedEntry) -> bytes:
    body = _body(entry)
    fact = body.fact
    return _csv(
        entry.seq,
        kind_of(fact),
        as_text_cell(body.idem),
        as_text_cell(moment(body.wall_ms)),
        body.clock,
        *(_money(fact) if isinstance(fact, Sale) else ("", "", "", "")),
        _units(fact),
        entry.hash.hex(),
    )


def _csv(*cells: str | int) -> bytes:
    """One row (RFC 4180)."""
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _money(sale: Sale) -> tuple[str, str, str, str]:
    """Business date, receipt number, currency, and the total with the currency's decimals."""
    total = Decimal(sale.total_minor).scaleb(-minor_digits(sale.currency))
    said = map(as_text_cell, (sale.business_date, sale.number, sale.currency))
    return (*said, f"{total:f}")  # type: ignore[return-value]


def _units(fact: Fact) -> str | int:
    """Units that were sold or that arrived."""
    match fact:
        case Sale(lines=lines):
            return sum(line.units for line in lines)
        case Arrived(moves=moves):
            return sum(move.units for move in moves)
        case _:
            return ""


def _body(entry: SignedEntry) -> Body:
    if b"\n" in entry.body or b"\r" in entry.body:
        raise UnsayableError(entry, "its body has a line end, which the encoder of bodies never writes")
    try:
        return decode_body(entry.body)
    except ValueError as error:
        raise UnsayableError(entry, error) from error


FORMS: Final[Mapping[str, Form]] = {
    "jws": Form(b"", _jws),
    "jsonl": Form(b"", _json),
    "csv": Form(_csv(*CSV_COLUMNS), _row),
}
"""How a ledger can be written down."""
