"""The driver of scanners that type: keys to codes, whatever is held, repeated, lost, or of another hand."""

from collections.abc import Callable, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.scanners.wedge import CODE_CHARACTERS_MAX, LATE_NS, Settings, Wedge, driver
from edge.readings import CodeScanned, Garbled, Nanoseconds, Reading
from tests.drivers.evdev.strokes import Strokes

CheckSlices = Callable[[Callable[[], Wedge], bytes, Sequence[Reading]], None]

EAN = "96385074"
AIM = CodeScanned("123", "]E0")
LOST = "expected every event of a code, got a gap in them"


def strokes(at_s: int = 1000) -> Strokes:
    return Strokes(at_s)


def scanned(data: bytes, **set_to: object) -> list[Reading]:
    return list(driver(set_to).receive(data))


def alt(code: str, text: Strokes) -> Strokes:
    return text.held("alt", *(f"kp{digit}" for digit in code))


def codes(*texts: str) -> list[Reading]:
    return [CodeScanned(text) for text in texts]


BOTH = codes("123", "456")
TYPED: list[tuple[str, bytes, list[Reading]]] = [
    ("plain keys", strokes().tap(*EAN).enter(), codes(EAN)),
    ("the keypad", strokes().tap("kp1", "kp2", "kp3", "kpenter").data, codes("123")),
    ("letters", strokes().tap("a").held("shift", "b").held("right shift", "c").enter(), codes("aBC")),
    ("all that US types with Shift", strokes().held("shift", *"`1=[;',/\\").enter(), codes('~!+{:"<?|')),
    ("Caps Lock", strokes().tap("caps", "a").held("shift", "b").tap("1", "caps", "c").enter(), codes("Ab1c")),
    (
        "Caps Lock by its lamp",
        strokes().raw(17, 1, 1).tap("a", "b").raw(17, 1, 0).tap("c").enter(),
        codes("ABc"),
    ),
    (
        "roll-over",
        strokes().down("1").down("2").up("1").down("3").up("3").up("2").enter(),
        codes("123"),
    ),
    ("a key that is let go of late", strokes().tap(*"ab").down("c").wait(300).up("c").enter(), codes("abc")),
    (
        "a repeated key",
        strokes().tap("1", "2").down("3").key("3", 2).key("3", 2).up("3").enter(),
        codes("123"),
    ),
    ("releases that never come", strokes().down("1").down("1").down("2").enter(), codes("112")),
    ("Enter before anything", strokes().tap("enter", "enter").tap(*"123").enter(), codes("123")),
    ("keys that type nothing", strokes().tap("left", "1", "f12", "2", "numlock", "3").enter(), codes("123")),
    (
        "a GS as Ctrl and ]",
        strokes().tap("1", "0", "a").held("ctrl", "]").tap("1").enter(),
        codes("10a\x1d1"),
    ),
    ("a GS as F8", strokes().tap("1", "0", "a", "f8", "1").enter(), codes("10a\x1d1")),
    ("a GS as Alt and 029", alt("029", strokes().tap("1", "0", "a")).tap("1").enter(), codes("10a\x1d1")),
    ("Alt and a byte of code page 1252", alt("0128", strokes().tap("1", "2")).enter(), codes("12€")),
    ("Alt and a byte of code page 437", alt("130", strokes().tap("1", "2")).enter(), codes("12é")),
    ("Alt and a byte that 1252 has not", alt("0129", strokes().tap("1", "2")).enter(), codes("12\x81")),
    ("Alt and more than a byte", alt("0305", strokes().tap("1", "2")).enter(), codes("121")),
    ("Alt and nothing, or zero", alt("0", alt("", strokes().tap(*"123"))).enter(), codes("123")),
    ("a control character", strokes().tap("1").held("ctrl", "b").tap("2").enter(), codes("1\x022")),
    ("Ctrl and a key that has none", strokes().tap(*"12").held("ctrl", "1").tap("3").enter(), codes("123")),
    ("a TAB at the end", strokes().tap(*"123", "tab").data, codes("123")),
    ("an AIM identifier", strokes().tap("]").held("shift", "e").tap(*"0123").enter(), [AIM]),
    ("two codes at once", strokes().tap(*"123", "enter").tap(*"456").enter(), codes("123", "456")),
    ("a pause", strokes().tap(*"123").wait(101).tap(*"456").enter(), codes("123", "456")),
    ("no pause", strokes().tap(*"123").wait(98).tap(*"456").enter(), codes("123456")),
    ("time that begins anew", strokes().tap(*"123").data + strokes(1).tap(*"456").enter(), BOTH),
    (
        "a finger on two keys",
        strokes().tap(*"12").enter(),
        [Garbled("3132", "expected a code of 3 characters or more, got 2")],
    ),
    (
        "events that the kernel had no room for",
        strokes().tap(*"123").raw(0, 3, 0).raw(1, 5, 1).raw(0, 0, 0).tap(*"567").enter(),
        [Garbled("313233353637", LOST)],
    ),
    (
        "Shift that was held when events were lost",
        strokes().down("shift").raw(0, 3, 0).raw(0, 0, 0).tap(*"123", "enter").wait(200).tap(*"123").enter(),
        [Garbled("313233", LOST), CodeScanned("123")],
    ),
    (
        "a code of which only its end was not lost",
        strokes().raw(0, 3, 0).raw(0, 0, 0).enter() + strokes().wait(9000).tap(*"123").enter(),
        [Garbled("", LOST), CodeScanned("123")],
    ),
]


