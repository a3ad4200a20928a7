"""What is made of the bytes of LLRP readers: tags in every shape, noise, captures of both sides."""

import base64
import json
import os
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.framing import NOISE_BYTES_MAX
from edge.drivers.rfid.llrp import Llrp
from edge.drivers.rfid.llrp.messages import MESSAGE_BYTES_MAX, MESSAGE_PATIENCE_NS
from edge.readings import DeviceDescribed, Garbled, Nanoseconds, Reading, RoundEnded, TagSeen
from tests.drivers.llrp.paper import EPC, KEEPALIVE, SUCCESS, event, greeting, message, parameter, report, tag

CheckSlices = Callable[[Callable[[], Llrp], bytes, Sequence[Reading]], None]

SEEN = TagSeen(EPC, -48, 1)
_TAG = re.compile(r"<(?:\w+:)?TagReportData>(.*?)</(?:\w+:)?TagReportData>", re.DOTALL)
_FIELD = re.compile(r"<(?:\w+:)?(EPC|PeakRSSI|AntennaID)\b[^>]*>([^<\s]+)<")
DATA = Path(__file__).parents[3] / os.environ.get("OPOS_DATA", "../shared/data")
DEVICES = DATA / "devices" / "llrp"
IDENTIFICATION = DATA / "identification" / "llrp"


def bits(count: int, value: bytes) -> bytes:
    return parameter(240, parameter(241, count.to_bytes(2, "big") + value))


def garbled(raw: bytes, reason: str) -> Garbled:
    return Garbled(raw[:80].hex().upper(), reason)


NO_TAG = "tag: expected an EPC in whole parameters, got others"
NOISE = bytes.fromhex("000403FF55")

STREAMS: list[tuple[str, bytes, list[Reading]]] = [
    (
        "many tags in one report",
        report(tag(), tag(antenna=2), tag(rssi_dbm=-127)),
        [SEEN, TagSeen(EPC, -48, 2), TagSeen(EPC, -127, 1)],
    ),
    ("an RSSI above zero", report(tag(rssi_dbm=5)), [TagSeen(EPC, 5, 1)]),
    ("an antenna of two bytes", report(tag(antenna=0xFFFE)), [TagSeen(EPC, -48, 0xFFFE)]),
    ("an EPC without a bit", report(bits(0, b"")), [TagSeen("")]),
    ("an EPC of 496 bits", report(bits(496, b"\xa5" * 62)), [TagSeen("A5" * 62)]),
    ("an EPC that is padded", report(bits(8, b"\xa5\x00\x00")), [TagSeen("A5")]),
    (
        "the tag's fields in another order",
        report(
            parameter(
                240, b"\x86\xd0", b"\x81\x00\x03", parameter(1023, bytes(9)), b"\x8d" + bytes.fromhex(EPC)
            )
        ),
        [TagSeen(EPC, -48, 3)],
    ),
    ("an empty report of either version", report(b"") + message(61, version=2), [RoundEnded(), RoundEnded()]),
    ("a report of a survey", report(parameter(242, bytes(30))), []),
    ("a report of a maker's own", report(parameter(1023, bytes(30))), []),
    (
        "a tag that is no tag among others",
        report(tag(), parameter(240, b"\x86\xd0"), tag()),
        [SEEN, garbled(b"\x86\xd0", NO_TAG), SEEN],
    ),
    (
        "a field that nobody knows the length of",
        report(parameter(240, b"\x8d" + bytes.fromhex(EPC) + b"\xff")),
        [garbled(b"\x8d" + bytes.fromhex(EPC) + b"\xff", NO_TAG)],
    ),
    (
        "a host between the reader's reports",
        report() + message(21, bytes(4)) + message(3, b"\x80") + report(),
        [SEEN, SEEN],
    ),
    ("a message of a maker's own", message(1023, bytes(6)) + report(), [SEEN]),
    (
        "noise between messages",
        report() + NOISE + report(),
        [SEEN, garbled(NOISE, "expected a frame, got 5 bytes that are none"), SEEN],
    ),
    (
        "a report that began before we listened",
        report()[9:] + report(),
        [garbled(report()[9:], f"expected a frame, got {len(report()) - 9} bytes that are none"), SEEN],
    ),
    (
        "a version that we do not know",
        message(61, version=4) + report(),
        [garbled(message(61, version=4), "expected a frame, got 10 bytes that are none"), SEEN],
    ),
    (
        "a type that nobody knows",
        message(300, bytes(3)) + report(),
        [garbled(message(300, bytes(3)), "expected a frame, got 13 bytes that are none"), SEEN],
    ),
    (
        "an event whose parameters do not fill it",
        message(63, parameter(246, bytes([0x01, 0x00, 0, 9]))),
        [garbled(parameter(246, bytes([0x01, 0x00, 0, 9])), "event: expected whole parameters, got others")],
    ),
]


