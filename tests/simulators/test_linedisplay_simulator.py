"""The simulated customer display, bytes alone: its glass shows what the manuals' commands say."""

import random

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.outputs.linedisplay import LineDisplay, Part


def display() -> LineDisplay:
    return Part(name="d", at="pty:d").device(random.Random(1))


def read(it: LineDisplay) -> tuple[str, str]:
    world = it.world()
    return world["upper"], world["lower"]


# What is sent, and what is read then.
GLASS = [
    (
        "both lines",
        b"\x1bQAMilk            1.19\r\x1bQBTotal          12.00\r",
        ("Milk            1.19", "Total          12.00"),
    ),
    (
        "a string that is too short leaves the rest blank",
        b"\x1bQAlong line of letters\r\x1bQAab\r",
        ("ab", ""),
    ),
    ("a string that is too long is cut", b"\x1bQA" + b"x" * 70 + b"\r\x1bQBb\r", ("x" * 20, "b")),
    ("in string mode text and other commands do nothing", b"\x1bQAa\rb\x0b\x1b@\x1f@c", ("a", "")),
    ("clear ends string mode", b"\x1bQAa\r\x0cb", ("b", "")),
    ("CAN clears its line and ends string mode", b"x\ny\x1bQBb\r\x18c", ("x", "c")),
    ("text wraps from line to line and around", b"A" * 20 + b"B" * 20 + b"C", ("C" + "A" * 19, "B" * 20)),
    (
        "with vertical scrolling the lower line moves up",
        b"\x1b\x12" + b"A" * 20 + b"B" * 20 + b"C",
        ("B" * 20, "C"),
    ),
    ("scrolling ends", b"\x1b\x12\x1b\x11" + b"A" * 40 + b"C", ("C" + "A" * 19, "A" * 20)),
    ("a place", b"\x1bl\x13\x02x", ("", " " * 18 + "x")),
    ("a place that is none", b"ab\x1bl\x15\x01c\x1bl\x01\x03d", ("abcd", "")),
    (
        "the cursor keys",
        b"a\x1b[Bb\x1b[D\x1b[D\x1b[Ac\x1b[Cd\x1b[Ke\x1b[Hf\x1b[Rg\x1b[Lh",
        ("f d" + " " * 16 + "g", "hb" + " " * 17 + "e"),
    ),
    ("home, down, left-most", b"ab\x0bc\x0ad\re", ("cb", "ed")),
    ("back and on", b"ab\x08c\x09d", ("ac d", "")),
    ("back from the beginning is the end", b"\x08x", ("", " " * 19 + "x")),
    ("begun anew", b"abc\x1b@d", ("d", "")),
    (
        "a message that moves shows how it begins, and goes with what comes next",
        b"\x1bQDnews of the day and more\rb",
        ("b", ""),
    ),
    ("letters of code page 437", b"\x81\x9c", ("ü£", "")),
    (
        "settings take their parameters along",
        b"\x1bf\x02\x1bc\x4a\x1b=\x02\x1b_\x00\x1bW\x01\x01\x05\x01\x1fE\x05a",
        ("a", ""),
    ),
    ("a string without a command", b"\x1bQ\ra", ("a", "")),
]


@pytest.mark.parametrize(("sent", "lines"), [x[1:] for x in GLASS], ids=[x[0] for x in GLASS])
def test_the_glass_shows_what_was_sent_however_it_is_cut(sent: bytes, lines: tuple[str, str]) -> None:
    for place in range(len(sent)):
        it = display()
        it.hear(sent[:place], 0)
        it.hear(sent[place:], 0)
        assert read(it) == lines
        assert it.speak(0) == []


@pytest.mark.parametrize(
    ("sent", "brightness"), [(b"", 4), (b"\x1b*\x02", 2), (b"\x1b*\x09", 4), (b"\x1b*\x01\x1b@", 4)]
)
def test_how_bright_it_is_can_be_seen(sent: bytes, brightness: int) -> None:
    it = display()
    it.hear(sent, 0)
    assert it.world()["brightness"] == brightness


def test_a_power_cut_leaves_nothing_on_the_glass() -> None:
    it = display()
    it.hear(b"\x1bQAa\r\x1bQ", 0)
    it.power_on(0)
    assert read(it) == ("", "")
    it.hear(b"Ab", 0)
    assert read(it) == ("Ab", "")


def test_a_bench_that_comes_back_knows_what_was_shown() -> None:
    it, other = display(), display()
    it.hear(b"abc\nd", 0)
    other.restore(it.world(), 0)
    assert other.world() == it.world()


@pytest.mark.parametrize("seed", range(5))
def test_after_any_noise_it_can_be_cleared(seed: int) -> None:
    it = display()
    it.hear(random.Random(seed).randbytes(3000) + b"\r" * 5 + b"\x0cab", 0)
    assert read(it) == ("ab", "")


def test_there_is_nothing_for_a_hand() -> None:
    with pytest.raises(RefusedError, match="it only shows"):
        display().obey({"verb": "press"}, 0)
