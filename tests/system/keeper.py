"""Whoever keeps a hub: at its machine, with several terminals open."""

import json
import urllib.request
from contextlib import ExitStack
from typing import Any, Final

from tests.system.hands import Terminal
from tests.system.machine import Machine
from tests.system.shop import HUB_PORT, Shop
from tests.system.typist import Typist
from tests.system.waiting import listens, until

OBJECT: Final = "mirror-4"
SWEATER: Final = "3036450E0409C680000003E9"
STARTS_S: Final = 60.0
"""A hub or an object starts in seconds; a busy machine takes longer."""

_HTTP_S: Final = 10.0


class Keeper(Typist):
    """They press Ctrl-C where something runs in a terminal; the shop is there for its devices."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(Machine("second-hub", shop.layers, shop.folder))
        self.shop = shop
        self._terminals = ExitStack()
        self._asking: Terminal | None = None

    def keeps(self, line: str) -> None:
        """Type a line that runs on, in a terminal of its own."""
        self._terminals.enter_context(self.runs(line))

    def ends(self) -> None:
        """Press Ctrl-C in each terminal, the last first."""
        self._terminals.close()

    def asks(self, line: str) -> None:
        """Type a line that waits for somebody else."""
        self._asking = self.begin(line)

    @property
    def asking(self) -> Terminal:
        """The terminal in which that waits."""
        assert self._asking is not None, "one waits"
        return self._asking

    def asked(self, path: str) -> Any:
        """What the hub answers on the loopback."""
        with urllib.request.urlopen(f"http://127.0.0.1:{HUB_PORT}{path}", timeout=_HTTP_S) as answer:
            said = answer.read()
        return json.loads(said) if answer.headers.get_content_subtype() == "json" else said.decode()

    def is_well(self) -> None:
        """Wait until it answers and hears its broker."""

        def well() -> bool | None:
            return (listens(HUB_PORT) and self.asked("/healthz").get("broker")) or None

        until(well, "the hub answers and hears its broker", STARTS_S)

    def service(self, command: str, *units: str) -> None:
        """`sudo systemctl` with units."""
        self.type(f"sudo systemctl {command} {' '.join(units)}")

    def sells(self, epc: str, sales: int) -> None:
        """A garment is held up to the mirror and bought: its hub has counted so many then."""
        shop = self.shop
        shop.bench.hand("reader", "put", epc=epc, rssi_dbm=-42)
        until(lambda: shop.glass.look().get("screen") == "product" or None, "it is shown", STARTS_S)
        shop.buy()
        until(lambda: shop.status()["sales"] == sales or None, f"it is sold; {shop.shown()}", STARTS_S)
        shop.bench.hand("reader", "take", epc=epc)
        shop.leave()
        head = shop.until_level()

        def counted() -> bool | None:
            figures = self.asked("/api/figures")
            return (figures["sales"].get(OBJECT) == sales and figures["acked"][OBJECT] >= head) or None

        until(counted, "the hub has counted it", STARTS_S)
