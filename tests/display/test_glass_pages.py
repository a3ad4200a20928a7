"""Every screen of every object in every language, as the HTML that the page is sent."""

import re
import shutil
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from edge.display.pages import ROOM, Pages, qr
from edge.display.panels import Kind
from edge.display.sample_goods import ENDLESS, HOSTILE, line, offered
from edge.display.samples import states
from edge.display.screens import LANGUAGES, Glass, Staff, name_of
from edge.display.showing import screen_of
from tests.display.product_controls import draws_rows, main_of, picks
from tests.display.scripted_till import controls, staff_controls
from tests.display.tongues import tongues

KINDS: Final[tuple[Kind, ...]] = ("mirror", "shelf", "tray", "panel")
PAGES = {kind: Pages(Glass(kind, "Fitting room <4>")) for kind in KINDS}
EVERY = [
    (kind, moment, language)
    for kind in KINDS
    for turn, moment in enumerate(states(kind))
    for language in tongues(turn)
]
ACTIONS = {"done": "done"}
VOID = {"meta", "link", "img", "br", "hr"}


class Reader(HTMLParser):
    """Reads a page strictly: elements in order with their attributes, and every one of them closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def having(self, attribute: str) -> list[str | None]:
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


@cache
def painted(kind: Kind, moment: str, language: str = "en") -> str:
    state = replace(states(kind)[moment], language=language, number=41)
    return PAGES[kind].fragment(screen_of(state, PAGES[kind]._glass))


@pytest.mark.parametrize(("kind", "moment", "language"), EVERY)
def test_a_screen_names_itself_its_number_and_its_controls(kind: Kind, moment: str, language: str) -> None:
    read = Reader(painted(kind, moment, language))
    name = name_of(screen_of(states(kind)[moment], PAGES[kind]._glass))
    assert (read.having("data-screen"), read.having("data-number")) == ([name], ["41"])
    screen = screen_of(states(kind)[moment], PAGES[kind]._glass)
    wanted = controls(kind, moment) or main_of(screen) or ([ACTIONS[name]] if name in ACTIONS else [])
    rows = [row.remove for row in getattr(screen, "lines", ()) if row.remove] if draws_rows(screen) else []
    cancels = screen.cancels and not (kind == "shelf" and screen.notices)  # it has room for one of the two
    extra = [
        *["choose"] * len(screen.choices),
        *["remove"] * len(rows),
        *["cancel"] * cancels,
        *picks(screen),
    ]
    calls = staff_controls(screen.work) if isinstance(screen, Staff) else ["staff"]
    tongues = ["language"] * (1 + len(LANGUAGES))  # what opens the sheet, and each language on it
    everywhere = ["larger", *tongues]
    assert sorted(map(str, read.having("data-action"))) == sorted([*wanted, *extra, *calls, *everywhere])
    values = [*(choice.gtin for choice in screen.choices), *rows]
    assert read.having("data-value") == [*values, *LANGUAGES]


@pytest.mark.parametrize(("kind", "moment", "language"), EVERY)
def test_a_screen_has_at_most_one_filled_button(kind: Kind, moment: str, language: str) -> None:
    classes = Reader(painted(kind, moment, language)).having("class")
    assert len([each for each in classes if each == "main"]) <= 1


@pytest.mark.parametrize(("kind", "moment", "language"), EVERY)
def test_a_screen_has_an_icon_and_a_title_in_words(kind: Kind, moment: str, language: str) -> None:
    html = painted(kind, moment, language).partition('<div class="away"')[0]
    assert re.search(r"<h1[^>]*>(<bdi>)?[^<]*\w", html)
    assert '<use href="#icon-' in html


def test_every_icon_that_is_asked_for_is_drawn_and_none_is_drawn_for_nothing() -> None:
    page = PAGES["mirror"].page(screen_of(states("mirror")["idle"], PAGES["mirror"]._glass), "")
    trains = Glass("mirror", "Fitting room <4>", training=True)
    training = Pages(trains).fragment(screen_of(states("mirror")["idle"], trains))
    speaks = Glass("mirror", "Fitting room <4>", voices=("en",))
    spoken = Pages(speaks).fragment(screen_of(states("mirror")["idle"], speaks))
    fragments = [training, spoken, *(painted(*moment) for moment in EVERY)]
    asked = {icon for each in fragments for icon in re.findall(r'href="#(icon-[a-z]+)"', each)}
    assert asked == set(re.findall(r'<symbol id="([a-z-]+)"', page))


# No price book, no offer, a product whose book leaves it out, and a sale whose goods are gone for a blink.
WITHOUT = {"unpaired", "nothing left", "hostile", "product, hostile", "recording, the goods have left"}


UNIT_PRICES = r"46[.,]00|987[.,]65"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("moment", sorted(set(states("shelf")) - WITHOUT))
def test_the_shelf_keeps_the_unit_price_in_sight(moment: str, language: str) -> None:
    text = Reader(painted("shelf", moment, language)).text
    price = rf"({UNIT_PRICES})\N{{NO-BREAK SPACE}}?€? ?/ ?(kg|千克|كغ)"
    assert re.search(price, text)


NO_LINE_FITS = {
    "en": "36 items",
    "zh-Hans": "36 件",
    "de": "36 Artikel",
    "es": "36 artículos",
    "ar": "36 قطعة",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_no_line_fits_there_is_nothing_that_the_rest_would_be_more_than(language: str) -> None:
    rest = painted("panel", "scanned, with notices", language).partition('<li class="rest">')[2]
    said = Reader(f"<li>{rest.partition('</li>')[0]}</li>").text
    assert said.strip().startswith(NO_LINE_FITS[language])


MONEY = [
    ("mirror", "few", "€59.90"),
    ("mirror", "few, one way to pay", "Goes on the house account"),
    ("mirror", "few", "incl. 19% VAT €9.56"),
    ("mirror", "few", "4 in this shop"),
    ("mirror", "done", "€59.90 is on the house account."),
    ("mirror", "done", "It\N{RIGHT SINGLE QUOTATION MARK}s yours"),
    ("mirror", "done", "K7QM-0031"),
    ("mirror", "disagree", "Nothing was charged"),
    ("mirror", "closed", "Please buy at the till"),
    ("mirror", "closed", "Nothing was charged."),
    ("mirror", "closed after a sale", "€59.90 is on the house account."),
    ("shelf", "idle", "€11.50"),
    ("shelf", "idle", "6 on this shelf"),
    ("shelf", "many", "You took 3 items"),
    ("shelf", "many", "Put one back to remove it."),
    ("shelf", "many", "€32.90"),
    ("shelf", "disagree", "Tag and weight differ: put the item back once."),
    ("shelf", "foreign item", "does not belong here"),
    ("shelf", "closed with a basket", "Nothing was charged"),
]


@pytest.mark.parametrize(("kind", "moment", "words"), MONEY)
def test_the_shopper_reads(kind: Kind, moment: str, words: str) -> None:
    assert words in Reader(painted(kind, moment)).text


NEVER = [
    ("mirror", "checking", "Nothing was charged"),
    ("shelf", "checking", "Nothing was charged"),
    ("mirror", "closed after a sale", "Nothing was charged"),
    ("mirror", "few, offline", "in this shop"),
    ("shelf", "idle, offline", "on this shelf"),
    ("mirror", "few", "Offline"),
    ("mirror", "closed", "Offline"),
]


@pytest.mark.parametrize(("kind", "moment", "words"), NEVER)
def test_the_shopper_never_reads(kind: Kind, moment: str, words: str) -> None:
    assert words not in Reader(painted(kind, moment)).text


@pytest.mark.parametrize("kind", KINDS)
def test_offline_is_a_pill_with_icon_and_words(kind: Kind) -> None:
    html = painted(kind, "few, offline")
    assert re.search(
        r'<p class="pill"><svg.*icon-offline.*</svg><span>Offline . you can still buy</span>', html
    )


@pytest.mark.parametrize("kind", KINDS)
def test_cents_are_raised_and_an_amount_is_heard_whole(kind: Kind) -> None:
    html = painted(kind, "few", "de")
    whole, cents = ("23", "00") if kind == "shelf" else ("59", "90")
    assert f"{whole}<sup>{cents}</sup>" in html
    assert f'<span class="heard">{whole},{cents}\N{NO-BREAK SPACE}€</span>' in html


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_full_of_markup_stays_text(kind: Kind) -> None:
    for state in (
        offered(line(HOSTILE)),
        offered(line(HOSTILE, 2)),
        replace(offered(line(ENDLESS)), offer=HOSTILE),
    ):
        read = Reader(PAGES[kind].fragment(screen_of(state, PAGES[kind]._glass)))
        assert not {tag for tag, _ in read.elements} & {"script", "img", "b"}
    read = Reader(PAGES[kind].fragment(screen_of(offered(line(HOSTILE)), PAGES[kind]._glass)))
    assert HOSTILE.names["en"] in read.text


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_whole_and_all_its_files_are_its_own(kind: Kind) -> None:
    screen = screen_of(states(kind)["few"], PAGES[kind]._glass)
    html = PAGES[kind].page(screen, PAGES[kind].fragment(screen))
    read = Reader(html)
    assert "Fitting room <4>" in read.text
    assert read.having("style") == []
    assert not [tag for tag, attributes in read.elements if tag == "script" and "src" not in attributes]
    links = [link for link in (*read.having("src"), *read.having("href")) if link is not None]
    assert all(link.startswith(("/static/", "/panel.css", "#icon-")) for link in links)


CODES = [("K7QM-0031", 348), ("K7QM-0031", 428), ("x" * 1500, 548), ("x" * 1500, 428)]


@pytest.mark.parametrize(("content", "box_px"), CODES)
def test_a_module_of_a_qr_code_is_at_least_three_whole_pixels(content: str, box_px: int) -> None:
    module_px = int(Reader(qr(content, box_px)).having("data-module")[0] or 0)
    assert module_px >= 3


def test_templates_that_an_update_replaces_are_not_mixed_into_a_glass_that_still_sells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOM / "templates", tmp_path / "templates")
    monkeypatch.setattr("edge.display.pages.ROOM", tmp_path)
    glass = Glass("shelf", "Shelf B12")
    pages = Pages(glass)
    for file in (tmp_path / "templates").rglob("*.html"):
        file.write_text("{{ of_the_next_version }}")
    assert "Buy now" in pages.fragment(screen_of(states("shelf")["few"], glass))
