"""The simulated MT-SICS scale, lines alone: it answers as the manual says; only a plate at rest is stable."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.scales.mtsics import MtSicsScale

SECOND_NS = 1_000_000_000
STARTED = 'I4 A "0012345678"'


def scale(seed: int = 1, **options: Any) -> MtSicsScale:
    """A scale that has been on for a while."""
    simulated = MtSicsScale(random.Random(seed), **options)
    assert lines(simulated, 0)[0].startswith("I4 A ")
    return simulated


def lines(simulated: MtSicsScale, now_ns: int) -> list[str]:
    said = simulated.speak(now_ns)
    assert all(line.endswith(b"\r\n") for line in said)
    return [line[:-2].decode("ascii") for line in said]


def ask(simulated: MtSicsScale, command: str, now_ns: int = 0) -> list[str]:
    simulated.hear(command.encode("latin-1") + b"\r\n", now_ns)
    return lines(simulated, now_ns)


def until(simulated: MtSicsScale, end_ns: int, now_ns: int = 0) -> Iterator[tuple[int, str]]:
    """All that it says unasked, with the time, up to `end_ns`."""
    while (at_ns := simulated.wakes_ns) is not None and at_ns <= end_ns:
        assert at_ns > now_ns or not now_ns
        now_ns = at_ns
        for line in lines(simulated, now_ns):
            yield now_ns, line


# 100 g lie on it, at rest. The first answer is the layout example of the manual in tenths.
DIALOGUE = [
    ("SI", ["S S      100.0 g"]),
    ("S", ["S S      100.0 g"]),
    ("TA", ["TA A        0.0 g"]),
    ("TA 12.5 g", ["TA A       12.5 g"]),
    ("TA 12.5 kg", ["EL"]),
    ("TA 99999 g", ["EL"]),
    ("TAC", ["TAC A"]),
    ("T", ["T S      100.0 g"]),
    ("TI", ["TI S      100.0 g"]),
    ("Z", ["Z A"]),
    ("ZI", ["ZI S"]),
    ("@", [STARTED]),
    ("I1", ['I1 A "01" "2.00" "2.00" "" ""']),
    ("I2", ['I2 A "Simulated 6000 g"']),
    ("I3", ['I3 A "1.00"']),
    ("I4", [STARTED]),
    ("SR nothing", ["EL"]),
    # What is no command: lower case, one unknown, one with too much behind it, none at all.
    ("s", ["ES"]),
    ("XYZ", ["ES"]),
    ("S 1", ["ES"]),
    ("", ["ES"]),
    ("S\xa0", ["ET"]),
]


@pytest.mark.parametrize(("command", "answer"), DIALOGUE)
def test_a_command_has_the_answer_of_the_manual_however_it_is_cut(command: str, answer: list[str]) -> None:
    sent = command.encode("latin-1") + b"\r\n"
    for cut in range(len(sent)):
        simulated = scale()
        simulated.restore({"mass_mg": 100_000}, 0)
        simulated.hear(sent[:cut], 0)
        simulated.hear(sent[cut:], 0)
        assert lines(simulated, 0) == answer


def test_the_weight_stands_in_ten_characters_as_the_manual_prints_them() -> None:
    simulated = scale(readability_mg=10)
    simulated.restore({"mass_mg": 100_000}, 0)
    simulated.hear(b"S\r\n", 0)
    printed = bytes.fromhex("5320532020202020 3130302E3030 20670D0A")
    assert simulated.speak(0) == [printed]


# Readability, what lies there, what is shown.
SHOWN = [
    (100, 262_449, "S S      262.4 g"),
    (100, 262_460, "S S      262.5 g"),
    (1000, 262_400, "S S        262 g"),
    (1000, 1_262_600, "S S       1263 g"),
    (10, 262_444, "S S     262.44 g"),
    (100, 0, "S S        0.0 g"),
]


@pytest.mark.parametrize(("readability_mg", "mass_mg", "shown"), SHOWN)
def test_a_weight_is_shown_in_whole_digits(readability_mg: int, mass_mg: int, shown: str) -> None:
    simulated = scale(readability_mg=readability_mg)
    simulated.restore({"mass_mg": mass_mg}, 0)
    # It trembles by a tenth of a digit, so what is shown most often is what lies there.
    said = [ask(simulated, "SI", at_ns)[0] for at_ns in range(101)]
    assert max(set(said), key=said.count) == shown


def test_after_a_change_it_moves_towards_the_new_weight_and_is_stable_only_there() -> None:
    simulated = scale()
    simulated.put(500_000, now_ns=0)
    said = [ask(simulated, "SI", at_ms * 1_000_000)[0] for at_ms in range(0, 1500, 20)]
    moving = [line for line in said if line.startswith("S D ")]
    assert said[: len(moving)] == moving
    assert 30 < len(moving) < 60
    weights = [float(line[4:14]) for line in moving]
    assert weights[0] == pytest.approx(0, abs=0.5)
    assert weights[:15] == sorted(weights[:15])
    assert set(said[len(moving) :]) <= {
        "S S      500.0 g",
        "S S      499.9 g",
        "S S      500.1 g",
    }


def test_a_stable_value_comes_when_the_plate_rests_and_not_before() -> None:
    simulated = scale()
    simulated.put(500_000, now_ns=0)
    assert ask(simulated, "S") == []
    ((at_ns, line),) = until(simulated, 10 * SECOND_NS)
    assert line[:4] == "S S "
    assert at_ns >= 900_000_000


@pytest.mark.parametrize(("command", "answer"), [("S", "S I"), ("Z", "Z I"), ("T", "T I"), ("SR", "S I")])
def test_what_needs_a_plate_at_rest_gives_up_while_a_hand_leans_on_it(command: str, answer: str) -> None:
    simulated = scale()
    simulated.lean(300_000, now_ns=0)
    assert ask(simulated, command, 1) == []
    assert [line for _, line in until(simulated, 10 * SECOND_NS, 1)] == [answer]


def test_a_second_command_finds_it_busy_and_a_reset_sets_it_free() -> None:
    simulated = scale()
    simulated.lean(300_000, now_ns=0)
    assert ask(simulated, "S", 1) == []
    assert ask(simulated, "SI", 2) == ["S I"]
    assert ask(simulated, "Z", 2) == ["Z I"]
    assert ask(simulated, "I3", 2) == ['I3 A "1.00"']
    assert ask(simulated, "@", 2) == [STARTED]
    assert simulated.wakes_ns is None


def test_a_hand_that_leans_makes_it_unstable_and_lets_go_again() -> None:
    simulated = scale()
    simulated.lean(300_000, now_ns=0)
    assert {ask(simulated, "SI", at_ns)[0][:4] for at_ns in range(0, 9 * SECOND_NS, SECOND_NS)} == {"S D "}
    simulated.lean(0, now_ns=9 * SECOND_NS)
    assert ask(simulated, "SI", 11 * SECOND_NS) == ["S S        0.0 g"]


def test_a_shaken_floor_makes_it_unstable_for_as_long_as_it_shakes() -> None:
    simulated = scale()
    simulated.restore({"mass_mg": 100_000}, 0)
    simulated.shake(3 * SECOND_NS)
    assert {ask(simulated, "SI", at_ns)[0][:4] for at_ns in range(0, 3 * SECOND_NS, SECOND_NS)} == {"S D "}
    assert ask(simulated, "SI", 3 * SECOND_NS) == ["S S      100.0 g"]


@pytest.mark.parametrize(("load_mg", "sign"), [(6_001_500, "+"), (-9_000, "-")])
@pytest.mark.parametrize("command", ["S", "SI", "Z", "T", "TI", "ZI", "SR"])
def test_beyond_its_range_it_says_so_at_once(load_mg: int, sign: str, command: str) -> None:
    simulated = scale()
    simulated.restore({"lean_mg": load_mg} if load_mg < 0 else {"mass_mg": load_mg}, 0)
    name = "S" if command in ("SI", "SR") else command
    assert ask(simulated, command) == [f"{name} {sign}"]


@pytest.mark.parametrize(("mass_mg", "answer"), [(119_000, "Z A"), (121_000, "Z +")])
def test_zero_is_taken_within_two_percent_of_the_capacity(mass_mg: int, answer: str) -> None:
    simulated = scale(capacity_g=6000)
    simulated.restore({"mass_mg": mass_mg}, 0)
    assert ask(simulated, "Z") == [answer]


def test_after_zero_the_goods_that_lay_there_count_nothing_and_missing_they_count_less_than_nothing() -> None:
    simulated = scale()
    simulated.restore({"mass_mg": 100_000}, 0)
    assert ask(simulated, "Z") == ["Z A"]
    assert ask(simulated, "SI")[0] in ("S S        0.0 g", "S S       -0.1 g", "S S        0.1 g")
    simulated.restore({"mass_mg": 0}, 0)
    assert ask(simulated, "SI")[0] in ("S S     -100.0 g", "S S      -99.9 g", "S S     -100.1 g")


def test_a_tare_is_subtracted_until_it_is_cleared() -> None:
    simulated = scale()
    simulated.restore({"mass_mg": 250_000}, 0)
    assert ask(simulated, "TA 50 g") == ["TA A       50.0 g"]
    assert ask(simulated, "SI") == ["S S      200.0 g"]
    assert ask(simulated, "@") == [STARTED]
    assert ask(simulated, "SI") == ["S S      200.0 g"]  # a reset leaves it
    assert ask(simulated, "TAC") == ["TAC A"]
    assert ask(simulated, "SI") == ["S S      250.0 g"]


def test_a_power_cut_says_the_serial_number_and_forgets_tare_and_zero_but_not_the_goods() -> None:
    simulated = scale(serial="B1")
    simulated.restore({"mass_mg": 100_000}, 0)
    ask(simulated, "TA 50 g")
    ask(simulated, "SIR")
    simulated.power_on(SECOND_NS)
    assert lines(simulated, SECOND_NS) == ['I4 A "B1"']
    assert simulated.wakes_ns is None
    assert ask(simulated, "SI", SECOND_NS) == ["S S      100.0 g"]


@pytest.mark.parametrize("ending", ["@", "S", "SI"])
def test_a_stream_of_weights_goes_on_until_it_is_ended(ending: str) -> None:
    simulated = scale()
    assert ask(simulated, "SIR") == ["S S        0.0 g"]
    said = [line for _, line in until(simulated, SECOND_NS)]
    assert len(said) == 10
    assert all(line.startswith("S S ") for line in said)
    assert len(ask(simulated, ending, SECOND_NS)) == 1
    assert list(until(simulated, 9 * SECOND_NS, SECOND_NS)) == []


def test_on_change_it_says_the_moving_and_then_the_stable_weight_once_each() -> None:
    simulated = scale()
    assert ask(simulated, "SR") == ["S S        0.0 g"]
    assert list(until(simulated, SECOND_NS)) == []
    simulated.put(262_000, now_ns=SECOND_NS)
    moving, stable = [line for _, line in until(simulated, 9 * SECOND_NS, SECOND_NS)]
    assert moving[:4] == "S D "
    assert stable in ("S S      262.0 g", "S S      261.9 g", "S S      262.1 g")


def test_on_change_with_a_threshold_it_passes_over_less() -> None:
    simulated = scale()
    assert len(ask(simulated, "SR 300 g")) == 1
    assert list(until(simulated, SECOND_NS)) == []
    simulated.put(262_000, now_ns=SECOND_NS)
    assert list(until(simulated, 6 * SECOND_NS, SECOND_NS)) == []
    simulated.put(262_000, now_ns=6 * SECOND_NS)
    assert [line[:4] for _, line in until(simulated, 9 * SECOND_NS, 6 * SECOND_NS)] == ["S D ", "S S "]


COMMANDS = ["@", "I0", "I1", "I2", "I3", "I4", "S", "SI", "SIR", "SR", "T", "TA", "TAC", "TI", "Z", "ZI"]


def test_its_list_of_commands_names_those_that_it_answers() -> None:
    listed = ask(scale(), "I0")
    assert [line.split()[1] for line in listed] == ["B"] * (len(listed) - 1) + ["A"]
    names = [line.split()[3].strip('"') for line in listed]
    assert sorted(names) == COMMANDS
    assert all(ask(scale(), name) != ["ES"] for name in names)


def test_a_line_without_an_end_is_given_up_and_the_next_command_is_heard() -> None:
    simulated = scale()
    simulated.hear(b"x" * 100, 0)
    assert lines(simulated, 0) == ["ES"]
    assert ask(simulated, "SI") == ["S S        0.0 g"]


def test_what_a_host_asks_faster_than_it_is_told_is_lost_in_the_end() -> None:
    simulated = scale()
    simulated.hear(b"I3\r\n" * 5000, 0)
    assert len(simulated.speak(0)) == 1000
    assert ask(simulated, "I3") == ['I3 A "1.00"']


def test_one_seed_is_one_day_and_another_seed_another() -> None:
    def day(seed: int) -> list[str]:
        simulated = scale(seed)
        simulated.put(1_000_000, now_ns=0)
        return [ask(simulated, "SI", at_ns)[0] for at_ns in range(0, SECOND_NS, 10_000_000)]

    assert day(7) == day(7)
    assert day(7) != day(8)


HANDS = [
    ({"verb": "take", "mass_mg": 2}, "cannot take 2 mg: 0 mg lie on the plate"),
    ({"verb": "put", "mass_mg": 0}, "put, mass_mg: Expected `int` >= 1"),
    ({"verb": "put", "mass_mg": 1.5}, "put, mass_mg: Expected `int`, got `float`"),
    ({"verb": "put", "epc": "30"}, "put: Object contains unknown field `epc`"),
    ({"verb": "push"}, "the verb 'push' is unknown here: the verbs are clear, lean, press, put, take"),
]


@pytest.mark.parametrize(("order", "sentence"), HANDS)
def test_what_a_hand_cannot_do_is_told_in_a_sentence(order: dict[str, object], sentence: str) -> None:
    with pytest.raises(RefusedError) as refused:
        scale().obey(order, 0)
    assert str(refused.value) == sentence


def test_a_tonne_is_all_that_it_bears() -> None:
    simulated = scale()
    simulated.put(900_000_000)
    with pytest.raises(RefusedError, match="would break the scale"):
        simulated.put(200_000_000)


def test_a_hand_puts_takes_leans_and_clears() -> None:
    simulated = scale()
    for order in (
        {"verb": "put", "mass_mg": 500},
        {"verb": "take", "mass_mg": 200},
        {"verb": "lean", "mass_mg": -9},
    ):
        simulated.obey(order, 0)
    assert simulated.world() == {"mass_mg": 300, "lean_mg": -9}
    simulated.obey({"verb": "clear"}, 0)
    assert simulated.world() == {"mass_mg": 0, "lean_mg": -9}
