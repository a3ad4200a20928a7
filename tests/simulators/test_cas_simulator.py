"""The simulated CAS scale: a handshake, then blocks with a check of their own."""

from functools import reduce
from operator import xor
from typing import Any

import pytest

from simulators.devices.device import Device
from tests.simulators.scale_hands import SECOND_NS, ask, do, scale

KIND = "cas"
ENQ, ACK, DC1, DC2, NAK = b"\x05", b"\x06", b"\x11", b"\x12", b"\x15"


def weight(simulated: Device, now_ns: int = SECOND_NS) -> bytes:
    """What stands in the block of the weight, after the handshake."""
    assert ask(simulated, ENQ, now_ns) == ACK
    answer = ask(simulated, DC1, now_ns)
    assert (answer[:2], answer[13:]) == (b"\x01\x02", b"\x03\x04")
    assert reduce(xor, answer[2:12]) == answer[12]
    return answer[2:12]


def test_the_answer_is_byte_for_byte_that_of_the_manual() -> None:
    simulated = scale(KIND, mass_mg=450_000)
    assert ask(simulated, ENQ) == ACK
    assert ask(simulated, DC1) == bytes.fromhex("01 02 53 20 30 30 2E 34 35 30 6B 67 60 03 04")


WEIGHTS = [
    ({}, {"mass_mg": 12_345_000}, b"S 12.345kg"),
    ({"step": 5}, {"mass_mg": 453_000}, b"S 00.455kg"),
    ({"unit": "lb"}, {"mass_mg": 698_532}, b"S 001.54lb"),
    ({}, {"mass_mg": 16_000_000}, b"SF16.000kg"),
    ({"overload_in": "state"}, {"mass_mg": 16_000_000}, b"F 16.000kg"),
]


@pytest.mark.parametrize(("options", "world", "said"), WEIGHTS)
def test_state_sign_weight_and_unit_have_their_places(
    options: dict[str, Any], world: dict[str, int], said: bytes
) -> None:
    simulated = scale(KIND, **options)
    simulated.restore(world, 0)
    assert weight(simulated) == said


def test_while_it_moves_the_state_is_u() -> None:
    simulated = scale(KIND)
    do(simulated, "put", mass_mg=450_000)
    assert weight(simulated)[:1] == b"U"
    assert weight(simulated, 3 * SECOND_NS) == b"S 00.450kg"


def test_below_zero_there_is_a_sign() -> None:
    simulated = scale(KIND, mass_mg=200_000)
    do(simulated, "press", key="zero")
    do(simulated, "clear")
    assert weight(simulated, 3 * SECOND_NS) == b"S-00.200kg"


def test_with_prices_there_are_three_blocks_and_the_total_is_rounded_half_up() -> None:
    simulated = scale(KIND, mass_mg=450_000, unit_price_minor=1_99)
    ask(simulated, ENQ)
    total, weighed, price = (block[:-1] for block in ask(simulated, DC2)[2:-2].split(b"\x03\x02"))
    assert (total, weighed, price) == (b"00000.90", b"S 00.450kg", b"00001.99")


def test_without_a_handshake_and_with_broken_electronics_there_is_a_nak() -> None:
    simulated = scale(KIND)
    assert ask(simulated, DC1) == NAK
    do(simulated, "break", part="electronics")
    assert ask(simulated, ENQ + DC1) == NAK + NAK


def test_a_handshake_is_good_for_one_answer() -> None:
    simulated = scale(KIND)
    assert weight(simulated)
    assert ask(simulated, DC1) == NAK


def test_what_is_no_word_of_it_is_passed_over() -> None:
    simulated = scale(KIND)
    assert ask(simulated, b"W\r\nhello") == b""
    assert ask(simulated, ENQ + b"?" + DC1)[:2] == ACK + b"\x01"
