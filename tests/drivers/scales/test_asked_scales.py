"""Every scale that is asked: one question at a time, at its pace, and silence is told once."""

from collections.abc import Callable

import pytest

from edge.drivers.scales.azextra import AzExtra
from edge.drivers.scales.cas import Cas
from edge.drivers.scales.dialog06 import Dialog06
from edge.drivers.scales.hx711 import Hx711, Settings
from edge.drivers.scales.nci import Nci
from edge.drivers.scales.scale import ANSWER_PATIENCE_NS, AskedScale
from edge.drivers.scales.toledo8217 import Toledo8217
from edge.readings import CellLoaded, DeviceReady, Nanoseconds, Reading
from tests.drivers.scales.talk import asked, at, codes, weighed

CAS = bytes.fromhex("0102532030302E3435306B67600304")
RESULT = b"\x0202\x1b3\x1b00450\x1b000000\x1b000000\x03"

# Driver, its first question, an answer, what that means, and when it asks again.
SCALES: list[tuple[Callable[[], AskedScale], bytes, bytes, Reading, float]] = [
    (Toledo8217, b"W", b"\x0200.450\r", weighed(450_000), 0.2),
    (Nci, b"W\r", b"\n000.450kg\r\n00\r\x03", weighed(450_000), 0.2),
    (Cas, b"\x05", CAS, weighed(450_000), 0.2),
    (AzExtra, b"P\r\n", b"   0.450kg\r\n", weighed(450_000), 5.0),
    (lambda: Hx711(Settings(settling=0)), b"\n", b"8388609\n", CellLoaded(1), 0.1),
]
IDS = ["8217", "nci", "cas", "azextra", "hx711"]


@pytest.mark.parametrize(("fresh", "question", "answer", "reading", "pace_s"), SCALES, ids=IDS)
def test_it_asks_as_soon_as_the_port_is_open_and_says_it_once(
    fresh: Callable[[], AskedScale], question: bytes, answer: bytes, reading: Reading, pace_s: float
) -> None:
    driver = fresh()
    assert (driver.deadline_ns, driver.to_send()) == (None, b"")
    driver.opened(at(0))
    assert [driver.to_send(), driver.to_send()] == [question, b""]
    assert [*driver.receive(answer)] == [DeviceReady(), reading]
    list(driver.tick(at(0)))
    assert asked(driver, Nanoseconds(at(pace_s) - 1)) == b""
    assert asked(driver, at(pace_s)) == question


@pytest.mark.parametrize(("fresh", "question"), [each[:2] for each in SCALES], ids=IDS)
def test_it_asks_again_when_it_was_not_answered(fresh: Callable[[], AskedScale], question: bytes) -> None:
    driver = fresh()
    driver.opened(at(0))
    assert driver.to_send() == question
    assert asked(driver, Nanoseconds(ANSWER_PATIENCE_NS - 1)) == b""
    assert asked(driver, Nanoseconds(ANSWER_PATIENCE_NS)) == question


@pytest.mark.parametrize(("fresh", "question", "answer", "reading"), [each[:4] for each in SCALES], ids=IDS)
def test_what_came_before_the_port_was_lost_is_forgotten(
    fresh: Callable[[], AskedScale], question: bytes, answer: bytes, reading: Reading
) -> None:
    driver = fresh()
    driver.opened(at(0))
    list(driver.receive(answer + answer[:3]))
    driver.opened(at(9))
    assert driver.pending == 0
    assert driver.to_send() == question
    assert [*driver.receive(answer)] == [DeviceReady(), reading]


@pytest.mark.parametrize("fresh", [Toledo8217, Nci, Cas, Dialog06, Hx711])
def test_silence_is_a_fault_once(fresh: Callable[[], AskedScale]) -> None:
    driver = fresh()
    driver.opened(at(0))
    heard = [reading for tenths in range(300) for reading in driver.tick(at(tenths / 10))]
    assert codes(heard) == ["device.silent"]


def test_the_silence_of_an_azextra_is_no_fault_and_no_zero() -> None:
    driver = AzExtra()
    driver.opened(at(0))
    assert [reading for tenths in range(3000) for reading in driver.tick(at(tenths / 10))] == []
    assert [*driver.receive(b"   0.450kg\r\n")] == [DeviceReady(), weighed(450_000)]


def test_a_deadline_is_always_ahead_once_a_driver_has_ticked() -> None:
    for fresh, _, answer, _, _ in [*SCALES, (Dialog06, b"", RESULT, weighed(0), 0.5)]:
        driver = fresh()
        driver.opened(at(0))
        now = at(0)
        for step in range(200):
            if step % 3 == 0:
                list(driver.receive((b"", answer[:3], b"\x15", answer, b"x" * 99)[step % 5]))
            list(driver.tick(now))
            assert driver.deadline_ns is not None
            assert driver.deadline_ns > now
            now = driver.deadline_ns
