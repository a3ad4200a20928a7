"""docs/hub.md and docs/backup.md followed to the letter: each line of theirs is typed in a booted machine.

As in `letter`: what a reader supplies stands in the functions here, a line that nobody knows falls, and so
does one of ours that no page has. After each line what the page says of it has to be true.
"""

import http.client
import json
import re
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Final

from tests.docs.blocks import ROOT, named_blocks
from tests.system import identity_letter
from tests.system.debian import HUB_ADDRESS, HUB_HOST
from tests.system.keeper import OBJECT, STARTS_S, SWEATER, Keeper
from tests.system.shop import CORNER, HUB_DIR, HUB_PORT, Shop
from tests.system.step import FellError
from tests.system.typist import HOME, READER, lines, of_today, same
from tests.system.waiting import listens, until

PAGE: Final = "docs/hub.md"
BACKUP_PAGE: Final = "docs/backup.md"
_HTTPS_PORT: Final = 8443
_BROKER_PORT: Final = 8883
_HTTP_S: Final = 10.0
_DIR: Final = f"{HOME}/var/hub"
_WORKERS: Final = 4
# What answers nothing without a body, a name or the other door: it is asked elsewhere.
_ASKED_OTHERWISE: Final = frozenset({"/chunks/{sha256}", "/enrol", "/root.crt"})


def _is_switched_on(keeper: Keeper) -> None:
    """A Debian with a person on it, the packages, the shop's files, a disk for backups."""
    machine = keeper.at
    machine.start()
    keeper.moves_in(keeper.shop.packages)
    shutil.copytree(CORNER, machine.path("/srv/shop"))
    shutil.copytree(CORNER, machine.path(f"{HOME}/simulators/shops/corner"))
    for name, text in named_blocks(PAGE):
        machine.put(f"{HOME}/{name}", text)
    machine.run("mkdir", "/backups")
    machine.run("chown", "--recursive", f"{READER}:{READER}", HOME, "/backups")


def _install(keeper: Keeper, line: str) -> None:
    """Nothing runs yet, and it says what is next."""
    said = keeper.type(of_today(line, keeper.shop.packages))
    if f"opos-hub: next: sudo -u opos opos hub init --dir {HUB_DIR}" not in said:
        raise FellError(f"it does not say what is next: {said[-1000:]}")


def _init(keeper: Keeper, line: str) -> None:
    """The keys are there, for their owner alone; given again it changes nothing."""
    before = keeper.type(line)
    folder = keeper.at.path(HUB_DIR if HUB_DIR in line else _DIR)
    keys = [*folder.glob("*.key")]
    if len(keys) != 4 or any(key.stat().st_mode & 0o777 != 0o600 for key in keys):
        raise FellError(f"expected four keys (0600), got {sorted(keys)}")
    if keeper.type(line) != before:
        raise FellError("given again, it made something else")


def _import(keeper: Keeper, line: str) -> None:
    """Again it changes nothing."""
    if "is new" not in keeper.type(line) or "is new" in (again := keeper.type(line)):
        raise FellError(f"the second import: {again}")


def _broker(keeper: Keeper, line: str) -> None:
    keeper.type(line.replace("NAME", HUB_HOST))


def _services(keeper: Keeper, line: str) -> None:
    """They run, and start with the machine; both doors are where the page has them, under the hub's name."""
    keeper.type(line)
    keeper.is_well()
    for unit in ("opos-broker.service", "opos-hub.service", "opos-hub-backup.timer"):
        state = (keeper.at.property(unit, "ActiveState"), keeper.at.property(unit, "UnitFileState"))
        if state != ("active", "enabled"):
            raise FellError(f"{unit} is {state}")
    _doors(keeper, HUB_DIR)
    keeper.at.run("systemctl", "start", "opos-hub-backup.service")
    if not [*keeper.at.path("/var/lib/opos-hub-backups").iterdir()]:
        raise FellError("the night's backup is not there")


