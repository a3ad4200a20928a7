"""What the tests of this room share: public vectors, and a small shop to price by."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retail.pricing.book import Names, PriceBook, Product

ROOT = Path(__file__).parents[2]
Vectors = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def vectors() -> Vectors:
    """Rows of a public file below $OPOS_DATA/identification."""

    def rows(name: str) -> list[dict[str, Any]]:
        path = ROOT / os.environ.get("OPOS_DATA", "../shared/data") / "identification" / name
        if not path.exists():
            pytest.skip(f"public vectors are not here: {path}")
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    return rows


@pytest.fixture
def book() -> PriceBook:
    """The price book of a small shop: a sweater, a scarf and a pack of coffee."""
    return PriceBook(
        site="corner",
        language="en",
        currency="EUR",
        taxes={"standard": 1900, "reduced": 700},
        products=(
            Product(
                gtin="09520001000010",
                words={"en": Names("Merino Crew Sweater", ("Ink blue",)), "de": Names("Merinopullover")},
                price_minor=11_900,
                tax="standard",
                pack_mg=0,
                pack_tolerance_mg=0,
            ),
            Product(
                gtin="09520001000027",
                words={"en": Names("Scarf"), "de": Names("Schal")},
                price_minor=2_995,
                tax="standard",
                pack_mg=0,
                pack_tolerance_mg=0,
            ),
            Product(
                gtin="09520001000034",
                words={"en": Names("Ethiopia Yirgacheffe")},
                price_minor=1_190,
                tax="reduced",
                pack_mg=262_000,
                pack_tolerance_mg=5_000,
                net_mg=250_000,
            ),
        ),
    )
