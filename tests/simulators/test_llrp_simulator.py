"""The simulated LLRP reader, bytes alone: it answers as EPCglobal's standard and real captures say."""

import random
import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.rfid.llrp import Part
from simulators.devices.rfid.llrp.reader import LlrpReader

SWEATER, SCARF = "3034F42A44000040000003E9", "3034F42A44000080000003EA"
LONG = "36" + "00" * 15 + "ABCD"
SECOND = 1_000_000_000

# Messages as toolkits and readers were recorded to send them (LTKJava, dx101_a, sllurp).
ADD_MINIMAL = (
    "0414 0000004B 00000004 00B1 0041 00000001 00 00 00B2 0012 00B3 0005 00 00B6 0009 00 00000000"
    "00B7 0018 0001 0000 00B8 0009 00 00000000 00BA 0007 0009 01 03FF 000D 00000457 00000457 FF"
)
DELETE_ALL, ENABLE, START = (
    "0415 0000000E 00000066 00000000",
    "0418 0000000E 00000007 00000001",
    "0416 0000000E 00000008 00000001",
)
DISABLE, STOP, GET_ROSPECS = (
    "0419 0000000E 00000009 00000001",
    "0417 0000000E 0000000A 00000001",
    "041A 0000000A 0000000B",
)
GET_REPORT, ENABLE_EVENTS, ACK, CLOSE = (
    "043C 0000000A 0000000C",
    "0440 0000000A 0000000D",
    "0448 0000000A 00000000",
    "040E 0000000A 0000000E",
)
FACTORY = "0403 0000000B 00000065 80"
ALL_EVENTS = "00F4 0043" + "".join(f"00F5 0007 {kind:04X} 80" for kind in range(9))
SUCCESS = "011F 0008 0000 0000"


def tlv(kind: int, value: str) -> str:
    data = bytes.fromhex(value)
    return f"{kind:04X}{len(data) + 4:04X}{data.hex()}"


def message(kind: int, body: str, number: int = 1, version: int = 1) -> str:
    data = bytes.fromhex(body)
    return f"{version << 10 | kind:04X}{len(data) + 10:08X}{number:08X}{data.hex()}"


def rospec(
    *,
    start: str = "01",
    stop: str = "00 00000000",
    ai_stop: str = "00 00000000",
    antennas: str = "0001 0000",
    report: str = "",
    more: str = "",
) -> str:
    """An ADD_ROSPEC with the given triggers; it starts at once and goes on."""
    boundary = tlv(178, tlv(179, start) + tlv(182, stop))
    inventory = tlv(183, antennas + tlv(184, ai_stop) + tlv(186, "0009 01"))
    return message(20, tlv(177, "00000001 00 00" + boundary + inventory + more + report), 4)


def report(trigger: int, n: int, *, content: str = "FFC0", memory: str = "C0", more: str = "") -> str:
    return tlv(237, f"{trigger:02X} {n:04X}" + tlv(238, content + tlv(348, memory)) + more)


def reader(**options: Any) -> LlrpReader:
    """A reader that has greeted its host."""
    simulated = Part(name="reader", at="", **options).device(random.Random(1))
    simulated.speak(0)
    return simulated


def asked(simulated: LlrpReader, question: str, now_ns: int = 0) -> list[bytes]:
    simulated.hear(bytes.fromhex(question), now_ns)
    return said_at(simulated, now_ns)


def said_at(simulated: LlrpReader, now_ns: int) -> list[bytes]:
    said = []
    while more := simulated.speak(now_ns):
        said += more
    return said


def until(simulated: LlrpReader, end_ns: int) -> Iterator[tuple[int, bytes]]:
    """All that it says by itself up to then, with the time."""
    while (at_ns := simulated.wakes_ns) is not None and at_ns <= end_ns:
        for each in simulated.speak(at_ns):
            yield at_ns, each


def kind(said: bytes) -> int:
    return int.from_bytes(said[:2]) & 0x3FF


