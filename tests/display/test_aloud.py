"""The glass read aloud: which words, in which order, and when it is quiet."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edge.display.aloud import LETTERS_MAX, Reciter, spoken
from edge.display.pages import Pages
from edge.display.sample_goods import HOSTILE, SWEATER, line, offered
from edge.display.samples import states
from edge.display.screens import LANGUAGES, Glass
from edge.display.showing import screen_of
from edge.display.voice import VOICES, Voice, find_voice

GLASS = Glass("mirror", "Fitting room 4", voices=tuple(VOICES))
PAGES = Pages(GLASS)


def heard(moment: str, language: str = "en") -> str:
    return spoken(PAGES.fragment(screen_of(replace(states("mirror")[moment], language=language), GLASS)))


HEARD = [
    # in this order
    ("few", "en", ["Merino Crew Sweater.", "\N{EURO SIGN}59.90", "4 in this shop", "Buy now."]),
    ("few", "de", ["Merinopullover mit Rundhals.", "59,90", "Jetzt kaufen."]),
    ("declined: declined", "en", ["Nothing was charged.", "declined", "Try again.", "Pay another way."]),
    ("scanned", "en", ["4 items", "Straight Jeans", "Remove one Straight Jeans.", "Buy now."]),
    (
        "choosing between nine",
        "en",
        ["Card.", "At the desk.", "More ways.", "Wallet or gift card", "blik.", "Back."],
    ),
    ("done", "en", ["It\N{RIGHT SINGLE QUOTATION MARK}s yours.", "K7QM-0031", "Done."]),
]


@pytest.mark.parametrize(("moment", "language", "words"), HEARD)
def test_a_screen_is_heard_in_the_order_in_which_it_is_read(
    moment: str, language: str, words: list[str]
) -> None:
    said, at = heard(moment, language), 0
    for word in words:
        assert word in said[at:], (word, said)
        at = said.index(word, at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_screen_is_silent_and_none_is_endless(language: str) -> None:
    for moment in states("mirror"):
        assert 3 < len(heard(moment, language)) < LETTERS_MAX, moment


def test_every_way_to_pay_is_heard_and_the_way_back_once() -> None:
    said = heard("choosing between nine")
    assert said.count("Back.") == 1
    assert said.endswith("More ways. Wallet or gift card \N{EURO SIGN}12.00. pix. blik. Back.")


def test_a_price_is_heard_once_and_what_stands_on_every_screen_never() -> None:
    said = heard("few")
    assert said.count("59") == 1
    assert "Deutsch" not in said
    assert "right back" not in said


def test_a_name_full_of_markup_is_heard_as_it_is_read() -> None:
    said = spoken(PAGES.fragment(screen_of(offered(line(HOSTILE)), GLASS)))
    assert "alert(1)" in said


class Heard:
    """A voice that writes down what it is asked for."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str] | None] = []

    def say(self, words: str, language: str) -> None:
        self.said.append((words, language))

    def hush(self) -> None:
        self.said.append(None)


def test_it_is_said_once_anew_when_it_changes_and_not_once_nobody_listens() -> None:
    voice = Heard()
    reciter = Reciter(voice)
    quiet = offered(line(SWEATER))
    listened = replace(quiet, listens=True)
    for state in (quiet, listened, replace(listened, called=True), replace(listened, language="de"), quiet):
        screen = screen_of(state, GLASS)
        reciter.see(screen, PAGES.fragment(screen))
    assert [None if said is None else said[1] for said in voice.said] == ["en", "de", None]


def test_what_staff_does_is_nobodys_to_hear() -> None:
    voice = Heard()
    screen = screen_of(replace(states("mirror")["staff"], listens=True), GLASS)
    Reciter(voice).see(screen, PAGES.fragment(screen))
    assert voice.said == []


def test_no_control_is_drawn_where_there_is_no_voice() -> None:
    mute = Glass("mirror", "Fitting room 4")
    state = offered(line(SWEATER))
    assert 'data-action="listen"' not in Pages(mute).fragment(screen_of(state, mute))
    assert 'data-action="listen"' in PAGES.fragment(screen_of(state, GLASS))
    assert find_voice("no-such-program-on-this-machine") is None


def program(tmp_path: Path, then: str) -> str:
    """A program in the place of espeak-ng: it writes down how it was called and what it was to say."""
    path = tmp_path / "speaks"
    path.write_text(
        f'#!/bin/sh\ncd {tmp_path}\necho "$@" > called\ncat > said\necho $$ > pid\n{then}\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return str(path)


def play(act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def within_a_deadline() -> None:
        async with asyncio.timeout(20):
            await act()

    asyncio.run(within_a_deadline())


async def until_there(path: Path) -> None:
    while not (path.exists() and path.read_text(encoding="utf-8")):
        await asyncio.sleep(0.005)


def test_a_voice_says_it_in_the_language_of_the_screen(tmp_path: Path) -> None:
    async def speaks() -> None:
        voice = find_voice(program(tmp_path, "exit 0"))
        assert voice is not None
        voice.say("Grüß Gott; $(touch /tmp/x)", "zh-Hans")
        await until_there(tmp_path / "pid")
        await voice.close()

    play(speaks)
    assert (tmp_path / "called").read_text(encoding="utf-8") == "-v cmn -s 150 --stdin\n"
    assert (tmp_path / "said").read_text(encoding="utf-8") == "Grüß Gott; $(touch /tmp/x)"


def test_whoever_is_interrupted_stops_at_once(tmp_path: Path) -> None:
    async def is_interrupted() -> None:
        voice = Voice(program(tmp_path, "exec sleep 600"))
        voice.say("one", "en")
        await until_there(tmp_path / "pid")
        await voice.close()

    play(is_interrupted)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)


def test_a_voice_that_is_gone_is_no_error(tmp_path: Path) -> None:
    async def is_gone() -> None:
        voice = Voice(str(tmp_path / "gone"))
        voice.say("one", "en")
        await asyncio.sleep(0)
        await voice.close()

    play(is_gone)
    assert list(tmp_path.iterdir()) == []
