"""What the commands at the installer's bench share: the object's file, missing answers, steps as they are."""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final, TypeVar

import click
import msgspec

from edge.provision.resting import at_rest

FILE: Final = click.argument(
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("/etc/opos/object.toml"),
)
AS_JSON: Final = click.option(
    "--json", "as_json", is_flag=True, help="Print a line of JSON for each step, for a program."
)
STOP: Final = click.option(
    "--stop-object",
    "stop",
    is_flag=True,
    help="Stop the object meanwhile, if it runs, and start it again afterwards.",
)

Answer = TypeVar("Answer")


def is_person() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def answered(given: Answer | None, flag: str, question: str, kind: click.ParamType[Any]) -> Answer:
    """What was given, or what a person says now; where nobody can be asked, exit 2 with the flag's name."""
    if given is not None:
        return given
    if not is_person():
        raise click.UsageError(f"nobody is there to ask: give {flag} ({question})")
    answer: Answer = click.prompt(question, type=kind, err=True)
    return answer


def agreed(given: bool, flag: str, question: str) -> bool:
    """Whether it was agreed to; where nobody can be asked, exit 2 with the flag's name."""
    must_agree(given, flag, question)
    return given or click.confirm(question, default=True, err=True)


def must_agree(given: bool, flag: str, question: str) -> None:
    """Exit 2 with the flag's name where it was not agreed to and nobody can be asked: before a long work."""
    if not (given or is_person()):
        raise click.UsageError(f"nobody is there to ask: give {flag} ({question})")


class Steps:
    """Says each step of a longer work: a line of JSON on stdout for a program, a sentence on stderr else."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def say(self, sentence: str, /, **facts: object) -> None:
        """One step, as a sentence and as facts."""
        if self._as_json:
            click.echo(msgspec.json.encode(facts))
        else:
            click.echo(sentence, err=True)

    def end(self, sentence: str, /, **facts: object) -> None:
        """What came of it: the last line."""
        if self._as_json:
            click.echo(msgspec.json.encode(facts))
        else:
            click.echo(sentence)

    def fail(self, sentence: str, /, **facts: object) -> click.exceptions.Exit:
        """What to raise once it has failed: exit code 1, after a sentence on stderr in either case."""
        if self._as_json:
            click.echo(msgspec.json.encode({**facts, "sentence": sentence}))
        click.echo(f"Error: {sentence}", err=True)
        return click.exceptions.Exit(1)


@contextmanager
def mended_at_its_end() -> Iterator[None]:
    """Have a lost terminal (SIGHUP) or SIGTERM end the block as Ctrl-C does: what was begun is put right."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, leave) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def resting(*, stop: bool) -> Iterator[None]:
    """The object at rest: by the flag, or by a person's word; however the block ends, it works again."""
    question = "The object is at work and holds the device. Stop it meanwhile?"
    logging.getLogger().addHandler(logging.NullHandler())  # what a port says comes as a refusal
    with (
        mended_at_its_end(),
        at_rest(lambda: stop or (is_person() and click.confirm(question, default=True, err=True))),
    ):
        yield