def status(answer: bytes) -> int:
    """The code of the LLRPStatus, which comes first in every answer."""
    assert answer[10:12] == b"\x01\x1f"
    return int.from_bytes(answer[14:16])


def parameters(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Cut TLV parameters, independently of the simulator's own reader."""
    while data:
        size = int.from_bytes(data[2:4])
        assert 4 <= size <= len(data)
        yield int.from_bytes(data[:2]), data[4:size]
        data = data[size:]


def happened(said: bytes) -> tuple[int, bytes]:
    """The event in a notification, behind its time."""
    assert kind(said) == 63
    ((number, data),) = parameters(said[10:])
    assert number == 246
    (clock, event) = parameters(data)
    assert clock[0] in (128, 129)
    return event


# The lengths of the values that have none of their own (section 16.2).
VALUES = {1: 2, 2: 8, 3: 8, 4: 8, 5: 8, 6: 1, 7: 2, 8: 2, 9: 4, 10: 2, 11: 2, 12: 2, 13: 12, 14: 2, 16: 4}


def tags(said: bytes) -> list[dict[int, bytes]]:
    """Read the tags of a report: parameter -> value, 241 being an EPC of another length."""
    assert kind(said) == 61
    found = []
    for kind_of_tag, value in parameters(said[10:]):
        assert kind_of_tag == 240
        data, tag = value, dict[int, bytes]()
        while data:
            brief = data[0] & 0x80
            number, begin = (data[0] & 0x7F, 1) if brief else (int.from_bytes(data[:2]), 4)
            end = 1 + VALUES[number] if brief else int.from_bytes(data[2:4])
            tag[number] = data[begin:end]
            data = data[end:]
        found.append(tag)
    return found


def epc(tag: dict[int, bytes]) -> str:
    return (tag.get(13) or tag[241][2:]).hex().upper()


def test_it_greets_a_host_before_anything_else() -> None:
    simulated = Part(name="reader", at="").device(random.Random(1))
    (greeting,) = simulated.speak(0)
    assert happened(greeting) == (256, b"\x00\x00")


def test_a_second_host_is_told_that_there_is_one() -> None:
    assert happened(reader().turn_away(0)) == (256, b"\x00\x02")


DIALOGUE = [
    (FACTORY, f"040D 00000012 00000065 {SUCCESS}"),
    (DELETE_ALL, f"041F 00000012 00000066 {SUCCESS}"),
    (ADD_MINIMAL, f"041E 00000012 00000004 {SUCCESS}"),
    (CLOSE, f"0404 00000012 0000000E {SUCCESS}"),
    (GET_ROSPECS, f"0424 00000012 0000000B {SUCCESS}"),
    (message(44, ""), f"0436 00000012 00000001 {SUCCESS}"),
    (message(41, "00000000"), f"0433 00000012 00000001 {SUCCESS}"),
    (GET_REPORT, "043D 0000000A 00000001"),
    ("07FF 00000013 00000002 0000651A 15 00000000", f"07FF 00000017 00000002 0000651A 16 {SUCCESS}"),
    (ACK, ""),
    (ENABLE_EVENTS, ""),
]


@pytest.mark.parametrize(("question", "answer"), DIALOGUE)
def test_a_message_has_the_answer_of_a_real_reader_however_it_is_cut(question: str, answer: str) -> None:
    whole = bytes.fromhex(question)
    for cut in range(len(whole)):
        simulated = reader()
        simulated.hear(whole[:cut], 0)
        simulated.hear(whole[cut:], 0)
        assert b"".join(said_at(simulated, 0)) == bytes.fromhex(answer), cut


# What it cannot do, and the code that says so.
REFUSED = [
    (ENABLE, 300),
    (START, 300),
    (message(22, "00000000"), 300),
    (ADD_MINIMAL.replace("00000001 00 00 00B2", "00000000 00 00 00B2"), 300),
    (ADD_MINIMAL.replace("00000001 00 00 00B2", "00000001 00 01 00B2"), 201),
    (ADD_MINIMAL.replace("0001 0000 00B8", "0001 0005 00B8"), 301),
    (message(20, tlv(177, "00000001 00 00")), 203),
    (message(20, "00B1 00FF 00"), 100),
    (message(20, ""), 203),
    (message(20, tlv(177, "0000")), 100),
    (rospec(start="03" + tlv(181, "0001 80 00000000")), 209),
    (rospec(stop="02 00000000"), 209),
    (rospec(ai_stop="02 00000000"), 209),
    (rospec(more=tlv(187, "0001 00000001 00000001")), 209),
    (rospec(start="02" + tlv(180, "00000000 00000000")), 201),
    (rospec(report=report(9, 0)), 201),
    (message(1, "07"), 201),
    (message(2, "0000 0C 0000 0000"), 201),
    (message(2, "00"), 100),
    (message(3, "00" + tlv(177, "00")), 209),
    (message(21, "00000009"), 300),
    (message(24, "00"), 300),
]


@pytest.mark.parametrize(("question", "code"), REFUSED)
def test_what_it_cannot_do_it_refuses_with_the_code_of_the_standard(question: str, code: int) -> None:
    (answer,) = asked(reader(), question)
    assert kind(answer) == kind(bytes.fromhex(question)) + 10
    assert status(answer) == code
    assert (code == 0) == (answer[16:18] == b"\x00\x00")


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (message(99, ""), 109),
        (message(40, "00"), 109),
        (message(1023, "00000001 15"), 109),
        (message(1, "00", version=2), 110),
        (message(46, "", version=2), 110),
    ],
)
def test_a_message_that_it_does_not_know_is_an_error_with_its_number(question: str, code: int) -> None:
    (answer,) = asked(reader(), question)
    assert (kind(answer), status(answer), answer[6:10]) == (100, code, b"\x00\x00\x00\x01")


