"""A driver that somebody begins works at once, and is found without a word in our code."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from edge.provision.scaffold import ScaffoldError, begin


def _as_installed(folder: Path) -> None:
    """Lay beside the package what its installation would tell Python of it."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / "opos_acme_7-0.1.0.dist-info"
    info.mkdir()
    about = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(about, encoding="utf-8")
    lines: list[str] = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {place}" for name, place in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _ran(folder: Path, *words: str, told: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        input=told,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package as `opos new driver acme-7` writes it, as if it were installed."""
    folder = begin("acme-7", tmp_path_factory.mktemp("new"))[0].parent
    _as_installed(folder)
    return folder


def test_its_own_tests_pass(package: Path) -> None:
    assert "passed" in _ran(
        package, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", str(package)
    )


def test_it_is_found_by_the_stethoscope(package: Path) -> None:
    told = json.dumps({"input": b"0.450 kg S\r\n".hex()})
    answer = json.loads(_ran(package, "opos", "decode", "wire", "--profile", "acme-7", told=told))
    assert answer["readings"] == [{"type": "Weighed", "weight_mg": 450_000, "steady": True, "net": False}]
    assert answer["error"] is None


def test_its_simulator_stands_on_a_bench_and_is_listened_to(package: Path) -> None:
    scenario = package / "day.scenario.yaml"
    scenario.write_text(
        "about: it weighs\nbench: bench.toml\nlisten: {scale: 'serial:{at}?profile=acme-7'}\nsteps:\n"
        "  - put: {device: scale, mass_mg: 450000}\n"
        "  - expect: {from: scale, reading: {type: Weighed, weight_mg: 450000, steady: true}}\n",
        encoding="utf-8",
    )
    assert "expect from scale" in _ran(package, "opos", "sim", "run", str(scenario))


def test_what_is_written_is_clean(package: Path) -> None:
    rules = ["--isolated", "--line-length", "110", "--select", "E,F,W,B,UP,D100,D101"]
    assert "All checks passed" in _ran(package, "ruff", "check", *rules, str(package))
    formatted = _ran(package, "ruff", "format", "--isolated", "--line-length", "110", "--check", str(package))
    assert "already formatted" in formatted


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Acme", "expected small letters, digits and -"),
        ("../acme", "expected small letters, digits and -"),
        ("a" * 41, "expected small letters, digits and -"),
        ("mt-sics", "'mt-sics' is spoken already"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(ScaffoldError, match=says):
        begin(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "opos-acme").mkdir()
    with pytest.raises(ScaffoldError, match="is there already"):
        begin("acme", tmp_path)
    assert list((tmp_path / "opos-acme").iterdir()) == []
