"""The driver of the PN532: waking, acknowledgements, rounds that are broken off, and cards that stay."""

import pytest

from edge.drivers.rfid.pn532 import ANSWER_PATIENCE_NS, LISTEN_NS, REST_NS, SETTLE_NS, Pn532
from edge.readings import CardSeen, DeviceDescribed, DeviceFault, DeviceReady, Garbled, RoundEnded
from tests.drivers.talk import SECOND_NS, Talk

# All of them as UM0701-02 writes them; the firmware and the cards were recorded from real readers.
ACK = bytes.fromhex("0000FF00FF00")
FIRMWARE = bytes.fromhex("0000FF02FED4022A00")
FIRMWARE_SAID = ACK + bytes.fromhex("0000FF06FAD50332010607E800")
SAM = bytes.fromhex("0000FF05FBD4140100001700")
SAM_SAID = ACK + bytes.fromhex("0000FF02FED5151600")
LIST = bytes.fromhex("0000FF04FCD44A0100E100")
FIELD_OFF = bytes.fromhex("0000FF04FCD4320100F900")
FIELD_OFF_SAID = ACK + bytes.fromhex("0000FF02FED533F800")
CARD = bytes.fromhex("0000ff0cf4d54b0101000408049eb36e66a900")
SEEN = CardSeen("9EB36E66", "iso14443a")
DESCRIBED = DeviceDescribed("NXP", "PN532", "1.6")


@pytest.fixture
def reader() -> Talk:
    """A reader that has taken the command to look for a card."""
    talking = Talk(Pn532())
    woken = talking.said()
    assert woken.startswith(b"\x55\x55\x00\x00\x00")
    assert woken.endswith(FIRMWARE)
    assert talking.hear(FIRMWARE_SAID) == [DeviceReady(), DESCRIBED]
    assert talking.said() == SAM
    assert talking.hear(SAM_SAID) == []
    assert talking.said() == LIST
    assert talking.hear(ACK) == []
    return talking


def test_no_card_is_a_round_that_is_broken_off_and_begun_again(reader: Talk) -> None:
    for _ in range(3):
        assert reader.wait(LISTEN_NS / SECOND_NS) == [RoundEnded()]
        assert reader.said() == ACK
        assert reader.wait(SETTLE_NS / SECOND_NS) == []
        assert reader.said() == FIELD_OFF
        assert reader.hear(FIELD_OFF_SAID) == []
        assert reader.wait(REST_NS / SECOND_NS) == []
        assert reader.said() == LIST
        assert reader.hear(ACK) == []


def test_a_card_that_stays_is_seen_in_each_round(reader: Talk) -> None:
    for _ in range(3):
        assert reader.hear(CARD) == [SEEN]
        assert reader.said() == FIELD_OFF
        assert reader.hear(FIELD_OFF_SAID) == []
        assert reader.wait(REST_NS / SECOND_NS) == []
        assert reader.said() == LIST
        reader.hear(ACK)


def test_a_command_that_is_not_acknowledged_says_nothing_of_cards(reader: Talk) -> None:
    reader.hear(CARD)
    reader.wait(REST_NS / SECOND_NS)
    assert reader.said() == LIST
    assert reader.wait(LISTEN_NS / SECOND_NS) == []
    assert reader.said().endswith(FIRMWARE)


def test_a_chip_that_sleeps_is_woken_until_it_answers() -> None:
    reader = Talk(Pn532())
    for _ in range(4):
        assert reader.said().endswith(FIRMWARE)
        reader.wait(ANSWER_PATIENCE_NS / SECOND_NS)
    reader.hear(FIRMWARE_SAID)
    assert reader.said() == SAM


def test_silence_is_a_fault_once_and_ready_when_it_answers_again(reader: Talk) -> None:
    assert reader.faults(30) == ["device.silent"]
    assert reader.hear(FIRMWARE_SAID) == [DeviceReady(), DESCRIBED]


def test_a_line_that_echoes_is_no_reader() -> None:
    reader = Talk(Pn532())
    heard = []
    for _ in range(20):
        heard += reader.hear(reader.said()) + reader.wait(0.5)
    assert DeviceReady() not in heard
    assert DeviceFault in {type(each) for each in heard}


def test_a_command_that_was_not_understood_is_told_and_the_talk_goes_on(reader: Talk) -> None:
    heard = reader.hear(bytes.fromhex("0000FF01FF7F8100"))
    assert [type(each) for each in heard] == [Garbled]
    assert reader.wait(LISTEN_NS / SECOND_NS) == [RoundEnded()]


def test_what_came_before_the_port_was_lost_is_forgotten(reader: Talk) -> None:
    reader.hear(CARD[:9])
    reader.driver.opened(reader.now)
    assert reader.driver.pending == 0
    assert reader.said().endswith(FIRMWARE)
