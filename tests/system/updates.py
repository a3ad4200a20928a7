"""Updates at the worst moments: somebody pays, dpkg is killed, power is cut, an older version comes."""

import re
import time
from typing import Final

from edge.offline_queue.ledger import SCHEMA_VERSION
from tests.long_form import LONG
from tests.system import packages
from tests.system.bad_days import EDGE
from tests.system.kiosk import KIOSK, until_shown
from tests.system.packages import Packages
from tests.system.shop import Shop
from tests.system.step import FellError
from tests.system.waiting import until

# An update takes some ten seconds where nothing else runs.
_UPDATE_S: Final = 180.0
_AGAIN_S: Final = 60.0
_LOG: Final = "/var/log/dpkg.log"
# Where dpkg is caught, as its log has it, and what a look at its own list would say then.
_UNPACKING: Final = "status half-installed opos-edge:"
_UNPACKED: Final = "status unpacked opos-edge:.* VERSION"
_CONFIGURING: Final = "status half-configured opos-camera:.* VERSION"
_KILLED_AT: Final = (_UNPACKING, _UNPACKED, _CONFIGURING) if LONG else (_UNPACKING,)
_CUT_AT: Final = (_UNPACKING, _UNPACKED) if LONG else (_UNPACKED,)


def an_update_waits_for_who_pays(shop: Shop) -> str:
    """The terminal asks for the card while apt runs: first apt gives up, then it waits; paid once."""
    here, there = _direction(shop)
    files = _brought(shop, there)
    shop.until_level()
    before, held_minor = shop.status()["sales"], _held_minor(shop)
    process = shop.object.property(EDGE, "MainPID")
    epc = shop.lay()
    shop.buy()
    shop.until_asked_for_a_card()
    shop.until_level()
    impatient = shop.object.ask("env", "OPOS_UPDATE_WAIT_S=1", *_APT, *files)
    if not impatient.returncode or "while somebody pays" not in impatient.stderr + impatient.stdout:
        raise FellError(
            f"apt ended with {impatient.returncode}: {impatient.stdout[-800:]}{impatient.stderr[-800:]}"
        )
    _check_versions(shop, here)
    with shop.object.begun(*_APT, *files) as apt:
        until(lambda: _waits_for_quiet(shop) or None, "the update waits for who pays", _UPDATE_S)
        if shop.object.property(EDGE, "MainPID") != process:
            raise FellError("the object was ended while somebody paid")
        shop.pay()
        shop.take(epc)
        paid_s = time.monotonic()
        said, _ = apt.communicate(timeout=_UPDATE_S)
        if apt.returncode:
            raise FellError(f"apt ended with {apt.returncode}: {said[-2000:]}")
    shop.until_sellable(_AGAIN_S)
    took_s = time.monotonic() - paid_s
    _check_versions(shop, there)
    paid_minor, sales = _held_minor(shop) - held_minor, shop.status()["sales"] - before
    shop.sell()
    price_minor = _held_minor(shop) - held_minor - paid_minor
    if (sales, paid_minor) != (1, price_minor):
        raise FellError(
            f"{sales} sales, and {paid_minor} minor units were taken for a scarf of {price_minor}"
        )
    return f"sellable {took_s:.1f} s after the receipt was put away; paid once; {shop.check_books()}"


def an_update_killed_at_any_moment_is_completed(shop: Shop) -> str:
    """SIGKILL to apt, dpkg and all their scripts; two or three commands complete it, there and back again."""
    said = []
    for moment in _KILLED_AT:
        _, there = _direction(shop)
        files = _brought(shop, there)
        shop.until_level()
        _caught(shop, moment, there, files)
        said.append(f"{moment.removeprefix('status ')}: {_completed(shop, there, files)}")
    return f"{'; '.join(said)}; {shop.check_books()}"


def an_update_whose_power_is_cut_is_completed(shop: Shop) -> str:
    """The machine ends amid dpkg: it boots, sells with what it has, and the same commands complete it."""
    said = []
    for moment in _CUT_AT:
        _, there = _direction(shop)
        files = _brought(shop, there)
        shop.until_level()
        _caught(shop, moment, there, files, power=True)
        shop.object.start(*shop.bench.bound)
        shop.until_sellable(_AGAIN_S)
        shop.sell()
        shop.until_level()
        said.append(f"{moment.removeprefix('status ')}: sells; {_completed(shop, there, files)}")
    return f"{'; '.join(said)}; {shop.check_books()}"


def a_version_that_does_not_know_the_ledger_is_refused(shop: Shop) -> str:
    """An older one, whose schema of the ledger is older: nothing is unpacked, and it sells on."""
    here, _ = _direction(shop)
    old = packages.renumbered(shop.packages, "0.0.9", shop.folder / "old", SCHEMA_VERSION - 1)
    shop.until_level()
    process = shop.object.property(EDGE, "MainPID")
    refused = shop.object.ask(*_APT, *_brought(shop, old))
    sentence = f"schema {SCHEMA_VERSION}, this one knows {SCHEMA_VERSION - 1}"
    if not refused.returncode or sentence not in refused.stderr + refused.stdout:
        raise FellError(
            f"apt ended with {refused.returncode}: {refused.stdout[-800:]}{refused.stderr[-800:]}"
        )
    _check_versions(shop, here)
    if shop.object.property(EDGE, "MainPID") != process:
        raise FellError("the object was ended for a version that was refused")
    shop.sell()
    return f"{sentence}; it sells on"


