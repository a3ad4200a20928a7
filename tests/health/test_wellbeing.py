"""What a runtime says of itself, and which of it is told as a fault."""

import re
from pathlib import Path

import pytest

from cloud_sync.contract.encoding import encode
from cloud_sync.contract.state import CODE, Fault, ObjectState
from edge.checkout.state import Stage
from edge.offline_queue.budget import Level
from edge.readings import DeviceFault, DeviceReady
from edge.runtime.roll import Roll
from edge.runtime.wellbeing import Standing, wellbeing_of
from edge.wellbeing import OTHER, DeviceHealth, Wellbeing, faults_of
from tests.health.test_metrics import WELL

ROOT = Path(__file__).parent.parent.parent


def seen(stage: Stage, roll: Roll | None = None, level: Level = Level.ROOMY) -> Wellbeing:
    return wellbeing_of("0.1.0", Standing(stage, 7, level), roll or Roll())


@pytest.mark.parametrize("stage", list(Stage))
def test_an_object_sells_unless_it_has_no_prices_or_is_out_of_service(stage: Stage) -> None:
    assert seen(stage).selling == (stage.name not in {"UNPAIRED", "OUT_OF_SERVICE"})


def test_each_device_is_waited_for_ready_or_faulty() -> None:
    roll = Roll(["scale", "reader", "scanner"])
    roll.heard("reader", DeviceReady())
    roll.heard("scale", DeviceFault("device.gone", "The scale is gone: check its plug."))
    found = seen(Stage.IDLE, roll)
    assert found.devices == (
        DeviceHealth("reader", "ready"),
        DeviceHealth("scale", "faulty", "device.gone"),
        DeviceHealth("scanner", "waited-for"),
    )
    assert faults_of(found) == (Fault("device.gone", "scale"),)
    roll.heard("scale", DeviceReady())
    assert faults_of(seen(Stage.IDLE, roll)) == ()


@pytest.mark.parametrize(
    ("stage", "level", "faults"),
    [
        (Stage.IDLE, Level.DROP_TELEMETRY, ()),
        (Stage.IDLE, Level.PRUNE, (Fault("disk.nearly-full", "disk"),)),
        (Stage.OUT_OF_SERVICE, Level.REFUSE, (Fault("disk.full", "disk"),)),
        (Stage.UNPAIRED, Level.ROOMY, (Fault("till.no-prices", "till"),)),
    ],
)
def test_a_full_disk_and_a_shop_without_prices_are_faults(
    stage: Stage, level: Level, faults: tuple[Fault, ...]
) -> None:
    assert faults_of(seen(stage, level=level)) == faults


def test_a_fault_that_a_profile_calls_as_it_likes_does_not_silence_the_object() -> None:
    odd = DeviceHealth("scale", "faulty", "Überlast!")
    told = faults_of(Wellbeing("0.1.0", WELL.stage, selling=True, sales=0, disk="roomy", devices=(odd,)))
    assert told == (Fault(OTHER, "scale"),)
    assert b"device.other" in encode(ObjectState(True, faults=told))


def test_every_fault_of_our_own_drivers_goes_over_the_line_as_it_is() -> None:
    found = [
        code
        for folder in ("drivers", "runtime")
        for path in sorted((ROOT / "edge" / folder).rglob("*.py"))
        for code in re.findall(r"DeviceFault\(\s*\"([^\"]+)\"", path.read_text())
    ]
    assert len(found) > 5
    assert [code for code in found if not re.match(CODE, code)] == []


def test_a_version_of_development_is_cut_to_what_the_line_carries() -> None:
    assert len(wellbeing_of("1" * 90, Standing(Stage.IDLE, 0, Level.ROOMY), Roll()).program) == 40
