"""Every screen of every object in Chromium: nothing that axe complains of, and as it was blessed."""

import json
import random
import struct
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page

from edge.display.gallery import SMALL, Framed, blessed, firsts, framed
from edge.display.panels import Kind
from edge.display.sample_goods import euros
from edge.display.samples import samples
from edge.display.showing import screen_of
from edge.display.studio import NoBrowserError, Studio, chromium
from tests.long_form import LONG

BLESSED: Final = Path(__file__).parent / "blessed"
KINDS: Final[tuple[Kind, ...]] = ("mirror", "shelf", "tray", "panel")
AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
COMPARE: Final = (Path(__file__).parent / "compare.js").read_text(encoding="utf-8")

# WCAG 2.2 A and AA, and axe's own good practice.
RUN_AXE: Final = """
  async () => (await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"],
  })).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`)
"""

NAMELESS: Final = """
  () => {
    const button = document.querySelector("button");
    button.ariaLabel = null;
    button.replaceChildren();
  }
"""

# Besides each screen in its plainest state, in a language by chance: so many of the rest for each object.
ODD: Final = 8 if LONG else 4

# A tile of 8 by 8 points may differ by so much on average, of 255. Letters that are drawn with other hints
# come to 3 to 8; one word in the smallest letters to 15, a cent to 45.
TOLERANCE: Final = 12

# Of a hundred and more, so many in each run, and others in the next: all of them take half a minute.
COMPARED: Final = 64 if LONG else 16


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as browser:
            yield browser
    except NoBrowserError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="module")
def studio(browser: Browser) -> Iterator[Studio]:
    studio = Studio(browser)
    yield studio
    assert studio.unanswered == []


@pytest.fixture(scope="module")
def difference(browser: Browser) -> Callable[[bytes, bytes], dict[str, Any]]:
    """How far one PNG is from another."""
    page = browser.new_page()

    def compare(before: bytes, after: bytes) -> dict[str, Any]:
        pictures = [b64encode(png).decode() for png in (before, after)]
        found: dict[str, Any] = page.evaluate(COMPARE, pictures)
        return found

    return compare


def complaints(page: Page) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(RUN_AXE)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_axe_complains_of_no_screen(studio: Studio, kind: Kind) -> None:
    every = list(framed((kind,)))
    plain = {each.shot.state for each in firsts(each for each in every if each.shot.language == "en")}
    odd = random.sample(every, ODD)
    wrong = {}
    for state in sorted(plain):
        odd.append(random.choice([each for each in every if each.shot.state == state]))
    for frame in odd:
        if found := complaints(studio.show(frame)):
            wrong[frame.shot.file] = found
    assert wrong == {}


def test_axe_sees_what_is_wrong(studio: Studio) -> None:
    page = studio.show(next(framed(("mirror",), ("en",))))
    page.evaluate(NAMELESS)
    assert [each.partition(":")[0] for each in complaints(page)] == ["button-name"]


def test_the_screens_look_as_they_were_blessed(studio: Studio, difference: Any) -> None:
    changed = {}
    for frame in random.sample(blessed(), COMPARED):
        file = BLESSED / frame.shot.file
        assert file.exists(), f"{frame.shot.file} was never looked at: opos screens --bless"
        found = difference(file.read_bytes(), studio.eased(frame))
        if found["most"] > TOLERANCE:
            changed[frame.shot.file] = found
    assert changed == {}, (
        "look at them (opos screens --out DIR), then: opos screens --bless;"
        " Chinese is drawn with fonts-noto-cjk, as it was when it was blessed"
    )


def test_no_blessed_picture_is_of_a_screen_that_is_gone() -> None:
    wanted = {each.shot.file for each in blessed()}
    assert {path.relative_to(BLESSED).as_posix() for path in BLESSED.rglob("*.png")} == wanted


def small(state: str, kind: Kind = "mirror", language: str = "en") -> Framed:
    return next(each for each in framed((kind,), (language,), SMALL) if each.shot.state == state)


def test_the_same_screen_is_the_same_picture(studio: Studio, difference: Any) -> None:
    before = studio.eased(small("few"))
    studio.eased(small("many"))
    assert difference(before, studio.eased(small("few")))["most"] == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", ["many", "larger, few", "few, offline", "few, somebody is called"])
def test_a_line_a_size_and_a_word_are_seen_in_a_small_picture(
    studio: Studio, difference: Any, kind: Kind, other: str
) -> None:
    before = studio.eased(small("few", kind))
    assert difference(before, studio.eased(small(other, kind)))["most"] > TOLERANCE


@pytest.mark.parametrize("kind", KINDS)
def test_a_cent_is_seen_in_a_small_picture(studio: Studio, difference: Any, kind: Kind) -> None:
    few = small("few", kind)
    state = samples(kind)["few"].state
    assert state.total is not None
    dearer = screen_of(replace(state, total=state.total + euros(1)), few.glass)
    assert difference(studio.eased(few), studio.eased(replace(few, painted=dearer)))["most"] > TOLERANCE


def test_a_letter_with_other_hints_is_the_same_picture(studio: Studio, difference: Any) -> None:
    before = studio.eased(small("few"))
    page = studio.show(small("few"))
    page.evaluate("document.body.style.textRendering = 'auto'")
    after = studio.eased(small("few"))
    page.evaluate("document.body.removeAttribute('style')")
    assert before != after
    assert difference(before, after)["most"] <= TOLERANCE


def test_the_command_makes_a_gallery_that_is_filtered_by_its_address(
    browser: Browser, tmp_path: Path
) -> None:
    """In a process of its own: this one holds a Playwright already."""
    command = [
        sys.executable,
        "-c",
        "from edge.cli.screens import screens; screens()",
        "--out",
        str(tmp_path),
    ]
    asked = ["--object", "shelf", "--object", "mirror", "--language", "de", "--state", "attract"]
    said = subprocess.run([*command, *asked, "--scale", "0.1", "--json"], capture_output=True, check=True)
    pictures = json.loads(said.stdout)["pictures"]
    assert {(each["object"], each["language"], each["screen"]) for each in pictures} == {
        ("mirror", "de", "attract"),
        ("shelf", "de", "attract"),
    }
    for each in pictures:
        assert size_of(tmp_path / each["file"]) == (each["width_px"], each["height_px"])
    page = browser.new_page()
    page.goto(f"{(tmp_path / 'index.html').as_uri()}#object=shelf&state=offline")
    wanted = [each["file"] for each in pictures if each["object"] == "shelf" and "offline" in each["state"]]
    shown = page.locator("figure:visible a").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    assert shown == wanted
    page.get_by_role("button", name="shelf").click()
    assert page.url.endswith("#state=offline")
    assert page.locator("figure:visible").count() > len(wanted)
    assert complaints(page) == []
    page.close()


def size_of(png: Path) -> tuple[int, int]:
    """Width and height as its header says (PNG 11.2.2)."""
    width, height = struct.unpack(">II", png.read_bytes()[16:24])
    return width, height
