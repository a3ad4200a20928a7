"""A Digital Link is the label that it stands for, and has one canonical form."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity import link
from retail.identity.answer import Refused
from retail.identity.gs1 import elements, uri
from retail.identity.gs1.label import Label
from retail.identity.gs1.strictness import Strictness
from tests.retail.identity.gs1.rows import Vectors, check_every_row

ALONE = Strictness(association=False)
FIRST_EDITION = Strictness(permit_zero_suppressed_gtin=True)

SUPPRESSED: Final = ("biip_dl-4ff04272d8", "biip_dl-c076cb04fa")
"""Rows that hold only where a GTIN may lack its zeros, which GS1's engine refuses unless told not to."""

REFUSED = [
    ("ftp://a/01/09520123456788", "expected https:// or http://, got 'ftp://a/'", None, 0),
    ("https://a", "expected the name of a host and a path", None, 8),
    ("https://a/01/0952012345678^", "expected a character of a web address, got '^'", None, 26),
    ("https://a/gtin/09520123456788", "expected a key of GS1 Digital Links in the path, got none", None, 9),
    ("https://a/01/09520123456789", "AI (01): incorrect check digit, got '9'", "01", 26),
    ("https://a/01/09520123456788/10/A%20B", "AI (10): invalid cset82 character, got ' '", "10", 32),
    ("https://a/01/09520123456788?10=A", "AI (10) belongs in the path", "10", 28),
    ("https://a/01/09520123456788/10/A?10=A", "AI (10) is there twice", "10", 33),
    (
        "https://a/01/09520123456788?8200=A",
        "AI (8200) cannot stand behind the question mark of a Digital Link",
        "8200",
        28,
    ),
    ("https://a/01/09520123456788?999=1", "expected an AI, got '999'", None, 28),
    (
        "https://a/01/09520123456788/21/A/10/B",
        "expected a key and its qualifiers in order, got 01/21/10",
        "01",
        10,
    ),
]


@pytest.mark.parametrize(("text", "reason", "ai", "position"), REFUSED)
def test_a_refusal_names_the_ai_the_place_and_the_reason(
    text: str, reason: str, ai: str | None, position: int
) -> None:
    assert link.read(text) == Refused(reason, ai, position)


def test_links_are_judged_as_the_gs1_engine_judges_them(vectors: Vectors) -> None:
    facts = {"ai_data": lambda label: label.element_string, "canonical": lambda label: label.digital_link}
    check_every_row(vectors("gs1/oracle_dl.jsonl"), link.read, facts, association=True)


@pytest.mark.parametrize("association", [True, False])
def test_the_unit_tests_of_gs1_hold(vectors: Vectors, association: bool) -> None:
    check_every_row(
        vectors("gs1/dl_parse.jsonl"), link.read, {"raw": lambda label: label.raw}, association=association
    )


def test_a_link_is_made_as_the_gs1_engine_makes_it(vectors: Vectors) -> None:
    rows = vectors("gs1/dl_generate.jsonl")
    assert rows
    for row in rows:
        label = elements.bracketed(row["input"], ALONE)
        assert isinstance(label, Label)
        made = link.build(label, row["stem"])
        assert isinstance(made, Refused) is not row["valid"], row
        assert row["uri"] in (made, None), row


def test_escapes_are_those_of_the_gs1_engine(vectors: Vectors) -> None:
    rows = vectors("gs1/uri_escape.jsonl")
    assert rows
    for row in rows:
        turned = uri.escaped if row["op"] == "escape" else uri.unescaped
        assert turned(row["input"], in_query=False) == row["path"], row
        assert turned(row["input"], in_query=True) == row["query"], row


def test_links_of_another_library_are_read_alike(vectors: Vectors) -> None:
    rows = vectors("gs1/biip_dl.jsonl")
    assert rows
    for row in rows:
        strict = Strictness() if row["id"] not in SUPPRESSED else FIRST_EDITION
        label = link.read(row["input"], strict)
        assert isinstance(label, Label) is row["valid"], row
        if isinstance(label, Label):
            assert row.get("element_string", label.element_string) == label.element_string, row
            assert row.get("canonical", label.digital_link) == label.digital_link, row
            assert row.get("elements", [*map(list, label.ais)]) == [*map(list, label.ais)], row
    for row in rows:
        assert isinstance(link.read(row["input"]), Label) is (row["valid"] and row["id"] not in SUPPRESSED), (
            row
        )


VALUE = st.text("ABCxyz019()-/%+?&=#", min_size=1, max_size=20).filter(lambda text: "#" not in text)


@given(VALUE, VALUE)
def test_a_canonical_link_stands_for_the_same_label_again(lot: str, order: str) -> None:
    elements_read = (("01", "09520123456788"), ("10", lot), ("400", order))
    canonical = uri.link(elements_read)
    label = link.read(canonical or "")
    assert isinstance(label, Label)
    assert label.ais == elements_read
    assert label.digital_link == canonical


@given(st.text("htps:/.?&=#%01ABC 237", max_size=60).map("https://a".__add__) | st.text(max_size=30))
def test_any_text_is_a_label_or_a_refusal_at_a_place_that_it_has(text: str) -> None:
    found = link.read(text, Strictness(permit_unknown_ais=True, permit_convenience_alphas=True))
    assert isinstance(found, Label) or 0 <= (found.position or 0) <= len(text)
