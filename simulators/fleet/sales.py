"""What the fleet sells: small baskets, drawn from a seed."""

import random
from typing import Any, Final

import msgspec

from simulators.fleet.contract import b64

CURRENCY: Final = "EUR"

_PRODUCTS: Final = (
    ("09520001000012", "Merino Crew Sweater M", 7_990),
    ("09520001000029", "Straight Jeans 32/32", 8_990),
    ("09520001000036", "Lambswool Scarf", 3_450),
    ("09520001000043", "Ethiopia Yirgacheffe 250 g", 1_190),
)
_LINES_MAX: Final = 3
_TAX_BP: Final = 1_900


class Basket(msgspec.Struct, frozen=True):
    """A sale as a fact of the journal, the key that it is written once under, and what it costs."""

    fact: dict[str, Any]
    idem: str
    total_minor: int


def basket(luck: random.Random, number: str, business_date: str) -> Basket:
    """A sale of one to three products."""
    goods = luck.sample(_PRODUCTS, luck.randint(1, _LINES_MAX))
    sale, total_minor = b64(luck.randbytes(12)), sum(price for _, _, price in goods)
    tax_minor = total_minor * _TAX_BP // (10_000 + _TAX_BP)
    fact = {
        "kind": "sale",
        "sale": sale,
        "number": number,
        "business_date": business_date,
        "language": "en",
        "currency": CURRENCY,
        "total_minor": total_minor,
        "tender": "house-account",
        "prices": {"generation": 1, "n": 1},
        "lines": [_line(*good) for good in goods],
        "taxes": [
            {"tax": "standard", "rate_bp": _TAX_BP, "gross_minor": total_minor, "tax_minor": tax_minor}
        ],
        "postings": [
            _posting("receivable/fleet", total_minor),
            _posting("revenue", tax_minor - total_minor),
            _posting("tax/standard", -tax_minor),
        ],
        "moves": [{"gtin": gtin, "giver": "floor", "taker": "sold", "units": 1} for gtin, _, _ in goods],
        "fiscal": None,
    }
    return Basket(fact, f"sale/{sale}", total_minor)


def _line(gtin: str, name: str, price_minor: int) -> dict[str, Any]:
    return {
        "gtin": gtin,
        "name": name,
        "units": 1,
        "price_minor": price_minor,
        "total_minor": price_minor,
        "tax": "standard",
        "epcs": [],
    }


def _posting(account: str, amount_minor: int) -> dict[str, Any]:
    return {"account": account, "amount_minor": amount_minor, "currency": CURRENCY}