@pytest.mark.parametrize(("stream", "readings"), [s[1:] for s in STREAMS], ids=[s[0] for s in STREAMS])
def test_a_stream_is_the_same_readings_however_it_is_cut(
    check_slices: CheckSlices, stream: bytes, readings: list[Reading]
) -> None:
    check_slices(Llrp, stream, readings)


@pytest.mark.parametrize("place", range(len(report())))
def test_after_a_lost_byte_the_second_report_is_heard_again(place: int) -> None:
    host = Llrp()
    heard = [*host.receive(report()[:place] + report()[place + 1 :] + report(tag(antenna=2)) * 2)]
    heard += [*host.tick(Nanoseconds(0)), *host.tick(Nanoseconds(MESSAGE_PATIENCE_NS))]
    assert heard[-1] == TagSeen(EPC, -48, 2)
    assert host.pending == 0


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from(
            [report(), report()[:17], KEEPALIVE, greeting(), event(252, b"\0\5"), b"\x04\x3d\0"]
        )
    )
)
def test_after_any_noise_a_report_is_understood_once_the_line_is_quiet(parts: list[bytes]) -> None:
    host = Llrp()
    for part in parts:
        list(host.receive(part))
        assert host.pending < MESSAGE_BYTES_MAX + NOISE_BYTES_MAX
    list(host.tick(Nanoseconds(0)))
    list(host.tick(Nanoseconds(MESSAGE_PATIENCE_NS)))
    assert [*host.receive(report())][-1] == SEEN
    assert host.pending == 0


def test_half_a_message_is_given_up_so_that_it_swallows_nothing() -> None:
    host = Llrp()
    list(host.receive(report()[:20]))
    list(host.tick(Nanoseconds(5)))
    assert host.deadline_ns == 5 + MESSAGE_PATIENCE_NS
    assert [*host.tick(Nanoseconds(5 + MESSAGE_PATIENCE_NS))] == [
        garbled(report()[:20], "expected a frame, got 20 bytes that are none")
    ]
    assert [*host.receive(report())] == [SEEN]


def test_noise_without_end_is_told_in_large_pieces() -> None:
    host = Llrp()
    heard = [reading for _ in range(100) for reading in host.receive(b"\x55" * 100)]
    assert [type(reading) for reading in heard] == [Garbled, Garbled]
    assert host.pending == 10_000 - 2 * NOISE_BYTES_MAX


def test_a_message_may_be_as_long_as_a_shop_full_of_tags_and_no_longer() -> None:
    host = Llrp()
    many = report(*[tag()] * 10_000)
    assert [*host.receive(many)] == [SEEN] * 10_000
    [noise] = [
        *host.receive(message(61)[:2] + (MESSAGE_BYTES_MAX + 1).to_bytes(4, "big") + bytes(4) + KEEPALIVE)
    ]
    assert isinstance(noise, Garbled)
    assert host.pending == 0


def test_a_maker_or_model_that_nobody_knows_is_named_by_its_number() -> None:
    body = SUCCESS + parameter(137, bytes(4), (7).to_bytes(4, "big"), (9).to_bytes(4, "big"), b"\0\3abc")
    assert [*Llrp().receive(message(11, body))] == [DeviceDescribed("7", "9", "abc")]


def _sheets(xml: Path) -> list[TagSeen]:
    """The tags of a capture as the LLRP toolkit has decoded them."""
    return [_tag(each) for each in _TAG.findall(xml.read_text())]


def _tag(xml: str) -> TagSeen:
    found = dict(_FIELD.findall(xml))
    rssi_dbm = int(found["PeakRSSI"]) if "PeakRSSI" in found else None
    return TagSeen(found["EPC"].upper(), rssi_dbm, int(found.get("AntennaID", 0)))


def _tags(readings: Iterator[Reading]) -> list[Reading]:
    heard = list(readings)
    assert not any(isinstance(reading, Garbled) for reading in heard)
    return [reading for reading in heard if isinstance(reading, TagSeen)]


