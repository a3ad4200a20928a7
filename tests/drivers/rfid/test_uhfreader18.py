"""The driver of the UHFReader18 family: who is there, then round after round, antenna after antenna."""

import msgspec
import pytest

from edge.drivers.rfid.uhfreader18 import ANSWER_PATIENCE_NS, ASK_EVERY_NS, Settings, UhfReader18, driver
from edge.readings import DeviceDescribed, DeviceFault, DeviceReady, Garbled, RoundEnded, TagSeen
from tests.drivers.talk import SECOND_NS, Talk

# Both from the manual, chapters 8.2.1 and 8.4.1.
INVENTORY = bytes.fromhex("040001DB4B")
INFORMATION = bytes.fromhex("040021D96A")
NO_TAG = bytes.fromhex("050001FBF23D")
# A capture of github wabson/chafon-rfid: more follow.
MORE = bytes.fromhex("13000103010c0000000000000000000003133f39")
ITEM = TagSeen("000000000000000000000313")
DESCRIBED = DeviceDescribed(model="UHFReader18", firmware="2.36")

SEVERAL = Settings(body="antenna-epc-rssi", antennas=(1, 3))


def crc(data: bytes) -> bytes:
    """The manual's CRC-16, bit by bit."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x8408 if value & 1 else 0)
    return value.to_bytes(2, "little")


def answer(command: int, status: int, data: bytes = b"", address: int = 0) -> bytes:
    body = bytes((len(data) + 5, address, command, status)) + data
    return body + crc(body)


def information(scan_units: int = 10) -> bytes:
    return answer(0x21, 0, bytes.fromhex("0224090231801E") + bytes((scan_units,)))


def asked(talk: Talk) -> bytes:
    """What it asks next, and not before it may."""
    talk.wait((ASK_EVERY_NS - 1) / SECOND_NS)
    assert talk.said() == b""
    talk.wait(1 / SECOND_NS)
    return talk.said()


@pytest.fixture
def reader() -> Talk:
    """A reader that has told of itself and is asked for its first round."""
    talking = Talk(UhfReader18())
    assert talking.said() == INFORMATION
    assert talking.hear(information()) == [DeviceReady(), DESCRIBED]
    assert asked(talking) == INVENTORY
    return talking


def test_a_round_ends_with_its_last_answer_and_the_next_is_asked_for(reader: Talk) -> None:
    assert reader.hear(MORE) == [ITEM]
    assert reader.wait(0.1) == []
    assert reader.said() == b""
    last = answer(1, 1, bytes.fromhex("010C000000000000000000000313"))
    assert reader.hear(last) == [ITEM, RoundEnded()]
    assert asked(reader) == INVENTORY
    assert reader.hear(NO_TAG) == [RoundEnded()]
    assert asked(reader) == INVENTORY


def test_it_waits_as_long_as_the_reader_says_that_a_round_takes() -> None:
    reader = Talk(UhfReader18())
    reader.said()
    reader.hear(information(scan_units=30))
    assert asked(reader) == INVENTORY
    reader.wait(3.0 + ANSWER_PATIENCE_NS / SECOND_NS - 0.01)
    assert reader.said() == b""
    reader.wait(0.01)
    assert reader.said() == INFORMATION


def test_antennas_are_asked_by_turns() -> None:
    reader = Talk(UhfReader18(SEVERAL))
    reader.said()
    reader.hear(information())
    first = asked(reader)
    assert (first[:-2], first[-2:]) == (bytes.fromhex("09 00 01 04 00 00 80 03"), crc(first[:-2]))
    assert reader.hear(answer(1, 1, b"\x01\x00")) == [RoundEnded(1)]
    assert asked(reader)[6] == 0x82
    assert reader.hear(answer(1, 1, bytes.fromhex("0401 02 ABCD 60"))) == [
        TagSeen("ABCD", antenna=3),
        RoundEnded(3),
    ]
    assert asked(reader)[6] == 0x80


def test_a_missing_antenna_is_a_fault_until_it_works_again_though_another_does() -> None:
    reader = Talk(UhfReader18(SEVERAL))
    reader.said()
    reader.hear(information())
    asked(reader)
    [fault] = reader.hear(answer(1, 0xF8))
    assert isinstance(fault, DeviceFault)
    assert fault.code == "reader.antenna"
    asked(reader)
    assert reader.hear(answer(1, 1, b"\x04\x00")) == [RoundEnded(3)]
    asked(reader)
    assert reader.hear(answer(1, 0xF8)) == []
    asked(reader)
    reader.hear(answer(1, 1, b"\x04\x00"))
    asked(reader)
    assert reader.hear(answer(1, 1, b"\x01\x00")) == [DeviceReady(), RoundEnded(1)]


def test_a_known_offset_makes_dbm_of_the_readers_rssi() -> None:
    reader = Talk(UhfReader18(msgspec.structs.replace(SEVERAL, rssi_offset_db=129)))
    heard = reader.hear(answer(1, 3, bytes.fromhex("0101 02 ABCD 60")))
    assert heard == [DeviceReady(), TagSeen("ABCD", -33, 1)]


@pytest.mark.parametrize("status", [0xFD, 0xFE, 0xFF])
def test_a_reader_that_refuses_is_a_fault_until_it_does_not(reader: Talk, status: int) -> None:
    [fault] = reader.hear(answer(1, status))
    assert isinstance(fault, DeviceFault)
    assert fault.code == "reader.refused"
    reader.wait(1)
    assert reader.said() == INVENTORY
    assert reader.hear(answer(1, status)) == []
    assert reader.hear(NO_TAG) == [DeviceReady(), RoundEnded()]


def test_silence_is_a_fault_once_and_the_reader_is_asked_who_it_is_until_it_answers(reader: Talk) -> None:
    assert reader.faults(60) == ["device.silent"]
    assert reader.said() == INFORMATION
    assert reader.hear(information()) == [DeviceReady(), DESCRIBED]


def test_noise_and_another_readers_answers_are_no_sign_of_life() -> None:
    reader = Talk(UhfReader18())
    heard = []
    for _ in range(20):
        heard += reader.hear(b"\x55\x00\xff") + reader.hear(answer(1, 0xFB, address=7)) + reader.wait(0.5)
    assert DeviceReady() not in heard
    assert [each.code for each in heard if isinstance(each, DeviceFault)] == ["device.silent"]
    assert {type(each) for each in heard} == {Garbled, DeviceFault}


def test_the_broadcast_address_understands_a_reader_at_any_address() -> None:
    heard = [*UhfReader18(Settings(address=255)).receive(answer(1, 0xFB, address=7))]
    assert heard == [RoundEnded()]


def test_half_an_answer_is_given_up_and_what_follows_is_understood(reader: Talk) -> None:
    assert reader.hear(MORE[:9]) == []
    [noise] = reader.wait(0.2)
    assert isinstance(noise, Garbled)
    assert reader.hear(MORE) == [ITEM]


def test_what_came_before_the_port_was_lost_is_forgotten(reader: Talk) -> None:
    reader.hear(MORE[:9])
    reader.driver.opened(reader.now)
    assert reader.driver.pending == 0
    assert reader.said() == INFORMATION
    assert reader.hear(MORE) == [DeviceReady(), ITEM]


@pytest.mark.parametrize(
    "wrong", [{"body": "rssi"}, {"antennas": []}, {"antennas": [9]}, {"q": 16}, {"scan_time_ms": 100}]
)
def test_settings_that_no_reader_has_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        driver(wrong)
