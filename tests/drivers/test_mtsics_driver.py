"""The driver of MT-SICS scales: exact weights, steadiness as the scale says it, restarts, zero, silence."""

from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.commands import Zero
from edge.drivers.scales.lines import LINE_BYTES_MAX, LINE_PATIENCE_NS
from edge.drivers.scales.mtsics import (
    ANSWER_PATIENCE_NS,
    ZERO_ASKS_MAX,
    ZERO_PATIENCE_NS,
    MtSics,
    Settings,
)
from edge.readings import DeviceFault, DeviceReady, Garbled, Milligrams, Nanoseconds, Reading, Weighed

CheckSlices = Callable[[Callable[[], MtSics], bytes, Sequence[Reading]], None]
SECOND = 1_000_000_000

# The layout of METTLER TOLEDO's manuals, byte by byte.
EXAMPLE = bytes.fromhex("53205320202020203130302E303020670D0A")
HUNDRED = Weighed(Milligrams(100_000), steady=True)


def weighed(weight_mg: int, *, steady: bool = True) -> Weighed:
    return Weighed(Milligrams(weight_mg), steady)


def garbled(line: bytes, reason: str) -> Garbled:
    return Garbled(line.hex().upper(), reason)


NO_ANSWER = "expected an answer to SI, got something else"
NO_MILLIGRAMS = "expected whole milligrams in mg, ct, g or kg, got something else"

LINES: list[tuple[bytes, Reading]] = [
    (b"S S     100.00 g", HUNDRED),
    (b"S D     100.00 g", weighed(100_000, steady=False)),
    (b"S S       0.00 g", weighed(0)),
    (b"S S      -0.05 g", weighed(-50)),
    (b"S S    -1234.5 g", weighed(-1_234_500)),
    (b"S S     0.2624 kg", weighed(262_400)),
    (b"S S   0.262001 kg", weighed(262_001)),
    (b"S S     262001 mg", weighed(262_001)),
    (b"S S       1.25 ct", weighed(250)),
    (b"S S   0.0010000 g", garbled(b"S S   0.0010000 g", "expected 10 characters of weight, got 11")),
    (b"S S  0.0010000 g", weighed(1)),
    (b"S S     0.0005 g", garbled(b"S S     0.0005 g", NO_MILLIGRAMS)),
    (b"S S     100.00 lb", garbled(b"S S     100.00 lb", NO_MILLIGRAMS)),
    (b"S S     100.00 G", garbled(b"S S     100.00 G", NO_MILLIGRAMS)),
    # A byte was lost: no lighter weight, no weight at all.
    (b"S S     10.00 g", garbled(b"S S     10.00 g", "expected 10 characters of weight, got 9")),
    (b"S S     100.0 g", garbled(b"S S     100.0 g", "expected 10 characters of weight, got 9")),
    (b"S      100.00 g", garbled(b"S      100.00 g", NO_ANSWER)),
    (b"S S     100.00g", garbled(b"S S     100.00g", NO_ANSWER)),
    (b"S S     100.00 ", garbled(b"S S     100.00 ", NO_ANSWER)),
    (b"S S     1 0.00 g", garbled(b"S S     1 0.00 g", NO_ANSWER)),
    (b"S S     10..00 g", garbled(b"S S     10..00 g", NO_ANSWER)),
    (b"S S            g", garbled(b"S S            g", NO_ANSWER)),
    (b"S S     1\xb20.00 g", garbled(b"S S     1\xb20.00 g", NO_ANSWER)),
    (b"     100.00 g", garbled(b"     100.00 g", NO_ANSWER)),
    (b"ES", garbled(b"ES", "the scale did not understand the command (ES)")),
    (b"ET", garbled(b"ET", "the scale received the command with line errors (ET)")),
    (b"EL", garbled(b"EL", "the scale cannot carry out the command (EL)")),
    (b'I4 A "B021002593"', DeviceReady()),
    (b'\x00\xffI4 A "B021002593"', DeviceReady()),
    (b"Z A", DeviceReady()),
    (b"Z S", garbled(b"Z S", "expected Z A, Z I, Z + or Z -, got something else")),
    (b"D A", garbled(b"D A", NO_ANSWER)),
    (b"x" * (LINE_BYTES_MAX - 1), garbled(b"x" * (LINE_BYTES_MAX - 1), NO_ANSWER)),
    (b"x" * 200, garbled(b"x" * LINE_BYTES_MAX, "expected a line end within 64 bytes, got none")),
]


@pytest.mark.parametrize(("line", "reading"), LINES, ids=[str(line[:24]) for line, _ in LINES])
def test_a_line_is_one_reading_however_it_is_cut(
    check_slices: CheckSlices, line: bytes, reading: Reading
) -> None:
    check_slices(MtSics, (line + b"\r\n") * 2, [reading] * 2)


def test_the_example_of_the_manual_is_a_hundred_grams(check_slices: CheckSlices) -> None:
    check_slices(MtSics, EXAMPLE, [HUNDRED])


@pytest.mark.parametrize(
    ("stream", "readings"),
    [
        (EXAMPLE + b"\r\n" + EXAMPLE, [HUNDRED, HUNDRED]),
        (EXAMPLE[7:] + EXAMPLE, [garbled(EXAMPLE[7:-2], NO_ANSWER), HUNDRED]),
        (EXAMPLE[:-2] + EXAMPLE * 2, [garbled(EXAMPLE[:-2] * 2, NO_ANSWER), HUNDRED]),
        (
            EXAMPLE[:-2] + b"\n" + EXAMPLE,
            [garbled(EXAMPLE[:-2] + b"\n", "expected CR LF at the end of the line, got LF alone"), HUNDRED],
        ),
        (b"\x80\x81\r\n" + EXAMPLE, [garbled(b"\x80\x81", NO_ANSWER), HUNDRED]),
    ],
    ids=["doubled line end", "begun before we listened", "lost line end", "lost CR", "noise"],
)
def test_a_stream_is_the_same_readings_however_it_is_cut(
    check_slices: CheckSlices, stream: bytes, readings: list[Reading]
) -> None:
    check_slices(MtSics, stream, readings)


FAULTS = [
    (b"S +", "scale.overload"),
    (b"S -", "scale.underload"),
    (b"S I", "scale.not-ready"),
    (b"Z +", "scale.zero-refused"),
    (b"Z -", "scale.zero-refused"),
]


@pytest.mark.parametrize(("line", "code"), FAULTS)
def test_a_scale_that_cannot_weigh_is_a_fault_once_and_ready_with_its_next_weight(
    line: bytes, code: str
) -> None:
    driver = MtSics()
    [fault] = [*driver.receive((line + b"\r\n") * 3)]
    assert isinstance(fault, DeviceFault)
    assert fault.code == code
    assert [*driver.receive(EXAMPLE * 2)] == [DeviceReady(), HUNDRED, HUNDRED]


def test_a_unit_that_lost_a_letter_on_the_line_is_no_other_weight() -> None:
    driver = MtSics()
    driver.opened(at(0))
    assert [*driver.receive(b"S S      0.262 kg\r\n")] == [DeviceReady(), weighed(262_000)]
    lost = b"S S      0.262 g"
    assert [*driver.receive(lost + b"\r\n")] == [
        garbled(lost, "expected the unit of the answer before, got another")
    ]


def test_a_unit_that_somebody_has_changed_counts_from_the_second_answer_on() -> None:
    driver = opened_and_heard()
    line = b"S S     0.2624 kg\r\n"
    assert [*driver.receive(line * 2)][1:] == [weighed(262_400)]


def test_one_fault_may_follow_another() -> None:
    driver = MtSics()
    faults = [*driver.receive(b"S +\r\nS I\r\nS I\r\nS +\r\n")]
    assert [fault.code for fault in faults if isinstance(fault, DeviceFault)] == [
        "scale.overload",
        "scale.not-ready",
        "scale.overload",
    ]


@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    st.integers(min_value=-99_999_999, max_value=999_999_999),
    st.integers(min_value=0, max_value=6),
    st.sampled_from([("mg", 1), ("g", 1000), ("kg", 1_000_000), ("ct", 200)]),
)
def test_a_weight_is_exact_or_none(digits: int, decimals: int, unit: tuple[str, int]) -> None:
    text = f"{Decimal(digits).scaleb(-decimals):f}"
    exact = Decimal(text) * unit[1]
    [reading] = [*MtSics(Settings(weight_characters=0)).receive(f"S S {text:>10} {unit[0]}\r\n".encode())]
    if exact == exact.to_integral_value():
        assert reading == weighed(int(exact))
    else:
        assert isinstance(reading, Garbled)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.binary(max_size=90) | st.sampled_from([EXAMPLE, EXAMPLE[:9], b"\n", b"S S"])))
def test_after_any_noise_a_line_is_understood_once_the_line_is_quiet(parts: list[bytes]) -> None:
    driver = opened_and_heard()
    for part in parts:
        list(driver.receive(part))
        assert driver.pending <= LINE_BYTES_MAX
    list(driver.tick(at(1)))
    list(driver.tick(at(1.5)))
    assert driver.pending == 0
    assert [*driver.receive(EXAMPLE)][-1] == HUNDRED


def at(seconds: float) -> Nanoseconds:
    return Nanoseconds(round(seconds * SECOND))


def opened_and_heard() -> MtSics:
    driver = MtSics()
    driver.opened(at(0))
    assert driver.to_send() == b"SI\r\n"
    assert [*driver.receive(EXAMPLE)] == [DeviceReady(), HUNDRED]
    assert [*driver.tick(at(0))] == []
    return driver


def asked(driver: MtSics, now: Nanoseconds) -> bytes:
    list(driver.tick(now))
    return driver.to_send()


def test_it_asks_as_soon_as_the_port_is_open_and_says_it_once() -> None:
    driver = MtSics()
    assert driver.deadline_ns is None
    assert driver.to_send() == b""
    driver.opened(at(0))
    assert [driver.to_send(), driver.to_send()] == [b"SI\r\n", b""]


def test_it_asks_ten_times_a_second_while_it_is_answered() -> None:
    driver = opened_and_heard()
    for tenths in range(1, 30):
        assert driver.deadline_ns == at(tenths / 10)
        assert asked(driver, Nanoseconds(driver.deadline_ns - 1)) == b""
        assert asked(driver, driver.deadline_ns) == b"SI\r\n"
        list(driver.receive(EXAMPLE))


def test_it_waits_for_an_answer_before_it_asks_again() -> None:
    driver = opened_and_heard()
    assert asked(driver, at(0.1)) == b"SI\r\n"
    assert driver.deadline_ns == at(0.1) + ANSWER_PATIENCE_NS
    assert asked(driver, at(1.0)) == b""
    assert asked(driver, at(1.1)) == b"SI\r\n"


def test_a_scale_that_falls_silent_is_a_fault_once_and_ready_when_it_answers_again() -> None:
    driver = opened_and_heard()
    heard = [reading for tenths in range(120) for reading in driver.tick(at(tenths / 10))]
    [fault] = heard
    assert isinstance(fault, DeviceFault)
    assert fault.code == "device.silent"
    assert [*driver.receive(EXAMPLE)] == [DeviceReady(), HUNDRED]


def test_a_scale_that_answers_nothing_but_errors_is_silent_too() -> None:
    driver = opened_and_heard()
    heard: list[Reading] = []
    for tenths in range(60):
        heard += [*driver.receive(b"ES\r\n"), *driver.tick(at(tenths / 10))]
    assert [reading.code for reading in heard if isinstance(reading, DeviceFault)] == ["device.silent"]


def test_a_restart_is_noticed_although_nobody_asked_and_the_asking_goes_on() -> None:
    driver = opened_and_heard()
    asked(driver, at(0.1))
    assert [*driver.receive(b'I4 A "0012345678"\r\n' + EXAMPLE)] == [DeviceReady(), HUNDRED]
    assert asked(driver, at(0.2)) == b"SI\r\n"


