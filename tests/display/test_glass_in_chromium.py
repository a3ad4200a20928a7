"""The glass in a real browser: what is painted, how large, how clear, and what becomes of a tap."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect, sync_playwright

from edge.checkout.state import State, Tap
from edge.display.sample_goods import HOSTILE, IDLE, SWEATER, YIRGACHEFFE, line, offered
from edge.display.samples import states
from edge.display.screens import LANGUAGES, Glass
from edge.display.server import glass_app
from tests.display.scripted_till import ScriptedTill, WallClockAt
from tests.display.tongues import ALL, tongues

CHROMIUM: Final = Path("/usr/bin/chromium")
QUIET: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PANELS: Final = {"mirror": (1080, 1920), "shelf": (800, 480), "tray": (1920, 1080), "panel": (1920, 1080)}
# 152 px are 56 mm on a mirror of 32 inches, 96 px are 18 mm on a shelf of 7, 104 px are 18 mm on 15.6 inches.
TARGETS: Final = {"mirror": 152, "shelf": 96, "tray": 104, "panel": 104}

# What is wrong with the page as it is painted now, in sentences.
FLAWS: Final = (Path(__file__).parent / "flaws.js").read_text(encoding="utf-8")

expect.set_options(timeout=20_000)


class Served:
    """A glass on a port of this machine, in a thread and a loop of its own, and the till behind it."""

    def __init__(
        self, kind: Any, state: State, port: int = 0, *embedders: str, voice: Any = None, **glassy: Any
    ) -> None:
        self.till = ScriptedTill(state)
        glass = Glass(kind, "Fitting room 4", timezone="Europe/Berlin", **glassy)
        self._app = glass_app(self.till, glass, dict, embedders=embedders, clock=WallClockAt())
        if voice is not None:
            self._app.state.recite(voice)
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

    def start(*args: Any, **named: Any) -> Served:
        running.append(Served(*args, **named))
        return running[-1]

    yield start
    for served in running:
        if served._thread.is_alive():
            served.stop()


@pytest.fixture
def look(chromium: Browser) -> Iterator[Callable[[str, str], Page]]:
    """A page on a panel of the right size; what it complains of, and whom else it asks, fails the test."""
    said: list[str] = []
    asked: list[str] = []
    homes: list[str] = []
    pages: list[Page] = []

    def open_page(kind: str, url: str) -> Page:
        width, height = PANELS[kind]
        page = chromium.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        homes.append(url)
        page.goto(url)
        expect(page.locator("#time")).not_to_be_empty()  # the stream is open
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert [words for words in said if "ERR_CONNECTION_REFUSED" not in words] == []
    assert [url for url in asked if not url.startswith(tuple(homes))] == []


@pytest.mark.parametrize("kind", PANELS if ALL else ("mirror", "shelf", "tray"))
def test_every_screen_is_clear_large_and_whole(serve: Any, look: Any, kind: str) -> None:
    glass = serve(kind, IDLE)
    page = look(kind, glass.url)
    number, flaws = 1, {}
    for turn, (moment, state) in enumerate(states(kind).items()):
        for language in tongues(turn):
            number += 1
            glass.become(replace(state, number=number, language=language))
            page.wait_for_selector(f'html[data-number="{number}"][lang="{language}"]')
            found = page.evaluate(FLAWS, TARGETS[kind])
            if page.locator('[data-action="more"]').count():
                page.locator('[data-action="more"]').click()
                found += page.evaluate(FLAWS, TARGETS[kind])
                page.locator('[data-action="fewer"]').click()
            if found:
                flaws[f"{moment}, {language}"] = found
    assert flaws == {}


# What fills each panel most, and what stands at its top.
TRAINED: Final = (
    *("idle", "idle, with a notice", "few", "scanned, with notices", "choosing", "done", "checking"),
)


@pytest.mark.parametrize("kind", ["mirror", "shelf", "tray"])
def test_that_nothing_is_sold_stands_on_every_screen_of_a_training(serve: Any, look: Any, kind: str) -> None:
    glass = serve(kind, IDLE, training=True)
    page = look(kind, glass.url)
    number, flaws = 1, {}
    for turn, moment in enumerate(TRAINED):
        for language in tongues(turn):
            number += 1
            glass.become(replace(states(kind)[moment], number=number, language=language))
            page.wait_for_selector(f'html[data-number="{number}"][lang="{language}"]')
            expect(page.locator(".training")).to_be_visible()
            if found := page.evaluate(FLAWS, TARGETS[kind]):
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
    expect(page.locator("h1")).to_have_text("It\N{RIGHT SINGLE QUOTATION MARK}s yours")
    expect(page.locator("#glass")).to_contain_text("€59.90 is on the house account.")
    page.locator('[data-action="done"]').click()
    expect(page.locator("html")).to_have_attribute("data-screen", "attract")
    assert glass.till.taps == [(Tap.BUY, 2, None), (Tap.DONE, 3, None)]


def test_what_was_scanned_is_taken_off_and_what_was_seen_is_chosen(serve: Any, look: Any) -> None:
    choice = replace(states("panel")["idle, with a choice"], number=3)
    glass = serve("panel", replace(states("panel")["scanned"], number=2))
    page = look("panel", glass.url)
    page.get_by_role("button", name="Remove one Straight Jeans").click()
    expect(page.locator(".sent")).to_have_count(0)  # while the object is asked another tap is none
    page.get_by_role("button", name="Remove all that was scanned").click()
    wait_until(lambda: len(glass.till.taps) == 2)
    glass.become(choice)
    page.get_by_role("button", name="Lambswool Scarf").click()
    wait_until(lambda: len(glass.till.taps) == 3)
    jeans, scarf = states("panel")["scanned"].lines[1].goods, choice.candidates[1]
    assert glass.till.taps == [
        (Tap.REMOVE, 2, jeans.gtin),
        (Tap.CANCEL, 2, None),
        (Tap.CHOOSE, 3, scarf.gtin),
    ]


def test_two_fast_taps_buy_once_and_a_tap_on_an_older_screen_does_nothing(serve: Any, look: Any) -> None:
    glass = serve("mirror", offered(line(SWEATER), number=5))
    page = look("mirror", glass.url)
    page.locator('[data-action="buy"]').evaluate("button => { button.click(); button.click(); }")
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
    page.get_by_role("button", name="Language: English").click()
    page.get_by_role("button", name="Deutsch", exact=True).click()
    expect(page.locator("h1")).to_have_text("Äthiopien Yirgacheffe 250 g")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#time")).to_have_text("14:32")


def chosen(glass: Served) -> list[tuple[Tap, int, str | None]]:
    """What was tapped, besides that somebody is there."""
    return [tap for tap in glass.till.taps if tap[0] is not Tap.STAY]


def test_the_sheet_of_languages_stays_while_the_screen_changes_and_turns_it_around(
    serve: Any, look: Any
) -> None:
    glass = serve("mirror", offered(line(SWEATER), number=2))
    page = look("mirror", glass.url)
    sheet = page.locator(".tongues")
    for closed_by in ("English", "العربية"):
        page.locator('.languages [data-action="language"]').click()
        expect(sheet).to_be_visible()
        boxes = [button.bounding_box() for button in sheet.get_by_role("button").all()]
        assert len(boxes) == len(LANGUAGES)
        assert all(box is not None and box["height"] >= TARGETS["mirror"] for box in boxes)
        number = 3 + len(chosen(glass))
        glass.become(replace(offered(line(SWEATER), number=number), online=False))
        expect(page.locator("html")).to_have_attribute("data-number", str(number))
        expect(page.locator(".pill")).to_be_visible()
        expect(sheet).to_be_visible()
        sheet.get_by_role("button", name=closed_by, exact=True).click()
        expect(sheet).not_to_be_visible()
        expect(page.locator(".sent")).to_have_count(0)  # while the object is asked another tap is none
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    assert page.locator(".price").evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert chosen(glass) == [(Tap.LANGUAGE, 3, "en"), (Tap.LANGUAGE, 4, "ar")]


def test_a_runtime_that_starts_again_is_met_by_the_same_page(serve: Any, look: Any) -> None:
    basket = offered(line(SWEATER), number=8)
    glass = serve("mirror", basket)
    page = look("mirror", glass.url)
    page.evaluate("window.neverReloaded = true")
    glass.stop()
    expect(page.locator(".away .title")).to_be_visible()
    expect(page.locator('[data-action="buy"]')).to_be_disabled()
    serve("mirror", replace(basket, number=1008), glass.port)
    expect(page.locator(".away .title")).not_to_be_visible()
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
    expect(page.locator("h1")).to_have_text(HOSTILE.names["en"])
    assert page.locator("#glass script, #glass img").count() == 0


class Elsewhere(BaseHTTPRequestHandler):
    """Another page on this machine, which holds whatever its address asks for in a frame."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{self.path[1:]}" width="540" height="960"></iframe>'.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The origin of a page that is not the glass's own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_control_page_that_is_named_shows_the_glass(chromium: Browser, serve: Any, elsewhere: str) -> None:
    glass = serve("mirror", offered(line(SWEATER)), 0, elsewhere)
    page = chromium.new_page(viewport={"width": 540, "height": 960})
    page.goto(f"{elsewhere}/{glass.url}")
    frame = page.frame_locator("iframe")
    frame.locator('[data-action="buy"]').click()
    expect(frame.locator("html")).to_have_attribute("data-screen", "done")
    page.close()


