"""`opos sim` as a person types it: goods, faults, cable, exit codes, and help with examples."""

import json

import pytest
from click.testing import CliRunner, Result

from simulators.cli import sim
from tests.simulators.bench_process import READER, SCALE, BenchProcess, StartBench, cable_to

SWEATER = "3034F42A44000040000003E9"


def typed(bench: BenchProcess, line: str) -> Result:
    environment = {"OPOS_BENCH": str(bench.folder / "bench.sock")}
    return CliRunner().invoke(sim, line.split(), env=environment, prog_name="opos sim")


@pytest.fixture
def bench(start_bench: StartBench) -> BenchProcess:
    return start_bench(READER, SCALE, cable_to(9)).started()


def test_a_person_moves_goods_and_sees_them_in_the_status(bench: BenchProcess) -> None:
    for line in (
        f"put tag {SWEATER} AA01 --rssi -60",
        "take tag AA01",
        "put weight 262.5",
        "put weight 100",
        "take weight 0.25",
        "lean -1.5",
        "cable cut",
        "fault scale terminator=missing silent=true chunk_bytes=4",
        "unplug scale",
    ):
        assert typed(bench, line).exit_code == 0, typed(bench, line).output
    shown = typed(bench, "status").output.splitlines()
    assert shown[0].split() == ["reader", "r200", f"pty:{bench.folder}/reader"]
    assert shown[1] == f"  {SWEATER}  -60 dBm"
    assert shown[3:9] == [
        "  362.25 g on the plate",
        "  -1.5 g of a hand that leans on it",
        "  unplugged",
        "  fault chunk_bytes=4",
        "  fault terminator=missing",
        "  fault silent=true",
    ]
    assert shown[-1] == "  cut (unplug)"


def test_a_person_takes_everything_back(bench: BenchProcess) -> None:
    bench.do("reader", "put", epc=SWEATER)
    bench.do("scale", "faults", silent=True)
    bench.do("scale", "unplug")
    bench.do("cable", "cut")
    for line in ("clear reader", "clear scale", "heal scale", "plug scale", "restart reader", "cable plug"):
        assert typed(bench, line).exit_code == 0, line
    assert [line for line in typed(bench, "status").output.splitlines() if line.startswith("  ")] == []


def test_json_is_one_object_with_what_the_bench_says(bench: BenchProcess) -> None:
    told = json.loads(typed(bench, f"put tag {SWEATER} --json").output)
    assert [tag["epc"] for tag in told["status"]["reader"]["tags"]] == [SWEATER]
    assert json.loads(typed(bench, "status scale --json").output)["status"].keys() == {"scale"}


# What is typed, the exit code, and what is said.
WRONG = [
    ("take tag AA01", 1, "Error: reader: the tag AA01 is not in the field"),
    ("take weight 5", 1, "Error: scale: cannot take 5000 mg: 0 mg lie on the plate"),
    ("put tag AA01 --device printer", 1, "Error: no device 'printer' on this bench"),
    ("fault scale silent=perhaps", 1, "Error: scale: faults, silent: Expected `bool`, got `str`"),
    ("status printer", 1, "Error: no device 'printer' on this bench: there are reader, scale, cable"),
    ("fault scale silent", 2, "'silent' is no knob: expected NAME=VALUE"),
    ("put weight heavy", 2, "'heavy' is no weight in grams"),
    ("put weight 1.2345", 2, "'1.2345' is no weight in grams"),
    ("put tag", 2, "Missing argument"),
    ("cable bite", 2, "No such command"),
    ("up no-such-file.toml", 2, "does not exist"),
]


def test_what_cannot_be_done_is_said_and_has_its_exit_code(bench: BenchProcess) -> None:
    for line, code, said in WRONG:
        result = typed(bench, line)
        assert (result.exit_code, said in result.output) == (code, True), result.output


def test_where_no_bench_runs_the_command_that_mends_it_is_named(bench: BenchProcess) -> None:
    bench.kill()  # its socket is still there
    result = typed(bench, "status")
    assert result.exit_code == 1
    assert f"no bench runs at {bench.folder}/bench.sock: start it with `opos sim up FILE`" in result.output
    (bench.folder / "bench.sock").unlink()
    assert typed(bench, "status").output == result.output


GOODS = ["put tag", "put weight", "take tag", "take weight", "lean", "clear"]
REST = ["", "up", "cable cut", "cable plug", "fault", "heal", "unplug", "plug", "restart", "status"]


@pytest.mark.parametrize("command", [*GOODS, *REST])
def test_help_has_examples(command: str) -> None:
    result = CliRunner().invoke(sim, [*command.split(), "--help"], prog_name="opos sim")
    assert result.exit_code == 0
    assert f"opos sim {command}" in result.output.partition("Examples:")[2]
