"""Printed digits are a product, and a UPC-E only in a shop that reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity import gtin, printed
from retail.identity.answer import Refused
from retail.identity.gs1.label import Label
from retail.identity.gs1.strictness import Strictness
from retail.units import Gtin
from tests.retail.identity.gs1.rows import Row, Vectors

UPC_E = Strictness(upc_e=True)

READ = [
    ("96385074", "EAN8", "00000096385074"),
    ("036000291452", "UPCA", "00036000291452"),
    ("4006381333931", "EAN13", "04006381333931"),
    ("98765432109213", "ITF", "98765432109213"),
]


@pytest.mark.parametrize(("text", "symbology", "gtin14"), READ)
def test_digits_are_the_product_of_their_symbol(text: str, symbology: str, gtin14: str) -> None:
    for strictness in (Strictness(), UPC_E):
        label = printed.read(text, strictness)
        assert isinstance(label, Label)
        assert (label.symbology, label.gtin14, label.lookup_code) == (symbology, gtin14, text)


@pytest.mark.parametrize("text", ["04252614", "0425261", "425261"])
def test_a_upc_e_is_read_where_a_shop_wants_it(text: str) -> None:
    label = printed.read(text, UPC_E)
    assert isinstance(label, Label)
    assert (label.symbology, label.gtin14) == ("UPCE", "00042100005264")
    assert isinstance(printed.read(text), Refused)


def test_a_weight_inside_a_number_is_read_by_the_rules_of_the_country() -> None:
    label = printed.read("2302148210869", region="no")
    assert isinstance(label, Label)
    assert (label.symbology, label.lookup_code, label.weight_mg) == ("EAN13", "2302148200006", 1_086_000)


def answered(row: Row) -> str | Refused:
    """What a row of the other library asks of us."""
    name, text = row["src"].rpartition(".")[2], row["value"]
    is_upc_e = row["src"].startswith("biip/upc.") and len(text) != 12
    number = gtin.expanded(text) if is_upc_e else gtin.parse(text)
    if isinstance(number, Refused):
        return number
    if name == "test_as_upc_e":
        return gtin.suppressed(number)
    if name == "test_as_upc_a":
        return gtin.shortened(number, 12)
    if name.startswith("test_as_gtin_"):
        return gtin.shortened(number, int(name.split("_")[3]))
    return number


def test_numbers_are_turned_into_each_other_as_another_library_turns_them(vectors: Vectors) -> None:
    rows = vectors("gs1/biip_gtin_upc.jsonl")
    assert rows
    for row in rows:
        answer = answered(row)
        assert isinstance(answer, Refused) is row["should_fail"], row
        assert row["expected"] in (answer, None), row


@given(st.from_regex("[01][0-9]{6}", fullmatch=True))
def test_a_upc_e_is_the_same_again_after_its_zeros_were_put_in_and_left_out(text: str) -> None:
    number = gtin.expanded(text)
    assert not isinstance(number, Refused)
    short = gtin.suppressed(number)
    # Some short forms are not the shortest way to write their number, and no printer would choose them.
    assert isinstance(short, Refused) or gtin.expanded(short) == number


@given(st.text(max_size=20) | st.from_regex("[0-9]{6,8}", fullmatch=True))
def test_any_text_is_a_label_or_a_refusal(text: str) -> None:
    found = printed.read(text, UPC_E)
    assert isinstance(found, Refused) or gtin.parse(found.gtin14 or Gtin("")) == found.gtin14