def test_two_rospecs_are_one_too_many() -> None:
    simulated = reader()
    asked(simulated, ADD_MINIMAL)
    assert status(asked(simulated, ADD_MINIMAL)[0]) == 300
    another = ADD_MINIMAL.replace("00000001 00 00 00B2", "00000002 00 00 00B2")
    assert status(asked(simulated, another)[0]) == 105


def test_it_can_do_what_it_says() -> None:
    (answer,) = asked(reader(antennas=2), message(1, "00"))
    told = dict(parameters(answer[18:]))
    assert set(told) == {137, 142, 143, 327}
    general = told[137]
    assert general[:8] == bytes.fromhex("0002 4000 0000651A")
    text_bytes = int.from_bytes(general[12:14])
    tables = [number for number, _ in parameters(general[14 + text_bytes :])]
    assert tables == [139, 141, 140, 140]
    assert struct.unpack(">BBHIIIII", told[142])[3:6] == (1, 32, 1)
    ((band, powers),) = parameters(told[143][4:])
    assert band == 144
    assert Counter(number for number, _ in parameters(powers)) == {145: 21, 146: 1, 328: 1}


@pytest.mark.parametrize(("part", "number"), [(1, 137), (2, 142), (3, 143), (4, 327)])
def test_one_part_of_what_it_can_do_is_told_alone(part: int, number: int) -> None:
    (answer,) = asked(reader(), message(1, f"{part:02X}"))
    assert [each for each, _ in parameters(answer[18:])] == [number]


