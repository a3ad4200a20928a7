"""What a hand does with each simulated device to see whether its driver hears it, and what must be heard."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from edge.commands import Command, Light, Print, PrintedLine, ShowLines, Signal, StartPayment, Unlock

Order = Mapping[str, Any]


class Act(msgspec.Struct, frozen=True):
    """One thing that a hand does, or that we ask for, and how it is known to have been understood.

    `reading` is what is heard of it, its fields that matter, one that trembles with the range that it is in.
    `shown` is what is seen of the device: path into its world -> value.
    """

    orders: tuple[Order, ...] = ()
    command: Command | None = None
    reading: Mapping[str, Any] = {}
    shown: Mapping[str, Any] = {}


class Scene(msgspec.Struct, frozen=True):
    """Two acts that can take turns for ever, each known by something else.

    `options` are those of the device on a bench; `burden` is more than it can weigh.
    """

    acts: tuple[Act, Act]
    options: Mapping[str, Any] = {}
    burden: tuple[Order, ...] = ()


def _weight(weight_mg: int) -> Act:
    orders = {"verb": "clear"}, {"verb": "put", "mass_mg": weight_mg}
    return Act(orders, reading={"type": "Weighed", "weight_mg": weight_mg, "steady": True})


def _tag(epc: str) -> Act:
    orders = {"verb": "clear"}, {"verb": "put", "epc": epc}
    return Act(orders, reading={"type": "TagSeen", "epc": epc})


def _card(uid: str) -> Act:
    orders = {"verb": "clear"}, {"verb": "put", "uid": uid}
    return Act(orders, reading={"type": "CardSeen", "uid": uid})


def _code(text: str) -> Act:
    return Act(({"verb": "scan", "text": text},), reading={"type": "CodeScanned", "text": text})


def _tap(x_permille: int, y_permille: int) -> Act:
    place = {"x_ppm": _about(x_permille * 1000, 20_000), "y_ppm": _about(y_permille * 1000, 20_000)}
    orders = ({"verb": "tap", "x": x_permille, "y": y_permille},)
    return Act(orders, reading={"type": "Touched", "phase": "up", **place})


def _load(weight_mg: int, counts: int) -> Act:
    orders = {"verb": "clear"}, {"verb": "put", "mass_mg": weight_mg}
    return Act(orders, reading={"type": "CellLoaded", "counts": _about(counts, 2_000)})


def _show(upper: str) -> Act:
    return Act(command=ShowLines(upper, "thank you"), shown={"upper": upper, "lower": "thank you"})


def _signal(signal: Signal, pin: int, *, closed: bool) -> Act:
    return Act(
        ({"verb": "door", "closed": closed},),
        Light(signal),
        {"type": "LockSaid", "closed": closed},
        {f"levels.{pin}.on": True},
    )


def _print(name: str) -> Act:
    """What is not asked for twice is not printed twice: each receipt has its id."""
    receipt = Print(name, (PrintedLine("1 apple  0.40"),))
    return Act(command=receipt, reading={"type": "Printed", "id": name, "outcome": "printed"})


def _paid(attempt: str, amount_minor: int) -> Act:
    done = {"type": "TerminalResult", "outcome": "done", "amount_minor": amount_minor, "complete": True}
    return Act(command=StartPayment(attempt, amount_minor, "EUR"), reading=done)


def _about(number: int, tremble: int) -> range:
    return range(number - tremble, number + tremble)


# A hundred kilograms: no scale of a shop weighs as much.
_BURDEN: Final = ({"verb": "put", "mass_mg": 100_000_000},)
_SCALE: Final = Scene((_weight(262_000), _weight(1_450_000)), burden=_BURDEN)
_READER: Final = Scene((_tag("3034257BF7194E4000001A85"), _tag("30751FEB705C5904E3D50D70")))
_SCANNER: Final = Scene((_code("4006381333931"), _code("0104006381333931")))
_PRESSED: Final[Mapping[str, Any]] = {"type": "ButtonPressed", "button": 17, "down": False}

SCENES: Final[Mapping[str, Scene]] = {
    "mt-sics": _SCALE,
    "toledo-8217": _SCALE,
    "nci": Scene(_SCALE.acts, {"unit": "kg"}, _BURDEN),
    "dialog06": _SCALE,
    "cas": _SCALE,
    "st-gs": _SCALE,
    "azextra": _SCALE,
    "hid-scale": _SCALE,
    # An empty cell has a hundred thousand counts, and four hundred more for each gram.
    "hx711": Scene((_load(262_000, 204_800), _load(1_450_000, 680_000)), {"settle_ms": 300}),
    "llrp": _READER,
    "r200": _READER,
    "uhfreader18": _READER,
    "thingmagic": _READER,
    "pn532": Scene((_card("04A1B2C3D4E5F6"), _card("1A2B3C4D"))),
    "rdm6300": Scene((_card("0A00B1C2D3"), _card("0A00B1C2D4"))),
    "wedge": _SCANNER,
    "serial-scanner": _SCANNER,
    "hid-scanner": _SCANNER,
    "touch": Scene((_tap(300, 700), _tap(800, 200))),
    "gpio-buttons": Scene(
        (
            Act(({"verb": "press", "button": 17},), reading=_PRESSED),
            Act(({"verb": "press", "button": 27},), reading={**_PRESSED, "button": 27}),
        ),
        {"lines": [17, 27]},
    ),
    "line-display": Scene((_show("1 apple      0.40"), _show("2 apples     0.80"))),
    # The second act is to wait: a lock closes by itself.
    "lcus-relay": Scene(
        (
            Act(command=Unlock(1_000), shown={"relays.0.on": True}),
            Act(shown={"relays.0.on": False}),
        )
    ),
    "gpio-signals": Scene(
        (_signal(Signal.READY, 17, closed=False), _signal(Signal.TROUBLE, 22, closed=True)),
        {"outputs": [17, 22, 24, 27], "door": 25, "door_closed_high": True},
    ),
    "esc-pos": Scene((_print("a"), _print("b"))),
    # A card that taps itself, at a terminal whose messages stand bare as over TCP.
    "zvt": Scene(
        (_paid("a", 1995), _paid("b", 500)),
        {"frames": "never", "taps": "visa", "taps_after_ms": 0, "receipts": "none"},
    ),
    "mpr121": Scene(
        (
            Act(({"verb": "touch", "button": 3},), reading={**_PRESSED, "button": 3, "down": True}),
            Act(({"verb": "release", "button": 3},), reading={**_PRESSED, "button": 3}),
        )
    ),
}
"""Protocol -> scene."""
