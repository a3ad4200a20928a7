"""Stock on the request lane: products by their GTINs, as many as an answer has room for."""

import msgspec
import pytest

from cloud_sync.contract.requests import (
    REPLY_TYPE,
    REQUEST_BYTES_MAX,
    REQUEST_TYPE,
    Answer,
    Ask,
    Reply,
    Request,
)
from cloud_sync.contract.signing import SoftwareKey, seal
from cloud_sync.contract.stock import PRODUCTS_MAX, StockAsked, StockTold
from retail.units import INTEGER_MAX

SCARF = "09520001100307"
DEV = "d" * 63


def test_a_question_and_its_answer_are_read_back() -> None:
    asked, told = StockAsked("floor", (SCARF,)), StockTold(1, {SCARF: 2}, {SCARF: 9})
    assert msgspec.json.decode(msgspec.json.encode(asked), type=Ask) == asked
    assert msgspec.json.decode(msgspec.json.encode(told), type=Answer) == told


def test_the_longest_question_and_the_longest_answer_fit_the_line() -> None:
    gtins = tuple(f"{number:014}" for number in range(PRODUCTS_MAX))
    units = dict.fromkeys(gtins, INTEGER_MAX)
    asked = Request(DEV, "q" * 64, INTEGER_MAX, StockAsked("h" * 63, gtins))
    told = Reply(DEV, "q" * 64, INTEGER_MAX, StockTold(INTEGER_MAX, units, units))
    key = SoftwareKey.generate()
    assert len(seal(key, REQUEST_TYPE, asked)) <= REQUEST_BYTES_MAX
    assert len(seal(key, REPLY_TYPE, told)) <= REQUEST_BYTES_MAX


@pytest.mark.parametrize(
    ("holder", "gtins"),
    [
        ("floor", []),
        ("floor", [SCARF] * (PRODUCTS_MAX + 1)),
        ("floor", ["9520001100307"]),
        ("floor", ["0952000110030x"]),
        ("", [SCARF]),
        ("a/b", [SCARF]),
        ("f" * 64, [SCARF]),
    ],
)
def test_what_is_no_question_about_stock_is_not_read(holder: str, gtins: list[str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"what": "stock", "holder": holder, "gtins": gtins}, type=Ask)


def test_units_of_what_is_no_product_are_not_read() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"what": "stock", "as_of_ms": 1, "shop": {"scarf": 1}, "elsewhere": {}}, type=Answer)