def _doors(keeper: Keeper, folder: str) -> None:
    """The broker's and the object's have certificates of the hub's name; the page is behind neither."""
    for port in (_BROKER_PORT, _HTTPS_PORT):
        with socket.create_connection((HUB_ADDRESS, port), _HTTP_S) as line:
            _trusted(keeper, folder).wrap_socket(line, server_hostname=HUB_HOST).close()
    with socket.socket() as line:
        if line.connect_ex((HUB_ADDRESS, HUB_PORT)) == 0:
            raise FellError("the page is shown to other machines")
    for path, expected in (("/healthz", 200), ("/root.crt", 200), ("/", 404), ("/api/figures", 404)):
        if (status := _from_elsewhere(keeper, folder, path)) != expected:
            raise FellError(f"{path} is answered by {status} at the objects' door, not by {expected}")


def _trusted(keeper: Keeper, folder: str) -> ssl.SSLContext:
    """Who believes this hub's root alone, and is the hub itself to the broker."""
    tls = keeper.at.path(f"{folder}/tls")
    context = ssl.create_default_context(cafile=tls / "root.crt")
    context.load_cert_chain(tls / "hub.crt", tls / "hub.key")
    return context


def _from_elsewhere(keeper: Keeper, folder: str, path: str) -> int:
    """Ask as an object does, which knows the hub by its name."""
    door = http.client.HTTPSConnection(HUB_HOST, _HTTPS_PORT, timeout=_HTTP_S)
    with socket.create_connection((HUB_ADDRESS, _HTTPS_PORT), _HTTP_S) as line:
        door.sock = _trusted(keeper, folder).wrap_socket(line, server_hostname=HUB_HOST)
        door.request("GET", path)
        return door.getresponse().status


def _status(keeper: Keeper, line: str) -> None:
    """It has the shop, and nobody else may read what the user of the services has."""
    said = keeper.type(line)
    if "The shop at the corner" not in said:
        raise FellError(f"it knows no shop: {said}")
    if HUB_DIR in line:
        with keeper.begin(line.removeprefix("sudo -u opos ")) as other:
            if not other.ended() or "is not readable" not in other.seen:
                raise FellError(f"whose hub it is not was told: {other.seen}")


def _key_is_carried(keeper: Keeper, line: str) -> None:
    """The same key again is no other object; another one is refused."""
    keeper.type(line)
    if "(already)" not in (again := keeper.type(line)):
        raise FellError(f"the same key again: {again}")
    no_key = json.dumps({"x": "A" * 43, "y": "A" * 43})
    other = f"echo '{no_key}'{line[line.index(' |') :]}"
    with keeper.begin(other) as terminal:
        if terminal.ended() != 1:
            raise FellError(f"another key was taken: {terminal.seen}")


def _trust(keeper: Keeper, line: str) -> None:
    keeper.type(line)


def _run(keeper: Keeper, line: str) -> None:
    """As the page says, the service has to end first: its port is taken."""
    keeper.service("stop", "opos-hub", "opos-broker")
    keeper.keeps(line)
    keeper.is_well()


def _object(keeper: Keeper, line: str) -> None:
    """It comes up with a reader before which nothing hangs."""
    keeper.keeps(line)
    keeper.shop.until_sellable(STARTS_S)


def _order(keeper: Keeper, line: str) -> None:
    """The glass says who it is; then it sells, and the page's every answer is one."""
    keeper.type(line)
    if not keeper.shop.glass.look().get("identify"):
        raise FellError("the order is done, and the glass does not show its name")
    keeper.sells(SWEATER, 1)
    _answers(keeper)


