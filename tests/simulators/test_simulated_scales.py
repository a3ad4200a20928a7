"""What holds for every simulated scale, whatever it speaks: its hands, its seed, its world, its limits."""

import random

import pytest

from simulators.devices.catalogue import part
from simulators.devices.device import SAID_FRAMES_MAX, Device, RefusedError
from tests.simulators.scale_hands import SECOND_NS, do, scale

# A question of each language, none for those that talk by themselves.
QUESTIONS = {
    "mt-sics": b"SI\r\n",
    "toledo-8217": b"W",
    "nci": b"W\r",
    "dialog06": b"\x04\x0201\x1b000199\x1b\x03\x04\x05",
    "cas": b"\x05\x11",
    "st-gs": b"",
    "azextra": b"P\r\n",
    "hid-scale": b"",
    "hx711": b"\n",
}
KINDS = sorted(QUESTIONS)
OURS = [kind for kind in KINDS if kind != "mt-sics"]
BREAKABLE = [kind for kind in KINDS if "break" in scale(kind).verbs]


def day(simulated: Device, kind: str) -> list[bytes]:
    """All that it says while goods come and go."""
    said: list[bytes] = []
    for second in range(1, 20):
        if second % 3 == 0:
            do(simulated, "put", second * SECOND_NS, mass_mg=123_456)
        simulated.hear(QUESTIONS[kind], second * SECOND_NS)
        said += simulated.speak(second * SECOND_NS + SECOND_NS // 5)
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_is_one_day(kind: str) -> None:
    assert day(scale(kind, 7), kind) == day(scale(kind, 7), kind) != []


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_ends_as_the_line_is_told_that_frames_end(kind: str) -> None:
    simulated = scale(kind)
    spoken = [frame for frame in day(simulated, kind) if frame not in (b"\x06", b"\x15")]
    assert all(frame.endswith(simulated.terminator) for frame in spoken)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_a_host_sends_breaks_it_and_what_it_keeps_to_say_has_a_limit(
    kind: str, seed: int
) -> None:
    simulated, luck = scale(kind), random.Random(seed)
    for step in range(1, 200):
        simulated.hear(luck.randbytes(luck.randrange(100)), step * SECOND_NS)
        simulated.hear(QUESTIONS[kind] * luck.randrange(20), step * SECOND_NS)
    assert len(simulated.speak(200 * SECOND_NS)) <= SAID_FRAMES_MAX + 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_hand_lays_takes_leans_and_clears_and_the_world_outlives_the_power(kind: str) -> None:
    simulated = scale(kind)
    do(simulated, "put", mass_mg=500_000)
    do(simulated, "take", mass_mg=200_000)
    do(simulated, "lean", mass_mg=-9)
    world = simulated.world()
    assert (world["mass_mg"], world["lean_mg"]) == (300_000, -9)
    simulated.power_on(2 * SECOND_NS)
    other = scale(kind)
    other.restore(simulated.world(), 0)
    assert other.world() == world
    do(other, "clear")
    assert other.world()["mass_mg"] == 0


@pytest.mark.parametrize("kind", BREAKABLE)
def test_a_broken_part_stays_broken_over_a_power_cut_until_it_is_mended(kind: str) -> None:
    simulated = scale(kind)
    with pytest.raises(RefusedError) as refused:
        do(simulated, "break", part="spring")
    parts = str(refused.value).partition("there is ")[2].split(", ")
    assert parts
    for each in parts:
        do(simulated, "break", part=each)
        simulated.power_on(0)
        assert simulated.world()["broken"] == each
    do(simulated, "mend")
    assert simulated.world()["broken"] == ""


@pytest.mark.parametrize("kind", OURS)
def test_what_a_hand_cannot_do_is_told_in_a_sentence(kind: str) -> None:
    simulated = scale(kind)
    known = ", ".join(sorted(simulated.verbs))
    with pytest.raises(RefusedError, match=f"the verb 'push' is unknown here: the verbs are {known}"):
        do(simulated, "push")
    with pytest.raises(RefusedError, match="no part 'spring' of this scale can break"):
        simulated.restore({"broken": "spring"}, 0)
    with pytest.raises(RefusedError, match="cannot take 2 mg"):
        do(simulated, "take", mass_mg=2)


@pytest.mark.parametrize("key", ["zero", "tare"])
def test_a_key_does_nothing_while_the_plate_moves(key: str) -> None:
    simulated = scale("st-gs", mass_mg=100_000)
    do(simulated, "lean", mass_mg=50_000)
    do(simulated, "press", key=key)
    do(simulated, "lean", mass_mg=0)
    assert simulated.speak(9 * SECOND_NS) == [b"ST,GS,   100.0 g\r\n"]


def test_a_tared_bowl_between_two_digits_weighs_nothing_and_does_not_flicker() -> None:
    simulated = scale("st-gs", mass_mg=360_050)
    do(simulated, "press", key="tare")
    said = [b"".join(simulated.speak(second * SECOND_NS)) for second in range(2, 50)]
    assert set(said) == {b"ST,NT,     0.0 g\r\n"}


def test_a_tare_of_an_empty_plate_is_no_tare() -> None:
    simulated = scale("st-gs")
    for second in range(2, 50):
        do(simulated, "press", now_ns=second * SECOND_NS, key="tare")
        assert simulated.speak(second * SECOND_NS) == [b"ST,GS,     0.0 g\r\n"]


@pytest.mark.parametrize("kind", ["toledo-8217", "nci", "cas", "dialog06"])
@pytest.mark.parametrize(
    ("option", "value"), [("step", 3), ("unit", "g"), ("capacity_g", 0), ("colour", "red")]
)
def test_a_bench_file_that_says_what_no_scale_can_be_is_refused(
    kind: str, option: str, value: object
) -> None:
    with pytest.raises(RefusedError, match=f"the {kind} 'scale'"):
        part({"type": kind, "name": "scale", "at": "pty:scale", option: value})
