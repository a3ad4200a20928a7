"""A price that the office changes is charged at the object: hub, broker, agent and runtime are processes."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cloud_sync.contract.documents import PRICE_CHANGES, PRICES
from cloud_sync.contract.facts import DocumentApplied
from retail.identity.gtin import completed
from retail.pricing.book import Version
from tests.hub.hub_processes import SHOP
from tests.object.real_hub import eventually
from tests.object.wallet_shop import COFFEE, PRICE_MINOR, WalletShop

NEW_MINOR: Final = 990


class OfficeShop(WalletShop):
    """The shop with an office that sets prices; nothing is asked of whoever buys."""

    tenders = '[tender]\nkind = "house-account"\naccount = "a-1"'

    def before_hub(self) -> None:
        """The office sells more than the corner shop does: a new price is a small change of its book."""
        self._sheet = self.directory / "office" / "products.csv"
        shutil.copytree(SHOP, self._sheet.parent)
        sold = self._sheet.read_text(encoding="utf-8")
        row = "{},199,standard,20000,500,,Button {},Horn,Knopf {},Horn"
        empty = "," * (sold.partition("\n")[0].count(",") - row.count(","))
        more = (f"{row.format(completed(952000130000 + n), n, n)}{empty}\n" for n in range(60))
        self._sheet.write_text(sold + "".join(more), encoding="utf-8")
        self.hub.command("import", str(self._sheet.parent))

    def reprice(self, before_minor: int, after_minor: int) -> None:
        """The office writes another price of the coffee into its sheet, and imports that."""
        text = self._sheet.read_text(encoding="utf-8")
        row = f"0{COFFEE},{before_minor},"
        assert row in text
        self._sheet.write_text(text.replace(row, f"0{COFFEE},{after_minor},"), encoding="utf-8")
        self.hub.command("import", str(self._sheet.parent))

    def price_minor(self) -> int:
        return int(self.state()["charge"]["total"]["amount_minor"])

    def applied(self) -> list[tuple[str, Version]]:
        """The books that the object has put to work, in order."""
        books = [fact for fact in self.facts() if isinstance(fact, DocumentApplied)]
        return [(each.name, each.version) for each in books if each.name in {PRICES, PRICE_CHANGES}]

    def buy(self) -> None:
        self.tap("buy")
        self.shows("done")
        self.tap("done")
        self.shows("attract")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[OfficeShop]:
    running = OfficeShop(tmp_path)
    try:
        yield running
    finally:
        running.close()


def test_a_new_price_comes_as_a_change_and_counts_from_the_next_basket(shop: OfficeShop) -> None:
    first, second = (PRICES, Version(1, 2)), (PRICE_CHANGES, Version(1, 3))
    assert shop.applied() == [first]

    # Whoever stands there already pays what the glass says.
    shop.basket()
    shop.reprice(PRICE_MINOR, NEW_MINOR)
    eventually(lambda: shop.applied() == [first, second], "the change has come")
    assert shop.price_minor() == PRICE_MINOR
    shop.buy()

    shop.basket()
    assert shop.price_minor() == NEW_MINOR
    shop.buy()

    # It outlives the process, and another hub that is not there; the next change counts from the first book.
    shop.hub.kill()
    shop.kill_runtime()
    shop.basket()
    assert shop.price_minor() == NEW_MINOR
    shop.buy()
    shop.reprice(NEW_MINOR, PRICE_MINOR)
    shop.hub.start()
    eventually(lambda: shop.applied()[-1] == (PRICE_CHANGES, Version(1, 4)), "the price is as it was")
    shop.basket()
    assert shop.price_minor() == PRICE_MINOR
    shop.buy()

    shop.until_synced()
    sold = [(sale.prices, sale.total_minor) for sale in shop.sales()]
    assert sold == [
        (Version(1, 2), PRICE_MINOR),
        (Version(1, 3), NEW_MINOR),
        (Version(1, 3), NEW_MINOR),
        (Version(1, 4), PRICE_MINOR),
    ]
    eventually(lambda: shop.hub.figures()["sales"] == {"panel-7": len(sold)}, "the hub counts them all")
