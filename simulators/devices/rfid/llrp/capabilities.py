"""What a simulated LLRP reader says that it can do, as a four-port reader under FCC rules says it."""

from collections.abc import Callable, Mapping
from typing import Final

from simulators.devices.rfid.llrp.wire import text, tlv

# IANA enterprise numbers, which is how LLRP names makers.
IMPINJ, MOTOROLA = 25882, 161
MAKERS: Final = {"impinj": IMPINJ, "zebra": MOTOROLA}
# The model numbers of their readers are the makers' own; a simulated reader has none of theirs.
MODEL: Final = 1
FIRMWARE: Final = "1.0 simulated"

ROSPECS_MAX, SPECS_A_ROSPEC_MAX, PARAMETER_SPECS_MAX = 1, 32, 1
GPI_PORTS, GPO_PORTS = 4, 4
HAS_UTC_CLOCK: Final = 0x4000
# It warns of no full buffer and holds events and reports; it surveys nothing and serves no client requests.
HOLDS: Final = 0x08
# Table 4 of 47 CFR 15.247 in steps of 500 kHz, as FCC readers list it.
CHANNELS_KHZ: Final = tuple(range(902_750, 927_251, 500))
POWERS_CDBM: Final = tuple(range(1000, 3001, 100))
USA, FCC_PART_15 = 840, 1
GEN2: Final = 1

# Mode, M value, backscatter rate in bits per second, Tari in nanoseconds: fast, and for a dense room.
MODES: Final = ((0, 0, 640_000, 6_250), (1, 2, 256_000, 25_000))
DIVIDE_RATIO_64_3: Final = 0x80
PIE_PERMILLE: Final = 1500

# GET_READER_CAPABILITIES asks for everything, or for one of four parts.
ALL: Final = 0


def capabilities(part: int, antennas: int, maker: int, *, has_utc: bool) -> bytes | None:
    """Give the parameters that a host asked for; None when there is no such part."""
    parts: Mapping[int, Callable[[], bytes]] = {
        1: lambda: _general(antennas, maker, has_utc=has_utc),
        2: _llrp,
        3: _regulatory,
        4: _gen2,
    }
    if part == ALL:
        return b"".join(each() for each in parts.values())
    return parts[part]() if part in parts else None


def _general(antennas: int, maker: int, *, has_utc: bool) -> bytes:
    flags = HAS_UTC_CLOCK if has_utc else 0
    return tlv(
        137,
        antennas.to_bytes(2),
        flags.to_bytes(2),
        maker.to_bytes(4),
        MODEL.to_bytes(4),
        text(FIRMWARE),
        tlv(139, bytes(4)),
        tlv(141, GPI_PORTS.to_bytes(2), GPO_PORTS.to_bytes(2)),
        *(tlv(140, antenna.to_bytes(2), b"\x00\x01", bytes((GEN2,))) for antenna in range(1, antennas + 1)),
    )


def _llrp() -> bytes:
    limits = (ROSPECS_MAX, SPECS_A_ROSPEC_MAX, PARAMETER_SPECS_MAX, 0, 0)
    return tlv(142, bytes((HOLDS, 1, 0, 0)), *(limit.to_bytes(4) for limit in limits))


def _regulatory() -> bytes:
    powers = (tlv(145, at.to_bytes(2), power.to_bytes(2)) for at, power in enumerate(POWERS_CDBM, 1))
    hops = tlv(147, b"\x01\x00", len(CHANNELS_KHZ).to_bytes(2), *(khz.to_bytes(4) for khz in CHANNELS_KHZ))
    band = tlv(144, *powers, tlv(146, b"\x80", hops), tlv(328, *(_mode(*mode) for mode in MODES)))
    return tlv(143, USA.to_bytes(2), FCC_PART_15.to_bytes(2), band)


def _mode(number: int, m_value: int, bits_per_s: int, tari_ns: int) -> bytes:
    fields = (bits_per_s, PIE_PERMILLE, tari_ns, tari_ns, 0)
    return tlv(
        329,
        number.to_bytes(4),
        bytes((DIVIDE_RATIO_64_3, m_value, 0, 0)),
        *(field.to_bytes(4) for field in fields),
    )


def _gen2() -> bytes:
    # Neither block erase nor block write, and two select filters for a query.
    return tlv(327, b"\x00", (2).to_bytes(2))
