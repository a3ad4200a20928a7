"""A ROSpec (LLRP 1.0.1 and 1.1, section 10): what a host wants inventoried, when, and how it is told."""

import struct
from typing import Any, Final

import msgspec

from simulators.devices.rfid.llrp.capabilities import (
    GEN2,
    IMPINJ,
    PARAMETER_SPECS_MAX,
    SPECS_A_ROSPEC_MAX,
)
from simulators.devices.rfid.llrp.wire import Parameter, RefusedMessageError, Status, parameters

ROSPEC: Final = 177
DISABLED, INACTIVE, ACTIVE = 0, 1, 2
START_IMMEDIATE, START_PERIODIC, START_GPI = 1, 2, 3
STOP_DURATION, STOP_GPI, STOP_TAGS = 1, 2, 3
# Report triggers: on GET_REPORT only; after n tags or at the end of an AISpec, or of the ROSpec; and those of
# version 1.1, after n seconds or milliseconds.
ON_REQUEST, PER_AISPEC, PER_ROSPEC = 0, 1, 2
SECONDS_PER_AISPEC, SECONDS_PER_ROSPEC, MILLIS_PER_AISPEC, MILLIS_PER_ROSPEC = 3, 4, 5, 6
# Where the byte of the state stands in a ROSpec: after header, id and priority.
STATE_AT: Final = 9
IMPINJ_CONTENT, IMPINJ_PEAK_RSSI = 50, 53


class Report(msgspec.Struct, frozen=True):
    """When a report is made and what stands in it; `peak_rssi` is the finer one of Impinj."""

    trigger: int = ON_REQUEST
    n: int = 0
    content: int = 0
    memory: int = 0
    peak_rssi: bool = False


class TagStop(msgspec.Struct, frozen=True):
    """The end of an AISpec by what it hears: n tags, none new for a while, or n attempts; 0 is no limit."""

    kind: int
    tags: int
    attempts: int
    quiet_ms: int
    timeout_ms: int


class AiSpec(msgspec.Struct, frozen=True):
    """One inventory of a ROSpec; antenna 0 is all of them, `duration_ms` None goes on with the ROSpec."""

    antennas: tuple[int, ...]
    parameter_id: int
    duration_ms: int | None = None
    tags: TagStop | None = None


class RoSpec(msgspec.Struct, frozen=True):
    """The whole; `raw` is as the host gave it; `report` None is the one of the reader's configuration."""

    id: int
    raw: bytes
    specs: tuple[AiSpec, ...]
    starts_at_once: bool
    offset_ms: int
    period_ms: int | None
    duration_ms: int | None
    report: Report | None
    loops: int = 1


def read_rospec(body: bytes, antennas: int) -> RoSpec:
    """Read what ADD_ROSPEC carries; RefusedMessageError says what this reader cannot do."""
    given = one(list(parameters(body)), ROSPEC)
    number, _priority, state = struct.unpack(">IBB", given.value[:6])
    inside = list(parameters(given.value[6:]))
    if not number:
        raise RefusedMessageError(Status.INVALID, "a ROSpec is not called 0")
    if state != DISABLED:
        raise RefusedMessageError(Status.FIELD, "a ROSpec is added in the state disabled")
    if any(each.type == 187 for each in inside):
        raise RefusedMessageError(Status.UNSUPPORTED_PARAMETER, "an RFSurveySpec is not supported")
    specs = tuple(_aispec(each.value, antennas) for each in inside if each.type == 183)
    if not 1 <= len(specs) <= SPECS_A_ROSPEC_MAX:
        raise RefusedMessageError(Status.MISSING_PARAMETER, "a ROSpec needs an AISpec, and not too many")
    reports = [read_report(each.value) for each in inside if each.type == 237]
    loops = [int.from_bytes(each.value[:4]) for each in inside if each.type == 355]
    boundary = list(parameters(one(inside, 178).value))
    return RoSpec(
        id=number,
        raw=given.raw,
        specs=specs,
        report=reports[0] if reports else None,
        loops=loops[0] if loops else 1,
        **_started(one(boundary, 179).value),
        duration_ms=_stopped(one(boundary, 182).value),
    )


