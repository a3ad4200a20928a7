"""What the gallery is of: every screen and every notice, each by its name; what the command refuses."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from click.testing import CliRunner

from edge.checkout.state import NoticeKind
from edge.cli import screens as command
from edge.display import studio
from edge.display.gallery import PANELS_PX, PLACES, asked, blessed, firsts, framed, index, sheet_page, slug
from edge.display.panels import LAYOUTS, Kind
from edge.display.samples import samples
from edge.display.screens import LANGUAGES, Screen

# A mirror shows one item large; two side by side too.
ON_MIRRORS: Final = {"product", "compare"}


@pytest.mark.parametrize("kind", PLACES)
def test_there_is_a_sample_of_every_screen(kind: Kind) -> None:
    every = {str(each.__struct_config__.tag) for each in get_args(Screen)}
    shown = {each.shot.screen for each in framed((kind,), ("en",))}
    assert every - shown <= (set() if kind == "mirror" else ON_MIRRORS)


@pytest.mark.parametrize("kind", PLACES)
def test_there_is_a_sample_of_every_notice(kind: Kind) -> None:
    told = {notice.kind for sample in samples(kind).values() for notice in sample.state.notices}
    assert told == set(NoticeKind)


def test_every_picture_has_a_name_of_its_own() -> None:
    files = Counter(each.shot.file for each in framed())
    assert [file for file, count in files.items() if count > 1] == []
    assert [file for file in files if not re.fullmatch(r"[a-z]+/[a-zA-Z-]+/[a-z0-9-]+\.png", file)] == []


def test_every_object_is_shown_in_every_language_at_the_size_of_its_panel() -> None:
    assert {(each.shot.object, each.shot.language) for each in firsts(framed())} == {
        (kind, language) for kind in get_args(Kind) for language in LANGUAGES
    }
    for each in firsts(framed()):
        assert (each.shot.width_px, each.shot.height_px) == PANELS_PX[LAYOUTS[each.shot.object]]
        assert each.painted.language == each.shot.language


def test_what_is_asked_for_is_a_state_or_a_screen() -> None:
    frames = list(framed(("shelf",), ("en",)))
    assert [each.shot.state for each in asked(frames, {"lots"})] == ["lots"]
    assert {each.shot.screen for each in asked(frames, {"done", "unknown"})} == {"done", "unknown"}
    assert list(asked(frames, ())) == frames


def test_each_screen_of_each_object_is_blessed_in_english() -> None:
    english = {each.shot.file for each in firsts(framed(languages=("en",)))}
    assert english <= {each.shot.file for each in blessed()}


@pytest.mark.parametrize(
    ("state", "name"),
    [("few, offline", "few-offline"), ("declined: too-late", "declined-too-late"), ("a  b!", "a-b")],
)
def test_a_state_is_the_name_of_a_file(state: str, name: str) -> None:
    assert slug(state) == name


class Figures(HTMLParser):
    """Reads what the pictures of a page are of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sources: list[str | None] = []
        self.asks: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "img":
            self.sources.append(said["src"])
        self.asks += [value for name, value in attrs if value and name in {"src", "href"} and ":" in value]


def test_the_page_shows_every_picture_once_and_asks_nothing_off_its_folder() -> None:
    shots = [each.shot for each in framed(("tray",))]
    read = Figures(index(shots))
    assert read.sources == [shot.file for shot in shots]
    assert read.asks == []


def test_a_sheet_has_a_row_for_each_screen_and_a_column_for_each_language() -> None:
    pictures = {(screen, language): b"PNG" for screen in ("pay", "done") for language in ("en", "ar")}
    html = sheet_page("shelf", pictures)
    assert html.count("<tr>") == 3
    assert html.count("<img") == 4
    assert "العربية" in html


def opos_screens(*said: str) -> Any:
    return CliRunner().invoke(command.screens, said)


def test_the_command_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = opos_screens()
    assert nowhere.exit_code == 2
    assert "--out, --bless or --sheets" in nowhere.output
    monkeypatch.setattr(studio, "BROWSERS", ("no-such-browser",))
    without = opos_screens("--out", str(tmp_path))
    assert without.exit_code == 1
    assert without.output == (
        "Error: Chromium takes the pictures, and is not there: sudo apt-get install chromium\n"
    )
