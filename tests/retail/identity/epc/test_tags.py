"""A tag in any coding up to release 1.x is written and read back as the same, or says why it cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity.answer import Refused
from retail.identity.epc import Epc, EpcError, Tag, parse, parse_tag, read, tagged, write

GS1_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
PART = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-/#"
CAGE = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"

# Coding -> header, bits of the whole, digits of company prefix and reference together.
LENGTHS = {
    "gdti-96": ("2C", 96, 12),
    "gsrn-96": ("2D", 96, 17),
    "gsrnp-96": ("2E", 96, 17),
    "usdod-96": ("2F", 96, 0),
    "sgtin-96": ("30", 96, 13),
    "sscc-96": ("31", 96, 17),
    "sgln-96": ("32", 96, 12),
    "grai-96": ("33", 96, 12),
    "giai-96": ("34", 96, 0),
    "gid-96": ("35", 96, 0),
    "sgtin-198": ("36", 198, 13),
    "grai-170": ("37", 170, 12),
    "giai-202": ("38", 202, 0),
    "sgln-195": ("39", 195, 12),
    "gdti-113": ("3A", 113, 12),
    "cpi-96": ("3C", 96, 0),
    "gdti-174": ("3E", 174, 12),
    "sgcn-96": ("3F", 96, 12),
    "itip-110": ("40", 110, 13),
    "itip-212": ("41", 212, 13),
}

SERIALS: dict[str, st.SearchStrategy[str]] = {
    "gdti-96": st.integers(0, 2**41 - 1).map(str),
    "sgtin-96": st.integers(0, 2**38 - 1).map(str),
    "sgln-96": st.integers(0, 2**41 - 1).map(str),
    "grai-96": st.integers(0, 2**38 - 1).map(str),
    "sgtin-198": st.text(GS1_82, min_size=1, max_size=20),
    "grai-170": st.text(GS1_82, min_size=1, max_size=16),
    "sgln-195": st.text(GS1_82, min_size=1, max_size=20),
    "gdti-113": st.text("0123456789", min_size=1, max_size=17),
    "gdti-174": st.text(GS1_82, min_size=1, max_size=17),
    "sgcn-96": st.text("0123456789", min_size=1, max_size=12),
    "itip-110": st.integers(0, 2**38 - 1).map(str),
    "itip-212": st.text(GS1_82, min_size=1, max_size=20),
}


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


@st.composite
def company_and(draw: st.DrawFn, total: int) -> tuple[str, str]:
    """A prefix of 6 to 12 digits, and as many digits of a reference as make up the total."""
    company = draw(st.integers(6, 12))
    return draw(digits(company)), draw(digits(total - company))


@st.composite
def tags(draw: st.DrawFn) -> Tag:
    """Any tag in a coding with a key of a fixed number of digits."""
    coding = draw(st.sampled_from([name for name, (_, _, total) in LENGTHS.items() if total]))
    kind = coding.split("-", maxsplit=1)[0]
    parts = list(draw(company_and(LENGTHS[coding][2])))
    if kind == "itip":
        parts += [draw(digits(2)), draw(digits(2))]
    if coding in SERIALS:
        parts.append(draw(SERIALS[coding]))
    return Tag(coding, draw(st.integers(0, 7)), Epc(kind, tuple(parts)))


@st.composite
def named_tags(draw: st.DrawFn) -> Tag:
    """Any tag in a coding whose reference or part number has no fixed length, or that is not of GS1."""
    company = draw(st.integers(6, 12))
    prefix = draw(digits(company))
    number = st.integers(0, 2**31 - 1).map(str)
    # Only a serial number may begin with #, and nothing may hold it elsewhere.
    adi = st.text(PART.replace("#", ""), min_size=1, max_size=29)
    cage = draw(st.text(CAGE, min_size=5, max_size=6))
    made = {
        "giai-96": ("giai", (prefix, draw(st.integers(0, 2**42 - 1).map(str)))),
        "giai-202": ("giai", (prefix, draw(st.text(GS1_82, min_size=1, max_size=30 - company)))),
        "cpi-96": ("cpi", (prefix, draw(st.integers(0, 999).map(str)), draw(number))),
        "cpi-var": ("cpi", (prefix, draw(st.text(PART, min_size=1, max_size=30 - company)), draw(number))),
        "gid-96": (
            "gid",
            (str(draw(st.integers(0, 2**28 - 1))), str(draw(st.integers(0, 2**24 - 1))), draw(number)),
        ),
        "usdod-96": ("usdod", (cage, draw(st.integers(0, 2**36 - 1).map(str)))),
        "adi-var": ("adi", (cage, draw(st.just("") | adi), draw(st.sampled_from(["", "#"])) + draw(adi))),
    }
    coding = draw(st.sampled_from(sorted(made)))
    kind, parts = made[coding]
    highest = {"gid-96": 0, "usdod-96": 15, "adi-var": 63}.get(coding, 7)
    return Tag(coding, draw(st.integers(0, highest)) if highest else None, Epc(kind, parts))


@given(tags() | named_tags())
def test_a_tag_reads_back_as_what_was_written_on_it(tag: Tag) -> None:
    memory = write(tag)
    assert read(memory) == tag
    assert read(memory.lower()) == tag
    assert len(memory) % 4 == 0
    if tag.coding in LENGTHS:
        header, bits, _ = LENGTHS[tag.coding]
        assert memory[:2] == header
        assert len(memory) == -(-bits // 16) * 4
        assert read(memory[: -(-bits // 4)]) == tag


@given(tags() | named_tags())
def test_a_tag_is_the_same_by_its_uris(tag: Tag) -> None:
    assert parse_tag(tag.tag_uri) == tag
    assert read(tag.tag_uri) == tag
    assert parse(tag.pure_identity_uri) == tag.epc
    assert tagged(tag.epc, tag.coding, tag.filter_value) == tag


@given(tags() | named_tags())
def test_a_tag_says_of_a_thing_what_the_uri_of_the_thing_says(tag: Tag) -> None:
    for view in ("pure_identity_uri", "elements", "element_string", "digital_link", "bare_identifier"):
        assert getattr(tag, view) == getattr(tag.epc, view)
    assert (tag.gtin14, tag.serial) == (tag.epc.gtin14, tag.epc.serial)
    assert tag.scheme == tag.coding
    assert tag.epc.scheme == tag.epc.kind == tag.coding.split("-")[0]
    assert tag.epc.tag_uri is None
    assert tag.epc.filter_value is None


@given(tags())
def test_a_key_is_made_of_the_digits_of_the_uri_and_ends_as_it_must(tag: Tag) -> None:
    company, reference, *_ = tag.epc.parts
    total = LENGTHS[tag.coding][2]
    key = tag.epc.key.removeprefix("0") if tag.epc.kind == "grai" else tag.epc.key
    body = key[:total]
    leads = tag.epc.kind in {"sgtin", "itip", "sscc"}
    assert body == (reference[0] + company + reference[1:] if leads else company + reference)
    from_the_right = [int(digit) for digit in reversed(key[: total + 1])]
    assert sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(from_the_right)) % 10 == 0


@given(st.sampled_from([header for header, _, _ in LENGTHS.values()]), st.integers(0, 2**212))
def test_any_bits_are_a_tag_that_reads_back_or_a_reason(header: str, bits: int) -> None:
    length = next(length for known, length, _ in LENGTHS.values() if known == header)
    memory = f"{header}{bits:060X}"[: length // 4] if length % 16 == 0 else f"{header}{bits:060X}"
    found = read(memory)
    assert isinstance(found, Tag | Refused)
    assert isinstance(found, Refused) or write(found) == memory


@given(st.sampled_from(["3B", "3D"]), st.text("0123456789ABCDEF", max_size=120))
def test_any_bits_of_a_varying_length_are_a_tag_that_reads_back_or_a_reason(header: str, rest: str) -> None:
    found = read(header + rest)
    assert isinstance(found, Tag | Refused)
    assert isinstance(found, Refused) or write(found).rstrip("0") == (header + rest).rstrip("0")


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_a_reason(text: str) -> None:
    assert read(text) is not None


def bits_of(*fields: tuple[int, int]) -> str:
    """A tag put together bit by bit, without the arithmetic under test."""
    written = "".join(f"{value:0{width}b}" for value, width in fields)
    padded = written.ljust(-(-len(written) // 16) * 16, "0")
    return f"{int(padded, 2):0{len(padded) // 4}X}"


SGTIN_198 = ((0x36, 8), (1, 3), (5, 3), (614141, 24), (812345, 20))

REFUSED = [
    ("", "expected the header of an EPC or an EPC URI, got ''"),
    ("E2801160600002", "expected the header of an EPC or an EPC URI, got 'E2801160600002'"),
    ("000000000000000000000000", "expected a tag that was written, got header 00 (unprogrammed)"),
    ("31", "expected 24 hexadecimal digits of an SSCC-96, got 2"),
    ("3174257BF4499602D2000000FFFF", "expected 24 hexadecimal digits of an SSCC-96, got 28"),
    ("3174257BF4499602D200000G", "expected hexadecimal digits only, got '3174257BF4499602D200000G'"),
    ("3174257BF4499602D200000_", "expected hexadecimal digits only, got '3174257BF4499602D200000_'"),
    ("3174257BF4499602D2000001", "expected zeros in the reserved bits, got 1"),
    ("303C83F1B7DD441678901234", "expected partition 0 to 6, got 7"),
    (bits_of(*SGTIN_198, (0, 140)),
     "expected at least one character, got none"),
    (bits_of(*SGTIN_198, (ord("A"), 7), (0, 7), (ord("B"), 7), (0, 119)),
     "expected 1 to 20 of the 82 characters of GS1, got 'AB'"),
    (bits_of(*SGTIN_198, (ord("#"), 7), (0, 133)),
     "expected 1 to 20 of the 82 characters of GS1, got '\\x00'"),
    (bits_of(*SGTIN_198, (ord("A"), 7), (0, 133), (1, 10)),
     "expected zeros after the 198 bits of sgtin-198"),
    (bits_of((0x3F, 8), (0, 3), (5, 3), (614141, 24), (12345, 17), (99, 41)),
     "expected a 1 in front of the digits of a numeric string, got 99"),
    (bits_of((0x3F, 8), (0, 3), (5, 3), (614141, 24), (12345, 17), (1, 41)),
     "expected a 1 in front of the digits of a numeric string, got 1"),
    (bits_of((0x40, 8), (0, 3), (5, 3), (614141, 24), (12345, 20), (100, 7), (2, 7), (1, 38)),
     "expected two digits, got 100"),
    (bits_of((0x32, 8), (0, 3), (0, 3), (61414112345, 40), (1, 1), (1, 41)),
     "expected reference 0 to 0, got 1"),
    (bits_of((0x32, 8), (0, 3), (0, 3), (10**12, 40), (0, 1), (1, 41)),
     "expected company prefix 0 to 999999999999, got 1000000000000"),
    (bits_of((0x3C, 8), (0, 3), (0, 3), (61414112345, 40), (1000, 11), (1, 31)),
     "expected reference 0 to 999, got 1000"),
    (bits_of((0x38, 8), (0, 3), (0, 3), (61414112345, 40), *[(65, 7)] * 19, (0, 15)),
     "expected 1 to 18 of the 82 characters of GS1, got 'AAAAAAAAAAAAAAAAAAA'"),
    (bits_of((0x3D, 8), (0, 3), (6, 3), (10**6, 20)), "expected company prefix 0 to 999999, got 1000000"),
    (bits_of((0x3D, 8), (0, 3), (6, 3), (1, 20), (0x1B, 6)),
     "expected at most 24 of #-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ and a zero, got 011011"),
    ("3B" + "0" * 123, "expected at most 124 hexadecimal digits, got 125"),
    (bits_of((0x2F, 8), (0, 4), (int.from_bytes(b" 2S1I4"), 48), (1, 36)),
     "expected a CAGE code or a DoDAAC, got '2S1I4'"),
    (bits_of((0x3B, 8), (0, 6), (0x20, 6), *[(ord("1") & 63, 6)] * 5, (0, 6), (0, 6)),
     "expected CAGECodeOrDODAAC.OriginalPartNumber.Serial of adi, got '11111..'"),
    (bits_of((0x3B, 8), (0, 6), (0x20, 6), *[(ord("1") & 63, 6)] * 5, (ord("A") & 63, 6)),
     "expected 4 bits more"),
    (bits_of((0x3D, 8), (0, 3), (7, 3)), "expected partition 0 to 6, got 7"),
]  # fmt: skip


@pytest.mark.parametrize(("memory", "reason"), REFUSED)
def test_a_tag_that_names_nothing_says_why(memory: str, reason: str) -> None:
    assert read(memory) == Refused(reason)


GOODS = Epc("sgtin", ("0614141", "812345", "6789"))

UNFIT = [
    (Tag("sgtin-96", 8, GOODS), "expected a filter value 0 to 7 in sgtin-96, got 8"),
    (Tag("sgtin-96", None, GOODS), "expected a filter value 0 to 7 in sgtin-96, got None"),
    (Tag("gid-96", 1, Epc("gid", ("1", "2", "3"))), "expected a filter value 0 to 0 in gid-96, got 1"),
    (Tag("cpi-96", 1, Epc("cpi", ("061414112345", "1234", "3"))), "expected at most 3 digits, got 1234"),
    (Tag("cpi-96", 1, Epc("cpi", ("0614141", "A1", "3"))),
     "expected a number 0 to 134217727 without zeros in front in cpi-96, got 'A1'"),
    (Tag("sgcn-96", 1, Epc("sgcn", ("0614141", "12345", "1234567890123"))),
     "expected a number 0 to 2199023255551 without zeros in front in sgcn-96, got '11234567890123'"),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "reason"), UNFIT)
def test_a_name_that_a_coding_cannot_hold_is_an_error(tag: Tag, reason: str) -> None:
    with pytest.raises(EpcError) as caught:
        write(tag)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:tag:sgtin-96:3.0614141.812345",
        "urn:epc:tag:sgtin-96:03.0614141.812345.6789",
        "urn:epc:tag:sgtin-96:8.0614141.812345.6789",
        "urn:epc:tag:sgtin-96:0614141.812345.6789",
        "urn:epc:tag:sgtin-97:3.0614141.812345.6789",
        "urn:epc:tag:sgtin-96:3.0614141.812345.06789",
        "urn:epc:tag:[umi=1]:sgtin-96:3.0614141.812345.6789",
        "urn:epc:tag:gid-96:3.1.2.3",
        "urn:epc:tag:" + "9" * 300,
    ],
)
def test_a_tag_uri_that_says_no_tag_is_refused(text: str) -> None:
    assert isinstance(parse_tag(text), Refused)
    assert isinstance(read(text), Refused)


def test_a_thing_is_put_on_no_tag_of_another_kind() -> None:
    assert tagged(GOODS, "sscc-96", 0) == Refused(
        "expected a sscc for sscc-96, got urn:epc:id:sgtin:0614141.812345.6789"
    )
    assert isinstance(tagged(GOODS, "sgtin-64", 0), Refused)
    assert isinstance(tagged(Epc("sgtin", ("0614141", "812345"), pattern=True), "sgtin-96", 0), Refused)
