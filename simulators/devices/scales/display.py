"""How a scale shows a weight: in which unit, with how many decimals, and in steps of how many digits."""

from fractions import Fraction
from typing import Final, NamedTuple

# What one of each is in milligrams; the pound is exactly 0.45359237 kg (international agreement of 1959).
POUND_MG: Final = Fraction(45_359_237, 100)
UNITS_MG: Final = {"g": Fraction(1000), "kg": Fraction(1_000_000), "lb": POUND_MG, "oz": POUND_MG / 16}
RETAIL_DECIMALS: Final = {"kg": 3, "lb": 2}
HALF: Final = Fraction(1, 2)


class Display(NamedTuple):
    """The digits of a scale; `step` is by how many of the last one it counts."""

    unit: str
    decimals: int
    step: int = 1

    @property
    def digit_mg(self) -> int:
        """What a step is worth, to the milligram: how far a plate trembles, from where it is overloaded."""
        return round(self.step * self.worth_mg(1))

    def worth_mg(self, digits: int) -> Fraction:
        """What a number without its point is worth."""
        return UNITS_MG[self.unit] * Fraction(digits, 10**self.decimals)

    def digits(self, weight_mg: int) -> int:
        """Round a weight to whole steps, and write it without its point."""
        return self.step * int((weight_mg / self.worth_mg(self.step) + HALF) // 1)

    def text(self, digits: int) -> str:
        """Write a number with its point."""
        whole, part = divmod(abs(digits), 10**self.decimals)
        return (
            ("-" if digits < 0 else "") + f"{whole}" + (f".{part:0{self.decimals}d}" if self.decimals else "")
        )


def retail(unit: str, step: int) -> Display:
    """Make the display of a shop's scale: grams of a kilogram, or hundredths of a pound."""
    return Display(unit, RETAIL_DECIMALS[unit], step)


def money(amount_minor: int) -> str:
    """Write an amount with its point."""
    whole, part = divmod(amount_minor, 100)
    return f"{whole}.{part:02d}"
