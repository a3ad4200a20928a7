"""What a board says of its power, its heat and its memory, and what nobody says of them."""

from pathlib import Path

import pytest

from edge.provision.doctor.subject import UnknownError
from tests.provision.doctor.machines import (
    HOT,
    KILLED,
    NO_MEMORY,
    PI_4,
    SLOWED,
    UNDER_VOLTAGE,
    VOLTAGE_WAS_LOW,
    Tree,
    codes,
    findings,
    machine,
    patient_on,
)

FAULTS: list[tuple[str, Tree, str]] = [
    ("power", UNDER_VOLTAGE, "OP-1001"),
    ("power", VOLTAGE_WAS_LOW, "OP-1002"),
    ("power", SLOWED, "OP-1003"),
    ("heat", HOT, "OP-1101"),
    ("memory", NO_MEMORY, "OP-1201"),
    ("memory", KILLED, "OP-1202"),
]


@pytest.mark.parametrize(("subject", "fault", "code"), FAULTS, ids=[code for *_, code in FAULTS])
def test_a_fault_of_the_board_is_found_and_is_gone_when_it_is_mended(
    subject: str, fault: Tree, code: str, tmp_path: Path
) -> None:
    ill = patient_on(machine(tmp_path, PI_4, fault))
    assert code in codes(subject, ill)
    assert codes(subject, patient_on(machine(tmp_path, PI_4))) == []


def test_a_kernel_without_the_firmwares_word_tells_it_by_its_sensor(tmp_path: Path) -> None:
    sensor = "sys/class/hwmon/hwmon0/{}".format
    root = machine(tmp_path, {sensor("name"): "rpi_volt\n", sensor("in0_lcrit_alarm"): "1\n"})
    assert codes("power", patient_on(root)) == ["OP-1001"]


def test_a_zone_is_too_hot_where_the_kernel_says_so(tmp_path: Path) -> None:
    zone = "sys/class/thermal/thermal_zone0/{}".format
    low = {zone("trip_point_0_type"): "hot\n", zone("trip_point_0_temp"): "70000\n", zone("temp"): "66000\n"}
    (found,) = findings("heat", patient_on(machine(tmp_path, PI_4, low)))
    assert found.sentence == "cpu-thermal is at 66 degrees Celsius, and 65 are its limit."


@pytest.mark.parametrize("subject", ["power", "heat", "memory"])
@pytest.mark.parametrize("said", [None, "", "unreadable\n", b"\xff\xfe"])
def test_what_a_machine_does_not_tell_is_neither_well_nor_ill(
    subject: str, said: str | bytes | None, tmp_path: Path
) -> None:
    tree = {} if said is None else dict.fromkeys((name for name in PI_4 if not name.endswith("name")), said)
    with pytest.raises(UnknownError):
        codes(subject, patient_on(machine(tmp_path, tree)))
