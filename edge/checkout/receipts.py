"""Receipts: their numbers, gapless on one object, the link of their code, and a document for a printer."""

import base64
import hashlib
import unicodedata
from collections.abc import Iterable
from typing import Final

import msgspec

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.fragment import BadFragmentError, FragmentTooLongError, link_of
from cloud_sync.contract.slip import Beside, slip_of
from edge.commands import Align, Print, PrintedLine, PrintedQr
from edge.readings import ReceiptFor, TerminalLine
from retail.receipt import Part, Slip, in_plain_english, in_plain_letters, lines

__all__ = ["Beside", "Links", "customer_lines", "document", "receipt_number", "slip_of"]

# Four characters of base32: two epochs of one object share them once in a million, and the epoch itself is
# signed.
_PREFIX_CHARACTERS: Final = 4

# What a terminal prints for a customer has some twenty lines; more than a hundred is not one receipt.
_TERMINAL_LINES_MAX: Final = 100

# 58 mm paper takes 32 characters a line, and no code that is fine enough for a whole receipt.
_NARROW_COLUMNS: Final = 32

_CENTRED: Final = frozenset({Part.TRAINING, Part.SHOP, Part.IMPRINT})
_BOLD: Final = frozenset({Part.TRAINING, Part.SHOP, Part.TOTAL})
_TALL: Final = frozenset({Part.TRAINING, Part.TOTAL})


def receipt_number(epoch: str, count: int) -> str:
    """The number of the receipt number `count` (from 1) of an epoch, as it is printed: `K7QM-0001`."""
    prefix = base64.b32encode(hashlib.sha256(epoch.encode()).digest()).decode("ascii")[:_PREFIX_CHARACTERS]
    return f"{prefix}-{count:04d}"


class Links(msgspec.Struct, frozen=True):
    """Where the code of a receipt leads: `page` verifies receipts, `hub` shows the copy of a long one.

    `hub` is empty where there is none. `certificate` is the hub's word for the key that this object signs by
    now, as a compact JWS.
    """

    page: str
    hub: str
    certificate: str

    def of(self, entry: SignedEntry, columns: int = 0) -> str:
        """The link of a sale or a refund, empty if none is short enough; a paper has `columns`, a glass 0."""
        narrow = 0 < columns <= _NARROW_COLUMNS and self.hub != ""
        try:
            return link_of(entry.jws(), "" if narrow else self.certificate, self.page, self.hub)
        except BadFragmentError:  # a certificate that is damaged keeps nobody from a receipt
            return "" if self.certificate == "" else Links(self.page, self.hub, "").of(entry, columns)
        except FragmentTooLongError:
            return ""


def customer_lines(said: Iterable[TerminalLine], attempts: Iterable[str]) -> tuple[str, ...]:
    """What a terminal wants its customer to have on paper of these attempts, card numbers masked.

    A terminal that prints line by line does not say whose copy a line is: then all of them are printed.
    """
    wanted = frozenset(attempts)
    ours = [line for line in said if line.attempt in wanted]
    named = [line for line in ours if line.receipt is ReceiptFor.CUSTOMER]
    chosen = named or [line for line in ours if line.receipt is ReceiptFor.UNKNOWN]
    return tuple(line.text for line in chosen if line.text or not line.last)[:_TERMINAL_LINES_MAX]


def document(name: str, slip: Slip, link: str, width_columns: int) -> Print:
    """A receipt for a printer whose lines have so many columns.

    An empty `link` prints no code, and the training has none.

    A printer without the sign of its currency prints the code of that; one without the letters of its
    language prints it in English, with codes for names.
    """
    link = "" if slip.training else link
    ways = (slip, in_plain_letters(slip), in_plain_english(slip))
    parts, *otherwise = (_parts(way, link, width_columns) for way in ways)
    return Print(name, parts, tuple(otherwise))


def _parts(slip: Slip, link: str, width_columns: int) -> tuple[PrintedLine | PrintedQr, ...]:
    parts = (_part(part, line) for part, line in lines(slip, width_columns))
    return (*parts, PrintedQr(link)) if link else tuple(parts)


def _part(part: Part, line: str) -> PrintedLine:
    align = Align.CENTER if part in _CENTRED else Align.LEFT
    return PrintedLine(_printable(line), align, bold=part in _BOLD, tall=part in _TALL)


def _printable(line: str) -> str:
    """Without the marks that turn text around, which take no column; every sort of space is a space."""
    shown = (each for each in line if unicodedata.category(each) != "Cf")
    return "".join(" " if each.isspace() else each for each in shown)
