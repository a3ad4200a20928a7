"""The driver of Toledo 8217 scales: zero, tare, net, and what a lost byte must not do."""

import pytest

from edge.commands import Price, Tare, Zero
from edge.drivers.scales.scale import WISH_ASKS_MAX
from edge.drivers.scales.toledo8217 import Settings, Toledo8217
from edge.readings import DeviceReady, LoadMoving, Milligrams
from tests.drivers.scales.talk import answered, asked, at, codes, next_question, weighed

EMPTY = b"\x0200.000\r"
LOADED = b"\x0200.262\r"
NET = b"\x0200.262N\r"
MOVING, AT_ZERO, OFF_ZERO, IS_NET, UNDER = b"\x02?A\r", b"\x02?P\r", b"\x02?@\r", b"\x02?`\r", b"\x02?D\r"


def opened_and_heard(settings: Settings | None = None, answer: bytes = LOADED) -> Toledo8217:
    driver = Toledo8217(settings)
    driver.opened(at(0))
    assert driver.to_send()
    list(driver.receive(answer))
    list(driver.tick(at(0)))
    return driver


@pytest.mark.parametrize(
    ("command", "question", "granted"),
    [
        (Zero(), b"Z", AT_ZERO),
        (Tare(), b"T\r", IS_NET),
        (Tare(Milligrams(0)), b"C", OFF_ZERO),
        (Tare(Milligrams(30_000)), b"T00030\r", IS_NET),
    ],
)
def test_a_wish_is_asked_for_in_the_place_of_the_next_weight(
    command: Zero | Tare, question: bytes, granted: bytes
) -> None:
    driver = opened_and_heard()
    driver.command(command)
    assert next_question(driver) == question
    assert [*driver.receive(granted)] == [DeviceReady()]
    assert next_question(driver) == b"W"


def test_a_tare_in_pounds_has_two_decimals() -> None:
    driver = opened_and_heard(Settings(unit="lb", weight_characters=5), b"\x0201.54\r")
    driver.command(Tare(Milligrams(453_592)))
    assert next_question(driver) == b"T00100\r"


def test_a_wish_waits_for_a_scale_at_rest() -> None:
    driver = opened_and_heard(answer=MOVING)
    driver.command(Zero())
    assert next_question(driver) == b"W"
    list(driver.receive(EMPTY))
    assert next_question(driver) == b"Z"


def test_a_scale_that_rests_below_zero_can_be_zeroed() -> None:
    driver = opened_and_heard(answer=UNDER)
    driver.command(Zero())
    assert next_question(driver) == b"Z"


def test_a_zero_that_is_not_taken_at_once_is_asked_for_again_after_a_weighing() -> None:
    driver = opened_and_heard()
    driver.command(Zero())
    assert next_question(driver) == b"Z"
    list(driver.receive(OFF_ZERO))
    assert next_question(driver) == b"W"
    list(driver.receive(LOADED))
    assert next_question(driver) == b"Z"


@pytest.mark.parametrize(
    ("command", "code"), [(Zero(), "scale.zero-refused"), (Tare(), "scale.tare-refused")]
)
@pytest.mark.parametrize("answers", [(OFF_ZERO, LOADED), (MOVING,)], ids=["never granted", "never at rest"])
def test_a_wish_is_given_up_in_the_end_and_said_so(
    command: Zero | Tare, code: str, answers: tuple[bytes, ...]
) -> None:
    driver = opened_and_heard()
    driver.command(command)
    heard = answered(driver, *answers * (WISH_ASKS_MAX + 2))
    assert codes(heard) == [code]
    assert next_question(driver) == b"W"


@pytest.mark.parametrize("tare_mg", [100_000_000, -1000])
def test_a_tare_that_the_scale_cannot_write_is_refused(tare_mg: int) -> None:
    driver = opened_and_heard()
    driver.command(Tare(Milligrams(tare_mg)))
    assert driver.deadline_ns is not None
    assert codes(driver.tick(driver.deadline_ns)) == ["scale.tare-refused"]
    assert driver.to_send() == b"W"


def test_a_command_for_another_device_is_ignored() -> None:
    driver = opened_and_heard()
    driver.command(Price(299))
    assert next_question(driver) == b"W"


def test_a_tare_that_comes_or_goes_unasked_makes_the_scale_ready_anew_and_is_said_twice_to_count() -> None:
    driver = opened_and_heard(answer=NET)
    net, gross = weighed(262_000, net=True), weighed(262_000)
    assert answered(driver, NET, LOADED, NET) == [net, DeviceReady(), net]
    assert answered(driver, LOADED, LOADED, LOADED) == [DeviceReady(), gross, gross]


def test_a_tare_that_was_asked_for_counts_at_once() -> None:
    driver = opened_and_heard()
    driver.command(Tare())
    assert answered(driver, IS_NET, NET) == [DeviceReady(), weighed(262_000, net=True)]


def test_a_trouble_ends_with_a_weight_and_not_with_a_load_that_moves() -> None:
    driver = opened_and_heard()
    heard = answered(driver, b"\x02?B\r", MOVING, b"\x02?C\r", LOADED)
    assert codes(heard) == ["scale.overload"]
    assert heard[1:] == [LoadMoving(), DeviceReady(), weighed(262_000)]


def test_parity_is_made_where_the_port_does_not_make_it() -> None:
    driver = Toledo8217(Settings(parity="even"))
    driver.opened(at(0))
    assert driver.to_send() == b"\xd7"
    assert asked(driver, at(1)) == b"\xd7"
