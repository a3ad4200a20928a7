"""In training each screen of each object says so, and none of them hands out a receipt."""

import pytest
from msgspec.structs import replace

from edge.display.pages import Pages
from edge.display.panels import Kind
from edge.display.samples import states
from edge.display.screens import LANGUAGES, Done, Glass, name_of
from edge.display.showing import screen_of

KINDS: tuple[Kind, ...] = ("mirror", "shelf", "tray", "panel")
PAGES = {kind: Pages(Glass(kind, "Fitting room 4", training=True)) for kind in KINDS}
WORDS = {
    "en": "Training: nothing is sold",
    "zh-Hans": "演练：不会售出任何商品",  # noqa: RUF001  a colon as Chinese has it
    "de": "Training: es wird nichts verkauft",
    "es": "Práctica: no se vende nada",
    "ar": "تدريب: لا يُباع شيء",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_screen_says_that_nothing_is_sold(kind: Kind, language: str) -> None:
    for moment, state in states(kind).items():
        screen = screen_of(replace(state, language=language), Glass(kind, "Fitting room 4", training=True))
        assert WORDS[language] in PAGES[kind].fragment(screen), moment
        assert not screen.offline, "there is no hub to be away from"


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_else_is_shown_it_shows_the_training(kind: Kind) -> None:
    idle = states(kind)["idle"]
    assert name_of(screen_of(idle, Glass(kind, "Fitting room 4", training=True))) == "training"
    assert name_of(screen_of(idle, Glass(kind, "Fitting room 4"))) == "attract"
    assert WORDS["en"] not in Pages(Glass(kind, "Here")).fragment(screen_of(idle, Glass(kind, "Here")))


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_of_a_rehearsed_sale_is_no_receipt(kind: Kind) -> None:
    done = screen_of(states(kind)["done"], Glass(kind, "Fitting room 4", training=True))
    assert isinstance(done, Done)
    assert (done.charged.qr, done.charged.qr_is) == ("TRAINING K7QM-0031", "number")
