"""The indicator of a scale, between plate and line: zero, tare, range, and weights as it writes them."""

import re
from typing import Final, NamedTuple

from simulators.devices.plate import Plate

OVERLOAD, UNDERLOAD = "+", "-"
# How many decimals of a gram each readability in milligrams gives.
DECIMALS: Final = {10: 2, 100: 1, 1000: 0}
WEIGHT = re.compile(r"(?P<grams>\d{1,6})(?:\.(?P<decimals>\d{1,3}))? g")

# Zero may be set within this part of the capacity around the calibrated zero.
ZERO_RANGE_PERCENT: Final = 2
# So many digits above the capacity is overload; so many below the calibrated zero, underload.
OVER_DIGITS, UNDER_DIGITS = 9, 20


class Seen(NamedTuple):
    """One look at the plate: `beyond` is OVERLOAD, UNDERLOAD or empty; only a steady look may be sold by."""

    gross_mg: int
    net_mg: int
    beyond: str
    steady: bool


class Indicator:
    """What turns a load into a weight; it forgets zero and tare with the power."""

    def __init__(self, plate: Plate, capacity_g: int, readability_mg: int) -> None:
        self._plate = plate
        self._capacity_mg = capacity_g * 1000
        self.readability_mg = readability_mg
        self.power_on()

    def power_on(self) -> None:
        """Go back to the calibrated zero, without tare."""
        self._zero_mg = 0
        self.tare_mg = 0

    def look(self, now_ns: int) -> Seen:
        """Weigh once."""
        load_mg = self._plate.load_mg(now_ns)
        gross_mg = load_mg - self._zero_mg
        steady = self._plate.steady(now_ns)
        return Seen(gross_mg, gross_mg - self.tare_mg, self._beyond(load_mg), steady)

    def _beyond(self, load_mg: int) -> str:
        if load_mg > self._capacity_mg + OVER_DIGITS * self.readability_mg:
            return OVERLOAD
        return UNDERLOAD if load_mg < -UNDER_DIGITS * self.readability_mg else ""

    def set_zero(self, seen: Seen) -> str:
        """Take what is seen as zero, forget the tare; OVERLOAD or UNDERLOAD when it is too far from zero."""
        load_mg = seen.gross_mg + self._zero_mg
        if abs(load_mg) > self._capacity_mg * ZERO_RANGE_PERCENT // 100:
            return OVERLOAD if load_mg > 0 else UNDERLOAD
        self._zero_mg, self.tare_mg = load_mg, 0
        return ""

    def set_tare(self, gross_mg: int) -> str:
        """Take a weight as tare; OVERLOAD or UNDERLOAD when it cannot be one."""
        tare_mg = self._digits(gross_mg) * self.readability_mg
        if not 0 <= tare_mg <= self._capacity_mg:
            return OVERLOAD if tare_mg > 0 else UNDERLOAD
        self.tare_mg = tare_mg
        return ""

    def text(self, weight_mg: int) -> str:
        """Write a weight in ten characters with sign and point, and its unit."""
        digits = self._digits(weight_mg)
        decimals = DECIMALS[self.readability_mg]
        whole, part = divmod(abs(digits), 10**decimals)
        number = f"{'-' if digits < 0 else ''}{whole}" + (f".{part:0{decimals}d}" if decimals else "")
        return f"{number:>10} g"

    def _digits(self, weight_mg: int) -> int:
        return (weight_mg + self.readability_mg // 2) // self.readability_mg


def weight_mg(text: str) -> int | None:
    """Read a weight that a host sends, `12.5 g`; None when it is none."""
    match = WEIGHT.fullmatch(text)
    return int(match["grams"]) * 1000 + int((match["decimals"] or "0").ljust(3, "0")) if match else None
