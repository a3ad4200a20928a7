"""A retail scale that speaks Toledo 8217: single letters without an end, weights between STX and CR.

Mettler-Toledo DIVA Service Manual 72191202, pages 39 and 45; the other dialect is that of the drum scales of
Global Industrial (manual, page 25).
"""

import random
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal

from simulators.devices.scales.display import Display, retail
from simulators.devices.scales.indicator import OVERLOAD, Seen
from simulators.devices.scales.plate_device import MILLISECOND_NS
from simulators.devices.scales.scale import HEARD_BYTES_MAX, RetailPart, Scale

STX, CR = b"\x02", b"\r"
# The status after a tare comes so late.
STATUS_NS: Final = 150 * MILLISECOND_NS
TARE_DIGITS: Final = 5
# The result of the self test: the manual names `@` alone; which bit is which part, we chose.
PASSED, FAILED = b"@", b"A"


class Part(RetailPart, frozen=True, forbid_unknown_fields=True):
    """Such a scale on a bench.

    `parity_shown` is the host's mistake: it has opened the line without parity, so bit 7 is the parity bit.
    `echo` is off in clones that do not know the test of the line that public drivers look for them by.
    """

    dialect: Literal["toledo", "clone"] = "toledo"
    echo: bool = True
    parity_shown: bool = False

    def device(self, luck: random.Random) -> "Toledo8217":
        """Make the scale."""
        return Toledo8217(luck, self)


