"""Money adds up, in one currency, to the last minor unit."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.units import CurrencyError, Money, half_up, minor_digits

amounts = st.integers(-(2**53), 2**53)
currencies = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
euros = st.builds(Money, amounts, st.just("EUR"))


@given(euros, euros, euros)
def test_money_adds_up_in_any_order(one: Money, two: Money, three: Money) -> None:
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert (one + two).amount_minor == one.amount_minor + two.amount_minor


@given(euros)
def test_money_and_its_opposite_are_nothing(money: Money) -> None:
    assert money + -money == Money(0, "EUR")
    assert (-money).amount_minor == -money.amount_minor


@given(euros, st.integers(0, 50))
def test_so_many_units_cost_the_price_as_often(price: Money, units: int) -> None:
    assert price.times(units) == sum([price] * units, start=Money(0, "EUR"))


@given(amounts, amounts, currencies, currencies)
def test_two_currencies_never_add(one: int, two: int, first: str, second: str) -> None:
    if first == second:
        assert (Money(one, first) + Money(two, second)).currency == first
        return
    with pytest.raises(CurrencyError, match=f"expected {first}, got {second}"):
        Money(one, first) + Money(two, second)


@given(st.integers(0, 2**60), st.integers(1, 2**40))
def test_half_up_is_the_nearest_whole_number_and_the_half_goes_up(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert Fraction(-1, 2) < half_up(numerator, denominator) - exact <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("EUR", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("KWD", 3),
        ("TND", 3),
        ("UYW", 4),
        ("RSD", 2),
        ("IQD", 3),
        ("LBP", 2),
    ],
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits
