"""Display, touch, browser and services, as the kernel and systemd tell of them."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from edge.config import ObjectConfig, without_trust
from edge.provision.doctor.patient import Patient, Run, Status, Tool
from edge.provision.doctor.subject import UnknownError
from tests.display.test_geometry import edid
from tests.object.test_config import GOOD, write
from tests.provision.doctor.machines import PI_4, codes, findings, machine, patient_on

UNITS = {
    "opos-edge.service": ("loaded", "active", "running", "enabled", 0),
    "opos-sync.service": ("loaded", "active", "running", "enabled", 1),
    "opos-kiosk.service": ("loaded", "active", "running", "enabled", 0),
}
ABSENT = ("not-found", "inactive", "dead", "", 0)
Unit = tuple[str, str, str, str, int]


def systemctl(**other: Unit) -> Run:
    """A systemd that keeps the units of an object, but for these."""
    units = {**UNITS, **{f"opos-{name}.service": unit for name, unit in other.items()}}

    def run(words: Sequence[str]) -> Tool:
        assert list(words[:2]) == ["systemctl", "show"]
        blocks = []
        for name in words[3:]:
            load, active, sub, enabled, restarts = units.get(name, ABSENT)
            blocks.append(
                f"Id={name}\nLoadState={load}\nActiveState={active}\nSubState={sub}\n"
                f"UnitFileState={enabled}\nNRestarts={restarts}"
            )
        return Tool(0, "\n\n".join(blocks))

    return run


def config(directory: Path) -> ObjectConfig:
    return without_trust(write(directory, GOOD))


def patient(directory: Path, status: Status | None = None, /, **units: Unit) -> Patient:
    """An object that works, on a board that is well, but for what is said."""
    healthy = Status("idle", watchers=1) if status is None else status
    return msgspec.structs.replace(
        patient_on(machine(directory / "root", PI_4, {EDID: edid(cm=(71, 40))})),
        config=config(directory),
        status=healthy,
        run=systemctl(**units),
    )


EDID = "sys/class/drm/card1-HDMI-A-1/edid"
HDMI = "sys/class/drm/card1-HDMI-A-1/status"
TOUCH = "proc/bus/input/devices"

UNIT_FAULTS: list[tuple[str, Unit, str, str]] = [
    ("edge", ("loaded", "inactive", "dead", "enabled", 0), "OP-6002", "systemctl start opos-edge.service"),
    ("sync", ("loaded", "failed", "failed", "enabled", 5), "OP-6003", "systemctl restart opos-sync.service"),
    (
        "edge",
        ("loaded", "activating", "auto-restart", "enabled", 9),
        "OP-6003",
        "systemctl restart opos-edge.service",
    ),
    ("sync", ("loaded", "active", "running", "disabled", 0), "OP-6004", "systemctl enable opos-sync.service"),
]


@pytest.mark.parametrize(("name", "unit", "code", "mend"), UNIT_FAULTS)
def test_a_service_that_does_not_work_is_named_with_what_starts_it(
    name: str, unit: Unit, code: str, mend: str, tmp_path: Path
) -> None:
    (found,) = findings("units", patient(tmp_path, **{name: unit}))
    assert (found.code, found.mend, found.safe) == (code, mend, True)


def test_a_service_that_runs_again_is_told_and_not_restarted_unasked(tmp_path: Path) -> None:
    shaky = patient(tmp_path, edge=("loaded", "active", "running", "enabled", 12))
    (found,) = findings("units", shaky)
    assert (found.code, found.safe) == ("OP-6007", False)


def test_an_object_whose_services_run_is_well(tmp_path: Path) -> None:
    well = patient(tmp_path)
    assert (codes("units", well), codes("glass", well)) == ([], [])


def test_where_no_unit_keeps_it_up_an_object_has_to_answer_itself(tmp_path: Path) -> None:
    alone = patient(tmp_path, edge=ABSENT, sync=ABSENT)
    assert codes("units", alone) == []
    mute = msgspec.structs.replace(alone, status=None)
    assert codes("units", mute) == ["OP-6005"]
    hanging = msgspec.structs.replace(patient(tmp_path), status=None)
    assert codes("units", hanging) == ["OP-6008"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status("unpaired"), "OP-6006"),
        (Status("out-of-service"), "OP-6006"),
        (Status("idle", training="on"), "OP-6009"),
    ],
    ids=str,
)
def test_an_object_that_runs_and_sells_nothing_says_why(status: Status, code: str, tmp_path: Path) -> None:
    assert codes("units", patient(tmp_path, status)) == [code]


GLASS_FAULTS = [
    ({TOUCH: 'N: Name="Metrologic Scanner"\nB: PROP=0\n'}, "OP-2201"),
    ({HDMI: "disconnected\n"}, "OP-2301"),
    ({EDID: b"nonsense"}, "OP-2302"),
]


@pytest.mark.parametrize(("tree", "code"), GLASS_FAULTS, ids=[code for _, code in GLASS_FAULTS])
def test_a_display_that_cannot_be_seen_or_touched_is_found(
    tree: dict[str, str | bytes], code: str, tmp_path: Path
) -> None:
    ill = patient(tmp_path)
    machine(tmp_path / "root", tree)
    assert codes("glass", ill) == [code]


def test_a_glass_that_nobody_shows_and_one_that_shows_something_else_are_two_things(tmp_path: Path) -> None:
    dark = patient(tmp_path, kiosk=("loaded", "failed", "failed", "enabled", 3))
    assert codes("glass", dark) == ["OP-2303"]
    elsewhere = patient(tmp_path, Status("idle", watchers=0))
    assert codes("glass", elsewhere) == ["OP-2304"]


def test_a_machine_without_a_kiosk_is_not_asked_for_a_display(tmp_path: Path) -> None:
    with pytest.raises(UnknownError, match="no browser"):
        codes("glass", patient(tmp_path, kiosk=ABSENT))


def test_a_version_that_was_replaced_and_runs_on_is_found(tmp_path: Path) -> None:
    assert codes("versions", patient(tmp_path, Status("idle", program="0.0.1"))) == ["OP-6101"]
    assert codes("versions", patient(tmp_path)) == []
