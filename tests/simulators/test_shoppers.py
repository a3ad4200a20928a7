"""Shoppers whose every act is known: their noise is as its sources say, and their table finds every error."""

import random
import statistics
import sys
from collections.abc import Iterator
from itertools import pairwise

import msgspec
import pytest
from click.testing import CliRunner

from edge.readings import Heard, RoundEnded, TagSeen, Weighed
from retail.identity.epc import Sgtin, decode
from simulators.cli import sim
from simulators.shoppers.cell import Cell
from simulators.shoppers.goods import assortment
from simulators.shoppers.mirror import Mirror
from simulators.shoppers.noise import CELL_MS, CREEP_PPM, MIRROR_ROUND_MS, PACK_PERMILLE, Noise
from simulators.shoppers.run import drawn, one, run
from simulators.shoppers.sensing import SensingError, sensed
from simulators.shoppers.session import Said, Session
from simulators.shoppers.shelf import Shelf
from simulators.shoppers.shelf_plays import PLAYS
from simulators.shoppers.stage import Stage
from simulators.shoppers.table import Table
from tests.long_form import LONG

SEEDS = range(3 if LONG else 1)
QUIET = Noise(round_ms=100, spread_cdb=150, sigma_mg=0, drift_mg_h=0, tared_h=0, settle_ms=100)


def mutant(name: str) -> list[str]:
    return [sys.executable, "-m", "tests.simulators.hasty_sensing", name]


def heard(objects: str, seed: int, number: int) -> list[Heard]:
    lines = b"".join(drawn(objects, seed, number).lines).splitlines()
    return [msgspec.json.decode(line, type=Heard) for line in lines]


# The sensing of the product.


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("objects", ["shelf", "loose", "alike", "mirror", "tray"])
def test_nothing_is_charged_or_shown_that_nobody_has(objects: str, seed: int) -> None:
    table = run(objects, 30, seed)
    assert table.wrong_charges == 0, table.examples
    assert table.exact > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shelf_that_was_planned_is_hardly_ever_asked_about(seed: int) -> None:
    assert run("loose", 30, seed).exact >= 29


def test_a_mirror_shows_what_is_held_up_within_half_a_second() -> None:
    table = run("mirror", 60, 3)
    assert (table.wrong_charges, table.missed) == (0, 0), table.examples
    assert table.shown_p99_ms is not None
    assert table.shown_p99_ms <= 500


def test_a_garment_on_the_rail_that_is_heard_loudly_twice_by_chance_is_not_shown() -> None:
    assert one("mirror", 504, 335).outcome == "exact"


# The table.


@pytest.mark.parametrize(
    ("objects", "name"),
    [
        ("shelf", "by-tags"),
        ("shelf", "by-weight"),
        ("loose", "by-weight"),
        ("alike", "by-weight"),
        ("mirror", "by-hearsay"),
        ("tray", "by-hearsay"),
    ],
)
def test_a_sensing_that_believes_one_sensor_is_found_out(objects: str, name: str) -> None:
    assert run(objects, 30, 1, mutant(name)).wrong_charges > 0


@pytest.mark.parametrize("objects", ["shelf", "loose", "mirror", "tray"])
def test_a_sensing_that_says_nothing_misses_what_was_done(objects: str) -> None:
    table = run(objects, 30, 1, mutant("asleep"))
    assert table.wrong_charges == 0
    assert table.missed > 10


def test_a_sensing_that_breaks_off_is_no_table() -> None:
    with pytest.raises(SensingError, match="exit code 3 before it had heard all"):
        run("shelf", 3, 1, [sys.executable, "-c", "raise SystemExit(3)"])
    reads_all = "import sys; sys.stdin.read(); raise SystemExit(3)"
    with pytest.raises(SensingError, match="ended with exit code 3"):
        run("shelf", 3, 1, [sys.executable, "-c", reads_all])
    with pytest.raises(SensingError, match="which is no event"):
        run("shelf", 3, 1, [sys.executable, "-c", "import sys; print(len(sys.stdin.read()))"])


