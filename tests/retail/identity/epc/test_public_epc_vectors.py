"""The public vectors: every row of every file is read, written, or refused as its source says."""

from collections.abc import Callable
from typing import Any

import pytest

from retail.identity.answer import Refused
from retail.identity.epc import Epc, PlusTag, Tag, canonical, parse, parse_tag, read, tagged, write

Row = dict[str, Any]
Vectors = Callable[[str], list[Row]]

TAG_FILES = ["agreed_two_libraries", "epcpy_tag", "epctagcoder", "pyepc", "tds_e3_v1_schemes"]

# epcpy cuts an asset reference at its first colon when it encodes, so that the hex and the tag URI of these
# rows name another asset than their own pure identity URI does. All but that URI is held against them.
CUT_AT_A_COLON = {
    "agreed_two_libraries-3d4d9c6802",
    "agreed_two_libraries-538fe793b5",
    "agreed_two_libraries-3d47a7a251",
    "agreed_two_libraries-13593dacb6",
    "agreed_two_libraries-2e28c3a503",
    "agreed_two_libraries-caaff9eb41",
    "agreed_two_libraries-be21008694",
    "agreed_two_libraries-64a84c53bc",
}

SAID = {
    "scheme": "scheme",
    "tag_uri": "tag_uri",
    "pure_identity_uri": "pure_identity_uri",
    "element_string": "element_string",
    "filter": "filter_value",
    "bare_identifier": "bare_identifier",
}
"""Column of a row -> our name of it."""


def check_said(found: Tag | PlusTag, row: Row, without: set[str]) -> None:
    for column in SAID.keys() & row.keys() - without:
        assert getattr(found, SAID[column]) == row[column], row
    written = write(found)
    # Some sources end a tag with its last bit, others with its last word.
    assert written == row["hex"].ljust(len(written), "0"), row
    assert read(row["hex"].lower()) == found


@pytest.mark.parametrize("name", TAG_FILES)
def test_a_tag_says_what_everybody_reads_on_it(vectors: Vectors, name: str) -> None:
    rows = [row for row in vectors(f"epc/{name}.jsonl") if "hex" in row]
    assert rows
    for row in rows:
        found = read(row["hex"])
        if not row["valid"]:
            assert isinstance(found, Refused), row
            continue
        assert isinstance(found, Tag), (row, found)
        check_said(found, row, {"pure_identity_uri"} if row["id"] in CUT_AT_A_COLON else set())
        assert parse_tag(found.tag_uri) == found
        assert parse(found.pure_identity_uri) == found.epc


def test_a_tag_of_release_2_says_its_bare_identifier(vectors: Vectors) -> None:
    rows = vectors("epc/tds_e3_plus_schemes.jsonl")
    assert rows
    for row in rows:
        found = read(row["hex"])
        assert isinstance(found, PlusTag), (row, found)
        check_said(found, row, set())


def test_what_does_not_fit_into_a_coding_is_refused(vectors: Vectors) -> None:
    rows = [row for row in vectors("epc/epcpy_tag.jsonl") if "encode_options" in row]
    assert rows
    for row in rows:
        epc = parse(row["pure_identity_uri"])
        assert isinstance(epc, Epc), row
        options = row["encode_options"]
        found = tagged(epc, options["binary_coding_scheme"], int(options["filter_value"]))
        assert isinstance(found, Refused) is not row["valid"], row


def test_uris_follow_the_grammar_of_their_scheme(vectors: Vectors) -> None:
    rows = vectors("epc/epcpy_uri_syntax.jsonl")
    assert rows
    for row in rows:
        found = parse(row["pure_identity_uri"], row["scheme"])
        assert isinstance(found, Epc) is row["valid"], (row, found)
        if isinstance(found, Epc):
            assert found.pure_identity_uri == row["pure_identity_uri"]


def test_a_uri_says_the_element_string_of_its_key(vectors: Vectors) -> None:
    rows = vectors("epc/epcpy_element.jsonl")
    assert rows
    for row in rows:
        found = parse(row["pure_identity_uri"])
        assert isinstance(found, Epc), row
        assert found.element_string == row["element_string"], row
        if row["gs1_key"]:
            # A source may want a GTIN as its label prints it, and a GRAI without the zero in front.
            assert found.key.endswith(row["gs1_key"]), row
            assert not found.key.removesuffix(row["gs1_key"]).strip("0"), row


def test_whatever_names_a_thing_has_one_canonical_link(vectors: Vectors) -> None:
    rows = vectors("epc/uri_to_digital_link.jsonl")
    assert rows
    for row in rows:
        assert canonical(row["input"]) == row["digital_link"], row
