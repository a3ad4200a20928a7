"""A tag names one item, the same one however it is read, or says why it names none."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity.answer import Refused
from retail.identity.epc import Sgtin, SgtinError, decode, encode, item_of

Vectors = Callable[[str], list[dict[str, Any]]]

# Partition value -> bits and digits of the company prefix, bits and digits of the item reference.
TABLE = {
    0: (40, 12, 4, 1),
    1: (37, 11, 7, 2),
    2: (34, 10, 10, 3),
    3: (30, 9, 14, 4),
    4: (27, 8, 17, 5),
    5: (24, 7, 20, 6),
    6: (20, 6, 24, 7),
}

# The first is the worked example of the Tag Data Standard.
TAGS = [
    ("3074257BF7194E4000001A85", "80614141123458", 6789, 3, "0614141.812345.6789"),
    ("30285471BD5A0A5678901234", "01416740186413", 96511988276, 1, "1416740186.041.96511988276"),
    ("3034257BF400B7800004CB2F", "00614141007349", 314159, 1, "0614141.000734.314159"),
]

REFUSED = [
    ("", "expected header 30 (SGTIN-96), got ''"),
    ("3", "expected header 30 (SGTIN-96), got '3'"),
    ("zz74257BF7194E4000001A85", "expected header 30 (SGTIN-96), got 'ZZ'"),
    ("E274257BF7194E4000001A85", "expected header 30 (SGTIN-96), got 'E2'"),
    ("3174257BF4499602D2000000", "expected header 30 (SGTIN-96), got 31 (SSCC-96)"),
    ("f74257bf7194e4000001a850", "expected header 30 (SGTIN-96), got F7 (SGTIN+)"),
    ("3634257BF7194E5B3770E400", "expected header 30 (SGTIN-96), got 36 (SGTIN-198)"),
    ("000000000000000000000000", "expected header 30 (SGTIN-96), got 00 (unprogrammed)"),
    ("3074257BF7194E4000001A8", "expected 24 hexadecimal digits of an SGTIN-96, got 23"),
    ("3074257BF7194E4000001A850000", "expected 24 hexadecimal digits of an SGTIN-96, got 28"),
    ("3074257BF7194E4000001A8G", "expected hexadecimal digits only, got '3074257BF7194E4000001A8G'"),
    ("3074257BF7194E4000001A_5", "expected hexadecimal digits only, got '3074257BF7194E4000001A_5'"),
    ("30 4257BF7194E4000001A85", "expected hexadecimal digits only, got '30 4257BF7194E4000001A85'"),
    (
        "30742\u0661000000000000000000",
        "expected hexadecimal digits only, got '30742\u0661000000000000000000'",
    ),
    ("303C83F1B7DD441678901234", "expected partition 0 to 6, got 7"),
]


def bits(value: int, width: int) -> str:
    """A field as the coding table draws it."""
    return f"{value:0{width}b}"


def written(filter_value: int, partition: int, company: int, item: int, serial: int) -> str:
    """A tag put together bit by bit, without the arithmetic under test."""
    company_bits, _, item_bits, _ = TABLE[partition]
    fields = (
        bits(0x30, 8),
        bits(filter_value, 3),
        bits(partition, 3),
        bits(company, company_bits),
        bits(item, item_bits),
        bits(serial, 38),
    )
    return f"{int(''.join(fields), 2):024X}"


@st.composite
def sgtins(draw: st.DrawFn) -> Sgtin:
    """Any item that a tag can name."""
    partition = draw(st.integers(0, 6))
    _, company_digits, _, item_digits = TABLE[partition]
    return Sgtin(
        filter_value=draw(st.integers(0, 7)),
        partition=partition,
        company=draw(st.integers(0, 10**company_digits - 1)),
        item=draw(st.integers(0, 10**item_digits - 1)),
        serial=draw(st.integers(0, 2**38 - 1)),
    )


@pytest.mark.parametrize(("tag", "number", "serial", "filter_value", "identity"), TAGS)
def test_a_tag_names_product_serial_and_both_uris(
    tag: str, number: str, serial: int, filter_value: int, identity: str
) -> None:
    found = decode(tag)
    assert isinstance(found, Sgtin)
    assert (found.gtin, found.serial, found.filter_value) == (number, serial, filter_value)
    assert found.tag_uri == f"urn:epc:tag:sgtin-96:{filter_value}.{identity}"
    assert found.pure_identity_uri == f"urn:epc:id:sgtin:{identity}"
    assert encode(found) == tag
    assert decode(tag.lower()) == found


@pytest.mark.parametrize(("tag", "reason"), REFUSED)
def test_a_tag_that_names_no_item_says_why(tag: str, reason: str) -> None:
    assert decode(tag) == Refused(reason)


@pytest.mark.parametrize("partition", TABLE)
def test_a_field_with_more_digits_than_its_partition_has_is_refused(partition: int) -> None:
    company_bits, company_digits, item_bits, item_digits = TABLE[partition]
    longest = written(0, partition, 10**company_digits - 1, 10**item_digits - 1, 2**38 - 1)
    assert isinstance(decode(longest), Sgtin)
    company = decode(written(0, partition, 2**company_bits - 1, 0, 0))
    assert company == Refused(
        f"expected company prefix 0 to {10**company_digits - 1}, got {2**company_bits - 1}"
    )
    item = decode(written(0, partition, 0, 10**item_digits, 0))
    assert item == Refused(f"expected item reference 0 to {10**item_digits - 1}, got {10**item_digits}")
    assert 10**item_digits < 2**item_bits


@given(sgtins())
def test_a_tag_reads_back_as_the_item_it_was_written_for(item: Sgtin) -> None:
    tag = encode(item)
    assert tag == written(item.filter_value, item.partition, item.company, item.item, item.serial)
    assert decode(tag) == item


@given(sgtins())
def test_the_product_of_a_tag_is_made_of_the_digits_of_its_uri(item: Sgtin) -> None:
    company, reference, serial = item.pure_identity_uri.removeprefix("urn:epc:id:sgtin:").split(".")
    assert (len(company), len(company + reference)) == (12 - item.partition, 13)
    assert item.gtin[:-1] == reference[0] + company + reference[1:]
    assert sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(item.gtin)) % 10 == 0
    assert serial == str(item.serial)


@given(sgtins())
def test_an_item_is_found_again_by_its_product_and_the_length_of_its_prefix(item: Sgtin) -> None:
    assert item_of(item.gtin, item.serial, 12 - item.partition, item.filter_value) == item


@given(st.integers(0, 2**96 - 1))
def test_any_96_bits_are_an_item_that_reads_back_or_a_reason(tag: int) -> None:
    text = f"30{tag:024X}"[:24]
    found = decode(text)
    assert isinstance(found, Refused) or encode(found) == text


@given(st.text(max_size=30))
def test_any_text_is_an_item_or_a_reason(text: str) -> None:
    assert isinstance(decode(text), Sgtin | Refused)


@pytest.mark.parametrize(
    ("gtin", "serial", "company_digits", "filter_value", "reason"),
    [
        ("80614141123459", 1, 7, 1, "expected check digit 8, got 9 in 80614141123459"),
        ("80614141123458", 2**38, 7, 1, f"expected serial 0 to {2**38 - 1}, got {2**38}"),
        ("80614141123458", -1, 7, 1, f"expected serial 0 to {2**38 - 1}, got -1"),
        ("80614141123458", 1, 5, 1, "expected a company prefix of 6 to 12 digits, got 5"),
        ("80614141123458", 1, 13, 1, "expected a company prefix of 6 to 12 digits, got 13"),
        ("80614141123458", 1, 7, 8, "expected filter value 0 to 7, got 8"),
    ],
)
def test_an_item_that_no_tag_can_hold_is_an_error(
    gtin: str, serial: int, company_digits: int, filter_value: int, reason: str
) -> None:
    with pytest.raises(SgtinError) as caught:
        item_of(gtin, serial, company_digits, filter_value)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "name",
    ["agreed_two_libraries", "epcpy_tag", "epctagcoder", "pyepc", "tds_e3_plus_schemes", "tds_e3_v1_schemes"],
)
def test_public_tags_are_read_as_everybody_reads_them(vectors: Vectors, name: str) -> None:
    rows = [row for row in vectors(f"epc/{name}.jsonl") if "hex" in row]
    assert rows
    for row in rows:
        found = decode(row["hex"])
        if row["hex"].startswith("30") and row["valid"]:
            check_public(found, row)
        else:
            assert isinstance(found, Refused), row


def check_public(found: Sgtin | Refused, row: dict[str, str]) -> None:
    assert isinstance(found, Sgtin), row
    assert encode(found) == row["hex"]
    said = {
        "tag_uri": found.tag_uri,
        "pure_identity_uri": found.pure_identity_uri,
        "element_string": f"(01){found.gtin}(21){found.serial}",
        "filter": found.filter_value,
        "partition": found.partition,
    }
    for name in said.keys() & row.keys():
        assert said[name] == row[name], row


def test_a_header_of_another_scheme_is_called_by_its_name(vectors: Vectors) -> None:
    rows = [*vectors("epc/agreed_two_libraries.jsonl"), *vectors("epc/tds_e3_v1_schemes.jsonl")]
    others = [row for row in rows if not row["hex"].startswith("30")]
    assert others
    for row in others:
        found = decode(row["hex"])
        assert isinstance(found, Refused)
        assert f"({row['scheme']})" in found.reason.lower(), row
