"""A tag of release 2 says a key as it is printed, its date and its host, or why it says none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.identity.answer import Refused
from retail.identity.epc import EpcError, PlusTag, read, write

GS1_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
PART = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-/#"
DATES = ["11", "13", "15", "16", "17", "7006", "7007"]

# Coding -> header, digits of the key without its check digit, longest serial, what the serial is made of.
KEYS = {
    "sgtin": ("F7", "FD", 13, 20, GS1_82),
    "dsgtin": ("FB", "FC", 13, 20, GS1_82),
    "sscc": ("F9", "EF", 17, 0, ""),
    "sgln": ("F2", "E9", 12, 20, GS1_82),
    "grai": ("F1", "EB", 12, 16, GS1_82),
    "gsrn": ("F4", "E7", 17, 0, ""),
    "gsrnp": ("F5", "E8", 17, 0, ""),
    "gdti": ("F6", "EA", 12, 17, GS1_82),
    "sgcn": ("F8", "EC", 12, 12, "0123456789"),
}

HOSTS = st.sampled_from([
    "example.com", "id.example.com", "www.shop.co.uk", "qr.firma.de", "gs1.tech", "a.org.cn", "EXAMPLE.COM",
    "A-B.C", "no.tld", "shop.example.zw", "x", "brand.li", "brand.lk", "com.com.com",
])  # fmt: skip


def keyed(body: str) -> str:
    """A key with its check digit, reckoned digit by digit."""
    weights = [3 if place % 2 == 0 else 1 for place in range(len(body))]
    total = sum(int(digit) * weight for digit, weight in zip(reversed(body), weights, strict=True))
    return f"{body}{-total % 10}"


@st.composite
def plus_tags(draw: st.DrawFn) -> PlusTag:
    kind = draw(st.sampled_from([*KEYS, "itip", "giai", "cpi"]))
    hosted = draw(st.booleans())
    values: list[str] = []
    if kind in KEYS:
        _, _, length, longest, characters = KEYS[kind]
        key = keyed(draw(st.text("0123456789", min_size=length, max_size=length)))
        values.append(f"0{key}" if kind == "grai" else key)
        values += [draw(st.text(characters, min_size=1, max_size=longest))] if longest else []
    elif kind == "itip":
        gtin = keyed(draw(st.text("0123456789", min_size=13, max_size=13)))
        pieces = draw(st.text("0123456789", min_size=4, max_size=4))
        values += [gtin, pieces[:2], pieces[2:]] if hosted else [gtin + pieces]
        values.append(draw(st.text(GS1_82, min_size=1, max_size=20)))
    else:
        prefix = draw(st.text("0123456789", min_size=4, max_size=12))
        values.append(prefix + draw(st.text(PART if kind == "cpi" else GS1_82, max_size=18)))
        values += [draw(st.text("0123456789", min_size=1, max_size=12))] if kind == "cpi" else []
    date = (draw(st.sampled_from(DATES)), draw(st.dates()).strftime("%y%m%d")) if kind == "dsgtin" else None
    return PlusTag(
        f"{kind}{'++' if hosted else '+'}",
        draw(st.integers(0, 7)),
        tuple(values),
        date,
        draw(HOSTS) if hosted else None,
    )


@given(plus_tags())
def test_a_tag_of_release_2_reads_back_as_what_was_written_on_it(tag: PlusTag) -> None:
    memory = write(tag)
    assert read(memory) == tag
    assert read(memory.lower()) == tag
    kind = tag.coding.rstrip("+")
    if kind in KEYS:
        assert memory[:2] == KEYS[kind][1 if tag.hostname else 0]
    # The key stands in plain digits, where a reader in the field can select by them.
    start = 8 if kind == "dsgtin" else 3
    digits = "".join(tag.values[:3]) if tag.coding == "itip++" else tag.values[0]
    plain = digits[: len(digits) - len(digits.lstrip("0123456789"))]
    assert memory[start : start + len(plain)] == plain


@given(plus_tags())
def test_a_tag_of_release_2_says_its_elements_in_all_forms(tag: PlusTag) -> None:
    assert tag.element_string == "".join(f"({ai}){value}" for ai, value in tag.elements)
    said = "".join(value for _, value in tag.elements)
    assert said == "".join([*tag.values, tag.date[1] if tag.date else ""]) or tag.values[-1] == "0"
    assert tag.digital_link is not None
    assert tag.digital_link.startswith(f"https://id.gs1.org/{tag.elements[0][0]}/")
    if tag.hostname:
        assert tag.hosted_link == tag.digital_link.replace("id.gs1.org", tag.hostname, 1)
        assert tag.bare_identifier.endswith(f";hostname={tag.hostname}")
    assert (tag.gtin14 is not None) == tag.coding.startswith(("sgtin", "dsgtin", "itip"))
    assert tag.tag_uri is None
    assert tag.pure_identity_uri is None


@given(
    st.sampled_from([header for row in KEYS.values() for header in row[:2]]),
    st.text("0123456789ABCDEF", max_size=130),
)
def test_any_bits_are_a_tag_of_release_2_or_a_reason(header: str, rest: str) -> None:
    found = read(header + rest)
    assert isinstance(found, PlusTag | Refused)
    if isinstance(found, PlusTag) and not found.data_follows:
        assert read(write(found)) == found


def bits(*fields: tuple[int, int]) -> str:
    """A tag put together bit by bit, without the arithmetic under test."""
    written = "".join(f"{value:0{width}b}" if width else "" for value, width in fields)
    padded = written.ljust(-(-len(written) // 4) * 4, "0")
    return f"{int(padded, 2):0{len(padded) // 4}X}"


GTIN = int("09521141123454", 16)

# Encoding indicator, length, and the characters as the tables of the standard number them.
SERIALS = [
    ("0042", [(0, 3), (4, 5), (42, 14)]),
    ("0FA7", [(1, 3), (4, 5), (0x0FA7, 16)]),
    ("0fa7", [(2, 3), (4, 5), (0x0FA7, 16)]),
    ("Az-_09", [(3, 3), (6, 5), (0, 6), (51, 6), (62, 6), (63, 6), (52, 6), (61, 6)]),
    ("a/b", [(4, 3), (3, 5), (ord("a"), 7), (ord("/"), 7), (ord("b"), 7)]),
    ("ABC-:.", [(5, 3), (6, 5), (1600 * 1 + 40 * 2 + 3 + 1, 16), (1600 * 27 + 40 * 29 + 28 + 1, 16)]),
    ("Z9", [(5, 3), (2, 5), (1600 * 26 + 40 * 39 + 0 + 1, 16)]),
]


@pytest.mark.parametrize(("serial", "fields"), SERIALS)
def test_each_way_to_write_a_serial_is_read(serial: str, fields: list[tuple[int, int]]) -> None:
    found = read(bits((0xF7, 8), (0, 1), (3, 3), (GTIN, 56), *fields))
    assert found == PlusTag("sgtin+", 3, ("09521141123454", serial))
    assert isinstance(found, PlusTag)
    assert found.element_string == f"(01)09521141123454(21){serial}"


HOSTED = [
    ("id.example.com", [(1, 1), (9, 6), (0x20, 7), *[(ord(each), 7) for each in "example"], (0x5B, 7)]),
    ("shop.se", [(1, 1), (6, 6), *[(ord(each), 7) for each in "shop"], (1, 7), (0x42, 7)]),
    ("x.co.uk", [(1, 1), (3, 6), (ord("x"), 7), (2, 7), (0x19, 7)]),
    ("x.tech", [(1, 1), (3, 6), (ord("x"), 7), (3, 7), (0, 7)]),
    ("A.B", [(0, 1), (3, 6), (1600 * 1 + 40 * 28 + 2 + 1, 16)]),
    ("AB", [(0, 1), (2, 6), (1600 * 1 + 40 * 2 + 0 + 1, 16)]),
]


@pytest.mark.parametrize(("host", "fields"), HOSTED)
def test_each_way_to_write_a_host_is_read(host: str, fields: list[tuple[int, int]]) -> None:
    sscc = int("095201234567891235", 16)
    found = read(bits((0xEF, 8), (0, 1), (0, 3), (sscc, 72), *fields))
    assert found == PlusTag("sscc++", 0, ("095201234567891235",), hostname=host)
    assert isinstance(found, PlusTag)
    assert found.hosted_link == f"https://{host}/00/095201234567891235"
    assert found.digital_link == "https://id.gs1.org/00/095201234567891235"


HEAD = [(0xF7, 8), (0, 1), (3, 3), (GTIN, 56)]
REFUSED = [
    ([(0xF7, 8), (0, 1), (3, 3), (GTIN + 1, 56), (0, 3), (1, 5), (1, 4)],
     "expected check digit 4 in (01)09521141123455, got 5"),
    ([(0xF7, 8), (0, 1), (3, 3), (GTIN + 0xB, 56), (0, 3), (1, 5), (1, 4)],
     "expected 14 digits of 4 bits, got 0952114112345F"),
    ([*HEAD, (6, 3), (1, 5), (1, 8)], "expected an encoding indicator 0 to 5, got 6"),
    ([*HEAD, (0, 3), (0, 5), (0, 8)], "expected 1 to 20 characters, got 0"),
    ([*HEAD, (0, 3), (21, 5), (0, 70)], "expected 1 to 20 characters, got 21"),
    ([*HEAD, (0, 3), (1, 5), (10, 4)], "expected a number of 1 digits, got 10"),
    ([*HEAD, (4, 3), (1, 5), (ord("#"), 7)], "expected the characters of (21), got '#'"),
    ([*HEAD, (4, 3), (1, 5), (1, 7)], "expected characters of GS1, got '\\x01'"),
    ([*HEAD, (5, 3), (1, 5), (0, 16)], "expected three characters of Code 40, got 0"),
    ([*HEAD, (5, 3), (1, 5), (1600 + 40 + 1, 16)],
     "expected 1 characters of Code 40 and then pads, got 'AA\\x00'"),
    ([*HEAD, (0, 3), (1, 5), (1, 4), (1, 8)], "expected zeros after the bits of sgtin+"),
    ([*HEAD, (4, 3), (5, 5), (0, 8)], "expected 27 bits more"),
    ([(0xFB, 8), (0, 1), (0, 3), (7, 4), (0, 16)], "expected a date type 0 to 6, got 7"),
    ([(0xFB, 8), (0, 1), (0, 3), (4, 4), (23, 7), (2, 4), (29, 5)], "expected a date YYMMDD, got 230229"),
    ([(0xFB, 8), (0, 1), (0, 3), (4, 4), (23, 7), (13, 4), (1, 5)], "expected a date YYMMDD, got 231301"),
    ([(0xFB, 8), (0, 1), (0, 3), (4, 4), (100, 7), (1, 4), (1, 5)], "expected a date YYMMDD, got 1000101"),
    ([(0xFA, 8), (0, 4), (0x1234567890123456789012345678901, 124), (15, 4)],
     "expected at most 30 digits and then E or F, got 1234567890123456789012345678901"),
    ([(0xFA, 8), (0, 4), (0x1234A, 20)], "expected at most 30 digits and then E or F, got 1234A"),
    ([(0xFA, 8), (0, 4), (0x1234E, 20), (0, 3), (1, 5), (1, 4)],
     "expected all leading digits before the delimiter, got '1' after it"),
    ([(0xFA, 8), (0, 4), (0x123F, 16)],
     "expected a key of at least 4 digits and 1 to 30 characters, got '123'"),
    ([(0xF8, 8), (0, 4), (0x9521141123454, 52), (0, 4)], "expected 1 to 12 digits, got 0"),
    ([(0xF8, 8), (0, 4), (0x9521141123454, 52), (13, 4), (0, 44)], "expected 1 to 12 digits, got 13"),
    ([(0xEF, 8), (0, 4), (0x095201234567891235, 72), (1, 1), (0, 6)],
     "expected a hostname of at least one character, got none"),
    ([(0xEF, 8), (0, 4), (0x095201234567891235, 72), (1, 1), (1, 6), (4, 7)],
     "expected a character or a part of a hostname, got the reserved code 100"),
    ([(0xEF, 8), (0, 4), (0x095201234567891235, 72), (1, 1), (2, 6), (3, 7), (1, 7)],
     "expected a character or a part of a hostname, got the reserved code 110000001"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "reason"), REFUSED)
def test_a_tag_of_release_2_that_names_nothing_says_why(fields: list[tuple[int, int]], reason: str) -> None:
    assert read(bits(*fields)) == Refused(reason)


def test_elements_behind_the_identifier_are_told_of() -> None:
    tag = bits((0xF7, 8), (1, 1), (3, 3), (GTIN, 56), (0, 3), (1, 5), (7, 4), (0x17, 8), (0x2CDE, 16))
    found = read(tag)
    assert found == PlusTag("sgtin+", 3, ("09521141123454", "7"), data_follows=True)
    with pytest.raises(EpcError):
        write(found)


def test_a_location_without_extension_has_none() -> None:
    found = read(bits((0xF2, 8), (0, 4), (0x9521141123454, 52), (0, 3), (1, 5), (0, 4)))
    assert isinstance(found, PlusTag)
    assert found.element_string == "(414)9521141123454"
    assert found.bare_identifier == "gln=9521141123454"
    assert found.serial is None


UNFIT = [
    PlusTag("sgtin+", 8, ("09521141123454", "1")),
    PlusTag("sgtin+", 1, ("09521141123455", "1")),
    PlusTag("sgtin+", 1, ("9521141123454", "1")),
    PlusTag("sgtin+", 1, ("09521141123454", "")),
    PlusTag("sgtin+", 1, ("09521141123454", "1" * 21)),
    PlusTag("sgtin+", 1, ("09521141123454", "é")),
    PlusTag("sgtin+", 1, ("0952114112345a", "1")),
    PlusTag("sgtin+", 1, ("09521141123454", "1"), date=("17", "220630")),
    PlusTag("sgtin+", 1, ("09521141123454", "1"), hostname="example.com"),
    PlusTag("sgtin++", 1, ("09521141123454", "1")),
    PlusTag("sgtin++", 1, ("09521141123454", "1"), hostname=""),
    PlusTag("sgtin++", 1, ("09521141123454", "1"), hostname="b\u00fccher.de"),
    PlusTag("sgtin++", 1, ("09521141123454", "1"), hostname="x" * 64),
    PlusTag("sgtin++", 1, ("09521141123454", "/" * 20), hostname="y" * 63),
    PlusTag("dsgtin+", 1, ("09521141123454", "1")),
    PlusTag("dsgtin+", 1, ("09521141123454", "1"), date=("10", "220630")),
    PlusTag("dsgtin+", 1, ("09521141123454", "1"), date=("17", "220631")),
    PlusTag("sgcn+", 1, ("9521141123454", "A")),
    PlusTag("giai+", 1, ("1" * 31,)),
    PlusTag("giai+", 1, ("abc",)),
    PlusTag("cpi+", 1, ("1234a", "1")),
]


@pytest.mark.parametrize("tag", UNFIT)
def test_what_no_tag_of_release_2_can_hold_is_an_error(tag: PlusTag) -> None:
    with pytest.raises(EpcError):
        write(tag)
