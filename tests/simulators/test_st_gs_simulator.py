"""The simulated indicator that talks by itself: each variant's line is that of a manual or of a capture."""

import pytest

from simulators.devices.device import Device
from tests.simulators.scale_hands import SECOND_NS, do, scale

KIND = "st-gs"


def line(simulated: Device, now_ns: int = SECOND_NS) -> bytes:
    """The line that it says then."""
    return b"".join(simulated.speak(now_ns))


RESTING = [
    ("qhw", 245_600, b"ST,GS,   245.6 g\r\n"),
    ("nhb", 20_700, b"ST,GS    20.7g  \r\n"),
    ("ohaus", 360_000, b"   0.360 kg    G\r\n"),
    ("and-18", 1_234_000, b"ST,GS,+001.234kg\r\n"),
    ("cas-22", 450_000, b"ST,GS,1\xc4,   0.450 kg\r\n"),
    ("cas-22", 0, b"ST,GS,1\xc5,   0.000 kg\r\n"),
]


@pytest.mark.parametrize(("variant", "mass_mg", "said"), RESTING)
def test_a_weight_at_rest_is_said_as_the_real_ones_say_it(variant: str, mass_mg: int, said: bytes) -> None:
    assert line(scale(KIND, mass_mg=mass_mg, variant=variant)) == said


@pytest.mark.parametrize(("variant", "length"), [("cas-22", 22), ("and-18", 18)])
def test_a_line_is_as_long_as_its_name_says(variant: str, length: int) -> None:
    assert len(line(scale(KIND, variant=variant))) == length


# What it says while a hand leans on it, beyond its range, and of a tared bowl that has been lifted off.
STATES = [
    ("qhw", b"US,GS,", b"OL,GS,", b"ST,NT,  -360.0 g\r\n"),
    ("nhb", b"US,GS", b"OL,GS", b"ST,NT  -360.0g  \r\n"),
    ("and-18", b"US,GS,+", b"OL,GS,+999.999kg\r\n", b"ST,NT,-000.360kg\r\n"),
    ("cas-22", b"US,GS,1\x84,", b"OL,GS,1\xc4,", b"ST,NT,1\xc3,  -0.360 kg\r\n"),
    ("ohaus", b"   ", b"", b"-  0.360 kg    N\r\n"),
]


@pytest.mark.parametrize(("variant", "moving", "overloaded", "net"), STATES)
def test_motion_overload_and_net_are_in_its_own_words(
    variant: str, moving: bytes, overloaded: bytes, net: bytes
) -> None:
    leant = scale(KIND, variant=variant)
    leant.restore({"lean_mg": 500_000}, 0)
    assert line(leant).startswith(moving)
    heavy = scale(KIND, mass_mg=16_000_000, variant=variant)
    assert line(heavy).startswith(overloaded)
    tared = scale(KIND, mass_mg=360_000, variant=variant)
    do(tared, "press", key="tare")
    do(tared, "clear")
    assert line(tared, 3 * SECOND_NS) == net


def test_an_ohaus_marks_motion_before_its_last_letter_and_is_silent_beyond_its_range() -> None:
    leant = scale(KIND, variant="ohaus")
    leant.restore({"lean_mg": 500_000}, 0)
    assert line(leant).endswith(b" kg   ?G\r\n")
    assert line(scale(KIND, mass_mg=16_000_000, variant="ohaus")) == b""


def test_it_goes_on_for_ever_at_its_rate_and_catches_up_on_nothing() -> None:
    simulated = scale(KIND, rate_hz=10)
    due = simulated.wakes_ns
    assert due is not None
    assert len(simulated.speak(due)) == 1
    assert simulated.speak(due) == []
    assert simulated.wakes_ns == due + SECOND_NS // 10
    assert len(simulated.speak(due + 60 * SECOND_NS)) == 1


def test_a_power_cut_forgets_the_tare_and_may_put_rubbish_before_the_first_line() -> None:
    simulated = scale(KIND, mass_mg=360_000, noisy_start=True)
    do(simulated, "press", key="tare")
    simulated.power_on(2 * SECOND_NS)
    assert simulated.speak(2 * SECOND_NS) == [b"\x00\x00\x7f\x7f", b"ST,GS,   360.0 g\r\n"]


def test_it_does_not_listen() -> None:
    simulated = scale(KIND)
    line(simulated)
    simulated.hear(b"S\r\nZ\r\n" * 1000, SECOND_NS)
    assert simulated.speak(SECOND_NS) == []


def test_nothing_of_it_can_break_in_a_way_that_it_could_say() -> None:
    assert "break" not in scale(KIND).verbs
