"""The driver of touch-key chips on I2C: what it asks, when it sets a chip up, and what the answers mean."""

from collections.abc import Callable, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.touch.mpr121 import ASK_EVERY_NS, CARE_ASKS, TouchKeys, driver
from edge.readings import ButtonPressed, DeviceFault, DeviceReady, Garbled, Nanoseconds, Reading

CheckSlices = Callable[[Callable[[], TouchKeys], bytes, Sequence[Reading]], None]

ASKS_STATUS = bytes([1, 2, 0x00])
ASKS_RUNNING = bytes([1, 1, 0x5E])
WRITTEN = bytes([0, 0])
RUNS = bytes([0, 1, 0x8C])
STANDS = bytes([0, 1, 0x00])
UNTOUCHED = bytes([0, 2, 0, 0])
NOT_THERE = bytes([121, 0])


def status(*keys: int) -> bytes:
    return bytes([0, 2]) + sum(1 << key for key in keys).to_bytes(2, "little")


def down(key: int) -> ButtonPressed:
    return ButtonPressed(key)


def up(key: int) -> ButtonPressed:
    return ButtonPressed(key, down=False)


ANSWERS: list[tuple[str, bytes, list[Reading]]] = [
    ("a touch", status(2) + status(2) + status(), [down(2), up(2)]),
    ("all keys", status(*range(12)) + status(), [*map(down, range(12)), *map(up, range(12))]),
    ("from key to key", status(0, 3) + status(3, 11), [down(0), down(3), up(0), down(11)]),
    ("the proximity of a hand", status(12), []),
    ("answers to writes", WRITTEN + status(1) + WRITTEN + RUNS, [down(1)]),
    ("no acknowledgement", status(1) + NOT_THERE + status(1), [down(1)]),
    (
        "bits that no status has",
        status(13) + status(1),
        [Garbled("0020", "expected a status, got bits that no status has"), down(1)],
    ),
]


@pytest.mark.parametrize(("data", "readings"), [a[1:] for a in ANSWERS], ids=[a[0] for a in ANSWERS])
def test_answers_are_the_same_touches_however_they_are_cut(
    check_slices: CheckSlices, data: bytes, readings: list[Reading]
) -> None:
    check_slices(TouchKeys, data, readings)


def at(milliseconds: int) -> Nanoseconds:
    return Nanoseconds(milliseconds * 1_000_000)


def transactions(data: bytes) -> list[bytes]:
    """Records of the bus: bytes to write, bytes to read, what is written."""
    found = []
    while data:
        size = 2 + data[0]
        found.append(data[:size])
        data = data[size:]
    return found


def running(**set_to: object) -> TouchKeys:
    keys = driver(set_to)
    keys.opened(at(0))
    assert keys.to_send() == ASKS_STATUS + ASKS_RUNNING
    assert [*keys.receive(UNTOUCHED + STANDS)] == [DeviceReady()]
    list(keys.tick(at(0)))
    return keys


def test_an_mpr121_is_set_up_while_it_stands_still_and_only_after_it_has_answered() -> None:
    keys = running(keys=4, touch_threshold=20, release_threshold=10, debounce=2)
    assert keys.deadline_ns == ASK_EVERY_NS
    written = transactions(keys.to_send())
    assert written[0] == bytes([2, 0, 0x5E, 0x00])
    assert written[-1] == bytes([2, 0, 0x5E, 0x84])
    registers = {
        register + place: value
        for _, count, register, *values in written
        for place, value in enumerate(values)
        if count == 0
    }
    assert all(registers[0x41 + 2 * key] == 20 and registers[0x42 + 2 * key] == 10 for key in range(12))
    assert (registers[0x2B], registers[0x2D], registers[0x5B]) == (0x01, 0x0E, 0x22)
    assert (registers[0x5C], registers[0x5D]) == (0x10, 0x20)
    assert keys.to_send() == b""


def test_it_asks_25_times_a_second_and_once_a_second_whether_the_chip_still_runs() -> None:
    keys = running()
    keys.to_send()
    asked = []
    for _ in range(2 * CARE_ASKS):
        assert keys.deadline_ns is not None
        list(keys.tick(keys.deadline_ns))
        asked.append(keys.to_send())
        list(keys.receive(UNTOUCHED))
    assert set(asked) == {ASKS_STATUS, ASKS_STATUS + ASKS_RUNNING}
    assert asked.count(ASKS_STATUS + ASKS_RUNNING) == 2


def test_a_chip_that_lost_its_power_is_set_up_again_and_its_keys_are_released() -> None:
    keys = running()
    setup = keys.to_send()
    assert [*keys.receive(RUNS + status(3))] == [down(3)]
    assert keys.to_send() == b""
    assert [*keys.receive(STANDS)] == [up(3), DeviceReady()]
    assert keys.to_send() == setup


def test_an_over_current_is_a_fault_once_until_it_is_cleared() -> None:
    keys = running()
    setup = keys.to_send()
    [released, fault] = [*keys.receive(status(3) + bytes([0, 2, 0x00, 0x80]) * 3)][1:]
    assert released == up(3)
    assert isinstance(fault, DeviceFault)
    assert fault.code == "buttons.over-current"
    assert keys.to_send() == bytes([2, 0, 0x01, 0x80])
    assert [*keys.receive(STANDS)] == []
    assert keys.to_send() == setup
    assert [*keys.receive(status())] == [DeviceReady()]


def test_a_chip_that_does_not_answer_is_silent_once_and_back_when_it_does() -> None:
    keys = running()
    heard: list[Reading] = []
    for tenths in range(1, 60):
        heard += [*keys.receive(NOT_THERE), *keys.tick(at(100 * tenths))]
    assert [each.code for each in heard if isinstance(each, DeviceFault)] == ["device.silent"]
    assert len(heard) == 1
    assert [*keys.receive(status(1))] == [DeviceReady(), down(1)]


def test_a_cap1188_is_told_that_its_touch_was_heard() -> None:
    keys = driver({"chip": "cap1188"})
    keys.opened(at(0))
    assert keys.to_send() == bytes([1, 1, 0x03])
    assert [*keys.receive(bytes([0, 1, 0x81]))] == [DeviceReady(), down(0), down(7)]
    sent = transactions(keys.to_send())
    assert bytes([2, 0, 0x00, 0x00]) in sent
    assert bytes([2, 0, 0x2A, 0x00]) in sent
    assert [*keys.receive(WRITTEN * 3 + bytes([0, 1, 0x80]))] == [up(0)]
    list(keys.tick(at(0)))
    for _ in range(CARE_ASKS):
        assert keys.deadline_ns is not None
        list(keys.tick(keys.deadline_ns))
    assert bytes([2, 0, 0x2A, 0x00]) in keys.to_send()


def test_half_an_answer_is_given_up() -> None:
    keys = running()
    list(keys.receive(bytes([0, 2, 1])))
    list(keys.tick(at(100)))
    assert keys.pending == 3
    heard = [*keys.tick(at(150)), *keys.tick(at(301))]
    assert heard == [Garbled("000201", "expected the answer of a touch-key chip, got bytes that are none")]
    assert keys.pending == 0


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.binary(max_size=40)))
def test_whatever_comes_little_is_held_and_little_is_sent(parts: list[bytes]) -> None:
    keys = TouchKeys()
    for part in parts:
        list(keys.receive(part))
        assert keys.pending < 4
    assert len(keys.to_send()) < 100


@pytest.mark.parametrize("set_to", [{"chip": "at42"}, {"keys": 13}, {"debounce": 8}, {"touch_threshold": 0}])
def test_settings_that_no_chip_has_are_refused(set_to: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        driver(set_to)
