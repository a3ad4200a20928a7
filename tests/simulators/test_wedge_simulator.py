"""A scanner that types, read key by key by a reader of our own."""

import itertools
import random
import struct
from collections.abc import Iterator

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.scanners.wedge import Part

SECOND = 1_000_000_000
# The few keys of a US keyboard that these tests read.
PLAIN = {30: "a", 48: "b", 21: "y", 44: "z", 2: "1", 3: "2", 4: "3", 12: "-", 28: "\n", 15: "\t", 66: "\x1d"}
SHIFTED = {30: "A", 48: "B", 6: "%"}
SHIFT, CTRL, ALT = 42, 29, 56
KEYPAD = {82: 0, 79: 1, 80: 2, 81: 3, 75: 4, 76: 5, 77: 6, 71: 7, 72: 8, 73: 9}


def _scanned(part: Part, *texts: str) -> tuple[list[tuple[int, bool]], list[int]]:
    """The keys that went down and up, and the time of each frame in microseconds."""
    scanner = part.device(random.Random(1))
    for text in texts:
        scanner.obey({"verb": "scan", "text": text}, SECOND)
    strokes, times = [], []
    while scanner.wakes_ns is not None:
        for said in scanner.speak(scanner.wakes_ns):
            events = [struct.unpack_from("<qqHHi", said, at) for at in range(0, len(said), 24)]
            assert [event[2:4] for event in events] == [(4, 4), (1, events[1][3]), (0, 0)]
            strokes.append((events[1][3], bool(events[1][4])))
            times.append(events[0][0] * 1_000_000 + events[0][1])
    return strokes, times


def _read(strokes: list[tuple[int, bool]]) -> Iterator[str]:
    held: set[int] = set()
    number = ""
    for key, down in strokes:
        if down and ALT in held:
            number += str(KEYPAD[key])
        elif down and CTRL in held:
            yield chr("abcdefghijklmnopqrstuvwxyz[\\]".index("]") + 1) if key == 27 else "?"
        elif down and key not in (SHIFT, CTRL, ALT):
            yield (SHIFTED if SHIFT in held else PLAIN)[key]
        elif key == ALT and not down:
            yield bytes([int(number)]).decode("cp1252")
            number = ""
        (held.add if down else held.discard)(key)


@pytest.mark.parametrize(
    ("part", "text", "typed"),
    [
        (Part(name="s", at="pty:s"), "123ab", "123ab\n"),
        (Part(name="s", at="pty:s", suffix="tab"), "aAbB%", "aAbB%\t"),
        (Part(name="s", at="pty:s", suffix="none"), "a-1", "a-1"),
        (Part(name="s", at="pty:s"), "1\x1d2", "1\x1d2\n"),
        (Part(name="s", at="pty:s", separator="ctrl-bracket"), "1\x1d2", "1\x1d2\n"),
        (Part(name="s", at="pty:s", separator="alt"), "1\x1d2", "1\x1d2\n"),
        (Part(name="s", at="pty:s", mode="alt"), "Zürich 8", "Zürich 8\n"),
        (Part(name="s", at="pty:s", roll_over=True), "123123", "123123\n"),
        (Part(name="s", at="pty:s", country="de"), "y", "z\n"),  # read by an American keyboard
    ],
)
def test_what_is_scanned_is_typed(part: Part, text: str, typed: str) -> None:
    assert "".join(_read(_scanned(part, text)[0])) == typed


def test_every_key_that_goes_down_comes_up() -> None:
    for part in (Part(name="s", at="pty:s"), Part(name="s", at="pty:s", mode="alt", roll_over=True)):
        strokes, _ = _scanned(part, "aB1\x1d2")
        down = [key for key, is_down in strokes if is_down]
        up = [key for key, is_down in strokes if not is_down]
        assert sorted(down) == sorted(up)


def test_rolled_over_keys_are_down_together() -> None:
    strokes, _ = _scanned(Part(name="s", at="pty:s", roll_over=True), "12")
    assert strokes[:4] == [(2, True), (3, True), (2, False), (3, False)]


def test_two_codes_are_a_person_apart() -> None:
    _, times = _scanned(Part(name="s", at="pty:s"), "1", "2")
    *strokes, pause = sorted(later - earlier for earlier, later in itertools.pairwise(times))
    assert pause >= 100_000
    assert max(strokes) <= 1000


def test_a_character_that_no_key_types_is_refused_whole() -> None:
    scanner = Part(name="s", at="pty:s").device(random.Random(1))
    with pytest.raises(RefusedError, match="no key for 'é'"):
        scanner.obey({"verb": "scan", "text": "12é"}, 0)
    assert scanner.wakes_ns is None


def test_a_power_cut_ends_a_code_in_the_middle() -> None:
    scanner = Part(name="s", at="pty:s").device(random.Random(1))
    scanner.obey({"verb": "scan", "text": "123"}, 0)
    assert scanner.speak(0)
    scanner.power_on(1)
    assert (scanner.wakes_ns, scanner.speak(SECOND)) == (None, [])
