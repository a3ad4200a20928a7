"""The hub's page of a receipt on a phone and a desk, by day and by night: clear, whole, not squeezed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Browser, Page

from cloud_sync.hub.receipts.finding import Found
from cloud_sync.hub.receipts.sheet import PAGE_WORDS, STYLE, page
from edge.display.studio import NoBrowserError, chromium
from retail.receipt import Slip, SlipDiscount, SlipKind, SlipLine, SlipPayment, SlipTax
from retail.units import Money

FLAWS: Final = (Path(__file__).parents[2] / "verify" / "flaws.js").read_text(encoding="utf-8")
GLASSES: Final = {"a small phone": (320, 640), "a phone": (390, 844), "a desk": (1280, 800)}
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
# In how many lines the words of the first cell of a row are.
LINES: Final = """(cell) => {
  const words = document.createRange();
  words.selectNodeContents(cell);
  return new Set([...words.getClientRects()].map((box) => Math.round(box.top))).size;
}"""


def euros(cents: int) -> Money:
    return Money(cents, "EUR")


def found(language: str = "en", **changes: Any) -> Found:
    """A sale with all that can stand on a receipt."""
    discount = SlipDiscount("Three for the price of two, all this week", euros(1150))
    told: dict[str, Any] = {
        "shop": "Corner Coffee",
        "number": "K7QM-0031",
        "business_date": "2026-03-08",
        "clock_time": "14:32",
        "language": language,
        "lines": (
            SlipLine("Ethiopia Yirgacheffe 250 g", 3, euros(1150), euros(2300), (discount,)),
            SlipLine("Extraordinarilylongandunbrokenproductname" * 2, 1, euros(24_900), euros(24_900)),
        ),
        "taxes": (SlipTax(1900, euros(27_200), euros(4_343)),),
        "total": euros(27_200),
        "payments": (
            SlipPayment("wallet", euros(1200)),
            SlipPayment("zvt", euros(26_000), "Visa 4242", "17"),
        ),
        "imprint": ("1 Main Street, Dublin", "VAT IE 1234567A"),
        "terminal": ("K-U-N-D-E-N-B-E-L-E-G", "VISA ####4242   260,00 EUR"),
        "signed": "x" * 43,
        "fiscal": "TSE 12;" + "s" * 120,
    }
    return Found("mirror-4", 7, "x" * 43, Slip(**told | changes))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as browser:
            yield browser
    except NoBrowserError as error:
        pytest.fail(str(error))


@pytest.fixture
def shown(browser: Browser) -> Iterator[Page]:
    with browser.new_page() as shown:
        yield shown


def flaws(shown: Page) -> dict[str, list[str]]:
    wrong = {}
    for glass, (width, height) in GLASSES.items():
        shown.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            shown.emulate_media(color_scheme=scheme)
            wrong[f"{glass}, {scheme}"] = shown.evaluate(FLAWS)
    return {where: what for where, what in wrong.items() if what}


@pytest.mark.parametrize(
    "changes",
    [{}, {"kind": SlipKind.CREDIT, "credited": "K7QM-0027"}, {"training": True}, {"tax_added": True}],
)
def test_every_receipt_is_clear_and_whole_by_day_and_by_night(shown: Page, changes: dict[str, Any]) -> None:
    shown.set_content(page(found(**changes), style=STYLE, mail="/mail", link="https://hub.example/r/"))
    assert flaws(shown) == {}


@pytest.mark.parametrize("language", PAGE_WORDS)
def test_it_is_clear_and_whole_in_every_language(shown: Page, language: str) -> None:
    shown.set_content(page(found(language), style=STYLE, mail="/mail"))
    assert flaws(shown) == {}


def test_a_name_has_all_the_room_that_its_amount_leaves(shown: Page) -> None:
    shown.set_viewport_size({"width": 390, "height": 844})
    shown.set_content(page(found(kind=SlipKind.CREDIT), style=STYLE))
    for row in (".goods", ".number", ".tax", ".paid"):
        assert shown.locator(f"{row} td").first.evaluate(LINES) == 1, row


def test_by_night_it_is_dark(shown: Page) -> None:
    shown.set_content(page(found(), style=STYLE, mail="/mail"))
    ground = (
        "[document.body, document.querySelector('table')].map((e) => getComputedStyle(e).backgroundColor)"
    )
    shown.emulate_media(color_scheme="light")
    by_day = shown.evaluate(ground)
    shown.emulate_media(color_scheme="dark")
    assert by_day == ["rgb(246, 245, 241)", "rgb(255, 255, 255)"]
    assert shown.evaluate(ground) == ["rgb(15, 18, 20)", "rgb(26, 30, 34)"]


def test_the_lines_of_a_terminal_keep_their_columns_where_the_language_turns_around(shown: Page) -> None:
    shown.set_content(page(found("ar"), style=STYLE))
    lines = shown.locator(".terminal bdi").all()
    boxes = [box for line in lines if (box := line.bounding_box()) is not None]
    assert len(boxes) == 2
    assert boxes[0]["x"] == boxes[1]["x"]
