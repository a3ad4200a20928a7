"""A basket costs the same whoever adds it up, in whatever order, to the last cent and its tax."""

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.pricing.book import Names, PriceBook, Product
from retail.pricing.check import PRICE_MINOR_MAX
from retail.pricing.rules import (
    LINES_MAX,
    UNITS_MAX,
    BasketError,
    EmptyBasketError,
    Measured,
    PackPriceError,
    Priced,
    PricedLine,
    PricedTax,
    UnitsError,
    UnknownGoodsError,
    included_tax_minor,
    price,
    price_of_weight,
    unit_price,
)
from retail.units import INTEGER_MAX, Money

SWEATER, SCARF, COFFEE = "09520001000010", "09520001000027", "09520001000034"

# Gross and rate -> the tax inside, worked out by hand.
TAXES = [
    (11_900, 1900, 1_900),
    (1_190, 700, 78),  # 77.85
    (107, 700, 7),
    (100, 1900, 16),  # 15.97
    (3, 10_000, 2),  # 1.5: the half goes up
    (1, 10_000, 1),  # 0.5: the half goes up
    (999, 0, 0),
    (0, 1900, 0),
]

UNIT_PRICES = [
    (1_190, 250_000, 4_760),
    (199, 333_000, 598),  # 597.6
    (1, 2_000_000, 1),  # 0.5: the half goes up
    (100, 3_000_000, 33),  # 33.3
    (1, 1_000_000_000, 0),
]


def product(gtin: str, price_minor: int, tax: str, net_mg: int | None = None) -> Product:
    return Product(gtin, {"en": Names(gtin)}, price_minor, tax, 0, 0, net_mg)


def shop(*products: Product) -> PriceBook:
    return PriceBook("corner", "en", "EUR", {"standard": 1900, "reduced": 700, "none": 0}, products)


@st.composite
def books_and_baskets(draw: st.DrawFn) -> tuple[PriceBook, dict[str, int]]:
    gtins = draw(st.lists(st.from_regex(r"[0-9]{14}", fullmatch=True), min_size=1, max_size=8, unique=True))
    prices, taxes = st.integers(1, 10**10), st.sampled_from(["standard", "reduced", "none"])
    book = shop(*(product(gtin, draw(prices), draw(taxes)) for gtin in gtins))
    basket = draw(st.dictionaries(st.sampled_from(gtins), st.integers(1, UNITS_MAX), min_size=1))
    return book, basket


WEIGHTS = [
    # price of the product, its net content, the weight on the label: what it costs
    (2_490, 1_000_000, 1_250_000, 3_113),  # 31.125: the half goes up
    (2_490, 1_000_000, 1_249_900, 3_112),  # 31.12251
    (1_150, 250_000, 500_000, 2_300),
    (199, 333_000, 1_000_000, 598),  # the price of a kilogram as it is read, 5.98, and not 5.97597
    (199, 333_000, 500_000, 299),
    (1, 1_000_000_000, 1_000_000, 0),
]


@pytest.mark.parametrize(("price_minor", "net_mg", "weight_mg", "cost_minor"), WEIGHTS)
def test_a_weight_costs_what_the_shopper_reckons_from_the_price_of_a_kilogram(
    price_minor: int, net_mg: int, weight_mg: int, cost_minor: int
) -> None:
    cheese = product(SWEATER, price_minor, "standard", net_mg)
    assert price_of_weight(cheese, weight_mg, shop(cheese)) == Money(cost_minor, "EUR")


def test_without_a_net_content_no_weight_has_a_price() -> None:
    cheese = product(SWEATER, 100, "standard")
    assert price_of_weight(cheese, 1_000_000, shop(cheese)) is None


def test_packs_with_prices_of_their_own_are_lines_of_their_own(book: PriceBook) -> None:
    packs = (Measured(SWEATER, 399), Measured(COFFEE, 1), Measured(SWEATER, 399))
    priced = price({COFFEE: 2}, book, "en", packs)
    assert [(line.gtin, line.units, line.price_minor, line.total_minor) for line in priced.lines] == [
        (COFFEE, 2, 1_190, 2_380),
        (SWEATER, 1, 399, 399),
        (COFFEE, 1, 1, 1),
        (SWEATER, 1, 399, 399),
    ]
    assert (priced.total_minor, [tax.gross_minor for tax in priced.taxes]) == (3_179, [2_381, 798])


@pytest.mark.parametrize(
    ("pack", "error"),
    [
        (Measured(SWEATER, 0), PackPriceError),
        (Measured(SWEATER, PRICE_MINOR_MAX + 1), PackPriceError),
        (Measured("0" * 14, 1), UnknownGoodsError),
    ],
)
def test_a_pack_that_costs_nothing_or_is_unknown_is_an_error(
    book: PriceBook, pack: Measured, error: type[BasketError]
) -> None:
    with pytest.raises(error):
        price({}, book, "en", (pack,))