@pytest.mark.parametrize(("data", "readings"), [t[1:] for t in TYPED], ids=[t[0] for t in TYPED])
def test_keys_are_the_same_code_however_the_stream_is_cut(
    check_slices: CheckSlices, data: bytes, readings: list[Reading]
) -> None:
    check_slices(Wedge, data, readings)


@pytest.mark.parametrize(
    ("layout", "typed", "text"),
    [
        ("gb", strokes().held("shift", "2", "'", "3").tap("\\", "<"), '"@£#\\'),
        ("de", strokes().tap(*"yz-/").held("shift", "7").held("altgr", "q", "7"), "zyß-/@{"),
        ("de", strokes().tap("`", "space", "`", "e", "`", "1", "`", "`"), "^ê^1^"),
        ("de", strokes().tap("1").held("ctrl", "]").tap("2"), "1\x1d2"),
        ("fr", strokes().held("shift", *"1234567890").tap("q", "a", "m", ";"), "1234567890aq,m"),
        ("fr", strokes().tap("[", "e").held("shift", "[").tap("i"), "êï"),
        ("it", strokes().tap(*"-[;'").held("altgr", ";", "["), "'èòà@["),
        ("es", strokes().tap(";", "'", "a").held("shift", "7").held("altgr", "1"), "ñá/|"),
    ],
)
def test_a_scanner_that_types_on_another_countrys_keyboard_is_read_by_its_table(
    layout: str, typed: Strokes, text: str
) -> None:
    assert scanned(typed.tap("kp0", "kp0").enter(), layout=layout) == codes(text + "00")


def test_a_scanner_may_be_told_to_send_a_printable_character_for_the_separator() -> None:
    typed = strokes().tap("1", "0", "a").held("shift", "\\").tap("1").enter()
    assert scanned(typed, separator="|") == codes("10a\x1d1")
    assert scanned(strokes().tap(*"12", "f12", "3").enter(), separator_keys=["F12"]) == codes("12\x1d3")


def test_where_a_prefix_is_agreed_on_other_keyboards_are_not_listened_to() -> None:
    typed = strokes().tap("-", *EAN, "enter").tap(*EAN).enter()
    refused = Garbled(EAN.encode().hex(), "expected the prefix '-', got '9'")
    assert scanned(typed, prefix="-") == [CodeScanned(EAN), refused]


def test_where_an_end_is_agreed_on_half_a_code_is_none() -> None:
    typed = strokes().tap(*"4006").wait(150).tap(*EAN).enter()
    half = Garbled(b"4006".hex(), "expected the end of the code, got silence")
    assert scanned(typed, silence_ends=False) == [half, CodeScanned(EAN)]


def test_caps_lock_may_be_ignored() -> None:
    assert scanned(strokes().raw(17, 1, 1).tap("caps", *"abc").enter(), caps_lock=False) == codes("abc")


