"""The configuration of a simulated LLRP reader (section 12): what a host reads, changes and resets."""

from collections.abc import Mapping
from typing import Final

import msgspec

from simulators.devices.rfid.llrp.capabilities import GPI_PORTS, GPO_PORTS, POWERS_CDBM
from simulators.devices.rfid.llrp.rospec import Report, read_report
from simulators.devices.rfid.llrp.speech import Kind
from simulators.devices.rfid.llrp.wire import Parameter, RefusedMessageError, Status, parameters, tlv

IDENTIFICATION, ANTENNA_PROPERTIES, ANTENNA_CONFIGURATION = 218, 221, 222
REPORT, EVENTS, ACCESS_REPORT, STATE_VALUE, KEEPALIVE = 237, 244, 239, 217, 220
GPI, GPO, HOLD, CUSTOM = 225, 219, 226, 1023
# What each number of a GET_READER_CONFIG asks for; 0 is everything.
ASKED: Final = {
    1: IDENTIFICATION,
    2: ANTENNA_PROPERTIES,
    3: ANTENNA_CONFIGURATION,
    4: REPORT,
    5: EVENTS,
    6: ACCESS_REPORT,
    7: STATE_VALUE,
    8: KEEPALIVE,
    9: GPI,
    10: GPO,
    11: HOLD,
}
# What a host may set without any effect here: it is kept by no more than a nod.
ACCEPTED: Final = frozenset({ANTENNA_PROPERTIES, ANTENNA_CONFIGURATION, ACCESS_REPORT, GPI, GPO, CUSTOM})
EVENT_KINDS: Final = 9
PERIODIC: Final = 1
# An EUI-64 of the range that stands for documentation (RFC 7042, 2.2.2).
READER_ID: Final = bytes.fromhex("00005EFFFE005301")
# What real readers report when nobody has said what they should: antenna, RSSI, the times and the count.
CONTENT_DEFAULT: Final = 0x1780


class Settings(msgspec.Struct, frozen=True):
    """What a host may change; a factory reset goes back to these values, which are those of real readers."""

    report: Report = Report(content=CONTENT_DEFAULT)
    events: frozenset[int] = frozenset({Kind.EXCEPTION, Kind.ANTENNA})
    keepalive_ms: int | None = None
    holds: bool = False


def changed(settings: Settings, body: bytes) -> Settings:
    """Read a SET_READER_CONFIG; RefusedMessageError leaves everything as it was."""
    if body[0] & 0x80:
        settings = Settings()
    for each in parameters(body[1:]):
        settings = _with(settings, each)
    return settings


def _with(settings: Settings, given: Parameter) -> Settings:
    if given.type == REPORT:
        return msgspec.structs.replace(settings, report=read_report(given.value))
    if given.type == EVENTS:
        return msgspec.structs.replace(settings, events=_events(settings.events, given.value))
    if given.type == KEEPALIVE:
        period_ms = int.from_bytes(given.value[1:5]) if given.value[0] == PERIODIC else None
        return msgspec.structs.replace(settings, keepalive_ms=period_ms or None)
    if given.type == HOLD:
        return msgspec.structs.replace(settings, holds=bool(given.value[0] & 0x80))
    if given.type not in ACCEPTED:
        raise RefusedMessageError(
            Status.UNSUPPORTED_PARAMETER, f"nothing of the type {given.type} can be set"
        )
    return settings


def _events(wanted: frozenset[int], value: bytes) -> frozenset[int]:
    """Kinds that a host does not name stay as they are."""
    for state in parameters(value):
        kind = int.from_bytes(state.value[:2])
        wanted = wanted | {kind} if state.value[2] & 0x80 else wanted - {kind}
    return wanted


def told(settings: Settings, asked: int, antenna: int, connected: Mapping[int, bool]) -> bytes:
    """Answer a GET_READER_CONFIG; antenna 0 is all of them."""
    if asked and asked not in ASKED:
        raise RefusedMessageError(Status.FIELD, f"nothing is behind the number {asked}")
    antennas = {each: state for each, state in connected.items() if antenna in (0, each)}
    parts = {
        IDENTIFICATION: [tlv(IDENTIFICATION, b"\x00", len(READER_ID).to_bytes(2), READER_ID)],
        ANTENNA_PROPERTIES: [_properties(each, connected=on) for each, on in antennas.items()],
        ANTENNA_CONFIGURATION: [_antenna(each) for each in antennas],
        REPORT: [_report(settings.report)],
        EVENTS: [_wanted(settings.events)],
        ACCESS_REPORT: [tlv(ACCESS_REPORT, bytes(1))],
        STATE_VALUE: [tlv(STATE_VALUE, bytes(4))],
        KEEPALIVE: [_keepalive(settings.keepalive_ms)],
        GPI: [tlv(GPI, port.to_bytes(2), bytes(2)) for port in range(1, GPI_PORTS + 1)],
        GPO: [tlv(GPO, port.to_bytes(2), bytes(1)) for port in range(1, GPO_PORTS + 1)],
        HOLD: [tlv(HOLD, _bit(settings.holds))],
    }
    kinds = [ASKED[asked]] if asked else ASKED.values()
    return b"".join(part for kind in kinds for part in parts[kind])


def _bit(value: bool) -> bytes:
    return bytes((0x80 if value else 0,))


def _properties(antenna: int, *, connected: bool) -> bytes:
    return tlv(ANTENNA_PROPERTIES, _bit(connected), antenna.to_bytes(2), bytes(2))


def _report(report: Report) -> bytes:
    selector = tlv(238, report.content.to_bytes(2), tlv(348, bytes((report.memory,))))
    return tlv(REPORT, bytes((report.trigger,)), report.n.to_bytes(2), selector)


def _wanted(events: frozenset[int]) -> bytes:
    return tlv(EVENTS, *(tlv(245, kind.to_bytes(2), _bit(kind in events)) for kind in range(EVENT_KINDS)))


def _keepalive(period_ms: int | None) -> bytes:
    return tlv(KEEPALIVE, bytes((PERIODIC if period_ms else 0,)), (period_ms or 0).to_bytes(4))


def _antenna(antenna: int) -> bytes:
    """Give full power, the fast mode, session 1 and a population of 32."""
    gen2 = tlv(330, b"\x00", tlv(335, bytes(4)), tlv(336, b"\x40", (32).to_bytes(2), bytes(4)))
    transmitter = tlv(224, b"\x00\x01", b"\x00\x00", len(POWERS_CDBM).to_bytes(2))
    return tlv(ANTENNA_CONFIGURATION, antenna.to_bytes(2), tlv(223, b"\x00\x01"), transmitter, gen2)
