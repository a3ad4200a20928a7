"""The indicator of a scale, between plate and display: zero, tare and range."""

from typing import Final, NamedTuple

from simulators.devices.scales.plate import Plate

OVERLOAD, UNDERLOAD = "+", "-"

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
    """What turns a load into a weight, from the calibrated zero on; it lives as long as the power."""

    def __init__(self, plate: Plate, capacity_g: int, digit_mg: int) -> None:
        self._plate = plate
        self._capacity_mg = capacity_g * 1000
        self._digit_mg = digit_mg
        self._zero_mg = 0
        self.tare_mg = 0

    def look(self, now_ns: int) -> Seen:
        """Weigh once."""
        load_mg = self._plate.load_mg(now_ns)
        gross_mg = load_mg - self._zero_mg
        steady = self._plate.steady(now_ns)
        return Seen(gross_mg, gross_mg - self.tare_mg, self._beyond(load_mg), steady)

    def _beyond(self, load_mg: int) -> str:
        if load_mg > self._capacity_mg + OVER_DIGITS * self._digit_mg:
            return OVERLOAD
        return UNDERLOAD if load_mg < -UNDER_DIGITS * self._digit_mg else ""

    def set_zero(self, seen: Seen) -> str:
        """Take what is seen as zero, forget the tare; OVERLOAD or UNDERLOAD when it is too far from zero."""
        refused = self.zero_refused(seen)
        if not refused:
            self._zero_mg, self.tare_mg = seen.gross_mg + self._zero_mg, 0
        return refused

    def zero_refused(self, seen: Seen) -> str:
        """Say whether what is seen is too far from the calibrated zero: OVERLOAD, UNDERLOAD or empty."""
        load_mg = seen.gross_mg + self._zero_mg
        if abs(load_mg) > self._capacity_mg * ZERO_RANGE_PERCENT // 100:
            return OVERLOAD if load_mg > 0 else UNDERLOAD
        return ""

    def set_tare(self, tare_mg: int) -> str:
        """Take a weight as tare, finer than the digits show; OVERLOAD or UNDERLOAD when it cannot be one."""
        # What the digits show as zero is an empty plate that trembles: it ends a tare.
        if abs(tare_mg) <= self._digit_mg // 2:
            tare_mg = 0
        if not 0 <= tare_mg <= self._capacity_mg:
            return OVERLOAD if tare_mg > 0 else UNDERLOAD
        self.tare_mg = tare_mg
        return ""
