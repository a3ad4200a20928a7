"""The glass for whoever sees, reaches, hears or taps otherwise, measured in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect, sync_playwright

from edge.checkout.state import Tap
from edge.display.geometry import PRIMARY_MM, SIZES, TARGET_MM, Panel, geometry
from edge.display.pages import Pages
from edge.display.panels import LAYOUTS, Kind
from edge.display.sample_goods import IDLE, SWEATER, line, offered
from edge.display.samples import states
from edge.display.screens import LANGUAGES, Glass
from edge.display.showing import screen_of
from edge.display.voice import VOICES
from tests.display.test_glass_in_chromium import CHROMIUM, PANELS, QUIET, Served, wait_until
from tests.display.tongues import ALL
from tests.long_form import one_of

MEASURE: Final = (Path(__file__).parent / "reach.js").read_text(encoding="utf-8")
KINDS: Final[tuple[Kind, ...]] = ("mirror", "shelf", "tray", "panel")
# A panel has the layout of a tray: what holds for one holds for the other.
LAID_OUT: Final[tuple[Kind, ...]] = KINDS if ALL else ("mirror", "shelf", "tray")
# 32, 7 and 15.6 inches: what the layouts are drawn for; and the smallest panels that they are enlarged for.
WIDTHS_MM: Final[dict[Kind, tuple[int, int]]] = {
    "mirror": (398, 140),
    "shelf": (154, 150),
    "tray": (344, 244),
    "panel": (344, 244),
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def show(chromium: Browser) -> Iterator[Any]:
    """A glass of an object and a page that looks at it."""
    served: list[Served] = []
    pages: list[Page] = []

    def start(kind: Kind, state: Any = IDLE, motion: Any = "reduce", **glassy: Any) -> tuple[Served, Page]:
        served.append(Served(kind, state, **glassy))
        width, height = PANELS[kind]
        page = chromium.new_page(viewport={"width": width, "height": height}, reduced_motion=motion)
        page.set_default_timeout(20_000)
        pages.append(page)
        page.goto(served[-1].url)
        expect(page.locator("#time")).not_to_be_empty()  # the stream is open
        return served[-1], page

    yield start
    for page in pages:
        page.close()
    for each in served:
        each.stop()


def measured(page: Page, glass: Glass, *, larger: bool, language: str) -> dict[str, dict[str, Any]]:
    """What a finger and an eye find on every screen, or on every second one, by its name."""
    pages, moments = Pages(glass), dict(one_of(2, [*states(glass.kind).items()]))
    fragments = [
        pages.fragment(screen_of(replace(state, language=language, larger=larger), glass))
        for state in moments.values()
    ]
    return dict(zip(moments, page.evaluate(MEASURE, fragments), strict=True))


@pytest.mark.parametrize("size", [0, 1], ids=["as drawn", "smallest"])
@pytest.mark.parametrize("kind", LAID_OUT)
def test_every_control_is_large_enough_in_millimetres(show: Any, kind: Kind, size: int) -> None:
    """On every screen, as it is and in larger letters, in the languages with the longest words."""
    width_mm, layout = WIDTHS_MM[kind][size], LAYOUTS[kind]
    drawn = geometry(layout, Panel(width_mm))
    assert drawn.flaws == ()
    glass = Glass(kind, "Fitting room 4", drawn=drawn, voices=tuple(VOICES))
    _, page = show(kind, drawn=drawn, voices=glass.voices)
    mm, sizes, flaws = width_mm / sizes_px(kind), SIZES[layout], {}
    highest_px = min(sizes.highest * drawn.scale_permille // 1000, sizes.height)
    for larger in (False, True):
        for language in LANGUAGES if ALL else ("ar",) if larger and not size else ("de",):
            for moment, found in measured(page, glass, larger=larger, language=language).items():
                right = (
                    found["target"] * mm >= TARGET_MM - 0.01
                    and found["primary"] * mm >= PRIMARY_MM - 0.01
                    and found["highest"] <= highest_px + 1
                    and found["contrast"] >= (7 if larger else 4.5)
                    and not found["outside"]
                )
                if not right:
                    flaws[f"{moment}, {language}, {larger=}"] = found
    assert flaws == {}


def sizes_px(kind: Kind) -> int:
    """The width of an object's panel in its own pixels."""
    return PANELS[kind][0]


@pytest.mark.parametrize("kind", ["tray", "panel"])
def test_a_panel_that_hangs_high_has_its_header_where_a_seated_hand_reaches(show: Any, kind: Kind) -> None:
    drawn = geometry("wide", Panel(344, 1030))
    glass = Glass(kind, "Fitting room 4", drawn=drawn, voices=tuple(VOICES))
    _, page = show(kind, drawn=drawn, voices=glass.voices)
    found = measured(page, glass, larger=False, language="de")
    assert max(each["highest"] for each in found.values()) <= SIZES["wide"].low
    assert [moment for moment, each in found.items() if each["outside"]] == []


@pytest.mark.parametrize("kind", KINDS)
def test_larger_letters_are_larger_by_a_third_and_gone_by_a_second_tap(show: Any, kind: Kind) -> None:
    _, page = show(kind, states(kind)["few"])

    def letters() -> dict[str, float]:
        sizes: dict[str, float] = page.evaluate(
            """() => Object.fromEntries([".lines .name", ".details", ".facts"].flatMap((what) => {
                 const e = document.querySelector(`#glass ${what}`);
                 return e ? [[what, parseFloat(getComputedStyle(e).fontSize)]] : [];
               }))"""
        )
        return sizes

    before = letters()
    page.locator('[data-action="larger"]').click()
    expect(page.locator("html")).to_have_attribute("data-larger", "yes")
    after = letters()
    assert before
    assert {what: after[what] / size for what, size in before.items() if after[what] / size < 1.25} == {}
    page.locator('[data-action="larger"]').click()
    expect(page.locator("html")).to_have_attribute("data-larger", "no")
    assert letters() == before


