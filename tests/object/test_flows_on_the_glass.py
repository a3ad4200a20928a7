"""Every way through a purchase in Chromium, on the glass of a real mirror, with all that goes wrong."""

import contextlib
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Error, Page, Route, expect

from cloud_sync.contract.facts import PaymentIntent
from edge.display.studio import NoBrowserError, chromium
from tests.object.mirror_shop import MARKUP, OFFER, SCARF, SWEATER, MirrorShop
from tests.object.real_hub import eventually

AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN_AXE: Final = """
  async () => (await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"],
  })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`)
"""
NAME: Final = '"><svg onload="window.ran=1">Ann</svg>'
PATIENCE_MS: Final = 30_000
# What a shopper may tap on whatever is shown: how it is read, and a call for somebody.
_OF_READING: Final = ", ".join(
    f'[data-action="{each}"]' for each in ("language", "larger", "listen", "staff")
)


class Eyes:
    """Somebody in front of the mirror: what they see, what they tap. Each screen is judged by axe once."""

    def __init__(self, browser: Browser, shop: MirrorShop) -> None:
        self._browser = browser
        self.shop = shop
        self._judged: set[str] = set()
        self.page = self.open()

    def open(self) -> Page:
        """A new window on the glass."""
        self.page = self._browser.new_page(viewport={"width": 1080, "height": 1920}, reduced_motion="reduce")
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.goto(self.shop.url)
        return self.page

    def see(self, screen: str) -> Page:
        """Wait for a screen, of which axe has nothing to say."""
        self.page.wait_for_selector(f"html[data-screen={screen}]:not([data-away])", state="attached")
        if screen not in self._judged:
            self._judged.add(screen)
            if not self.page.evaluate("'axe' in window"):
                self.page.evaluate(AXE)
            assert self.page.evaluate(RUN_AXE) == [], screen
        return self.page

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

    def leave(self) -> None:
        """It is the shopper's, who carries it away."""
        self.see("done")
        self.shop.away()
        self.tap("done")
        self.see("attract")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MirrorShop]:
    running = MirrorShop(tmp_path_factory.mktemp("mirror"))
    try:
        running.until_online(online=True)
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def eyes(shop: MirrorShop) -> Iterator[Eyes]:
    try:
        with chromium() as browser:
            yield Eyes(browser, shop)
    except NoBrowserError as error:
        pytest.fail(str(error))


@pytest.fixture(autouse=True)
def nothing_is_lost(eyes: Eyes) -> Iterator[None]:
    """After each flow the terminal's own books have exactly the money of the sales, and no markup has run."""
    yield
    shop = eyes.shop
    assert eyes.page.evaluate("window.ran") is None
    shop.away()
    shop.until_idle()
    assert shop.held_minor == shop.sold_minor("zvt")


def test_a_garment_is_bought_and_names_full_of_markup_are_read(eyes: Eyes) -> None:
    shop = eyes.shop
    words = ("--level", "gold", "--name", NAME, "--tenant", "demo", "--json")
    member = json.loads(shop.hub.command("member", "new", *words))
    eyes.see("attract")
    shop.hold(SWEATER)
    page = eyes.see("product")
    shop.scanner.show(member["text"])
    expect(page.locator("h1").first).to_have_text(MARKUP)
    expect(page.locator("#glass")).to_contain_text(f"Welcome, {NAME}.")
    expect(page.locator("#glass")).to_contain_text(OFFER)
    assert page.locator("#glass :is(script, b, svg[onload], img[onerror])").count() == 0
    sold = len(shop.sales())
    eyes.tap("buy")
    eyes.pay()
    page.wait_for_selector('[data-prompt="pin-pad"]')  # so much is not paid by a tap alone
    shop.do("pin")
    eyes.see("done")
    assert len(shop.sales()) == sold + 1
    expect(page.locator(".qr")).to_be_visible()
    eyes.leave()


def test_two_garments_are_compared_and_one_is_bought(eyes: Eyes) -> None:
    eyes.shop.hold(SWEATER)
    eyes.shop.hold(SCARF)
    page = eyes.see("compare")
    expect(page.locator("#glass")).to_contain_text(MARKUP)
    expect(page.locator("#glass")).to_contain_text("Lambswool Scarf")
    eyes.shop.away()
    eyes.see("attract")
    eyes.shop.hold(SCARF)
    eyes.see("product")
    eyes.tap("buy")
    eyes.pay()
    eyes.leave()


def test_a_card_that_is_declined_is_tried_again(eyes: Eyes) -> None:
    shop = eyes.shop
    shop.do("decline")
    shop.hold(SCARF)
    eyes.see("product")
    sold = len(shop.sales())
    eyes.tap("buy")
    eyes.pay()
    page = eyes.see("declined")
    expect(page.locator("#glass")).to_contain_text("Nothing was charged")
    assert len(shop.sales()) == sold
    eyes.tap("retry")
    page.wait_for_selector('[data-prompt="card"]')
    shop.do("tap")
    eyes.leave()
    assert len(shop.sales()) == sold + 1


