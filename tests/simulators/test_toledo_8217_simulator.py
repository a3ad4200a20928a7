"""The simulated Toledo 8217 scale: weights at rest and a status otherwise, as the service manual has them."""

from typing import Any

import pytest

from simulators.devices.device import Device
from tests.simulators.scale_hands import SECOND_NS, ask, do, scale

KIND = "toledo-8217"
TARE_STATUS_NS = 150_000_000


def status(simulated: Device, now_ns: int = SECOND_NS) -> int:
    """The status byte, asked for by a clear of no tare."""
    assert ask(simulated, b"C", now_ns) == b""
    answer = b"".join(simulated.speak(now_ns + TARE_STATUS_NS))
    assert (answer[:2], answer[3:]) == (b"\x02?", b"\r")
    return answer[2]


WEIGHTS = [
    ({}, 450_000, b"\x0200.450\r"),
    ({}, 0, b"\x0200.000\r"),
    ({}, 12_345_000, b"\x0212.345\r"),
    ({"step": 5}, 453_000, b"\x0200.455\r"),
    ({"unit": "lb"}, 698_532, b"\x0201.54\r"),
    ({"unit": "lb", "step": 2}, 694_000, b"\x0201.54\r"),
    ({"parity_shown": True}, 450_000, bytes.fromhex("82 30 30 2E B4 35 30 8D")),
]


@pytest.mark.parametrize(("options", "mass_mg", "answer"), WEIGHTS)
def test_a_weight_at_rest_stands_between_stx_and_cr(
    options: dict[str, Any], mass_mg: int, answer: bytes
) -> None:
    assert ask(scale(KIND, mass_mg=mass_mg, **options), b"W") == answer


def test_while_it_moves_it_says_a_status_and_no_weight() -> None:
    simulated = scale(KIND)
    do(simulated, "put", mass_mg=100_000)
    # Bit 0: it moves. 100 g lie within the zero capture range of 2 % of 15 kg.
    assert ask(simulated, b"W", SECOND_NS + 200_000_000) == b"\x02?A\r"
    assert ask(simulated, b"W", 2 * SECOND_NS) == b"\x0200.100\r"


STATUSES = [
    ({"mass_mg": 0}, 0x50),
    ({"mass_mg": 100_000}, 0x40),
    ({"mass_mg": 1_000_000}, 0x48),
    ({"mass_mg": 16_000_000}, 0x4A),
    ({"mass_mg": 0, "lean_mg": -30_000}, 0x45),
]


@pytest.mark.parametrize(("world", "expected"), STATUSES)
def test_the_status_says_motion_range_and_zero_in_bits_under_a_bit_that_is_always_set(
    world: dict[str, int], expected: int
) -> None:
    simulated = scale(KIND)
    simulated.restore(world, 0)
    assert status(simulated) == expected


@pytest.mark.parametrize("world", [{"mass_mg": 16_000_000}, {"lean_mg": -30_000}, {"lean_mg": 500_000}])
def test_over_capacity_under_zero_and_in_motion_it_has_no_weight(world: dict[str, int]) -> None:
    simulated = scale(KIND)
    simulated.restore(world, 0)
    assert ask(simulated, b"W")[:2] == b"\x02?"


def test_zero_answers_with_the_status_and_is_taken_at_the_next_reading() -> None:
    simulated = scale(KIND, mass_mg=100_000)
    assert ask(simulated, b"Z") == b"\x02?@\r"
    assert ask(simulated, b"W") == b"\x0200.000\r"


def test_zero_is_not_taken_too_far_from_zero() -> None:
    simulated = scale(KIND, mass_mg=400_000)
    assert ask(simulated, b"Z") == b"\x02?H\r"
    assert ask(simulated, b"W") == b"\x0200.400\r"


