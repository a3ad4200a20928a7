"""The procedure of a calibration: readings in, what a person is to do and the verdict out; it owns no port.

Empty, the known weight, lift and again, compare, zero. What moves while the scale says that it rests is the
scale's own doing (drift, creep); what moves after a swing is somebody's hand, and is waited for.
"""

from collections.abc import Callable, Mapping
from typing import Final

from edge.provision.calibrate.findings import (
    SECOND_NS,
    Measured,
    Phase,
    Plan,
    Refused,
    Step,
    Why,
    grams,
)
from edge.readings import (
    CellLoaded,
    DeviceFault,
    DeviceReady,
    LoadMoving,
    Milligrams,
    Nanoseconds,
    Reading,
    Weighed,
)


class Procedure:
    """One calibration of one scale: `hear` readings, `tick` time; `step` says what to do, `outcome` the end.

    `wants_zero` is true from the moment on at which the scale is to be told to take its zero.
    """

    def __init__(self, plan: Plan, now_ns: Nanoseconds) -> None:
        self._plan = plan
        self._phase = Phase.EMPTY
        self._began_ns = self._rested_ns = now_ns
        self._held: tuple[Nanoseconds, Milligrams] | None = None
        """Since when the scale has rested at what is waited for, and what it showed first."""
        self._stray_ns: Nanoseconds | None = None
        self._empties: list[Milligrams] = []
        self._loads: list[Milligrams] = []
        self._zeroed = False
        self.outcome: Measured | Refused | None = None

    @property
    def step(self) -> Step:
        """What is to be done now."""
        number = min(len(self._loads) + (self._phase is not Phase.LIFT), self._plan.rounds)
        return Step(self._phase, number, self._plan.rounds, holding=self._held is not None)

    @property
    def wants_zero(self) -> bool:
        """Whether the scale is to take its zero."""
        return self._phase is Phase.ZERO and self._plan.zeroes and not self._zeroed

    def hear(self, reading: Reading, at_ns: Nanoseconds) -> None:
        """Take note of what the scale says."""
        if self.outcome is not None:
            return
        match reading:
            case Weighed(net=True):
                self._refuse(Why.TARED, "It takes a tare off: clear the tare on the scale and begin again.")
            case Weighed(steady=True):
                self._rested_ns = at_ns
                self._rests(reading.weight_mg, at_ns)
            case Weighed() | LoadMoving():
                self._held = self._stray_ns = None
            case CellLoaded():
                self._refuse(Why.BARE_CELL, "It is a bare load cell: it counts, and nothing is sold by it.")
            case DeviceFault():
                self._refuse(Why.FAULT, reading.sentence)
            case DeviceReady() if self._phase is Phase.ZERO:
                self._zeroed = True
            case DeviceReady() if self._empties:
                self._refuse(Why.FAULT, "It started anew in the middle: see to its power, and begin again.")
            case _:
                pass

    def tick(self, now_ns: Nanoseconds) -> None:
        """Take note of the time: neither a scale nor a person is waited for without end."""
        if self.outcome is not None:
            return
        if now_ns - self._rested_ns >= self._plan.rest_ns:
            self._refuse(
                Why.UNSTABLE,
                f"It did not rest for {_seconds(self._plan.rest_ns)}:"
                " keep wind and hands away from it, and look whether it stands firm and level.",
            )
        elif now_ns - self._began_ns >= self._plan.patience_ns:
            self._refuse(*self._given_up())

    def _given_up(self) -> tuple[Why, str]:
        waited = _seconds(self._plan.patience_ns)
        if self._phase is Phase.ZERO:
            return Why.NOT_ZERO, f"It did not come to zero within {waited}: empty it, and press its zero key."
        deed = "put on" if self._phase is Phase.PUT else "taken off"
        return Why.NOBODY, f"Nothing was {deed} within {waited}: begin again when somebody is there."

    def _rests(self, weight_mg: Milligrams, at_ns: Nanoseconds) -> None:
        if not self._is_awaited(weight_mg):
            self._held = None
            self._strays(weight_mg, at_ns)
            return
        self._stray_ns = None
        if self._held is None:
            self._held = at_ns, weight_mg
        since_ns, first_mg = self._held
        if abs(weight_mg - first_mg) > self._plan.tolerance_mg:
            self._moved_by_itself(weight_mg - first_mg, at_ns - since_ns)
        elif at_ns - since_ns >= self._plan.hold_ns:
            _AFTER[self._phase](self, weight_mg, at_ns)

    def _is_awaited(self, weight_mg: Milligrams) -> bool:
        """Whether it could be what this phase waits for: half of the reference lies between off and on."""
        match self._phase:
            case Phase.EMPTY:
                return True
            case Phase.ZERO:
                settled = self._zeroed or not self._plan.zeroes
                return settled and abs(weight_mg) <= self._plan.tolerance_mg
            case _:
                loaded = weight_mg - self._empties[0] >= self._plan.reference_mg // 2
                return loaded is (self._phase is Phase.PUT)

    def _strays(self, weight_mg: Milligrams, at_ns: Nanoseconds) -> None:
        """Something lies there and is far too light: it is told after it has lain for as long as a load."""
        if self._phase is not Phase.PUT or weight_mg - self._empties[0] <= 2 * self._plan.tolerance_mg:
            self._stray_ns = None
            return
        self._stray_ns = self._stray_ns or at_ns
        if at_ns - self._stray_ns >= self._plan.hold_ns:
            self._refuse(
                Why.TOO_LIGHT,
                f"It shows {grams(weight_mg - self._empties[0])} where {grams(self._plan.reference_mg)}"
                " were expected: put the whole weight on, free of the rim.",
            )

    def _moved_by_itself(self, moved_mg: int, took_ns: int) -> None:
        what = f"{grams(moved_mg)} in {_seconds(took_ns)}"
        if self._phase is Phase.PUT:
            self._refuse(Why.CREEP, f"Under the weight it creeps by {what}: have its load cell looked after.")
        else:
            self._refuse(
                Why.DRIFT, f"Empty, it drifts by {what}: let it warm up for half an hour, then begin again."
            )

    def _emptied(self, weight_mg: Milligrams, at_ns: Nanoseconds) -> None:
        if self._empties and abs(weight_mg - self._empties[0]) > self._plan.tolerance_mg:
            self._refuse(
                Why.DRIFT,
                f"Emptied, it shows {grams(weight_mg)} and not {grams(self._empties[0])} as before:"
                " look whether something touches the pan.",
            )
            return
        self._empties.append(weight_mg)
        done = len(self._loads) == self._plan.rounds
        if done and (flaw := self._flaw()) is not None:
            self.outcome = flaw
        else:
            self._go_on(Phase.ZERO if done else Phase.PUT, at_ns)

    def _loaded(self, weight_mg: Milligrams, at_ns: Nanoseconds) -> None:
        self._loads.append(weight_mg)
        self._go_on(Phase.LIFT, at_ns)

    def _came_to_zero(self, _: Milligrams, __: Nanoseconds) -> None:
        self.outcome = Measured(tuple(self._empties), tuple(self._loads), self._error_mg())

    def _flaw(self) -> Refused | None:
        """What the loads have in common, or have not."""
        spans, may_mg = self._spans(), self._plan.tolerance_mg
        if (spread_mg := max(spans) - min(spans)) > may_mg:
            return Refused(
                Why.NOT_REPEATABLE,
                f"The same weight weighed {', '.join(map(grams, spans))}: that is {grams(spread_mg)} apart,"
                f" and {grams(may_mg)} are allowed. Put it in the middle each time; if that does not help,"
                " have the scale looked after.",
            )
        if abs(error_mg := self._error_mg()) > may_mg:
            return Refused(
                Why.OFF,
                f"It is off by {grams(error_mg)} at {grams(self._plan.reference_mg)}, and {grams(may_mg)}"
                " are allowed: have it adjusted by whoever may break its seal.",
            )
        return None

    def _spans(self) -> list[int]:
        """What each load weighed more than the empty pan before it."""
        return [load - empty for load, empty in zip(self._loads, self._empties, strict=False)]

    def _error_mg(self) -> Milligrams:
        spans = self._spans()
        return Milligrams(round(sum(spans) / len(spans)) - self._plan.reference_mg)

    def _go_on(self, phase: Phase, at_ns: Nanoseconds) -> None:
        self._phase, self._began_ns, self._held = phase, at_ns, None

    def _refuse(self, why: Why, sentence: str) -> None:
        self.outcome = Refused(why, sentence)


_AFTER: Final[Mapping[Phase, Callable[[Procedure, Milligrams, Nanoseconds], None]]] = {
    Phase.EMPTY: Procedure._emptied,  # noqa: SLF001 - the table of this very class
    Phase.PUT: Procedure._loaded,  # noqa: SLF001
    Phase.LIFT: Procedure._emptied,  # noqa: SLF001
    Phase.ZERO: Procedure._came_to_zero,  # noqa: SLF001
}
"""What follows once the scale has rested for long enough at what was waited for."""


def _seconds(time_ns: int) -> str:
    return f"{max(1, round(time_ns / SECOND_NS))} s"
