"""The commands of an installer's hands on simulated devices, without anybody at the keyboard."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from edge.cli.pair import pair
from edge.config import without_trust as load
from tests.object.real_hub import HOST, free_port
from tests.provision.hands.commanded import Said, told
from tests.simulators.bench_process import BenchProcess, write_bench

MIRROR = """
# The mirror by the window.
[object]
id = "mirror-1"
kind = "mirror"
name = "Mirror 1"
tenant = "demo"
site = "corner"
sells_from = "mirror-1"
[display]
port = {port}
[tender]
kind = "house-account"
account = "a7KxQ2mQ9vR4t"
[sync]
broker = "127.0.0.1:1"
hub = "http://127.0.0.1:1"
[[peripheral]]
role = "reader"
uri = "serial:/dev/opos/reader0?profile=r200"
[[peripheral]]
role = "touch"
uri = "evdev:{folder}/touch?profile=touch"
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchProcess]:
    devices = (("reader", "r200"), ("touch", "touch"))
    parts = (f'[[device]]\nname = "{name}"\ntype = "{kind}"\nat = "pty:{name}"\n' for name, kind in devices)
    running = BenchProcess(write_bench(tmp_path_factory.mktemp("bench"), *parts)).started()
    yield running
    running.stop()


@pytest.fixture
def file(bench: BenchProcess, tmp_path: Path) -> Path:
    path = tmp_path / "object.toml"
    path.write_text(MIRROR.format(folder=bench.folder, port=free_port()))
    return path


def _said(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_the_one_reader_that_answers_is_written_into_the_file(bench: BenchProcess, file: Path) -> None:
    words = ["reader", str(file), "--port", str(bench.folder / "reader"), "--yes", "--json"]
    results = [CliRunner().invoke(pair, [*words, "--profile", "r200"]) for _ in range(2)]
    assert [result.exit_code for result in results] == [0, 0], results[0].output
    assert [_said(result.output)[-1]["state"] for result in results] == ["paired", "already"]
    text = file.read_text()
    assert f'uri = "serial:{bench.folder}/reader?profile=r200"' in text
    assert "# The mirror by the window." in text


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["reader", "--port", "/dev/nothing-here"], 2, "nobody is there to ask: give --yes"),
        (["reader", "--yes", "--port", "/dev/nothing-here"], 1, "no reader answers at /dev/nothing-here"),
        (["reader", "--yes", "--profile", "r20", "--port", "x"], 1, "r200"),
        (["reader", "--yes", "--replug", "--wait-s", "1"], 1, "--port"),
        (["printer"], 2, "reader"),
    ],
)
def test_what_cannot_be_paired_says_what_to_do(
    file: Path, words: list[str], code: int, sentence: str
) -> None:
    result = CliRunner().invoke(pair, [words[0], str(file), *words[1:]])
    assert (result.exit_code, sentence in result.output) == (code, True), result.output


def test_four_touches_calibrate_the_panel_and_its_profile_is_written(
    bench: BenchProcess, file: Path, tmp_path: Path
) -> None:
    pages = []

    def finger(said: Said) -> None:
        if said["state"] == "touch":
            pages.append(httpx.get(f"http://{HOST}:{load(file).display.port}/").text)
            x, y = (each // 1000 for each in (said["x_ppm"], said["y_ppm"]))
            bench.do("touch", "tap", x=1000 - x, y=y)

    code, said = told("calibrate", "touch", str(file), "--root", str(tmp_path), "--json", hand=finger)
    assert code == 0, said
    assert [each["state"] for each in said] == ["touch"] * 4 + ["saved"]
    assert ["cross-1" in pages[0], "cross-4" in pages[3]] == [True, True]
    profile = tomllib.loads((tmp_path / "etc/opos/profiles/touch.toml").read_text())
    a, b, c, *_ = profile["settings"]["matrix_ppm"]
    assert a < 0, "left and right were exchanged"
    assert (abs(b) < 50_000, abs(c - 1_000_000) < 50_000) == (True, True)
