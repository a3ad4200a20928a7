"""What a reader states of itself and of our requests: status, capabilities, identity, texts."""

from collections.abc import Iterator
from struct import Struct
from typing import Final

import msgspec

from edge.drivers.rfid.llrp.messages import Message
from edge.drivers.rfid.llrp.parameters import Param
from edge.readings import DeviceDescribed

# Longer texts than a person reads are cut.
TEXT_CHARACTERS_MAX: Final = 200

_MAC_EUI_64: Final = 0

# Maximum antennas, flags, maker, model; then the text of the firmware's version.
_GENERAL: Final = Struct(">HHII")
# Whether it is connected (highest bit), and its number; its gain follows.
_ANTENNA_PROPERTIES: Final = Struct(">BH")

# IANA private enterprise numbers -> makers of readers: github edgexfoundry/device-rfid-llrp-go (vendors.go).
# That 26554 is ThingMagic is in the capabilities of an Astra-EX (github sllurp/sllurp, issue 45), that
# Zebra's FX readers go by Motorola's 161 in the parameters of an FX9600 (issue 115).
_MAKERS: Final = {
    161: "Motorola",
    10642: "Zebra",
    17996: "Alien",
    25882: "Impinj",
    26554: "ThingMagic",
}
# (maker, model number) -> the name on the reader: the same vendors.go, and for R510, R515, R720 and FX9600
# github newton5555/LLRPCSharp.
_MODELS: Final = {
    (25882, 2001001): "Speedway R220",
    (25882, 2001002): "Speedway R420",
    (25882, 2001003): "xPortal",
    (25882, 2001004): "xArrayWM",
    (25882, 2001006): "xArrayEAP",
    (25882, 2001007): "xArray",
    (25882, 2001008): "xSpan",
    (25882, 2001009): "Speedway R120",
    (25882, 2001052): "R700",
    (25882, 2001054): "R510",
    (25882, 2001056): "R720",
    (25882, 2002001): "R515",
    (161, 96008): "FX9600",
}


class Status(msgspec.Struct, frozen=True):
    """What a reader says to a request: 0 is success; for a person it is the reader's own words."""

    code: int
    description: str = ""

    def __str__(self) -> str:
        return f"{self.description or 'no reason given'} (LLRP status {self.code})"


def status(message: Message) -> Status:
    """The status in an answer; success where it has none."""
    for kind, at, end in message.parameters:
        if kind == Param.LLRP_STATUS:
            return Status(int.from_bytes(message.body[at : at + 2]), text(message.body[at + 2 : end]))
    return Status(0)


def text(field: bytes) -> str:
    """A field of text: a count of bytes, and UTF-8."""
    size = int.from_bytes(field[:2])
    return field[2 : 2 + size].decode(errors="replace")[:TEXT_CHARACTERS_MAX]


def capabilities(message: Message) -> DeviceDescribed | None:
    """Maker, model and firmware, where they are told; a maker or model that nobody knows is its number."""
    for kind, at, end in message.parameters:
        if kind == Param.GENERAL_DEVICE_CAPABILITIES and end - at >= _GENERAL.size:
            _, _, maker, model = _GENERAL.unpack_from(message.body, at)
            return DeviceDescribed(
                _MAKERS.get(maker, str(maker)),
                _MODELS.get((maker, model), str(model)),
                text(message.body[at + _GENERAL.size : end]),
            )
    return None


def antennas(message: Message) -> Iterator[tuple[int, bool]]:
    """The antennas of a configuration, and whether each is connected."""
    for kind, at, end in message.parameters:
        if kind == Param.ANTENNA_PROPERTIES and end - at >= _ANTENNA_PROPERTIES.size:
            flags, number = _ANTENNA_PROPERTIES.unpack_from(message.body, at)
            yield number, bool(flags >> 7)


def identity(message: Message) -> str | None:
    """What a reader is called: a MAC address in colons or an EPC; None where it is not told."""
    for kind, at, end in message.parameters:
        if kind == Param.IDENTIFICATION and end - at > 3:
            size = int.from_bytes(message.body[at + 1 : at + 3])
            name = message.body[at + 3 : min(end, at + 3 + size)]
            return (name.hex(":") if message.body[at] == _MAC_EUI_64 else name.hex()).upper()
    return None
