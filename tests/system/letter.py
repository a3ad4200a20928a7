"""docs/install.md followed to the letter: each line that it has somebody type is typed in booted machines.

What a reader supplies stands in the functions here: which machine a line is typed at, what hangs on it, the
claim, the code, what of a file they change. A line that nobody here knows falls, and so does one of ours that
the page does not have any more.
"""

import json
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tests.system.bench import READER_PORT, SCALE, TERMINAL_PORT
from tests.system.hands import Terminal
from tests.system.machine import Machine
from tests.system.shelf import SHELF, Shelf
from tests.system.shop import HUB_DIR, Shop
from tests.system.step import FellError
from tests.system.typist import HOME, READER, Typist, lines, of_today, same
from tests.system.waiting import until

PAGE: Final = "docs/install.md"
_AT_THE_HUB: Final = "sudo -u opos "
_IMAGE: Final = "/mnt/image"
_BOARD: Final = "mirror-0007"
_SET_UP_S: Final = 120.0
# A pseudonym, as the journal has it, and a tested weight.
_STAFF: Final = "a7Kx2mQ9vR4t"
_WEIGHT_MG: Final = 1_000_000


class Reader(Typist):
    """Whoever follows the page, line by line: where they are, and what they have in their hands."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.image = Machine("image", shop.layers, shop.folder)
        """The machine that gets the packages; the others begin as a copy of what is on it then."""
        super().__init__(self.image)
        self.shelf = Shelf(shop)
        self.claim = ""
        self.machines: dict[str, Machine] = {}
        self._asked: Terminal | None = None

    def at_the_hub(self, line: str) -> str:
        """Type a line at the hub, as whose the hub is: its machine is the story's, and has no sudo."""
        return self.shop.hub.run("sh", "-c", f"cd / && {line.removeprefix(_AT_THE_HUB)}", user="opos")

    def waits(self, terminal: Terminal) -> None:
        """A command waits for a person at the hub."""
        self._asked = terminal

    def waiting(self) -> Terminal:
        """That command."""
        assert self._asked is not None, "one waits"
        return self._asked

    def goes_to(self, machine: Machine, *bound: str) -> None:
        """Switch this machine off and that one on: all have the same devices, and the same loopback."""
        self.at.power_off()
        self.at = machine
        self.at.start(*self.shop.bench.bound, *bound)

    def copy(self, name: str) -> Machine:
        """A machine as the first was when its packages were installed; that one is off for good."""
        more = (self.image.root.with_name("upper"), *self.shop.layers.more)
        layers = msgspec.structs.replace(self.shop.layers, more=more)
        self.machines[name] = Machine(name, layers, self.shop.folder)
        return self.machines[name]


def _is_switched_on(reader: Reader) -> None:
    """A Debian with a person on it who may use sudo, and the packages where `make deb` leaves them."""
    image = reader.image
    image.path("/etc/systemd/system/mosquitto.service").symlink_to("/dev/null")
    image.start()
    reader.moves_in(reader.shop.packages)


def _install(reader: Reader, line: str) -> None:
    """The version and the architecture of the page's packages are those of its day."""
    reader.type(of_today(line, reader.shop.packages))


def _claim(reader: Reader, line: str) -> None:
    """Is made at the hub, carried to the object, and pasted there."""
    (reader.claim,) = re.findall(r"OPOS1\.\S+(?<!\.\.\.)", reader.at_the_hub(line))[:1]


def _set_up(reader: Reader, line: str) -> None:
    """The five questions; Enter where a default stands. Its devices are not at USB, so they are named."""
    reader.image.power_off()
    subprocess.run(("/usr/bin/umount", str(reader.image.root)), check=True)
    reader.at = reader.copy("second")
    reader.at.start(*reader.shop.bench.bound)
    places = (SCALE, f"127.0.0.1:{READER_PORT}", f"127.0.0.1:{TERMINAL_PORT}")
    asked = reader.begin(line + "".join(f" --look {place}" for place in places))
    asked.until("The claim that the hub made")
    asked.type(reader.claim)
    for question in (
        r"What it is .*\[shelf\]",
        "Sell with scale, reader",
        "card terminal",
        "drive the glass",
    ):
        asked.until(question)
        asked.type("")
    asked.until("Then confirm it there")
    reader.waits(asked)


def _confirm(reader: Reader, line: str) -> None:
    """The code that the terminal shows is the one to be confirmed; then it sells."""
    with reader.waiting() as asked:
        code = asked.until(r"opos hub confirm ([A-Z]{4}-[A-Z]{4})")[1]
        reader.at_the_hub(re.sub("[A-Z]{4}-[A-Z]{4}", code, line))
        if asked.ended() != 0 or f"{SHELF} is set up" not in asked.seen:
            raise FellError(f"the setup ended otherwise: {asked.seen[-2000:]}")
    reader.shelf.stocked()
    reader.shelf.sell()