def test_nobody_is_asked_to_pay_again_while_nobody_knows(eyes: Eyes) -> None:
    """The terminal falls silent while the bank is asked, and the object is killed.

    Whether it was paid after all is the terminal's to say: on a slow machine the bank has answered by then.
    """
    shop = eyes.shop
    shop.do("host", delay_ms=4_000)
    shop.hold(SCARF)
    eyes.see("product")
    eyes.tap("buy")
    eyes.pay()
    sold = len(shop.sales())
    eyes.page.wait_for_selector('[data-prompt="host"]')
    shop.cable.go_dead()
    shop.kill_runtime()
    page = eyes.see("out-of-service")
    expect(page.locator("#glass")).to_contain_text("Please do not pay again.")
    assert page.locator('#glass [data-action="buy"], #glass [data-action="pay"]').count() == 0
    shop.cable.heal()
    shop.do("host")
    assert eyes.see_either("product", "done") == ("done" if len(shop.sales()) > sold else "product")


def test_where_nobody_can_be_asked_any_more_a_person_comes_and_nothing_can_be_paid(eyes: Eyes) -> None:
    """The object is killed while the bank is asked, and the terminal is taken out of the shop."""
    shop = eyes.shop
    shop.do("decline")
    shop.do("host", delay_ms=4_000)
    shop.hold(SCARF)
    eyes.see("product")
    eyes.tap("buy")
    eyes.pay()
    eyes.page.wait_for_selector('[data-prompt="host"]')
    sold = len(shop.sales())
    give_back = shop.kill_and_take_terminal_away()
    try:
        page = eyes.see("unknown")
        expect(page.locator("#glass")).to_contain_text("Please do not pay again")
        expect(page.locator("#glass")).to_contain_text("Somebody is on the way to you.")
        assert page.locator(f"#glass [data-action]:not({_OF_READING})").count() == 0
    finally:
        shop.do("host")
        give_back()
    eyes.see("product")
    assert len(shop.sales()) == sold


def test_without_a_network_it_is_said_what_does_not_work_and_all_else_does(eyes: Eyes) -> None:
    shop = eyes.shop
    shop.hold(SCARF)
    eyes.see("product")
    shop.broker.kill()
    shop.until_online(online=False)
    try:
        eyes.tap("signin")
        eyes.see("offline")
        eyes.tap("back")
        eyes.see("product")
        eyes.tap("buy")
        eyes.hold_card()  # of the ways to pay one is left: nothing has to be chosen
        eyes.leave()
    finally:
        shop.broker.start()
        shop.until_online(online=True)


def test_a_runtime_that_is_killed_is_back_with_the_same_garments(eyes: Eyes) -> None:
    shop = eyes.shop
    shop.hold(SWEATER)
    shop.hold(SCARF)
    shown = eyes.see("compare").locator("#glass main").inner_text()
    eyes.page.evaluate("window.neverReloaded = true")
    shop.kill_runtime()
    page = eyes.see("compare")
    # The word that it is offline goes once the agent has found the new process.
    expect(page.locator("#glass main")).to_have_text(shown, use_inner_text=True)
    assert page.evaluate("window.neverReloaded")
    shop.away()
    eyes.see("attract")


def test_a_reader_that_is_unplugged_in_the_middle_stops_it_and_the_garment_is_there_again(eyes: Eyes) -> None:
    shop = eyes.shop
    shop.hold(SCARF)
    eyes.see("product")
    shop.rail.do("reader", "unplug")
    try:
        page = eyes.see("out-of-service")
        assert page.locator('#glass [data-action="buy"]').count() == 0
    finally:
        shop.rail.do("reader", "plug")
    eyes.see("product")
    shop.away()
    eyes.see("attract")


def test_two_fast_taps_begin_one_payment(eyes: Eyes) -> None:
    shop = eyes.shop
    shop.hold(SCARF)
    eyes.see("product")
    meant = _meant(shop)
    twice = "button => { button.click(); button.click(); }"
    eyes.page.locator('#glass [data-action="buy"]').evaluate(twice)
    eyes.see("pay")
    eyes.page.locator('#glass [data-action="method:zvt"]').dblclick()
    eyes.page.wait_for_selector('[data-prompt="card"]')
    shop.do("tap")
    eyes.leave()
    assert _meant(shop) == meant + 1


def test_a_tap_that_arrives_after_the_screen_has_changed_does_nothing(eyes: Eyes) -> None:
    """It was painted for one garment: what it would buy now is two."""
    shop, answers = eyes.shop, []
    shop.hold(SCARF)
    page = eyes.see("product")

    def late(route: Route) -> None:
        shop.hold(SWEATER)
        shop.shows("compare")
        answer = route.fetch()
        answers.append(answer.json())
        route.fulfill(response=answer)

    page.route("**/tap", lambda route: late(route) if _is_buy(route) else route.continue_())
    try:
        eyes.tap("buy")
        eyes.see("compare")
        eventually(lambda: _later(page, answers), "the tap is answered")
    finally:
        page.unroute("**/tap")
    assert answers == [{"answer": "stale"}]
    shop.shows("compare")


def test_a_browser_that_dies_finds_everything_as_it_was(eyes: Eyes) -> None:
    shop = eyes.shop
    shop.hold(SCARF)
    eyes.see("product")
    eyes.tap("buy")
    eyes.see("pay")
    dead = eyes.page
    with dead.expect_event("crash"), contextlib.suppress(Error):
        dead.goto("chrome://crash")
    eyes.open()
    eyes.pay()
    eyes.leave()


def _is_buy(route: Route) -> bool:
    said = route.request.post_data_json
    return said is not None and said["action"] == "buy"


def _later(page: Page, answers: list[Any]) -> bool:
    page.evaluate("null")  # Playwright hears of its routes while it is asked something
    return bool(answers)


def _meant(shop: MirrorShop) -> int:
    return sum(isinstance(fact, PaymentIntent) for fact in shop.facts())
