"""A barcode scanner on a serial line or as USB-CDC: each code is a line, framed as somebody has set it up."""

import random
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from simulators.devices.catalogue import BenchDevice
from simulators.devices.device import SAID_FRAMES_MAX, RefusedError
from simulators.devices.scanners.codes import VERBS, Counter, scan_ordered

ENDINGS: Final = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "tab": b"\t", "none": b"", "etx": b"\x03"}
STX: Final = b"\x02"
# While the code shakes, the scanner needs longer to read it.
BLURRED_NS: Final = (100_000_000, 900_000_000)


class LineScanner:
    """The scanner; the ending `etx` puts an STX before a code; `luck` says how long a blurred one takes."""

    kind = "serial-scanner"
    baud = 9600
    verbs: tuple[str, ...] = VERBS

    def __init__(
        self,
        luck: random.Random,
        *,
        ending: str = "cr",
        aim: bool = False,
        prefix: str = "",
        charset: str = "utf-8",
    ) -> None:
        self._luck = luck
        self.terminator = ENDINGS[ending]
        self._begins = STX if ending == "etx" else b""
        self._aim = aim
        self._prefix = prefix
        self._charset = charset
        self._counter = Counter()
        self._shaken_until_ns = 0
        self.power_on(0)

    def power_on(self, _now_ns: int, /) -> None:
        """Start over."""
        self._said: list[tuple[int, bytes]] = []

    def scan(self, text: str, symbology: str = "]E0", now_ns: int = 0) -> None:
        """Hold a code before it."""
        said = f"{self._prefix}{symbology if self._aim else ''}{text}"
        try:
            line = self._begins + said.encode(self._charset) + self.terminator
        except UnicodeEncodeError as error:
            raise RefusedError(
                f"{text[error.start : error.end]!r} cannot be said in {self._charset}"
            ) from error
        if len(self._said) < SAID_FRAMES_MAX:
            blurred = now_ns < self._shaken_until_ns
            self._said.append((now_ns + (self._luck.randint(*BLURRED_NS) if blurred else 0), line))
        self._counter.count()

    def shake(self, until_ns: int, /) -> None:
        """Let the hand that holds the codes tremble."""
        self._shaken_until_ns = until_ns

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
    def wakes_ns(self) -> int | None:
        """When the next code is read."""
        return self._said[0][0] if self._said else None

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Pass over what a host says: it is not set up to be triggered."""

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the lines of the codes that are read by now, in their order."""
        lines = []
        while self._said and self._said[0][0] <= now_ns:
            lines.append(self._said.pop(0)[1])
        return lines


class Part(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """Such a scanner on a bench."""

    ending: Literal["cr", "lf", "crlf", "tab", "none", "etx"] = "cr"
    aim: bool = False
    prefix: Annotated[str, Meta(max_length=16)] = ""
    charset: Literal["ascii", "utf-8", "latin-1", "cp1252", "shift_jis"] = "utf-8"

    def device(self, luck: random.Random) -> LineScanner:
        """Make the scanner."""
        return LineScanner(luck, ending=self.ending, aim=self.aim, prefix=self.prefix, charset=self.charset)