def one(found: list[Parameter], kind: int) -> Parameter:
    """Give the parameter of that type; RefusedMessageError when it is missing."""
    for each in found:
        if each.type == kind:
            return each
    raise RefusedMessageError(Status.MISSING_PARAMETER, f"a parameter of the type {kind} is missing")


def _started(value: bytes) -> dict[str, Any]:
    kind = value[0]
    if kind >= START_GPI:
        raise RefusedMessageError(Status.UNSUPPORTED_PARAMETER, f"no start trigger {kind}")
    offset_ms, period_ms = (0, None)
    if kind == START_PERIODIC:
        offset_ms, period_ms = struct.unpack(">II", one(list(parameters(value[1:])), 180).value[:8])
        if not period_ms:
            raise RefusedMessageError(Status.FIELD, "a period of 0 ms is none")
    return {"starts_at_once": kind == START_IMMEDIATE, "offset_ms": offset_ms, "period_ms": period_ms}


def _stopped(value: bytes) -> int | None:
    kind, duration_ms = struct.unpack(">BI", value[:5])
    if kind >= STOP_GPI:
        raise RefusedMessageError(Status.UNSUPPORTED_PARAMETER, f"no ROSpec stop trigger {kind}")
    return int(duration_ms) if kind == STOP_DURATION else None


def _aispec(value: bytes, antennas: int) -> AiSpec:
    count = int.from_bytes(value[:2])
    named = struct.unpack_from(f">{count}H", value, 2)
    if not named or max(named) > antennas:
        raise RefusedMessageError(Status.OUT_OF_RANGE, f"there are antennas 1 to {antennas}")
    inside = list(parameters(value[2 + 2 * count :]))
    inventories = [struct.unpack(">HB", each.value[:3]) for each in inside if each.type == 186]
    if len(inventories) != PARAMETER_SPECS_MAX or inventories[0][1] not in (0, GEN2):
        raise RefusedMessageError(Status.FIELD, "an AISpec has one InventoryParameterSpec, for Gen2")
    stop = one(inside, 184).value
    kind, duration_ms = struct.unpack(">BI", stop[:5])
    if kind == STOP_GPI or kind > STOP_TAGS:
        raise RefusedMessageError(Status.UNSUPPORTED_PARAMETER, f"no AISpec stop trigger {kind}")
    return AiSpec(
        antennas=tuple(range(1, antennas + 1)) if 0 in named else named,
        parameter_id=inventories[0][0],
        duration_ms=duration_ms if kind == STOP_DURATION else None,
        tags=_tag_stop(one(list(parameters(stop[5:])), 185).value) if kind == STOP_TAGS else None,
    )


def _tag_stop(value: bytes) -> TagStop:
    kind, _reserved, tags, attempts, quiet_ms, timeout_ms = struct.unpack(">BBHHHI", value[:12])
    if kind not in (0, 1, 2):
        raise RefusedMessageError(Status.UNSUPPORTED_PARAMETER, f"no tag observation trigger {kind}")
    return TagStop(kind, tags, attempts, quiet_ms, timeout_ms)


def read_report(value: bytes) -> Report:
    """Read a ROReportSpec."""
    trigger, n = struct.unpack(">BH", value[:3])
    if trigger > MILLIS_PER_ROSPEC:
        raise RefusedMessageError(Status.FIELD, f"no report trigger {trigger}")
    inside = list(parameters(value[3:]))
    selector = one(inside, 238).value
    memories = [each.value[0] for each in parameters(selector[2:]) if each.type == 348]
    return Report(
        trigger=trigger,
        n=n,
        content=int.from_bytes(selector[:2]),
        memory=memories[0] if memories else 0,
        peak_rssi=any(_wants_peak_rssi(each.value) for each in inside if each.type == 1023),
    )


def _wants_peak_rssi(value: bytes) -> bool:
    if struct.unpack(">II", value[:8]) != (IMPINJ, IMPINJ_CONTENT):
        return False
    inside = (each.value for each in parameters(value[8:]) if each.type == 1023)
    return any(each[:10] == struct.pack(">IIH", IMPINJ, IMPINJ_PEAK_RSSI, 1) for each in inside)


def with_state(raw: bytes, state: int) -> bytes:
    """Write the present state into a ROSpec as the host gave it, which is how GET_ROSPECS tells it."""
    return raw[:STATE_AT] + bytes((state,)) + raw[STATE_AT + 1 :]
