"""The driver of scanners on a line: ends, frames, AIM identifiers, charsets, codes in pieces."""

from collections.abc import Callable, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.scanners.codes import CODE_BYTES_MAX
from edge.drivers.scanners.lines import CODE_PATIENCE_NS, SILENCE_NS, SerialScanner, Settings, driver
from edge.readings import CodeScanned, DeviceReady, Garbled, Reading
from tests.drivers.talk import SECOND_NS, Talk

CheckSlices = Callable[[Callable[[], SerialScanner], bytes, Sequence[Reading]], None]

EAN = CodeScanned("4006381333931")
GS1 = CodeScanned("010400638133393110ABC\x1d21XYZ1", "]C1")
NO_TEXT = "expected text, got control characters"
LONG = b"7" * CODE_BYTES_MAX
TOO_LONG = Garbled("37" * 80, f"expected the end of a code within {CODE_BYTES_MAX} bytes, got none")

STREAMS: list[tuple[str, bytes, list[Reading]]] = [
    ("CR", b"4006381333931\r" * 2, [EAN, EAN]),
    ("LF", b"4006381333931\n" * 2, [EAN, EAN]),
    ("CR LF", b"4006381333931\r\n" * 2, [EAN, EAN]),
    ("TAB", b"4006381333931\t" * 2, [EAN, EAN]),
    ("a doubled end", b"4006381333931\r\n\r\n4006381333931\r\n", [EAN, EAN]),
    ("an AIM identifier", b"]E04006381333931\r", [CodeScanned("4006381333931", "]E0")]),
    ("GS between elements", b"]C1010400638133393110ABC\x1d21XYZ1\r\n", [GS1]),
    ("an AIM identifier alone", b"]E0\r", [Garbled("5D4530", "expected a code, got nothing")]),
    ("a bracket that is no AIM identifier", b"]-4\r", [CodeScanned("]-4")]),
    ("control characters", b"40\x0063\r", [Garbled("3430003633", NO_TEXT)]),
    ("no UTF-8", b"\xff\xfe\r", [Garbled("FFFE", "expected text in utf-8, got bytes that are none")]),
    ("an end that was lost", b"40063813339314006381333931\r", [CodeScanned("4006381333931" * 2)]),
]


@pytest.mark.parametrize(("stream", "readings"), [s[1:] for s in STREAMS], ids=[s[0] for s in STREAMS])
def test_a_stream_is_the_same_codes_however_it_is_cut(
    check_slices: CheckSlices, stream: bytes, readings: list[Reading]
) -> None:
    check_slices(SerialScanner, stream, readings)


@pytest.mark.parametrize("pieces", [1, 7, 5000])
def test_the_longest_code_is_read_and_a_longer_one_is_told_once(pieces: int) -> None:
    scanner = SerialScanner()
    stream = LONG + b"\r" + LONG + b"7\r" + LONG * 2 + b"\r" + b"4006381333931\r"
    parts = [stream[at : at + pieces] for at in range(0, len(stream), pieces)]
    heard = [each for part in parts for each in scanner.receive(part)]
    assert heard == [CodeScanned(LONG.decode()), TOO_LONG, TOO_LONG, EAN]


FRAMED: list[tuple[str, bytes, list[Reading]]] = [
    ("a frame", b"\x024006381333931\x03", [EAN]),
    ("line ends between frames", b"\x024006381333931\x03\r\n\x024006381333931\x03\r\n", [EAN, EAN]),
    ("line ends inside a frame", b"\x02BEGIN\r\nEND\x03", [CodeScanned("BEGIN\r\nEND")]),
    (
        "a beginning that was lost",
        b"3931\x03\x024006381333931\x03",
        [Garbled("33393331", "expected the prefix and a code, got something else before them"), EAN],
    ),
    (
        "an end that was lost",
        b"\x0240063\x024006381333931\x03\x024006381333931\x03",
        [Garbled("34303036330234303036333831333333393331", NO_TEXT), EAN],
    ),
]


@pytest.mark.parametrize(("stream", "readings"), [f[1:] for f in FRAMED], ids=[f[0] for f in FRAMED])
def test_a_code_may_stand_between_stx_and_etx(
    check_slices: CheckSlices, stream: bytes, readings: list[Reading]
) -> None:
    check_slices(lambda: SerialScanner(Settings(prefix="\x02", ends="\x03")), stream, readings)


def test_a_scanner_that_always_sends_an_aim_identifier_tells_a_code_without_its_beginning() -> None:
    scanner = SerialScanner(Settings(aim="always"))
    heard = [*scanner.receive(b"06381333931\r]E04006381333931\r")]
    assert heard == [
        Garbled(b"06381333931".hex(), "expected an AIM identifier before the code, got none"),
        CodeScanned("4006381333931", "]E0"),
    ]


def test_a_code_without_an_end_is_given_up_and_the_next_one_is_read() -> None:
    scanner = Talk(SerialScanner())
    assert scanner.hear(b"400638") == []
    assert scanner.wait(CODE_PATIENCE_NS / SECOND_NS) == [
        Garbled("343030363338", "expected the end of the code, got silence")
    ]
    assert scanner.driver.pending == 0
    assert scanner.hear(b"4006381333931\r") == [DeviceReady(), EAN]


def test_where_a_scanner_sends_no_end_its_silence_is_one() -> None:
    scanner = Talk(SerialScanner(Settings(ends="")))
    assert scanner.hear(b"400638") == []
    assert scanner.wait(0.1) == []
    assert scanner.hear(b"1333931") == []
    assert scanner.wait(SILENCE_NS / SECOND_NS) == [DeviceReady(), EAN]
    assert scanner.driver.deadline_ns is None
    assert scanner.hear(LONG + b"7") == [TOO_LONG]
    assert scanner.wait(1) == []
    assert scanner.hear(b"4006381333931") + scanner.wait(1) == [EAN]


def test_a_scanner_may_be_silent_for_ever() -> None:
    scanner = Talk(SerialScanner())
    scanner.hear(b"4006381333931\r\n")
    assert scanner.driver.deadline_ns is None
    assert scanner.driver.to_send() == b""
    assert scanner.wait(86_400) == []


def test_what_came_before_the_port_was_lost_is_forgotten() -> None:
    scanner = Talk(SerialScanner())
    scanner.hear(b"400638")
    scanner.driver.opened(scanner.now)
    assert scanner.driver.pending == 0
    assert scanner.hear(b"4006381333931\r") == [DeviceReady(), EAN]


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.binary(max_size=200) | st.just(LONG)))
def test_after_any_noise_and_a_pause_a_code_is_read(parts: list[bytes]) -> None:
    scanner = Talk(SerialScanner())
    for part in parts:
        scanner.hear(part)
        assert scanner.driver.pending <= CODE_BYTES_MAX
    scanner.wait(1)
    assert scanner.driver.pending == 0
    assert scanner.hear(b"4006381333931\r")[-1] == EAN


@pytest.mark.parametrize("wrong", [{"ends": "é"}, {"prefix": "x" * 17}, {"charset": "klingon"}, {"aim": "x"}])
def test_settings_that_no_scanner_has_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        driver(wrong)
