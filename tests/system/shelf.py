"""The shelf of the installation's page: goods that lie on it, and a shopper who takes some."""

from typing import Final

from tests.system.shop import Shop
from tests.system.waiting import LOOK_EVERY_S, rest, until

SHELF: Final = "shelf-2"
_FILES: Final = "/srv/shop-with-a-shelf"
_GTIN: Final = "09520001100307"
_SCARF_MG: Final = 152_000
# Serial numbers of our own, beyond those of the tray's scarves.
_EPCS: Final = tuple(f"{0x3036450E0409CB8000020000 + number:024X}" for number in range(6))
_S: Final = 60.0
# A shopper who took something and sees nothing of it waits for some seconds.
_LOOKS: Final = 200
# And then lays it down, and looks at it for a while.
_LIES_S: Final = 3.0
_OBJECT: Final = f"""
[[objects]]
id = "{SHELF}"
kind = "shelf"
name = "Shelf 2"
sells_from = "{SHELF}"
timezone = "Europe/Berlin"
tender = "house-account"
account = "q7Kx2mQ9vR4t"
"""


class Shelf:
    """What lies on the shelf, and what was sold."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._goods = [*_EPCS]
        self._is_laid = False

    def stocked(self) -> None:
        """The hub sends scarves to the shelf, somebody lays them there, and the object has seen it."""
        self._shop.hub.run("cp", "--recursive", "/srv/shop", _FILES)
        folder = self._shop.hub.path(_FILES)
        for name, more in (
            ("shop.toml", _OBJECT),
            ("deliveries.csv", f"opening-{SHELF},{SHELF},{_GTIN},{' '.join(_EPCS)}\n"),
        ):
            file = folder / name
            file.write_text(file.read_text() + more)
        self._shop.hub_command("import", _FILES)
        self.laid()
        # A delivery is in nobody's hand before it was seen to lie here, and nothing tells when that was.
        until(lambda: self._is_missed() or None, f"the delivery was seen; {self._shop.shown()}", _S)
        self.put_back()

    def laid(self) -> None:
        """Lay all that is not sold onto it."""
        if not self._is_laid:
            for epc in self._goods:
                self._shop.bench.lay(epc, _SCARF_MG)
        self._is_laid = True

    def cleared(self) -> None:
        """Take all of it away, as long as the object is none of ours."""
        if self._is_laid:
            for epc in self._goods:
                self._shop.bench.take(epc, _SCARF_MG)
        self._is_laid = False

    def sell(self) -> None:
        """A shopper takes one, pays by card, and goes."""
        shop = self._shop
        until(lambda: shop.glass.look().get("screen") == "attract" or None, f"it is free; {shop.shown()}", _S)
        self.tried()
        self._goods.pop()
        shop.buy()
        shop.pay()
        shop.leave()

    def tried(self) -> None:
        """Take one, which is seen by then or as soon as the object has begun to look."""
        self._take()
        until(lambda: self._is_offered() or None, f"it is offered; {self._shop.shown()}", _S)

    def put_back(self) -> None:
        """What was taken on trial lies there again."""
        self._shop.bench.lay(self._goods[-1], _SCARF_MG)

    def _take(self) -> None:
        self._shop.bench.take(self._goods[-1], _SCARF_MG)

    def _is_offered(self) -> bool:
        return bool(self._shop.glass.look().get("units") == 1)

    def _is_missed(self) -> bool:
        """Whether one that is taken is offered; otherwise it lies there again, and for a while."""
        self._take()
        for _ in range(_LOOKS):
            rest(LOOK_EVERY_S)
            if self._is_offered():
                return True
        self.put_back()
        rest(_LIES_S)
        return False
