"""The words of a reason in the shopper's language: those of a promotion, and those that are our own."""

from collections.abc import Mapping
from typing import Final

MEMBER_PRICE: Final = "member-price"
"""The id under which a price for members is told; no promotion may have it."""

_MEMBER_PRICE: Final = {
    "en": "Member price",
    "zh": "会员价",
    "de": "Mitgliederpreis",
    "es": "Precio de socio",
    "ar": "سعر الأعضاء",
}


def words_in(words: Mapping[str, str], language: str, house: str) -> str | None:
    """`words` in the shopper's language, in the same one of another region, or in that of the house."""
    for each in (language, language.partition("-")[0], house):
        if each in words:
            return words[each]
    return None


def member_price_words(language: str, house: str) -> str:
    """What a price for members is called."""
    return words_in(_MEMBER_PRICE, language, house.partition("-")[0]) or _MEMBER_PRICE["en"]
