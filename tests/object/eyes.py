"""Eyes and a finger before the glass of a real object: what Chromium shows, and what axe says of that."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Final, Generic, TypeVar

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from edge.display.studio import NoBrowserError, chromium
from tests.object.mirror_shop import MirrorShop
from tests.object.shelf_shop import ShelfShop

AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN_AXE: Final = """
  async () => (await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"],
  })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`)
"""
PATIENCE_MS: Final = 30_000

Shop = TypeVar("Shop", MirrorShop, ShelfShop)


class Eyes(Generic[Shop]):
    """What a shopper sees on the glass of `shop`, and taps. Each screen is judged by axe once."""

    def __init__(self, browser: Browser, shop: Shop, panel_px: tuple[int, int]) -> None:
        self._browser = browser
        self._panel = ViewportSize(width=panel_px[0], height=panel_px[1])
        self.shop: Shop = shop
        self._judged: set[str] = set()
        self.page = self.open()

    def open(self) -> Page:
        """A new window on the glass."""
        self.page = self._browser.new_page(viewport=self._panel, reduced_motion="reduce")
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.goto(self.shop.url)
        return self.page

    def see(self, screen: str) -> Page:
        """Wait for a screen, of which axe has nothing to say."""
        self.page.wait_for_selector(f"html[data-screen={screen}]:not([data-away])", state="attached")
        self.judge(screen)
        return self.page

    def judge(self, sight: str) -> None:
        """Of what is seen now axe has nothing to say; it is asked once."""
        if sight not in self._judged:
            self._judged.add(sight)
            if not self.page.evaluate("'axe' in window"):
                self.page.evaluate(AXE)
            assert self.page.evaluate(RUN_AXE) == [], sight

    def see_either(self, *screens: str) -> str:
        """Wait for one of several screens; which it was."""
        either = ", ".join(f"html[data-screen={screen}]:not([data-away])" for screen in screens)
        self.page.wait_for_selector(either, state="attached")
        return str(self.page.evaluate("document.documentElement.dataset.screen"))

    def tap(self, action: str) -> None:
        self.page.locator(f'#glass [data-action="{action}"]').first.click()

    def pay(self) -> None:
        """A card at the terminal, after the choice of it."""
        self.see("pay")
        self.tap("method:zvt")
        self.hold_card()

    def hold_card(self) -> None:
        """The terminal asks for a card, and is shown one."""
        self.page.wait_for_selector('[data-prompt="card"]')
        self.shop.do("tap")

    def pay_and_see_it_killed(self) -> Page:
        """While the bank is asked, the terminal falls silent and the object is killed: what is shown then."""
        self.tap("buy")
        self.pay()
        self.page.wait_for_selector('[data-prompt="host"]')
        self.shop.cable.go_dead()
        self.shop.kill_runtime()
        page = self.see("out-of-service")
        expect(page.locator("#glass")).to_contain_text("Please do not pay again.")
        return page

    def leave(self) -> None:
        """It is the shopper's, who carries it away."""
        self.see("done")
        self.shop.away()
        self.tap("done")
        self.see("attract")


@contextmanager
def looking_at(shop: Shop, panel_px: tuple[int, int]) -> Iterator[Eyes[Shop]]:
    """Somebody before the glass of `shop`; fails the test where there is no browser."""
    try:
        with chromium() as browser:
            yield Eyes(browser, shop, panel_px)
    except NoBrowserError as error:
        pytest.fail(str(error))
