"""The doctor's faults, each caused on purpose: it is found, its one command is run, and it is gone."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tests.system.bad_days import SYNC
from tests.system.doctor_faults import ILLS, Ill
from tests.system.shop import Shop
from tests.system.step import FellError
from tests.system.upkeep import examined
from tests.system.waiting import until

# A service that was just started, or a device that was plugged in, is well a moment later.
_WELL_S: Final = 30.0
_FOUND_S: Final = 30.0
_MEND_S: Final = "10"


def _nothing(_shop: Shop) -> None:
    """The command alone mends it."""


class Fault(msgspec.Struct, frozen=True):
    """A fault: where the doctor looks, what causes it, and what a person does before the command."""

    code: str
    subject: str
    cause: Callable[[Shop], object]
    hand: Callable[[Shop], object] = _nothing


_KEY: Final = "/var/lib/opos/object.key"

# More often than the doctor puts down to chance.
_OFTEN: Final = 6


def _kill_often(shop: Shop) -> None:
    for _ in range(_OFTEN):
        before = shop.object.property(SYNC, "MainPID")
        shop.object.signal(SYNC, "KILL")
        shop.object.until_replaced(SYNC, before, _WELL_S)


def _mute(shop: Shop, *, silent: bool) -> None:
    shop.bench.hand("scale", "faults", silent=silent)


def _of(ill: Ill) -> Fault:
    """A fault of the doctor's own table."""
    return Fault(
        ill.code,
        ill.subject,
        lambda shop: _done(shop, ill.cause, ill.hub_cause, ill.bench),
        lambda shop: _done(shop, ill.hand, ill.hub_hand, ill.bench_hand),
    )


def _done(shop: Shop, here: str, at_the_hub: str, at_the_bench: tuple[str, str] | None) -> None:
    if here:
        shop.object.run("sh", "-c", here)
    if at_the_hub:
        shop.hub.run("sh", "-c", at_the_hub)
    if at_the_bench:
        shop.bench.hand(*at_the_bench)


FAULTS: Final = (
    *(_of(ill) for ill in ILLS if not ill.last),
    Fault("OP-6007", "units", _kill_often),
    Fault(
        "OP-4201",
        "identity",
        lambda shop: shop.object.run("mv", _KEY, f"{_KEY}.away"),
        lambda shop: shop.object.run("mv", f"{_KEY}.away", _KEY),
    ),
    Fault(
        "OP-3001", "network", lambda shop: shop.cable(plugged=False), lambda shop: shop.cable(plugged=True)
    ),
    Fault(
        "OP-2102", "devices", lambda shop: _mute(shop, silent=True), lambda shop: _mute(shop, silent=False)
    ),
    *(_of(ill) for ill in ILLS if ill.last),
)


def every_fault_is_found_and_mended_by_its_command(shop: Shop) -> str:
    """One after the other, also where one is not; afterwards the object sells as before."""
    fell = [trouble for fault in FAULTS if (trouble := _trouble_with(shop, fault))]
    if fell:
        raise FellError("; ".join(fell))
    shop.until_sellable()
    shop.sell()
    return f"{len(FAULTS)}: {', '.join(fault.code for fault in FAULTS)}"


STEPS: Final = (every_fault_is_found_and_mended_by_its_command,)


def _trouble_with(shop: Shop, fault: Fault) -> str:
    """What was otherwise than the doctor's page has it; empty if nothing was."""
    try:
        _mended(shop, fault)
    except FellError as error:
        return f"{fault.code}: {error}"
    return ""


def _mended(shop: Shop, fault: Fault) -> None:
    fault.cause(shop)
    finding = until(lambda: _found(shop, fault), f"the doctor finds {fault.code}", _FOUND_S)
    fault.hand(shop)
    # A command that watches is ended as a person ends it, by Ctrl-C.
    shop.object.ask("timeout", "--signal=INT", _MEND_S, "sh", "-c", finding["mend"])
    gone = f"{fault.code} is gone after {finding['mend']}"
    until(lambda: _found(shop, fault) is None or None, gone, _WELL_S)


def _found(shop: Shop, fault: Fault) -> dict[str, Any] | None:
    """The finding of this fault, if the doctor has it."""
    report = examined(shop, "--only", fault.subject)
    return next((each for each in report["findings"] if each["code"] == fault.code), None)