def test_a_page_of_somebody_else_can_neither_show_nor_tap(
    chromium: Browser, serve: Any, elsewhere: str
) -> None:
    glass = serve("mirror", offered(line(SWEATER)), 0, "http://127.0.0.1:1")
    page = chromium.new_page(viewport={"width": 540, "height": 960})
    page.goto(f"{elsewhere}/{glass.url}")
    assert page.frame_locator("iframe").locator("[data-action]").count() == 0
    tap = """([url, mode, kind]) => fetch(url, {
        method: "POST", mode, headers: { "Content-Type": kind }, body: '{"action":"buy","screen":1}',
    }).then((answer) => answer.type, () => "refused")"""
    assert page.evaluate(tap, [f"{glass.url}tap", "cors", "application/json"]) == "refused"
    assert page.evaluate(tap, [f"{glass.url}tap", "no-cors", "text/plain"]) == "refused"
    assert glass.till.taps == []
    page.close()


@pytest.mark.parametrize("kind", PANELS)
def test_the_receipt_is_read_off_the_glass(serve: Any, look: Any, kind: str) -> None:
    cv2 = pytest.importorskip("cv2", reason="reading a QR code needs the extra `camera`")
    np = pytest.importorskip("numpy", reason="reading a QR code needs the extra `camera`")
    zxingcpp = pytest.importorskip("zxingcpp", reason="reading a QR code needs the extra `camera`")
    done = states(kind)["done"]
    assert done.sold is not None
    page = look(kind, serve(kind, done).url)
    box = page.locator(".qr").bounding_box()
    modules_px = int(page.locator(".qr").get_attribute("data-module") or 0)
    assert box is not None
    assert modules_px >= 3
    assert box["width"] == float((page.locator(".qr").get_attribute("viewBox") or "").split()[2])
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [done.sold.receipt]
