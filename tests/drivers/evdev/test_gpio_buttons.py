"""The driver of buttons on GPIO lines: edges to presses, without bounces and sparks."""

import struct
from collections.abc import Callable, Sequence

import msgspec
import pytest

from edge.drivers.framing import NOISE_BYTES_MAX
from edge.drivers.records import RECORD_PATIENCE_NS
from edge.drivers.touch.gpio import GpioButtons, driver
from edge.readings import ButtonPressed, Garbled, Nanoseconds, Reading

CheckSlices = Callable[[Callable[[], GpioButtons], bytes, Sequence[Reading]], None]
Edge = tuple[int, int, int]

RISES, FALLS = 1, 2
DOWN, UP = ButtonPressed(17), ButtonPressed(17, down=False)


def edges(*told: Edge) -> bytes:
    """`struct gpio_v2_line_event`: time, edge, line, number, number on its line, padding."""
    return b"".join(
        struct.pack("<QIIII24x", 10**9 + 10**6 * at_ms, edge, line, number, number)
        for number, (at_ms, edge, line) in enumerate(told, 1)
    )


def at(milliseconds: int) -> Nanoseconds:
    return Nanoseconds(milliseconds * 1_000_000)


PRESSES: list[tuple[str, bytes, list[Reading]]] = [
    ("a press that lasts, seen when it ends", edges((0, RISES, 17), (90, FALLS, 17)), [DOWN]),
    ("a press and a release", edges((0, RISES, 17), (90, FALLS, 17), (500, RISES, 17)), [DOWN, UP]),
    ("a spark", edges((0, RISES, 17), (1, FALLS, 17), (500, RISES, 17), (501, FALLS, 17)), []),
    (
        "bounces",
        edges((0, RISES, 17), (1, FALLS, 17), (3, RISES, 17), (99, FALLS, 17), (101, RISES, 17)),
        [DOWN],
    ),
    (
        "two buttons",
        edges((0, RISES, 17), (50, RISES, 4), (100, FALLS, 17), (150, FALLS, 4)),
        [DOWN, ButtonPressed(4)],
    ),
    ("time that begins anew", edges((9000, RISES, 17), (0, FALLS, 17), (90, RISES, 17)), [DOWN, UP]),
    (
        "what is no edge",
        b"\xff" * 3 + edges((0, RISES, 17), (90, FALLS, 17)),
        [Garbled("FFFFFF", "expected a record of 48 bytes, got 3 bytes that are none"), DOWN],
    ),
]


@pytest.mark.parametrize(("data", "readings"), [p[1:] for p in PRESSES], ids=[p[0] for p in PRESSES])
def test_edges_are_the_same_presses_however_they_are_cut(
    check_slices: CheckSlices, data: bytes, readings: list[Reading]
) -> None:
    check_slices(GpioButtons, data, readings)


def test_a_level_counts_once_it_has_lasted() -> None:
    buttons = opened()
    for falls in (False, True):
        assert [*buttons.receive(edges((900 * falls, FALLS if falls else RISES, 17)))] == []
        assert [*buttons.tick(at(5 + 900 * falls))] == []
        assert buttons.deadline_ns == at(25 + 900 * falls)
        assert [*buttons.tick(buttons.deadline_ns)] == [UP if falls else DOWN]
        assert buttons.deadline_ns is None


def test_a_button_that_pulls_its_line_down_is_pressed_when_it_is_low() -> None:
    buttons = driver({"active_low": True, "settle_ms": 0})
    data = edges((0, FALLS, 17), (90, RISES, 17), (500, FALLS, 17))
    assert [*buttons.receive(data)] == [DOWN, UP]


def test_after_the_chip_was_lost_nothing_is_held() -> None:
    buttons = opened()
    list(buttons.receive(edges((0, RISES, 17), (90, FALLS, 17))[:90]))
    list(buttons.tick(at(1)))
    list(buttons.tick(at(30)))
    buttons.opened(at(40))
    assert buttons.pending == 0
    assert [*buttons.tick(at(40))] == [UP]
    assert buttons.to_send() == b""


def test_half_an_edge_is_given_up() -> None:
    buttons = opened()
    list(buttons.receive(edges((0, RISES, 17))[:40]))
    list(buttons.tick(at(1)))
    assert buttons.deadline_ns == at(1) + RECORD_PATIENCE_NS
    [garbled] = buttons.tick(buttons.deadline_ns)
    assert isinstance(garbled, Garbled)
    assert buttons.pending == 0


def test_noise_without_end_is_told_in_large_pieces() -> None:
    buttons = opened()
    heard = [each for _ in range(100) for each in buttons.receive(b"\x55" * 100)]
    assert {type(each) for each in heard} == {Garbled}
    assert len(heard) == 10_000 // NOISE_BYTES_MAX
    assert buttons.pending == 10_000 % NOISE_BYTES_MAX


@pytest.mark.parametrize("set_to", [{"settle_ms": -1}, {"settle_ms": 5000}, {"lines": [1]}])
def test_settings_that_no_button_has_are_refused(set_to: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        driver(set_to)


def opened() -> GpioButtons:
    buttons = GpioButtons()
    assert buttons.deadline_ns is None
    buttons.opened(at(0))
    assert [*buttons.tick(at(0))] == []
    assert buttons.deadline_ns is None
    return buttons
