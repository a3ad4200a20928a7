"""The simulated NCI scale in its three dialects: weight and status between LF and ETX."""

from typing import Any

import pytest

from tests.simulators.scale_hands import SECOND_NS, ask, do, scale

KIND = "nci"
# 1.54 lb, the example of the 7821's manual.
GOODS_MG = 698_532

WEIGHTS = [
    ({}, GOODS_MG, bytes.fromhex("0A 30 30 30 31 2E 35 34 6C 62 0D 0A 30 30 0D 03")),
    ({}, 0, b"\n0000.00lb\r\n20\r\x03"),
    ({"unit": "kg"}, GOODS_MG, b"\n000.699kg\r\n00\r\x03"),
    ({"status_bytes": 3}, GOODS_MG, b"\n0001.54lb\r\n0p0\r\x03"),
    ({"inverted": True}, GOODS_MG, b"\n0001.54lb\r\n10\r\x03"),
    ({"dialect": "ecr"}, GOODS_MG, b"\n001.54LB\r\nS00\r\x03"),
    ({"dialect": "ecr", "unit": "kg"}, GOODS_MG, b"\n00.699KG\r\nS00\r\x03"),
    ({"dialect": "scp-12"}, GOODS_MG, b"\n 001.54lb\r00\x03"),
]


@pytest.mark.parametrize(("options", "mass_mg", "answer"), WEIGHTS)
def test_a_weight_at_rest_comes_with_its_status(options: dict[str, Any], mass_mg: int, answer: bytes) -> None:
    simulated = scale(KIND, mass_mg=mass_mg, **options)
    assert ask(simulated, b"W\r") == answer
    assert ask(simulated, b"\nW") == b""
    assert ask(simulated, b"\r") == answer


@pytest.mark.parametrize(("inverted", "moving", "resting"), [(False, "1", "0"), (True, "0", "1")])
def test_the_motion_bit_is_as_the_manual_prints_it(inverted: bool, moving: str, resting: str) -> None:
    simulated = scale(KIND, inverted=inverted)
    do(simulated, "put", mass_mg=GOODS_MG)
    said = ask(simulated, b"W\r", SECOND_NS + 100_000_000).decode("ascii")
    assert said[-4] == moving
    assert ask(simulated, b"S\r", 3 * SECOND_NS) == f"\n{resting}0\r\x03".encode("ascii")


BEYOND = [
    ({"mass_mg": 16_000_000}, b"\n^^^^^^lb\r\n02\r\x03"),
    ({"lean_mg": -200_000}, b"\n______lb\r\n11\r\x03"),
]


@pytest.mark.parametrize(("world", "answer"), BEYOND)
def test_beyond_its_range_there_are_marks_in_place_of_a_weight(world: dict[str, int], answer: bytes) -> None:
    simulated = scale(KIND)
    simulated.restore(world, 0)
    assert ask(simulated, b"W\r") == answer


def test_a_little_below_zero_the_sign_stands_first() -> None:
    simulated = scale(KIND, mass_mg=90_718)
    assert ask(simulated, b"Z\r") == b"\n20\r\x03"
    do(simulated, "clear")
    # A fifth of a pound was taken as zero, and is gone.
    assert ask(simulated, b"W\r", 3 * SECOND_NS) == b"\n-000.20lb\r\n01\r\x03"


@pytest.mark.parametrize("world", [{"mass_mg": 16_000_000}, {"lean_mg": -200_000}, {"lean_mg": 50_000}])
def test_ecr_says_no_weight_that_is_not_fit_to_sell_by(world: dict[str, int]) -> None:
    simulated = scale(KIND, dialect="ecr")
    simulated.restore(world, 0)
    said = ask(simulated, b"W\r")
    assert (said[:2], said[4:]) == (b"\nS", b"\r\x03")


def test_zero_is_taken_near_zero_and_not_far_from_it() -> None:
    near, far = scale(KIND, mass_mg=200_000), scale(KIND, mass_mg=400_000)
    assert ask(near, b"Z\r") == b"\n20\r\x03"
    assert ask(far, b"Z\r") == b"\n00\r\x03"


def test_ten_times_as_fine_is_one_decimal_more() -> None:
    said = ask(scale(KIND, mass_mg=GOODS_MG), b"H\r")
    assert said in (b"\n001.540lb\r\n00\r\x03", b"\n001.539lb\r\n00\r\x03", b"\n001.541lb\r\n00\r\x03")


def test_the_unit_changes_until_the_power_fails() -> None:
    simulated = scale(KIND, mass_mg=GOODS_MG)
    assert ask(simulated, b"U\r") == b"\nkg\r\n00\r\x03"
    assert ask(simulated, b"W\r")[1:10] == b"000.699kg"
    simulated.power_on(0)
    assert ask(simulated, b"W\r")[1:10] == b"0001.54lb"


def test_raw_counts_are_six_digits() -> None:
    said = ask(scale(KIND, mass_mg=GOODS_MG), b"M\r")
    assert said[7:] == b"MM\r\n00\r\x03"
    assert int(said[1:7]) == pytest.approx(106_985, abs=20)


@pytest.mark.parametrize("command", [b"X\r", b"\r", b"w\r", b"WW\r"])
def test_what_it_does_not_know_is_a_question_mark(command: bytes) -> None:
    assert ask(scale(KIND), command) == b"\n?\r\x03"


BROKEN = [("memory", b"60"), ("calibration", b"28"), ("zero", b"20")]


@pytest.mark.parametrize(("part", "bits"), BROKEN)
def test_what_is_broken_shows_in_its_bit_until_it_is_mended(part: str, bits: bytes) -> None:
    simulated = scale(KIND)
    do(simulated, "break", part=part)
    assert ask(simulated, b"S\r") == b"\n" + bits + b"\r\x03"
    do(simulated, "mend")
    assert ask(simulated, b"S\r") == b"\n20\r\x03"


def test_without_a_zero_point_there_is_no_weight() -> None:
    simulated = scale(KIND, status_bytes=3)
    do(simulated, "break", part="zero")
    assert ask(simulated, b"W\r") == b"\n------lb\r\n2p8\r\x03"


def test_rubbish_without_an_end_is_forgotten() -> None:
    simulated = scale(KIND, mass_mg=GOODS_MG)
    assert ask(simulated, b"x" * 100) == b""
    assert ask(simulated, b"S\r") == b"\n00\r\x03"