@pytest.mark.parametrize("kind", ["mirror", "shelf", "tray"])
def test_a_glass_of_high_contrast_is_at_least_seven_to_one(show: Any, kind: Kind) -> None:
    glass = Glass(kind, "Fitting room 4", contrast=True)
    _, page = show(kind, contrast=True)
    found = measured(page, glass, larger=False, language="en")
    assert {moment: each["contrast"] for moment, each in found.items() if each["contrast"] < 7} == {}


WALK: Final = """(fragments) => fragments.map((html) => {
    const box = document.createElement("template");
    box.innerHTML = html;
    document.getElementById("glass").replaceChildren(box.content.firstElementChild);
    const all = [...document.querySelectorAll("#glass button:enabled")].filter((b) => b.checkVisibility());
    const reached = new Set();
    for (const _ of all) {
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }));
      reached.add(document.activeElement);
    }
    return all.filter((button) => !reached.has(button)).map((button) => button.dataset.action);
})"""


@pytest.mark.parametrize("kind", LAID_OUT)
def test_keys_reach_every_control_of_every_screen(show: Any, kind: Kind) -> None:
    glass = Glass(kind, "Fitting room 4", voices=tuple(VOICES))
    _, page = show(kind, voices=glass.voices)
    pages, moments = Pages(glass), dict(one_of(2, [*states(kind).items()]))
    fragments = [pages.fragment(screen_of(state, glass)) for state in moments.values()]
    page.route("**/tap", lambda route: route.fulfill(json={"answer": "accepted"}))
    missed = dict(zip(moments, page.evaluate(WALK, fragments), strict=True))
    assert {moment: controls for moment, controls in missed.items() if controls} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_pad_of_five_keys_buys(show: Any, kind: Kind) -> None:
    """Up, down, left, right and the middle one: what such a pad sends as a keyboard."""
    served, page = show(kind, offered(line(SWEATER, 2), number=3))
    page.keyboard.press("ArrowDown")
    focused = page.evaluate(
        """() => {
          const style = getComputedStyle(document.activeElement);
          return [document.activeElement.dataset.action, style.outlineStyle, parseFloat(style.outlineWidth)];
        }"""
    )
    assert focused[:2] == ["buy", "solid"]
    assert focused[2] >= 3
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-screen", "done")
    assert page.evaluate("document.activeElement.dataset.action") == "done"
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-screen", "attract")
    assert [tap for tap, _, _ in served.till.taps if tap is not Tap.STAY] == [Tap.BUY, Tap.DONE]


def test_the_focus_stays_on_its_control_when_the_screen_changes(show: Any) -> None:
    served, page = show("mirror", offered(line(SWEATER), number=3))
    page.keyboard.press("ArrowUp")
    page.locator('[data-action="larger"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-larger", "yes")
    assert page.evaluate("document.activeElement.dataset.action") == "larger"
    served.become(replace(offered(line(SWEATER, 2), number=4), larger=True))
    expect(page.locator("html")).to_have_attribute("data-number", "4")
    assert page.evaluate("document.activeElement.dataset.action") == "larger"


def test_whoever_touches_the_glass_anywhere_is_still_there_and_longer_with_a_hand_on_it(show: Any) -> None:
    served, page = show("mirror", offered(line(SWEATER), number=3))
    page.clock.install()
    page.mouse.move(540, 300)
    page.mouse.down()
    wait_until(lambda: served.till.taps == [(Tap.STAY, 3, None)])
    page.clock.run_for(11_000)
    wait_until(lambda: len(served.till.taps) == 3)
    page.mouse.up()
    page.clock.run_for(60_000)
    page.mouse.click(540, 300)
    wait_until(lambda: len(served.till.taps) == 4)
    assert {tap for tap, _, _ in served.till.taps} == {Tap.STAY}


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_still_moves_against_burn_in_unless_nothing_may_move(show: Any, kind: Kind) -> None:
    moving = "getComputedStyle(document.getElementById('glass')).animationName"
    _, page = show(kind, motion="no-preference")
    assert page.evaluate(moving) == "drift"
    _, still = show(kind)
    assert still.evaluate(moving) == "none"


class Written:
    """A voice that writes down what it is asked for."""

    def __init__(self) -> None:
        self.said: list[str | None] = []

    def say(self, words: str, language: str) -> None:
        self.said.append(f"{language}: {words}")

    def hush(self) -> None:
        self.said.append(None)


def test_a_screen_is_read_aloud_by_a_tap_and_hushed_by_another(show: Any) -> None:
    voice = Written()
    _, page = show("shelf", offered(line(SWEATER, 2), number=3), voice=voice, voices=tuple(VOICES))
    page.get_by_role("button", name="Read aloud").click()
    wait_until(lambda: len(voice.said) == 1)
    assert str(voice.said[0]).startswith("en: You took 2 items.")
    page.locator('[data-action="buy"]').click()
    wait_until(lambda: len(voice.said) == 2)
    assert "It\N{RIGHT SINGLE QUOTATION MARK}s yours." in str(voice.said[1])
    page.get_by_role("button", name="Read aloud").click()
    wait_until(lambda: voice.said[-1] is None)
