"""The page of one product: it speaks of the size in sight, names what is in it, and says where it is."""

import hashlib
import re
from html import unescape
from typing import get_args

import pytest
from msgspec.structs import replace

from edge.checkout.state import Greeted, State
from edge.display.pages import Pages
from edge.display.panels import Kind
from edge.display.sample_goods import IDLE, SCARF, SWEATER, line, offered
from edge.display.sample_products import product_states
from edge.display.screens import Basket, Compare, Glass, Product
from edge.display.server import glass_app
from edge.display.showing import screen_of
from retail.allergens import WORDS, allergen
from tests.display.scripted_till import ScriptedTill, WallClockAt
from tests.display.test_glass_server import Client

KINDS: tuple[Kind, ...] = get_args(Kind)
LOOKS: tuple[Kind, ...] = ("mirror", "tray", "panel")
PNG = b"\x89PNG\r\n\x1a\n and so on"
# What keeps numbers and names in their own direction is no part of a sentence.
_BDI = re.compile("</?bdi>")
SHA256 = hashlib.sha256(PNG).hexdigest()


def painted(kind: Kind, state: State, language: str = "en") -> str:
    glass = Glass(kind, "Fitting room 4")
    pages = Pages(glass, lambda sha256: sha256 == SHA256)
    return _BDI.sub("", unescape(pages.fragment(screen_of(replace(state, language=language), glass))))


@pytest.mark.parametrize("kind", LOOKS)
def test_each_size_is_a_control_and_says_whether_it_is_chosen_and_here(kind: Kind) -> None:
    said = painted(kind, product_states(kind)["product in four sizes"])
    for size in ("S", "M", "L", "XL"):
        assert f'data-action="size:{size}" aria-pressed="{"true" if size == "M" else "false"}"' in said
    assert said.count("not here") == 1


WHERE = {
    "product, another size is not here": "2 elsewhere in this shop",
    "product, another size is in another shop": "Not here. 9 in other shops of ours",
    "product, another size is nowhere": "Not here at the moment",
}


@pytest.mark.parametrize("kind", LOOKS)
@pytest.mark.parametrize(("moment", "words"), WHERE.items())
def test_of_another_size_the_page_says_where_it_is_and_sells_the_one_in_hand(
    kind: Kind, moment: str, words: str
) -> None:
    said = painted(kind, product_states(kind)[moment])
    assert words in said
    assert 'data-action="buy"' not in said
    assert "Back to size M" in said


@pytest.mark.parametrize("kind", LOOKS)
def test_offline_no_size_is_said_to_be_anywhere(kind: Kind) -> None:
    said = painted(kind, product_states(kind)["product, another size, offline"])
    assert not any(words in said for words in ("not here", "Not here", "in this shop", "shops of ours"))


@pytest.mark.parametrize("kind", KINDS)
def test_allergens_and_age_are_named_in_the_language_of_the_shopper(kind: Kind) -> None:
    state = product_states(kind)["product with allergens, for grown-ups, cheaper for members"]
    assert "milk, nuts, eggs" in painted(kind, state)
    german = painted(kind, state, "de")
    assert "Milch, Schalenfrüchte, Eier" in german
    assert "18" in german


def test_an_allergen_that_nobody_has_words_for_is_named_by_its_code() -> None:
    assert allergen("ZZ", "de") == "ZZ"
    assert (allergen("AM", "zh-Hans"), allergen("AM", "fr")) == ("乳类", "milk")


def test_the_fourteen_of_the_law_have_words_in_five_languages() -> None:
    fourteen = ["AW", "AC", "AE", "AF", "AP", "AY", "AM", "AN", "BC", "BM", "AS", "AU", "NL", "UM"]
    assert [sorted(WORDS[code]) for code in fourteen] == [["ar", "de", "en", "es", "zh"]] * 14


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_reads_one_price_and_others_what_members_pay(kind: Kind) -> None:
    state = product_states(kind)["product with allergens, for grown-ups, cheaper for members"]
    anybody = painted(kind, state)
    assert "members €9.90" in anybody
    assert "members" not in painted(kind, replace(state, member=Greeted("gold")), "en").replace(
        "prices for members", ""
    )


def test_two_garments_are_compared_on_a_mirror_and_bought_together() -> None:
    two, glass = product_states("mirror")["two beside each other"], Glass("mirror", "Fitting room 4")
    screen = screen_of(two, glass)
    assert isinstance(screen, Compare)
    assert [tag.name for tag in screen.tags] == ["Merino Crew Sweater", "Straight Jeans"]
    assert screen.charge.total == two.total
    assert painted("mirror", two).count('data-action="buy"') == 1


@pytest.mark.parametrize(
    ("kind", "lines", "expected"),
    [
        ("mirror", (line(SWEATER),), Product),
        ("mirror", (line(SWEATER, 2),), Basket),
        ("mirror", (line(SWEATER), line(SCARF, 2)), Basket),
        ("panel", (line(SWEATER), line(SCARF)), Basket),
        ("tray", (line(SWEATER),), Basket),
    ],
)
def test_what_is_no_pair_in_front_of_a_mirror_is_a_basket(
    kind: Kind, lines: tuple[object, ...], expected: type
) -> None:
    assert isinstance(screen_of(offered(*lines), Glass(kind, "Here")), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", LOOKS)
def test_names_and_codes_full_of_markup_stay_text(kind: Kind) -> None:
    glass = Glass(kind, "Fitting room 4")
    said = Pages(glass).fragment(screen_of(product_states(kind)["product, hostile"], glass))
    assert "<script" not in said
    assert "<img" not in said


def test_a_picture_is_shown_only_when_it_has_come() -> None:
    shelf = replace(IDLE, offer=replace(SCARF, images=("ab" * 32, SHA256)))
    assert f'src="/picture/{SHA256}"' in painted("shelf", shelf)
    assert "<img" not in painted("shelf", replace(IDLE, offer=replace(SCARF, images=("ab" * 32,))))


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        (SHA256, PNG, 200),
        (SHA256, None, 404),
        (SHA256, b"<svg onload=alert(1)>", 404),
        (SHA256.upper(), PNG, 404),
        ("..%2Fledger.db", PNG, 404),
    ],
)
def test_pictures_are_given_out_by_their_hash_and_nothing_else_is(
    path: str, data: bytes | None, status: int
) -> None:
    app = glass_app(ScriptedTill(IDLE), Glass("shelf", "B12"), dict, clock=WallClockAt())
    app.state.hang(lambda _sha256: data)
    answer = Client(app).get(f"/picture/{path}")
    assert answer.status_code == status
    if status == 200:
        assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
