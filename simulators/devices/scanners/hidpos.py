"""A barcode scanner as a HID of the page Bar Code Scanner (8Ch): a code is one or more 64-byte reports."""

import random
from collections.abc import Mapping
from typing import Any, Final, Literal

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import SAID_FRAMES_MAX
from simulators.devices.personas import HidPersona
from simulators.devices.scanners.codes import VERBS, Counter, scan_ordered

# Access-IS, LSR118 product manual, appendix B: id 2, length, three bytes of AIM, data, a symbology of its
# own, one reserved, and whether more follows.
POS_ID, POS_DATA_BYTES = 0x02, 56
MORE_FOLLOWS: Final = 0x01
# The symbology of its own that the manual shows for ]Q0; those of the others are not public, so they are 0.
QR_CODE_ID: Final = 0x73
# Microscan, MS-4 help, "Microscan HID Report Format": id 1, length, and data.
MICROSCAN_ID, MICROSCAN_DATA_BYTES = 0x01, 62

# USB HID Point of Sale Usage Tables 1.02, section 3: a scanned data report with the byte count, the symbology
# identifiers FBh to FDh, decoded data FEh, two bytes of the maker, and decoded data continued FFh.
POS_DESCRIPTOR: Final = bytes.fromhex(
    "058C 0902 A101 0912 A102 8502 1500 26FF00 7508 9501 0501 093B 8102"
    "9503 058C 09FB 09FC 09FD 8102 9538 09FE 820201"
    "9502 0666FF 0904 8102 7501 9501 2501 058C 09FF 8102 7507 8103 C0C0"
)
# 63 bytes that mean what the maker says.
MICROSCAN_DESCRIPTOR: Final = bytes.fromhex("0600FF 0901 A101 8501 1500 26FF00 7508 953F 0902 8102 C0")


class HidScanner:
    """The scanner; it passes over what a host sends it."""

    kind = "hid-scanner"
    # USB has no rate; a pty wants one.
    baud = 115_200
    terminator = b""
    verbs: tuple[str, ...] = VERBS

    def __init__(self, *, variant: str = "pos", charset: str = "utf-8") -> None:
        self._variant = variant
        self._charset = charset
        self._counter = Counter()
        self.power_on(0)

    def power_on(self, _now_ns: int, /) -> None:
        """Start over."""
        self._said: list[bytes] = []
        self._scanned_ns = 0

    def scan(self, text: str, symbology: str = "]E0", now_ns: int = 0) -> None:
        """Hold a code before it."""
        self._scanned_ns = now_ns
        data = text.encode(self._charset, "replace")
        aim = symbology.encode("ascii")
        reports = pos_reports(aim, data) if self._variant == "pos" else microscan_reports(aim + data)
        if len(self._said) + len(reports) <= SAID_FRAMES_MAX:
            self._said += reports
        self._counter.count()

    def shake(self, _until_ns: int, /) -> None:
        """Read all the same: a trembling hand costs it nothing."""

    def obey(self, order: Mapping[str, Any], now_ns: int, /) -> None:
        """Do what a hand asks."""
        scan = scan_ordered(order)
        self.scan(scan.text, scan.symbology, now_ns)

    def world(self) -> dict[str, Any]:
        """Say how many codes were scanned."""
        return self._counter.world()

    def restore(self, world: Mapping[str, Any], _now_ns: int, /) -> None:
        """Go on counting."""
        self._counter.restore(world)

    @property
    def hid_persona(self) -> HidPersona:
        """What it says of itself on USB; the identity is the one that pid.codes keeps for tests."""
        descriptor = POS_DESCRIPTOR if self._variant == "pos" else MICROSCAN_DESCRIPTOR
        return HidPersona("Simulated HID scanner", descriptor, 64, 0x1209, 0x0001)

    @property
    def wakes_ns(self) -> int | None:
        """When the code that waits was scanned."""
        return self._scanned_ns if self._said else None

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Pass over output reports: it has no settings here."""

    def speak(self, _now_ns: int, /) -> list[bytes]:
        """Give the reports of the codes that were scanned."""
        said, self._said = self._said, []
        return said


def pos_reports(aim: bytes, data: bytes) -> list[bytes]:
    """Cut a code into reports; all but the last say that more follows."""
    own = QR_CODE_ID if aim.startswith(b"]Q") else 0
    pieces = [data[start : start + POS_DATA_BYTES] for start in range(0, len(data), POS_DATA_BYTES)]
    return [
        bytes((POS_ID, len(piece)))
        + aim
        + piece.ljust(POS_DATA_BYTES, b"\x00")
        + bytes((own, 0, MORE_FOLLOWS if number < len(pieces) else 0))
        for number, piece in enumerate(pieces, 1)
    ]


def microscan_reports(data: bytes) -> list[bytes]:
    """Cut a code into reports; one that is full is followed by another, empty if nothing is left."""
    starts = range(0, len(data) + 1, MICROSCAN_DATA_BYTES)
    pieces = [data[start : start + MICROSCAN_DATA_BYTES] for start in starts]
    return [
        bytes((MICROSCAN_ID, len(piece))) + piece.ljust(MICROSCAN_DATA_BYTES, b"\x00") for piece in pieces
    ]


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a scanner on a bench."""

    variant: Literal["pos", "microscan"] = "pos"
    charset: Literal["ascii", "utf-8", "latin-1"] = "utf-8"

    def device(self, _luck: random.Random) -> HidScanner:
        """Make the scanner."""
        return HidScanner(variant=self.variant, charset=self.charset)
