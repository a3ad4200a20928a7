"""Machines on paper: the files of /proc and /sys in which real ones tell of themselves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edge.clock import SystemClock
from edge.provision.doctor.examination import SUBJECTS
from edge.provision.doctor.pages import Finding
from edge.provision.doctor.patient import Patient, Tool
from edge.provision.doctor.sysroot import Sysroot

Tree = Mapping[str, str | bytes]

_FIRMWARE: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
_THERMAL: Final = "sys/class/thermal/thermal_zone0"

PI_4: Final[Tree] = {
    _FIRMWARE: "0\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    f"{_THERMAL}/type": "cpu-thermal\n",
    f"{_THERMAL}/temp": "48686\n",
    f"{_THERMAL}/trip_point_0_type": "critical\n",
    f"{_THERMAL}/trip_point_0_temp": "110000\n",
    "proc/meminfo": "MemTotal:        3884384 kB\nMemFree:          203448 kB\nMemAvailable:    2511512 kB\n",
    "proc/vmstat": "nr_free_pages 50862\noom_kill 0\n",
    "sys/class/net/lo/operstate": "unknown\n",
    "sys/class/net/eth0/operstate": "up\n",
    "sys/class/net/wlan0/operstate": "down\n",
    "sys/class/drm/card1-HDMI-A-1/status": "connected\n",
    "sys/class/drm/card1-HDMI-A-2/status": "disconnected\n",
    "proc/bus/input/devices": (
        'I: Bus=0003 Vendor=0eef Product=0005 Version=0111\nN: Name="eGalax Inc. eGalaxTouch"\n'
        "B: PROP=2\nB: EV=b\nB: KEY=400 0 0 0 0 0\nB: ABS=260800000000003\n\n"
        'I: Bus=0003 Vendor=0c2e Product=0200 Version=0110\nN: Name="Metrologic Scanner"\n'
        "B: PROP=0\nB: EV=120013\nB: KEY=10000 7 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n"
    ),
}
"""A Raspberry Pi 4 with a touch panel and a scanner, as it should be."""

UNDER_VOLTAGE: Final[Tree] = {_FIRMWARE: "50005\n"}
VOLTAGE_WAS_LOW: Final[Tree] = {_FIRMWARE: "50000\n"}
SLOWED: Final[Tree] = {_FIRMWARE: "80008\n"}
HOT: Final[Tree] = {f"{_THERMAL}/temp": "83200\n"}
NO_MEMORY: Final[Tree] = {"proc/meminfo": "MemTotal: 996052 kB\nMemAvailable: 42120 kB\n"}
KILLED: Final[Tree] = {"proc/vmstat": "nr_free_pages 50862\noom_kill 3\n"}
NO_CABLE: Final[Tree] = {"sys/class/net/eth0/operstate": "down\n"}


def machine(directory: Path, *trees: Tree) -> Sysroot:
    """The files of these trees below `directory`, the last one's word counting."""
    for tree in trees:
        for name, said in tree.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(said.encode() if isinstance(said, str) else said)
    return Sysroot(directory)


def patient_on(root: Sysroot) -> Patient:
    """Somebody of whom nothing is known but the machine."""
    return Patient(root.top / "object.toml", root=root, clock=SystemClock(), run=lambda _words: Tool(None))


def codes(subject: str, patient: Patient) -> list[str]:
    """The codes of what is found."""
    return [finding.code for finding in findings(subject, patient)]


def findings(subject: str, patient: Patient) -> list[Finding]:
    """What is found when one subject is looked at."""
    return SUBJECTS[subject].examine(patient)