def _answers(keeper: Keeper) -> None:
    """Each path of the page's table is answered, by what stands beside it."""
    table = (ROOT / PAGE).read_text().split("| path | answer |\n|---|---|\n")[1].split("\n\n")[0]
    for row in table.splitlines():
        paths, answer = row.strip("| ").split(" | ")
        for path in set(re.findall(r"`([^`]+)`", paths)) - _ASKED_OTHERWISE:
            said = keeper.asked(path)
            if (fields := re.fullmatch(r"`([\w, ]+)`", answer)) and {*fields[1].split(", ")} != {*said}:
                raise FellError(f"{path} has {sorted(said)}, and the page has {fields[1]}")


def _backup(keeper: Keeper, line: str) -> None:
    """The file is there, for its owner alone, and the hub says that it was made."""
    folder = keeper.at.path("/backups")
    before = {*folder.iterdir()}
    keeper.type(line)
    (made,) = {*folder.iterdir()} - before
    if made.stat().st_mode & 0o777 != 0o600:
        raise FellError(f"{made} may be read by others")


def _gift_card(keeper: Keeper, line: str) -> None:
    if not re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", said := keeper.type(line)):
        raise FellError(f"it shows no code: {said}")


def _named(keeper: Keeper, line: str) -> None:
    """What ran before is ended; then its name is in certificates."""
    keeper.ends()
    _broker(keeper, line)


def _mosquitto(keeper: Keeper, line: str) -> None:
    keeper.keeps(line)
    until(lambda: listens(_BROKER_PORT) or None, "Mosquitto listens", STARTS_S)


def _run_with_tls(keeper: Keeper, line: str) -> None:
    """Both doors have certificates of the name; the next lines' hub takes over from this one."""
    with keeper.runs(line.replace("NAME", HUB_HOST)):
        keeper.is_well()
        _doors(keeper, _DIR)


def _ingest(keeper: Keeper, line: str) -> None:
    """So many workers, and a supervisor."""
    keeper.keeps(line.replace("NAME", HUB_HOST))

    def all_work() -> bool | None:
        said = keeper.at.run("pgrep", "--full", "--count", "opos hub ingest", may_fail=True)
        return int(said or 0) > _WORKERS or None

    until(all_work, f"{_WORKERS} workers work", STARTS_S)


def _api(keeper: Keeper, line: str) -> None:
    """It answers beside the workers, what was sold included."""
    keeper.keeps(line.replace("NAME", HUB_HOST))
    keeper.is_well()
    if len(keeper.asked("/api/sales")) != 1:
        raise FellError(f"the sale is not there: {keeper.asked('/api/sales')}")


def _no_more(keeper: Keeper, line: str) -> None:
    """All terminals are closed; the machine's own service is none any more."""
    keeper.ends()
    keeper.type(line)
    keeper.service("start", "opos-broker")


def _in_parts(keeper: Keeper, line: str) -> None:
    """Both parts run, and start with the machine."""
    keeper.type(line)
    keeper.is_well()
    said = keeper.at.run(
        "systemctl", "is-active", "opos-hub-ingest", "opos-hub-api", "opos-hub", may_fail=True
    )
    if said.split() != ["active", "active", "inactive"]:
        raise FellError(f"ingest, api and hub are {said.split()}")


def _restore(keeper: Keeper, line: str) -> None:
    """The new hub counts what the old one did, in a higher generation."""
    keeper.type(line)
    old, new = (json.loads(keeper.type(f"opos hub status --json --dir {place}")) for place in _BOTH)
    if old["figures"] != new["figures"] or not new["figures"]["sales"]:
        raise FellError(f"{old['figures']} before, {new['figures']} after the restore")
    if new["generation"] <= old["generation"]:
        raise FellError(f"generation {new['generation']} came after {old['generation']}")


_BOTH: Final = ("var/hub", "var/new-hub")

Hands = Mapping[str, Callable[[Keeper, str], None]]