def _there(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(f"no public captures at {path}: set OPOS_DATA")
    return path


CAPTURES = [
    (DEVICES / "dx101_a.frames_0000-0332.bin", DEVICES / "dx101_a.frames_0000-0332.xml", 64),
    (DEVICES / "ltkjava_RO_ACCESS_REPORT.bin", DEVICES / "ltkjava_RO_ACCESS_REPORT.xml", 1),
    (IDENTIFICATION / "dx101_b.bin", IDENTIFICATION / "dx101_b.xml", 132),
]


@pytest.mark.parametrize(("capture", "sheet", "tags"), CAPTURES, ids=[each[0].stem for each in CAPTURES])
def test_a_capture_of_both_sides_is_the_tags_that_the_toolkit_finds_in_it(
    capture: Path, sheet: Path, tags: int
) -> None:
    stream, wanted = _there(capture).read_bytes(), _sheets(sheet)
    assert len(wanted) == tags
    assert _tags(Llrp().receive(stream)) == wanted
    host = Llrp()
    assert _tags(reading for byte in stream for reading in host.receive(bytes([byte]))) == wanted


# A cut concerns the message that it goes through: runs of whole messages, so long, are cut at every place.
RUN_BYTES = 600


def _runs(stream: bytes) -> Iterator[bytes]:
    run = b""
    for frame in _frames(stream):
        run += frame
        if len(run) >= RUN_BYTES:
            yield run
            run = b""
    yield run


@pytest.mark.parametrize("capture", [each[0] for each in CAPTURES], ids=[each[0].stem for each in CAPTURES])
def test_a_capture_is_the_same_tags_wherever_it_is_cut(capture: Path) -> None:
    stream = _there(capture).read_bytes()
    assert b"".join(_runs(stream)) == stream
    for run in _runs(stream):
        whole = _tags(Llrp().receive(run))
        for place in range(1, len(run)):
            host = Llrp()
            parts = (run[:place], run[place:])
            assert _tags(each for part in parts for each in host.receive(part)) == whole


@pytest.mark.parametrize("capture", [each[0] for each in CAPTURES], ids=[each[0].stem for each in CAPTURES])
def test_a_capture_with_noise_between_its_messages_is_the_same_tags(capture: Path) -> None:
    stream = _there(capture).read_bytes()
    luck = random.Random(5)
    host, heard = Llrp(), list[Reading]()
    for frame in _frames(stream):
        heard += host.receive(luck.randbytes(luck.randint(0, 30)) + b"\0")
        heard += [*host.tick(Nanoseconds(0)), *host.tick(Nanoseconds(MESSAGE_PATIENCE_NS))]
        heard += host.receive(frame)
        heard += host.tick(Nanoseconds(0))
    assert [each for each in heard if isinstance(each, TagSeen)] == _tags(Llrp().receive(stream))


def _frames(stream: bytes) -> Iterator[bytes]:
    while stream:
        size = int.from_bytes(stream[2:6], "big")
        yield stream[:size]
        stream = stream[size:]


@pytest.mark.parametrize("name", ["dx101_b.even_frames", "ltkjava_ADD_ROSPEC", "ltkjava_SET_READER_CONFIG"])
def test_every_other_capture_is_whole_messages(name: str) -> None:
    host = Llrp()
    _tags(host.receive(_there(DEVICES / f"{name}.bin").read_bytes()))
    assert host.pending == 0


def test_messages_of_success_and_of_hosts_are_no_readings() -> None:
    assert [*Llrp().receive(_there(IDENTIFICATION / "dx301_a.bin").read_bytes())] == []


def _rows() -> list[dict[str, Any]]:
    path = IDENTIFICATION / "messages.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in _rows()])
def test_a_published_message_is_the_tags_that_it_is_published_with(row: dict[str, Any]) -> None:
    frame = row.get("frame_hex")
    stream = bytes.fromhex(frame) if frame else message(row["type"], bytes.fromhex(row["payload_hex"]))
    host = Llrp()
    heard = _tags(host.receive(stream))
    assert host.pending == 0
    if row["type"] == 61 and "decoded" in row:
        assert heard == [_seen(each) for each in row["decoded"]["TagReportData"]]


def _seen(tag: dict[str, Any]) -> TagSeen:
    return TagSeen(base64.b64decode(tag["EPC96"]["EPC"]).hex().upper(), tag["PeakRSSI"], tag["AntennaID"])


def test_a_real_reader_says_what_it_is() -> None:
    body = _there(DEVICES / "GetReaderCapabilitiesResponse-000.bytes").read_bytes()
    assert [*Llrp().receive(message(11, body))] == [DeviceDescribed("Impinj", "Speedway R420", "5.14.0.240")]
