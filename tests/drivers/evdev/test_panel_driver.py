"""The driver of touch panels: contacts by any protocol, palms, lost sight, and where on the picture."""

from collections.abc import Callable, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.driver import Axis, InputFacts
from edge.drivers.profiles import load
from edge.drivers.registry import driver_for
from edge.drivers.touch.contacts import LISTED_MAX, SLOTS_MAX
from edge.drivers.touch.panel import Panel, Settings, driver
from edge.readings import Nanoseconds, Reading, Touched, TouchPhase
from tests.drivers.evdev.strokes import event

CheckSlices = Callable[[Callable[[], Panel], bytes, Sequence[Reading]], None]
Change = tuple[int, int, int]

FRAME_US = 10_000
# linux/input-event-codes.h
X, Y, SLOT, ID, MAJOR, TOOL, DISTANCE = 0x35, 0x36, 0x2F, 0x39, 0x30, 0x37, 0x3B
TOUCH: int = 0x14A
NEXT: Change = (0, 2, 0)
DROPPED: Change = (0, 3, 0)


def mt(code: int, value: int) -> Change:
    return 3, code, value


def button(down: int) -> Change:
    return 1, TOUCH, down


def frames(*frames: Sequence[Change], at_s: int = 5) -> bytes:
    data = b""
    for number, frame in enumerate(frames):
        at_us = at_s * 1_000_000 + number * FRAME_US
        data += b"".join(event(at_us, *change) for change in [*frame, (0, 0, 0)])
    return data


def on_a_thousand(**set_to: object) -> Panel:
    return driver({"x_range": [0, 1000], "y_range": [0, 1000]} | set_to)