def test_a_scale_that_starts_while_the_port_is_open_is_ready_once() -> None:
    driver = MtSics()
    driver.opened(at(0))
    assert [*driver.receive(b'I4 A "0012345678"\r\n' + EXAMPLE)] == [DeviceReady(), HUNDRED]


def test_a_line_that_was_cut_off_by_a_restart_does_not_swallow_the_restart() -> None:
    driver = opened_and_heard()
    list(driver.receive(EXAMPLE[:9]))
    list(driver.tick(at(0.1)))
    assert [*driver.tick(Nanoseconds(at(0.1) + LINE_PATIENCE_NS))] == [
        garbled(EXAMPLE[:9], "expected a line end, got silence")
    ]
    assert [*driver.receive(b'I4 A "0012345678"\r\n')] == [DeviceReady()]


def test_a_line_after_endless_noise_and_a_pause_is_a_line_again() -> None:
    driver = opened_and_heard()
    list(driver.receive(b"x" * 500))
    list(driver.tick(at(0.1)))
    list(driver.tick(at(0.5)))
    assert [*driver.receive(EXAMPLE)] == [HUNDRED]


def test_zero_is_asked_for_in_the_place_of_the_next_weight() -> None:
    driver = opened_and_heard()
    driver.command(Zero())
    assert asked(driver, at(0.1)) == b"Z\r\n"
    assert driver.deadline_ns == at(0.1) + ZERO_PATIENCE_NS
    assert [*driver.receive(b"Z A\r\n")] == [DeviceReady()]
    assert asked(driver, at(0.2)) == b"SI\r\n"


def test_zero_waits_for_a_scale_at_rest() -> None:
    driver = opened_and_heard()
    list(driver.receive(b"S D     100.00 g\r\n"))
    driver.command(Zero())
    assert asked(driver, at(0.1)) == b"SI\r\n"
    list(driver.receive(b"S S     100.00 g\r\n"))
    assert asked(driver, at(0.2)) == b"Z\r\n"


def test_zero_is_tried_again_when_the_scale_could_not_do_it_now() -> None:
    driver = opened_and_heard()
    driver.command(Zero())
    assert asked(driver, at(0.1)) == b"Z\r\n"
    assert [*driver.receive(b"Z I\r\n")] == []
    assert asked(driver, at(0.2)) == b"SI\r\n"
    list(driver.receive(EXAMPLE))
    assert asked(driver, at(0.3)) == b"Z\r\n"


@pytest.mark.parametrize(
    "answer", [b"S D     100.00 g\r\n", b"Z I\r\nS S     100.00 g\r\n"], ids=["never at rest", "never now"]
)
def test_zero_is_given_up_in_the_end_and_said_so(answer: bytes) -> None:
    driver = opened_and_heard()
    driver.command(Zero())
    heard: list[Reading] = []
    for tenths in range(1, ZERO_ASKS_MAX + 10):
        heard += [*driver.tick(at(tenths / 10)), *driver.receive(answer)]
    assert [reading.code for reading in heard if isinstance(reading, DeviceFault)] == ["scale.zero-refused"]
    assert asked(driver, at(9)) == b"SI\r\n"


def test_what_came_before_the_port_was_lost_is_forgotten() -> None:
    driver = opened_and_heard()
    driver.command(Zero())
    list(driver.receive(EXAMPLE[:9]))
    driver.opened(at(9))
    assert driver.pending == 0
    assert driver.to_send() == b"SI\r\n"
    assert [*driver.receive(EXAMPLE)] == [DeviceReady(), HUNDRED]
    assert asked(driver, at(9.1)) == b"SI\r\n"


def test_its_deadline_is_always_ahead_once_it_has_ticked() -> None:
    driver = MtSics()
    driver.opened(at(0))
    now = at(0)
    for step in range(200):
        if step % 3 == 0:
            list(driver.receive((b"", EXAMPLE[:9], b"ES\r\n", EXAMPLE, b"x" * 99)[step % 5]))
        list(driver.tick(now))
        assert driver.deadline_ns is not None
        assert driver.deadline_ns > now
        now = driver.deadline_ns
