"""Receipts: their numbers, gapless on one object, and a sale as a receipt says it."""

import base64
import hashlib
from typing import Final

from cloud_sync.contract.entry import Sale
from retail.receipt import Slip, SlipLine, SlipTax
from retail.units import Money

# Four characters of base32: two epochs of one object share them once in a million, and the epoch itself is
# signed.
_PREFIX_CHARACTERS: Final = 4


def receipt_number(epoch: str, count: int) -> str:
    """The number of the receipt number `count` (from 1) of an epoch, as it is printed: `K7QM-0001`."""
    prefix = base64.b32encode(hashlib.sha256(epoch.encode()).digest()).decode("ascii")[:_PREFIX_CHARACTERS]
    return f"{prefix}-{count:04d}"


def slip_of(sale: Sale, shop: str) -> Slip:
    """A sale as its receipt says it; `shop` stands at the top."""

    def money(amount_minor: int) -> Money:
        return Money(amount_minor, sale.currency)

    return Slip(
        shop=shop,
        number=sale.number,
        business_date=sale.business_date,
        language=sale.language,
        lines=tuple(
            SlipLine(line.name, line.units, money(line.price_minor), money(line.total_minor))
            for line in sale.lines
        ),
        taxes=tuple(SlipTax(row.rate_bp, money(row.gross_minor), money(row.tax_minor)) for row in sale.taxes),
        total=money(sale.total_minor),
    )
