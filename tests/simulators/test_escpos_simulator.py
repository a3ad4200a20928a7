"""The simulated receipt printer, bytes alone: its answers and its paper are those of the makers' manuals."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.outputs.escpos import EscPos, Part

SECOND = 1_000_000_000
FOREVER = 10_000 * SECOND
CUT = b"\x1dVB\x00"


def printer(**options: Any) -> EscPos:
    return Part(name="p", at="pty:p", **{"boot_ms": 0, **options}).device(random.Random(1))


def run(it: EscPos, data: bytes = b"", until_ns: int = FOREVER) -> bytes:
    """All that it says from now on, as a bench would hear it."""
    it.hear(data, 0)
    said = it.speak(0)
    while (at_ns := it.wakes_ns) is not None and at_ns <= until_ns:
        said += it.speak(at_ns)
    return b"".join(said)


def hand(it: EscPos, verb: str, now_ns: int = 0, **fields: Any) -> None:
    it.obey({"verb": verb, **fields}, now_ns)


def texts(lines: list[dict[str, Any]]) -> list[str]:
    return [line["text"] for line in lines]


def printed(it: EscPos) -> list[str]:
    return [text for receipt in it.world()["receipts"] for text in texts(receipt["lines"])]


def hanging(it: EscPos) -> list[str]:
    return texts(it.world()["hanging"])


# What a hand did, and the four answers of the manuals' tables: printer, why offline, errors, paper.
STATUSES: list[tuple[str, dict[str, Any], list[tuple[str, dict[str, Any]]], str]] = [
    ("ready, drawer closed", {}, [], "12 12 12 12"),
    ("drawer open", {}, [("drawer", {"open": True})], "16 12 12 12"),
    ("drawer open, which is low", {"drawer_open_is": "low"}, [("drawer", {"open": True})], "12 12 12 12"),
    ("cover open", {}, [("cover", {"open": True})], "1a 16 12 12"),
    ("paper low", {}, [("paper", {"state": "low"})], "12 12 12 1e"),
    ("paper out", {}, [("paper", {"state": "out"})], "1a 32 12 7e"),
    ("paper out, no near-end sensor", {"near_end_lines": 0}, [("paper", {"state": "out"})], "1a 32 12 72"),
    ("knife stuck", {}, [("jam", {})], "1a 52 1a 12"),
    ("knife mended", {}, [("jam", {}), ("mend", {})], "12 12 12 12"),
]


@pytest.mark.parametrize(
    ("options", "hands", "answers"), [s[1:] for s in STATUSES], ids=[s[0] for s in STATUSES]
)
def test_a_status_that_is_asked_for_is_told_at_once(
    options: dict[str, Any], hands: list[tuple[str, dict[str, Any]]], answers: str
) -> None:
    it = printer(**options)
    for verb, fields in hands:
        hand(it, verb, **fields)
    it.hear(b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04", 0)
    assert b"".join(it.speak(0)) == bytes.fromhex(answers)


def test_a_hot_head_stops_the_printer_until_it_is_cool() -> None:
    it = printer()
    it.shake(5 * SECOND)
    it.hear(b"\x10\x04\x01\x10\x04\x02\x10\x04\x03goods\n", 0)
    assert it.speak(0) == [b"\x1a", b"\x52", b"\x52"]
    assert hanging(it) == []
    assert it.wakes_ns == 5 * SECOND
    it.speak(5 * SECOND)
    assert hanging(it) == ["goods"]


@pytest.mark.parametrize("place", range(4))
def test_a_status_is_asked_for_in_any_pieces_and_inside_of_other_commands(place: int) -> None:
    it = printer()
    data = b"ab\x10\x04\x01"
    it.hear(data[: place + 1], 0)
    it.hear(data[place + 1 :], 0)
    assert it.speak(0) == [b"\x12"]
    run(it, b"c\n")
    assert hanging(it) == ["abc"]


def test_a_picture_that_holds_the_bytes_of_a_question_is_printed_and_answered() -> None:
    it = printer()
    assert run(it, b"\x1dv0\x00\x03\x00\x02\x00" + b"\x10\x04\x01\xff\xff\xff" + b"after\n") == b"\x12"
    assert it.world()["hanging"] == [{"text": "", "picture": "24x2"}, {"text": "after"}]


def test_a_question_in_the_middle_of_a_command_is_also_its_parameter() -> None:
    it = printer()
    assert run(it, b"\x1bE\x10\x04\x01x\n") == b"\x12"
    # DLE went into ESC E; what is left is no command, and is not printed.
    assert it.world()["hanging"] == [{"text": "x"}]


# What is sent, and the lines that hang out of a printer of sixteen columns.
LAYOUTS: list[tuple[str, bytes, list[dict[str, Any]]]] = [
    ("a line", b"Milk\n", [{"text": "Milk"}]),
    ("an empty line", b"\n", [{"text": ""}]),
    ("carriage returns are nothing", b"a\r\nb\r\n", [{"text": "a"}, {"text": "b"}]),
    (
        "a line that is too long wraps",
        b"0123456789abcdefXY\n",
        [{"text": "0123456789abcdef"}, {"text": "XY"}],
    ),
    (
        "wide letters take two places",
        b"\x1d!\x10abcdefghi\n",
        [{"text": "abcdefgh", "wide": 2}, {"text": "i", "wide": 2}],
    ),
    ("in the middle", b"\x1ba\x01four\n", [{"text": "      four"}]),
    ("on the right", b"\x1ba2four\n", [{"text": "            four"}]),
    ("not moved once it has begun", b"ab\x1ba\x02c\n", [{"text": "abc"}]),
    ("bold and tall", b"\x1bE\x01\x1d!\x01a\n", [{"text": "a", "bold": True, "tall": 2}]),
    (
        "modes together",
        b"\x1b!\x38a\n\x1b!\x00b\n",
        [{"text": "a", "bold": True, "wide": 2, "tall": 2}, {"text": "b"}],
    ),
    ("a table of letters", b"\x1bt\x10\x80\xfc\x1bt\x02\x81\x1bt\x63\x81\n", [{"text": "€üüü"}]),
    ("a tab", b"a\tb\n", [{"text": "a       b"}]),
    ("feeding lines", b"a\x1bd\x03b\n", [{"text": "a"}, {"text": ""}, {"text": ""}, {"text": "b"}]),
    ("feeding lines of nothing", b"\x1bd\x02", [{"text": ""}, {"text": ""}]),
    ("feeding dots", b"a\x1bJ\x05\x1bJ\x60b\n", [{"text": "a"}, {"text": "b"}]),
    ("begun anew", b"\x1bE\x01\x1ba\x01lost\x1b@a\n", [{"text": "a"}]),
    (
        "commands that change nothing here",
        b"\x1b3\x20\x1bR\x02\x1dB\x00\x1dL\x00\x00\x1c.a\n",
        [{"text": "a"}],
    ),
    ("a bar code is passed over", b"\x1dk\x04123\x00\x1dkI\x04{B12a\n", [{"text": "a"}]),
    ("columns of dots are passed over", b"\x1b*\x21\x02\x00......a\n", [{"text": "a"}]),
    ("an unknown command is as long as its name", b"\x1bZa\n", [{"text": "a"}]),
]


@pytest.mark.parametrize(("sent", "lines"), [x[1:] for x in LAYOUTS], ids=[x[0] for x in LAYOUTS])
def test_text_stands_on_the_paper_as_it_was_set_however_it_is_cut(
    sent: bytes, lines: list[dict[str, Any]]
) -> None:
    for place in range(len(sent)):
        it = printer(columns=16)
        it.hear(sent[:place], 0)
        run(it, sent[place:])
        assert it.world()["hanging"] == lines


def _stored(text: bytes) -> bytes:
    return b"\x1d(k" + (len(text) + 3).to_bytes(2, "little") + b"1P0" + text


def test_a_qr_code_is_on_the_paper_with_its_text() -> None:
    it = printer()
    setting = b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1"
    run(it, setting + _stored("https://shop.example/ü".encode()) + b"\x1d(k\x03\x001Q0" + CUT)
    assert it.world()["receipts"] == [
        {"by": "partial cut", "lines": [{"text": "", "qr": "https://shop.example/ü"}]}
    ]


def test_nothing_stored_is_no_qr_code_and_in_the_middle_of_a_line_there_is_none() -> None:
    it = printer()
    run(it, b"\x1d(k\x03\x001Q0" + _stored(b"x") + b"a\x1d(k\x03\x001Q0\n")
    assert it.world()["hanging"] == [{"text": "a"}]


# How it is cut, and what has come off and what is still inside after three lines; the knife is four above.
CUTS: list[tuple[bytes, list[str], list[str]]] = [
    (b"\x1dV\x00", [], ["1", "2", "3"]),
    (b"\x1bd\x04\x1dV\x00", ["1", "2", "3"], []),
    (b"\x1bd\x02\x1dV1", ["1"], ["2", "3", "", ""]),
    (b"\x1dVA\x00", ["1", "2", "3"], []),
    (b"\x1dVB\x10", ["1", "2", "3"], []),
    (b"not at the beginning\x1dVB\x10\n", [], ["1", "2", "3", "not at the beginning"]),
]


@pytest.mark.parametrize(("cut", "off", "inside"), CUTS)
def test_the_knife_cuts_where_it_is(cut: bytes, off: list[str], inside: list[str]) -> None:
    it = printer()
    run(it, b"1\n2\n3\n" + cut)
    assert (printed(it), hanging(it)) == (off, inside)


def test_the_next_receipt_begins_at_the_cut() -> None:
    it = printer()
    run(it, b"one\n" + CUT + b"two\n" + CUT)
    assert [texts(receipt["lines"]) for receipt in it.world()["receipts"]] == [["one"], ["two"]]


def test_only_the_last_receipts_are_kept_and_a_hand_takes_them() -> None:
    it = printer()
    run(it, b"".join(b"%d\n" % each + CUT for each in range(9)) + b"hangs\n")
    assert printed(it) == ["4", "5", "6", "7", "8"]
    hand(it, "tear")
    assert (printed(it), hanging(it)) == ([], [])


def test_it_prints_as_fast_as_its_paper_moves() -> None:
    it = printer(lines_a_second=10)
    it.hear(b"1\n2\n\x1d!\x01tall\n4\n", 0)
    shown = []
    while (at_ns := it.wakes_ns) is not None:
        it.speak(at_ns)
        shown.append((at_ns * 10 // SECOND, hanging(it)[-1]))
    assert shown == [(1, "2"), (2, "tall"), (4, "4")]


def test_a_status_in_turn_comes_when_all_before_it_is_printed() -> None:
    it = printer(lines_a_second=10)
    it.hear(b"1\n2\n\x1dr\x01\x1dr\x02", 0)
    assert it.speak(0) == it.speak(1 * SECOND // 10) == []
    assert hanging(it) == ["1", "2"]
    assert it.speak(2 * SECOND // 10) == [b"\x00", b"\x00"]


def test_a_status_in_turn_tells_of_the_paper_and_the_drawer() -> None:
    it = printer()
    hand(it, "paper", state="low")
    hand(it, "drawer", open=True)
    assert run(it, b"\x1dr\x01\x1dr1\x1dr\x02\x1dr2\x1dr\x07") == b"\x03\x03\x01\x01"


STOPS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("no paper", {"verb": "paper", "state": "out"}, {"verb": "paper"}),
    ("the cover is open", {"verb": "cover", "open": True}, {"verb": "cover", "open": False}),
    ("the knife is stuck", {"verb": "jam"}, {"verb": "mend"}),
]


@pytest.mark.parametrize(("stop", "go"), [s[1:] for s in STOPS], ids=[s[0] for s in STOPS])
def test_while_it_is_offline_it_keeps_what_it_was_sent_and_then_goes_on(
    stop: dict[str, Any], go: dict[str, Any]
) -> None:
    it = printer()
    it.obey(stop, 0)
    assert run(it, b"kept\n\x1dr\x01\x10\x04\x01") == b"\x1a"
    assert it.wakes_ns is None
    it.obey(go, SECOND)
    assert run(it) == b"\x00"
    assert hanging(it) == ["kept"]


def test_a_roll_that_ends_in_the_middle_leaves_two_pieces() -> None:
    it = printer(lines_a_second=10)
    hand(it, "paper", state="low", lines=2)
    run(it, b"1\n2\n3\n" + CUT + b"\x1dr\x01")
    assert it.world()["paper"] == "out"
    assert hanging(it) == ["1", "2"]
    hand(it, "paper", SECOND)
    assert it.world()["paper"] == "ok"
    assert run(it) == b"\x00"
    assert [(each["by"], texts(each["lines"])) for each in it.world()["receipts"]] == [
        ("roll end", ["1", "2"]),
        ("partial cut", ["3"]),
    ]


def test_a_power_cut_loses_what_waits_and_leaves_the_paper() -> None:
    it = printer(lines_a_second=10)
    it.hear(b"\x1da\x0f\x1bE\x01" + b"1\n2\n3\n4\nbegun", 0)
    it.speak(SECOND // 10)
    it.power_on(SECOND // 5)
    assert run(it, b"after\n") == b""
    assert it.world()["hanging"][-1] == {"text": "after"}
    assert hanging(it) == ["1", "2", "after"]


def test_while_it_starts_it_is_deaf() -> None:
    it = printer(boot_ms=1000, watches_at_start=True)
    it.hear(b"lost\n\x10\x04\x01", 0)
    hand(it, "cover", open=True)
    assert it.speak(0) == []
    assert it.wakes_ns == SECOND
    assert it.speak(SECOND) == [b"\x38\0\0\0"]
    it.hear(b"\x10\x04\x01", SECOND)
    hand(it, "cover", SECOND, open=False)
    assert run(it, b"kept\n")[:1] == b"\x1a"
    assert hanging(it) == ["kept"]


# What is watched, what a hand does, and what is said of it by itself.
WATCHED: list[tuple[int, dict[str, Any], str]] = [
    (1, {"verb": "drawer", "open": True}, "14000000"),
    (1, {"verb": "cover", "open": True}, ""),
    (2, {"verb": "cover", "open": True}, "38000000"),
    (2, {"verb": "paper", "state": "out"}, "18000f00"),
    (2, {"verb": "paper", "state": "low"}, ""),
    (4, {"verb": "jam"}, "18080000"),
    (8, {"verb": "paper", "state": "low"}, "10000300"),
    (8, {"verb": "paper", "state": "out"}, "18000f00"),
    (0, {"verb": "paper", "state": "out"}, ""),
]


@pytest.mark.parametrize(("watch", "order", "said"), WATCHED)
def test_what_is_watched_is_told_when_it_changes(watch: int, order: dict[str, Any], said: str) -> None:
    it = printer()
    assert run(it, b"\x1da" + bytes((watch,))) == (b"\x10\0\0\0" if watch else b"")
    it.obey(order, 0)
    assert it.speak(0) == ([bytes.fromhex(said)] if said else [])
    assert it.speak(0) == []


def test_a_watch_begins_with_the_status_before_anything_else_is_answered() -> None:
    assert run(printer(), b"\x1da\x0f\x1dr\x01") == b"\x10\0\0\0\0"


def test_a_head_that_cools_is_told_without_anybody_asking() -> None:
    it = printer()
    assert run(it, b"\x1da\x04") == b"\x10\0\0\0"
    it.shake(3 * SECOND)
    assert it.speak(SECOND) == [b"\x18\x40\0\0"]
    assert it.wakes_ns == 3 * SECOND
    assert it.speak(3 * SECOND) == [b"\x10\0\0\0"]
    assert it.wakes_ns is None


@pytest.mark.parametrize(("stops", "said"), [(True, []), (False, [b"\x38\0\0\0"])])
def test_a_reset_may_end_the_watch(stops: bool, said: list[bytes]) -> None:
    it = printer(reset_stops_watching=stops)
    run(it, b"\x1da\x0f\x1b@")
    hand(it, "cover", open=True)
    assert it.speak(0) == said


def test_some_printers_watch_from_the_start() -> None:
    it = printer(watches_at_start=True)
    assert it.speak(0) == [b"\x10\0\0\0"]
    it.power_on(1)
    assert it.speak(1) == [b"\x10\0\0\0"]


# Pulses, and whether the drawer flies open.
PULSES: list[tuple[bytes, bool]] = [
    (b"\x1bp\x00\x32\x32", True),
    (b"\x1bp0\x32\xfa", True),
    (b"\x1bp\x01\x32\x32", False),
    (b"\x1bp\x00\x00\x32", False),
    (b"\x10\x14\x01\x00\x02", True),
    (b"\x10\x14\x01\x01\x02", False),
]


@pytest.mark.parametrize(("pulse", "opened"), PULSES)
def test_a_pulse_at_the_right_pin_opens_the_drawer(pulse: bytes, opened: bool) -> None:
    it = printer()
    run(it, pulse)
    assert (it.world()["drawer_open"], it.world()["kicks"]) == (opened, int(opened))


def test_a_drawer_waits_for_its_turn_unless_it_is_asked_at_once() -> None:
    it = printer()
    hand(it, "cover", open=True)
    run(it, b"\x1bp\x00\x32\x32")
    assert not it.world()["drawer_open"]
    run(it, b"\x10\x14\x01\x00\x02")
    assert it.world()["kicks"] == 1
    hand(it, "cover", open=False)
    run(it)
    assert it.world()["kicks"] == 2


def test_a_host_that_gives_up_on_an_error_clears_what_waits() -> None:
    it = printer()
    hand(it, "jam")
    run(it, b"lost\n\x10\x05\x02kept\n")
    hand(it, "mend")
    run(it)
    assert hanging(it) == ["kept"]
    run(it, b"\x10\x05\x02and this\n")
    assert hanging(it) == ["kept", "and this"]


def test_it_tells_who_it_is() -> None:
    it = printer()
    assert run(it, b"\x1dIB\x1dIC\x1dI\x63") == b"_Simulated\0_ESC/POS\0"
    numbers = run(it, b"\x1dI\x01\x1dI2\x1dI\x03")
    assert len(numbers) == 3
    assert all(number & 0b1001_0000 == 0 for number in numbers)


def test_a_mute_clone_prints_and_never_says_anything() -> None:
    it = printer(answers=False)
    assert run(it, b"\x10\x04\x01\x1da\x0f\x1dr\x01\x1dIBgoods\n") == b""
    assert hanging(it) == ["goods"]


def test_what_a_full_buffer_does_not_take_is_lost_and_counted() -> None:
    it = printer(buffer_bytes=512)
    hand(it, "cover", open=True)
    it.hear(b"x" * 1000, 0)
    assert it.world()["lost_bytes"] == 488
    assert it.speak(0) == []
    it.hear(b"\x10\x04\x01", 0)
    assert it.speak(0) == [b"\x1a"]
    hand(it, "cover", open=False)
    run(it, b"\n")
    assert len("".join(hanging(it))) == 512


def test_a_long_command_may_overfill_the_buffer_and_then_nothing_more_is_taken() -> None:
    it = printer(buffer_bytes=512)
    hand(it, "cover", open=True)
    stored = _stored(b"x" * 2000)
    for place in range(0, len(stored), 500):
        it.hear(stored[place : place + 500], 0)
    assert it.world()["lost_bytes"] == 0
    it.hear(b"more", 0)
    assert it.world()["lost_bytes"] == 4


def test_questions_do_not_fill_the_buffer_of_a_printer_that_is_offline() -> None:
    it = printer(buffer_bytes=512)
    hand(it, "cover", open=True)
    for _ in range(1000):
        it.hear(b"\x10\x04\x01\x10\x04\x04", 0)
        it.speak(0)
    assert it.world()["lost_bytes"] == 0


def test_with_flow_control_a_host_is_held_back_in_time() -> None:
    it = printer(buffer_bytes=512, flow="xon-xoff")
    it.hear(b"123456789\n" * 38, 0)
    assert it.speak(0) == []
    it.hear(b"123456789\n" * 2, 0)
    assert it.speak(0) == [b"\x13"]
    assert run(it) == b"\x11"
    assert it.world()["lost_bytes"] == 0


def test_a_picture_larger_than_the_buffer_is_no_trouble() -> None:
    it = printer(buffer_bytes=512)
    it.hear(b"\x1dv0\x00\x48\x00\xe8\x03", 0)
    for row in range(1000):
        it.hear(b"\xaa" * 72, row * SECOND)
        it.speak(row * SECOND)
    run(it)
    world = it.world()
    assert world["hanging"] == [{"text": "", "picture": "576x1000"}]
    assert world["lost_bytes"] == 0
    assert 20_000 - world["lines_left"] in range(33, 36)


def test_what_a_host_asks_faster_than_it_is_told_is_lost_in_the_end() -> None:
    it = printer()
    it.hear(b"\x10\x04\x01" * 5000, 0)
    assert len(it.speak(0)) == 1000


def test_a_bench_that_comes_back_has_the_same_paper() -> None:
    it = printer()
    run(it, b"one\n" + CUT + _stored(b"q") + b"\x1d(k\x03\x001Q0two\n")
    hand(it, "drawer", open=True)
    other = printer()
    other.restore(it.world(), 0)
    assert other.world() == it.world()


HANDS: list[tuple[dict[str, Any], str]] = [
    ({"verb": "paper", "state": "wet"}, "paper, state: Invalid enum value 'wet'"),
    ({"verb": "paper", "state": "out", "lines": 3}, "no roll has no lines: leave them out, or put a roll in"),
    ({"verb": "cover"}, "cover: Object missing required field `open`"),
    (
        {"verb": "kick"},
        "the verb 'kick' is unknown here: the verbs are cover, drawer, jam, mend, paper, tear",
    ),
]


@pytest.mark.parametrize(("order", "sentence"), HANDS)
def test_what_a_hand_cannot_do_is_told_in_a_sentence(order: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RefusedError) as refused:
        printer().obey(order, 0)
    assert str(refused.value) == sentence


NOISES: list[Callable[[random.Random], bytes]] = [
    lambda luck: luck.randbytes(4000),
    lambda luck: bytes(luck.choices(b"\x1b\x1d\x10\x1c(kVv0@*\x00\x01\x04ad\n", k=4000)),
]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("seed", range(5))
def test_garbage_is_printed_or_passed_over(noise: Callable[[random.Random], bytes], seed: int) -> None:
    it = printer()
    run(it, noise(random.Random(seed)))
    it.power_on(0)
    hand(it, "paper")
    hand(it, "tear")
    run(it, b"goods\n" + CUT)
    assert printed(it) == ["goods"]