def test_a_basket_is_lines_taxes_and_a_total(book: PriceBook) -> None:
    assert price({COFFEE: 2, SWEATER: 1}, book, "en") == Priced(
        currency="EUR",
        language="en",
        lines=(
            PricedLine(SWEATER, "Merino Crew Sweater", 1, 11_900, 11_900, "standard"),
            PricedLine(COFFEE, "Ethiopia Yirgacheffe", 2, 1_190, 2_380, "reduced"),
        ),
        taxes=(PricedTax("reduced", 700, 2_380, 156), PricedTax("standard", 1900, 11_900, 1_900)),
        total_minor=14_280,
    )


def test_the_total_is_money_of_the_book(book: PriceBook) -> None:
    assert price({SCARF: 3}, book, "en").total == Money(8_985, "EUR")


def test_two_products_of_one_tax_share_its_row(book: PriceBook) -> None:
    assert price({SWEATER: 1, SCARF: 1}, book, "en").taxes == (PricedTax("standard", 1900, 14_895, 2_378),)


def test_a_shopper_reads_names_in_their_language_and_else_in_the_shops(book: PriceBook) -> None:
    names = [line.name for line in price({SWEATER: 1, COFFEE: 1}, book, "de").lines]
    assert names == ["Merinopullover", "Ethiopia Yirgacheffe"]


@given(books_and_baskets())
def test_the_order_of_a_basket_changes_no_price(case: tuple[PriceBook, dict[str, int]]) -> None:
    book, basket = case
    assert price(dict(reversed(basket.items())), book, "en") == price(basket, book, "en")


@given(books_and_baskets())
def test_lines_and_tax_table_both_add_up_to_the_total(case: tuple[PriceBook, dict[str, int]]) -> None:
    book, basket = case
    priced = price(basket, book, "en")
    each = {product.gtin: product.price_minor for product in book.products}
    assert priced.total_minor == sum(each[gtin] * units for gtin, units in basket.items())
    assert sum(line.total_minor for line in priced.lines) == priced.total_minor
    assert sum(tax.gross_minor for tax in priced.taxes) == priced.total_minor
    assert {line.gtin: line.units for line in priced.lines} == basket
    assert priced.total_minor <= INTEGER_MAX


@given(st.integers(0, INTEGER_MAX), st.integers(0, 10_000))
def test_the_tax_inside_is_the_nearest_minor_unit_and_never_all(gross_minor: int, rate_bp: int) -> None:
    exact = Fraction(gross_minor * rate_bp, 10_000 + rate_bp)
    tax_minor = included_tax_minor(gross_minor, rate_bp)
    assert Fraction(-1, 2) < tax_minor - exact <= Fraction(1, 2)
    assert 0 <= tax_minor <= gross_minor


@pytest.mark.parametrize(("gross_minor", "rate_bp", "tax_minor"), TAXES)
def test_the_tax_inside_a_price_is_rounded_half_up(gross_minor: int, rate_bp: int, tax_minor: int) -> None:
    assert included_tax_minor(gross_minor, rate_bp) == tax_minor


@pytest.mark.parametrize(("price_minor", "net_mg", "kilogram_minor"), UNIT_PRICES)
def test_the_price_of_a_kilogram_is_rounded_half_up(
    price_minor: int, net_mg: int, kilogram_minor: int
) -> None:
    goods = product(COFFEE, price_minor, "reduced", net_mg)
    assert unit_price(goods, shop(goods)) == Money(kilogram_minor, "EUR")


def test_goods_without_a_net_content_have_no_unit_price(book: PriceBook) -> None:
    assert unit_price(book.by_gtin[SWEATER], book) is None


def test_an_empty_basket_cannot_be_priced(book: PriceBook) -> None:
    with pytest.raises(EmptyBasketError):
        price({}, book, "en")


def test_goods_that_the_book_does_not_know_have_no_price(book: PriceBook) -> None:
    with pytest.raises(UnknownGoodsError, match="expected a product of corner's price book, got 96385074"):
        price({SWEATER: 1, "96385074": 1}, book, "en")


@pytest.mark.parametrize("units", [0, -1, UNITS_MAX + 1])
def test_units_that_no_hand_can_hold_are_an_error(book: PriceBook, units: int) -> None:
    with pytest.raises(UnitsError, match=f"expected 1 to {UNITS_MAX} units of {SCARF}, got {units}"):
        price({SCARF: units}, book, "en")


def test_a_basket_with_more_products_than_a_sale_can_record_is_an_error(book: PriceBook) -> None:
    with pytest.raises(UnitsError, match=f"expected at most {LINES_MAX} products"):
        price({f"{number:014d}": 1 for number in range(LINES_MAX + 1)}, book, "en")


def test_a_book_read_from_its_bytes_prices_alike_and_writes_the_same_bytes(book: PriceBook) -> None:
    data = msgspec.json.encode(book)
    again = msgspec.json.decode(data, type=PriceBook)
    assert price({SWEATER: 2}, again, "en") == price({SWEATER: 2}, book, "en")
    assert again == book
    assert msgspec.json.encode(again) == data
