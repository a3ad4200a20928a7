"""The simulated Chafon reader, bytes alone: it says what manual and captures of its family say."""

import random
from typing import Any

import pytest

from simulators.devices.rfid.uhfreader18 import UhfReader18, crc16

SWEATER, SCARF = "3034B708AC397E0000000649", "E28068940000400A9D22A9EB"
INVENTORY, INFO = "04 00 01 DB 4B", "04 00 21 D9 6A"
INFO_BROADCAST = "04 FF 21 19 95"


def reader(**options: Any) -> UhfReader18:
    return UhfReader18(random.Random(1), **options)


def command(code: int, data: bytes = b"", address: int = 0) -> bytes:
    body = bytes((len(data) + 4, address, code)) + data
    return body + crc16(body)


def asked(simulated: UhfReader18, question: bytes, now_ns: int = 10**9) -> list[bytes]:
    """What it says to a command, checked frame by frame."""
    simulated.hear(question, now_ns)
    said = simulated.speak(now_ns)
    while simulated.wakes_ns is not None:
        said += simulated.speak(simulated.wakes_ns)
    for frame in said:
        assert frame[0] == len(frame) - 1
        assert checked(frame[:-2]) == int.from_bytes(frame[-2:], "little")
    return said


def checked(data: bytes) -> int:
    """The CRC of the family, reckoned by long division with every bit turned round (polynomial 1021h)."""
    crc = 0xFFFF
    for byte in data:
        for place in range(8):
            carried = (crc >> 15) ^ (byte >> place & 1)
            crc = (crc << 1 & 0xFFFF) ^ (0x1021 if carried else 0)
    return int(f"{crc:016b}"[::-1], 2)


def test_the_checksum_is_the_one_of_the_captures() -> None:
    captures = (INVENTORY, INFO, INFO_BROADCAST, "15 00 01 03 01 01 0C E28068940000400A9D22A9EB 5C 70 D2")
    for capture in captures:
        whole = bytes.fromhex(capture)
        assert crc16(whole[:-2]) == whole[-2:]


# Command, and status with data; the first is the information of an UHFReader18.
DIALOGUE = [
    (command(0x21), "21 00 0301 09 02 4E00 1E 0A"),
    (command(0x21, address=0xFF), "21 00 0301 09 02 4E00 1E 0A"),
    (command(0x2F, b"\x14"), "2F 00"),
    (command(0x2F, b"\x1f"), "2F FF"),
    (command(0x2F), "2F FD"),
    (command(0x22, b"\x31\x80"), "22 00"),
    (command(0x24, b"\xff"), "24 FF"),
    (command(0x25, b"\x03"), "25 00"),
    (command(0x21, b"\x00"), "21 FD"),
    (command(0x99), "00 FE"),
    (command(0x01)[:-1] + b"\x00", "00 FE"),
    (command(0x01), "01 FB"),
    (command(0x21, address=7), ""),
]


@pytest.mark.parametrize(("question", "answer"), DIALOGUE)
def test_a_command_has_the_answer_of_the_manual_however_it_is_cut(question: bytes, answer: str) -> None:
    for cut in range(len(question)):
        simulated = reader()
        simulated.hear(question[:cut], 10**9)
        said = b"".join(asked(simulated, question[cut:]))
        assert said[2:-2] == bytes.fromhex(answer), cut


def test_bytes_that_come_too_late_belong_to_no_command() -> None:
    simulated = reader()
    simulated.hear(command(0x21)[:2], 0)
    assert asked(simulated, command(0x21), 15_000_001)[0][2] == 0x21


def test_what_comes_while_it_looks_for_tags_is_lost() -> None:
    simulated = reader()
    simulated.hear(command(0x01) + command(0x21), 0)
    simulated.hear(command(0x21), 1)
    assert [frame[2] for frame in asked(simulated, b"")] == [0x01]
    assert [frame[2] for frame in asked(simulated, command(0x21))] == [0x21]


def test_an_inventory_of_the_18_lists_every_tag_once() -> None:
    simulated = reader(read_permille=1000)
    simulated.put(SWEATER)
    simulated.put("111001BA")
    (said,) = asked(simulated, command(0x01))
    assert said[3:5] == b"\x01\x02"
    tags = {bytes.fromhex("0C" + SWEATER), bytes.fromhex("04 111001BA")}
    assert said[5:-2] in {first + second for first in tags for second in tags - {first}}


def test_more_tags_than_one_frame_holds_come_in_several() -> None:
    simulated = reader(read_permille=1000)
    for number in range(50):
        simulated.put(f"30{number:022X}")
    said = asked(simulated, command(0x01))
    assert [frame[3] for frame in said] == [3, 3, 1]
    assert sum(frame[4] for frame in said) == 50


def test_an_inventory_of_the_288_says_antenna_and_strength_of_each_tag() -> None:
    simulated = reader(family="288", antennas=4, read_permille=1000)
    simulated.put(SCARF, -38, antenna=3)
    found, ended = asked(simulated, command(0x01))
    assert found[:-3] == bytes.fromhex("15 00 01 03 04 01 0C" + SCARF)
    assert abs(found[-3] - 0x5C) <= 6
    assert ended[:-2] == bytes.fromhex("07 00 01 01 04 00")


def test_the_288_listens_with_the_antenna_that_it_is_told() -> None:
    simulated = reader(family="288", antennas=2, read_permille=1000)
    simulated.put(SWEATER, antenna=1)
    simulated.put(SCARF, antenna=2)
    found, _ = asked(simulated, command(0x01, bytes.fromhex("04 00 00 81 03")))
    assert found[4:-3] == bytes.fromhex("02 01 0C" + SCARF)
    (failed,) = asked(simulated, command(0x01, bytes.fromhex("04 00 00 83 03")))
    assert failed[2:4] == b"\x01\xf8"


def test_an_address_is_changed_and_survives_a_power_cut() -> None:
    simulated = reader()
    simulated.put(SWEATER)
    assert asked(simulated, command(0x24, b"\x05"))[0][1] == 0
    simulated.power_on(0)
    assert asked(simulated, command(0x21)) == []
    assert asked(simulated, command(0x21, address=5))[0][1] == 5
    assert simulated.world() == {"tags": [{"epc": SWEATER, "rssi_dbm": -55}]}


def test_a_shaken_field_misses_most_reads() -> None:
    simulated = reader(read_permille=1000)
    simulated.put(SWEATER)
    simulated.shake(10**18)
    missed = [asked(simulated, command(0x01))[0][3] == 0xFB for _ in range(200)]
    assert 90 < sum(missed) < 150
