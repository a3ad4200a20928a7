"""A shelf with a scale, a reader and a card terminal, a hub and a line; on it lie the packs of a delivery."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from tests.hub.hub_processes import SHOP
from tests.object.terminal_shop import TerminalShop
from tests.simulators.bench_process import READER, SCALE, BenchProcess, write_bench

COFFEE, DECAF = "09520001200106", "09520001200205"
_PACK_MG: Final = 262_000
# As loud as what lies on the shelf itself.
_LOUD_DBM: Final = -50
_FOREIGN: Final = "30340242201D4B4000000123"
_BAG_MG: Final = 500_000
_DEVICES: Final = """
[[peripheral]]
role = "scale"
uri = "serial:{folder}/scale?profile=mt-sics"
[[peripheral]]
role = "reader"
uri = "serial:{folder}/reader?profile=r200"
"""


class ShelfShop(TerminalShop):
    """`take`, `put_back` and `away` are a hand at the shelf."""

    name = "shelf-b12"

    def __init__(self, directory: Path) -> None:
        self._board = directory / "board"
        self._board.mkdir()
        self.board = BenchProcess(write_bench(self._board, SCALE, READER)).started()
        self._lying = _delivered(self.name)
        self._taken: list[tuple[str, str]] = []
        for epcs in self._lying.values():
            for epc in epcs:
                self._lay(epc)
        super().__init__(directory)

    def before_hub(self) -> None:
        """The file is that of a shelf, which sells what was delivered to it."""
        super().before_hub()
        text = self.file.read_text().replace('kind = "panel"', 'kind = "shelf"')
        text = text.replace('sells_from = "floor"', f'sells_from = "{self.name}"')
        self.file.write_text(text + _DEVICES.format(folder=self._board))

    def take(self, gtin: str) -> None:
        """A pack is lifted off."""
        epc = self._lying[gtin].pop()
        self._taken.append((gtin, epc))
        self.board.do("reader", "take", epc=epc)
        self.board.do("scale", "take", mass_mg=_PACK_MG)

    def put_back(self) -> None:
        """The pack that was taken last lies there again."""
        gtin, epc = self._taken.pop()
        self._lying[gtin].append(epc)
        self._lay(epc)

    def put_all_back(self) -> None:
        """Nobody has taken anything."""
        while self._taken:
            self.put_back()

    def away(self) -> None:
        """What was taken is theirs."""
        self._taken.clear()

    def lay_foreign(self) -> None:
        """Somebody puts their own bag down, in which something of another shop has a tag."""
        self.board.do("reader", "put", epc=_FOREIGN, rssi_dbm=_LOUD_DBM)
        self.board.do("scale", "put", mass_mg=_BAG_MG)

    def lift_foreign(self) -> None:
        """They take it off again."""
        self.board.do("reader", "take", epc=_FOREIGN)
        self.board.do("scale", "take", mass_mg=_BAG_MG)

    @contextmanager
    def opened(self) -> Iterator[Self]:
        """The shop once it has its line and its packs; it is closed afterwards."""
        try:
            self.until_online(online=True)
            self.sees(lambda state: (state.get("offer") or {}).get("here") == 6, "the shelf knows its packs")
            yield self
        finally:
            self.close()

    def check_nothing_is_lost(self) -> None:
        """All is put back, and the terminal's own books have exactly the money of the sales."""
        self.put_all_back()
        self.shows("attract")
        assert self.held_minor == self.sold_minor("zvt")

    def close(self) -> None:
        super().close()
        self.board.stop()

    def _lay(self, epc: str) -> None:
        self.board.do("reader", "put", epc=epc, rssi_dbm=_LOUD_DBM)
        self.board.do("scale", "put", mass_mg=_PACK_MG)


def _delivered(place: str) -> dict[str, list[str]]:
    """The tags of the packs that were delivered to `place`, by product."""
    with (SHOP / "deliveries.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["holder"] == place]
    return {row["gtin"]: row["epcs"].split() for row in rows}
