"""Bad days of a running object: killed units, a loop that stands, an update amid a queue, no power."""

import time
from typing import Final

from tests.system import packages
from tests.system.machine import Machine
from tests.system.shop import HUB_PORT, LEDGER, OBJECT, Shop
from tests.system.step import FellError
from tests.system.waiting import listens, until

EDGE: Final = "opos-edge.service"
SYNC: Final = "opos-sync.service"
HUB: Final = "opos-hub.service"
BROKER: Final = "opos-broker.service"
# What is asked is 3 s and 5 s; on a machine that does other things beside it takes longer, and is no fault.
_AGAIN_S: Final = 60.0
_QUEUE: Final = 4
# When the service manager heard last that a unit lives.
_BEAT: Final = "WatchdogTimestampMonotonic"


def any_unit_is_killed_and_sells_again(shop: Shop) -> str:
    """SIGKILL for each unit on both machines; a sale after each."""
    victims = ((shop.object, EDGE), (shop.object, SYNC), (shop.hub, HUB), (shop.hub, BROKER))
    again_s = {unit: _killed(shop, machine, unit, "KILL") for machine, unit in victims}
    shop.figures["unit-killed"] = max(again_s.values())
    said = [f"{unit} {took_s:.2f} s" for unit, took_s in again_s.items()]
    return f"{', '.join(said)} until sellable (asked: 3 s); {shop.check_books()}"


def a_loop_that_stands_still_is_ended_by_the_watchdog(shop: Shop) -> str:
    """SIGSTOP: the process lives and says nothing more; systemd ends it and starts it again."""
    patience_s = int(shop.object.property(EDGE, "WatchdogUSec").removesuffix("s"))
    took_s = _killed(shop, shop.object, EDGE, "STOP")
    shop.sell()
    return f"sellable {took_s:.1f} s after SIGSTOP, {patience_s} s of them the watchdog's patience"


def a_ledger_that_the_agent_cannot_read_is_told_and_ends_no_agent(shop: Shop) -> str:
    """Somebody moves it: the runtime sells on, and its agent says so, lives, and reads it once it is back."""
    shop.until_level()
    shop.object.run("mv", LEDGER, f"{LEDGER}.away")
    shop.object.run("systemctl", "restart", SYNC)
    until(lambda: _faults(shop) == ["ledger.unreadable"] or None, "the hub is told of it", _AGAIN_S)
    agent, beat = (shop.object.property(SYNC, name) for name in ("MainPID", _BEAT))
    shop.sell()
    until(lambda: shop.object.property(SYNC, _BEAT) != beat or None, "the watchdog is fed", _AGAIN_S)
    shown = shop.object.property(SYNC, "StatusText")
    shop.object.run("mv", f"{LEDGER}.away", LEDGER)
    until(lambda: not _faults(shop) or None, "nothing is wrong any more", _AGAIN_S)
    if (now := shop.object.property(SYNC, "MainPID")) != agent:
        raise FellError(f"the agent was process {agent} and is {now}")
    return f"systemctl showed: {shown}; {shop.check_books()}"


def a_clean_stop_loses_nothing(shop: Shop) -> str:
    """`systemctl stop` and start: how long each takes."""
    began_s = time.monotonic()
    shop.object.run("systemctl", "stop", EDGE, SYNC)
    stopped_s = time.monotonic() - began_s
    shop.object.run("systemctl", "start", EDGE, SYNC)
    shop.until_sellable(_AGAIN_S)
    result = shop.object.property(EDGE, "Result")
    if result != "success":
        raise FellError(f"the stop ended with {result}")
    return f"stopped in {stopped_s:.1f} s, sellable {time.monotonic() - began_s - stopped_s:.1f} s later"


def an_update_waits_for_what_the_hub_has_not_confirmed(shop: Shop) -> str:
    """The hub is gone, sales go on, and apt refuses the update without harm to anything."""
    shop.hub.cut_power()
    for _ in range(_QUEUE):
        shop.sell()
    waiting = shop.status()["unsynced"]
    shop.next = packages.renumbered(shop.packages, f"{shop.packages.version}+next", shop.folder / "next")
    files = _brought(shop, shop.next)
    refused = shop.object.ask("apt-get", "install", "-y", *files)
    if not refused.returncode or "has not confirmed" not in refused.stderr + refused.stdout:
        raise FellError(
            f"apt ended with {refused.returncode}: {refused.stdout[-800:]}{refused.stderr[-800:]}"
        )
    _check_version(shop, shop.packages.version)
    shop.object.run("apt-get", "check")
    shop.until_sellable(_AGAIN_S)
    shop.sell()
    return f"{waiting} entries waited, apt ended with {refused.returncode}, and it sells on"