def test_its_configuration_is_that_of_a_real_reader_until_a_host_changes_it() -> None:
    simulated = reader()
    (answer,) = asked(simulated, message(2, "0000 00 0000 0000"))
    told = Counter(number for number, _ in parameters(answer[18:]))
    once = dict.fromkeys((218, 237, 244, 239, 217, 220, 226), 1)
    assert told == once | {221: 4, 222: 4, 225: 4, 219: 4}
    change = ALL_EVENTS + tlv(220, "01 000001F4") + tlv(226, "80") + report(1, 7)
    assert status(asked(simulated, message(3, "00" + change))[0]) == 0
    (answer,) = asked(simulated, message(2, "0001 00 0000 0000"))
    told_now = dict(parameters(answer[18:]))
    assert told_now[220] == bytes.fromhex("01 000001F4")
    assert told_now[226] == b"\x80"
    assert told_now[237][:3] == bytes.fromhex("01 0007")
    assert told_now[244].hex().upper() == "".join(f"00F50007{each:04X}80" for each in range(9))
    asked(simulated, FACTORY)
    assert asked(simulated, message(2, "0000 08 0000 0000"))[0][18:] == bytes.fromhex("00DC 0009 00 00000000")


def states(simulated: LlrpReader) -> bytes:
    return asked(simulated, GET_ROSPECS)[0][27:28]


def test_a_rospec_goes_from_disabled_to_inactive_to_active_and_back() -> None:
    simulated = reader()
    asked(simulated, ADD_MINIMAL)
    seen = [states(simulated)]
    for step in (ENABLE, START, START, STOP, START, DISABLE):
        assert status(asked(simulated, step)[0]) == 0
        seen.append(states(simulated))
    assert b"".join(seen) == bytes((0, 1, 2, 2, 1, 2, 0))
    assert status(asked(simulated, START)[0]) == 300
    assert status(asked(simulated, DELETE_ALL)[0]) == 0
    assert asked(simulated, GET_ROSPECS)[0][18:] == b""


def test_a_tag_is_reported_with_all_that_was_asked_for() -> None:
    simulated = reader(read_permille=1000)
    simulated.put(SWEATER, -45, antenna=3)
    asked(simulated, rospec(antennas="0001 0003", report=report(1, 1)))
    asked(simulated, ENABLE)
    at_ns, said = next(until(simulated, SECOND))
    (tag,) = tags(said)
    assert tag[13] == bytes.fromhex(SWEATER)
    assert (tag[9], tag[14], tag[10], tag[1]) == (b"\0\0\0\x01", b"\0\x01", b"\0\x09", b"\0\x03")
    assert -50 < struct.unpack(">b", tag[6])[0] < -40
    assert (tag[7], tag[8], tag[16]) == (b"\0\x01", b"\0\x01", bytes(4))
    assert tag[2] == tag[4] == (1_577_836_800_000_000 + at_ns // 1000).to_bytes(8)
    # PC, and the CRC of a tag with this EPC: recomputed bit by bit from annex F of the Gen2 standard.
    assert tag[12] == b"\x30\x00"
    assert tag[11] == gen2_crc(tag[12] + tag[13])


def gen2_crc(data: bytes) -> bytes:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x1021 if crc & 0x8000 else 0)) & 0xFFFF
    return (crc ^ 0xFFFF).to_bytes(2)


def test_the_crc_of_a_tag_is_the_one_of_a_capture() -> None:
    assert gen2_crc(bytes.fromhex("3000 300833B2DDD9CAFEBABE8041")) == bytes.fromhex("9A46")


def test_only_what_was_asked_for_is_told_and_an_epc_of_another_length_has_its_bits_counted() -> None:
    simulated = reader(read_permille=1000)
    simulated.put(LONG)
    asked(simulated, rospec(report=report(1, 1, content="0000", memory="00")))
    asked(simulated, ENABLE)
    _, said = next(until(simulated, SECOND))
    assert tags(said) == [{241: (8 * 18).to_bytes(2) + bytes.fromhex(LONG)}]


def test_a_reader_without_a_clock_tells_its_uptime() -> None:
    simulated = reader(utc=False, read_permille=1000)
    simulated.put(SWEATER)
    asked(simulated, rospec(report=report(1, 1)))
    asked(simulated, ENABLE)
    (tag,) = tags(next(until(simulated, SECOND))[1])
    assert {3, 5} <= tag.keys()
    assert not {2, 4} & tag.keys()
    assert asked(simulated, message(1, "01"))[0][18:][6:8] == b"\x00\x00"


