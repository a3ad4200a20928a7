"""Tax inside the price or on top, by receipt or by line; and what cash pays where coins are coarse."""

import pytest

from retail.pricing.promotions import Percent
from retail.pricing.result import PricedTax
from retail.units import Money
from tests.retail.pricing.shop import SOAP, TEA, book, goods, offer, paid, some

# Currency, price, and what cash pays of it.
CASH = [
    ("CHF", 1_992, 1_990),
    ("CHF", 1_993, 1_995),
    ("CHF", 1_997, 1_995),
    ("CHF", 1_998, 2_000),
    ("CHF", 2, 0),
    ("JPY", 1_993, 1_993),
    ("EUR", 1_993, 1_993),
    ("SEK", 1_949, 1_900),
    ("SEK", 1_950, 2_000),
]


def test_tax_inside_is_taken_from_what_is_left_after_discounts() -> None:
    priced = paid({SOAP: 1, TEA: 1}, offer("o", Percent(5_000), some(TEA)))
    # 225 x 7 / 107 = 14.7; 299 x 19 / 119 = 47.7
    assert priced.taxes == (PricedTax("reduced", 700, 225, 15), PricedTax("standard", 1900, 299, 48))
    assert (priced.total_minor, priced.tax_added_minor) == (524, 0)


def test_tax_on_top_is_added_to_the_lines() -> None:
    priced = paid({SOAP: 3, TEA: 1}, prices=book(tax_exclusive=True))
    # 450 x 7 % = 31.5, the half upwards; 897 x 19 % = 170.43
    assert priced.taxes == (PricedTax("reduced", 700, 482, 32), PricedTax("standard", 1900, 1_067, 170))
    assert sum(line.total_minor for line in priced.lines) == 1_347
    assert (priced.total_minor, priced.tax_added_minor) == (1_549, 202)


def test_tax_by_line_is_rounded_on_each_line() -> None:
    one, other = goods("1", 105), goods("2", 105)
    # 105 x 19 % = 19.95 each; together 39.9.
    by_line = paid({"1": 1, "2": 1}, prices=book(one, other, tax_exclusive=True, tax_rounding="line"))
    by_receipt = paid({"1": 1, "2": 1}, prices=book(one, other, tax_exclusive=True))
    assert (by_line.taxes[0].tax_minor, by_receipt.taxes[0].tax_minor) == (40, 40)
    one, other = goods("1", 108), goods("2", 108)
    # 108 x 19 % = 20.52 each, which goes up twice; together 41.04.
    by_line = paid({"1": 1, "2": 1}, prices=book(one, other, tax_exclusive=True, tax_rounding="line"))
    by_receipt = paid({"1": 1, "2": 1}, prices=book(one, other, tax_exclusive=True))
    assert (by_line.taxes[0].tax_minor, by_receipt.taxes[0].tax_minor) == (42, 41)


@pytest.mark.parametrize(("currency", "total_minor", "cash_minor"), CASH)
def test_cash_is_rounded_to_the_smallest_coin_and_a_card_is_not(
    currency: str, total_minor: int, cash_minor: int
) -> None:
    priced = paid({"1": 1}, prices=book(goods("1", total_minor), currency=currency))
    assert priced.total == Money(total_minor, currency)
    assert priced.cash == Money(cash_minor, currency)


def test_a_book_may_know_a_coarser_coin_than_its_currency() -> None:
    assert paid({"1": 1}, prices=book(goods("1", 1_993), cash_step_minor=5)).cash == Money(1_995, "EUR")
