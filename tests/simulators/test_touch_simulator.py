"""A panel, read by the kernel's rules of multitouch by a reader of our own."""

import random
import struct
from typing import Any

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.touch.panel import Panel, Part

MS = 1_000_000
SLOT, MAJOR, X, Y, TOOL, TRACKING = 0x2F, 0x30, 0x35, 0x36, 0x37, 0x39
BTN_TOUCH = 0x14A

Frame = list[tuple[int, int, int]]


def _frames(panel: Panel) -> list[tuple[int, Frame]]:
    """All frames to come, each with its time in microseconds."""
    frames = []
    while panel.wakes_ns is not None:
        for said in panel.speak(panel.wakes_ns):
            events = [struct.unpack_from("<qqHHi", said, at) for at in range(0, len(said), 24)]
            assert events[-1][2:] == (0, 0, 0)
            frames.append((events[0][0] * 1_000_000 + events[0][1], [event[2:] for event in events[:-1]]))
    return frames


def _panel(*orders: dict[str, Any], **setup: Any) -> Panel:
    panel = Part(name="p", at="pty:p", **setup).device(random.Random(1))
    for order in orders:
        panel.obey(order, 1000 * MS)
    return panel


def _contacts(frames: list[tuple[int, Frame]]) -> list[dict[int, tuple[int, int]]]:
    """Slot -> place after each frame, as the rules of protocol B have it."""
    slot = 0
    state: dict[int, dict[int, int]] = {}
    seen = []
    for _, frame in frames:
        for kind, code, value in frame:
            if kind == 3 and code == SLOT:
                slot = value
            elif kind == 3 and code == TRACKING and value == -1:
                del state[slot]
            elif kind == 3 and code == TRACKING:
                state[slot] = {}
            elif kind == 3 and code in (X, Y):
                state[slot][code] = value
        seen.append({each: (place[X], place[Y]) for each, place in state.items()})
    return seen


def test_a_tap_is_a_contact_that_stays_and_goes() -> None:
    frames = _frames(_panel({"verb": "tap", "x": 500, "y": 250}, width=800, height=480))
    seen = _contacts(frames)
    assert seen[-1] == {}
    assert all(abs(x - 400) <= 4 and abs(y - 120) <= 4 for place in seen[:-1] for x, y in place.values())
    assert frames[-1][0] - frames[0][0] == 90_000
    assert [event for _, frame in frames for event in frame if event[:2] == (1, BTN_TOUCH)] == [
        (1, BTN_TOUCH, 1),
        (1, BTN_TOUCH, 0),
    ]


def test_nothing_is_told_again_that_has_not_changed() -> None:
    frames = _frames(_panel({"verb": "fingers", "count": 3, "ms": 400}))
    slot = 0
    told: dict[tuple[int | None, int, int], int] = {}
    for _, frame in frames:
        for kind, code, value in frame:
            if (kind, code) == (3, SLOT):
                slot = value
            elif code != TRACKING:
                key = (slot if code in (X, Y, TOOL) else None, kind, code)
                assert told.get(key) != value or code == TOOL
                told[key] = value


def test_three_fingers_are_three_contacts() -> None:
    seen = _contacts(_frames(_panel({"verb": "fingers", "count": 3})))
    assert {len(place) for place in seen} == {0, 3}


def test_a_drag_goes_from_one_place_to_the_other() -> None:
    drag = {"verb": "drag", "x": 0, "y": 0, "to_x": 1000, "to_y": 1000, "ms": 300}
    seen = _contacts(_frames(_panel(drag, width=1001, height=1001)))
    assert seen[0][0][0] < 10
    assert seen[-2][0][0] > 990


def test_protocol_a_tells_every_contact_in_every_frame_and_an_empty_one_at_the_end() -> None:
    frames = _frames(_panel({"verb": "fingers", "count": 2}, protocol="a"))
    assert all(sum(event[:2] == (0, 2) for event in frame) == 2 for _, frame in frames[:-1])
    assert frames[-1][1] == [(0, 2, 0)]
    assert not any(event[1] in (SLOT, TRACKING) for _, frame in frames for event in frame)


def test_a_frame_without_btn_touch_says_nothing_but_contacts() -> None:
    frames = _frames(_panel({"verb": "tap", "x": 1, "y": 1}, btn_touch=False))
    assert {event[0] for _, frame in frames for event in frame} == {3}


def test_a_single_touch_panel_has_only_the_old_axes() -> None:
    frames = _frames(_panel({"verb": "tap", "x": 1, "y": 1}, protocol="single"))
    assert {event[:2] for _, frame in frames for event in frame} <= {(1, BTN_TOUCH), (3, 0), (3, 1)}


@pytest.mark.parametrize(("palms", "code", "wide"), [("tool", TOOL, 2), ("size", MAJOR, 819)])
def test_a_palm_is_told_as_the_panel_tells_it(palms: str, code: int, wide: int) -> None:
    frames = _frames(_panel({"verb": "palm", "x": 500, "y": 500}, palms=palms))
    assert (3, code, wide) in frames[0][1]


def test_a_finger_that_rests_is_there_after_a_power_cut_and_lifts_once() -> None:
    panel = _panel({"verb": "rest", "x": 500, "y": 500})
    with pytest.raises(RefusedError, match="rests on the glass already"):
        panel.obey({"verb": "rest", "x": 1, "y": 1}, 0)
    other = _panel()
    other.restore(panel.world(), 5 * MS)
    other.obey({"verb": "lift"}, 6 * MS)
    assert [len(place) for place in _contacts(_frames(other))] == [1, 0]
    with pytest.raises(RefusedError, match="no finger rests"):
        other.obey({"verb": "lift"}, 7 * MS)


def test_a_hand_that_asks_too_far_ahead_is_refused() -> None:
    panel = _panel({"verb": "tap", "x": 1, "y": 1, "ms": 20_000}, frame_ms=6)
    with pytest.raises(RefusedError, match="let the hand rest"):
        panel.obey({"verb": "tap", "x": 1, "y": 1, "ms": 20_000}, 0)


def test_a_single_touch_panel_without_a_button_is_no_panel() -> None:
    with pytest.raises(ValueError, match="could not say that it is touched"):
        Part(name="p", at="pty:p", protocol="single", btn_touch=False)
