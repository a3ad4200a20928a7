"""Sales as the shops of the benchmarks write them: drawn from seeds, so that every run measures the same."""

import random
from typing import Final

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.facts import Basis, Posting, Sale, SaleLine, TaxLine
from retail.custody import Move
from retail.pricing.book import Version

NAMES: Final = {
    "en": ("Merino Crew Sweater M", "Straight Jeans 32/32", "Lambswool Scarf", "Ethiopia Yirgacheffe 250 g"),
    "de": ("Merinopullover M", "Gerade Jeans 32/32", "Schal aus Lammwolle", "Äthiopien Yirgacheffe 250 g"),
    "zh": ("美利奴羊毛圆领衫 M", "直筒牛仔裤 32/32", "羊羔毛围巾", "埃塞俄比亚耶加雪菲 250 克"),
    "es": (
        "Jersey de merino M",
        "Vaqueros rectos 32/32",
        "Bufanda de lana de cordero",
        "Etiopía Yirgacheffe 250 g",
    ),
    "ar": ("كنزة ميرينو مقاس M", "جينز مستقيم 32/32", "وشاح من صوف الحملان", "إثيوبيا يرغاتشيفي 250 غ"),
}
# As many products as a shelf or the floor around a mirror has.
PRODUCTS: Final = 200
_TAX_BP: Final = 700
# A busy day: a sale every ten seconds, and a shopper needs seconds or minutes to pay.
_BEGAN_MS: Final = 1_790_000_000_000
_APART_MS: Final = 9_871
_TO_PAY_MS: Final = (2_000, 90_000)


def sale(n: int, language: str = "en", *, tagged: bool = True) -> Sale:
    """The sale number `n`: three lines, with a tag each if they are `tagged`, as a shelf writes it."""
    luck = random.Random(n)  # noqa: S311 - goods, not secrets
    products = luck.sample(range(PRODUCTS), 3)
    lines = (_line(product, language, (_epc(product, luck),) if tagged else ()) for product in products)
    return _sale(n, luck, language, tuple(lines))


def small_sale(n: int) -> Sale:
    """The sale number `n`: one line without a tag, the least that a sale can be."""
    luck = random.Random(n)  # noqa: S311 - goods, not secrets
    return _sale(n, luck, "en", (_line(luck.randrange(PRODUCTS), "en"),))


def _sale(n: int, luck: random.Random, language: str, lines: tuple[SaleLine, ...]) -> Sale:
    gross_minor = sum(line.total_minor for line in lines)
    tax_minor = gross_minor * _TAX_BP // (10_000 + _TAX_BP)
    return Sale(
        sale=b64(luck.randbytes(12)),
        number=f"K7QM-{n:04d}",
        business_date="2026-01-31",
        language=language,
        currency="EUR",
        total_minor=gross_minor,
        tender="house-account",
        prices=Version(1, 1),
        lines=lines,
        taxes=(TaxLine("reduced", _TAX_BP, gross_minor, tax_minor),),
        postings=(
            Posting("receivable/a7KxQ", gross_minor, "EUR"),
            Posting("revenue", tax_minor - gross_minor, "EUR"),
            Posting("tax/reduced", -tax_minor, "EUR"),
        ),
        moves=tuple(Move(line.gtin, "shelf-b12", "sold", 1) for line in lines),
        basis=Basis(_BEGAN_MS + n * _APART_MS - luck.randrange(*_TO_PAY_MS)),
    )


def _line(product: int, language: str, epcs: tuple[str, ...] = ()) -> SaleLine:
    names = NAMES[language]
    price_minor = 990 + 10 * product
    return SaleLine(
        f"095200012{product:05d}", names[product % len(names)], 1, price_minor, price_minor, "reduced", epcs
    )


def _epc(product: int, luck: random.Random) -> str:
    """An SGTIN-96 of the company 9520001 (GS1 TDS: header, filter 1, partition 5, company, item, serial)."""
    company = (0x30 << 88) | (1 << 85) | (5 << 82) | (9_520_001 << 58)
    return f"{company | (product << 38) | luck.getrandbits(38):024X}"
