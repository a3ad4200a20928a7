"""What an LLRP reader keeps of the tags that it heard, and how a TagReportData tells it (section 14.2)."""

import struct
from typing import NamedTuple

import msgspec

from simulators.devices.rfid.field import Sighting
from simulators.devices.rfid.gen2 import tag_memory
from simulators.devices.rfid.llrp.capabilities import IMPINJ
from simulators.devices.rfid.llrp.rospec import Report
from simulators.devices.rfid.llrp.wire import custom, tlv, tv

# A counter of sixteen bits stays at its end.
SEEN_MAX = 0xFFFF
EPC_96_BYTES = 12
IMPINJ_PEAK_RSSI = 57

# Bits of a TagReportContentSelector, from the left.
ROSPEC_ID, SPEC_INDEX, PARAMETER_ID, ANTENNA, CHANNEL = 0x8000, 0x4000, 0x2000, 0x1000, 0x0800
PEAK_RSSI, FIRST_SEEN, LAST_SEEN, SEEN_COUNT, ACCESS_SPEC = 0x0400, 0x0200, 0x0100, 0x0080, 0x0040
# Bits of a C1G2EPCMemorySelector.
CRC, PC = 0x80, 0x40


class Where(NamedTuple):
    """Which part of which ROSpec heard a tag, on which channel."""

    rospec: int
    spec: int
    parameter: int
    channel: int


class Heard(msgspec.Struct):
    """All that was heard of one tag at one antenna since the last report."""

    sighting: Sighting
    where: Where
    first_us: int
    last_us: int
    peak_dbm: int
    count: int


class Book:
    """Tags since the last report: a tag that is heard again is counted, not written again."""

    def __init__(self, *, has_utc: bool) -> None:
        self._has_utc = has_utc
        self._heard: dict[tuple[bytes, int, int], Heard] = {}

    def __len__(self) -> int:
        """How many TagReportData a report would have now."""
        return len(self._heard)

    def note(self, sighting: Sighting, where: Where, now_us: int) -> None:
        """Write a tag down, or count it."""
        key = sighting.epc, sighting.antenna, where.spec
        known = self._heard.get(key)
        if known is None:
            self._heard[key] = Heard(sighting, where, now_us, now_us, sighting.rssi_dbm, 1)
        else:
            known.where, known.last_us = where, now_us
            known.peak_dbm = max(known.peak_dbm, sighting.rssi_dbm)
            known.count = min(SEEN_MAX, known.count + 1)

    def tear_out(self, report: Report) -> list[bytes]:
        """Give what was written as TagReportData, and begin an empty page."""
        told = [self._told(heard, report) for heard in self._heard.values()]
        self._heard.clear()
        return told

    def _told(self, heard: Heard, report: Report) -> bytes:
        return tlv(
            240,
            *_identity(heard, report.content),
            *self._times(heard, report.content),
            *_memory(heard, report),
        )

    def _times(self, heard: Heard, content: int) -> list[bytes]:
        first, last = (2, 4) if self._has_utc else (3, 5)
        told = []
        if content & FIRST_SEEN:
            told.append(tv(first, heard.first_us.to_bytes(8)))
        if content & LAST_SEEN:
            told.append(tv(last, heard.last_us.to_bytes(8)))
        if content & SEEN_COUNT:
            told.append(tv(8, heard.count.to_bytes(2)))
        return told


def _identity(heard: Heard, content: int) -> list[bytes]:
    where, epc = heard.where, heard.sighting.epc
    whole = len(epc) == EPC_96_BYTES
    fields = (
        (ROSPEC_ID, 9, where.rospec.to_bytes(4)),
        (SPEC_INDEX, 14, where.spec.to_bytes(2)),
        (PARAMETER_ID, 10, where.parameter.to_bytes(2)),
        (ANTENNA, 1, heard.sighting.antenna.to_bytes(2)),
        (PEAK_RSSI, 6, struct.pack(">b", heard.peak_dbm)),
        (CHANNEL, 7, where.channel.to_bytes(2)),
    )
    name = tv(13, epc) if whole else tlv(241, (8 * len(epc)).to_bytes(2), epc)
    return [name, *(tv(kind, value) for bit, kind, value in fields if content & bit)]


def _memory(heard: Heard, report: Report) -> list[bytes]:
    memory = tag_memory(heard.sighting.epc)
    told = []
    if report.memory & PC:
        told.append(tv(12, memory[:2]))
    if report.memory & CRC:
        told.append(tv(11, memory[-2:]))
    if report.content & ACCESS_SPEC:
        told.append(tv(16, bytes(4)))
    if report.peak_rssi:
        told.append(custom(IMPINJ, IMPINJ_PEAK_RSSI, struct.pack(">h", 100 * heard.peak_dbm)))
    return told
