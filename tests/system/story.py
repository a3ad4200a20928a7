"""The story of the installer's hour: its steps in their order, each a sentence."""

import json
import shutil
import time
from collections.abc import Callable
from typing import Final

from tests.system import aftercare, bad_days, camera, faults, hub_letter, kiosk, letter, updates, upkeep
from tests.system.bench import READER_PORT, SCALE, TERMINAL_PORT
from tests.system.debian import HUB_HOST
from tests.system.machine import Machine
from tests.system.shop import CORNER, HUB_DIR, HUB_PORT, PLACE, Shop, deliveries
from tests.system.step import FellError
from tests.system.waiting import listens, until

Step = Callable[[Shop], str]
"""Does one thing with the shop, and says what it measured; raises FellError."""

_HUB_S: Final = 60.0
_ANSWERS: Final = f"""\
claim = "/etc/opos/claim"
kind = "tray"
terminal = "127.0.0.1:{TERMINAL_PORT}"
glass = false

[[peripheral]]
role = "scale"
uri = "serial:{SCALE}?profile=mt-sics"

[[peripheral]]
role = "reader"
uri = "tcp:127.0.0.1:{READER_PORT}?profile=r200"
"""
# Debian starts the broker of its package by itself; the hub's has files of its own, and the object has none.
_NOT_OURS: Final = "/etc/systemd/system/mosquitto.service"


def a_hub_stands_in_a_machine_of_its_own(shop: Shop) -> str:
    """As docs/hub.md has it: the goods, the certificates, the units."""
    shop.hub.path(_NOT_OURS).symlink_to("/dev/null")
    shop.hub.boot()
    _install(shop.hub, shop, "opos-edge", "opos-hub")
    shutil.copytree(CORNER, shop.hub.path("/srv/shop"))
    shop.hub.put("/srv/shop/deliveries.csv", deliveries())
    shop.hub.run("install", "--directory", "--owner=opos", "--group=opos", "--mode=0700", HUB_DIR)
    shop.hub_command("init")
    shop.hub_command("import", "/srv/shop")
    shop.hub_command("broker", "--host", HUB_HOST)
    shop.hub.run("systemctl", "enable", "--now", "opos-broker.service", "opos-hub.service")
    until(lambda: listens(HUB_PORT) or None, "the hub listens", _HUB_S)
    return f"version {shop.packages.version}"


def the_packages_install_in_an_empty_debian(shop: Shop) -> str:
    """All of them, by apt, from files; nothing is started that nobody has asked for."""
    shop.object.path(_NOT_OURS).symlink_to("/dev/null")
    shop.object.boot(*shop.bench.bound)
    shop.first_package_s = time.monotonic()
    names = [name for name in shop.packages.files if name != "opos-hub"]
    _install(shop.object, shop, *names)
    running = shop.object.run("systemctl", "list-units", "--state=running", "--plain", "--no-legend", "opos*")
    if running.strip():
        raise FellError(f"something runs before `opos setup`: {running}")
    return ", ".join(names)


def one_command_sets_the_object_up_unattended(shop: Shop) -> str:
    """`opos setup --answers FILE --json`: nobody is asked anything, and the units run at its end."""
    claim = json.loads(shop.hub_command("claim", *PLACE, "--yes", "--json"))["claim"]
    shop.object.put("/etc/opos/claim", claim, mode=0o600)
    shop.object.put("/srv/answers.toml", _ANSWERS)
    began_s = time.monotonic()
    said = [json.loads(line) for line in shop.object.run(*_SETUP).splitlines()]
    if said[-1].get("state") != "done":
        raise FellError(f"setup ended with {said[-1]}")
    steps = ", ".join(each["step"] for each in said if each.get("state") == "done" and "step" in each)
    return f"{time.monotonic() - began_s:.1f} s: {steps}"


_SETUP: Final = ("opos", "setup", "--answers", "/srv/answers.toml", "--json")


def the_first_sale(shop: Shop) -> str:
    """A shopper lays a scarf into the tray, pays by card, and the hub knows of it."""
    shop.until_sellable()
    shop.sell()
    took_s = shop.figures["first-sale"] = time.monotonic() - shop.first_package_s
    return f"{took_s:.1f} s after the first package was touched (asked: 180 s); {shop.check_books()}"


def setup_given_again_changes_nothing(shop: Shop) -> str:
    """The file stays as it is, byte by byte."""
    before = shop.object.path("/etc/opos/object.toml").read_bytes()
    shop.object.run(*_SETUP)
    if shop.object.path("/etc/opos/object.toml").read_bytes() != before:
        raise FellError("the object's file has changed")
    shop.until_sellable()
    return f"{len(before)} bytes of object.toml stay"


STEPS: Final[tuple[Step, ...]] = (
    a_hub_stands_in_a_machine_of_its_own,
    the_packages_install_in_an_empty_debian,
    one_command_sets_the_object_up_unattended,
    the_first_sale,
    setup_given_again_changes_nothing,
    *upkeep.STEPS,
    *aftercare.STEPS,
    *camera.STEPS,
    *letter.STEPS,
    *hub_letter.STEPS,
    *bad_days.STEPS,
    *kiosk.STEPS,
    *updates.STEPS,
    *kiosk.LAST_STEPS,
    *faults.STEPS,
    *upkeep.LAST_STEPS,
    *updates.LAST_STEPS,
)


def chosen(until_words: str = "", only_words: str = "") -> list[Step]:
    """The steps of one telling: up to the first with these words in its name, or the set-up and those alone.

    Each step stands on those before it; what comes after the first sale needs no more than the first sale.
    """
    names = [step.__name__ for step in STEPS]
    if only_words:
        begun = names.index(the_first_sale.__name__) + 1
        later = [
            step
            for step in STEPS[begun:]
            if any(_named(step.__name__, words.strip()) for words in only_words.split(","))
        ]
        return [*STEPS[:begun], *later] if later else []
    last = next((number for number, name in enumerate(names) if _named(name, until_words)), -1)
    return list(STEPS[: last + 1] if until_words else STEPS)


def _named(name: str, words: str) -> bool:
    return words.replace(" ", "_") in name


def _install(machine: Machine, shop: Shop, *names: str) -> None:
    """Bring the packages as files and have apt install them; their needs are in the machine already."""
    machine.install([shop.packages.files[name] for name in names if name in shop.packages.files])
