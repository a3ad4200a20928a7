"""The driver of ThingMagic's modules: set up step by step, then one long read that is watched."""

import pytest

from edge.drivers.rfid.thingmagic import QUIET_NS, REFUSED_PAUSE_NS, Settings, ThingMagic
from edge.readings import DeviceDescribed, DeviceFault, DeviceReady, Reading, RoundEnded, TagSeen
from tests.drivers.talk import SECOND_NS, Talk

TABLE = (
    *(0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7),
    *(0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF),
)


def crc(data: bytes) -> bytes:
    """The maker's CRC, half a byte at a time, as its own sources have it."""
    value = 0xFFFF
    for byte in data:
        for half in (byte >> 4, byte & 0x0F):
            value = ((value << 4 | half) ^ TABLE[value >> 12]) & 0xFFFF
    return value.to_bytes(2)


def command(op: int, data: bytes = b"") -> bytes:
    body = bytes((len(data), op)) + data
    return b"\xff" + body + crc(body)


def answer(op: int, status: int = 0, data: bytes = b"") -> bytes:
    body = bytes((len(data), op)) + status.to_bytes(2) + data
    return b"\xff" + body + crc(body)


VERSION = bytes.fromhex("FF00031D0C")
# Captured by the author of a TypeScript driver.
VERSION_SAID = bytes.fromhex("ff140300002301060038000201202409130201060800000010cb65")
DESCRIBED = DeviceDescribed("ThingMagic", "M7e", "02.01.06.08")
START = command(0x2F, bytes.fromhex("00000122000005072210001B03E801FF"))
STOP = command(0x2F, bytes.fromhex("000002"))
ALIVE = answer(0x22, 0x0400)
# SparkFun's capture of one tag.
TAG = bytes.fromhex(
    "FF2822000010001B01FF0101C4110E16400000012700000500000F00803000000000000000000000001545E94A561D"
)
SEEN = TagSeen("000000000000000000001545", -60, 1)

SETUP = [
    (Settings(), ["04", "93 0005", "91 020101", "9A 010C00"]),
    (Settings(region=8, antennas=()), ["04", "97 08", "93 0005", "9A 010C00"]),
    (Settings(power_cdbm=-500, antennas=(1, 2)), ["04", "93 0005", "91 0201010202", "92 FE0C", "9A 010C00"]),
]


def set_up(talk: Talk, steps: list[str]) -> list[Reading]:
    """Answer each step well; what is asked must be these steps in this order, and then the start."""
    assert talk.said() == VERSION
    heard = talk.hear(VERSION_SAID)
    for step in steps:
        op, _, data = step.partition(" ")
        assert talk.said() == command(int(op, 16), bytes.fromhex(data))
        heard += talk.hear(answer(int(op, 16)))
    assert talk.said() == START
    return heard + talk.hear(answer(0x2F))


@pytest.fixture
def module() -> Talk:
    """A module that reads."""
    talking = Talk(ThingMagic())
    assert set_up(talking, SETUP[0][1]) == [DeviceReady(), DESCRIBED]
    return talking


@pytest.mark.parametrize(("settings", "steps"), SETUP, ids=["as it is", "region", "power"])
def test_a_module_is_set_up_before_it_reads(settings: Settings, steps: list[str]) -> None:
    assert set_up(Talk(ThingMagic(settings)), steps)[0] == DeviceReady()


def test_a_port_that_has_just_been_opened_is_asked_nothing_but_who_is_there() -> None:
    stranger = Talk(ThingMagic(Settings(region=8)))
    said = b""
    for _ in range(20):
        said += stranger.said()
        stranger.wait(0.5)
    assert said.replace(VERSION, b"") == b""


def test_tags_and_seconds_without_a_tag_are_told(module: Talk) -> None:
    assert module.hear(TAG + ALIVE + TAG) == [SEEN, RoundEnded(), SEEN]
    assert module.said() == b""


def test_a_step_that_the_module_does_not_know_is_passed_over() -> None:
    module = Talk(ThingMagic())
    module.hear(VERSION_SAID)
    assert module.said() == command(0x04)
    assert module.hear(answer(0x04, 0x0101)) == []
    assert module.said() == command(0x93, b"\x00\x05")


def test_a_step_that_is_not_answered_is_passed_over() -> None:
    module = Talk(ThingMagic())
    module.hear(VERSION_SAID)
    module.said()
    module.wait(1)
    assert module.said() == command(0x93, b"\x00\x05")


def test_a_region_that_the_module_refuses_is_a_fault_and_it_does_not_radiate() -> None:
    module = Talk(ThingMagic(Settings(region=99)))
    module.hear(VERSION_SAID)
    module.hear(answer(0x04, 0x0101))
    module.said()
    [fault] = module.hear(answer(0x97, 0x0105))
    assert isinstance(fault, DeviceFault)
    assert fault.code == "reader.refused"
    assert module.said() == b""
    module.wait(REFUSED_PAUSE_NS / SECOND_NS)
    assert module.said() == VERSION


def test_a_region_that_is_not_answered_is_not_passed_over() -> None:
    module = Talk(ThingMagic(Settings(region=8)))
    module.hear(VERSION_SAID)
    module.hear(answer(0x04))
    assert module.said() == command(0x97, b"\x08")
    module.wait(1)
    assert module.said() == VERSION


TROUBLES = [(0x0503, "reader.antenna"), (0x0504, "reader.too-hot"), (0x0505, "reader.antenna")]


@pytest.mark.parametrize(("status", "code"), TROUBLES)
def test_a_trouble_in_the_stream_is_a_fault_until_it_reads_again(
    module: Talk, status: int, code: str
) -> None:
    [fault] = module.hear(answer(0x22, status) * 2)
    assert isinstance(fault, DeviceFault)
    assert fault.code == code
    assert module.hear(ALIVE) == [DeviceReady(), RoundEnded()]


def test_a_module_that_restarts_is_set_up_again(module: Talk) -> None:
    for _ in range(3):
        module.wait(1)
        assert module.hear(ALIVE) == [RoundEnded()]
    assert module.wait(QUIET_NS / SECOND_NS) == []
    set_up(module, SETUP[0][1])


def test_a_read_that_somebody_else_has_left_running_is_stopped_first() -> None:
    module = Talk(ThingMagic())
    assert module.said() == VERSION
    assert module.hear(TAG) == [DeviceReady(), SEEN]
    assert module.said() == STOP
    module.hear(answer(0x2F))
    module.wait(1)
    set_up(module, SETUP[0][1])


def test_silence_is_a_fault_once_and_ready_when_it_answers_again(module: Talk) -> None:
    assert module.faults(30) == ["device.silent"]
    assert module.hear(VERSION_SAID) == [DeviceReady(), DESCRIBED]


def test_what_came_before_the_port_was_lost_is_forgotten(module: Talk) -> None:
    module.hear(TAG[:20])
    module.driver.opened(module.now)
    assert module.driver.pending == 0
    assert module.said() == VERSION
