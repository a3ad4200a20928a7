"""A load cell under goods and hands: it settles, trembles, drifts and creeps, and says when it is steady."""

import math
import random
from collections import deque
from typing import Final

from simulators.shoppers.noise import CELL_MS, CREEP_PPM, CREEP_S, DIGIT_MG, Noise

_NS_AN_HOUR: Final = 3_600_000_000_000
# An indicator calls a load steady when its last readings lie in a band, which is set up for the floor it
# stands on: six standard deviations, and at least two digits.
_BAND_SIGMAS: Final = 6
_BAND_DIGITS: Final = 2
_BAND_READINGS: Final = 5
# A hand that presses wanders: a tenth of its tremble is new with each reading.
_WANDERS: Final = 0.9


class Cell:
    """What lies on it is in milligrams; readings are taken every CELL_MS, in order."""

    def __init__(self, luck: random.Random, noise: Noise, load_mg: int) -> None:
        self._luck = luck
        self._noise = noise
        self._load_mg = load_mg
        self._shown_mg = self._crept_mg = float(load_mg)
        self._push_mg = self._tremble_mg = 0
        self._hand_mg = 0.0
        self._last = deque[int](maxlen=_BAND_READINGS)

    def add(self, mass_mg: int) -> None:
        """Goods are laid on it, or taken off it (less than 0)."""
        self._load_mg += mass_mg

    def press(self, push_mg: int, tremble_mg: int) -> None:
        """A hand presses, and trembles; 0 and 0 is no hand."""
        self._push_mg, self._tremble_mg = push_mg, tremble_mg

    def weigh(self, now_ns: int) -> tuple[int, bool]:
        """The next reading, in whole digits, and whether the indicator calls it steady."""
        feels_mg = self._settled(self._load_mg + self._push_mg + self._wander())
        drift_mg = self._noise.drift_mg_h * (self._noise.tared_h + now_ns / _NS_AN_HOUR)
        exact_mg = feels_mg + self._creep() + drift_mg + self._luck.gauss(0, self._noise.sigma_mg)
        weight_mg = round(exact_mg / DIGIT_MG) * DIGIT_MG
        self._last.append(weight_mg)
        return weight_mg, self._is_steady()

    def _settled(self, target_mg: float) -> float:
        left = math.exp(-CELL_MS / self._noise.settle_ms)
        self._shown_mg = target_mg + (self._shown_mg - target_mg) * left
        return self._shown_mg

    def _creep(self) -> float:
        """What the cell still gives way to the load that it bears, and has not got back from the last one."""
        before_mg = self._crept_mg
        self._crept_mg += (self._load_mg - self._crept_mg) * CELL_MS / (CREEP_S * 1000)
        return before_mg * CREEP_PPM / 1_000_000

    def _wander(self) -> float:
        fresh_mg = self._luck.gauss(0, self._tremble_mg) if self._tremble_mg else 0
        self._hand_mg = self._hand_mg * _WANDERS + fresh_mg if self._tremble_mg else 0.0
        return self._hand_mg

    def _is_steady(self) -> bool:
        band_mg = max(_BAND_SIGMAS * self._noise.sigma_mg, _BAND_DIGITS * DIGIT_MG)
        return len(self._last) == _BAND_READINGS and max(self._last) - min(self._last) <= band_mg
