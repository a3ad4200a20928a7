"""A scale is tried by a known weight: a good one is calibrated, a bad one is refused with its reason."""

import random
from collections.abc import Callable, Iterator

import msgspec
import pytest

from edge.commands import Zero
from edge.drivers.driver import Commanded, Driver
from edge.drivers.profiles import load
from edge.drivers.registry import driver_for
from edge.provision.calibrate.findings import Measured, Phase, Plan, Refused, Step, Why, tolerance_for
from edge.provision.calibrate.procedure import Procedure
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
from simulators.devices.catalogue import part
from simulators.devices.device import Device

SECOND = 1_000_000_000
STEP_NS = 50_000_000
KILO = Milligrams(1_000_000)
PLAN = Plan(KILO, tolerance_for(KILO), hold_ns=SECOND)

Hand = Callable[[Device, Step, int], None]


def put_and_lift(scale: Device, step: Step, now_ns: int) -> None:
    """What the person does who is told so."""
    if step.phase is Phase.PUT:
        scale.obey({"verb": "put", "mass_mg": KILO}, now_ns)
    elif step.phase is Phase.LIFT:
        scale.obey({"verb": "clear"}, now_ns)


def calibrated(driver: Driver, scale: Device, plan: Plan, hand: Hand = put_and_lift) -> Measured | Refused:
    """The whole procedure in time that the test turns on, over a cable without a port."""
    procedure, now, asked = Procedure(plan, Nanoseconds(0)), 0, False
    done: tuple[Phase, int] | None = None
    driver.opened(Nanoseconds(0))
    while procedure.outcome is None:
        assert now < 1_000 * SECOND, f"it never ended: {procedure.step}"
        scale.hear(driver.to_send(), now)
        heard = [*driver.receive(b"".join(scale.speak(now))), *driver.tick(Nanoseconds(now))]
        for reading in heard:
            procedure.hear(reading, Nanoseconds(now))
        if (procedure.step.phase, procedure.step.round) != done:
            done = procedure.step.phase, procedure.step.round
            hand(scale, procedure.step, now)
        if procedure.wants_zero and not asked and isinstance(driver, Commanded):
            asked = True
            driver.command(Zero())
        now += STEP_NS
        procedure.tick(Nanoseconds(now))
    return procedure.outcome


def simulated(kind: str, **options: object) -> Device:
    made = part({"type": kind, "name": "scale", "at": "pty:scale", **options})
    return made.device(random.Random(7))


@pytest.mark.parametrize(
    ("kind", "digit_mg"), [("mt-sics", 100), ("toledo-8217", 1_000), ("nci", 4_536), ("cas", 1_000)]
)
def test_a_good_scale_is_calibrated_whatever_it_speaks(kind: str, digit_mg: int) -> None:
    driver = driver_for(load(kind))
    plan = msgspec.structs.replace(
        PLAN, tolerance_mg=Milligrams(2 * digit_mg), zeroes=isinstance(driver, Commanded)
    )
    found = calibrated(driver, simulated(kind), plan)
    assert isinstance(found, Measured), found
    assert len(found.loads_mg) == 3
    assert abs(found.error_mg) <= plan.tolerance_mg


def test_what_lay_on_the_scale_from_the_beginning_is_zeroed_away() -> None:
    scale = simulated("mt-sics")

    def dish(scale: Device, step: Step, now_ns: int) -> None:
        match step.phase:
            case Phase.EMPTY:
                scale.obey({"verb": "put", "mass_mg": 30_000}, now_ns)
            case Phase.PUT:
                scale.obey({"verb": "put", "mass_mg": KILO}, now_ns)
            case Phase.LIFT:
                scale.obey({"verb": "take", "mass_mg": KILO}, now_ns)
            case Phase.ZERO:
                pass

    found = calibrated(driver_for(load("mt-sics")), scale, PLAN, dish)
    assert isinstance(found, Measured), found
    assert abs(found.empties_mg[0] - 30_000) <= 100


def nobody(_scale: Device, _step: Step, _now_ns: int) -> None:
    """Nobody is there."""


def other(mass_mg: int) -> Hand:
    def hand(scale: Device, step: Step, now_ns: int) -> None:
        if step.phase is Phase.PUT:
            scale.obey({"verb": "put", "mass_mg": mass_mg}, now_ns)
        else:
            scale.obey({"verb": "clear"}, now_ns)

    return hand


