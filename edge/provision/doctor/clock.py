"""The clock: whether something has set it, and whether it agrees with the ledger and the hub."""

import ctypes
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import apsw
import msgspec

from cloud_sync.contract.entry import decode_body
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.spans import span
from edge.provision.doctor.subject import Subject

# A day's drift of a bad quartz, and the seconds that a message takes.
_BEHIND_MS: Final = 60_000
_OFF_MS: Final = 60_000
# adjtimex(2): STA_UNSYNC, which every time daemon clears.
_UNSET: Final = 0x0040


class _Timex(ctypes.Structure):
    """The beginning of struct timex; the kernel writes what follows too (adjtimex(2))."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


class Times(msgspec.Struct, frozen=True):
    """The clock; `behind_ms` the ledger, `off_ms` the hub's (None before it said what time it is)."""

    is_set: bool
    behind_ms: int = 0
    off_ms: int | None = None


def read(patient: Patient) -> Iterator[Times]:
    """What the kernel, the ledger and the agent say."""
    is_set = patient.clock.quality() == "trusted" or kernel_says_set()
    wall_ms = patient.clock.wall_ms()
    agent = patient.agent
    yield Times(is_set, max(_last_ms(patient) - wall_ms, 0), None if agent is None else agent.clock_off_ms)


def kernel_says_set() -> bool:
    """Whether a time daemon keeps this machine's clock."""
    timex = _Timex()
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    return state >= 0 and not timex.status & _UNSET


def _last_ms(patient: Patient) -> int:
    """The time in the last entry; 0 where there is none that can be read."""
    if patient.config is None:
        return 0
    try:
        with closing(LedgerReader(patient.config.ledger)) as reader:
            last = reader.entry(reader.head())
            return 0 if last is None else decode_body(last.body).wall_ms
    except (NoLedgerError, apsw.Error, ValueError):
        return 0  # the ledger is a subject of its own


def never_set(times: Times) -> Finding | None:
    """Not set since the start."""
    return None if times.is_set else found("OP-1401")


def behind(times: Times) -> Finding | None:
    """Behind what was written already."""
    return found("OP-1402", behind=span(times.behind_ms)) if times.behind_ms > _BEHIND_MS else None


def off(times: Times) -> Finding | None:
    """Another time than the hub's."""
    if times.off_ms is None or abs(times.off_ms) <= _OFF_MS:
        return None
    return found("OP-1403", off=span(abs(times.off_ms)))


CLOCK: Final = Subject(read, never_set, behind, off)
