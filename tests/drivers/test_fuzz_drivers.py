"""Bytes of strangers, the short form: whatever comes and when, no driver raises, grows or spins."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.drivers.profiles import load
from edge.drivers.registry import driver_for
from tests.drivers.conformance.mutants import Brittle, Hoarder, Restless
from tests.drivers.conformance.vectors import known, protocols
from tests.drivers.fuzz.trial import HELD_BYTES_MAX, Step, as_bytes, check_bytes, check_steps, steps

TRIALS = 40
PROTOCOLS = protocols()


def said(protocol: str) -> st.SearchStrategy[list[Step]]:
    """What such a device says, whole, cut and bent, among noise, pauses and ports that are opened anew."""
    frames = st.sampled_from([vector.data for vector in known(protocol).vector] or [b"\x00"])
    pieces = st.tuples(frames, st.integers(0, 60), st.integers(0, 60)).map(
        lambda cut: cut[0][cut[1] : -cut[2] or None]
    )
    bent = st.tuples(frames, st.integers(0, 200), st.integers(1, 255)).map(_bent)
    step: st.SearchStrategy[Step] = (
        frames | pieces | bent | st.binary(max_size=80) | st.integers(0, 6000) | st.none()
    )
    return st.lists(step, max_size=30)


def _bent(hit: tuple[bytes, int, int]) -> bytes:
    data, place, bits = bytearray(hit[0]), *hit[1:]
    if data:
        data[place % len(data)] ^= bits
    return bytes(data)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_whatever_comes_a_driver_keeps_its_promises(protocol: str) -> None:
    profile = load(known(protocol).profile)

    @settings(
        derandomize=True,
        deadline=None,
        max_examples=TRIALS,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(said(protocol))
    def trial(taken: list[Step]) -> None:
        check_steps(driver_for(profile), taken)

    trial()


def test_the_trials_find_a_driver_that_raises_grows_or_spins() -> None:
    right = driver_for(load("mt-sics"))
    with pytest.raises(UnicodeDecodeError):
        check_steps(Brittle(right), [b"\xff"])
    with pytest.raises(AssertionError, match="it holds too much"):
        check_steps(Hoarder(right), [bytes(HELD_BYTES_MAX)])
    with pytest.raises(AssertionError, match="spin"):
        check_steps(Restless(right), [None, 1])


def test_the_long_form_reads_its_steps_out_of_any_bytes() -> None:
    assert [*steps(b"\xfe\x02ab\xff\x20\x09xy")] == [None, b"ab", 320, b"xy"]
    assert [*steps(b"\x00\xff")] == [b"", 0]
    assert [*steps(as_bytes(bytes(300)))] == [None, bytes(200), bytes(100), 320]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_long_form_begins_with_what_a_device_says(protocol: str) -> None:
    for vector in known(protocol).vector:
        check_bytes(known(protocol).profile, as_bytes(vector.data))


# What the long form has found, kept for ever: the profile, and the steps that it failed on.
FOUND = [
    (
        "llrp",
        "FE21040C0000002100000000011F00080000000000DA000F000008001625FFFF1125D6FF"
        "2D21040C0000002100000000011F00080000000000DA000F910008001625FFFF1125D6FF20",
    ),
]


@pytest.mark.parametrize(("profile", "data"), FOUND)
def test_what_the_long_form_has_found_stays_mended(profile: str, data: str) -> None:
    check_bytes(profile, bytes.fromhex(data))
