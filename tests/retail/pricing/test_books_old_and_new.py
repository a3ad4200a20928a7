"""A book of before still means what it meant, and is written as it was; a new one is checked."""

from typing import Any

import msgspec
import pytest

from retail.identity.standing import Recall
from retail.pricing.book import PriceBook, Product
from retail.pricing.check import check
from retail.units import Gtin
from tests.retail.pricing.shop import TAXES, book, goods

GTIN = "09520001000010"

OLD = (
    b'{"site":"corner","language":"en","currency":"EUR","taxes":{"standard":1900},"products":[{"gtin":"09520001000010",'
    b'"words":{"en":{"name":"Soap","details":[]}},"price_minor":299,"tax":"standard","pack_mg":0,'
    b'"pack_tolerance_mg":0,"net_mg":null}]}'
)

# What a product says, and what is wrong with it.
WRONG: list[tuple[Product, str]] = [
    (goods(GTIN, 0), "expected a price of 1"),
    (goods(GTIN, 100, price_per_kg_minor=100), "expected a price or one of a kilogram, got both"),
    (goods(GTIN, 0, price_per_kg_minor=0), "expected a kilogram for 1"),
    (goods(GTIN, 100, member_prices={"gold": 0}), "expected a member price of 1"),
    (goods(GTIN, 100, member_prices={"": 1}), "level of membership: expected 1 to 64 characters"),
    (goods(GTIN, 100, min_age=0), "expected a least age of 1 to 99 years, got 0"),
    (goods(GTIN, 100, images=("abc",)), "expected an image by its SHA-256"),
    (goods(GTIN, 100, categories=("",)), "category: expected 1 to 64 characters"),
    (goods(GTIN, 100, allergens=("x",) * 33), "allergen: expected at most 32, got 33"),
    (goods(GTIN, 100, attributes={"colour": "\x1b[2J"}), "attribute: expected no control characters"),
]
WRONG_BOOKS: list[tuple[dict[str, Any], str]] = [
    ({"cash_step_minor": 0}, "cash_step_minor: expected 1 to 1000, got 0"),
    ({"languages": ("en", "elvish")}, "languages: expected a BCP 47 language, got 'elvish'"),
    ({"recalls": (Recall(Gtin("123")),)}, "recall of 123: "),
]


def test_a_book_of_before_is_read_and_written_as_it_was() -> None:
    old = msgspec.json.decode(OLD, type=PriceBook)
    assert msgspec.json.encode(old) == OLD
    assert check(old) == []
    (product,) = old.products
    assert not any((product.min_age, product.member_prices, product.no_offers, old.tax_exclusive))


def test_a_new_book_is_written_and_read_again() -> None:
    new = book(
        goods(
            GTIN,
            0,
            price_per_kg_minor=1_990,
            member_prices={"gold": 1_790},
            categories=("fresh",),
            attributes={"origin": "es"},
            allergens=("AN",),
            min_age=18,
            images=("0" * 64,),
            no_offers=False,
            tagged=True,
        ),
        tax_exclusive=True,
        tax_rounding="line",
        cash_step_minor=5,
        languages=("en",),
        recalls=(Recall(Gtin(GTIN), lot="L1"),),
        circulations=("geo",),
        region="se",
    )
    assert check(new) == []
    assert msgspec.json.decode(msgspec.json.encode(new), type=PriceBook) == new


@pytest.mark.parametrize(("product", "sentence"), WRONG)
def test_a_product_that_is_wrong_is_told_so(product: Product, sentence: str) -> None:
    problems = check(PriceBook("corner", "en", "EUR", TAXES, (product,)))
    assert any(sentence in problem for problem in problems), problems


@pytest.mark.parametrize(("change", "sentence"), WRONG_BOOKS)
def test_a_book_that_is_wrong_is_told_so(change: dict[str, Any], sentence: str) -> None:
    problems = check(book(goods(GTIN, 100), **change))
    assert any(sentence in problem for problem in problems), problems
