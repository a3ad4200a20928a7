"""The driver of 125 kHz readers: a tag is told while it is said, and its absence when it is not."""

import pytest

from edge.drivers.rfid.rdm6300 import Rdm6300, Settings
from edge.readings import CardSeen, DeviceReady, Garbled, RoundEnded
from tests.drivers.talk import Talk

# The example of Seeed's page, and a card of a public list.
CARD = b"\x0262E3086CED08\x03"
OTHER = b"\x0208002A03F8D9\x03"
SEEN = CardSeen("62E3086CED", "em4100")
OTHER_SEEN = CardSeen("08002A03F8", "em4100")


def test_a_tag_is_told_each_time_and_gone_when_it_is_said_no_more() -> None:
    reader = Talk(Rdm6300())
    assert reader.hear(CARD) == [DeviceReady(), SEEN]
    for _ in range(20):
        assert reader.wait(0.065) == []
        assert reader.hear(CARD) == [SEEN]
    assert reader.wait(0.29) == []
    assert reader.wait(0.01) == [RoundEnded()]
    assert reader.driver.deadline_ns is None


def test_another_tag_may_follow_at_once() -> None:
    reader = Talk(Rdm6300())
    assert reader.hear(CARD + OTHER) == [DeviceReady(), SEEN, OTHER_SEEN]
    assert reader.wait(1) == [RoundEnded()]


def test_an_empty_field_is_no_fault_however_long_it_lasts() -> None:
    reader = Talk(Rdm6300())
    assert reader.driver.deadline_ns is None
    assert reader.wait(86_400) == []


def test_a_reader_that_says_a_tag_but_once_does_not_tell_that_it_has_gone() -> None:
    reader = Talk(Rdm6300(Settings(gone_ms=0)))
    reader.hear(CARD)
    assert reader.driver.deadline_ns is None
    assert reader.wait(60) == []


@pytest.mark.parametrize("place", range(len(CARD)))
def test_a_tag_with_one_wrong_byte_is_no_tag(place: int) -> None:
    broken = bytearray(CARD)
    broken[place] ^= 1
    driver = Rdm6300()
    heard = [*driver.receive(bytes(broken) + OTHER)]
    assert heard[-1] == OTHER_SEEN
    assert {type(each) for each in heard[:-1]} == {Garbled}


def test_half_a_tag_is_given_up_and_the_next_one_is_understood() -> None:
    reader = Talk(Rdm6300())
    reader.hear(CARD[:5])
    [noise] = reader.wait(0.2)
    assert isinstance(noise, Garbled)
    assert reader.hear(CARD) == [DeviceReady(), SEEN]


def test_what_came_before_the_port_was_lost_is_forgotten() -> None:
    reader = Talk(Rdm6300())
    reader.hear(CARD + CARD[:5])
    reader.driver.opened(reader.now)
    assert reader.driver.pending == 0
    assert reader.driver.to_send() == b""
    assert reader.wait(1) == []
    assert reader.hear(CARD) == [DeviceReady(), SEEN]
