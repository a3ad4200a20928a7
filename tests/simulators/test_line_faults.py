"""Every fault knob changes the bytes as it says, the same for every device, and one seed is one bad day."""

import random

import pytest

from simulators.devices.device import RefusedError
from simulators.faults import Line, resample

FRAME = b"S S      262.0 g\r\n"
BAUD = 9600
MS = 1_000_000


def line(seed: int = 1, **knobs: object) -> Line:
    made = Line(random.Random(seed), BAUD, b"\r\n")
    made.turn(dict(knobs))
    return made


def heard(through: Line, *frames: bytes, host_baud: int = BAUD) -> list[bytes]:
    """All pieces that arrive, in order."""
    for frame in frames:
        through.say(frame, 0, host_baud)
    return [piece for _, pieces in arrivals(through) for piece in pieces]


def arrivals(through: Line) -> list[tuple[int, list[bytes]]]:
    came = []
    while (at_ns := through.wakes_ns) is not None:
        came.append((at_ns, through.due(at_ns)))
    return came


def test_without_faults_a_frame_arrives_whole_and_at_once() -> None:
    through = line()
    through.say(FRAME, 5, BAUD)
    assert arrivals(through) == [(5, [FRAME])]


def test_two_frames_that_are_due_together_arrive_in_one_piece() -> None:
    assert heard(line(), FRAME, FRAME) == [FRAME + FRAME]


@pytest.mark.parametrize("size", [1, 4, 17, 18, 100])
def test_chunks_have_the_size_asked_for_and_come_one_by_one(size: int) -> None:
    through = line(chunk_bytes=size)
    through.say(FRAME, 0, BAUD)
    came = arrivals(through)
    assert [piece for _, pieces in came for piece in pieces] == [
        FRAME[at : at + size] for at in range(0, len(FRAME), size)
    ]
    assert all(len(pieces) == 1 for _, pieces in came)
    assert len({at_ns for at_ns, _ in came}) == len(came)


def test_a_paced_byte_arrives_after_its_time_on_the_line() -> None:
    through = line(byte_pace_us=1042)
    through.say(b"abc", 0, BAUD)
    through.say(b"d", 0, BAUD)
    assert arrivals(through) == [
        (1_042_000 * place, [bytes((byte,))]) for place, byte in enumerate(b"abcd", 1)
    ]


def test_a_line_may_be_paced_at_its_own_rate_without_any_fault() -> None:
    through = Line(random.Random(1), BAUD, b"\r\n", byte_pace_us=1041)
    through.say(b"ab", 0, BAUD)
    assert [at_ns for at_ns, _ in arrivals(through)] == [1_041_000, 2_082_000]


def test_chunks_may_be_paced() -> None:
    through = line(chunk_bytes=2, byte_pace_us=1000)
    through.say(b"abcd", 0, BAUD)
    (first_ns, first), (second_ns, second) = arrivals(through)
    assert (first, second) == ([b"ab"], [b"cd"])
    assert first_ns == 2 * MS
    assert second_ns >= 4 * MS


@pytest.mark.parametrize(
    ("ending", "expected"),
    [("right", FRAME), ("missing", FRAME[:-2]), ("doubled", FRAME + b"\r\n")],
)
def test_a_terminator_is_missing_or_doubled(ending: str, expected: bytes) -> None:
    assert heard(line(terminator=ending), FRAME) == [expected]


def test_a_silent_line_passes_nothing_in_either_direction() -> None:
    through = line(silent=True)
    assert heard(through, FRAME) == []
    assert through.hear(b"SI\r\n", BAUD) == b""


def test_silence_falls_at_once_on_what_is_still_on_its_way() -> None:
    through = line(byte_pace_us=1000)
    through.say(FRAME, 0, BAUD)
    through.turn({"silent": True})
    assert arrivals(through) == []


