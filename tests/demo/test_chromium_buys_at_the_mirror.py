"""A whole purchase in a real browser: an item held up, its price shown, bought, and the sale at the hub."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.demo.live_shop import LiveShop, until

MIRROR: Final = "mirror-4"
CHROMIUM: Final = Path("/usr/bin/chromium")
# The tests start no sandbox (they may run as root) and the browser calls nobody.
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS: Final = 30_000


@pytest.fixture
def browser_page() -> Iterator[Page]:
    if not CHROMIUM.exists():
        pytest.fail("Chromium is not installed: run `sudo apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1080, "height": 1920})
        page.set_default_timeout(PATIENCE_MS)
        yield page
        browser.close()


def _see(page: Page, screen: str) -> None:
    page.wait_for_selector(f"[data-screen={screen}]", state="attached")


def test_an_item_that_is_held_up_is_bought_on_the_glass(live_shop: LiveShop, browser_page: Page) -> None:
    live_shop.leave(MIRROR)
    sold = live_shop.status(MIRROR)["sales"]
    browser_page.goto(live_shop.glass(MIRROR))
    _see(browser_page, "attract")

    live_shop.do("hold", MIRROR, "Merino Crew Sweater M")
    _see(browser_page, "product")
    expect(browser_page.locator("body")).to_contain_text("Merino Crew Sweater M")
    expect(browser_page.locator(".price").first).to_contain_text("79")

    buy = browser_page.locator("[data-action=buy]")
    expect(buy).to_contain_text("Buy now")
    buy.click()
    _see(browser_page, "done")
    expect(browser_page.get_by_role("heading", name=re.compile("^It.s yours$"))).to_be_visible()

    assert live_shop.status(MIRROR)["sales"] == sold + 1
    until(lambda: live_shop.figures()["sales"].get(MIRROR) == sold + 1, "the sale at the hub")
    until(
        lambda: live_shop.do("away", MIRROR, "Merino Crew Sweater M").status_code == 204,
        "the sweater is carried out",
    )
    browser_page.locator("[data-action=done]").click()
    _see(browser_page, "attract")


def test_a_person_moves_the_goods_and_the_cable_on_the_control_page(
    live_shop: LiveShop, browser_page: Page
) -> None:
    troubles: list[str] = []
    browser_page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    browser_page.on("pageerror", lambda error: troubles.append(str(error)))
    live_shop.leave(MIRROR)
    browser_page.set_viewport_size({"width": 1440, "height": 900})
    browser_page.goto(live_shop.control)

    card = browser_page.locator(".card", has_text="Lambswool Scarf")
    card.get_by_role("button", name="Hold up").click()
    glass = browser_page.frame_locator(f"[data-glass={MIRROR}]")
    expect(glass.locator("[data-action=buy]")).to_be_visible(timeout=PATIENCE_MS)
    card.get_by_role("button", name="Put away").click()
    expect(glass.locator("[data-action=buy]")).to_have_count(0, timeout=PATIENCE_MS)

    switch = browser_page.get_by_role("switch", name="Network cable of Fitting room 4")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false", timeout=PATIENCE_MS)
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true", timeout=PATIENCE_MS)
    until(lambda: live_shop.status(MIRROR).get("online") is True, "the mirror is online again")
    assert troubles == []
