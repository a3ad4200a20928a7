"""Every way through a purchase in Chromium, on the glass of a real mirror, with all that goes wrong."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Error, Page, Route, expect

from cloud_sync.contract.facts import PaymentIntent
from tests.object.eyes import Eyes, looking_at
from tests.object.mirror_shop import MARKUP, OFFER, SCARF, SWEATER, MirrorShop
from tests.object.real_hub import eventually

Sight = Eyes[MirrorShop]
NAME: Final = '"><svg onload="window.ran=1">Ann</svg>'
# What a shopper may tap on whatever is shown: how it is read, and a call for somebody.
_OF_READING: Final = ", ".join(
    f'[data-action="{each}"]' for each in ("language", "larger", "listen", "staff")
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MirrorShop]:
    running = MirrorShop(tmp_path_factory.mktemp("mirror"))
    try:
        running.until_online(online=True)
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def eyes(shop: MirrorShop) -> Iterator[Sight]:
    with looking_at(shop, (1080, 1920)) as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_is_lost(eyes: Sight) -> Iterator[None]:
    """After each flow the terminal's own books have exactly the money of the sales, and no markup has run."""
    yield
    shop = eyes.shop
    assert eyes.page.evaluate("window.ran") is None
    shop.away()
    shop.until_idle()
    assert shop.held_minor == shop.sold_minor("zvt")


def test_a_garment_is_bought_and_names_full_of_markup_are_read(eyes: Sight) -> None:
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


def test_two_garments_are_compared_and_one_is_bought(eyes: Sight) -> None:
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


def test_a_card_that_is_declined_is_tried_again(eyes: Sight) -> None:
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


def test_nobody_is_asked_to_pay_again_while_nobody_knows(eyes: Sight) -> None:
    """The terminal falls silent while the bank is asked, and the object is killed.

    Whether it was paid after all is the terminal's to say: on a slow machine the bank has answered by then.
    """
    shop = eyes.shop
    shop.do("host", delay_ms=4_000)
    shop.hold(SCARF)
    eyes.see("product")
    sold = len(shop.sales())
    page = eyes.pay_and_see_it_killed()
    assert page.locator('#glass [data-action="buy"], #glass [data-action="pay"]').count() == 0
    shop.cable.heal()
    shop.do("host")
    assert eyes.see_either("product", "done") == ("done" if len(shop.sales()) > sold else "product")


def test_where_nobody_can_be_asked_any_more_a_person_comes_and_nothing_can_be_paid(
    eyes: Sight,
) -> None:
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


def test_without_a_network_it_is_said_what_does_not_work_and_all_else_does(eyes: Sight) -> None:
    shop = eyes.shop
    sold = len(shop.sales())
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
        assert len(shop.sales()) == sold + 1
    finally:
        shop.broker.start()
        shop.until_online(online=True)


def test_a_runtime_that_is_killed_is_back_with_the_same_garments(eyes: Sight) -> None:
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


def test_a_reader_that_is_unplugged_in_the_middle_stops_it_and_the_garment_is_there_again(
    eyes: Sight,
) -> None:
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


def test_two_fast_taps_begin_one_payment(eyes: Sight) -> None:
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


def test_a_tap_that_arrives_after_the_screen_has_changed_does_nothing(eyes: Sight) -> None:
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


def test_a_browser_that_dies_finds_everything_as_it_was(eyes: Sight) -> None:
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
