"""The simulated barcode scanners, bytes alone: a line for each code, or reports as the manuals have them."""

import random
from collections.abc import Iterator

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.scanners.hidpos import HidScanner
from simulators.devices.scanners.lines import LineScanner

SECOND = 1_000_000_000
EAN = "4006381333931"
# What the LSR118 manual shows: 60 bytes in two reports, ]Q0, of which 56 come first.
BOARDING = "M1GATHERGOOD/MICHAEL YABCDEF LHRDURAK 3542 052Y003D23  100"


def line_scanner(**options: object) -> LineScanner:
    return LineScanner(random.Random(1), **options)  # type: ignore[arg-type] # each case has its own


LINES = [
    ({}, b"4006381333931\r"),
    ({"ending": "lf"}, b"4006381333931\n"),
    ({"ending": "crlf", "aim": True}, b"]E04006381333931\r\n"),
    ({"ending": "tab", "prefix": "A"}, b"A4006381333931\t"),
    ({"ending": "none"}, b"4006381333931"),
    ({"ending": "etx"}, b"\x024006381333931\x03"),
]


@pytest.mark.parametrize(("options", "line"), LINES)
def test_a_code_is_a_line_as_it_was_set_up(options: dict[str, object], line: bytes) -> None:
    scanner = line_scanner(**options)
    scanner.obey({"verb": "scan", "text": EAN}, SECOND)
    assert scanner.wakes_ns == SECOND
    assert scanner.speak(SECOND) == [line]
    assert scanner.speak(SECOND) == []
    assert scanner.wakes_ns is None


def test_the_separator_of_a_gs1_code_is_said_as_it_is() -> None:
    scanner = line_scanner(aim=True)
    scanner.scan("0104006381333931\x1d10AB", "]d2")
    assert scanner.speak(0) == [b"]d20104006381333931\x1d10AB\r"]


@pytest.mark.parametrize(
    ("charset", "said"), [("utf-8", b"K\xc3\xa4se\r"), ("latin-1", b"K\xe4se\r"), ("cp1252", b"K\xe4se\r")]
)
def test_a_code_is_said_in_the_charset_of_the_scanner(charset: str, said: bytes) -> None:
    scanner = line_scanner(charset=charset)
    scanner.scan("Käse")
    assert scanner.speak(0) == [said]


def test_a_code_that_trembles_is_read_later_and_none_is_lost() -> None:
    scanner = line_scanner()
    scanner.shake(SECOND)
    scanner.scan(EAN, now_ns=0)
    at_ns = scanner.wakes_ns
    assert at_ns is not None
    assert 0.1 * SECOND <= at_ns <= 0.9 * SECOND
    assert scanner.speak(at_ns - 1) == []
    assert len(scanner.speak(at_ns)) == 1


HANDS = [
    ({"verb": "scan", "text": ""}, "scan, text: Expected `str` of length >= 1"),
    ({"verb": "scan", "text": "Käse"}, "'ä' cannot be said in ascii"),
    ({"verb": "put", "text": "1"}, "the verb 'put' is unknown here: the verbs are scan"),
]


@pytest.mark.parametrize(("order", "sentence"), HANDS)
def test_what_a_hand_cannot_do_is_told_in_a_sentence(order: dict[str, object], sentence: str) -> None:
    with pytest.raises(RefusedError) as refused:
        line_scanner(charset="ascii").obey(order, 0)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("symbology", ["ean-13", "E0", "]E", "]E00"])
def test_a_symbology_is_named_by_its_aim_identifier(symbology: str) -> None:
    with pytest.raises(RefusedError, match="scan, symbology"):
        line_scanner().obey({"verb": "scan", "text": EAN, "symbology": symbology}, 0)


def test_a_power_cut_loses_what_was_not_said_and_the_count_stays() -> None:
    scanner = line_scanner()
    scanner.scan(EAN)
    scanner.power_on(1)
    assert scanner.speak(1) == []
    again = line_scanner()
    again.restore(scanner.world(), 0)
    assert again.world() == {"scanned": 1}


def test_a_long_code_is_two_reports_as_the_manual_shows_it() -> None:
    scanner = HidScanner()
    text = BOARDING.ljust(60)
    scanner.obey({"verb": "scan", "text": text, "symbology": "]Q0"}, SECOND)
    assert scanner.wakes_ns == SECOND
    first, second = scanner.speak(SECOND)
    assert first == b"\x02\x38]Q0" + text[:56].encode() + b"s\x00\x01"
    assert second == b"\x02\x04]Q0" + text[56:].encode() + bytes(52) + b"s\x00\x00"
    assert scanner.wakes_ns is None


@pytest.mark.parametrize(("size", "lengths"), [(1, [1]), (56, [56]), (57, [56, 1]), (200, [56, 56, 56, 32])])
def test_a_code_fills_as_many_reports_as_it_needs(size: int, lengths: list[int]) -> None:
    scanner = HidScanner()
    scanner.scan("7" * size)
    reports = scanner.speak(0)
    assert [len(report) for report in reports] == [64] * len(lengths)
    assert [report[1] for report in reports] == lengths
    assert [report[63] for report in reports] == [1] * (len(lengths) - 1) + [0]


def test_the_other_maker_has_the_identifier_in_the_data() -> None:
    scanner = HidScanner(variant="microscan")
    scanner.scan("002374938", "]A0")
    assert scanner.speak(0) == [b"\x01\x0c]A0002374938" + bytes(50)]
    scanner.scan("7" * 59)
    full, rest = scanner.speak(0)
    assert full == b"\x01\x3e]E0" + b"7" * 59
    assert rest == b"\x01" + bytes(63)


# Short items of a report descriptor (USB HID 1.11, section 6.2.2): the head without its two bits of size.
INPUT, REPORT_SIZE, REPORT_ID, REPORT_COUNT = 0x80, 0x74, 0x84, 0x94


def described(descriptor: bytes) -> Iterator[tuple[int, int]]:
    """Cut a report descriptor into its items and their values."""
    while descriptor:
        end = 1 + (0, 1, 2, 4)[descriptor[0] & 3]
        yield descriptor[0] & 0xFC, int.from_bytes(descriptor[1:end], "little")
        descriptor = descriptor[end:]


@pytest.mark.parametrize(("variant", "number"), [("pos", 2), ("microscan", 1)])
def test_its_reports_have_the_length_that_its_descriptor_says(variant: str, number: int) -> None:
    persona = HidScanner(variant=variant).hid_persona
    items = list(described(persona.descriptor))
    bits = count = size = 0
    for item, value in items:
        size = value if item == REPORT_SIZE else size
        count = value if item == REPORT_COUNT else count
        bits += size * count if item == INPUT else 0
    assert [value for item, value in items if item == REPORT_ID] == [number]
    assert bits // 8 + 1 == persona.report_bytes == 64