def test_a_run_that_is_stopped_ends_its_sensing_too() -> None:
    def stopped() -> Iterator[tuple[str, Session]]:
        yield "0", drawn("shelf", 1, 0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sensed([sys.executable, "-c", "import sys; sys.stdin.read()"], stopped())


def test_a_charge_is_wrong_even_if_it_is_taken_back() -> None:
    play = next(each for n in range(100) if (each := drawn("shelf", 1, n)).play == "looks")
    for _ in play.lines:
        pass
    epc = next(iter(play.goods))
    took = Said("", 5_000_000_000, {"type": "Took", "epc": epc})
    back = Said("", 6_000_000_000, {"type": "PutBack", "epc": epc})
    assert play.judge([]).outcome == "exact"
    assert play.judge([took, back]).outcome == "wrong"


def test_units_that_are_swapped_at_once_are_one_bill() -> None:
    play = next(each for n in range(100) if (each := drawn("loose", 1, n)).play == "swaps")
    for _ in play.lines:
        pass
    first, back, second = (int(act.at_ms) * 1_000_000 for act in play.diary)
    kinds = [next(gtin for gtin in play.loose if gtin in act.act) for act in play.diary]
    took = Said("", first + 1, {"type": "TookUnits", "gtin": kinds[0], "units": 1})
    then = Said("", second + 1, {"type": "TookUnits", "gtin": kinds[2], "units": 1})
    returned = Said("", second + 1, {"type": "PutBackUnits", "gtin": kinds[0], "units": 1})
    assert back < second
    assert play.judge([took, then, returned]).outcome == play.judge([took, returned, then]).outcome == "exact"
    assert play.judge([took, then]).outcome == "wrong"
    assert play.judge([took, returned]).outcome == "missed"


def test_the_numbers_of_the_table_are_those_of_its_rows() -> None:
    table = run("shelf", 40, 2, mutant("by-tags"))
    cells = [(column, times) for row in table.plays.values() for column, times in row.items()]
    assert sum(times for _, times in cells) == table.sessions == 40
    assert sum(times for column, times in cells if column == "wrong") == table.wrong_charges


# One seed is one day.


@pytest.mark.parametrize("objects", ["shelf", "loose", "mirror", "tray"])
def test_a_session_is_the_same_for_the_same_seed_and_no_other(objects: str) -> None:
    first = b"".join(drawn(objects, 5, 3).lines)
    assert b"".join(drawn(objects, 5, 3).lines) == first
    assert b"".join(drawn(objects, 6, 3).lines) != first


def test_every_play_of_the_shelf_is_drawn_and_ends() -> None:
    played = set()
    for number in range(300):
        session = drawn("shelf", 1, number)
        if session.play not in played:
            played.add(session.play)
            assert sum(1 for _ in session.lines) > 0
    assert played == set(PLAYS)


# What the sensors hear.


@pytest.mark.parametrize(
    ("objects", "says"),
    [
        ("shelf", {TagSeen, RoundEnded, Weighed}),
        ("loose", {RoundEnded, Weighed}),
        ("mirror", {TagSeen, RoundEnded}),
        ("tray", {TagSeen, RoundEnded, Weighed}),
    ],
)
def test_sensors_say_readings_in_the_order_of_their_time_and_nothing_of_the_truth(
    objects: str, says: set[type]
) -> None:
    readings = heard(objects, 1, 0)
    assert all(before.at_ns <= after.at_ns for before, after in pairwise(readings))
    assert {type(each.reading) for each in readings} == says


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tag_at_rest_is_heard_in_60_to_98_of_a_hundred_rounds(seed: int) -> None:
    place = Shelf(random.Random(seed))
    rounds = [dict(place.stage.tags.round()) for _ in range(2_000)]
    for item in place.goods:
        levels_dbm = [each[item.epc] for each in rounds if item.epc in each]
        assert 0.55 < len(levels_dbm) / len(rounds) < 1
        assert 1.3 < statistics.stdev(levels_dbm) < 3.2


@pytest.mark.parametrize("seed", SEEDS)
def test_packs_differ_by_three_percent_at_most_and_their_tags_name_them(seed: int) -> None:
    goods = assortment(random.Random(seed))
    assert len({item.kind for item in goods}) == 10
    assert len({item.epc for item in goods}) == len(goods)
    for item in goods:
        assert abs(item.mass_mg - item.nominal_mg) * 1000 <= item.nominal_mg * PACK_PERMILLE
        assert item.tolerance_mg == item.nominal_mg * PACK_PERMILLE // 1000
        found = decode(item.epc)
        assert isinstance(found, Sgtin)
        assert found.pure_identity_uri.startswith(f"urn:epc:id:sgtin:0614141.{item.kind:06d}.")


def weighed(cell: Cell, readings: int, begin_ms: int = 0) -> list[tuple[int, bool]]:
    return [cell.weigh((begin_ms + n * CELL_MS) * 1_000_000) for n in range(readings)]


@pytest.mark.parametrize("sigma_mg", [500, 2_000])
def test_a_quiet_cell_trembles_by_its_sigma_and_is_called_steady(sigma_mg: int) -> None:
    cell = Cell(random.Random(1), msgspec.structs.replace(QUIET, sigma_mg=sigma_mg), 5_000_000)
    readings = weighed(cell, 3_000)[10:]
    assert statistics.stdev(weight for weight, _ in readings) == pytest.approx(sigma_mg, rel=0.25)
    assert sum(steady for _, steady in readings) > 2_900


def test_a_cell_drifts_by_a_gram_an_hour_and_creeps_under_its_load() -> None:
    cell = Cell(random.Random(1), msgspec.structs.replace(QUIET, drift_mg_h=1_000, tared_h=5), 0)
    assert cell.weigh(0)[0] == 5_000
    assert cell.weigh(3_600_000_000_000)[0] == 6_000
    cell = Cell(random.Random(1), QUIET, 0)
    cell.add(20_000_000)
    end_mg = weighed(cell, 36_000)[-1][0]
    assert end_mg == 20_000_000 + round(20 * CREEP_PPM / 1000) * 1000


def test_a_cell_settles_before_it_is_called_steady() -> None:
    cell = Cell(random.Random(1), QUIET, 1_000_000)
    weighed(cell, 10)
    cell.add(-300_000)
    readings = weighed(cell, 30)
    assert not readings[0][1]
    first = next(weight for weight, steady in readings if steady)
    assert abs(first - 700_000) <= 2_000


def test_a_hand_that_leans_is_felt_and_trembles() -> None:
    cell = Cell(random.Random(1), QUIET, 1_000_000)
    cell.press(2_000_000, 60_000)
    readings = weighed(cell, 50)[20:]
    assert min(weight for weight, _ in readings) > 2_000_000
    assert sum(steady for _, steady in readings) < 5
    cell.press(0, 0)
    assert weighed(cell, 30)[-1] == (1_000_000, True)


def test_a_body_before_the_antenna_weakens_and_hides() -> None:
    stage = Stage(random.Random(1), QUIET)
    stage.tags.put("AA", -50)
    free = [level for _ in range(500) for _, level in stage.tags.round()]
    stage.tags.stand_before(10)
    hidden = [level for _ in range(500) for _, level in stage.tags.round()]
    assert len(hidden) == pytest.approx(len(free) / 2, rel=0.2)
    assert statistics.mean(hidden) == pytest.approx(statistics.mean(free) - 10, abs=0.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_garment_before_the_glass_answers_louder_than_those_on_the_rail_mostly(seed: int) -> None:
    place = Mirror(random.Random(seed))
    place.put(place.first, 50)
    levels: dict[str, list[int]] = {}
    for _ in range(500):
        for epc, level_dbm in place.stage.tags.round():
            levels.setdefault(epc, []).append(level_dbm)
    own_dbm = statistics.mean(levels.pop(place.first.epc))
    assert own_dbm > max(statistics.mean(each) for each in levels.values())
    assert place.stage.noise.round_ms in MIRROR_ROUND_MS


# The command.


def test_the_command_prints_one_table_for_a_program() -> None:
    result = CliRunner().invoke(
        sim, ["shopper", "--objects", "mirror", "--sessions", "5", "--seed", "3", "--json"]
    )
    table = msgspec.json.decode(result.output, type=Table)
    assert (table.objects, table.sessions, table.seed) == ("mirror", 5, 3)
    assert result.exit_code == (1 if table.wrong_charges else 0)


def test_the_command_prints_rows_for_a_person() -> None:
    result = CliRunner().invoke(sim, ["shopper", "--sessions", "5"])
    assert "what shoppers did" in result.output
    assert "of 5 sessions exactly right" in result.output
