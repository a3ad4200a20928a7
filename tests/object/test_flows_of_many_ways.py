"""A shelf with more ways to pay than its panel has room for: each is reached, and the sixth one pays."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.object.eyes import Eyes, looking_at
from tests.object.shelf_shop import COFFEE, DECAF, ShelfShop

_FIVE: Final = """
[[tender]]
kind = "desk"
[[tender]]
kind = "house-account"
account = "acct-staff"
[[tender]]
kind = "cloud"
provider = "wechat"
[[tender]]
kind = "cloud"
provider = "alipay"
[[tender]]
kind = "wallet"
"""
_SIXTH: Final = "method:zvt"


class ShopOfManyWays(ShelfShop):
    """All seven ways that a file can name: the card terminal is the sixth."""

    def before_hub(self) -> None:
        """The file names five ways before the cards."""
        super().before_hub()
        self.file.write_text(self.file.read_text().replace(self.tenders, _FIVE + self.tenders))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShelfShop]:
    with ShopOfManyWays(tmp_path_factory.mktemp("ways")).opened() as running:
        yield running


@pytest.fixture(scope="module")
def eyes(shop: ShelfShop) -> Iterator[Eyes[ShelfShop]]:
    with looking_at(shop, (800, 480)) as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_is_lost(eyes: Eyes[ShelfShop]) -> Iterator[None]:
    """After each flow the terminal's own books have exactly the money of the sales."""
    yield
    eyes.shop.check_nothing_is_lost()


def wants_to_pay(eyes: Eyes[ShelfShop], gtin: str) -> None:
    """Somebody takes a pack, and is asked how they pay: the terminal has no room on the first page."""
    eyes.shop.take(gtin)
    eyes.see("basket")
    eyes.tap("buy")
    page = eyes.see("pay")
    expect(page.locator(f'[data-action="{_SIXTH}"]')).not_to_be_visible()


def paid_by(shop: ShelfShop) -> list[str]:
    """What the last sale was paid by."""
    return [paid.provider for paid in shop.sales()[-1].payments or ()]


def test_the_sixth_way_is_tapped_on_the_page_of_the_others_and_pays(eyes: Eyes[ShelfShop]) -> None:
    sold = len(eyes.shop.sales())
    wants_to_pay(eyes, COFFEE)
    eyes.tap("more")
    eyes.judge("pay, the others")
    expect(eyes.page.locator("#glass")).to_contain_text("€46.00 / kg")
    eyes.tap(_SIXTH)
    eyes.hold_card()
    eyes.leave()
    assert (len(eyes.shop.sales()), paid_by(eyes.shop)) == (sold + 1, ["zvt"])


def test_the_sixth_way_is_reached_by_keys_alone_and_pays(eyes: Eyes[ShelfShop]) -> None:
    sold = len(eyes.shop.sales())
    wants_to_pay(eyes, DECAF)
    page = eyes.page

    def press(action: str) -> None:
        """Go on by one control after the other until this one has the focus, and press it."""
        wanted = page.locator(f'[data-action="{action}"]')
        for _ in range(20):
            page.keyboard.press("ArrowDown")
            if wanted.evaluate("button => button === document.activeElement"):
                break
        expect(wanted).to_be_focused()
        page.keyboard.press("Enter")

    press("more")
    press("fewer")
    press("more")
    press(_SIXTH)
    eyes.hold_card()
    eyes.leave()
    assert (len(eyes.shop.sales()), paid_by(eyes.shop)) == (sold + 1, ["zvt"])


def test_a_way_of_the_first_page_that_is_declined_leads_to_the_sixth(eyes: Eyes[ShelfShop]) -> None:
    wants_to_pay(eyes, COFFEE)
    eyes.tap("method:desk")
    eyes.see("wait")
    eyes.tap("cancel")
    eyes.see("declined")
    eyes.tap("pay")
    eyes.see("pay")
    eyes.tap("more")
    eyes.tap(_SIXTH)
    eyes.hold_card()
    eyes.leave()
    assert paid_by(eyes.shop) == ["zvt"]


def test_ways_that_go_with_the_network_leave_the_others_on_one_page(eyes: Eyes[ShelfShop]) -> None:
    shop = eyes.shop
    wants_to_pay(eyes, DECAF)
    eyes.tap("more")
    shop.broker.kill()
    try:
        shop.until_online(online=False)
        expect(eyes.page.locator('[data-action="more"]')).to_have_count(0)
        for way in ("method:desk", _SIXTH):
            expect(eyes.page.locator(f'[data-action="{way}"]')).to_be_visible()
        eyes.tap(_SIXTH)
        eyes.hold_card()
        eyes.leave()
    finally:
        shop.broker.start()
        shop.until_online(online=True)
    assert paid_by(shop) == ["zvt"]
