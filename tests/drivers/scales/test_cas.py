"""The driver of CAS scales: the handshake before a weight."""

from edge.drivers.scales.cas import Cas, Settings
from edge.readings import DeviceReady
from tests.drivers.scales.talk import asked, at, next_question, weighed

BLOCK = bytes.fromhex("0102532030302E3435306B67600304")


def opened(settings: Settings | None = None) -> Cas:
    driver = Cas(settings)
    driver.opened(at(0))
    assert driver.to_send() == b"\x05"
    return driver


def test_a_weight_is_asked_for_when_the_scale_has_acknowledged_and_only_once() -> None:
    driver = opened()
    assert [*driver.receive(b"\x06")] == [DeviceReady()]
    assert [driver.to_send(), driver.to_send()] == [b"\x11", b""]
    assert [*driver.receive(b"\x06")] == []
    assert driver.to_send() == b""
    assert [*driver.receive(BLOCK)] == [weighed(450_000)]
    assert next_question(driver) == b"\x05"


def test_prices_come_along_where_a_profile_asks_for_them() -> None:
    driver = opened(Settings(request="priced"))
    list(driver.receive(b"\x06"))
    assert driver.to_send() == b"\x12"


def test_a_scale_that_has_nothing_is_asked_again_at_the_usual_pace() -> None:
    driver = opened()
    assert [*driver.receive(b"\x15")] == [DeviceReady()]
    list(driver.tick(at(0)))
    assert asked(driver, at(0.2)) == b"\x05"
