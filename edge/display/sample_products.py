"""Samples of the product page: what one item comes in, where it is, what is in it, what goes with it."""

import re
from typing import Final

from msgspec.structs import replace

from edge.checkout.state import Looked, State, Variant
from edge.display.sample_goods import (
    ENDLESS,
    HOSTILE,
    IDLE,
    JEANS,
    SCARF,
    SWEATER,
    YIRGACHEFFE,
    line,
    offered,
    offline,
    scanned,
)
from retail.units import Money


def _size(code: str, here: bool | None = True, *, chosen: bool = False) -> Variant:
    return Variant(code, {"en": code}, here, chosen)


SIZES: Final = (_size("S"), _size("M", chosen=True), _size("L"), _size("XL", here=False))
COLOURS: Final = (
    Variant(
        "ink",
        {"en": "Ink blue", "de": "Tintenblau", "zh-Hans": "墨蓝", "es": "Azul tinta", "ar": "أزرق حبري"},
        True,
        True,
    ),
    Variant(
        "oat", {"en": "Oat", "de": "Hafer", "zh-Hans": "燕麦色", "es": "Avena", "ar": "شوفاني"}, True, False
    ),
)
RAIL: Final = {"en": "Rail 3", "de": "Stange 3", "zh-Hans": "3 号货架", "es": "Perchero 3", "ar": "الرف 3"}
_XL: Final = {
    language: tuple(re.sub(r"\bM\b", "XL", detail) for detail in details)
    for language, details in SWEATER.details.items()
}
GONE: Final = replace(SWEATER, details=_XL, here=0, shop=2, elsewhere=9)
ALL_ALLERGENS: Final = ("AW", "AM", "AN", "AE", "AY", "BC", "BM")


def product_states(kind: str) -> dict[str, State]:
    """What a glass shows of one single product, and of two beside each other."""
    coffee = kind == "shelf"
    goods = YIRGACHEFFE if coffee else SWEATER
    few = offered(line(goods))
    few = replace(few, offer=goods if coffee else None)
    looked = Looked(goods, is_held=True, held_size={"en": "M"}, sizes=SIZES)
    rich = replace(
        looked, colours=COLOURS, goes_with=(replace(SCARF, place=RAIL), replace(ENDLESS, place=RAIL))
    )
    other = tuple(replace(each, chosen=each.code == "XL") for each in SIZES)
    food = replace(goods, allergens=ALL_ALLERGENS, min_age=18, member_price=Money(990, "EUR"))
    seen = replace(goods, images=("0" * 64,))
    away = replace(looked, is_held=False, sizes=other)
    return {
        "product in four sizes": replace(few, looked=looked),
        "product in sizes and colours, and what goes with it": replace(few, looked=rich),
        "product in sizes and colours, scanned": replace(scanned(few), looked=rich),
        "product, another size is not here": replace(few, looked=replace(away, goods=GONE)),
        "product, another size is in another shop": replace(
            few, looked=replace(away, goods=replace(GONE, shop=0))
        ),
        "product, another size is nowhere": replace(
            few, looked=replace(away, goods=replace(GONE, shop=0, elsewhere=0))
        ),
        "product, another size, offline": replace(
            offline(few),
            looked=replace(
                away,
                goods=replace(GONE, here=None, shop=None, elsewhere=None),
                sizes=tuple(replace(each, here=None) for each in other),
            ),
        ),
        "product with allergens, for grown-ups, cheaper for members": replace(
            offered(line(food)), offer=food if coffee else None, looked=replace(looked, goods=food, sizes=())
        ),
        "product with a picture": replace(few, looked=replace(looked, goods=seen)),
        "idle, with a picture, members can sign in": replace(
            IDLE, offer=seen if coffee else None, signs_in=True
        ),
        "idle, all that can be said, members can sign in": replace(
            IDLE, offer=replace(food, images=seen.images) if coffee else None, signs_in=True
        ),
        "product, hostile": replace(
            offered(line(HOSTILE)),
            looked=replace(rich, goods=HOSTILE, goes_with=(HOSTILE, HOSTILE), sizes=_hostile()),
        ),
        "two beside each other": offered(line(goods), line(JEANS)),
        "two beside each other, long": offered(
            line(ENDLESS), line(replace(food, names=ENDLESS.names, here=0, shop=0, elsewhere=3))
        ),
    }


def _hostile() -> tuple[Variant, ...]:
    code = '"><script>alert(3)</script>'
    return (Variant(code, HOSTILE.names | {"en": code}, here=False, chosen=False), *SIZES[:2])
