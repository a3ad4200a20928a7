"""The simulated AZextra: a label for new goods, and silence for everything else."""

import pytest

from simulators.devices.device import Device
from tests.simulators.scale_hands import SECOND_NS, ask, do, scale

KIND = "azextra"
LABEL = b"Net       0.450kg\r\nUnit price    1.99/kg\r\nTotal         0.90\r\n\r\n"


def printed(simulated: Device, now_ns: int = SECOND_NS) -> bytes:
    """The label that P gives."""
    return ask(simulated, b"P\r\n", now_ns)


def test_new_goods_at_rest_give_a_label_however_the_command_is_cut() -> None:
    for cut in range(4):
        simulated = scale(KIND, mass_mg=450_000, unit_price_minor=1_99)
        assert ask(simulated, b"P\r\n"[:cut]) + ask(simulated, b"P\r\n"[cut:]) == LABEL


def test_the_same_goods_give_a_beep_and_nothing_else() -> None:
    simulated = scale(KIND, mass_mg=450_000)
    assert printed(simulated)
    assert printed(simulated, 2 * SECOND_NS) == b""
    assert printed(simulated, 3 * SECOND_NS) == b""
    assert simulated.world()["beeps"] == 2


def test_goods_that_were_lifted_and_laid_down_again_are_new() -> None:
    simulated = scale(KIND, mass_mg=450_000)
    assert printed(simulated)
    do(simulated, "clear", 2 * SECOND_NS)
    assert printed(simulated, 4 * SECOND_NS) == b""  # no zero after the goods are gone
    do(simulated, "put", 5 * SECOND_NS, mass_mg=450_000)
    assert printed(simulated, 5 * SECOND_NS) == b""  # still moving
    assert printed(simulated, 7 * SECOND_NS)[:17] == b"Net       0.450kg"
    assert simulated.world()["beeps"] == 0


@pytest.mark.parametrize("world", [{}, {"mass_mg": 16_000_000}, {"lean_mg": -500_000}, {"lean_mg": 500_000}])
def test_nothing_overload_underload_and_motion_are_silence(world: dict[str, int]) -> None:
    simulated = scale(KIND)
    simulated.restore(world, 0)
    assert printed(simulated) == b""
    assert simulated.wakes_ns is None


def test_tare_and_zero_do_their_work_in_silence() -> None:
    simulated = scale(KIND, mass_mg=450_000)
    assert ask(simulated, b"T\r\n") == b""
    assert printed(simulated) == b""
    do(simulated, "put", mass_mg=100_000)
    assert printed(simulated, 3 * SECOND_NS)[:17] == b"Net       0.100kg"
    zeroed = scale(KIND, mass_mg=200_000)
    assert ask(zeroed, b"Z\r\n") == b""
    assert printed(zeroed) == b""


@pytest.mark.parametrize("sent", [b"p\r\n", b"P\r", b"PP\r\n", b"\r\n", b"x" * 100 + b"\r\n"])
def test_what_is_no_command_is_silence(sent: bytes) -> None:
    assert ask(scale(KIND, mass_mg=450_000), sent) == b""


def test_after_rubbish_without_an_end_the_next_command_is_heard() -> None:
    simulated = scale(KIND, mass_mg=450_000)
    assert ask(simulated, b"x" * 100) == b""
    assert printed(simulated)


def test_a_power_cut_makes_old_goods_new_and_forgets_the_tare() -> None:
    simulated = scale(KIND, mass_mg=450_000)
    assert printed(simulated)
    ask(simulated, b"T\r\n")
    simulated.power_on(2 * SECOND_NS)
    assert printed(simulated, 2 * SECOND_NS)[:17] == b"Net       0.450kg"
