"""What a real object asks its hub: who a member is, to the cent of each sale, and where more of it lies."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from cloud_sync.contract.facts import Basis, SaleDiscount
from retail.pricing.promotions import Percent, Promotion, Promotions
from tests.hub.hub_processes import SHOP
from tests.object.real_hub import eventually
from tests.object.wallet_shop import COFFEE, PRICE_MINOR, WalletShop

AT_THE_HARBOUR: Final = 40
GOLD_MINOR: Final = PRICE_MINOR - PRICE_MINOR // 10
NAME: Final = "Xanthippe"
OFFERS: Final = Promotions(
    "corner",
    "EUR",
    "Europe/Berlin",
    (Promotion("gold-tenth", {"en": "A tenth for gold"}, Percent(1_000), levels=("gold",)),),
)


class MemberShop(WalletShop):
    """The shop with an offer for gold members; nothing is asked of whoever buys."""

    tenders = '[tender]\nkind = "house-account"\naccount = "a-1"'

    def before_hub(self) -> None:
        office = self.directory / "office"
        shutil.copytree(SHOP, office)
        (office / "promotions.json").write_bytes(msgspec.json.encode(OFFERS))
        self.hub.command("import", str(office))
        self.open_at_the_harbour(office)

    def open_at_the_harbour(self, office: Path) -> None:
        """Another shop of theirs, which has coffee."""
        harbour = shutil.copytree(office, self.directory / "harbour")
        (harbour / "promotions.json").unlink()
        lines = (harbour / "shop.toml").read_text().replace('site = "corner"', 'site = "harbour"')
        (harbour / "shop.toml").write_text(re.sub(r'^id = "', 'id = "harbour-', lines, flags=re.MULTILINE))
        delivery = f"transfer,holder,gtin,units,epcs\nh-1,floor,0{COFFEE},{AT_THE_HARBOUR},\n"
        (harbour / "deliveries.csv").write_text(delivery)
        self.hub.command("import", str(harbour))

    def lying(self) -> tuple[int | None, int | None]:
        """How many lie elsewhere in this shop, and in others, of the one thing that is looked at."""
        tag = self.state()["tag"]
        return tag["shop"], tag["elsewhere"]

    def charged_minor(self) -> int:
        return int(self.state()["charge"]["total"]["amount_minor"])

    def notices(self) -> list[tuple[str, str | None]]:
        return [(each["kind"], each["name"]) for each in self.state()["notices"]]

    def buy(self) -> None:
        self.tap("buy")
        self.shows("done")
        self.tap("done")
        self.shows("attract")

    def prices(self) -> Any:
        """What became of the sales that the hub has priced again."""
        return json.loads(self.hub.command("status", "--json"))["hub"]["prices"]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[MemberShop]:
    running = MemberShop(tmp_path)
    try:
        yield running
    finally:
        running.close()


def test_a_member_pays_their_price_with_a_line_and_every_sale_comes_out_the_same(shop: MemberShop) -> None:
    shop.until_online(online=True)
    member = json.loads(
        shop.hub.command("member", "new", "--level", "gold", "--name", NAME, "--tenant", "demo", "--json")
    )
    shop.basket()
    assert shop.charged_minor() == PRICE_MINOR
    eventually(lambda: shop.lying() == (0, AT_THE_HARBOUR), "the hub has said where more of it lies")
    shop.scanner.show(member["text"])
    eventually(lambda: shop.charged_minor() == GOLD_MINOR, "the member's price is shown")
    assert shop.notices() == [("welcome", NAME)]
    shop.buy()

    # The next one is nobody; without a line, so is the member.
    shop.basket()
    assert shop.charged_minor() == PRICE_MINOR
    shop.buy()
    shop.until_synced()
    shop.broker.kill()
    shop.until_online(online=False)
    shop.basket()
    assert shop.lying() == (None, None)
    shop.scanner.show(member["text"])
    eventually(lambda: shop.notices() == [("member-away", None)], "it says that nobody can be asked")
    shop.buy()
    shop.broker.start()
    shop.until_synced()

    gold, nobody, away = shop.sales()
    assert [sale.total_minor for sale in (gold, nobody, away)] == [GOLD_MINOR, PRICE_MINOR, PRICE_MINOR]
    assert isinstance(gold.basis, Basis)
    assert gold.basis.level == "gold"
    assert gold.lines[0].discounts == (SaleDiscount("gold-tenth", 115, "A tenth for gold"),)
    same = {"equal": 3, "differ": 0, "waiting": 0, "unchecked": 0}
    eventually(lambda: shop.prices() == same, "the hub has priced all of them again")
    for path, data in shop.written().items():
        if Path(path).parts[-2] != "hub":
            assert NAME.encode() not in data, f"{path} knows a name"
        assert member["text"].encode() not in data, f"{path} knows a code"
