"""Memory: what is left of it, and whether the kernel had to end somebody."""

from collections.abc import Iterator
from typing import Final

import msgspec

from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject, UnknownError

_KIB: Final = 1024
# A runtime and an agent that start anew need 150 MiB at most, of which the old ones give most back.
_LEAST_MIB: Final = 64


class Memory(msgspec.Struct, frozen=True):
    """Memory of the machine, and processes that were ended for want of it since its start."""

    total_mib: int
    available_mib: int
    kills: int


def read(patient: Patient) -> Iterator[Memory]:
    """What the kernel says."""
    said = patient.root.table("/proc/meminfo")
    if "MemAvailable" not in said or "MemTotal" not in said:
        raise UnknownError("the kernel does not say how much memory is free")
    kills = patient.root.table("/proc/vmstat").get("oom_kill", 0)
    yield Memory(said["MemTotal"] // _KIB, said["MemAvailable"] // _KIB, kills)


def low(memory: Memory) -> Finding | None:
    """Nearly used up."""
    if memory.available_mib >= _LEAST_MIB:
        return None
    return found("OP-1201", available=memory.available_mib, total=memory.total_mib)


def ended(memory: Memory) -> Finding | None:
    """Used up before."""
    return found("OP-1202", kills=memory.kills) if memory.kills else None


MEMORY: Final = Subject(read, low, ended)