def an_update_in_the_middle_of_a_queue_keeps_it(shop: Shop) -> str:
    """Whoever insists may update; what waits goes on waiting, and drains once the hub is back."""
    before = shop.status()
    began_s = time.monotonic()
    shop.object.run("env", "OPOS_UPDATE_UNSYNCED=1", "apt-get", "install", "-y", *_brought(shop, shop.next))
    shop.until_sellable(_AGAIN_S)
    took_s = time.monotonic() - began_s
    _check_version(shop, shop.next.version)
    after = shop.status()
    if after["head"] < before["head"] or after["unsynced"] < before["unsynced"]:
        raise FellError(f"before the update {before}, after it {after}")
    shop.sell()
    _hub_is_back(shop)
    return f"{took_s:.1f} s from apt to sellable; {shop.check_books()}"


def the_version_before_takes_the_ledger_back(shop: Shop) -> str:
    """Rolled back with one command; nothing of the ledger is lost on the way."""
    head = shop.until_level()
    shop.object.run("apt-get", "install", "-y", "--allow-downgrades", *_brought(shop, shop.packages))
    shop.until_sellable(_AGAIN_S)
    _check_version(shop, shop.packages.version)
    if shop.status()["head"] < head:
        raise FellError(f"{head} entries before, {shop.status()['head']} after")
    shop.sell()
    return shop.check_books()


def a_power_cut_without_warning_loses_no_sale(shop: Shop) -> str:
    """Hub gone, sales waiting: the machine ends, is switched on again, and has them all."""
    shop.hub.run("systemctl", "stop", BROKER)
    for _ in range(_QUEUE):
        shop.sell()
    before = shop.status()
    shop.object.cut_power()
    until(lambda: not shop.glass.look() or None, "the glass is dark", _AGAIN_S)
    took = _booted(shop)
    after = shop.status()
    if after["sales"] != before["sales"] or after["head"] < before["head"]:
        raise FellError(f"before the cut {before}, after it {after}")
    verified = shop.object.run("opos", "ledger", "verify", LEDGER, user="opos").strip().splitlines()[-1]
    shop.sell()
    shop.hub.run("systemctl", "start", BROKER)
    return f"{took}; {verified}; {after['unsynced']} waited; {shop.check_books()}"


def both_machines_lose_power_and_agree_again(shop: Shop) -> str:
    """As the whole shop does when a fuse blows: none waits for the other to start."""
    shop.sell()
    shop.object.cut_power()
    shop.hub.cut_power()
    took = _booted(shop)
    shop.sell()
    _hub_is_back(shop)
    return f"{took}; {shop.check_books()}"


STEPS: Final = (
    any_unit_is_killed_and_sells_again,
    a_loop_that_stands_still_is_ended_by_the_watchdog,
    a_ledger_that_the_agent_cannot_read_is_told_and_ends_no_agent,
    a_clean_stop_loses_nothing,
    an_update_waits_for_what_the_hub_has_not_confirmed,
    an_update_in_the_middle_of_a_queue_keeps_it,
    the_version_before_takes_the_ledger_back,
    a_power_cut_without_warning_loses_no_sale,
    both_machines_lose_power_and_agree_again,
)


def _faults(shop: Shop) -> list[str]:
    """What the hub has heard is wrong with the object."""
    (mine,) = [each for each in shop.hub_status()["objects"] if each["object"] == OBJECT]
    return [fault["code"] for fault in mine["faults"]]


def _killed(shop: Shop, machine: Machine, unit: str, signal: str) -> float:
    """Send a signal to a unit: seconds until another process has its place, and goods can be bought."""
    before = machine.property(unit, "MainPID")
    began_s = time.monotonic()
    machine.signal(unit, signal)

    def again() -> bool | None:
        return (machine.property(unit, "MainPID") not in {before, "0"} and shop.glass.sellable()) or None

    until(again, f"{unit} is there again and goods can be bought; {shop.shown()}", _AGAIN_S)
    took_s = time.monotonic() - began_s
    shop.sell()
    return took_s


def _booted(shop: Shop) -> str:
    shop.object.start(*shop.bench.bound)
    shop.until_sellable(_AGAIN_S)
    took_s = time.monotonic() - shop.object.booted_s
    return f"sellable {took_s:.1f} s after power on (asked: 5 s)"


def _hub_is_back(shop: Shop) -> None:
    shop.hub.boot()
    until(lambda: listens(HUB_PORT) or None, "the hub listens", _AGAIN_S)


def _brought(shop: Shop, those: packages.Packages) -> list[str]:
    """The packages of the object, in its machine."""
    return shop.object.brought([file for name, file in those.files.items() if name != "opos-hub"])


def _check_version(shop: Shop, wanted: str) -> None:
    status = shop.object.run(
        "dpkg-query", "--show", "--showformat=${Version} ${db:Status-Status}", "opos-edge"
    )
    if status != f"{wanted} installed":
        raise FellError(f"expected opos-edge {wanted} installed, got {status}")
