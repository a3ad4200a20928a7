"""The driver of AZextra scales: its keys, its net weights, and lines whose beginning was not heard."""

import pytest

from edge.commands import Price, Tare, Zero
from edge.drivers.scales.azextra import AzExtra
from edge.readings import Garbled, Milligrams
from tests.drivers.scales.talk import at, codes, next_question, weighed

WEIGHT = b"   0.360kg\r\n"


def opened() -> AzExtra:
    driver = AzExtra()
    driver.opened(at(0))
    assert driver.to_send() == b"P\r\n"
    return driver


@pytest.mark.parametrize(
    ("command", "key", "net"),
    [(Zero(), b"Z\r\n", False), (Tare(), b"T\r\n", True), (Tare(Milligrams(0)), b"T\r\n", False)],
)
def test_a_key_is_pressed_in_the_place_of_the_next_question(
    command: Zero | Tare, key: bytes, net: bool
) -> None:
    driver = opened()
    driver.command(command)
    assert next_question(driver) == key
    assert weighed(360_000, net=net) in [*driver.receive(WEIGHT)]
    assert next_question(driver) == b"P\r\n"


def test_a_tare_in_grams_has_no_key() -> None:
    driver = opened()
    driver.command(Tare(Milligrams(50_000)))
    assert driver.deadline_ns is not None
    assert codes(driver.tick(driver.deadline_ns)) == ["scale.tare-refused"]
    driver.command(Price(299))
    assert next_question(driver) == b"P\r\n"


def test_after_the_port_was_lost_no_tare_is_known() -> None:
    driver = opened()
    driver.command(Tare())
    next_question(driver)
    driver.opened(at(60))
    assert weighed(360_000) in [*driver.receive(WEIGHT)]


@pytest.mark.parametrize("start", range(len(b"12.345kg")))
def test_a_line_whose_beginning_was_lost_is_no_lighter_weight(start: int) -> None:
    heard = [*AzExtra().receive(b"12.345kg\r\n"[start:])]
    assert heard == []


def test_after_noise_the_next_line_may_have_lost_its_beginning_too() -> None:
    driver = AzExtra()
    heard = [*driver.receive(b"LABEL\r\n\x00\x01\r\n2.345kg\r\n12.345kg\r\n")]
    assert [type(reading) for reading in heard[:1]] == [Garbled]
    assert heard[1:] == [weighed(12_345_000)]