def test_a_tag_that_is_heard_again_is_counted_until_the_report() -> None:
    simulated = reader(antennas=1, read_permille=1000)
    simulated.put(SWEATER)
    asked(simulated, rospec(stop="01 000003E8", report=report(2, 0)))
    asked(simulated, ENABLE)
    ((at_ns, said),) = until(simulated, 10 * SECOND)
    assert at_ns // 1_000_000 == 1000
    (tag,) = tags(said)
    assert 25 <= int.from_bytes(tag[8]) <= 50
    assert int.from_bytes(tag[4]) > int.from_bytes(tag[2])


def test_many_tags_come_in_reports_of_a_bounded_size() -> None:
    simulated = reader(antennas=1, read_permille=1000)
    put = {f"30{number:022X}" for number in range(200)}
    for each in put:
        simulated.put(each)
    asked(simulated, rospec(stop="01 000003E8", report=report(2, 0)))
    asked(simulated, ENABLE)
    reports = [tags(said) for _, said in until(simulated, 10 * SECOND)]
    assert {epc(tag) for each in reports for tag in each} == put
    assert max(len(each) for each in reports) == 64


def test_what_it_says_at_a_time_fits_into_a_port() -> None:
    simulated = reader(antennas=1, read_permille=1000)
    for number in range(300):
        simulated.put(f"{number:0124X}")
    asked(simulated, rospec(stop="01 000003E8", report=report(2, 0)))
    asked(simulated, ENABLE)
    at_once = []
    while (at_ns := simulated.wakes_ns) is not None:
        at_once.append(sum(len(said) for said in simulated.speak(at_ns)))
    assert max(at_once) <= 16_384
    assert sum(at_once) > 30_000


def test_every_antenna_hears_its_own_tags_and_a_pulled_one_none() -> None:
    simulated = reader(read_permille=1000)
    simulated.put(SWEATER, antenna=2)
    simulated.put(SCARF, antenna=4)
    simulated.obey({"verb": "antenna", "antenna": 4, "connected": False}, 0)
    assert happened(said_at(simulated, 0)[0]) == (255, bytes.fromhex("00 0004"))
    asked(simulated, rospec(report=report(1, 1)))
    asked(simulated, ENABLE)
    heard = {(epc(tag), tag[1]) for _, said in until(simulated, SECOND) for tag in tags(said)}
    assert heard == {(SWEATER, b"\x00\x02")}
    simulated.obey({"verb": "antenna", "antenna": 4, "connected": True}, SECOND)
    said = [each for _, each in until(simulated, 2 * SECOND)]
    assert happened(said[0]) == (255, bytes.fromhex("01 0004"))
    assert {epc(tag) for each in said[1:] for tag in tags(each)} == {SWEATER, SCARF}


# Stop of the AISpec, and how long it takes: 500 ms; two tags; quiet for 300 ms; two attempts; a time-out.
ENDS = [
    ("01 000001F4", 500, 500),
    ("03 00000000" + tlv(185, "00 00 0002 0000 0000 00000000"), 20, 40),
    ("03 00000000" + tlv(185, "01 00 0000 0000 012C 00000000"), 320, 380),
    ("03 00000000" + tlv(185, "02 00 0000 0002 0000 00000000"), 40, 80),
    ("03 00000000" + tlv(185, "00 00 0009 0000 0000 0000012C"), 300, 340),
]


