"""Frames of scales out of any stream: however it is cut, after any noise, and never more than they need."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.framing import NOISE_BYTES_MAX, RAW_BYTES_MAX
from edge.drivers.scales.frames import FRAME_PATIENCE_NS, FrameCutter, between, line
from edge.readings import Garbled, Nanoseconds

LONGEST = 16
FRAME = b"\x0201.450\r"


def marked() -> FrameCutter:
    return FrameCutter(between(b"\x02", b"\r"), b"\x02", LONGEST)


def lines() -> FrameCutter:
    return FrameCutter(line, b"", LONGEST)


def noise(raw: bytes) -> Garbled:
    return Garbled(raw[:RAW_BYTES_MAX].hex().upper(), f"expected a frame, got {len(raw)} bytes that are none")


STREAMS: list[tuple[bytes, list[bytes | Garbled]]] = [
    (FRAME * 2, [FRAME, FRAME]),
    (b"\x00\xff" + FRAME, [noise(b"\x00\xff"), FRAME]),
    (FRAME[3:] + FRAME, [noise(FRAME[3:]), FRAME]),
    (FRAME[:-1] + FRAME, [noise(FRAME[:-1]), FRAME]),
    (FRAME + b"\r" + FRAME, [FRAME, noise(b"\r"), FRAME]),
    (b"\x02" + b"7" * 30 + FRAME, [noise(b"\x02" + b"7" * 30), FRAME]),
    (b"\x02\x02\x02" + FRAME, [noise(b"\x02\x02\x02"), FRAME]),
]


@pytest.mark.parametrize(("stream", "pieces"), STREAMS, ids=[str(stream[:20]) for stream, _ in STREAMS])
def test_a_stream_is_the_same_frames_however_it_is_cut(stream: bytes, pieces: list[bytes | Garbled]) -> None:
    for size in range(1, len(stream) + 1):
        cutter = marked()
        parts = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert [piece for part in parts for piece in cutter.cut(part)] == pieces, size


def test_a_line_ends_with_whichever_end_comes_first() -> None:
    assert [*lines().cut(b"one\r\ntwo\n\rthree\r")] == [b"one\r", b"\n", b"two\n", b"\r", b"three\r"]


def test_half_a_frame_is_given_up_and_what_follows_is_read_anew() -> None:
    cutter = marked()
    assert [*cutter.cut(FRAME[:4])] == []
    assert [*cutter.tick(Nanoseconds(0))] == []
    assert cutter.deadline_ns == FRAME_PATIENCE_NS
    assert [*cutter.tick(Nanoseconds(FRAME_PATIENCE_NS))] == [noise(FRAME[:4])]
    assert cutter.pending == 0
    assert [*cutter.cut(FRAME)] == [FRAME]


def test_a_line_that_is_too_long_is_noise_as_a_whole() -> None:
    assert [*lines().cut(b"7" * LONGEST + b"\r\n")] == [noise(b"7" * LONGEST), b"\r", b"\n"]


def test_endless_noise_is_told_now_and_then_and_never_kept() -> None:
    cutter = marked()
    told = [piece for _ in range(100) for piece in cutter.cut(b"\xff" * 1000)]
    assert told == [noise(b"\xff" * NOISE_BYTES_MAX)] * (100_000 // NOISE_BYTES_MAX)
    assert cutter.pending < NOISE_BYTES_MAX


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.binary(max_size=40) | st.sampled_from([FRAME, FRAME[:4], b"\x02", b"\r"])))
def test_after_any_noise_and_a_pause_a_frame_is_a_frame(parts: list[bytes]) -> None:
    cutter = marked()
    for part in parts:
        list(cutter.cut(part))
        assert cutter.pending <= NOISE_BYTES_MAX + LONGEST
    list(cutter.tick(Nanoseconds(0)))
    list(cutter.tick(Nanoseconds(FRAME_PATIENCE_NS)))
    assert cutter.pending == 0
    assert [*cutter.cut(FRAME)] == [FRAME]
