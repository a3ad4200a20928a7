"""The driver of HID POS scanners: reports, codes that take several, and makers who put things elsewhere."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from edge.drivers.scanners.codes import CODE_BYTES_MAX
from edge.drivers.scanners.hidpos import HidScanner, Settings, driver
from edge.readings import CodeScanned, DeviceReady, Garbled, Reading
from tests.drivers.talk import Talk

CheckSlices = Callable[[Callable[[], HidScanner], bytes, Sequence[Reading]], None]


def report(data: bytes, aim: bytes = b"]E0", *, more: bool = False) -> bytes:
    """A report as the manual of Access-IS draws it."""
    return bytes((2, len(data))) + aim + data.ljust(56, b"\0") + bytes((0x73, 0, more))


EAN = report(b"4006381333931")
READ = CodeScanned("4006381333931", "]E0")
# The manual's example: 60 bytes in two reports.
PASS = report(b"M1GATHERGOOD/MICHAEL  YABCDEF LHRDURAK 3542 052Y003D23  ", b"]Q0", more=True)
PASS_END = report(b" 100", b"]Q0")
PASS_READ = CodeScanned("M1GATHERGOOD/MICHAEL  YABCDEF LHRDURAK 3542 052Y003D23   100", "]Q0")
LATE = bytes((2, 13, 0)) + b"]E0" + b"4006381333931".ljust(55, b"\0") + bytes(3)

STREAMS: list[tuple[str, bytes, list[Reading]]] = [
    ("a code", EAN * 2, [READ, READ]),
    ("a code of two reports", (PASS + PASS_END) * 2, [PASS_READ, PASS_READ]),
    ("a suffix", report(b"96385074\r\n", b"]E4"), [CodeScanned("96385074", "]E4")]),
    ("no AIM identifier", report(b"96385074", b"\0\0\0"), [CodeScanned("96385074")]),
    ("GS between elements", report(b"10ABC\x1d21X", b"]d2"), [CodeScanned("10ABC\x1d21X", "]d2")]),
    ("everything a byte later", LATE, [READ]),
    ("nothing in it", report(b""), [Garbled("", "expected a code, got nothing")]),
    (
        "another report",
        b"\x03\x01" + bytes(62) + EAN,
        [Garbled("0301" + "00" * 62, "expected a frame, got 64 bytes that are none"), READ],
    ),
]


@pytest.mark.parametrize(("stream", "readings"), [s[1:] for s in STREAMS], ids=[s[0] for s in STREAMS])
def test_a_stream_is_the_same_codes_however_it_is_cut(
    check_slices: CheckSlices, stream: bytes, readings: list[Reading]
) -> None:
    check_slices(HidScanner, stream, readings)


WRONG = [
    ("a length that does not fit", bytes((2, 57)) + EAN[2:]),
    ("data behind its length", bytes((2, 12)) + EAN[2:]),
    ("a last byte that is no flag", EAN[:-1] + b"\x40"),
]


@pytest.mark.parametrize("wrong", [w[1] for w in WRONG], ids=[w[0] for w in WRONG])
def test_a_report_that_contradicts_itself_is_no_code(wrong: bytes) -> None:
    heard = [*HidScanner().receive(wrong + EAN)]
    assert heard[-1] == READ
    assert {type(each) for each in heard[:-1]} == {Garbled}


def test_a_code_that_does_not_go_on_is_given_up_and_the_next_one_is_read() -> None:
    scanner = Talk(HidScanner())
    assert scanner.hear(PASS) == []
    assert scanner.driver.pending == 56
    [noise] = scanner.wait(1)
    assert isinstance(noise, Garbled)
    assert scanner.driver.pending == 0
    assert scanner.hear(EAN) == [DeviceReady(), READ]


def test_the_longest_code_is_read_and_a_longer_one_is_told_once() -> None:
    scanner = HidScanner()
    whole, rest = divmod(CODE_BYTES_MAX, 56)
    full = report(b"7" * 56, b"]Q0", more=True)
    assert [*scanner.receive(full * whole + report(b"7" * rest, b"]Q0"))] == [
        CodeScanned("7" * CODE_BYTES_MAX, "]Q0")
    ]
    heard = [*scanner.receive(full * whole * 3 + report(b"7", b"]Q0") + EAN)]
    assert [type(each) for each in heard] == [Garbled, CodeScanned]


def test_a_scanner_may_be_silent_for_ever() -> None:
    scanner = Talk(HidScanner())
    scanner.hear(EAN)
    assert scanner.driver.deadline_ns is None
    assert scanner.driver.to_send() == b""
    assert scanner.wait(86_400) == []


def test_what_came_before_the_port_was_lost_is_forgotten() -> None:
    scanner = Talk(HidScanner())
    scanner.hear(PASS + PASS_END[:20])
    scanner.driver.opened(scanner.now)
    assert scanner.driver.pending == 0
    assert scanner.hear(EAN) == [DeviceReady(), READ]


def test_a_maker_may_put_things_elsewhere() -> None:
    microscan = Settings(report_id=1, aim_at=0, data_at=2, data_bytes_max=62, more_at=0)
    said = (b"\x01\x0b" + b"]A002374938").ljust(64, b"\0")
    assert [*HidScanner(microscan).receive(said * 2)] == [CodeScanned("02374938", "]A0")] * 2
    unnumbered = Settings(report_id=0, length_at=0, aim_at=0, data_at=1, data_bytes_max=63, more_at=0)
    assert [*HidScanner(unnumbered).receive(b"\x084006\x1d381".ljust(64, b"\0"))] == [
        CodeScanned("4006\x1d381")
    ]


@pytest.mark.parametrize("wrong", [{"more_at": 64}, {"data_bytes_max": 60}, {"aim_at": 62}])
def test_places_beyond_the_report_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(msgspec.ValidationError):
        driver(wrong)
