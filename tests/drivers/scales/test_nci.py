"""The driver of NCI scales: zero, states and dialects."""

import pytest

from edge.commands import Tare, Zero
from edge.drivers.scales.nci import Nci, Settings
from edge.drivers.scales.scale import WISH_ASKS_MAX
from edge.readings import DeviceReady
from tests.drivers.scales.talk import answered, at, codes, next_question, weighed

LOADED = b"\n000.450kg\r\n00\r\x03"
MOVING = b"\n000.450kg\r\n10\r\x03"


def opened_and_heard(answer: bytes = LOADED) -> Nci:
    driver = Nci()
    driver.opened(at(0))
    assert driver.to_send() == b"W\r"
    list(driver.receive(answer))
    list(driver.tick(at(0)))
    return driver


def test_zero_is_asked_for_when_the_scale_rests_and_granted_by_its_status() -> None:
    driver = opened_and_heard(MOVING)
    driver.command(Zero())
    assert next_question(driver) == b"W\r"
    list(driver.receive(LOADED))
    assert next_question(driver) == b"Z\r"
    assert [*driver.receive(b"\n20\r\x03")] == [DeviceReady()]
    assert next_question(driver) == b"W\r"


def test_zero_is_given_up_in_the_end_and_said_so() -> None:
    driver = opened_and_heard()
    driver.command(Zero())
    heard = answered(driver, *(b"\n00\r\x03", LOADED) * WISH_ASKS_MAX)
    assert codes(heard) == ["scale.zero-refused"]


def test_a_command_for_another_device_is_ignored() -> None:
    driver = opened_and_heard()
    driver.command(Tare())
    assert next_question(driver) == b"W\r"


def test_a_menu_on_the_display_is_a_scale_that_is_not_ready() -> None:
    heard = [*opened_and_heard().receive(b"\nSETUP\r\n00\r\x03" + LOADED)]
    assert codes(heard) == ["scale.not-ready"]
    assert heard[1:] == [DeviceReady(), weighed(450_000)]


@pytest.mark.parametrize(("status", "steady"), [("00", False), ("10", True), ("30", True), ("20", False)])
def test_the_other_meaning_of_the_bit_of_motion_is_a_setting(status: str, steady: bool) -> None:
    driver = Nci(Settings(motion_bit=0))
    answer = b"\n000.450kg\r\n" + status.encode() + b"\r\x03"
    assert [*driver.receive(answer)] == [weighed(450_000, steady=steady)]


def test_a_frame_that_lost_its_end_does_not_swallow_the_next_one() -> None:
    assert [*Nci().receive(LOADED[:-1] + LOADED)][-1] == weighed(450_000)