class Toledo8217(Scale):
    """The scale itself."""

    kind = "toledo-8217"
    baud = 9600
    breakable = ("electronics",)

    def __init__(self, luck: random.Random, part: Part) -> None:
        self._clone = part.dialect == "clone"
        self._commands = {**self._COMMANDS, **(self._CLONED if self._clone else {})}
        self._echo = part.echo
        self._parity_shown = part.parity_shown
        self._step = part.step
        self.terminator = self._on_line(CR)
        super().__init__(luck, retail(part.unit, part.step), part.capacity_g, part.settle_ms)

    def _start(self, now_ns: int) -> None:
        self._echoing = False
        self._keyed: str | None = None
        self._zero_wanted = False
        self._busy_until_ns: int | None = None
        self._was_empty = False
        self._look(now_ns)  # a platter that is empty now may take a tare item

    @property
    def wakes_ns(self) -> int | None:
        """When the status after a tare is due."""
        return self._busy_until_ns

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host; those that come while it is busy wait, as many as it has room for."""
        self._pending += bytes(byte & 0x7F for byte in data)
        self._work(now_ns)
        del self._pending[HEARD_BYTES_MAX:]

    def speak(self, now_ns: int, /) -> list[bytes]:
        """Give the frames that are due."""
        if self._busy_until_ns is not None and now_ns >= self._busy_until_ns:
            self._busy_until_ns = None
            self._say_status(now_ns)
            self._work(now_ns)
        return super().speak(now_ns)

    def _work(self, now_ns: int) -> None:
        while self._pending and self._busy_until_ns is None:
            self._obey_letter(chr(self._pending.pop(0)), now_ns)

    def _obey_letter(self, letter: str, now_ns: int) -> None:
        if self._echoing:
            self._echo_letter(letter)
        elif self._keyed is not None:
            self._key(letter, now_ns)
        elif command := self._commands.get(letter):
            command(self, now_ns)
        elif self._clone:
            self._say_status(now_ns)

    def _on_line(self, frame: bytes) -> bytes:
        """Set bit 7 to what the parity bit of seven bits is, where the host takes it for data."""
        if not self._parity_shown:
            return frame
        return bytes(byte | byte.bit_count() % 2 << 7 for byte in frame)

    def _say_text(self, text: bytes) -> None:
        self._say(self._on_line(STX + text + CR))

    # Weights and the status.

    def _look(self, now_ns: int) -> Seen:
        seen = super()._look(now_ns)
        self._was_empty = self._was_empty or (seen.steady and self._at_zero(seen))
        return seen

    def _status(self, seen: Seen) -> bytes:
        bits = (
            not seen.steady,
            seen.beyond == OVERLOAD,
            self._display.digits(seen.net_mg) < 0,
            bool(self._indicator.zero_refused(seen)),
            self._at_zero(seen),
            self._clone or bool(self._indicator.tare_mg),
        )
        return bytes((0x40 | sum(bit << place for place, bit in enumerate(bits)),))

    def _say_status(self, now_ns: int) -> None:
        self._say_text(b"?" + self._status(self._look(now_ns)))

    def _weigh(self, now_ns: int) -> None:
        self._weigh_in(self._display, now_ns)

    def _weigh_in_pounds(self, now_ns: int) -> None:
        self._weigh_in(retail("lb", self._step), now_ns)

    def _weigh_in_kilograms(self, now_ns: int) -> None:
        self._weigh_in(retail("kg", self._step), now_ns)

    def _weigh_in(self, display: Display, now_ns: int) -> None:
        self._zero_if_wanted(now_ns)
        seen = self._look(now_ns)
        digits = display.digits(seen.net_mg)
        if seen.beyond or not seen.steady or digits < 0:
            self._say_text(b"?" + self._status(seen))
        else:
            # Two places before the point, as the manual writes them.
            text = display.text(digits).zfill(3 + display.decimals)
            self._say_text((text + ("N" if self._indicator.tare_mg else "")).encode("ascii"))

    # Zero and tare.

    def _zero(self, now_ns: int) -> None:
        self._zero_wanted = True
        self._say_status(now_ns)

    def _zero_if_wanted(self, now_ns: int) -> None:
        """Zero is taken at the reading after the command, or not at all."""
        if self._zero_wanted and not self._indicator.tare_mg:
            self._press("zero", now_ns)
        self._zero_wanted = False

    def _begin_tare(self, _now_ns: int) -> None:
        self._keyed = ""

    def _key(self, letter: str, now_ns: int) -> None:
        keyed, self._keyed = self._keyed or "", None
        if letter == "\r":
            self._tare(keyed, now_ns)
        elif letter in "0123456789" and len(keyed) < TARE_DIGITS:
            self._keyed = keyed + letter
        else:
            self._obey_letter(letter, now_ns)  # no end came: that was no tare, and this is a new command

    def _tare(self, keyed: str, now_ns: int) -> None:
        if len(keyed) == TARE_DIGITS:
            self._indicator.set_tare(round(self._display.worth_mg(int(keyed))))
        elif not keyed and self._was_empty and not self._indicator.tare_mg:
            self._press("tare", now_ns)
            self._was_empty = False
        self._busy_until_ns = now_ns + STATUS_NS

    def _clear_tare(self, now_ns: int) -> None:
        if self._look(now_ns).steady:
            self._indicator.tare_mg = 0
        self._busy_until_ns = now_ns + STATUS_NS

    # Tests of itself and of the line.

    def _begin_self_test(self, _now_ns: int) -> None:
        self._say_text(b"")

    def _say_self_test(self, _now_ns: int) -> None:
        self._say_text(b"?" + (FAILED if self._broken else PASSED))

    def _begin_echo(self, _now_ns: int) -> None:
        self._echoing = self._echo
        if self._echo:
            self._say_text(b"E")

    def _echo_letter(self, letter: str) -> None:
        if letter == "F":
            self._echoing = False
        else:
            self._say(self._on_line(letter.encode("ascii")))

    _COMMANDS: ClassVar[Mapping[str, Callable[["Toledo8217", int], None]]] = {
        "W": _weigh,
        "Z": _zero,
        "T": _begin_tare,
        "C": _clear_tare,
        "A": _begin_self_test,
        "B": _say_self_test,
        "E": _begin_echo,
    }
    _CLONED: ClassVar[Mapping[str, Callable[["Toledo8217", int], None]]] = {
        "L": _weigh_in_pounds,
        "K": _weigh_in_kilograms,
    }