def told(data: bytes, panel: Panel | None = None) -> list[tuple[int, str, int, int]]:
    heard = (panel or on_a_thousand()).receive(data)
    return [
        (each.contact, each.phase.value, each.x_ppm // 1000, each.y_ppm // 1000)
        for each in heard
        if isinstance(each, Touched)
    ]


def new(key: int, x: int, y: int) -> list[Change]:
    return [mt(ID, key), mt(X, x), mt(Y, y)]


LIFT = [mt(ID, -1)]

STORIES: list[tuple[str, bytes, list[tuple[int, str, int, int]]]] = [
    (
        "a tap",
        frames(new(1, 500, 250), LIFT),
        [(0, "down", 500, 250), (0, "up", 500, 250)],
    ),
    (
        "a drag, in which one axis at a time is told",
        frames(new(1, 500, 250), [mt(X, 510)], [mt(Y, 260)], [mt(Y, 260)], LIFT),
        [(0, "down", 500, 250), (0, "moved", 510, 250), (0, "moved", 510, 260), (0, "up", 510, 260)],
    ),
    (
        "two fingers",
        frames(
            [mt(SLOT, 0), *new(7, 100, 100), mt(SLOT, 1), *new(8, 900, 900)],
            [mt(X, 910), mt(SLOT, 0), mt(Y, 110)],
            [mt(SLOT, 1), *LIFT],
            [mt(SLOT, 0), *LIFT],
        ),
        [
            *((0, "down", 100, 100), (1, "down", 900, 900)),
            *((0, "moved", 100, 110), (1, "moved", 910, 900)),
            *((1, "up", 910, 900), (0, "up", 100, 110)),
        ],
    ),
    (
        "a coordinate that is the same as of the contact before",
        frames(new(1, 500, 250), LIFT, [mt(ID, 2), mt(X, 300)], LIFT),
        [(0, "down", 500, 250), (0, "up", 500, 250), (0, "down", 300, 250), (0, "up", 300, 250)],
    ),
    (
        "a contact whose lift was lost",
        frames(new(1, 500, 250), new(2, 100, 100), LIFT),
        [(0, "down", 500, 250), (0, "cancelled", 500, 250), (0, "down", 100, 100), (0, "up", 100, 100)],
    ),
    ("a contact that began before we listened", frames([mt(X, 100), mt(Y, 100)], LIFT), []),
    ("a contact of which only one axis is known", frames([mt(ID, 1), mt(X, 100)], LIFT), []),
    (
        "a palm from its first frame",
        frames([*new(1, 500, 250), mt(TOOL, 2)], [mt(X, 400)], LIFT),
        [(0, "down", 500, 250), (0, "cancelled", 500, 250)],
    ),
    (
        "once a palm, a palm until it lifts; the next is a finger",
        frames(new(1, 500, 250), [mt(TOOL, 2)], [mt(TOOL, 0), mt(X, 400)], LIFT, [mt(ID, 2), mt(X, 1)], LIFT),
        [(0, "down", 500, 250), (0, "cancelled", 500, 250), (0, "down", 1, 250), (0, "up", 1, 250)],
    ),
    (
        "a finger that hovers and lands",
        frames(
            [*new(1, 500, 250), mt(DISTANCE, 2)], [mt(X, 510)], [mt(DISTANCE, 0)], [mt(DISTANCE, 1)], LIFT
        ),
        [(0, "down", 510, 250), (0, "up", 510, 250)],
    ),
    (
        "protocol A: two contacts in changing order",
        frames(
            [mt(X, 100), mt(Y, 100), NEXT, mt(X, 900), mt(Y, 900), NEXT],
            [mt(X, 910), mt(Y, 900), NEXT, mt(X, 110), mt(Y, 100), NEXT],
            [mt(X, 910), mt(Y, 900), NEXT],
            [NEXT],
        ),
        [
            *((0, "down", 100, 100), (1, "down", 900, 900)),
            *((0, "moved", 110, 100), (1, "moved", 910, 900)),
            *((0, "up", 110, 100), (1, "up", 910, 900)),
        ],
    ),
    (
        "protocol A: a jump is another contact, and a frame that lists nothing changes nothing",
        frames([mt(X, 100), mt(Y, 100), NEXT], [mt(0, 5)], [mt(X, 800), mt(Y, 100), NEXT], [NEXT]),
        [(0, "down", 100, 100), (0, "up", 100, 100), (1, "down", 800, 100), (1, "up", 800, 100)],
    ),
    (
        "protocol A: a lift by the button alone",
        frames([mt(X, 100), mt(Y, 100), NEXT, button(1)], [button(0)]),
        [(0, "down", 100, 100), (0, "up", 100, 100)],
    ),
    (
        "protocol A with names",
        frames([*new(4, 100, 100), NEXT, *new(5, 120, 100), NEXT], [*new(5, 100, 100), NEXT], [NEXT]),
        [
            *((0, "down", 100, 100), (1, "down", 120, 100)),
            *((0, "up", 100, 100), (1, "moved", 100, 100), (1, "up", 100, 100)),
        ],
    ),
    (
        "a panel for one finger",
        frames([button(1), mt(0, 100), mt(1, 200)], [mt(0, 150)], [button(0)]),
        [(0, "down", 100, 200), (0, "moved", 150, 200), (0, "up", 150, 200)],
    ),
    (
        "a panel that presses the left button of a mouse",
        frames([(1, 0x110, 1), mt(0, 100), mt(1, 200)], [(1, 0x110, 0)]),
        [(0, "down", 100, 200), (0, "up", 100, 200)],
    ),
    (
        "a multitouch panel that repeats its first finger for old programs",
        frames([*new(1, 500, 250), button(1), mt(0, 500), mt(1, 250)], [*LIFT, button(0)]),
        [(0, "down", 500, 250), (0, "up", 500, 250)],
    ),
    (
        "events that the kernel had no room for",
        frames(new(1, 500, 250), [DROPPED, mt(X, 1)], [mt(X, 510)], LIFT, [mt(ID, 2), mt(X, 9)], LIFT),
        [(0, "down", 500, 250), (0, "cancelled", 500, 250), (0, "down", 9, 250), (0, "up", 9, 250)],
    ),
    (
        "protocol A: what was there when events were lost is not told of until all have lifted",
        frames(
            [mt(X, 100), mt(Y, 100), NEXT],
            [DROPPED],
            [mt(X, 100), mt(Y, 100), NEXT],
            [NEXT],
            [mt(X, 100), mt(Y, 100), NEXT],
        ),
        [(0, "down", 100, 100), (0, "cancelled", 100, 100), (0, "down", 100, 100)],
    ),
    (
        "one finger, lost sight of",
        frames([button(1), mt(0, 100), mt(1, 200)], [DROPPED], [mt(0, 110)], [button(0)], [button(1)]),
        [(0, "down", 100, 200), (0, "cancelled", 100, 200), (0, "down", 110, 200)],
    ),
    (
        "a slot that no panel has",
        frames([mt(SLOT, SLOTS_MAX), *new(1, 5, 5)], [mt(SLOT, -1), *new(1, 5, 5)]),
        [],
    ),
]


@pytest.mark.parametrize(("data", "story"), [s[1:] for s in STORIES], ids=[s[0] for s in STORIES])
def test_what_the_fingers_do_is_told_however_the_stream_is_cut(
    check_slices: CheckSlices, data: bytes, story: list[tuple[int, str, int, int]]
) -> None:
    assert told(data) == story
    check_slices(on_a_thousand, data, [*on_a_thousand().receive(data)])


def test_a_touch_carries_the_panels_own_time() -> None:
    heard = [*on_a_thousand().receive(frames(new(1, 0, 1000), LIFT))]
    assert heard == [
        Touched(0, TouchPhase.DOWN, 0, 1_000_000, 5_000_000),
        Touched(0, TouchPhase.UP, 0, 1_000_000, 5_010_000),
    ]


@pytest.mark.parametrize(
    ("set_to", "place"),
    [
        ({}, (100, 250)),
        ({"turned": 90}, (750, 100)),
        ({"turned": 180}, (900, 750)),
        ({"turned": 270}, (250, 900)),
        ({"matrix_ppm": [0, 1_000_000, 0, 1_000_000, 0, 0]}, (250, 100)),
        ({"matrix_ppm": [2_000_000, 0, -100_000, 0, 500_000, 10_000]}, (100, 135)),
        ({"matrix_ppm": [1_000_000, 0, -500_000, 0, 9_000_000, 0]}, (0, 1000)),
        ({"matrix_ppm": [0, 1_000_000, 0, 1_000_000, 0, 0], "turned": 90}, (900, 250)),
        ({"x_range": [100, 300], "y_range": [-250, 250]}, (0, 1000)),
    ],
)
def test_a_place_on_the_panel_is_a_place_on_the_picture(
    set_to: dict[str, object], place: tuple[int, int]
) -> None:
    assert told(frames(new(1, 100, 250)), on_a_thousand(**set_to)) == [(0, "down", *place)]


@pytest.mark.parametrize(
    ("axes", "place"),
    [
        ({X: Axis(0, 200), Y: Axis(0, 1000), 0: Axis(0, 1), 1: Axis(0, 1)}, (500, 250)),
        ({0: Axis(0, 200), 1: Axis(0, 500)}, (500, 500)),
        ({X: Axis(0, 0), Y: Axis(5, 5)}, (3, 7)),
        ({}, (3, 7)),
    ],
)
def test_the_range_is_what_the_kernel_knows_where_the_profile_gives_none(
    axes: dict[int, Axis], place: tuple[int, int]
) -> None:
    panel = Panel()
    panel.informed(InputFacts("a panel", axes))
    panel.opened(Nanoseconds(0))
    assert told(frames(new(1, 100, 250)), panel) == [(0, "down", *place)]


def test_a_contact_as_large_as_a_palm_is_one() -> None:
    data = frames([*new(1, 500, 250), mt(MAJOR, 20)], [mt(MAJOR, 80)], LIFT)
    assert told(data, on_a_thousand(palm_size=80)) == [(0, "down", 500, 250), (0, "cancelled", 500, 250)]
    assert told(data) == [(0, "down", 500, 250), (0, "up", 500, 250)]


def test_when_the_panel_is_back_what_touched_it_before_is_forgotten() -> None:
    panel = on_a_thousand()
    panel.opened(Nanoseconds(1))
    assert [*panel.tick(Nanoseconds(1))] == []
    assert panel.deadline_ns is None
    list(panel.receive(frames(new(1, 500, 250))))
    panel.opened(Nanoseconds(2))
    lost = Touched(0, TouchPhase.CANCELLED, 500_000, 250_000, 5_000_000)
    assert [*panel.tick(Nanoseconds(2))] == [lost]
    assert told(frames([mt(X, 510)], LIFT), panel) == []
    assert panel.to_send() == b""


def test_half_an_event_is_given_up() -> None:
    panel = on_a_thousand()
    list(panel.receive(frames(new(1, 5, 5))[:30]))
    list(panel.tick(Nanoseconds(0)))
    assert panel.pending == 6
    assert panel.deadline_ns is not None
    list(panel.tick(panel.deadline_ns))
    assert panel.pending == 0


def test_no_panel_lists_more_contacts_than_a_person_has_fingers() -> None:
    listed = [change for n in range(100) for change in (mt(X, n), mt(Y, 10 * n), NEXT)]
    assert len(told(frames(listed))) == LISTED_MAX


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 3]),
            st.sampled_from([0, 1, 2, 3, X, Y, SLOT, ID, TOOL, DISTANCE, TOUCH]),
            st.sampled_from([-1, 0, 1, 2, 7, 500, 2**31 - 1, -(2**31)]),
        )
    )
)
def test_whatever_a_panel_says_a_contact_comes_down_before_it_goes(changes: list[Change]) -> None:
    down: set[int] = set()
    for contact, phase, x, y in told(b"".join(event(5, *change) for change in changes)):
        assert (contact in down) == (phase != "down")
        assert 0 <= x <= 1000 >= y >= 0
        (down.discard if phase in {"up", "cancelled"} else down.add)(contact)


@pytest.mark.parametrize(
    "set_to",
    [{"x_range": [5, 5]}, {"y_range": [9, 1]}, {"turned": 45}, {"matrix_ppm": [1, 2]}, {"palm_size": -1}],
)
def test_settings_that_no_panel_can_have_are_refused(set_to: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        driver(set_to)
    assert Settings().turned == 0


@pytest.mark.parametrize(
    ("profile", "corner"),
    [("irtouch-frame", 32767), ("elan-touchscreen", 3312), ("n-trig", 9600), ("atmel-maxtouch", 799)],
)
def test_a_panel_whose_numbers_are_known_needs_no_kernel(profile: str, corner: int) -> None:
    [touched] = driver_for(load(profile)).receive(frames(new(1, corner, 0)))
    assert isinstance(touched, Touched)
    assert (touched.x_ppm, touched.y_ppm) == (1_000_000, 0)
