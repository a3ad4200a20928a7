"""An Adam AZextra: T, Z and P; it prints a label for a new weight, and answers nothing at all otherwise.

AZextra user's manual, section 3.10, and what Odoo's driver for it has found out (odoo/odoo,
addons/hw_drivers/iot_handlers/drivers/SerialScaleDriver.py): silence unless a new weight that is not zero was
found, no zero after the goods are gone, and a beep when the same weight is asked for again.
"""

import random
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta

from simulators.devices.scales.display import money, retail
from simulators.devices.scales.plate import VERBS
from simulators.devices.scales.scale import HEARD_BYTES_MAX, KEY_VERBS, Scale, ScalePart

LINE_END: Final = b"\r\n"


class Part(ScalePart, frozen=True, forbid_unknown_fields=True):
    """Such a scale on a bench; `unit_price_minor` is what is keyed in at the scale."""

    step: Literal[1, 2, 5] = 1
    unit_price_minor: Annotated[int, Meta(ge=0, le=999_999)] = 0

    def device(self, luck: random.Random) -> "AzExtra":
        """Make the scale."""
        return AzExtra(luck, self)


class AzExtra(Scale):
    """The scale itself; `beeps` counts how often somebody had to hear that he asks too often."""

    kind = "azextra"
    baud = 4800
    terminator = LINE_END
    verbs = (*VERBS, *KEY_VERBS)

    def __init__(self, luck: random.Random, part: Part) -> None:
        self.beeps = 0
        self._unit_price_minor = part.unit_price_minor
        super().__init__(luck, retail("kg", part.step), part.capacity_g, part.settle_ms)

    def _start(self, _now_ns: int) -> None:
        self._printed_ns: int | None = None

    def world(self) -> dict[str, Any]:
        """Say what lies on the plate, and how often it has beeped since it stands here."""
        return super().world() | {"beeps": self.beeps}

    def hear(self, data: bytes, now_ns: int, /) -> None:
        """Take bytes from the host and obey the lines in them."""
        self._pending += data
        while (end := self._pending.find(LINE_END)) >= 0:
            line = bytes(self._pending[:end])
            del self._pending[: end + len(LINE_END)]
            if command := self._COMMANDS.get(line):
                command(self, now_ns)
        if len(self._pending) > HEARD_BYTES_MAX:
            self._pending.clear()

    def _print(self, now_ns: int) -> None:
        seen = self._look(now_ns)
        digits = self._display.digits(seen.net_mg)
        if seen.beyond or not seen.steady or digits <= 0:
            return
        # The same goods that nobody has touched since are no new weight.
        if self._printed_ns is not None and self._plate.moved_ns <= self._printed_ns:
            self.beeps += 1
        else:
            self._printed_ns = now_ns
            self._print_label(digits)

    def _print_label(self, digits: int) -> None:
        """Print weight, price and total, each a line: what else stands on a label is set at the scale."""
        total_minor = (digits * self._unit_price_minor + 500) // 1000
        lines = (
            f"Net {self._display.text(digits):>11}kg",
            f"Unit price {money(self._unit_price_minor):>7}/kg",
            f"Total {money(total_minor):>12}",
            "",
        )
        for line in lines:
            self._say(line.encode("ascii") + LINE_END)

    def _zero(self, now_ns: int) -> None:
        self._press("zero", now_ns)

    def _tare(self, now_ns: int) -> None:
        self._press("tare", now_ns)

    _COMMANDS: ClassVar[Mapping[bytes, Callable[["AzExtra", int], None]]] = {
        b"P": _print,
        b"T": _tare,
        b"Z": _zero,
    }