@pytest.mark.parametrize(("ai_stop", "at_least_ms", "at_most_ms"), ENDS)
def test_an_aispec_ends_by_its_trigger_and_the_report_comes_with_it(
    ai_stop: str, at_least_ms: int, at_most_ms: int
) -> None:
    simulated = reader(antennas=1, read_permille=1000)
    simulated.put(SWEATER)
    simulated.put(SCARF)
    asked(simulated, message(3, "00" + ALL_EVENTS))
    asked(simulated, rospec(start="00", ai_stop=ai_stop, report=report(1, 0)))
    asked(simulated, ENABLE)
    started = asked(simulated, START)
    assert [kind(each) for each in started] == [32, 63]
    assert happened(started[1]) == (249, bytes.fromhex("00 00000001 00000000"))
    told = [
        (at_ns, said)
        for at_ns, said in until(simulated, 5 * SECOND)
        if kind(said) == 61 or happened(said)[0] != 247
    ]
    assert [kind(said) for _, said in told] == [61, 63, 63]
    assert len(tags(told[0][1])) == 2
    assert happened(told[1][1]) == (254, bytes.fromhex("00 00000001 0001"))
    assert happened(told[2][1]) == (249, bytes.fromhex("01 00000001 00000000"))
    assert at_least_ms <= told[0][0] // 1_000_000 <= at_most_ms
    assert states(simulated) == b"\x01"