def test_a_code_longer_than_any_symbol_is_none_and_the_next_is_read() -> None:
    typed = strokes().tap(*"12345678" * 900)
    garbled, code = scanned(typed.tap("enter").tap(*EAN).enter())
    assert garbled == Garbled(
        (b"12345678" * 10).hex(), f"expected at most {CODE_CHARACTERS_MAX} characters, got more"
    )
    assert code == CodeScanned(EAN)


@pytest.mark.parametrize("noise", [b"\xff" * 5, b"\xff" * 30])
def test_noise_never_makes_a_wrong_code_and_the_one_after_the_next_is_right(noise: bytes) -> None:
    data = strokes().tap(*"123").enter()
    for place in range(0, len(data), 7):
        wedge = Wedge()
        heard = [*wedge.receive(data[:place] + noise + data[place:])]
        heard += wedge.receive(strokes(1010).tap(*EAN).enter() + strokes(1020).tap(*EAN).enter())
        assert heard[-1] == CodeScanned(EAN)
        assert {each for each in heard if not isinstance(each, Garbled)} <= {*codes("123", EAN)}, place


@pytest.mark.parametrize("lost", [1, 5, 24 + 1, 3 * 24 + 5])
def test_bytes_that_are_lost_with_a_trace_never_make_a_wrong_code(lost: int) -> None:
    data = strokes().held("shift", *"abc").enter()
    for place in range(0, len(data) - lost, 5):
        heard = [*Wedge().receive(data[:place] + data[place + lost :])]
        told = [each for each in heard if isinstance(each, CodeScanned)]
        if len(told) < len(heard):
            assert told in ([], codes("ABC")), place


def at(milliseconds: float) -> Nanoseconds:
    return Nanoseconds(round(milliseconds * 1_000_000))


def test_a_code_without_an_end_is_read_when_nothing_follows() -> None:
    wedge = Wedge()
    wedge.opened(at(0))
    due = [wedge.deadline_ns]
    assert [*wedge.tick(at(0)), *wedge.receive(strokes().tap(*EAN).data), *wedge.tick(at(5))] == []
    assert wedge.pending == len(EAN)
    due.append(wedge.deadline_ns)
    assert [*wedge.tick(at(305))] == codes(EAN)
    assert wedge.pending == 0
    assert [*due, wedge.deadline_ns] == [None, at(5) + at(100) + LATE_NS, None]


def test_a_busy_object_that_hears_late_does_not_cut_a_code_in_two() -> None:
    typed = strokes().tap(*EAN).enter()
    wedge = Wedge()
    list(wedge.receive(typed[:240]))
    list(wedge.tick(at(0)))
    list(wedge.tick(at(290)))
    assert [*wedge.receive(typed[240:])] == codes(EAN)


def test_half_an_event_is_given_up() -> None:
    wedge = Wedge()
    list(wedge.receive(strokes().tap("1").data[:20]))
    list(wedge.tick(at(0)))
    assert wedge.deadline_ns is not None
    [garbled] = wedge.tick(wedge.deadline_ns)
    assert isinstance(garbled, Garbled)
    assert wedge.pending == 0


def test_what_was_typed_before_the_scanner_was_unplugged_is_forgotten() -> None:
    wedge = Wedge()
    list(wedge.receive(strokes().down("shift").tap(*"400").data + b"\x01"))
    wedge.opened(at(9))
    assert wedge.pending == 0
    assert [*wedge.tick(at(9))] == []
    assert [*wedge.receive(strokes().tap(*EAN).enter())] == codes(EAN)
    assert wedge.to_send() == b""


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([strokes().tap(*"12").data, b"\x00" * 24]), max_size=20)
)
def test_whatever_comes_a_code_is_read_once_the_line_was_quiet(parts: list[bytes]) -> None:
    wedge = Wedge()
    for part in parts:
        list(wedge.receive(part))
    for second in range(3):
        list(wedge.tick(at(1000 * second)))
    assert wedge.pending == 0
    twice = strokes(9000).tap(*EAN).enter() + strokes(9001).tap(*EAN).enter()
    assert [*wedge.receive(twice)][-1:] == codes(EAN)


@pytest.mark.parametrize(
    "set_to",
    [{"layout": "nl"}, {"timeout_ms": 5}, {"separator": "||"}, {"separator_keys": ["F13"]}, {"speed": 1}],
)
def test_settings_that_no_scanner_has_are_refused(set_to: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        driver(set_to)
    assert Settings().layout == "us"