def _example(reader: Reader, line: str) -> None:
    """On another machine; in the file everything stays that does not say what hangs on it."""
    reader.shelf.cleared()
    card = reader.copy("card")
    reader.goes_to(reader.copy("third"), f"--bind={card.root}:{_IMAGE}")
    reader.type(line)
    answers = reader.at.path(f"{HOME}/answers.toml")
    text = answers.read_text()
    for before, after in (
        ('terminal = "none"', f'terminal = "127.0.0.1:{TERMINAL_PORT}"'),
        ('"serial:/dev/opos/reader0?profile=r200"', f'"tcp:127.0.0.1:{READER_PORT}?profile=r200"'),
    ):
        if before not in text:
            raise FellError(f"the example has no {before} any more")
        text = text.replace(before, after)
    answers.write_text(text)


def _rehearsed(reader: Reader, line: str) -> None:
    said = reader.type(line)
    if "Nothing was changed" not in said or reader.at.path("/etc/opos/object.toml").exists():
        raise FellError(f"that was no rehearsal: {said[-2000:]}")


def _unattended(reader: Reader, line: str) -> None:
    """The claim is in the file that the example names; nobody is there, and stdout is a program's."""
    _carried(reader, "shelf-3")
    done = reader.at.ask("runuser", "--login", READER, "--command", line)
    lines = [json.loads(each) for each in done.stdout.splitlines()]
    if done.returncode or lines[-1].get("state") != "done":
        raise FellError(f"`{line}` ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    reader.shop.until_sellable()
    _known(reader, "shelf-3")


def _for_an_image(reader: Reader, line: str) -> None:
    """Below /mnt/image lies a board's card; afterwards the board is switched on with it."""
    _carried(reader, "shelf-4")
    reader.type(line)
    reader.goes_to(reader.machines["card"])
    reader.shop.until_sellable()
    _known(reader, "shelf-4")


def _carried(reader: Reader, name: str) -> None:
    """A claim in the file that the example names."""
    place = ("--object", name, "--tenant", "demo", "--site", "corner", "--kind", "shelf", "--yes", "--json")
    claim = json.loads(reader.shop.hub_command("claim", *place))["claim"]
    reader.at.put("/etc/opos/claim", claim, mode=0o600)


def _known(reader: Reader, name: str) -> None:
    """The hub has heard of it, and has all that it wrote."""

    def level() -> bool | None:
        objects = {each["object"]: each for each in reader.shop.hub_status()["objects"]}
        status = reader.shop.glass.status()
        return (name in objects and status.get("head") == objects[name]["acked"]) or None

    until(level, f"the hub has all that {name} wrote", _SET_UP_S)


def _for_a_fleet(reader: Reader, line: str) -> None:
    reader.at_the_hub(line)
    table = reader.shop.hub.path(f"{HUB_DIR}/claims.csv").read_text().splitlines()
    sheet = reader.shop.hub.path(f"{HUB_DIR}/claims.html").read_text()
    if len(table) != 41 or sheet.count("<svg") != 40:
        raise FellError(f"{len(table)} lines, {sheet.count('<svg')} codes: expected forty claims")


# What each board of the fleet answers: all but its claim.
_OF_EACH: Final = f"""\
terminal = "127.0.0.1:{TERMINAL_PORT}"

[[peripheral]]
role = "reader"
uri = "tcp:127.0.0.1:{READER_PORT}?profile=r200"
"""


def _boards_set_themselves_up(reader: Reader, line: str) -> None:
    """The seventh board's files are where cloud-init looks; it is switched on, and nobody does anything."""
    hub = reader.shop.hub
    hub.put("/srv/answers.toml", _OF_EACH)
    hub.run("rm", f"{HUB_DIR}/claims.csv")
    reader.at_the_hub(line)
    board = reader.copy(_BOARD)
    for name in ("user-data", "meta-data"):
        board.put(
            f"/var/lib/cloud/seed/nocloud/{name}", hub.path(f"{HUB_DIR}/cards/{_BOARD}/{name}").read_text()
        )
    reader.goes_to(board)
    until(lambda: board.path("/etc/opos/object.toml").exists() or None, f"{_BOARD} is set up", _SET_UP_S)
    until(lambda: not board.path("/etc/opos/claim").exists() or None, "the claim is removed", _SET_UP_S)
    reader.shop.until_sellable()
    _known(reader, _BOARD)


def _doctor(reader: Reader, line: str) -> None:
    """Back at the machine of the page's first half; a container's clock is nobody's to set."""
    reader.shelf.laid()
    reader.goes_to(reader.machines["second"])
    reader.shop.until_sellable()
    until(lambda: _is_well(reader, line) or None, f"`{line}` finds nothing", _SET_UP_S)


def _is_well(reader: Reader, line: str) -> bool:
    """Whether nothing is found; its line to the hub needs some seconds after the start."""
    with reader.begin(line) as terminal:
        terminal.ended()
    return "well: " in terminal.seen and set(re.findall(r"OP-\d{4}", terminal.seen)) <= {"OP-1401"}


def _calibrate(reader: Reader, line: str) -> None:
    """Who does it and with which weight is asked; the object rests meanwhile, and works again."""
    with reader.begin(line) as asked:
        for question, answer in (
            ("Whose badge", _STAFF),
            ("known weight", "1000"),
            ("Stop it meanwhile", ""),
        ):
            asked.until(question)
            asked.type(answer)
        asked.until("Take everything off")
        reader.shelf.cleared()
        for _ in range(3):
            asked.until(r"\[\d/3\] Put 1000 g")
            reader.shop.bench.hand("scale", "put", mass_mg=_WEIGHT_MG)
            asked.until(r"\[\d/3\] Take it off")
            reader.shop.bench.hand("scale", "take", mass_mg=_WEIGHT_MG)
        if asked.ended() or "The scale may be sold by" not in asked.seen:
            raise FellError(f"the scale was not calibrated: {asked.seen[-2000:]}")
    reader.shelf.laid()
    reader.shop.until_sellable()


def _test_sale(reader: Reader, line: str) -> None:
    """One item is taken; afterwards it lies there again, and no book knows of it."""
    with reader.begin(line) as asked:
        asked.until("Show it one item")
        reader.shelf.tried()
        asked.until("It is paid")
        reader.shelf.put_back()
        if asked.ended() or "nothing of it is left" not in asked.seen:
            raise FellError(f"the trial ended otherwise: {asked.seen[-2000:]}")
    reader.shelf.sell()
    _known(reader, SHELF)


_FLEET: Final = f"sudo -u opos opos fleet enroll --dir {HUB_DIR} --tenant demo --site corner"

HANDS: Final[Mapping[str, Callable[[Reader, str], None]]] = {
    "sudo apt-get install ./opos-edge_0.1.0_amd64.deb": _install,
    "sudo apt-get install ./opos-kiosk_0.1.0_all.deb": _install,
    "sudo apt-get install ./opos-camera_0.1.0_amd64.deb": _install,
    f"sudo -u opos opos hub claim --dir {HUB_DIR} --object shelf-2 --tenant demo --site corner --kind shelf"
    " --timezone Europe/Berlin": _claim,
    "sudo opos setup": _set_up,
    f"sudo -u opos opos hub confirm WDJB-MJHT --dir {HUB_DIR}": _confirm,
    "opos setup --example > answers.toml": _example,
    "sudo opos setup --answers answers.toml --dry-run": _rehearsed,
    "sudo opos setup --answers answers.toml --json": _unattended,
    "sudo opos setup --answers answers.toml --root /mnt/image": _for_an_image,
    f"{_FLEET} --kind shelf --prefix shelf- --count 40 --csv {HUB_DIR}/claims.csv"
    f" --sheet {HUB_DIR}/claims.html": _for_a_fleet,
    f"{_FLEET} --prefix mirror- --count 12 --csv {HUB_DIR}/claims.csv --cloud-init {HUB_DIR}/cards"
    " --answers /srv/answers.toml --yes": _boards_set_themselves_up,
    "sudo opos doctor": _doctor,
    "sudo opos calibrate scale": _calibrate,
    "sudo opos test-sale --void": _test_sale,
}
"""What the page has somebody type, in its order, and what a reader does at that."""


def the_page_of_the_installation_is_followed_to_the_letter(shop: Shop) -> str:
    """From an empty Debian to sales; the story's own object is off meanwhile: it has the same devices."""
    page = lines(PAGE)
    same(page, HANDS)
    shop.object.power_off()
    reader = Reader(shop)
    _is_switched_on(reader)
    took = []
    for line in page:
        began_s = time.monotonic()
        HANDS[line](reader, line)
        took.append(f"{time.monotonic() - began_s:.0f} s {line[:24]}")
    reader.shelf.cleared()
    reader.at.power_off()
    shop.object.start(*shop.bench.bound)
    shop.until_sellable()
    return f"{len(page)} lines: {', '.join(took)}"


STEPS: Final = (the_page_of_the_installation_is_followed_to_the_letter,)
