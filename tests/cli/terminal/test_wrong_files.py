"""Whoever names a wrong file is told so in a sentence: missing, a folder, empty, endless or closed."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click

from tests.cli.terminal.conftest import Corner
from tests.cli.terminal.corner import SHOP
from tests.cli.terminal.forking import Door, Ended
from tests.cli.terminal.tree import Leaf, every
from tests.long_form import one_of

WRONG = (
    "bad/missing",
    "bad/none/deep",
    "bad/folder",
    "bad/empty",
    "bad/binary",
    "bad/words",
    "bad/words/below",
    "bad/wrong.toml",
    "bad/closed",
    "bad/closed-folder",
    "bad/closed-folder/below",
    "/dev/zero",
    "",
)
# What a command wants besides the file that is wrong: the first of these that its parameter's name fits.
RIGHT = {
    "claim": "OPOS1.e30",
    "directory": "hub",
    "file": "mirror/object.toml",
    "path": "mirror/data/ledger.db",
    "shop": str(SHOP),
    "device": "tcp:127.0.0.1:1?profile=r200",
    "where": "/dev/none",
    "grams": "500",
    "seq": "1",
    "sql": "SELECT 1",
    "key": "-",
    "out": "out",
    "to": "out",
    "table": "claims.csv",
    "documents": "bad/words",
    "files": "bad/words",
}
# These would go on until somebody ends them, or reach beyond the corner: more is wrong.
BESIDES = {
    "calibrate touch": ("--root", "image"),
    "demo": ("--port-base", "1024", "--script", "bad/words"),
    "hub api": ("--broker", "nowhere"),
    "hub ingest": ("--broker", "nowhere"),
    "hub run": ("--broker", "nowhere"),
    "listen": ("--seconds", "0.1"),
    "record": ("--seconds", "0.1"),
    "screens": ("--language", "klingon"),
    "setup": ("--dry-run",),
    "sim terminal nexo": ("--set", "nonsense"),
    "sim terminal zvt": ("--set", "nonsense"),
}
# What is read as it comes has no end that a command could wait for.
ENDLESS = {"lines"}
NO_SENTENCE = ("Traceback", "Errno", "PosixPath", "MemoryError")


class Mistake(NamedTuple):
    """One wrong file, given to one parameter of a command."""

    leaf: Leaf
    parameter: click.Parameter
    file: str

    @property
    def words(self) -> list[str]:
        options, arguments = [*BESIDES.get(self.leaf.words, ())], []
        for each in self.leaf.command.params:
            value = self.file if each is self.parameter else right(each)
            if isinstance(each, click.Argument):
                arguments += [value] * max(each.nargs, 1)
            elif each.required or each is self.parameter:
                options += [each.opts[0], value]
        return [*self.leaf.words.split(), *options, *arguments]


def right(parameter: click.Parameter) -> str:
    if isinstance(parameter.type, click.Choice):
        return str(parameter.type.choices[0])
    if isinstance(parameter.type, click.IntRange):
        return str(parameter.type.min)
    return RIGHT.get(str(parameter.name), "mirror-4")


def mistakes() -> Iterator[Mistake]:
    for leaf in every():
        for each in leaf.command.params:
            if isinstance(each.type, click.Path | click.File):
                endless = each.name in ENDLESS
                yield from (
                    Mistake(leaf, each, file) for file in WRONG if not (endless and file == "/dev/zero")
                )


def wrong_answer(done: Ended) -> str:
    """What is wrong about an answer, if anything is."""
    said = done.out + done.err
    if done.code not in {0, 1, 2, 4} or any(each in said for each in NO_SENTENCE):
        return f"{done.code}: {said[-300:]}"
    told = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    if done.code == 0:
        return "an error, and exit code 0" if told else ""
    if len(told) != 1 and not done.out.strip():
        return f"{done.code}, and {len(told)} sentences: {said[-300:]}"
    return ""


def test_a_wrong_file_is_a_sentence_for_every_command(door: Door, corner: Corner) -> None:
    place, wrong = corner.anew(), {}
    (place / "bad/closed").write_text("x = 1\n")
    (place / "bad/closed").chmod(0)
    (place / "bad/closed-folder").mkdir(mode=0)
    for mistake in one_of(16, tuple(mistakes())):
        done = door.run(mistake.words, place)
        wrong[" ".join(mistake.words)] = wrong_answer(done)
        as_it_was(place)
    assert {words: what for words, what in wrong.items() if what} == {}


def as_it_was(place: Path) -> None:
    """Take away what a command that found nothing wrong has made there."""
    kept = {"folder", "empty", "binary", "words", "wrong.toml", "closed", "closed-folder"}
    for each in (place / "bad").iterdir():
        if each.name not in kept:
            each.rename(place / f"made-{random.randrange(1 << 60)}")
    if any((place / "bad/folder").iterdir()):
        (place / "bad/folder").rename(place / f"made-{random.randrange(1 << 60)}")
        (place / "bad/folder").mkdir()
