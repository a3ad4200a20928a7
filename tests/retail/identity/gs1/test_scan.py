"""What a scanner sends is told apart by the identifier of its symbology, and taken for nothing else."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity import scan, symbol
from retail.identity.answer import Refused
from retail.identity.gs1.label import Label
from retail.identity.gs1.strictness import Strictness
from tests.retail.identity.gs1.rows import Row, Vectors, check_every_row, strictness

NAMES: Final = {
    "GS1_128_CCA": "Code128", "DM": "DataMatrix", "QR": "QRCode", "DATA_BAR_EXPANDED": "DataBarExpanded",
    "DataBarOmni": "DataBar",
}  # fmt: skip
"""The engine's name of a symbology -> that of zxing-cpp, where they differ."""

NO_CARRIER: Final = {
    "biip_symbology-f66c25c362": "an EAN-13 of three letters: its identifier is known, its digits are none",
    "biip_symbology-d11a8001d4": "a system expansion: no symbol of goods is announced by it",
}
"""Rows that split an identifier from a text that no symbol could hold: id -> why they are refused."""

READ = [
    ("]E04006381333931", "EAN13", "04006381333931", "4006381333931", None),
    ("]E34006381333931" + "12", "EAN13", "04006381333931", "4006381333931", None),
    ("]E496385074", "EAN8", "00000096385074", "96385074", None),
    ("]I198765432109213", "ITF", "98765432109213", "98765432109213", None),
    ("]E02302148210869", "EAN13", "02302148210869", "2302148210869", "geo"),
    ("]E400099998", "EAN8", "00000000099998", "00099998", "company"),
    ("]C10109520123456788", "Code128", "09520123456788", "09520123456788", None),
    ("]Q1https://id.gs1.org/01/09520123456788", "QRCode", "09520123456788", "09520123456788", None),
    ("]C0ABC", "Code128", None, None, None),
    ("]A0ABC", "Code39", None, None, None),
    ("]z0ABC", "Aztec", None, None, None),
]

REFUSED = [
    ("", "expected the identifier of a symbology, got ''", None, 0),
    ("]\u00b210109520123456788", "expected a symbology that we know, got ']\u00b21'", None, 1),
    ("]E34006381333931123", "expected a symbology that we know, got ']E3'", None, 1),
    ("]E14", "expected a symbology that we know, got ']E1'", None, 1),
    ("]E04006381333932", "expected check digit 1, got 2 in 4006381333932", None, 3),
    ("]I198765432109214", "expected check digit 3, got 4 in 98765432109214", None, 3),
    ("]d2", "expected 1 to 64 elements, got 0", None, 0),
    ("]d20109520123456789", "AI (01): incorrect check digit, got '9'", "01", 18),
    ("]d2010952012345678810A\x1d10B", "AI (10) has two values: 'A' and 'B'", "10", 19),
    ("]Q1https://a/01/09520123456789", "AI (01): incorrect check digit, got '9'", "01", 29),
    ("]E04006381333931|]e099", "AI (99): value is empty, got ''", "99", 22),
    (
        "]E04006381333931|]e00109520123456788",
        "AI (01) has two values: '04006381333931' and '09520123456788'",
        "01",
        4,
    ),
]


@pytest.mark.parametrize(("text", "symbology", "gtin14", "lookup_code", "circulation"), READ)
def test_a_scan_is_the_goods_that_it_names(
    text: str, symbology: str, gtin14: str | None, lookup_code: str | None, circulation: str | None
) -> None:
    label = scan.read(text)
    assert isinstance(label, Label)
    assert (label.symbology, label.gtin14, label.lookup_code) == (symbology, gtin14, lookup_code)
    assert label.circulation == circulation


@pytest.mark.parametrize(("text", "reason", "ai", "position"), REFUSED)
def test_a_refusal_names_the_ai_the_place_and_the_reason(
    text: str, reason: str, ai: str | None, position: int
) -> None:
    assert scan.read(text) == Refused(reason, ai, position)


def test_a_composite_symbol_is_one_label() -> None:
    label = scan.read("]E04006381333931|]e010LOT\x1d17261231")
    assert isinstance(label, Label)
    assert label.ais == (("01", "04006381333931"), ("10", "LOT"), ("17", "261231"))
    assert (label.lot, label.expiry, label.lookup_code) == ("LOT", "261231", "4006381333931")


def test_a_weight_inside_a_number_is_read_by_the_rules_of_the_country() -> None:
    label = scan.read("]E02302148210869|]e010LOT", region="no")
    assert isinstance(label, Label)
    assert (label.lookup_code, label.weight_mg, label.lot) == ("2302148200006", 1_086_000, "LOT")
    assert (label.symbology, label.gtin14, label.circulation) == ("EAN13", "02302148210869", "geo")


def test_text_with_a_caret_is_text(vectors: Vectors) -> None:
    for row in vectors("gs1/scan_process.jsonl"):
        label = scan.read(row["input"], strictness(row, association=False))
        if isinstance(label, Label) and not label.ais:
            assert row["data"].removeprefix("\\" if "^" in row["data"] else "") == label.text, row


def named(row: Row) -> Row:
    return row | {"symbology": NAMES.get(row.get("symbology") or "", row.get("symbology"))}


def test_scans_are_judged_as_the_gs1_engine_judges_them(vectors: Vectors) -> None:
    rows = [named(row) for row in vectors("gs1/oracle_scan.jsonl")]
    facts = {"symbology": lambda label: label.symbology, "ai_data": lambda label: label.element_string}
    check_every_row(rows, scan.read, facts, association=True)


def test_printed_symbols_are_judged_as_the_gs1_engine_judges_them(vectors: Vectors) -> None:
    facts = {"symbology": lambda label: label.symbology, "data": lambda label: label.lookup_code}
    check_every_row(vectors("gs1/oracle_ean.jsonl"), scan.read, facts, association=True)


def test_the_unit_tests_of_gs1_hold(vectors: Vectors) -> None:
    rows = [named(row) for row in vectors("gs1/scan_process.jsonl")]
    check_every_row(rows, scan.read, {"symbology": lambda label: label.symbology}, association=False)


def test_a_symbol_is_sent_as_the_gs1_engine_sends_it(vectors: Vectors) -> None:
    rows = vectors("gs1/scan_generate.jsonl")
    assert rows
    for row in map(named, rows):
        text = symbol.sent(row["symbology"], row["input"], Strictness(**row["opts"]))
        assert isinstance(text, Refused) is not row["valid"], row
        assert row["scan"] in (text, None), row


def test_identifiers_of_another_library_are_known(vectors: Vectors) -> None:
    rows = vectors("gs1/biip_symbology.jsonl")
    assert rows
    for row in rows:
        assert isinstance(scan.read(row["input"]), Refused) is (row["id"] in NO_CARRIER), row


@given(st.sampled_from(["]C1", "]d2", "]Q3", "]e0", "]E0", "]E4", "]Q1", "]I1", ""]), st.text(max_size=30))
def test_any_text_is_a_label_or_a_refusal_at_a_place_that_it_has(identifier: str, text: str) -> None:
    found = scan.read(identifier + text)
    assert isinstance(found, Label) or 0 <= (found.position or 0) <= len(identifier + text)
