"""Faults of the board: its supply, its heat, its memory, as the kernel of such a board tells them."""

from typing import Final

from tests.system.ills.ill import Cause, Ill, Round, each, here
from tests.system.ills.laid import lay, lift

_PLATFORM: Final = "/sys/devices/platform"
_CLASS: Final = "/sys/class"
# Bits of the firmware's word: see edge/provision/doctor/power.py.
_LOW_AND_SLOW: Final = "5"
_WAS_LOW: Final = "50000"
_HOT: Final = {
    "thermal/thermal_zone0/type": "cpu-thermal",
    "thermal/thermal_zone0/temp": "83200",
}
_OTHER_SUPPLY: Final = lift(_PLATFORM)
_AIR: Final = lift(_CLASS)

SUPPLY_AND_HEAT: Final = Round(
    "a board with a bad supply in a closed box",
    (
        Ill(
            "OP-1001",
            lay({"firmware/get_throttled": _LOW_AND_SLOW}, _PLATFORM),
            hand=_OTHER_SUPPLY,
            how=Cause.LAID_OVER,
        ),
        Ill("OP-1003", how=Cause.LAID_OVER),
        Ill("OP-1101", lay(_HOT, _CLASS), hand=_AIR, how=Cause.LAID_OVER),
    ),
)

SINCE_THE_START: Final = Round(
    "a board that remembers what was: it forgets it with a restart",
    (
        Ill("OP-1002", lay({"firmware/get_throttled": _WAS_LOW}, _PLATFORM), how=Cause.LAID_OVER),
        Ill(
            "OP-1202",
            each(
                here("cp /proc/vmstat /run/vmstat; sed -i 's/^oom_kill .*/oom_kill 3/' /run/vmstat"),
                here("mount --bind /run/vmstat /proc/vmstat"),
            ),
            how=Cause.LAID_OVER,
        ),
    ),
)
