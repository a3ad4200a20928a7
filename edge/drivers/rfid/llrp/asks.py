"""What we ask of a reader: the bodies of our messages, as its settings have them.

Source of the layouts: LLRP 1.0.1, section 16; ROSpecs of this shape are in the LLRP toolkit's tests (github
opencps/llrp-toolkit, LTK/Tests/dx101) and in github edgexfoundry/device-rfid-llrp-go.
"""

from collections.abc import Callable
from struct import pack
from typing import Final

from edge.drivers.rfid.llrp.messages import Kind
from edge.drivers.rfid.llrp.parameters import Param, tlv
from edge.drivers.rfid.llrp.settings import Settings

_RO_SPEC_ID: Final = 1
_ALL: Final = 0
_GEN2: Final = 1

# Types of events -> whether we want to hear of them. Hopping and the ends of a ROSpec come many times a
# second, and tell nothing that the end of a round (AISpec) does not.
_EVENTS: Final = {
    0: False,  # hopping to the next channel
    1: False,  # GPI
    2: False,  # ROSpec
    3: True,  # buffer fill warning
    4: True,  # reader exception
    5: False,  # RF survey
    6: True,  # AISpec
    7: False,  # AISpec with details
    8: True,  # antenna
}

# Of the fields that a report can have: antenna, and the strongest RSSI.
_CONTENT: Final = 0x1400

_KEEPALIVE_PERIODIC: Final = 1
_START_IMMEDIATELY: Final = 1
_STOP_AFTER_ALL_SPECS: Final = 0
_STOP_AFTER_DURATION: Final = 1
_REPORT_AT_END_OF_AI_SPEC: Final = 1


def _everything(_: Settings) -> bytes:
    return b"\0"


def _configuration_of_everything(_: Settings) -> bytes:
    return pack(">HBHH", 0, 0, 0, 0)


def _version(_: Settings) -> bytes:
    return b"\2"


def _configuration(settings: Settings) -> bytes:
    states = [
        tlv(Param.EVENT_NOTIFICATION_STATE, pack(">HB", kind, wanted << 7))
        for kind, wanted in _EVENTS.items()
    ]
    return b"".join(
        (
            b"\0",  # keep what else is set: power and channels are the installer's
            tlv(Param.READER_EVENT_NOTIFICATION_SPEC, *states),
            tlv(Param.KEEPALIVE_SPEC, pack(">BI", _KEEPALIVE_PERIODIC, settings.keepalive_ms)),
            tlv(Param.EVENTS_AND_REPORTS, b"\0"),  # hold nothing back when we come again
        )
    )


def _all_ro_specs(_: Settings) -> bytes:
    return pack(">I", _ALL)


def _our_ro_spec(_: Settings) -> bytes:
    return pack(">I", _RO_SPEC_ID)


def _ro_spec(settings: Settings) -> bytes:
    """Rounds without end: it starts when it is enabled, and starts again when its one AISpec is over."""
    antennas = settings.antennas or (_ALL,)
    return tlv(
        Param.RO_SPEC,
        pack(">IBB", _RO_SPEC_ID, 0, 0),
        tlv(
            Param.RO_BOUNDARY_SPEC,
            tlv(Param.RO_SPEC_START_TRIGGER, pack(">B", _START_IMMEDIATELY)),
            tlv(Param.RO_SPEC_STOP_TRIGGER, pack(">BI", _STOP_AFTER_ALL_SPECS, 0)),
        ),
        tlv(
            Param.AI_SPEC,
            pack(f">H{len(antennas)}H", len(antennas), *antennas),
            tlv(Param.AI_SPEC_STOP_TRIGGER, pack(">BI", _STOP_AFTER_DURATION, settings.round_ms)),
            tlv(Param.INVENTORY_PARAMETER_SPEC, pack(">HB", 1, _GEN2), _air(settings)),
        ),
        tlv(
            Param.RO_REPORT_SPEC,
            pack(">BH", _REPORT_AT_END_OF_AI_SPEC, 0),
            tlv(Param.TAG_REPORT_CONTENT_SELECTOR, pack(">H", _CONTENT)),
        ),
    )


def _air(settings: Settings) -> bytes:
    if settings.gen2_session is None:
        return b""
    control = tlv(Param.C1G2_SINGULATION_CONTROL, pack(">BHI", settings.gen2_session << 6, settings.tags, 0))
    command = tlv(Param.C1G2_INVENTORY_COMMAND, b"\0", control)
    return tlv(Param.ANTENNA_CONFIGURATION, pack(">H", _ALL), command)


BODIES: Final[dict[Kind, Callable[[Settings], bytes]]] = {
    Kind.SET_PROTOCOL_VERSION: _version,
    Kind.GET_READER_CAPABILITIES: _everything,
    Kind.GET_READER_CONFIG: _configuration_of_everything,
    Kind.SET_READER_CONFIG: _configuration,
    Kind.DELETE_ROSPEC: _all_ro_specs,
    Kind.ADD_ROSPEC: _ro_spec,
    Kind.ENABLE_ROSPEC: _our_ro_spec,
    Kind.START_ROSPEC: _our_ro_spec,
}
"""What we can ask -> its body."""
