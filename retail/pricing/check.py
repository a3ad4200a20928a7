"""Whether a price book may be sold by: what is wrong with it, in sentences for the person who wrote it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from msgspec import UNSET

from retail import locale
from retail.identity import gtin, rcn
from retail.identity.answer import Refused
from retail.pricing.book import Names, PriceBook, Product

# Enough to see what went wrong with an import; a book with more mistakes than this has one mistake.
PROBLEMS_MAX: Final = 100
# A line or two of a terminal: what is quoted from a broken book may be as long as the book.
PROBLEM_CHARACTERS_MAX: Final = 240
# Two and a half times the largest shop that we measure with (100,000 products).
PRODUCTS_MAX: Final = 250_000
# 100 million of a currency with cents: dearer than anything on a shelf, and exact when summed (see rules.py).
PRICE_MINOR_MAX: Final = 10**10
# All of the price again on top: no tax on sales is higher.
RATE_BP_MAX: Final = 10_000
# A tonne: what stands on a scale in a shop weighs less.
MASS_MG_MAX: Final = 10**9
# Two lines of the mirror's title; and what its body has room for.
NAME_CHARACTERS_MAX: Final = 80
DETAIL_CHARACTERS_MAX: Final = 200
DETAILS_MAX: Final = 12
# A word of a list: a category, an attribute, an allergen, a level of membership.
WORD_CHARACTERS_MAX: Final = 64
WORDS_MAX: Final = 32
# A glass shows two or three; more is a catalogue.
GOES_WITH_MAX: Final = 12
# Nobody sells to the eldest alone.
AGE_MAX: Final = 99
# A retailer recalls a few dozen lots a year; more than this is a list of items that was meant as one of lots.
RECALLS_MAX: Final = 10_000
# 1,000 of a currency whose smallest coin is worth one whole: 1000 UGX.
CASH_STEP_MINOR_MAX: Final = 1_000

_CIRCULATIONS: Final = ("company", "geo")

# It becomes part of an account's name (`tax/standard`), so it is as plain as one.
_TAX_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")

# Controls, halves of a character, and the two separators that break a line. Marks of direction may stay.
_SHA256: Final = re.compile(r"[0-9a-f]{64}")

_CONTROL: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def check(book: PriceBook) -> list[str]:
    """What is wrong with `book`, a sentence each and at most PROBLEMS_MAX of them; empty when nothing is."""
    return _bounded(_problems(book))


def check_pages(terms: PriceBook, count: int, products: Iterable[Product]) -> list[str]:
    """What is wrong with a book of `count` products, each once, that are looked at one after the other.

    `terms` is the book without them: for who has no room for all of it.
    """
    return _bounded(_problems_of_pages(terms, count, products))


def _bounded(problems: Iterable[str]) -> list[str]:
    return [problem[:PROBLEM_CHARACTERS_MAX] for problem in islice(problems, PROBLEMS_MAX)]


def _problems(book: PriceBook) -> Iterator[str]:
    for number, count in Counter(product.gtin for product in book.products).items():
        if count > 1:
            yield f"product {number}: expected it once, got it {count} times"
    yield from _problems_of_pages(book, len(book.products), book.products)


def _problems_of_pages(terms: PriceBook, count: int, products: Iterable[Product]) -> Iterator[str]:
    yield from _problems_of_the_terms(terms, count)
    for code, rate_bp in terms.taxes.items():
        yield from _problems_of_a_tax(code, rate_bp)
    for product in products:
        for problem in _problems_of_a_product(product, terms):
            yield f"product {product.gtin}: {problem}"


def _problems_of_the_terms(book: PriceBook, count: int) -> Iterator[str]:
    if not book.site:
        yield "site: expected a name, got none"
    if not locale.is_language(book.language):
        yield f"language: expected a BCP 47 language such as en or zh-Hans, got {book.language!r}"
    if not locale.is_currency(book.currency):
        yield f"currency: expected the letters of ISO 4217 such as EUR, got {book.currency!r}"
    if not 1 <= count <= PRODUCTS_MAX:
        yield f"products: expected 1 to {PRODUCTS_MAX}, got {count}"
    if book.cash_step_minor is not UNSET and not 1 <= book.cash_step_minor <= CASH_STEP_MINOR_MAX:
        yield f"cash_step_minor: expected 1 to {CASH_STEP_MINOR_MAX}, got {book.cash_step_minor}"
    for language in book.languages or ():
        if not locale.is_language(language):
            yield f"languages: expected a BCP 47 language, got {language!r}"
    yield from _problems_of_what_may_be_sold(book)


def _problems_of_what_may_be_sold(book: PriceBook) -> Iterator[str]:
    if len(book.recalls or ()) > RECALLS_MAX:
        yield f"recalls: expected at most {RECALLS_MAX}, got {len(book.recalls or ())}"
    for recall in book.recalls or ():
        for problem in _problems_of_a_number(recall.gtin14):
            yield f"recall of {recall.gtin14}: {problem}"
    for circulation in book.circulations or ():
        if circulation not in _CIRCULATIONS:
            yield f"circulations: expected {' or '.join(_CIRCULATIONS)}, got {circulation!r}"
    if book.region is not UNSET and book.region not in rcn.REGIONS:
        yield f"region: expected one of {', '.join(sorted(rcn.REGIONS))}, got {book.region!r}"


def _problems_of_a_tax(code: str, rate_bp: int) -> Iterator[str]:
    if not _TAX_CODE.fullmatch(code):
        yield f"tax {code!r}: expected a code of small letters, digits and hyphens, at most 32"
    if not 0 <= rate_bp <= RATE_BP_MAX:
        yield f"tax {code!r}: expected a rate of 0 to {RATE_BP_MAX} basis points, got {rate_bp}"


def _problems_of_a_product(product: Product, book: PriceBook) -> Iterator[str]:
    yield from _problems_of_a_number(product.gtin)
    if product.tax not in book.taxes:
        yield f"expected a tax code of the book ({', '.join(sorted(book.taxes))}), got {product.tax!r}"
    yield from _problems_of_prices(product)
    yield from _problems_of_mass(product)
    yield from _problems_of_facts(product)
    if book.language not in product.words:
        yield f"expected words in {book.language}, the book's own language, got none"
    for language, words in product.words.items():
        yield from _problems_of_words(language, words)


def _problems_of_a_number(number: str) -> Iterator[str]:
    found = gtin.parse(number)
    if isinstance(found, Refused):
        yield found.reason
    elif found != number:
        yield f"expected the 14 digits {found}, got the {len(number)} digits {number}"


def _problems_of_prices(product: Product) -> Iterator[str]:
    if product.price_per_kg_minor is UNSET:
        if not 1 <= product.price_minor <= PRICE_MINOR_MAX:
            yield f"expected a price of 1 to {PRICE_MINOR_MAX} minor units, got {product.price_minor}"
    elif product.price_minor:
        yield f"expected a price or one of a kilogram, got both: {product.price_minor} minor units each"
    elif not 1 <= product.price_per_kg_minor <= PRICE_MINOR_MAX:
        yield f"expected a kilogram for 1 to {PRICE_MINOR_MAX} minor units, got {product.price_per_kg_minor}"
    for level, price_minor in (product.member_prices or {}).items():
        yield from _problems_of_text("level of membership", level, WORD_CHARACTERS_MAX)
        if not 1 <= price_minor <= PRICE_MINOR_MAX:
            yield f"expected a member price of 1 to {PRICE_MINOR_MAX} minor units, got {price_minor}"


def _problems_of_facts(product: Product) -> Iterator[str]:
    if product.min_age is not UNSET and not 1 <= product.min_age <= AGE_MAX:
        yield f"expected a least age of 1 to {AGE_MAX} years, got {product.min_age}"
    for image in product.images or ():
        if not _SHA256.fullmatch(image):
            yield f"expected an image by its SHA-256, 64 small hexadecimal digits, got {image[:80]!r}"
    if product.model is not UNSET:
        yield from _problems_of_text("model", product.model, WORD_CHARACTERS_MAX)
    if len(product.goes_with or ()) > GOES_WITH_MAX:
        yield f"goes_with: expected at most {GOES_WITH_MAX}, got {len(product.goes_with or ())}"
    for number in (product.goes_with or ())[:GOES_WITH_MAX]:
        for problem in _problems_of_a_number(number):
            yield f"goes_with: {problem}"
    lists = {
        "category": product.categories or (),
        "allergen": product.allergens or (),
        "attribute": [text for pair in (product.attributes or {}).items() for text in pair],
        "image": product.images or (),
    }
    for what, words in lists.items():
        if len(words) > WORDS_MAX:
            yield f"{what}: expected at most {WORDS_MAX}, got {len(words)}"
        for word in words[:WORDS_MAX]:
            yield from _problems_of_text(what, word, WORD_CHARACTERS_MAX)


def _problems_of_mass(product: Product) -> Iterator[str]:
    if not 0 <= product.pack_mg <= MASS_MG_MAX:
        yield f"expected a pack of 0 to {MASS_MG_MAX} mg, got {product.pack_mg}"
    if not 0 <= product.pack_tolerance_mg <= product.pack_mg:
        yield f"expected a tolerance of 0 to {product.pack_mg} mg, got {product.pack_tolerance_mg}"
    if product.net_mg is not None and not 1 <= product.net_mg <= MASS_MG_MAX:
        yield f"expected a net content of 1 to {MASS_MG_MAX} mg, got {product.net_mg}"
    if product.weighed and product.net_mg is None and not product.price_per_kg_minor:
        yield "expected the net content that its price is for, since it is sold by weight, got none"


def _problems_of_words(language: str, words: Names) -> Iterator[str]:
    if not locale.is_language(language):
        yield f"expected a BCP 47 language, got words in {language!r}"
    yield from _problems_of_text(f"name in {language}", words.name, NAME_CHARACTERS_MAX)
    if len(words.details) > DETAILS_MAX:
        yield f"expected at most {DETAILS_MAX} details in {language}, got {len(words.details)}"
    for detail in words.details[:DETAILS_MAX]:
        yield from _problems_of_text(f"detail in {language}", detail, DETAIL_CHARACTERS_MAX)


def _problems_of_text(what: str, text: str, longest: int) -> Iterator[str]:
    if not text.strip() or len(text) > longest:
        yield f"{what}: expected 1 to {longest} characters, got {len(text)}"
    # A line break or an escape in a name would move the cursor of a terminal or of a receipt printer.
    if not text.isprintable() and any(unicodedata.category(character) in _CONTROL for character in text):
        yield f"{what}: expected no control characters, got {text[:longest]!r}"