@pytest.mark.parametrize("missing", [1, 5, 18, 25])
def test_a_start_in_the_middle_of_a_frame_is_missing_its_beginning_once(missing: int) -> None:
    through = line(mid_frame_bytes=missing)
    assert b"".join(heard(through, FRAME, FRAME)) == (FRAME + FRAME)[missing:]
    assert heard(through, FRAME) == [FRAME]


def test_noise_hits_as_many_bytes_as_it_says() -> None:
    sent = bytes(range(256)) * 40
    (came,) = heard(line(noise_permille=100), sent)
    stray = len(came) - len(sent)
    assert 400 < stray < 620  # half of the hits leave a stray byte
    assert came != sent


def test_noise_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    def day(seed: int) -> list[bytes]:
        return heard(line(seed, noise_permille=200), FRAME, FRAME)

    assert day(3) == day(3)
    assert day(3) != day(4)


def test_a_wrong_baud_is_garbage_in_both_directions_and_right_where_the_host_makes_the_same_mistake() -> None:
    through = line(wrong_baud=4800)
    (garbage,) = heard(through, FRAME)
    assert FRAME[:5] not in garbage
    assert through.hear(b"SI\r\n", BAUD) != b"SI\r\n"
    assert heard(through, FRAME, host_baud=4800) == [FRAME]
    assert through.hear(b"SI\r\n", 4800) == b"SI\r\n"


def test_a_host_with_a_wrong_rate_hears_garbage_from_a_right_device() -> None:
    assert heard(line(), FRAME, host_baud=19_200) != [FRAME]


# Worked out on paper: U is 0101010101 on the wire, start and stop included; a zero is nine lows and a high.
SAMPLED = [
    (b"U", 9600, 9600, b"U"),
    # At half the rate two bits fall into one: start and three data bits are low, the rest is idle.
    (b"\x00", 9600, 4800, b"\xf8"),
    # At twice the rate every bit is seen twice: nine bits of a zero are a byte and a break.
    (b"\x00", 4800, 9600, b"\x00"),
    (b"U", 4800, 9600, b"\x66\xe6"),
    (b"", 9600, 4800, b""),
]


@pytest.mark.parametrize(("said", "said_baud", "heard_baud", "expected"), SAMPLED)
def test_a_uart_at_another_rate_samples_other_bits(
    said: bytes, said_baud: int, heard_baud: int, expected: bytes
) -> None:
    assert resample(said, said_baud, heard_baud) == expected


def test_what_does_not_fit_on_the_line_is_lost_whole() -> None:
    through = line(byte_pace_us=1000)
    for _ in range(2000):
        through.say(FRAME, 0, BAUD)
    came = b"".join(piece for _, pieces in arrivals(through) for piece in pieces)
    assert len(came) <= 16_384
    assert came == FRAME * (len(came) // len(FRAME))
    assert heard(through, FRAME)


def test_turning_one_knob_leaves_the_others_and_healing_turns_all_back() -> None:
    through = line(chunk_bytes=4)
    through.turn({"terminator": "missing", "mid_frame_bytes": 3})
    assert b"".join(heard(through, FRAME)) == FRAME[3:-2]
    through.turn({"mid_frame_bytes": 3})
    through.heal()
    assert heard(through, FRAME) == [FRAME]


NO_KNOBS = [
    ({"chunk_bytes": -1}, "faults, chunk_bytes: Expected `int` >= 0"),
    ({"noise_permille": 1001}, "faults, noise_permille: Expected `int` <= 1000"),
    ({"terminator": "none"}, "faults, terminator: Invalid enum value 'none'"),
    ({"silent": "yes"}, "faults, silent: Expected `bool`, got `str`"),
    ({"colour": 1}, "faults: Object contains unknown field `colour`"),
]


@pytest.mark.parametrize(("settings", "sentence"), NO_KNOBS)
def test_a_knob_that_cannot_be_turned_so_says_why_and_stays(
    settings: dict[str, object], sentence: str
) -> None:
    through = line(chunk_bytes=4)
    with pytest.raises(RefusedError) as refused:
        through.turn(settings)
    assert str(refused.value) == sentence
    assert through.faults.chunk_bytes == 4