def leaning(scale: Device, step: Step, now_ns: int) -> None:
    """Somebody leans on the pan the second time."""
    put_and_lift(scale, step, now_ns)
    if step.phase is Phase.PUT and step.round == 2:
        scale.obey({"verb": "put", "mass_mg": 5_000}, now_ns)


def leaving_crumbs(scale: Device, step: Step, now_ns: int) -> None:
    put_and_lift(scale, step, now_ns)
    if step.phase is Phase.LIFT:
        scale.obey({"verb": "put", "mass_mg": 4_000}, now_ns)


@pytest.mark.parametrize(
    ("hand", "why"),
    [
        (nobody, Why.NOBODY),
        (other(400_000), Why.TOO_LIGHT),
        (other(1_010_000), Why.OFF),
        (leaning, Why.NOT_REPEATABLE),
        (leaving_crumbs, Why.DRIFT),
    ],
)
def test_a_scale_that_cannot_be_believed_is_refused_and_says_why(hand: Hand, why: Why) -> None:
    found = calibrated(driver_for(load("mt-sics")), simulated("mt-sics"), PLAN, hand)
    assert isinstance(found, Refused)
    assert (found.why, found.sentence[-1]) == (why, ".")


def test_a_scale_that_says_nothing_is_refused_in_its_drivers_words() -> None:
    driver = driver_for(load("mt-sics"))
    procedure = Procedure(PLAN, Nanoseconds(0))
    driver.opened(Nanoseconds(0))
    for now in range(0, 10 * SECOND, STEP_NS):  # it hears no question, and says nothing more
        for reading in [*driver.receive(b""), *driver.tick(Nanoseconds(now))]:
            procedure.hear(reading, Nanoseconds(now))
    assert isinstance(procedure.outcome, Refused)
    assert procedure.outcome.why is Why.FAULT


def steady(*grams: float) -> Iterator[Reading]:
    """Two readings a second, each at rest."""
    return (Weighed(Milligrams(round(each * 1000)), steady=True) for each in grams)


def swing(*grams: float) -> Iterator[Reading]:
    return (Weighed(Milligrams(round(each * 1000)), steady=False) for each in grams)


@pytest.mark.parametrize(
    ("readings", "why"),
    [
        ([*steady(0, 3)], Why.DRIFT),
        ([*steady(0, 0, 0), *swing(500), *steady(1000, 1001, 1003)], Why.CREEP),
        ([*swing(*[1, 2] * 40)], Why.UNSTABLE),
        ([LoadMoving()] * 80, Why.UNSTABLE),
        ([CellLoaded(12)], Why.BARE_CELL),
        ([Weighed(Milligrams(0), steady=True, net=True)], Why.TARED),
        ([DeviceFault("scale.silent", "The scale is silent.")], Why.FAULT),
        ([*steady(0, 0, 0), DeviceReady()], Why.FAULT),
    ],
)
def test_what_a_scale_says_of_itself_is_judged(readings: list[Reading], why: Why) -> None:
    procedure = Procedure(PLAN, Nanoseconds(0))
    for number, reading in enumerate(readings):
        now = Nanoseconds(number * SECOND // 2)
        procedure.hear(reading, now)
        procedure.tick(now)
    assert isinstance(procedure.outcome, Refused), procedure.step
    assert procedure.outcome.why is why


def test_a_hand_that_moves_the_weight_is_waited_for_and_no_creep() -> None:
    procedure = Procedure(PLAN, Nanoseconds(0))
    said = [*steady(0, 0, 0), *swing(900), *steady(990), *swing(700), *steady(1000, 1000, 1000)]
    for number, reading in enumerate(said):
        procedure.hear(reading, Nanoseconds(number * SECOND // 2))
    assert (procedure.outcome, procedure.step.phase) == (None, Phase.LIFT)


def test_a_weight_that_is_lifted_too_early_is_asked_for_once_more() -> None:
    procedure = Procedure(PLAN, Nanoseconds(0))
    for number, reading in enumerate([*steady(0, 0, 0), *swing(900), *steady(1000), *swing(3), *steady(0)]):
        procedure.hear(reading, Nanoseconds(number * SECOND // 2))
    assert procedure.step == Step(Phase.PUT, 1, 3)


def test_a_weight_that_proves_nothing_is_refused_before_anybody_lifts_it() -> None:
    with pytest.raises(ValueError, match="take a heavier one"):
        Plan(Milligrams(20_000), tolerance_for(20_000))
