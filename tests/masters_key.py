"""Root opens what nobody may read: whoever gives that key away is as everybody else."""

import ctypes
from typing import Final

_CAPABILITY_VERSION_3: Final = 0x20080522
_DAC: Final = (1 << 1) | (1 << 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH (linux/capability.h)


def give_away() -> None:
    """From here on this thread, and what it starts, may read what its user may; for good."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capget(header, sets) == 0:
        for number in range(3):
            sets[number] &= ~_DAC
        libc.capset(header, sets)
