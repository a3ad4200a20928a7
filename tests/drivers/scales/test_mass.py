"""Weights as whole milligrams: exact where they are exact, and rounded half to even in one place."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.scales.mass import UNITS_MG, digits, milligrams, weight
from edge.readings import Milligrams

# Milligrams of one unit, from the definitions of 1959 and independent of the table that is tested.
POUND = Decimal("453592.37")
DEFINED = {
    "mg": Decimal(1),
    "ct": Decimal(200),
    "g": Decimal(1000),
    "kg": Decimal(1_000_000),
    "t": Decimal(1_000_000_000),
    "gr": Decimal("64.79891"),
    "dwt": Decimal("1555.17384"),
    "ozt": Decimal("31103.4768"),
    "oz": Decimal("28349.523125"),
    "lb": POUND,
    "ton": 2000 * POUND,
}


def test_every_unit_is_what_its_definition_says() -> None:
    assert {unit: Decimal(f.numerator) / Decimal(f.denominator) for unit, f in UNITS_MG.items()} == DEFINED


@pytest.mark.parametrize(
    ("text", "unit", "weight_mg"),
    [
        (b"1.54", b"lb", 698_532),  # 698 532.2498
        (b"0.01", b"lb", 4536),  # 4 535.9237
        (b"645.2", b"oz", 18_291_112),  # 18 291 112.32025
        (b"   0.360", b"kg", 360_000),
        (b"-  0.360", b"kg", -360_000),
        (b"+007.120", b"KG", 7_120_000),
        (b"-0.5", b"mg", 0),
        (b"0.5", b"mg", 0),
        (b"1.5", b"mg", 2),
        (b"2.5", b"mg", 2),
        (b"-1.5", b"mg", -2),
        (b"100", b"g  ", 100_000),
        (b"", b"g", None),
        (b"1.", b"g", None),
        (b".5", b"g", None),
        (b"1 0", b"g", None),
        (b"1.0.0", b"g", None),
        (b"1234567890", b"g", None),
        (b"1.0", b"", None),
        (b"1.0", b"\xb5g", None),
        (b"1.0", b"tl", None),
    ],
)
def test_what_a_scale_writes_is_a_weight_or_none(text: bytes, unit: bytes, weight_mg: int | None) -> None:
    assert weight(text, unit) == weight_mg


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.integers(min_value=-999_999_999, max_value=999_999_999),
    st.integers(min_value=-3, max_value=6),
    st.sampled_from(sorted(DEFINED)),
)
def test_a_weight_is_the_nearest_whole_milligram(value: int, decimals: int, unit: str) -> None:
    exact = Decimal(value).scaleb(-decimals) * DEFINED[unit]
    assert milligrams(value, decimals, unit) == int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


@pytest.mark.parametrize(
    ("tare_mg", "decimals", "unit", "sent"),
    [(30_000, 3, "kg", 30), (30_500, 3, "kg", 30), (31_500, 3, "kg", 32), (453_592, 2, "lb", 100)],
)
def test_a_tare_is_sent_in_the_digits_of_the_scale(tare_mg: int, decimals: int, unit: str, sent: int) -> None:
    assert digits(Milligrams(tare_mg), decimals, unit) == sent
