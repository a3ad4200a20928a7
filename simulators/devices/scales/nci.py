"""A scale that speaks a serial protocol of NCI and Weigh-Tronix: a letter and CR, answers from LF to ETX.

SCP-01: Weigh-Tronix 8408-14788-01, NCI 7800 manual page 32, 7821 page 25. ECR: Mettler-Toledo DIVA Service
Manual 72191202, pages 34 to 36. SCP-12 as Salter Brecknell's PS-USB says it:
github.com/chris-rudmin/serial-nci-scale. What stands in place of a weight beyond the range: Adam MDW manual,
section 8.5.3.
"""

import random
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal

from simulators.devices.scales.display import Display, retail
from simulators.devices.scales.indicator import OVERLOAD, UNDERLOAD, Seen
from simulators.devices.scales.scale import HEARD_BYTES_MAX, RetailPart, Scale

CR, ETX = b"\r", b"\x03"
OTHER: Final = {"kg": "lb", "lb": "kg"}
IN_PLACE_OF_A_WEIGHT: Final = {OVERLOAD: "^^^^^^", UNDERLOAD: "______"}
NO_ZERO: Final = "------"
# What the converter says of an empty plate, and that it counts tenths of a gram: no manual says either.
EMPTY_COUNTS, COUNT_MG = 100_000, 100


class Part(RetailPart, frozen=True, forbid_unknown_fields=True):
    """Such a scale on a bench.

    `inverted` is the motion bit as one manual of SCP-12 prints it, 0 for motion; `status_bytes` 3 tells more.
    """

    dialect: Literal["scp-01", "scp-12", "ecr"] = "scp-01"
    unit: Literal["kg", "lb"] = "lb"
    inverted: bool = False
    status_bytes: Literal[2, 3] = 2

    def device(self, luck: random.Random) -> "Nci":
        """Make the scale."""
        return Nci(luck, self)


class Nci(Scale):
    """The scale itself."""

    kind = "nci"
    baud = 9600
    terminator = ETX
    breakable = ("memory", "calibration", "zero")

    def __init__(self, luck: random.Random, part: Part) -> None:
        self._part = part
        super().__init__(luck, retail(part.unit, part.step), part.capacity_g, part.settle_ms)

    def _start(self, _now_ns: int) -> None:
        self._display = retail(self._part.unit, self._part.step)

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host and obey what ends in CR."""
        self._pending += data
        while (end := self._pending.find(CR)) >= 0:
            line = bytes(self._pending[:end]).lstrip(b"\n")
            del self._pending[: end + 1]
            self._COMMANDS.get(line, Nci._wonder)(self, now_ns)
        if len(self._pending) > HEARD_BYTES_MAX:
            self._pending.clear()

    def _weigh(self, now_ns: int) -> None:
        self._weigh_in(self._display, now_ns)

    def _weigh_finely(self, now_ns: int) -> None:
        self._weigh_in(Display(self._display.unit, self._display.decimals + 1), now_ns)

    def _weigh_in(self, display: Display, now_ns: int) -> None:
        seen = self._look(now_ns)
        digits = display.digits(seen.net_mg)
        fit_to_sell = seen.steady and not seen.beyond and digits >= 0 and self._broken != "zero"
        if self._part.dialect == "ecr" and not fit_to_sell:
            self._say_answer("", seen)
        elif self._broken == "zero" or seen.beyond:
            field = NO_ZERO if self._broken == "zero" else IN_PLACE_OF_A_WEIGHT[seen.beyond]
            self._say_answer(field + self._unit(), seen)
        else:
            self._say_answer(self._field(display, digits) + self._unit(), seen)

    def _field(self, display: Display, digits: int) -> str:
        """Seven places with the sign among them, or a sign and six; ECR has no sign."""
        if self._part.dialect == "scp-12":
            return ("-" if digits < 0 else " ") + display.text(abs(digits)).zfill(6)
        return display.text(digits).zfill(6 if self._part.dialect == "ecr" else 7)

    def _unit(self) -> str:
        return self._display.unit.upper() if self._part.dialect == "ecr" else self._display.unit

    def _status(self, seen: Seen) -> str:
        moving = seen.steady == self._part.inverted
        negative = self._display.digits(seen.net_mg) < 0
        first = moving | self._at_zero(seen) << 1 | (self._broken == "memory") << 2
        second = negative | (seen.beyond == OVERLOAD) << 1 | (self._broken == "calibration") << 3
        third = (self._broken == "zero") << 3
        # Bit 6 of the second: another one follows.
        said = [first, second | 0x40, third] if self._part.status_bytes == 3 else [first, second]
        prefix = "S" if self._part.dialect == "ecr" else ""
        return prefix + "".join(chr(0x30 | bits) for bits in said)

    def _say_answer(self, text: str, seen: Seen) -> None:
        """Say a text and the status; SCP-12 puts both into one line."""
        status = self._status(seen)
        if not text:
            answer = f"\n{status}\r\x03"
        elif self._part.dialect == "scp-12":
            answer = f"\n{text}\r{status}\x03"
        else:
            answer = f"\n{text}\r\n{status}\r\x03"
        self._say(answer.encode("ascii"))

    def _say_status(self, now_ns: int) -> None:
        self._say_answer("", self._look(now_ns))

    def _zero(self, now_ns: int) -> None:
        self._press("zero", now_ns)
        self._say_status(now_ns)

    def _change_unit(self, now_ns: int) -> None:
        self._display = retail(OTHER[self._display.unit], self._part.step)
        self._say_answer(self._unit(), self._look(now_ns))

    def _say_counts(self, now_ns: int) -> None:
        seen = self._look(now_ns)
        counts = max(0, EMPTY_COUNTS + seen.gross_mg // COUNT_MG) % 1_000_000
        self._say_answer(f"{counts:06d}MM", seen)

    def _wonder(self, _now_ns: int) -> None:
        self._say(b"\n?\r\x03")

    _COMMANDS: ClassVar[Mapping[bytes, Callable[["Nci", int], None]]] = {
        b"W": _weigh,
        b"H": _weigh_finely,
        b"S": _say_status,
        b"Z": _zero,
        b"U": _change_unit,
        b"M": _say_counts,
    }
