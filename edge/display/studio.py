"""The studio: Chromium with the real page of a glass on it, fed by hand, and a camera in front of it."""

import shutil
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Browser, Page, Route, sync_playwright

from edge.display.gallery import PANELS_PX, Framed
from edge.display.geometry import css
from edge.display.guard import policy
from edge.display.pages import ROOM, STATIC, Pages
from edge.display.panels import LAYOUTS
from edge.display.samples import Moment
from edge.display.screens import Glass, Screen
from retail.locale import clock_time

# Nothing is downloaded: whichever of them the machine has.
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")

_QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A loopback name, as on the object; every request to it is answered here, and none leaves the browser.
_HOME: Final = "http://127.0.0.1/"

_SAMPLE: Final = ROOM / "sample.svg"

# Half past two in Berlin on a Sunday in March: what stands on the glass is the same on every day.
_NOW_MS: Final = 1_772_976_720_000

# The page listens to us as it would listen to the object.
_STREAM: Final = """
  window.hear = {};
  window.EventSource = class {
    static CLOSED = 2;
    addEventListener(name, listen) { window.hear[name] = listen; }
    close() {}
  };
"""
_SHOW: Final = """
  async ([fragment, time, moment]) => {
    document.querySelector(":popover-open")?.hidePopover();
    delete document.documentElement.dataset.turned;
    hear.screen({ data: fragment });
    hear.beat({ data: time });
    if (moment === "away") hear.error();
    if (moment === "more") document.querySelector("[data-action=more]").click();
    if (moment === "languages") document.querySelector("[popovertarget]")?.click();
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => image.decode().catch(() => null)));
  }
"""

# Sixteen levels of each colour are enough to see what moved, and make a file half as large.
_POINTS: Final = """
  async (png) => {
    const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const paper = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    paper.drawImage(picture, 0, 0);
    const { data } = paper.getImageData(0, 0, picture.width, picture.height);
    const levels = Array.from(data.filter((_, at) => at % 4 < 3), (level) => Math.round(level / 17) * 17);
    return [picture.width, picture.height, btoa(levels.map((level) => String.fromCharCode(level)).join(""))];
  }
"""


class NoBrowserError(RuntimeError):
    """There is no Chromium on this machine."""

    def __init__(self) -> None:
        super().__init__("Chromium takes the pictures, and is not there: sudo apt-get install chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's own Chromium; raises NoBrowserError where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise NoBrowserError
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


class Studio:
    """One page for each glass that is pictured, at the size of its panel."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._stages: dict[Glass, _Stage] = {}
        self._table = browser.new_page(viewport={"width": 1280, "height": 800})

    def show(self, frame: Framed) -> Page:
        """The page with this screen on it, as a shopper would see it."""
        if frame.glass not in self._stages:
            self._stages[frame.glass] = _Stage(self._browser, frame.glass, frame.painted)
        return self._stages[frame.glass].show(frame.painted, frame.moment)

    @property
    def unanswered(self) -> list[str]:
        """What the page asked for and nobody here has: a picture would lack it."""
        return [path for stage in self._stages.values() for path in stage.unanswered]

    def picture(self, frame: Framed) -> bytes:
        """The screen as a PNG, as wide as its frame says."""
        self.show(frame)
        return self._stages[frame.glass].picture(frame.shot.width_px)

    def eased(self, frame: Framed) -> bytes:
        """The same in fewer colours, packed as tightly as it goes."""
        width, height, points = self._table.evaluate(_POINTS, b64encode(self.picture(frame)).decode("ascii"))
        return _png(width, height, b64decode(points))

    def sheet(self, html: str) -> bytes:
        """A page that needs nothing but itself, as long as it is, as a PNG."""
        self._table.set_content(html)
        return self._table.screenshot(full_page=True)


def _png(width: int, height: int, points: bytes) -> bytes:
    """Red, green and blue of every point as a PNG; flat colours want no filters (PNG 12.7)."""
    rows = b"".join(b"\0" + points[at : at + 3 * width] for at in range(0, 3 * width * height, 3 * width))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


class _Stage:
    """The page of one glass, and the line to it."""

    def __init__(self, browser: Browser, glass: Glass, first: Screen) -> None:
        self._pages = Pages(glass, lambda _sha256: True)
        self.unanswered: list[str] = []
        self._glass = glass
        self._html = self._pages.page(first, self._pages.fragment(first))
        self._width_px, self._height_px = PANELS_PX[LAYOUTS[glass.kind]]
        context = browser.new_context(
            viewport={"width": self._width_px, "height": self._height_px}, reduced_motion="reduce"
        )
        context.add_init_script(_STREAM)
        self._page = context.new_page()
        self._page.route("**/*", self._answer)
        self._page.goto(_HOME)
        self._lens = context.new_cdp_session(self._page)

    def show(self, screen: Screen, moment: Moment) -> Page:
        time = clock_time(_NOW_MS, self._glass.timezone, screen.language)
        self._page.evaluate(_SHOW, [self._pages.fragment(screen), time, moment])
        return self._page

    def picture(self, width_px: int) -> bytes:
        """What stands on the page now, by the browser's own protocol: twice as fast as Playwright's word."""
        scale = width_px / self._width_px
        clip = {"x": 0, "y": 0, "width": self._width_px, "height": self._height_px, "scale": scale}
        taken: dict[str, Any] = self._lens.send("Page.captureScreenshot", {"format": "png", "clip": clip})
        return b64decode(taken["data"])

    def _answer(self, route: Route) -> None:
        """What the object would answer; every picture of goods is of the same shirt."""
        path = route.request.url.removeprefix(_HOME)
        file = STATIC / path.removeprefix("static/")
        if not path:
            headers = {"content-security-policy": policy(())}
            route.fulfill(body=self._html, content_type="text/html; charset=utf-8", headers=headers)
        elif path == "panel.css":
            route.fulfill(body=css(self._glass.drawn), content_type="text/css")
        elif path == "tap":
            route.fulfill(json={"answer": "accepted"})
        elif path.startswith("picture/"):
            route.fulfill(path=_SAMPLE)
        elif path.startswith("static/") and file.parent == STATIC and file.exists():
            route.fulfill(path=file)
        else:
            self.unanswered.append(path)
            route.fulfill(status=404)
