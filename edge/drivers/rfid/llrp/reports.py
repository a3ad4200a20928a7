"""The tags of an RO_ACCESS_REPORT: this runs for every sighting, so it is one loop over bytes.

What a reader adds to a tag (times, counts, CRC, results of access, a maker's own parameters) is passed over
by its length. The reader has checked the tag's CRC on the air: one that it passes on wrong is no reason to
lose a tag, and none is looked at.
"""

from typing import Final

from edge.drivers.framing import garbled
from edge.drivers.rfid.llrp.messages import Message
from edge.drivers.rfid.llrp.parameters import TLV_HEAD, TV_BYTES, TV_MARK, TYPE_MAX, Param
from edge.readings import Garbled, Reading, RoundEnded, TagSeen

_ANTENNA: Final = TV_MARK + 1
_RSSI: Final = TV_MARK + 6
_EPC_96: Final = TV_MARK + 13

# Looked up for every tag: an enum's member is slower than a number.
_TAG: Final = int(Param.TAG_REPORT_DATA)
_EPC_DATA: Final = int(Param.EPC_DATA)
_TLV_HEAD_BYTES: Final = TLV_HEAD.size
# An EPC of any length comes after a count of its bits.
_EPC_DATA_HEAD_BYTES: Final = _TLV_HEAD_BYTES + 2


def tags(message: Message) -> list[Reading]:
    """A sighting for each tag of a report; a report without anything is a round that found nothing."""
    if not message.parameters:
        return [RoundEnded()]
    return [_tag(message.body, at, end) for kind, at, end in message.parameters if kind == _TAG]


def _tag(data: bytes, start: int, end: int) -> TagSeen | Garbled:
    # Where each value begins: only a tag whose parameters fill it exactly is believed, and then looked into.
    epc_at = epc_end = rssi_at = antenna_at = 0
    at = start
    while at < end:
        mark = data[at]
        size = TV_BYTES[mark]
        if mark == _EPC_96:
            epc_at = at + 1
            epc_end = at + size
        elif mark == _RSSI:
            rssi_at = at + 1
        elif mark == _ANTENNA:
            antenna_at = at + 1
        elif not size:
            kind, size = _tlv(data, at, end)
            if kind == _EPC_DATA:
                epc_at = at + _EPC_DATA_HEAD_BYTES
                epc_end = epc_at + (int.from_bytes(data[epc_at - 2 : epc_at]) + 7) // 8
            if not size or epc_end > at + size:
                break
        at += size
    if not epc_at or at != end:
        return garbled(data[start:end], "tag: expected an EPC in whole parameters, got others")
    return TagSeen(
        data[epc_at:epc_end].hex().upper(),
        data[rssi_at] - (data[rssi_at] >> 7 << 8) if rssi_at else None,
        data[antenna_at] << 8 | data[antenna_at + 1] if antenna_at else 0,
    )


def _tlv(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The type and size of a TLV parameter; size 0 where there is none, such as for an unknown TV."""
    if at + _TLV_HEAD_BYTES > end:
        return 0, 0
    kind, size = TLV_HEAD.unpack_from(data, at)
    return kind, size if size >= _TLV_HEAD_BYTES and kind <= TYPE_MAX else 0