HANDS: Final[Hands] = {
    "sudo apt-get install ./opos-edge_0.1.0_amd64.deb ./opos-hub_0.1.0_amd64.deb": _install,
    f"sudo -u opos opos hub init --dir {HUB_DIR}": _init,
    f"sudo -u opos opos hub import /srv/shop --dir {HUB_DIR}": _import,
    f"sudo -u opos opos hub broker --dir {HUB_DIR} --host {HUB_HOST}": _broker,
    "sudo systemctl enable --now opos-broker opos-hub opos-hub-backup.timer": _services,
    f"sudo -u opos opos hub status --dir {HUB_DIR}": _status,
    "opos hub init --dir var/hub": _init,
    "opos hub import simulators/shops/corner --dir var/hub": _import,
    f"opos object key mirror/object.toml --json | opos hub admit --dir var/hub --object {OBJECT}"
    " --tenant demo --site corner --key -": _key_is_carried,
    "opos hub trust --dir var/hub > mirror/trust.json": _trust,
    "opos hub run --dir var/hub --port 8110 --broker 127.0.0.1:1883": _run,
    "opos object up mirror/object.toml": _object,
    "opos hub status --dir var/hub": _status,
    f"opos hub order {OBJECT} identify --dir var/hub --wait": _order,
    "opos hub backup --dir var/hub --to /backups --keep 14": _backup,
    "opos hub wallet new --dir var/hub --amount-minor 5000": _gift_card,
    "opos hub broker --dir var/hub --host NAME": _named,
    "/usr/sbin/mosquitto -c var/hub/broker/mosquitto.conf": _mosquitto,
    "opos hub run --dir var/hub --port 8110 --https 8443 --broker mqtts://NAME:8883": _run_with_tls,
    "opos hub ingest --dir var/hub --workers 4 --broker mqtts://NAME:8883": _ingest,
    "opos hub api --dir var/hub --port 8110 --https 8443 --broker mqtts://NAME:8883": _api,
    "sudo systemctl disable --now opos-hub": _no_more,
    "sudo systemctl enable --now opos-hub-ingest opos-hub-api": _in_parts,
}
"""What docs/hub.md has somebody type, in its order, and what a reader does at that."""

BACKUP_HANDS: Final[Hands] = {
    "opos hub backup  --dir var/hub --to /backups/monday --with-keys": _backup,
    "opos hub backup  --dir var/hub --to /backups --keep 14": _backup,
    "opos hub restore /backups/monday --dir var/new-hub": _restore,
}
"""The same of docs/backup.md."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "opos hub restore /backups/monday --dir var/new-hub --database postgresql+psycopg://opos@db/opos": (
        "tests/hub/test_backup_commands.py::test_a_hub_moves_to_a_server_by_its_backup"
    ),
}
"""What wants another machine yet, and the test that does it."""


def here(page: str) -> list[str]:
    """What the page has somebody type at one machine."""
    return [line for line in lines(page) if line not in ELSEWHERE]


PAGES: Final[Mapping[str, Hands]] = {
    PAGE: HANDS,
    BACKUP_PAGE: BACKUP_HANDS,
    identity_letter.PAGE: identity_letter.HANDS,
}


def the_pages_of_the_hub_are_followed_to_the_letter(shop: Shop) -> str:
    """From an empty Debian to a hub in parts; the story's own machines are off: all share one loopback."""
    for page, hands in PAGES.items():
        same(here(page), hands)
    shop.object.power_off()
    shop.hub.power_off()
    keeper = Keeper(shop)
    _is_switched_on(keeper)
    took = []
    for page, hands in PAGES.items():
        for line in here(page):
            began_s = time.monotonic()
            hands[line](keeper, line)
            took.append(f"{time.monotonic() - began_s:.0f} s {line[:36]}")
    keeper.ends()
    keeper.at.power_off()
    shop.hub.boot()
    shop.object.start(*shop.bench.bound)
    shop.until_sellable()
    return f"{len(took)} lines: {', '.join(took)}"


STEPS: Final = (the_pages_of_the_hub_are_followed_to_the_letter,)
