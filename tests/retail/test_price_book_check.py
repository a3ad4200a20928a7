"""A price book with a mistake in it is named wrong before anybody is charged by it."""

from typing import Any

import msgspec
import pytest

from retail.identity.standing import Recall
from retail.pricing.book import Names, PriceBook
from retail.pricing.check import PRICE_MINOR_MAX, PROBLEM_CHARACTERS_MAX, PROBLEMS_MAX, check
from retail.units import Gtin

SWEATER, COFFEE = "09520001000010", "09520001000034"

BOOKS = [
    ({"site": ""}, "site: expected a name, got none"),
    ({"currency": "eur"}, "currency: expected the letters of ISO 4217 such as EUR, got 'eur'"),
    ({"currency": "EUX"}, "currency: expected the letters of ISO 4217 such as EUR, got 'EUX'"),
    ({"products": ()}, "products: expected 1 to 250000, got 0"),
    (
        {"taxes": {"standard": 1900, "reduced": 10_001}},
        "tax 'reduced': expected a rate of 0 to 10000 basis points, got 10001",
    ),
    (
        {"taxes": {"standard": -1, "reduced": 700}},
        "tax 'standard': expected a rate of 0 to 10000 basis points, got -1",
    ),
    (
        {"taxes": {"standard": 1900, "reduced": 700, "VAT/x": 0}},
        "tax 'VAT/x': expected a code of small letters, digits and hyphens, at most 32",
    ),
    (
        {"taxes": {"standard": 1900}},
        f"product {COFFEE}: expected a tax code of the book (standard), got 'reduced'",
    ),
    (
        {"recalls": (Recall(Gtin("09520001000011")),)},
        "recall of 09520001000011: expected check digit 0, got 1 in 09520001000011",
    ),
    (
        {"recalls": tuple(Recall(Gtin(COFFEE), lot=str(n)) for n in range(10_001))},
        "recalls: expected at most 10000, got 10001",
    ),
    ({"circulations": ("geo", "shop")}, "circulations: expected company or geo, got 'shop'"),
    ({"region": "xx"}, "region: expected one of de, dk, ee, fi, gb, lt, lv, no, se, got 'xx'"),
]

PRODUCTS = [
    ({"gtin": "09520001000011"}, "expected check digit 0, got 1 in 09520001000011"),
    ({"gtin": "9520001000010"}, "expected the 14 digits 09520001000010, got the 13 digits 9520001000010"),
    ({"tax": "luxury"}, "expected a tax code of the book (reduced, standard), got 'luxury'"),
    ({"price_minor": 0}, f"expected a price of 1 to {PRICE_MINOR_MAX} minor units, got 0"),
    ({"price_minor": -1}, f"expected a price of 1 to {PRICE_MINOR_MAX} minor units, got -1"),
    (
        {"price_minor": PRICE_MINOR_MAX + 1},
        f"expected a price of 1 to {PRICE_MINOR_MAX} minor units, got {PRICE_MINOR_MAX + 1}",
    ),
    ({"pack_mg": -1, "pack_tolerance_mg": -1}, "expected a pack of 0 to 1000000000 mg, got -1"),
    ({"pack_mg": 10, "pack_tolerance_mg": 11}, "expected a tolerance of 0 to 10 mg, got 11"),
    ({"net_mg": 0}, "expected a net content of 1 to 1000000000 mg, got 0"),
    (
        {"weighed": True},
        "expected the net content that its price is for, since it is sold by weight, got none",
    ),
    ({"words": {"de": Names("Pullover")}}, "expected words in en, the book's own language, got none"),
    ({"words": {"en": Names("Sweater"), "xx": Names("?")}}, "expected a BCP 47 language, got words in 'xx'"),
    ({"words": {"en": Names("")}}, "name in en: expected 1 to 80 characters, got 0"),
    ({"words": {"en": Names(" ")}}, "name in en: expected 1 to 80 characters, got 1"),
    ({"words": {"en": Names("x" * 81)}}, "name in en: expected 1 to 80 characters, got 81"),
    ({"words": {"en": Names("a\x1b[2Jb")}}, "name in en: expected no control characters, got 'a\\x1b[2Jb'"),
    ({"words": {"en": Names("a", ("b\n",))}}, "detail in en: expected no control characters, got 'b\\n'"),
    ({"words": {"en": Names("a", ("b" * 201,))}}, "detail in en: expected 1 to 200 characters, got 201"),
    ({"words": {"en": Names("a", ("b",) * 13)}}, "expected at most 12 details in en, got 13"),
]


def test_a_good_book_has_no_problem(book: PriceBook) -> None:
    assert check(book) == []


@pytest.mark.parametrize(("change", "problem"), BOOKS)
def test_a_book_with_one_mistake_has_one_sentence(
    book: PriceBook, change: dict[str, Any], problem: str
) -> None:
    assert check(msgspec.structs.replace(book, **change)) == [problem]


@pytest.mark.parametrize(("change", "problem"), PRODUCTS)
def test_a_product_with_a_mistake_is_named_with_it(
    book: PriceBook, change: dict[str, Any], problem: str
) -> None:
    wrong = msgspec.structs.replace(book.products[0], **change)
    problems = check(msgspec.structs.replace(book, products=(wrong, *book.products[1:])))
    assert f"product {wrong.gtin}: {problem}" in problems
    assert all(sentence.startswith(f"product {wrong.gtin}: ") for sentence in problems)


@pytest.mark.parametrize(
    "name", ["18\u00a0mm", "\u200f\u05e1\u05d5\u05d5\u05d3\u05e8", "\u5496\u5561", "\U0001f9e3"]
)
def test_spaces_marks_and_letters_of_any_script_are_a_name(book: PriceBook, name: str) -> None:
    named = msgspec.structs.replace(book.products[0], words={"en": Names(name)})
    assert check(msgspec.structs.replace(book, products=(named,))) == []


def test_a_book_in_a_language_that_nobody_writes_is_wrong(book: PriceBook) -> None:
    problems = check(msgspec.structs.replace(book, language="xx"))
    assert problems[0] == "language: expected a BCP 47 language such as en or zh-Hans, got 'xx'"


def test_a_product_that_stands_twice_in_a_book_is_named_once(book: PriceBook) -> None:
    twice = msgspec.structs.replace(book, products=(*book.products, book.products[0]))
    assert check(twice) == [f"product {SWEATER}: expected it once, got it 2 times"]


def test_a_ruined_book_is_described_in_a_bounded_number_of_sentences(book: PriceBook) -> None:
    wrong = msgspec.structs.replace(book.products[0], tax="luxury" * 1000, price_minor=0)
    ruined = msgspec.structs.replace(book, products=(wrong,) * (PROBLEMS_MAX + 1))
    problems = check(ruined)
    assert len(problems) == PROBLEMS_MAX
    assert max(map(len, problems)) == PROBLEM_CHARACTERS_MAX
