"""A member is greeted on every screen where the basket is open, by their name and by no markup."""

import re
from html import unescape

import pytest
from msgspec.structs import replace

from edge.checkout.state import Greeted, Notice, NoticeKind
from edge.display.pages import Pages
from edge.display.panels import Kind
from edge.display.samples import states
from edge.display.screens import Glass
from edge.display.showing import screen_of

GREETINGS = {
    ("Ann", "en"): "Welcome, Ann. You pay the prices for members.",
    ("Ann", "de"): "Willkommen, Ann. Für Sie gelten die Mitgliederpreise.",
    ("", "en"): "Welcome. You pay the prices for members.",
    ("", "de"): "Willkommen. Für Sie gelten die Mitgliederpreise.",
    ("<b>Bobby</b>", "en"): "Welcome, <b>Bobby</b>. You pay the prices for members.",
}
KINDS: tuple[Kind, ...] = ("mirror", "shelf", "tray", "panel")


def page(kind: Kind, moment: str, name: str, language: str = "en") -> str:
    pages = Pages(Glass(kind, "Fitting room 4"))
    state = replace(states(kind)[moment], member=Greeted("gold", name), language=language)
    return pages.fragment(screen_of(state, Glass(kind, "Fitting room 4")))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "language"), GREETINGS)
def test_a_member_is_greeted_in_their_language(kind: Kind, name: str, language: str) -> None:
    painted = page(kind, "few", name, language)

    assert GREETINGS[name, language] in unescape(re.sub("</?bdi>", "", painted))
    assert "<b>" not in painted


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_greeted_reads_what_is_more_pressing_first(kind: Kind) -> None:
    glass = Glass(kind, "Fitting room 4")
    state = replace(states(kind)["few"], member=Greeted("gold"), notices=(Notice(NoticeKind.PAY_LATER),))
    kinds = [said.kind for said in screen_of(state, glass).notices]

    assert kinds[0] is NoticeKind.PAY_LATER
    assert NoticeKind.WELCOME in kinds or len(kinds) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_after_the_sale_nobody_is_greeted(kind: Kind) -> None:
    assert "data-notice" not in page(kind, "done", "Ann")


@pytest.mark.parametrize(
    ("notice", "words"),
    [
        (NoticeKind.MEMBER_UNKNOWN, "We do not know this member code. Please ask our staff."),
        (NoticeKind.MEMBER_AWAY, "We cannot look up members at the moment. All else works."),
    ],
)
def test_a_code_that_helps_nobody_is_answered(notice: NoticeKind, words: str) -> None:
    glass = Glass("mirror", "Fitting room 4")
    state = replace(states("mirror")["few"], notices=(Notice(notice),))

    assert words in Pages(glass).fragment(screen_of(state, glass))
