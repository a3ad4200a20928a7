"""The glass in a real browser: what is painted, how large, how clear, and what becomes of a tap."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect, sync_playwright
from scripted_till import (
    HOSTILE,
    IDLE,
    SWEATER,
    YIRGACHEFFE,
    ScriptedTill,
    WallClockAt,
    line,
    offered,
    sold,
    states,
)

from edge.checkout.state import State, Tap
from edge.display.screens import LANGUAGES, Glass
from edge.display.server import glass_app

CHROMIUM: Final = Path("/usr/bin/chromium")
QUIET: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PANELS: Final = {"mirror": (1080, 1920), "shelf": (800, 480)}
# 152 px are 56 mm on a mirror of 32 inches, 96 px are 18 mm on a shelf of 7.
TARGETS: Final = {"mirror": 152, "shelf": 96}

# What is wrong with the page as it is painted now, in sentences; an empty list says that nothing is.
FLAWS: Final = """(target) => {
  const flaws = [], panel = document.querySelector(".panel").getBoundingClientRect();
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = rgba(color).map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (rgba(color)[3] === 255) return color;
    }
    return "white";
  };
  const seen = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !e.closest(".heard");
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) flaws.push("the page scrolls");
  if (document.querySelectorAll("[data-screen]").length !== 1) flaws.push("not one data-screen");
  for (const button of document.querySelectorAll("button")) {
    const box = button.getBoundingClientRect();
    if (!button.dataset.action) flaws.push(`a button without data-action: ${button.textContent}`);
    if (box.height < target || box.width < target * .6) flaws.push(`too small: ${button.textContent} ${box.height}`);
  }
  const walk = document.createTreeWalker(document.querySelector(".panel"), NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || !seen(e) || e.closest("svg")) continue;
    const pair = [light(getComputedStyle(e).color), light(ground(e))].sort((a, b) => b - a);
    const contrast = (pair[0] + .05) / (pair[1] + .05);
    if (contrast < 4.5) flaws.push(`contrast ${contrast.toFixed(1)}: ${node.data}`);
    if (!getComputedStyle(e).fontFamily.includes("Inter")) flaws.push(`not in Inter: ${node.data}`);
  }
  for (const e of document.querySelectorAll(".panel *")) {
    if (!seen(e) || (e.closest("svg") && e.tagName !== "svg") || e.closest(".qr")?.contains(e) && !e.matches(".qr")) continue;
    const box = e.getBoundingClientRect(), what = `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 30)}`;
    if (box.left < panel.left - 1 || box.right > panel.right + 1 || box.top < panel.top - 1 || box.bottom > panel.bottom + 1)
      flaws.push(`outside of the panel: ${what}`);
    const clipped = getComputedStyle(e).textOverflow === "ellipsis";
    if (!clipped && e.matches("h1, p, span, button") && e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
      flaws.push(`cut off: ${what}`);
  }
  const upright = [...document.querySelectorAll("#glass h1, #glass p, #glass section, #glass ul, #glass li, #glass .row, #glass button")].filter(seen);
  for (const one of upright) for (const other of upright) {
    if (one === other || one.contains(other) || other.contains(one) || one.closest(".languages") || other.closest(".languages")) continue;
    const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
    if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1 && a.top <= b.top)
      if (one.tagName !== "P" || !one.matches(".price"))
        flaws.push(`${one.tagName} ${one.className} lies on ${other.tagName} ${other.className}`);
  }
  return flaws;
}"""


class Served:
    """A glass on a port of this machine, in a thread and a loop of its own, and the till behind it."""

    def __init__(self, kind: Any, state: State, port: int = 0) -> None:
        self.till = ScriptedTill(state)
        self._app = glass_app(
            self.till, Glass(kind, "Fitting room 4", timezone="Europe/Berlin"), dict, clock=WallClockAt()
        )
        self._server = uvicorn.Server(uvicorn.Config(self._app, port=port, log_level="warning", ws="none"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._server.serve(),))
        self._thread.start()
        wait_until(lambda: self._server.started)
        self.port = int(self._server.servers[0].sockets[0].getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}/"

    def become(self, state: State) -> None:
        self._loop.call_soon_threadsafe(self.till.become, state)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._app.state.watchers.close)
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._loop.close()


def wait_until(true: Callable[[], bool]) -> None:
    """Wait, looking every 10 ms and not longer than 20 s."""
    never = threading.Event()
    for _ in range(2000):
        if true():
            return
        never.wait(0.01)
    raise TimeoutError


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail("The glass is tested in Chromium, which is not there: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(*args: Any) -> Served:
        running.append(Served(*args))
        return running[-1]

    yield start
    for served in running:
        if served._thread.is_alive():
            served.stop()


@pytest.fixture
def look(chromium: Browser) -> Iterator[Callable[[str, str], Page]]:
    """A page on a panel of the right size; whatever it says wrong, and whomever else it asks, fails the test."""
    said: list[str] = []
    pages: list[Page] = []

    def open_page(kind: str, url: str) -> Page:
        width, height = PANELS[kind]
        page = chromium.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: request.url.startswith(url) or said.append(f"asks {request.url}"))
        page.goto(url)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert [words for words in said if "ERR_CONNECTION_REFUSED" not in words] == []


@pytest.mark.parametrize("kind", PANELS)
def test_every_screen_is_clear_large_and_whole(serve: Any, look: Any, kind: str) -> None:
    glass = serve(kind, IDLE)
    page = look(kind, glass.url)
    number, flaws = 1, {}
    for language in LANGUAGES:
        for moment, state in states(kind).items():
            number += 1
            glass.become(replace(state, number=number, language=language))
            page.wait_for_selector(f'html[data-number="{number}"][lang="{language}"]')
            found = page.evaluate(FLAWS, TARGETS[kind])
            if found:
                flaws[f"{moment}, {language}"] = found
    assert flaws == {}


@pytest.mark.parametrize("kind", PANELS)
def test_the_glass_fits_whatever_window_it_is_shown_in(serve: Any, look: Any, kind: str) -> None:
    glass = serve(kind, states(kind)["many"])
    page = look(kind, glass.url)
    for width, height in [(1440, 800), (270, 480), (390, 844)]:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(FLAWS, 0) == [], (width, height)


def test_an_item_is_bought_by_one_tap(serve: Any, look: Any) -> None:
    glass = serve("mirror", IDLE)
    page = look("mirror", glass.url)
    expect(page.locator("html")).to_have_attribute("data-screen", "attract")
    glass.become(offered(line(SWEATER), number=2))
    page.locator('[data-action="buy"]').click()
    expect(page.locator("h1:visible")).to_have_text("It’s yours")
    expect(page.locator("#glass")).to_contain_text("€59.90 is on the house account.")
    page.locator('[data-action="done"]').click()
    expect(page.locator("html")).to_have_attribute("data-screen", "attract")
    assert glass.till.taps == [(Tap.BUY, 2, None), (Tap.DONE, 3, None)]


def test_two_fast_taps_buy_once_and_a_tap_on_an_older_screen_does_nothing(serve: Any, look: Any) -> None:
    glass = serve("mirror", offered(line(SWEATER), number=5))
    page = look("mirror", glass.url)
    page.evaluate("""() => { for (let i = 0; i < 2; i++) document.querySelector('[data-action="buy"]').click(); }""")
    expect(page.locator("html")).to_have_attribute("data-screen", "done")
    assert glass.till.taps == [(Tap.BUY, 5, None)]
    answer = page.evaluate(
        """async () => (await fetch("/tap", { method: "POST", headers: { "Content-Type": "application/json" },
                                              body: '{"action":"buy","screen":5}' })).json()"""
    )
    assert answer == {"answer": "stale"}
    expect(page.locator("html")).to_have_attribute("data-number", "6")


def test_a_press_is_painted_by_the_page_itself(serve: Any, look: Any) -> None:
    page = look("mirror", serve("mirror", offered(line(SWEATER))).url)
    pressed = page.evaluate(
        """() => {
          const button = document.querySelector('[data-action="buy"]');
          button.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
          const during = getComputedStyle(button).transform;
          button.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
          return [during, getComputedStyle(button).transform];
        }"""
    )
    assert pressed == ["matrix(0.985, 0, 0, 0.985, 0, 0)", "none"]


def test_the_language_is_switched_by_a_tap(serve: Any, look: Any) -> None:
    glass = serve("shelf", replace(IDLE, offer=YIRGACHEFFE))
    page = look("shelf", glass.url)
    expect(page.locator("#time")).to_have_text("2:32\N{NARROW NO-BREAK SPACE}PM")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("h1:visible")).to_have_text("Äthiopien Yirgacheffe 250 g")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#time")).to_have_text("14:32")


def test_a_runtime_that_starts_again_is_met_by_the_same_page(serve: Any, look: Any) -> None:
    basket = offered(line(SWEATER), number=8)
    glass = serve("mirror", basket)
    page = look("mirror", glass.url)
    page.evaluate("window.neverReloaded = true")
    glass.stop()
    expect(page.locator(".away h1")).to_be_visible()
    expect(page.locator('[data-action="buy"]')).to_be_disabled()
    serve("mirror", replace(basket, number=1008), glass.port)
    expect(page.locator(".away h1")).not_to_be_visible()
    expect(page.locator('[data-action="buy"]')).to_be_enabled()
    expect(page.locator("html")).to_have_attribute("data-number", "1008")
    assert page.evaluate("window.neverReloaded")


def test_a_page_of_an_older_version_loads_itself_anew(serve: Any, look: Any) -> None:
    glass = serve("mirror", IDLE)
    page = look("mirror", glass.url)
    page.evaluate("document.documentElement.dataset.build = 'older'; window.old = true")
    with page.expect_navigation():
        glass.become(offered(line(SWEATER), number=2))
    expect(page.locator("html")).to_have_attribute("data-screen", "product")
    assert page.evaluate("window.old === undefined")


def test_a_name_full_of_markup_is_read_and_not_run(serve: Any, look: Any) -> None:
    glass = serve("mirror", IDLE)
    page = look("mirror", glass.url)
    page.on("dialog", lambda dialog: pytest.fail(f"the name ran: {dialog.message}"))
    glass.become(replace(offered(line(HOSTILE), number=2)))
    expect(page.locator("h1:visible")).to_have_text(HOSTILE.names["en"])
    assert page.locator("#glass script, #glass img").count() == 0


@pytest.mark.parametrize("kind", PANELS)
def test_the_receipt_is_read_off_the_glass(serve: Any, look: Any, kind: str) -> None:
    cv2 = pytest.importorskip("cv2", reason="reading a QR code needs the extra `camera`")
    np = pytest.importorskip("numpy", reason="reading a QR code needs the extra `camera`")
    zxingcpp = pytest.importorskip("zxingcpp", reason="reading a QR code needs the extra `camera`")
    done = states(kind)["done"]
    assert done.sold is not None
    page = look(kind, serve(kind, sold(done, done.sold.receipt)).url)
    box = page.locator(".qr").bounding_box()
    modules_px = int(page.locator(".qr").get_attribute("data-module") or 0)
    assert box is not None
    assert modules_px >= 3
    assert box["width"] == float((page.locator(".qr").get_attribute("viewBox") or "").split()[2])
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [done.sold.receipt]
