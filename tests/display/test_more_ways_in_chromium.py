"""More ways to pay than have room: a page with the others, and what a finger and keys make of it."""

import re
from collections.abc import Iterator
from typing import Any, Final, get_args

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect, sync_playwright

from edge.checkout.state import State, Tap
from edge.config import CloudSection, TenderSection
from edge.display.pages import Pages
from edge.display.panels import Kind
from edge.display.sample_payments import ALL_WAYS
from edge.display.samples import states
from edge.display.screens import LANGUAGES, Glass
from edge.display.showing import screen_of
from tests.display.test_glass_in_chromium import CHROMIUM, PANELS, QUIET, Served, wait_until

KINDS: Final[tuple[Kind, ...]] = ("mirror", "shelf", "tray", "panel")
AMONG_SEVEN: Final = "choosing between seven"
AMONG_NINE: Final = "choosing between nine"
WORDS_OF_A_WAY: Final = re.compile(r'data-action="method:([^"]+)"><span>([^<]*)</span>')

# Both halves of it at once, each on what stands there then.
DOUBLE_TAP: Final = """(button) => {
  const { x, y, width, height } = button.getBoundingClientRect();
  const [clientX, clientY] = [x + width / 2, y + height / 2];
  for (const detail of [1, 2]) {
    const click = new MouseEvent("click", { bubbles: true, detail, clientX, clientY });
    document.elementFromPoint(clientX, clientY).dispatchEvent(click);
  }
}"""


def named_by_a_file() -> set[str]:
    """Every way to pay that an object's file can name."""
    clouds = get_args(CloudSection.__annotations__["provider"])
    tags = {each.__struct_config__.tag for each in get_args(TenderSection)}
    return {str(tag) for tag in tags - {"cloud"}} | set(clouds)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


class Sight:
    """A glass, a page that looks at it, and what was tapped."""

    def __init__(self, served: Served, page: Page) -> None:
        self.served, self.page = served, page

    def button(self, action: str) -> Any:
        return self.page.locator(f'#glass [data-action="{action}"]')

    def become(self, state: State) -> None:
        self.served.become(state)
        self.page.wait_for_selector(f'html[data-number="{state.number}"]', state="attached")

    def taps(self) -> list[tuple[Tap, str | None]]:
        """What the object was told besides that somebody is there."""
        return [(tap, value) for tap, _, value in self.served.till.taps if tap is not Tap.STAY]


@pytest.fixture
def see(chromium: Browser) -> Iterator[Any]:
    """The glass of an object in a state of the samples."""
    seen: list[Sight] = []

    def start(kind: Kind, moment: str) -> Sight:
        width, height = PANELS[kind]
        page = chromium.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page.set_default_timeout(20_000)
        seen.append(Sight(Served(kind, replace(states(kind)[moment], number=5)), page))
        page.goto(seen[-1].served.url)
        expect(page.locator("#time")).not_to_be_empty()  # the stream is open
        return seen[-1]

    yield start
    for each in seen:
        each.page.close()
        each.served.stop()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_way_that_a_file_can_name_is_on_the_glass_in_words(kind: Kind, language: str) -> None:
    assert {way.name for way in ALL_WAYS} == named_by_a_file()
    glass = Glass(kind, "Fitting room 4")
    for larger in (False, True):
        state = replace(states(kind)[AMONG_SEVEN], language=language, larger=larger)
        words = dict(WORDS_OF_A_WAY.findall(Pages(glass).fragment(screen_of(state, glass))))
        assert words.keys() == named_by_a_file()
        assert not [name for name, said in words.items() if said.strip() in {"", name}]


@pytest.mark.parametrize("moment", [AMONG_SEVEN, AMONG_NINE])
@pytest.mark.parametrize("kind", KINDS)
def test_each_way_is_in_sight_on_one_of_two_pages(see: Any, kind: Kind, moment: str) -> None:
    sight = see(kind, moment)
    ways = [f"method:{way.name}" for way in states(kind)[moment].paying.ways]
    first = {action for action in ways if sight.button(action).is_visible()}
    if sight.button("more").count():
        sight.button("more").click()
    others = {action for action in ways if sight.button(action).is_visible()}
    assert first | others == set(ways)
    if kind != "shelf" and moment == AMONG_SEVEN:
        assert first == set(ways)
    else:
        assert not first & others


def test_the_sixth_way_is_tapped_on_the_page_of_the_others(see: Any) -> None:
    sight = see("shelf", AMONG_SEVEN)
    at_first = sight.button("back").bounding_box()
    sight.button("more").click()
    expect(sight.button("method:zvt")).not_to_be_visible()
    expect(sight.button("back")).not_to_be_visible()
    assert sight.button("fewer").bounding_box() == at_first  # the way back stays where it was
    sight.button("fewer").click()
    expect(sight.button("method:zvt")).to_be_visible()
    sight.button("more").click()
    sight.button("method:stripe").click()
    wait_until(lambda: sight.taps() == [(Tap.METHOD, "stripe")])