def test_what_starts_at_once_is_done_again_and_again() -> None:
    simulated = reader(antennas=1, read_permille=1000)
    simulated.put(SWEATER)
    asked(simulated, rospec(ai_stop="01 00000064", report=report(1, 0)))
    asked(simulated, ENABLE)
    assert [at_ns // 1_000_000 for at_ns, _ in until(simulated, SECOND)] == list(range(100, 1001, 100))


def test_a_periodic_rospec_starts_by_the_clock() -> None:
    simulated = reader(antennas=1)
    asked(simulated, message(3, "00" + ALL_EVENTS))
    periodic = "02" + tlv(180, "000000C8 000003E8")
    asked(simulated, rospec(start=periodic, ai_stop="01 00000064", report=report(1, 0)))
    asked(simulated, ENABLE)
    told = [(at_ns // 1_000_000, happened(said)) for at_ns, said in until(simulated, 2 * SECOND)]
    starts = [at_ms for at_ms, event in told if event == (249, bytes.fromhex("00 00000001 00000000"))]
    assert starts == [200, 1200]


def test_a_loop_of_version_1_1_repeats_its_specs() -> None:
    simulated = reader(antennas=1, read_permille=1000)
    simulated.put(SWEATER)
    asked(
        simulated, rospec(start="00", ai_stop="01 00000064", report=report(1, 0), more=tlv(355, "00000003"))
    )
    asked(simulated, ENABLE)
    asked(simulated, START)
    assert [at_ns // 1_000_000 for at_ns, _ in until(simulated, SECOND)] == [100, 200, 300]


@pytest.mark.parametrize(("trigger", "n"), [(3, 1), (5, 1000)])
def test_a_report_of_version_1_1_comes_every_second(trigger: int, n: int) -> None:
    simulated = reader(antennas=1, read_permille=1000, version="1.1")
    simulated.put(SWEATER)
    asked(simulated, rospec(report=report(trigger, n)))
    asked(simulated, ENABLE)
    times = [at_ns for at_ns, _ in until(simulated, 3 * SECOND + SECOND // 10)]
    assert [at_ns // SECOND for at_ns in times] == [1, 2, 3]


def test_without_a_trigger_a_report_comes_when_it_is_asked_for() -> None:
    simulated = reader(read_permille=1000)
    simulated.put(SWEATER)
    for question in (ADD_MINIMAL, ENABLE, START):
        asked(simulated, question)
    assert list(until(simulated, SECOND)) == []
    (said,) = asked(simulated, GET_REPORT, SECOND)
    (tag,) = tags(said)
    assert tag.keys() == {13, 1, 6, 2, 4, 8}  # as real readers are configured
    (nothing,) = asked(simulated, GET_REPORT, SECOND)
    assert nothing[2:6] == b"\x00\x00\x00\x0a"


@pytest.mark.parametrize(("maker", "reports"), [("impinj", 0), ("zebra", 10)])
def test_of_nothing_one_maker_says_nothing_and_another_an_empty_report(maker: str, reports: int) -> None:
    simulated = reader(maker=maker)
    asked(simulated, rospec(ai_stop="01 00000064", report=report(1, 0)))
    asked(simulated, ENABLE)
    assert [said[2:6] for _, said in until(simulated, SECOND)] == [b"\x00\x00\x00\x0a"] * reports


def test_the_finer_rssi_of_impinj_is_a_custom_parameter() -> None:
    simulated = reader(read_permille=1000)
    simulated.put(SWEATER)
    selector = tlv(1023, "0000651A 00000032" + tlv(1023, "0000651A 00000035 0001"))
    asked(simulated, rospec(report=report(1, 1, content="0400", more=selector)))
    asked(simulated, ENABLE)
    (tag,) = tags(next(until(simulated, SECOND))[1])
    (rssi_dbm,) = struct.unpack(">b", tag[6])
    assert tag[1023] == bytes.fromhex("0000651A 00000039") + struct.pack(">h", 100 * rssi_dbm)


@pytest.mark.parametrize("chatty", [True, False])
def test_a_storm_of_events_comes_from_a_reader_that_was_told_to_tell_or_tells_all(chatty: bool) -> None:
    simulated = reader(chatty=chatty)
    if not chatty:
        asked(simulated, message(3, "00" + ALL_EVENTS))
    asked(simulated, rospec(report=report(1, 0)))
    asked(simulated, ENABLE)
    told = [happened(said) for _, said in until(simulated, 10 * SECOND)]
    assert Counter(number for number, _ in told) == {247: len(told)}
    assert 40 <= len(told) <= 50
    assert told[:2] == [(247, bytes.fromhex("0001 0002")), (247, bytes.fromhex("0001 0003"))]


def test_events_that_nobody_wants_are_not_told() -> None:
    simulated = reader()
    asked(simulated, rospec(ai_stop="01 00000064", report=report(1, 0)))
    asked(simulated, ENABLE)
    assert list(until(simulated, 10 * SECOND)) == []


def test_trouble_is_told_in_words() -> None:
    simulated = reader()
    simulated.obey({"verb": "trouble", "message": "PA is hot"}, 0)
    (said,) = said_at(simulated, 0)
    assert happened(said) == (252, b"\x00\x09PA is hot")


def test_keepalives_come_by_the_clock_as_long_as_they_are_acknowledged() -> None:
    simulated = reader(acks_missed_max=3)
    asked(simulated, message(3, "00" + tlv(220, "01 000001F4")))
    for number in range(1, 11):
        ((at_ns, said),) = until(simulated, number * SECOND // 2)
        assert (at_ns, kind(said)) == (number * SECOND // 2, 62)
        asked(simulated, ACK, at_ns)
    told = list(until(simulated, 60 * SECOND))
    assert [kind(said) for _, said in told] == [62, 62, 62, 63]
    assert happened(told[-1][1]) == (257, b"")
    assert simulated.hangs_up


def test_noise_for_a_length_ends_the_conversation() -> None:
    simulated = reader()
    told = asked(simulated, "FFFF FFFFFFFF FFFFFFFF")
    assert [happened(each) for each in told] == [(257, b"")]
    assert simulated.hangs_up


def test_a_clean_end_closes_the_line_after_the_answer() -> None:
    simulated = reader()
    assert not simulated.hangs_up
    assert len(asked(simulated, CLOSE)) == 1
    assert simulated.hangs_up
    simulated.part(0)
    simulated.greet(1)
    assert not simulated.hangs_up


def test_what_is_heard_without_a_host_is_kept_for_the_next_one() -> None:
    simulated = reader(read_permille=1000)
    asked(simulated, rospec(report=report(1, 1)))
    asked(simulated, ENABLE)
    simulated.part(0)
    simulated.put(SWEATER)
    assert list(until(simulated, SECOND)) == []
    simulated.greet(SECOND)
    greeting, *reports = said_at(simulated, SECOND)
    assert happened(greeting) == (256, b"\x00\x00")
    assert {epc(tag) for said in reports for tag in tags(said)} == {SWEATER}


def test_a_host_that_wants_to_hear_later_hears_later() -> None:
    simulated = reader(read_permille=1000, chatty=True)
    asked(simulated, message(3, "00" + tlv(226, "80")))
    asked(simulated, rospec(report=report(1, 1)))
    asked(simulated, ENABLE)
    simulated.put(SWEATER)
    simulated.part(0)
    simulated.greet(1)
    assert [kind(said) for _, said in until(simulated, SECOND)] == [63]
    reports = asked(simulated, ENABLE_EVENTS, SECOND)
    assert {epc(tag) for said in reports for tag in tags(said)} == {SWEATER}
    assert {kind(said) for _, said in until(simulated, 2 * SECOND)} == {61, 63}


def test_what_is_kept_is_bounded_and_the_loss_is_told() -> None:
    simulated = reader(antennas=1, read_permille=1000)
    asked(simulated, rospec(report=report(1, 1)))
    asked(simulated, ENABLE)
    simulated.part(0)
    for number in range(200):
        simulated.put(f"30{number:022X}")
    assert list(until(simulated, 10 * SECOND)) == []
    simulated.greet(10 * SECOND)
    _, lost, *reports = said_at(simulated, 10 * SECOND)
    assert happened(lost) == (251, b"")
    assert sum(len(tags(said)) for said in reports) == 4000


def test_versions_are_told_and_taken_by_a_reader_of_version_1_1() -> None:
    simulated = reader(version="1.1")
    assert (
        asked(simulated, message(46, "", version=2))[0].hex()
        == "0838000000140000000101" + "02011f000800000000"
    )
    assert asked(simulated, message(47, "03", version=2))[0][14:16] == b"\x00\x6e"
    assert asked(simulated, message(47, "02", version=2))[0][14:16] == b"\x00\x00"
    (answer,) = asked(simulated, message(26, "", version=2))
    assert (answer[0], status(answer)) == (0x08, 0)
    assert status(asked(simulated, GET_ROSPECS)[0]) == 110


def test_a_power_cut_forgets_all_but_the_tags_and_the_antennas() -> None:
    simulated = reader()
    simulated.put(SWEATER, antenna=2)
    simulated.obey({"verb": "antenna", "antenna": 3, "connected": False}, 0)
    asked(simulated, ADD_MINIMAL)
    simulated.power_on(1)
    assert happened(said_at(simulated, 1)[0]) == (256, b"\x00\x00")
    assert asked(simulated, GET_ROSPECS, 1)[0][18:] == b""
    world = {"tags": [{"epc": SWEATER, "rssi_dbm": -55, "antenna": 2}], "pulled": [3]}
    assert simulated.world() == world
    again = reader()
    again.restore(world, 0)
    assert again.world() == world


HANDS = [
    ({"verb": "put", "epc": SWEATER, "antenna": 5}, "there is no antenna 5: the reader has 4"),
    ({"verb": "antenna", "antenna": 5, "connected": True}, "there is no antenna 5: the reader has 4"),
    ({"verb": "trouble"}, "trouble: Object missing required field `message`"),
    ({"verb": "take", "epc": SWEATER}, f"the tag {SWEATER} is not in the field"),
    ({"verb": "weigh"}, "the verb 'weigh' is unknown here: the verbs are antenna, clear, put, take, trouble"),
]


@pytest.mark.parametrize(("order", "sentence"), HANDS)
def test_what_a_hand_cannot_do_is_told_in_a_sentence(order: dict[str, object], sentence: str) -> None:
    with pytest.raises(RefusedError) as refused:
        reader().obey(order, 0)
    assert str(refused.value) == sentence


def test_one_seed_is_one_day() -> None:
    def day(seed: int) -> list[tuple[int, bytes]]:
        simulated = Part(name="reader", at="").device(random.Random(seed))
        simulated.put(SWEATER)
        simulated.put(SCARF)
        asked(simulated, rospec(report=report(1, 1)))
        asked(simulated, ENABLE)
        return list(until(simulated, SECOND))

    assert day(7) == day(7)
    assert day(7) != day(8)
