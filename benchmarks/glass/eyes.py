"""The eyes in front of a glass: a page in Chromium that notes when a press and a result were painted."""

import gzip
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Page, Response

# The second frame after a change begins when the first one has been handed to the panel: at most one frame
# of 16.7 ms later than it was seen.
_PROBE: Final = """
  window.seen = { presses: [], results: [] };
  (() => {
    let tapped = null;
    const frame = requestAnimationFrame;
    const painted = (note) => frame(() => frame(() => note(performance.now())));
    addEventListener("pointerdown", (event) => {
      if (event.target.closest?.("button")) painted((now) => seen.presses.push(now - event.timeStamp));
    }, true);
    addEventListener("click", (event) => {
      const button = event.target.closest?.("button");
      const from = document.documentElement.dataset.screen;
      if (button) tapped = { action: button.dataset.action, at: event.timeStamp, from };
    }, true);
    new MutationObserver(() => {
      const { screen } = document.documentElement.dataset;
      // That it is under way is no result yet.
      if (!tapped || screen === tapped.from || screen === "wait") return;
      const { action, at } = tapped;
      tapped = null;
      painted((now) => seen.results.push([action, now - at]));
    }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-screen"] });
  })();
"""
_BACK: Final = """
  (number) => {
    const { away, number: now } = document.documentElement.dataset;
    return away === undefined && now !== undefined && now !== number;
  }
"""
PATIENCE_MS: Final = 60_000


@contextmanager
def eyes(browser: Browser, url: str) -> Iterator[Page]:
    """A page of the size of a panel that looks at `url`."""
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(_PROBE)
    page.goto(url)
    yield page
    page.close()


def tap(page: Page, action: str) -> None:
    """Press the control of that name, and wait until another screen is painted in answer."""
    before = page.evaluate("seen.results.length")
    page.locator(f'#glass [data-action="{action}"]').first.click()
    page.wait_for_function("(before) => seen.results.length > before", arg=before)


def presses_ms(page: Page) -> list[float]:
    """From each press to the frame that shows it."""
    found: list[float] = page.evaluate("seen.presses")
    return found


def results_ms(page: Page, action: str) -> list[float]:
    """From each tap on that control to the frame that shows what it brought."""
    found: list[tuple[str, float]] = page.evaluate("seen.results")
    return [took_ms for tapped, took_ms in found if tapped == action]


def number(page: Page) -> str:
    """The number of the screen that is painted."""
    found: str = page.evaluate("document.documentElement.dataset.number ?? null")
    return found


def back_ms(page: Page, before: str, began_s: float) -> float:
    """From `began_s` until the page shows a newer screen than `before`, and everything can be tapped."""
    page.wait_for_function(_BACK, arg=before)
    return (time.perf_counter() - began_s) * 1e3


def page_kb(browser: Browser, url: str) -> float:
    """All that the page is made of, each file packed by gzip, in thousands of bytes."""
    heard: list[Response] = []
    page = browser.new_page()
    page.on("response", lambda answer: heard.append(answer))  # noqa: PLW0108  a builtin takes no mark
    page.goto(url, wait_until="load")
    files = [each for each in heard if not each.url.endswith("/events")]
    packed = sum(len(gzip.compress(each.body(), mtime=0)) for each in files)
    page.close()
    return packed / 1e3
