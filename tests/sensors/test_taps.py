"""Which touches are taps: one finger, nearly still, neither too short nor too long, not twice in a row."""

import pytest

from edge.events import LongPressed, Tapped
from edge.readings import DeviceFault, DeviceReady, Heard, Nanoseconds, Reading, Touched, TouchPhase
from edge.sensors.taps import ABOVE_THE_GLASS, TapRules, TapSense


def touch(at_ms: int, contact: int, phase: str, x: int = 500, y: int = 250) -> Touched:
    return Touched(contact, TouchPhase(phase), 1000 * x, 1000 * y, 1000 * at_ms)


def meant(*readings: Reading, rules: TapRules | None = None) -> list[Tapped | LongPressed]:
    sense = TapSense("panel", rules)
    return [event for each in readings for event in sense.hear(Heard("panel", Nanoseconds(0), each))]


def tap(at_ms: int, lasts_ms: int = 90, contact: int = 0) -> tuple[Touched, Touched]:
    return touch(at_ms, contact, "down"), touch(at_ms + lasts_ms, contact, "up")


TAP = Tapped(500_000, 250_000)
LONG = LongPressed(500_000, 250_000)


@pytest.mark.parametrize(
    ("lasts_ms", "events"),
    [(0, []), (29, []), (30, [TAP]), (90, [TAP]), (800, [TAP]), (801, [LONG]), (5000, [LONG]), (5001, [])],
)
def test_how_long_a_finger_stays_says_what_it_means(
    lasts_ms: int, events: list[Tapped | LongPressed]
) -> None:
    assert meant(*tap(1000, lasts_ms)) == events


def test_nothing_is_meant_before_the_finger_lifts() -> None:
    assert meant(touch(0, 0, "down"), touch(500, 0, "moved", 501)) == []


@pytest.mark.parametrize(
    ("x", "y", "events"), [(529, 250, [TAP]), (500, 279, [TAP]), (530, 250, []), (500, 220, [])]
)
def test_a_finger_that_moves_more_than_a_fingertip_rolls_drags(
    x: int, y: int, events: list[Tapped | LongPressed]
) -> None:
    assert meant(touch(0, 0, "down"), touch(50, 0, "moved", x, y), touch(90, 0, "up")) == events
    assert meant(touch(0, 0, "down"), touch(90, 0, "up", x, y)) == events


def test_a_hand_with_several_fingers_taps_with_none_of_them() -> None:
    first, second = tap(0, 200), tap(50, 60, contact=1)
    assert meant(first[0], *second, first[1]) == []
    assert meant(first[0], second[0], first[1], touch(400, 1, "up")) == []


def test_a_palm_spoils_the_tap_beside_it_and_the_next_one_counts() -> None:
    palm = touch(10, 1, "down"), touch(20, 1, "cancelled")
    first = tap(0)
    assert meant(first[0], *palm, first[1], *tap(700)) == [TAP]


@pytest.mark.parametrize(("after_ms", "taps"), [(140, 1), (499, 1), (500, 2), (5000, 2)])
def test_a_second_tap_within_half_a_second_does_not_count(after_ms: int, taps: int) -> None:
    assert meant(*tap(1000), *tap(1090 + after_ms)) == [TAP] * taps


def test_after_the_panels_clock_has_begun_anew_a_tap_counts() -> None:
    assert meant(*tap(900_000), *tap(5)) == [TAP, TAP]


@pytest.mark.parametrize("lost", [DeviceFault("device.gone", "The panel is gone."), DeviceReady()])
def test_a_panel_that_was_lost_in_the_middle_of_a_tap_taps_nothing(lost: Reading) -> None:
    down, up = tap(0)
    assert meant(down, lost, up) == []
    assert meant(down, lost, up, *tap(600)) == [TAP]


def test_another_panel_is_not_listened_to() -> None:
    sense = TapSense("panel")
    down, up = (Heard("another", Nanoseconds(0), each) for each in tap(0))
    assert [*sense.hear(down), *sense.hear(up)] == []


@pytest.mark.parametrize(
    ("lasts_ms", "moves_to", "events"), [(90, 505, [TAP]), (40, 500, []), (90, 511, []), (600, 500, [TAP])]
)
def test_a_panel_that_sees_above_the_glass_needs_a_finger_that_holds_still(
    lasts_ms: int, moves_to: int, events: list[Tapped | LongPressed]
) -> None:
    down, up = tap(0, lasts_ms)
    assert meant(down, touch(20, 0, "moved", moves_to), up, rules=ABOVE_THE_GLASS) == events
