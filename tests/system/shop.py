"""What the story stands in: the machines of a hub and an object, the devices, a shopper."""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.system.bench import Bench
from tests.system.debian import Layers
from tests.system.enclosure import LINK
from tests.system.glass import Glass
from tests.system.machine import Machine
from tests.system.packages import Packages
from tests.system.step import FellError
from tests.system.waiting import until

OBJECT: Final = "tray-2"
PLACE: Final = ("--object", OBJECT, "--tenant", "demo", "--site", "corner", "--kind", "tray")
HUB_DIR: Final = "/var/lib/opos-hub"
HUB_PORT: Final = 8110
FILE: Final = "/etc/opos/object.toml"
LEDGER: Final = "/var/lib/opos/ledger.db"
CHECKOUT: Final = Path(__file__).parents[2]
CORNER: Final = CHECKOUT / "simulators/shops/corner"
# The corner's scarves, as many as the story sells: SGTIN-96, from a serial number of our own.
_GTIN: Final = "09520001100307"
_FIRST_EPC: Final = 0x3036450E0409CB8000010000
_SCARVES: Final = 200
SCARF_MG: Final = 152_000
# A sale takes a second; the card terminal thinks for a moment, and all of it may just have started.
SALE_S: Final = 30.0
LEVEL_S: Final = 60.0


class Shop:
    """Two machines on one loopback, and the devices between them and a shopper."""

    def __init__(self, layers: Layers, packages: Packages, folder: Path, bench: Bench) -> None:
        self.packages = packages
        self.next = packages
        """The version after that, once it was made."""
        self.folder = folder
        self.bench = bench
        self.glass = Glass()
        self.layers = layers
        """What a machine of a reader starts from; hub and object have nothing more than they need."""
        bare = msgspec.structs.replace(layers, more=())
        self.hub = Machine("hub", bare, folder)
        self.object = Machine("object", bare, folder)
        self.first_package_s = 0.0
        """When the installation of the object began, on this machine's clock."""
        self.figures: dict[str, float] = {}
        """What was measured, under its name in `python -m benchmarks installer`."""
        self._sold = 0

    def hub_command(self, *words: str) -> str:
        """A command of the hub, as its own user."""
        return self.hub.run("opos", "hub", *words, "--dir", HUB_DIR, user="opos")

    def cable(self, *, plugged: bool) -> None:
        """Pull the cable between the object and the hub, or plug it in."""
        state = "up" if plugged else "down"
        subprocess.run(("/usr/sbin/ip", "link", "set", LINK, state), check=True)

    def sell(self) -> None:
        """One shopper: lays a scarf into the tray, buys it, and takes it along; raises FellError."""
        epc = self.lay()
        self.buy()
        self.pay()
        self.take(epc)

    def next_scarf(self) -> str:
        """The EPC of one that nobody has bought yet."""
        self._sold += 1
        return f"{_FIRST_EPC + self._sold - 1:024X}"

    def lay(self) -> str:
        """Lay the next scarf into the tray, and wait until it is offered: its EPC."""
        epc = self.next_scarf()
        self.leave()
        self.bench.lay(epc, SCARF_MG)
        until(
            lambda: self.glass.look().get("units") == 1 or None,
            f"the scarf is offered; {self.shown()}",
            SALE_S,
        )
        return epc

    def buy(self) -> None:
        """Tap until the tap counts: what was painted may just have changed."""
        until(lambda: self.glass.tap("buy") == "accepted" or None, f"the tap counts; {self.shown()}", SALE_S)

    def until_asked_for_a_card(self) -> None:
        """Wait until the terminal wants one."""
        until(
            lambda: "tap" in self.bench.status("terminal")["wants"] or None,
            f"the terminal wants a card; {self.shown()}",
            SALE_S,
        )

    def pay(self) -> None:
        """Hold a card before the terminal as soon as it asks for one, and wait until it is sold."""
        self.until_asked_for_a_card()
        before = self.status()["sales"]
        self.bench.hand("terminal", "tap")
        until(lambda: self.status()["sales"] == before + 1 or None, f"it is sold; {self.shown()}", SALE_S)

    def take(self, epc: str) -> None:
        """Take what was bought along, and put the receipt away."""
        self.bench.take(epc, SCARF_MG)
        self.leave()

    def shown(self) -> str:
        """What the glass shows, in few words."""
        return f"it shows {self.glass.look().get('screen', 'nothing')}"

    def status(self) -> dict[str, Any]:
        """What the object counts, as soon as it answers."""
        return until(lambda: self.glass.status() or None, "the object answers", SALE_S)

    def until_sellable(self, patience_s: float = SALE_S) -> None:
        """Wait until goods can be bought."""
        until(lambda: self.glass.sellable() or None, f"goods can be bought; {self.shown()}", patience_s)

    def until_level(self) -> int:
        """Wait until the hub has confirmed everything that the object wrote: how many entries."""

        def level() -> int | None:
            status = self.glass.status()
            return int(status["head"]) if status and status["unsynced"] == 0 else None

        return until(level, "the hub has confirmed everything", LEVEL_S)

    def check_books(self) -> str:
        """Hold the object's ledger against the hub's; raises FellError."""
        head = self.until_level()
        verified = self.object.run("opos", "ledger", "verify", LEDGER, user="opos").strip().splitlines()[-1]
        hub = self.hub_status()
        acked = next(each for each in hub["objects"] if each["object"] == OBJECT)
        sales = self.status()["sales"]
        if not head <= int(acked["acked"]):
            raise FellError(f"the object has {head} entries, and the hub {acked}")
        return f"{head} entries, {sales} sales, nothing waits; {verified}"

    def hub_status(self) -> dict[str, Any]:
        """What the hub tells of itself."""
        return dict(json.loads(self.hub_command("status", "--json")))

    def leave(self) -> None:
        """Put the last receipt away."""

        def idle() -> bool | None:
            look = self.glass.look()
            if look.get("screen") == "done":
                self.glass.tap("done")
            return look.get("screen") == "attract" or None

        until(idle, f"the glass is free; {self.shown()}", SALE_S)


def deliveries() -> str:
    """What the shop has on its floor: the corner's goods, and enough scarves for the whole story."""
    scarves = " ".join(f"{_FIRST_EPC + number:024X}" for number in range(_SCARVES))
    return (CORNER / "deliveries.csv").read_text() + f"opening-floor-scarves,floor,{_GTIN},{scarves}\n"
