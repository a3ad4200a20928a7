"""A mirror with a reader, a scanner and a card terminal, a hub and a line: its goods are full of markup."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from retail.identity import epc
from retail.pricing.promotions import Goods, Percent, Promotion, Promotions
from tests.hub.hub_processes import SHOP
from tests.object.terminal_shop import TerminalShop
from tests.simulators.bench_process import READER, BenchProcess, write_bench

MARKUP: Final = "<img src=x onerror=\"window.ran=1\"><b>Merino</b> & 'wool'"
OFFER: Final = '<script>window.ran=1</script>"10 %" off'
SWEATER, SCARF = "09520001100109", "09520001100307"
_READER: Final = '[[peripheral]]\nrole = "reader"\nuri = "serial:{folder}/reader?profile=r200"\n'
_OFFERS: Final = Promotions(
    *("corner", "EUR", "Europe/Berlin"),
    (Promotion("wool", {"en": OFFER}, Percent(1_000), Goods(gtins=(SWEATER,))),),
)


class MirrorShop(TerminalShop):
    """`hold` and `away` are a hand in front of the mirror."""

    def __init__(self, directory: Path) -> None:
        self._rail_folder = directory / "rail"
        self._rail_folder.mkdir()
        self.rail = BenchProcess(write_bench(self._rail_folder, READER)).started()
        self._serial = 0
        self._held: dict[str, str] = {}
        super().__init__(directory)

    def before_hub(self) -> None:
        """The file is that of a mirror, and the goods are those of a shop that was broken into."""
        super().before_hub()
        text = self.file.read_text().replace('kind = "panel"', 'kind = "mirror"')
        self.file.write_text(text + _READER.format(folder=self._rail_folder))
        office = self.directory / "office"
        shutil.copytree(SHOP, office)
        (office / "promotions.json").write_bytes(msgspec.json.encode(_OFFERS))
        with (office / "products.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["gtin"] == SWEATER:
                row["name_en"] = row["details_en"] = MARKUP
        with (office / "products.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        self.hub.command("import", str(office))

    def hold(self, gtin: str) -> None:
        """A garment that was never sold is held up."""
        self._serial += 1
        self._held[gtin] = epc.encode(epc.item_of(gtin, self._serial, company_digits=7))
        self.rail.do("reader", "put", epc=self._held[gtin], rssi_dbm=-42)

    def away(self) -> None:
        """Everything is carried away."""
        while self._held:
            self.rail.do("reader", "take", epc=self._held.popitem()[1])

    def kill_and_take_terminal_away(self) -> Callable[[], None]:
        """Kill -9, and the next one starts without the terminal; what is returned brings it back so, too."""
        text = self.file.read_text()

        def give_back() -> None:
            self.file.write_text(text)
            self.kill_runtime()

        before, _, rest = text.partition('[[tender]]\nkind = "zvt"\n')
        self.file.write_text(before + rest.partition("\n")[2])
        self.kill_runtime()
        return give_back

    def close(self) -> None:
        super().close()
        self.rail.stop()