def test_the_price_and_the_unit_price_stay_where_they_are_on_the_page_of_the_others(see: Any) -> None:
    sight = see("shelf", AMONG_SEVEN)
    told = [sight.page.locator(f".paying {each}") for each in ("h1", ".lead", ".offer")]
    before = [each.bounding_box() for each in told]
    sight.button("more").click()
    expect(sight.button("fewer")).to_be_visible()
    wait_until(lambda: [each.bounding_box() for each in told] == before)


@pytest.mark.parametrize("kind", KINDS)
def test_five_keys_reach_the_others_and_the_way_back(see: Any, kind: Kind) -> None:
    sight = see(kind, AMONG_NINE)
    focus = "document.activeElement.dataset.action"

    def walk_to(action: str) -> None:
        for _ in range(20):
            sight.page.keyboard.press("ArrowDown")
            if sight.page.evaluate(focus) == action:
                return
        pytest.fail(f"no key leads to {action}")

    walk_to("more")
    sight.page.keyboard.press("Enter")
    later = next(way.name for way in states(kind)[AMONG_NINE].paying.ways[4 if kind == "shelf" else 6 :])
    expect(sight.button(f"method:{later}")).to_be_focused()
    walk_to("fewer")
    sight.page.keyboard.press("Enter")
    expect(sight.button("method:zvt")).to_be_focused()  # the filled button of the first page
    walk_to("more")
    sight.page.keyboard.press("Enter")
    walk_to("method:blik")
    sight.page.keyboard.press("Enter")
    wait_until(lambda: sight.taps() == [(Tap.METHOD, "blik")])


def test_a_touch_that_only_turns_the_page_says_that_somebody_is_there(see: Any) -> None:
    sight = see("shelf", AMONG_SEVEN)
    sight.button("more").click()
    wait_until(lambda: sight.served.till.taps == [(Tap.STAY, 5, None)])
    sight.button("fewer").click()
    wait_until(lambda: len(sight.served.till.taps) > 1)
    assert sight.served.till.taps == [(Tap.STAY, 5, None)] * 2


def test_a_double_tap_on_the_way_back_stops_no_purchase_of_which_a_part_is_paid(see: Any) -> None:
    """What gives the money back stands where the way to the first page stood a moment ago."""
    sight = see("shelf", "choosing between nine, a part is paid")
    sight.button("more").click()
    sight.button("fewer").evaluate(DOUBLE_TAP)
    expect(sight.button("cancel")).to_be_visible()
    assert sight.page.evaluate("asking") is False
    wait_until(lambda: bool(sight.page.evaluate("performance.now() - turned.now_ms > DOUBLE_MS")))
    assert sight.taps() == []
    sight.button("cancel").click()
    wait_until(lambda: sight.taps() == [(Tap.CANCEL, None)])


def test_a_page_is_turned_by_a_press_that_lasts(see: Any) -> None:
    """Nothing that is said of a touch before it is over paints the button anew under the finger."""
    sight = see("shelf", AMONG_SEVEN)
    sight.button("more").hover()
    sight.page.mouse.down()
    sight.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert sight.served.till.taps == []
    sight.page.mouse.up()
    expect(sight.button("method:stripe")).to_be_visible()


def test_the_sheet_of_languages_is_opened_by_somebody_who_is_there(see: Any) -> None:
    sight = see("shelf", AMONG_SEVEN)
    sight.page.locator('.languages [data-action="language"]').click()
    expect(sight.page.locator(".tongues")).to_be_visible()
    wait_until(lambda: sight.served.till.taps == [(Tap.STAY, 5, None)])


def test_the_page_of_the_others_stays_while_they_are_chosen_from_and_is_gone_with_the_screen(
    see: Any,
) -> None:
    sight, among = see("shelf", AMONG_SEVEN), states("shelf")[AMONG_SEVEN]
    sight.button("more").click()
    sight.become(replace(among, number=6, language="ar"))
    expect(sight.button("method:stripe")).to_be_visible()
    sight.become(replace(states("shelf")["choosing, and nobody is there"], number=7))
    expect(sight.button("stay")).to_be_visible()
    sight.become(replace(among, number=8))
    expect(sight.button("method:stripe")).to_be_visible()
    few = states("shelf")["choosing between two"]  # the network is away: what is left has room
    sight.become(replace(few, number=9))
    expect(sight.button("method:zvt")).to_be_visible()
    expect(sight.button("back")).to_be_visible()
    sight.become(replace(states("shelf")["few"], number=10))
    sight.become(replace(among, number=11))
    expect(sight.button("method:zvt")).to_be_visible()
    expect(sight.button("method:stripe")).not_to_be_visible()