def a_purge_that_is_told_so_deletes_what_was_sold(shop: Shop) -> str:
    """After the one that kept it: installed again it has its ledger still; with `yes` nothing is left."""
    shop.object.install([file for name, file in shop.packages.files.items() if name == "opos-edge"])
    shop.object.run("systemctl", "enable", "--now", EDGE)
    shop.until_sellable(_AGAIN_S)
    sales = shop.status()["sales"]
    shop.object.run("debconf-set-selections", said="opos-edge opos-edge/delete-ledger boolean true\n")
    names = [name for name in shop.packages.files if name != "opos-hub"]
    shop.object.run("apt-get", "purge", "-y", *names)
    left = shop.object.run("sh", "-ec", _LEFT).split()
    if left:
        raise FellError(f"still there: {left}")
    return f"{sales} sales were there again before it; no file is left of {', '.join(names)}"


STEPS: Final = (
    an_update_waits_for_who_pays,
    an_update_killed_at_any_moment_is_completed,
    an_update_whose_power_is_cut_is_completed,
    a_version_that_does_not_know_the_ledger_is_refused,
)
# All that bears our name where packages and programs keep things; /run/systemd is systemd's own book, and
# dpkg takes /opt along where it is empty.
_LEFT: Final = """\
find /etc /run /usr /var/lib -path /run/systemd -prune -o -name '*opos*' -prune -print
ls -d /opt/opos 2>/dev/null || true
"""
LAST_STEPS: Final = (a_purge_that_is_told_so_deletes_what_was_sold,)

_APT: Final = ("apt-get", "install", "-y", "--allow-downgrades")
# What is to be killed is a unit of the machine: systemd kills all of it, and buries it. What dies as a child
# of somebody outside stays unburied, and its machine cannot be ended then.
_UNIT: Final = "update.service"
_AS_UNIT: Final = (
    "systemd-run", "--quiet", "--pipe", "--wait", "--collect", f"--unit={_UNIT}",
    "--setenv=DEBIAN_FRONTEND=noninteractive",
)  # fmt: skip


def _direction(shop: Shop) -> tuple[Packages, Packages]:
    """What is installed, and the other version: the next one, or the one before."""
    if shop.next is shop.packages:
        shop.next = packages.renumbered(shop.packages, f"{shop.packages.version}+next", shop.folder / "next")
    if _versions(shop)["opos-edge"].startswith(f"{shop.next.version} "):
        return shop.next, shop.packages
    return shop.packages, shop.next


def _brought(shop: Shop, those: Packages) -> list[str]:
    return shop.object.brought([file for name, file in those.files.items() if name != "opos-hub"])


def _held_minor(shop: Shop) -> int:
    return int(shop.bench.status("terminal")["held_minor"])


def _waits_for_quiet(shop: Shop) -> bool:
    return shop.object.ask("pgrep", "--full", "opos object quiet .*--wait").returncode == 0


def _caught(shop: Shop, moment: str, there: Packages, files: list[str], *, power: bool = False) -> None:
    """Begin an update and end it, or the whole machine, as soon as dpkg's log has this line."""
    log = shop.object.path(_LOG)
    seen = log.stat().st_size
    line = re.compile(moment.replace("VERSION", f"{re.escape(there.version)}\n"))

    with shop.object.begun(*_AS_UNIT, *_APT, *files) as apt:

        def now() -> bool | None:
            with log.open("rb") as file:
                file.seek(seen)
                if line.search(file.read().decode()):
                    return True
            if apt.poll() is not None:
                raise FellError(f"apt ended with {apt.returncode}: {apt.communicate()[0][-2000:]}")
            return None

        until(now, f"dpkg's log says `{moment}`", _UPDATE_S)
        if power:
            shop.object.cut_power()
        else:
            shop.object.run("systemctl", "kill", "--signal=KILL", _UNIT)
        apt.communicate(timeout=_UPDATE_S)


def _completed(shop: Shop, wanted: Packages, files: list[str]) -> str:
    """What a person types then, the second only if it is half installed; says what dpkg's list had before."""
    found = sorted({status.partition(" ")[2] for status in _versions(shop).values()})
    shop.object.run("dpkg", "--configure", "-a", may_fail=True)
    if not _versions(shop)["opos-edge"].endswith(" installed"):
        shop.object.run("dpkg", "--install", *(file for file in files if "/opos-edge_" in file))
    shop.object.run(*_APT, "--fix-broken", *files)
    shop.until_sellable(_AGAIN_S)
    _check_versions(shop, wanted)
    shop.object.run("apt-get", "check")
    if shop.object.ask("systemctl", "is-enabled", "--quiet", KIOSK).returncode == 0:
        until_shown(shop)
    shop.sell()
    return ", ".join(found)


def _versions(shop: Shop) -> dict[str, str]:
    """Each package of the object's -> version and status."""
    form = "--showformat=${Package}=${Version} ${db:Status-Status}\n"
    said = shop.object.run(
        "dpkg-query", "--show", form, *(name for name in shop.packages.files if name != "opos-hub")
    )
    return dict(line.split("=", 1) for line in said.splitlines() if re.match(r"[a-z-]+=", line))


def _check_versions(shop: Shop, wanted: Packages) -> None:
    strange = {
        name: status for name, status in _versions(shop).items() if status != f"{wanted.version} installed"
    }
    if strange:
        raise FellError(f"expected {wanted.version} installed, got {strange}")
