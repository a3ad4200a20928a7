"""The systemd units start commands that exist, and start them again when they end."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from opos.front_door import FrontDoor, listed

UNITS = sorted(
    unit
    for unit in (Path(__file__).parents[2] / "systemd").glob("*.service")
    if not unit.stem.startswith(("opos-hub", "opos-broker"))  # the hub's own tests know those
)


def service(unit: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(unit, encoding="utf-8")
    return parser["Service"]


def test_runtime_and_agent_each_have_a_unit() -> None:
    assert [unit.stem for unit in UNITS] == ["opos-object", "opos-sync"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_a_command_that_exists(unit: Path) -> None:
    program, *words, file = service(unit)["ExecStart"].split()
    assert Path(program).name == "opos"
    assert file.endswith(".toml")
    result = CliRunner().invoke(FrontDoor(commands=listed()), [*words, "--help"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_again_and_runs_as_nobody_special(unit: Path) -> None:
    section = service(unit)
    assert (section["Restart"], section["User"], section["NoNewPrivileges"]) == ("always", "opos", "yes")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_understands_every_line_of_a_unit(unit: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    # The program is at its place only once it has been installed there.
    assert [line for line in said.splitlines() if unit.name in line and "/opt/opos" not in line] == []
