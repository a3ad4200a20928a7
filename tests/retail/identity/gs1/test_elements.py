"""An element string is a label or a refusal that names the AI, the place and the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity.answer import Refused
from retail.identity.gs1 import elements, uri
from retail.identity.gs1.label import BRACKET, Label
from retail.identity.gs1.strictness import Strictness
from tests.retail.identity.gs1.rows import Read, Vectors, check_every_row

ALONE = Strictness(association=False)

REFUSED = [
    ("", "expected 1 to 64 elements, got 0", None, 0),
    ("0109520123456788", "expected an AI in brackets and its value, got '0109520123456788'", None, 0),
    ("(01)", "expected an AI in brackets and its value, got '(01)'", None, 0),
    ("(1A)12", "expected an AI, got '1A'", None, 1),
    ("(01)09520123456789", "AI (01): incorrect check digit, got '9'", "01", 17),
    ("(01)0952012345678", "AI (01): value too short, got '0952012345678'", "01", 4),
    ("(01)09520123456788(17)261301", "AI (17): illegal month, got '13'", "17", 24),
    ("(01)09520123456788(10)A\\(B C", "AI (10): invalid cset82 character, got ' '", "10", 26),
    ("(01)09520123456788(3932)004100", "AI (3932): not iso4217, got '004'", "3932", 24),
    ("(21)ABC", "AI (21) needs one of AIs 01,03,8006 beside it", "21", 1),
    ("(01)09520123456788(37)6", "AI (01) must not stand beside AI (37)", "01", 1),
    ("(01)09520123456788(10)A(10)B", "AI (10) has two values: 'A' and 'B'", "10", 19),
    (
        "(8003)00000000000000(8030)AAAA",
        "AI (8003) needs its serial number beside AI (8030)",
        "8003",
        1,
    ),
]


@pytest.mark.parametrize(("text", "reason", "ai", "position"), REFUSED)
def test_a_refusal_names_the_ai_the_place_and_the_reason(
    text: str, reason: str, ai: str | None, position: int
) -> None:
    assert elements.bracketed(text) == Refused(reason, ai, position)


def test_a_label_says_all_that_is_written_on_the_pack() -> None:
    label = elements.bracketed("(01)09520123456788(3103)000195(3932)9780299(17)261231(15)261001(10)L1(21)7")
    assert isinstance(label, Label)
    assert (label.gtin14, label.lookup_code, label.serial) == ("09520123456788", "09520123456788", "7")
    assert (label.lot, label.expiry, label.best_before) == ("L1", "261231", "261001")
    assert (label.weight_mg, label.price_minor, label.currency) == (195_000, 299, "EUR")


def test_a_price_that_is_no_whole_number_of_cents_is_no_price() -> None:
    label = elements.bracketed("(01)09520123456788(3103)000195(3933)9782995")
    assert isinstance(label, Label)
    assert (label.price_minor, label.currency) == (None, None)


def test_what_nobody_has_given_out_is_read_only_on_request() -> None:
    lenient = Strictness(association=False, permit_unknown_ais=True)
    assert isinstance(elements.bracketed("(89)ABC"), Refused)
    assert isinstance(elements.bracketed("(89)ABC", lenient), Label)
    assert isinstance(elements.bracketed("(011)ABC", lenient), Refused)
    assert isinstance(elements.raw("^891234", lenient), Refused)
    assert isinstance(elements.raw("^4190000000000000", lenient), Label)


@pytest.mark.parametrize("read", [elements.raw, elements.bracketed])
def test_what_no_symbol_can_hold_is_refused_unread(read: Read) -> None:
    assert read("^" + "9" * 9_000, ALONE) == Refused(
        "expected at most 8191 characters, got 9001", position=8191
    )


@pytest.mark.parametrize(("read", "text"), [(elements.raw, "^20"), (elements.bracketed, "(20)")])
def test_more_elements_than_a_label_has_are_refused(read: Read, text: str) -> None:
    many = text + "01" + (text.strip("^") + "01") * 99
    found = read(many, ALONE)
    assert found == Refused("expected 1 to 64 elements, got 100", position=0)


VALUE = st.text("ABCxyz019()-/%+", min_size=1, max_size=20)


@given(VALUE, VALUE)
def test_elements_survive_being_written_in_any_way(lot: str, serial: str) -> None:
    lot_written, serial_written = lot.replace("(", BRACKET), serial.replace("(", BRACKET)
    written = f"(01)09520123456788(10){lot_written}(21){serial_written}"
    label = elements.bracketed(written)
    assert isinstance(label, Label)
    assert label.ais == (("01", "09520123456788"), ("10", lot), ("21", serial))
    assert label.element_string == written
    assert elements.raw(label.raw or "") == label


@given(st.text("^()\\0123456789ABC \x1d~", max_size=40) | st.text(max_size=30))
def test_any_text_is_a_label_or_a_refusal_at_a_place_that_it_has(text: str) -> None:
    for read in (elements.raw, elements.bracketed):
        found = read(text, ALONE)
        assert isinstance(found, Label) or 0 <= (found.position or 0) <= len(text)


def test_single_elements_are_judged_as_the_gs1_engine_judges_them(vectors: Vectors) -> None:
    facts = {"raw": lambda label: label.raw, "ai_data": lambda label: label.element_string}
    check_every_row(vectors("gs1/oracle_single_ai.jsonl"), elements.bracketed, facts, association=False)


def test_labels_are_judged_as_the_gs1_engine_judges_them(vectors: Vectors) -> None:
    facts = {
        "raw": lambda label: label.raw,
        "ai_data": lambda label: label.element_string,
        "digital_link": lambda label: uri.link(label.ais, "https://example.com"),
    }
    check_every_row(vectors("gs1/oracle_bracketed.jsonl"), elements.bracketed, facts, association=True)


def test_the_unit_tests_of_gs1_hold(vectors: Vectors) -> None:
    facts = {"raw": lambda label: label.raw}
    check_every_row(vectors("gs1/element_bracketed.jsonl"), elements.bracketed, facts, association=False)
    check_every_row(vectors("gs1/element_raw.jsonl"), elements.raw, {}, association=False)
    check_every_row(vectors("gs1/ai_rules.jsonl"), elements.bracketed, {}, association=True)


def test_a_value_is_refused_for_the_reason_of_gs1(vectors: Vectors) -> None:
    rows = vectors("gs1/ai_lint_in_context.jsonl")
    check_every_row(rows, elements.bracketed, {}, association=False)
    for row in rows:
        found = elements.bracketed(row["input"], ALONE)
        if isinstance(found, Refused):
            words = row["error"].lower().replace("_", " ").replace("exipiration", "expiration")
            assert words in found.reason, row
