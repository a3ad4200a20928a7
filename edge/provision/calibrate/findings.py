"""What a calibration of a scale asks for, and what may come of it: said in frozen nouns."""

from enum import StrEnum
from typing import Final

import msgspec

from edge.readings import Milligrams

SECOND_NS: Final = 1_000_000_000

# A fiftieth: of a weight that is lighter than fifty tolerances one digit more or less says nothing.
LEAST_TOLERANCES: Final = 50
# Two thousandths of the weight: a class III scale of 3 kg by 1 g may err by 1 g there, and by 2 g in service
# (OIML R 76-1, 3.5.1 and 3.5.2).
_TOLERANCE_SHARE: Final = 500
_TOLERANCE_MG_MIN: Final = 1_000


class Phase(StrEnum):
    """What is to be done now, and by whom: the person empties, puts and lifts, the scale zeroes."""

    EMPTY = "empty"
    PUT = "put"
    LIFT = "lift"
    ZERO = "zero"


class Why(StrEnum):
    """Why a scale is not to be sold by."""

    FAULT = "fault"
    BARE_CELL = "bare-cell"
    TARED = "tared"
    UNSTABLE = "unstable"
    NOBODY = "nobody"
    TOO_LIGHT = "too-light"
    DRIFT = "drift"
    CREEP = "creep"
    NOT_REPEATABLE = "not-repeatable"
    OFF = "off"
    NOT_ZERO = "not-zero"


class Plan(msgspec.Struct, frozen=True):
    """The weight that is known, how far a scale may be off it, and how long everybody is waited for.

    Each load and each empty pan is watched for `hold_ns`; a scale is given `rest_ns` to come to rest, a
    person `patience_ns` for each deed. Three lifts show whether a scale repeats itself.
    """

    reference_mg: Milligrams
    tolerance_mg: Milligrams
    rounds: int = 3
    hold_ns: int = 5 * SECOND_NS
    rest_ns: int = 30 * SECOND_NS
    patience_ns: int = 120 * SECOND_NS
    zeroes: bool = True
    """Whether the scale takes its zero from us; if not, a key of its own does it."""

    def __post_init__(self) -> None:
        """A reference that proves nothing is no reference."""
        if self.tolerance_mg <= 0 or self.reference_mg < LEAST_TOLERANCES * self.tolerance_mg:
            raise ValueError(
                f"expected a weight of at least {LEAST_TOLERANCES} times the tolerance"
                f" ({grams(LEAST_TOLERANCES * self.tolerance_mg)}), got {grams(self.reference_mg)}:"
                " take a heavier one"
            )


class Step(msgspec.Struct, frozen=True):
    """Where a calibration stands: the phase, which round of how many, and whether it only has to rest."""

    phase: Phase
    round: int
    rounds: int
    holding: bool = False


class Refused(msgspec.Struct, frozen=True):
    """The scale is not calibrated: why, and the sentence for a person."""

    why: Why
    sentence: str


class Measured(msgspec.Struct, frozen=True):
    """A scale that may be sold by: what it showed empty and loaded, and how far it is off on average."""

    empties_mg: tuple[Milligrams, ...]
    loads_mg: tuple[Milligrams, ...]
    error_mg: Milligrams


def tolerance_for(reference_mg: int) -> Milligrams:
    """How far a scale may be off this weight, unless somebody says otherwise."""
    return Milligrams(max(reference_mg // _TOLERANCE_SHARE, _TOLERANCE_MG_MIN))


def grams(weight_mg: int) -> str:
    """A weight for a person, without ever being a float."""
    whole, part = divmod(abs(weight_mg), 1000)
    return f"{'-' if weight_mg < 0 else ''}{whole}" + (f".{part:03d}".rstrip("0") if part else "") + " g"