def test_a_tare_item_is_taken_off_and_said_by_an_n_and_a_bit_until_it_is_cleared() -> None:
    simulated = scale(KIND)
    do(simulated, "put", mass_mg=50_000)
    later = 3 * SECOND_NS
    assert ask(simulated, b"T\r", later) == b""
    assert simulated.wakes_ns == later + TARE_STATUS_NS
    assert simulated.speak(later + TARE_STATUS_NS) == [b"\x02?`\r"]
    assert ask(simulated, b"W", 2 * later) == b"\x0200.000N\r"
    assert ask(simulated, b"C", 2 * later) == b""
    assert simulated.speak(3 * later) == [b"\x02?@\r"]
    assert ask(simulated, b"W", 3 * later) == b"\x0200.050\r"


def test_a_tare_item_is_not_taken_when_the_platter_was_not_empty_before() -> None:
    simulated = scale(KIND, mass_mg=50_000)
    simulated.power_on(0)
    ask(simulated, b"T\r")
    assert simulated.speak(2 * SECOND_NS) == [b"\x02?@\r"]
    assert ask(simulated, b"W", 2 * SECOND_NS) == b"\x0200.050\r"


TARES = [({}, b"T00200\r", b"\x0200.250N\r"), ({"unit": "lb"}, b"T00044\r", b"\x0200.55N\r")]


@pytest.mark.parametrize(("options", "command", "net"), TARES)
def test_a_tare_of_five_digits_has_its_point_in_the_place_of_the_display(
    options: dict[str, Any], command: bytes, net: bytes
) -> None:
    simulated = scale(KIND, mass_mg=450_000, **options)
    for cut in range(len(command)):
        ask(simulated, command[:cut])
        ask(simulated, command[cut:])
        simulated.speak(2 * SECOND_NS)
        assert ask(simulated, b"W", 2 * SECOND_NS) == net


def test_a_tare_without_an_end_is_none_and_what_comes_instead_is_obeyed() -> None:
    assert ask(scale(KIND, mass_mg=450_000), b"T123W") == b"\x0200.450\r"


def test_what_is_asked_during_a_tare_is_answered_after_it_and_too_much_is_lost() -> None:
    simulated = scale(KIND)
    ask(simulated, b"T00100\r" + b"W" * 500)
    said = simulated.speak(2 * SECOND_NS)
    assert said[0] == b"\x02?t\r"  # net, at gross zero, below net zero
    assert len(said) == 65


def test_the_echo_by_which_public_drivers_find_it_goes_on_until_f() -> None:
    simulated = scale(KIND)
    assert ask(simulated, b"Ehello") == b"\x02E\rhello"
    assert ask(simulated, b"WF") == b"W"
    assert ask(simulated, b"W") == b"\x0200.000\r"
    assert ask(scale(KIND, echo=False), b"Ehello") == b""


def test_its_test_of_itself_finds_what_is_broken() -> None:
    simulated = scale(KIND)
    assert ask(simulated, b"AB") == b"\x02\r\x02?@\r"
    do(simulated, "break", part="electronics")
    assert ask(simulated, b"AB") == b"\x02\r\x02?A\r"


def test_what_it_does_not_know_is_passed_over_but_a_clone_answers_with_its_status() -> None:
    assert ask(scale(KIND), b"X") == b""
    assert ask(scale(KIND, dialect="clone"), b"X") == b"\x02?p\r"


def test_a_clone_weighs_in_the_unit_that_it_is_asked_for() -> None:
    simulated = scale(KIND, mass_mg=698_532, dialect="clone")
    assert ask(simulated, b"LK") == b"\x0201.54\r\x0200.699\r"


def test_a_power_cut_forgets_tare_zero_and_echo_but_not_the_goods() -> None:
    simulated = scale(KIND, mass_mg=450_000)
    ask(simulated, b"T00100\rE")
    simulated.power_on(2 * SECOND_NS)
    assert simulated.wakes_ns is None
    assert ask(simulated, b"W", 2 * SECOND_NS) == b"\x0200.450\r"
