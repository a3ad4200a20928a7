"""Upkeep of an object that is well: what the doctor says, what it costs to run, and what stays of it."""

import json
import os
import time
from pathlib import Path
from typing import Any, Final

from tests.system.bad_days import EDGE, SYNC
from tests.system.shop import LEDGER, Shop
from tests.system.step import FellError
from tests.system.waiting import rest

_IDLE_S: Final = 20.0
_HARDENED: Final = (EDGE, SYNC, "opos-hub.service")


def the_object_boots_and_sells(shop: Shop) -> str:
    """Shut down and switched on: from the first process to a glass that sells."""
    began_s = time.monotonic()
    shop.object.power_off()
    off_s = time.monotonic() - began_s
    shop.object.start(*shop.bench.bound)
    shop.until_sellable()
    took_s = shop.figures["boot"] = time.monotonic() - shop.object.booted_s
    shop.sell()
    return f"off in {off_s:.1f} s, sellable {took_s:.1f} s after power on (asked: 5 s)"


def the_doctor_finds_nothing(shop: Shop) -> str:
    """Of an object that is well; what a container lacks is named and passed over."""
    shop.until_level()
    report = examined(shop)
    strange = [each for each in report["findings"] if each["code"] not in _LACKING]
    if strange:
        raise FellError(f"found in a healthy object: {strange}")
    unknown = f"not looked at: {', '.join(sorted(report['unknown']))}"
    took_s = shop.figures["doctor"] = report["took_ms"] / 1000
    return f"{took_s:.1f} s (asked: 10 s); well: {len(report['well'])}; {unknown}"


_LACKING: Final = {
    "OP-1401": "a container has the clock of its machine, and nobody in it sets it",
}


def an_object_at_rest_costs_little(shop: Shop) -> str:
    """The processor time of all its units while nobody is there, and their memory."""
    shop.until_level()
    before = _ticks(shop)
    rest(_IDLE_S)
    after = _ticks(shop)
    spent = sum(after[pid] - before.get(pid, 0) for pid in after) / os.sysconf("SC_CLK_TCK")
    percent = shop.figures["object-at-rest"] = 100 * spent / _IDLE_S
    memory = ", ".join(f"{unit.removesuffix('.service')} {_rss_mib(shop, unit)} MiB" for unit in (EDGE, SYNC))
    return f"{percent:.2f} % of a core (asked: 2 %); {memory}"


def the_units_expose_little(shop: Shop) -> str:
    """By `systemd-analyze security`: 10 is everything, 0 nothing."""
    exposed = {}
    for unit in _HARDENED:
        machine = shop.hub if unit.startswith("opos-hub") else shop.object
        overall = machine.run("systemd-analyze", "security", "--no-pager", unit).strip().splitlines()[-1]
        exposed[unit] = float(overall.split(": ")[1].split()[0])
    shop.figures["exposure"] = max(exposed.values())
    return f"{', '.join(f'{unit} {figure}' for unit, figure in exposed.items())} (asked: 2.0)"


def the_ledger_outlives_the_packages(shop: Shop) -> str:
    """Removed, what was sold and the settings are still there; purged with an answer, they are not."""
    shop.until_level()
    ledger = shop.object.path(LEDGER)
    shop.object.run("apt-get", "remove", "-y", *(name for name in shop.packages.files if name != "opos-hub"))
    if not ledger.exists() or not shop.object.path("/etc/opos/object.toml").exists():
        raise FellError("the removal took the ledger or the settings along")
    size = ledger.stat().st_size
    shop.object.run("apt-get", "purge", "-y", "opos-edge")
    if not ledger.exists():
        raise FellError("the purge took the ledger along without having asked")
    return f"{size} bytes stay"


STEPS: Final = (
    the_object_boots_and_sells,
    the_doctor_finds_nothing,
    an_object_at_rest_costs_little,
    the_units_expose_little,
)
LAST_STEPS: Final = (the_ledger_outlives_the_packages,)


def examined(shop: Shop, *words: str) -> dict[str, Any]:
    """What the doctor says of the object; raises FellError where it says nothing."""
    done = shop.object.ask("opos", "doctor", "--json", *words)
    if not done.stdout.startswith("{"):
        raise FellError(f"the doctor ended with {done.returncode}: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout))


def _ticks(shop: Shop) -> dict[int, int]:
    """Process of our units on the object's machine -> its time in the processor (proc_pid_stat(5))."""
    ticks = {}
    for group in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            ours = any(f"/{shop.object.name}/payload/system.slice/opos-" in line for line in group.open())
            fields = group.with_name("stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if ours:
            ticks[int(group.parent.name)] = int(fields[11]) + int(fields[12])
    return ticks


def _rss_mib(shop: Shop, unit: str) -> int:
    status = shop.object.run("cat", f"/proc/{shop.object.property(unit, 'MainPID')}/status")
    (kib,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return int(kib) // 1024
