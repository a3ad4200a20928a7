"""The installer's commands at a real object: its process, its glass, a scale on a pty; nothing is left."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Operator
from edge.cli.calibrate import calibrate
from edge.cli.identify import identify
from edge.offline_queue.reader import LedgerReader
from edge.readings import Milligrams
from edge.runtime.calibrations import Calibration, calibrations, keep
from edge.runtime.training import TrainingWord
from tests.object.real_hub import eventually
from tests.object.test_training_process import Panel
from tests.provision.hands.commanded import Said, told
from tests.simulators.bench_process import BenchProcess, write_bench

PERSON = "st4Ff0nEtw0x"
SHELF = """
[object]
id = "shelf-1"
kind = "shelf"
name = "Shelf 1"
tenant = "demo"
site = "corner"
sells_from = "shelf-1"
[display]
port = 1
[tender]
kind = "house-account"
account = "a7KxQ2mQ9vR4t"
[sync]
broker = "127.0.0.1:1"
hub = "http://127.0.0.1:1"
[[peripheral]]
role = "reader"
uri = "serial:{bench}/reader?profile=r200"
[[peripheral]]
role = "scale"
uri = "serial:{bench}/scale?profile=mt-sics"
"""
CALIBRATION = Calibration(
    *("c1", "scale", "serial:/dev/opos/scale0?profile=mt-sics", PERSON, 1_700_000_000_000, True),
    *(Milligrams(1_000_000), Milligrams(2_000), (Milligrams(0),), (Milligrams(1_000_100),), Milligrams(100)),
)


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    made = Panel(tmp_path_factory.mktemp("panel"))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[BenchProcess]:
    scale = '[[device]]\nname = "scale"\ntype = "mt-sics"\nat = "pty:scale"\nsettle_ms = 20\n'
    running = BenchProcess(write_bench(tmp_path, scale)).started()
    (tmp_path / "object.toml").write_text(SHELF.format(bench=tmp_path))
    yield running
    running.stop()


def test_a_scale_is_calibrated_without_anybody_at_the_keyboard_and_who_and_when_are_kept(
    bench: BenchProcess,
) -> None:
    words = ("--weight", "1000", "--by", PERSON, "--rounds", "2", "--hold-s", "1", "--json")

    def hand(said: Said) -> None:
        if said["state"] == "put":
            bench.do("scale", "put", mass_mg=1_000_000)
        elif said["state"] == "lift":
            bench.do("scale", "clear")

    code, said = told("calibrate", "scale", str(bench.folder / "object.toml"), *words, hand=hand)
    assert code == 0
    assert [each["state"] for each in said] == ["empty", "put", "lift", "put", "lift", "zero", "saved"]
    (kept,) = calibrations(bench.folder / "data")
    assert (kept.staff, kept.source, kept.reference_mg, kept.written) == (PERSON, "scale", 1_000_000, False)
    assert abs(kept.error_mg) <= kept.tolerance_mg


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--weight", "1000"], 2, "--by"),
        (["--by", PERSON], 2, "--weight"),
        (["--weight", "20", "--by", PERSON], 2, "heavier"),
        (["--weight", "1000", "--by", "Edgar"], 1, "no name"),
    ],
)
def test_what_is_missing_or_wrong_is_said_before_anybody_lifts_a_weight(
    tmp_path: Path, words: list[str], code: int, sentence: str
) -> None:
    file = tmp_path / "object.toml"
    file.write_text(SHELF.format(bench=tmp_path))
    result = CliRunner().invoke(calibrate, ["scale", str(file), *words])
    assert (result.exit_code, sentence in result.output) == (code, True), result.output


def test_a_calibration_is_in_the_journal_once_however_often_the_object_starts(panel: Panel) -> None:
    keep(panel.config.data_dir, CALIBRATION)
    for _ in range(2):
        panel.end()
        panel.start()
    eventually(lambda: calibrations(panel.config.data_dir)[0].written, "it is written down")
    with closing(LedgerReader(panel.config.ledger)) as reader:
        facts = [decode_body(entry.body).fact for entry in reader.entries()]
    assert [each for each in facts if isinstance(each, Operator)] == [
        Operator(PERSON, "scale.calibrate", "scale")
    ]


def test_an_object_that_is_looked_for_says_its_name_on_its_own_glass(panel: Panel) -> None:
    result = CliRunner().invoke(identify, [str(panel.file), "--seconds", "1", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output.splitlines()[0])["glass"] == "runtime"
    assert "Panel 7" in panel.asked("/")


def test_a_whole_sale_is_tried_at_a_running_object_and_none_of_it_is_left(panel: Panel) -> None:
    panel.waits("attract")
    before = panel.asked("/status")["sales"]
    code, said = told(
        *("test-sale", str(panel.file), "--void", "--json"),
        hand=lambda said: panel.scan() if said["state"] == "show" else None,
    )
    assert code == 0, said
    assert [each["state"] for each in said] == [
        *("train", "show", "buy", "pay", "done", "sell", "sold-and-voided"),
    ]
    panel.shows("attract")
    assert (panel.asked("/status")["sales"], panel.asked("/status")["training"]) == (before, "off")


def test_whoever_loses_the_terminal_in_the_middle_of_a_trial_leaves_an_object_that_sells(
    panel: Panel,
) -> None:
    panel.waits("attract")
    code, said = told(*("test-sale", str(panel.file), "--void", "--json"), hand=lambda _: None, ends="show")
    assert (code, said[-1]["state"]) == (130, "show")
    eventually(lambda: panel.asked("/status")["training"] == "off", "it sells again")
    assert not TrainingWord(panel.config).wanted
