"""The simulated USB scale: reports of six bytes, as the usage tables count states and units."""

from typing import Any

import pytest

from simulators.devices.device import Device
from simulators.devices.personas import Reporting
from tests.simulators.scale_hands import SECOND_NS, do, scale

KIND = "hid-scale"


def report(simulated: Device, now_ns: int = SECOND_NS) -> bytes:
    """The one report that is due then."""
    (said,) = simulated.speak(now_ns)
    return said


# The first two are reports of real scales: 20 g, and 645.2 oz.
RESTING = [
    ({"unit": "g"}, 20_000, "03 04 02 00 14 00"),
    ({"unit": "oz", "capacity_g": 25_000}, 18_291_113, "03 04 0B FF 34 19"),
    ({"unit": "lb"}, 698_532, "03 04 0C FE 9A 00"),
    ({"unit": "kg"}, 1_234_000, "03 04 03 FD D2 04"),
    ({"unit": "g"}, 0, "03 02 02 00 00 00"),
    ({"unit": "g"}, 16_000_000, "03 06 02 00 80 3E"),
]


@pytest.mark.parametrize(("options", "mass_mg", "said"), RESTING)
def test_a_weight_at_rest_is_a_whole_number_with_unit_and_exponent(
    options: dict[str, Any], mass_mg: int, said: str
) -> None:
    assert report(scale(KIND, mass_mg=mass_mg, **options)) == bytes.fromhex(said)


def test_while_it_moves_the_state_is_3() -> None:
    simulated = scale(KIND)
    do(simulated, "put", mass_mg=500_000)
    assert report(simulated)[1] == 3
    assert report(simulated, 3 * SECOND_NS) == bytes.fromhex("03 04 02 00 F4 01")


BELOW = [("magnitude", "C8 00"), ("complement", "38 FF"), ("zero", "00 00")]


@pytest.mark.parametrize(("below_zero", "weight"), BELOW)
def test_below_zero_the_state_is_5_and_the_weight_what_the_maker_made_of_it(
    below_zero: str, weight: str
) -> None:
    simulated = scale(KIND, mass_mg=200_000, below_zero=below_zero)
    do(simulated, "press", key="zero")
    do(simulated, "clear")
    assert report(simulated, 3 * SECOND_NS) == bytes.fromhex("03 05 02 00" + weight)


@pytest.mark.parametrize(("part", "state"), [("electronics", 1), ("calibration", 7), ("zero", 8)])
def test_what_is_broken_has_a_state_of_its_own_and_no_weight(part: str, state: int) -> None:
    simulated = scale(KIND, mass_mg=500_000)
    do(simulated, "break", part=part)
    assert report(simulated) == bytes((3, state, 2, 0, 0, 0))


def test_reports_come_at_their_rate_asked_for_or_not() -> None:
    simulated = scale(KIND, rate_hz=10)
    due = simulated.wakes_ns
    assert due is not None
    assert len(simulated.speak(due)) == 1
    assert simulated.speak(due) == []
    assert simulated.wakes_ns == due + SECOND_NS // 10


@pytest.mark.parametrize("cut", range(5))
def test_a_control_report_sets_zero_however_it_is_cut(cut: int) -> None:
    simulated = scale(KIND, mass_mg=200_000, control_id=4)
    sent = b"\x09\x04\x01\x04\x00"
    simulated.hear(sent[:cut], SECOND_NS)
    simulated.hear(sent[cut:], SECOND_NS)
    assert report(simulated) == bytes.fromhex("03 02 02 00 00 00")


def test_many_have_no_control_report_and_listen_to_nothing() -> None:
    simulated = scale(KIND, mass_mg=200_000)
    simulated.hear(b"\x04\x01" * 1000, SECOND_NS)
    assert report(simulated) == bytes.fromhex("03 04 02 00 C8 00")


def report_bits(described: bytes) -> dict[tuple[int, str], int]:
    """How many bits each report has, by id and direction, counted from the items of the descriptor."""
    bits: dict[tuple[int, str], int] = {}
    size = count = report_id = at = 0
    while at < len(described):
        length = (0, 1, 2, 4)[described[at] & 3]
        value = int.from_bytes(described[at + 1 : at + 1 + length], "little")
        match described[at] & 0xFC:
            case 0x74:
                size = value
            case 0x94:
                count = value
            case 0x84:
                report_id = value
            case 0x80 | 0x90 as main:
                key = report_id, "in" if main == 0x80 else "out"
                bits[key] = bits.get(key, 0) + size * count
            case _:
                pass  # usages, limits and collections
        at += 1 + length
    return bits


def test_its_descriptor_describes_the_reports_that_it_sends_and_takes() -> None:
    plain, zeroed = scale(KIND), scale(KIND, control_id=4)
    assert isinstance(plain, Reporting)
    assert isinstance(zeroed, Reporting)
    described = plain.hid_persona.descriptor
    assert described.count(b"\xa1") == described.count(b"\xc0")
    assert report_bits(described) == {(3, "in"): 8 * (plain.hid_persona.report_bytes - 1)}
    assert report_bits(zeroed.hid_persona.descriptor) == {(3, "in"): 40, (4, "out"): 8}
