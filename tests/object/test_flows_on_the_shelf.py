"""What a shopper does at a real shelf, and what goes wrong: packs are taken, put back, paid for by card."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.object.eyes import Eyes, looking_at
from tests.object.shelf_shop import COFFEE, DECAF, ShelfShop

_BUYS: Final = '#glass [data-action="buy"], #glass [data-action="pay"], #glass [data-action^="method:"]'


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShelfShop]:
    with ShelfShop(tmp_path_factory.mktemp("shelf")).opened() as running:
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


def test_a_pack_is_taken_and_bought_and_its_unit_price_was_in_sight(eyes: Eyes[ShelfShop]) -> None:
    shop, sold = eyes.shop, len(eyes.shop.sales())
    page = eyes.see("attract")
    expect(page.locator("#glass")).to_contain_text("Take one to buy it.")
    expect(page.locator("#glass")).to_contain_text("€46.00 / kg")
    shop.take(COFFEE)
    eyes.see("basket")
    expect(page.locator("h1")).to_have_text("You took 1 item")
    expect(page.locator("#glass")).to_contain_text("€46.00 / kg")
    eyes.tap("buy")
    eyes.pay()
    eyes.see("done")
    expect(page.locator(".qr")).to_be_visible()
    assert len(shop.sales()) == sold + 1
    eyes.leave()


def test_what_is_put_back_leaves_the_bill(eyes: Eyes[ShelfShop]) -> None:
    shop = eyes.shop
    shop.take(COFFEE)
    page = eyes.see("basket")
    shop.take(DECAF)
    expect(page.locator("h1")).to_have_text("You took 2 items")
    expect(page.locator("#glass")).to_contain_text("Put one back to remove it.")
    shop.put_back()
    expect(page.locator("h1")).to_have_text("You took 1 item")
    shop.put_back()
    eyes.see("attract")


def test_a_card_that_is_declined_is_tried_again(eyes: Eyes[ShelfShop]) -> None:
    shop, sold = eyes.shop, len(eyes.shop.sales())
    shop.do("decline")
    shop.take(DECAF)
    eyes.see("basket")
    eyes.tap("buy")
    eyes.pay()
    page = eyes.see("declined")
    expect(page.locator("#glass")).to_contain_text("Nothing was charged")
    assert len(shop.sales()) == sold
    eyes.tap("retry")
    eyes.hold_card()
    eyes.leave()
    assert len(shop.sales()) == sold + 1


def test_nobody_is_asked_to_pay_again_while_nobody_knows(eyes: Eyes[ShelfShop]) -> None:
    shop = eyes.shop
    shop.do("host", delay_ms=4_000)
    shop.take(DECAF)
    eyes.see("basket")
    sold = len(shop.sales())
    page = eyes.pay_and_see_it_killed()
    expect(page.locator(_BUYS)).to_have_count(0)
    shop.cable.heal()
    shop.do("host")
    assert eyes.see_either("basket", "done") == ("done" if len(shop.sales()) > sold else "basket")
    if len(shop.sales()) > sold:
        eyes.leave()


def test_without_a_network_a_pack_is_bought_all_the_same(eyes: Eyes[ShelfShop]) -> None:
    shop, sold = eyes.shop, len(eyes.shop.sales())
    shop.take(COFFEE)
    page = eyes.see("basket")
    shop.broker.kill()
    try:
        shop.until_online(online=False)
        expect(page.locator(".pill")).to_contain_text("you can still buy")
        eyes.tap("buy")
        eyes.hold_card()  # of the ways to pay one is left: nothing has to be chosen
        eyes.see("done")
        expect(page.locator(".pill")).to_contain_text("your receipt is valid")
        eyes.leave()
    finally:
        shop.broker.start()
        shop.until_online(online=True)
    assert len(shop.sales()) == sold + 1


def test_an_object_that_is_killed_is_back_with_the_same_packs(eyes: Eyes[ShelfShop]) -> None:
    shop = eyes.shop
    shop.take(COFFEE)
    page = eyes.see("basket")
    shop.take(COFFEE)
    expect(page.locator("h1")).to_have_text("You took 2 items")
    page.evaluate("window.neverReloaded = true")
    shop.kill_runtime()
    eyes.see("basket")
    expect(page.locator("h1")).to_have_text("You took 2 items")
    assert page.evaluate("window.neverReloaded")


def test_a_bag_that_was_put_down_is_taken_off_and_the_pack_is_bought(eyes: Eyes[ShelfShop]) -> None:
    shop = eyes.shop
    shop.take(COFFEE)
    eyes.see("basket")
    shop.lay_foreign()
    page = eyes.see("sensors")
    expect(page.locator("#glass")).to_contain_text("Nothing was charged")
    expect(page.locator("#glass")).to_contain_text("does not belong here: please take it off.")
    expect(page.locator(_BUYS)).to_have_count(0)
    shop.lift_foreign()
    eyes.see("basket")
    expect(page.locator("h1")).to_have_text("You took 1 item")
    eyes.tap("buy")
    eyes.pay()
    eyes.leave()


def test_a_scale_that_is_unplugged_in_the_middle_stops_it_and_the_pack_is_there_again(
    eyes: Eyes[ShelfShop],
) -> None:
    shop = eyes.shop
    shop.take(COFFEE)
    eyes.see("basket")
    shop.board.do("scale", "unplug")
    try:
        page = eyes.see("out-of-service")
        expect(page.locator("#glass")).to_contain_text("Nothing was charged")
        expect(page.locator(_BUYS)).to_have_count(0)
    finally:
        shop.board.do("scale", "plug")
    eyes.see("basket")
    expect(eyes.page.locator("h1")).to_have_text("You took 1 item")
