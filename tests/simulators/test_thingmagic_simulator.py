"""The simulated ThingMagic module, bytes alone: it says what Mercury serial modules were heard to say."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from simulators.devices.rfid.gen2 import tag_memory
from simulators.devices.rfid.thingmagic import ThingMagic, crc16

SWEATER, SCARF = "3034F42A44000040000003E9", "3034F42A44000080000003EA"
SECOND = 1_000_000_000
# As the SparkFun library for the M6E Nano sends them.
READ_ON = "2F 0000 01 22 0000 05 07 22 10 001B 03E8 01 FF"
STOP = "2F 0000 02"
SET_GEN2 = "93 0005"


def module(**options: Any) -> ThingMagic:
    simulated = ThingMagic(random.Random(1), read_permille=1000, **options)
    assert said(simulated, SET_GEN2) == ["93 0000"]
    return simulated


def command(text: str) -> bytes:
    code, *data = bytes.fromhex(text)
    body = bytes((len(data), code, *data))
    return b"\xff" + body + crc16(body)


def described(frames: list[bytes]) -> list[str]:
    """Code, status and data of each frame, whose length and CRC are right."""
    told = []
    for frame in frames:
        assert (frame[0], len(frame)) == (0xFF, frame[1] + 7)
        assert crc16(frame[1:-2]) == frame[-2:]
        told.append(f"{frame[2]:02X} {frame[3:5].hex().upper()} {frame[5:-2].hex().upper()}".strip())
    return told


def said(simulated: ThingMagic, question: str, now_ns: int = 0) -> list[str]:
    simulated.hear(command(question), now_ns)
    return described(simulated.speak(now_ns))


def until(simulated: ThingMagic, end_ns: int) -> Iterator[str]:
    while (at_ns := simulated.wakes_ns) is not None and at_ns <= end_ns:
        yield from described(simulated.speak(at_ns))


def test_the_checksum_is_the_one_of_the_documents() -> None:
    assert command("03") == bytes.fromhex("FF 00 03 1D 0C")
    assert command("04") == bytes.fromhex("FF 00 04 1D 0B")


DIALOGUE = [
    ("03", "03 0000 1212000030000002201612220107000000000010"),
    ("04", "04 0000"),
    ("93 0003", "93 0105"),
    ("97 08", "97 0000"),
    ("91 02 01 01", "91 0000"),
    ("9A 01 0C 00", "9A 0000"),
    ("92 0A8C", "92 0000"),
    ("92 0A8D", "92 0103"),
    ("92 0A", "92 0100"),
    ("62 00", "62 0000 0001F4"),
    ("72", "72 0000 1B"),
    ("2F 0000", "2F 0100"),
    (STOP, "2F 0000 02"),
    ("99", "99 0101"),
]


@pytest.mark.parametrize(("question", "answer"), DIALOGUE)
def test_a_command_is_answered_however_it_is_cut(question: str, answer: str) -> None:
    whole = command(question)
    for cut in range(len(whole)):
        simulated = module()
        simulated.hear(whole[:cut], 0)
        simulated.hear(whole[cut:], 0)
        assert described(simulated.speak(0)) == [answer], cut


def test_noise_and_a_torn_command_do_not_swallow_the_next_one() -> None:
    simulated = module()
    simulated.hear(b"\x00\xff\x03\x22" + command("03")[:3], 0)
    assert said(simulated, "72", SECOND) == ["72 0000 1B"]
    simulated.hear(b"\xff\x01\x72\x00\x00\x00", SECOND)
    assert said(simulated, "72", SECOND) == ["72 0000 1B"]


def test_without_a_protocol_it_does_not_read() -> None:
    assert described(_read_at_once(ThingMagic(random.Random(1)))) == ["2F 0105"]


def _read_at_once(simulated: ThingMagic) -> list[bytes]:
    simulated.hear(command(READ_ON), 0)
    return simulated.speak(0)


def test_a_record_has_the_shape_of_the_sample_of_the_library() -> None:
    simulated = module()
    simulated.put("000000000000000000001545", -60)
    assert said(simulated, READ_ON) == ["2F 0000"]
    record = bytes.fromhex(next(until(simulated, SECOND)).replace(" ", ""))
    assert len(record) == 3 + 0x28
    assert record[:10] == bytes.fromhex("22 0000 10 00 1B 01 FF 01 01")
    assert 0xC4 - 6 <= record[10] <= 0xC4 + 6
    assert record[11:15] == bytes.fromhex("11 0E1000")
    assert 20 <= int.from_bytes(record[15:19]) <= 40
    assert int.from_bytes(record[19:21]) < 180
    assert record[21:27] == bytes.fromhex("05 0000 0F 0080")
    assert record[27:] == tag_memory(bytes.fromhex("000000000000000000001545"))


def test_it_reads_until_it_is_stopped_and_says_each_second_that_it_lives() -> None:
    simulated = module(antennas=2)
    simulated.put(SWEATER, antenna=1)
    simulated.put(SCARF, antenna=2)
    said(simulated, READ_ON)
    told = list(until(simulated, 3 * SECOND))
    assert told.count("22 0400") == 3
    ports = {(record[24:26], record[-28:-4]) for record in told if record.startswith("22 0000 ")}
    assert ports == {("11", SWEATER), ("22", SCARF)}
    assert said(simulated, STOP, 3 * SECOND) == ["2F 0000 02"]
    assert list(until(simulated, 9 * SECOND)) == []


@pytest.mark.parametrize(
    ("order", "alive"),
    [({"verb": "heat", "celsius": 90}, "22 0504"), ({"verb": "detune", "detuned": True}, "22 0505")],
)
def test_in_trouble_it_says_so_instead_of_reading(order: dict[str, object], alive: str) -> None:
    simulated = module()
    simulated.put(SWEATER)
    simulated.obey(order, 0)
    said(simulated, READ_ON)
    assert list(until(simulated, 3 * SECOND)) == [alive] * 3


def test_its_temperature_is_the_record_of_a_real_module() -> None:
    simulated = module(temperatures=True)
    said(simulated, READ_ON)
    assert list(until(simulated, SECOND)) == ["22 0400", "22 0000 00011F0282008200011B"]


def test_a_power_cut_ends_the_reading_and_leaves_the_tags() -> None:
    simulated = module()
    simulated.put(SWEATER)
    said(simulated, READ_ON)
    simulated.power_on(1)
    assert simulated.wakes_ns is None
    assert simulated.world() == {"tags": [{"epc": SWEATER, "rssi_dbm": -55}]}
    assert said(simulated, READ_ON, 2) == ["2F 0105"]
