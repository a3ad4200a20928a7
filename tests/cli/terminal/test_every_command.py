"""Every command is called in a terminal with and without colour, through a pipe, and for a program."""

import json
import re
import shlex
from pathlib import Path

import pytest

from opos.exits import Exit
from tests.cli.terminal.calls import CALLS, NOT_CALLED, Call
from tests.cli.terminal.conftest import Corner
from tests.cli.terminal.forking import Door, Ended
from tests.cli.terminal.pane import COLUMNS, Pane
from tests.cli.terminal.tree import Leaf, every
from tests.long_form import one_of

# A colour, as a terminal is asked for one (ECMA-48, 8.3.117): tmux repeats it when asked what it shows.
COLOUR = re.compile(r"\x1b\[[\d;]*(?:3[0-8]|4[0-8]|9\d|10\d)[\d;]*m")
LEAVES = {each.words: each for each in every()}
# One of so many of them in the short form; each costs a twentieth of a second.
SHARE = 4


def leaves() -> list[Leaf]:
    return [LEAVES[words] for words in one_of(SHARE, sorted(CALLS))]


def wrong_end(call: Call, done: Ended) -> str:
    """What is wrong about how a command ended, if anything is."""
    said = done.out + done.err
    if done.code != call.code:
        return f"exit code {done.code}, not {call.code}: {said[-300:]}"
    if "Traceback" in said or "Errno" in said:
        return f"no words for a person: {said[-300:]}"
    if done.code == Exit.USAGE and "\nError: " not in done.err:
        return f"wrong usage, and no sentence: {said[-300:]}"
    return ""


def is_json(text: str) -> bool:
    """One document, or one a line."""
    for documents in ([text], text.splitlines()):
        try:
            for each in documents:
                json.loads(each)
        except ValueError:
            continue
        return True
    return False


def test_no_command_is_forgotten() -> None:
    called = {each.words for each in every() if not each.is_group} - NOT_CALLED
    assert {*CALLS} == called | {"devices"}


def test_through_a_pipe_a_command_ends_as_it_is_said_to_and_colours_nothing(
    door: Door, corner: Corner
) -> None:
    wrong = {}
    for leaf in leaves():
        call = CALLS[leaf.words]
        done = door.run(shlex.split(f"{leaf.words} {call.words}"), corner.anew(), call.said.encode())
        wrong[leaf.words] = wrong_end(call, done) or ("escapes" if "\x1b" in done.out + done.err else "")
    assert {words: what for words, what in wrong.items() if what} == {}


def test_a_program_reads_json_and_nothing_else(door: Door, corner: Corner) -> None:
    wrong = {}
    for leaf in leaves():
        call = CALLS[leaf.words]
        if leaf.answers_json:
            words = shlex.split(f"{leaf.words} {call.words} --json")
            done = door.run(words, corner.anew(), call.said.encode())
            wrong[leaf.words] = wrong_end(call, done) or ("" if is_json(done.out) else done.out[:300])
    assert {words: what for words, what in wrong.items() if what} == {}


@pytest.fixture
def pane(tmp_path: Path) -> Pane:
    return Pane(tmp_path)


def shown(pane: Pane, door: Door, place: Path, words: str, said: str, **environment: str) -> Ended:
    """Call it in the terminal; its `out` is what stands there."""
    pane.clear()
    (place / ".in").write_text(said)
    files = pane.terminal, pane.terminal
    with (place / ".in").open("rb") as stdin:
        running = door.start(shlex.split(words), place, (stdin, *files), TERM="tmux-256color", **environment)
        code = running.ended()
    page = pane.shown()
    return Ended(code, page, page)


@pytest.mark.parametrize("no_colour", ["", "1"])
def test_a_terminal_shows_what_a_command_says_in_colour_unless_it_is_asked_not_to(
    pane: Pane, door: Door, corner: Corner, no_colour: str
) -> None:
    wrong = {}
    with pane:
        for leaf in leaves():
            call, words = CALLS[leaf.words], f"{leaf.words} {CALLS[leaf.words].words}"
            done = shown(pane, door, corner.anew(), words, call.said, NO_COLOR=no_colour)
            coloured = no_colour and COLOUR.search(done.out)
            wrong[leaf.words] = wrong_end(call, done) or ("coloured" if coloured else "")
    assert {words: what for words, what in wrong.items() if what} == {}


def test_colour_is_seen_where_there_is_some(pane: Pane, door: Door, corner: Corner) -> None:
    with pane:
        done = shown(pane, door, corner.anew(), "doctor mirror/object.toml --only units", "", NO_COLOR="")
    assert COLOUR.search(done.out), done.out


def test_every_page_of_help_fits_the_terminal(pane: Pane, door: Door, tmp_path: Path) -> None:
    wrong = {}
    with pane:
        for leaf in one_of(SHARE, every()):
            done = shown(pane, door, tmp_path, f"{leaf.words} --help", "")
            lines = re.sub(r"\x1b\[[\d;]*m", "", done.out).splitlines()
            wide = [line for line in lines if len(line) > COLUMNS]
            cut = [line for line in lines if re.search(r"^  \S+  .*\w\.\.\.$", line)]
            bad = [*wide, *cut, *([] if lines and lines[0].startswith("Usage: opos") else lines[:1])]
            if bad or done.code != Exit.OK:
                wrong[leaf.words] = (done.code, bad)
    assert wrong == {}
