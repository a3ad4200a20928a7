"""What docs/simulators.md shows works as it is shown."""

import json
import re
from pathlib import Path

from click.testing import CliRunner

from simulators.cli import sim
from simulators.devices.scales.mtsics import MtSicsScale
from tests.simulators.bench_process import BenchProcess, StartBench

PAGE = (Path(__file__).parents[2] / "docs" / "simulators.md").read_text(encoding="utf-8")


def shown(language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(block)


def bench_of_the_page(start_bench: StartBench) -> BenchProcess:
    """The page's devices, at ports that are free on this machine and with the names that tests use."""
    parts = "[[device]]" + shown("toml").partition("[[device]]")[2]
    return start_bench(re.sub(r"127\.0\.0\.1:70\d\d", "127.0.0.1:0", parts)).started()


def test_a_person_can_type_what_the_page_shows(start_bench: StartBench) -> None:
    bench = bench_of_the_page(start_bench)
    environment = {"OPOS_BENCH": str(bench.folder / "bench.sock")}
    lines = [line.split()[3:] for line in shown("console").splitlines() if line.startswith("$ opos sim ")]
    assert lines.pop(0) == ["up", "shelf.toml"]
    for line in lines:
        result = CliRunner().invoke(sim, line, env=environment)
        assert (line, result.exit_code) == (line, 0), result.output


def test_a_program_can_send_what_the_page_shows(start_bench: StartBench) -> None:
    bench = bench_of_the_page(start_bench)
    for line in shown("json").splitlines():
        answer = bench.order(**{"device": None, **json.loads(line)})
        assert answer["ok"], (line, answer)


def test_a_test_can_be_written_as_the_page_shows() -> None:
    names: dict[str, object] = {}
    exec(compile(shown("python"), "docs/simulators.md", "exec"), names)  # noqa: S102 (our own page)
    assert isinstance(names["scale"], MtSicsScale)
