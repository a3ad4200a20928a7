"""Ask for help: a bundle of what somebody far away needs to know, without what they must not."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from edge.cli.asking import AS_JSON, FILE, Steps, answered, is_person, mended_at_its_end
from edge.cli.object.door import said
from edge.cli.plain import plain
from edge.clock import SystemClock
from edge.provision.support.bundle import (
    BundleExistsError,
    LeftOut,
    check_place,
    collected,
    write_bundle,
)
from edge.provision.support.case import Case, case_of
from edge.provision.support.contents import parts
from edge.provision.support.redaction import Redactor
from edge.provision.support.secrets import Secrets, secrets_of

_MORE: Final = """\b
Examples:
  sudo opos support bundle --out panel-7.tar.gz
  opos support bundle mirror/object.toml --out mirror.tar.gz --json

It holds the configuration, versions, devices, findings of the doctor, the length of the ledger and the last
lines of the journal. Keys, claims, codes of members and numbers of cards are taken out; CONTENTS.txt lists
what it holds, what it does not, and why. Of an object whose file is wrong, gone or closed it holds the rest.
Nothing is sent: read it, and send it yourself.
"""


@click.group(epilog=_MORE)
def support() -> None:
    """Ask for help with what somebody far away needs to know."""


@support.command(epilog=_MORE, short_help="Write it to a file, without any secret.")
@FILE
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write, a .tar.gz.")
@AS_JSON
def bundle(*, file: Path, out: Path | None, as_json: bool) -> None:
    """Write a bundle about the object that FILE describes, with every secret taken out."""
    steps = Steps(as_json=as_json)
    out = answered(out, "--out", "The file to write", click.Path(path_type=Path, dir_okay=False))
    with said(BundleExistsError, OSError), _bar() as bar:
        check_place(out)
        case = case_of(file)
        secrets, wanted = secrets_of(case), parts(case)
        task = bar.add_task("", total=len(wanted))

        def told(name: str) -> None:
            bar.update(task, description=name)
            bar.advance(task)

        found = collected(wanted, Redactor(secrets.words), told, tuple(_known(case, secrets)))
        with mended_at_its_end():  # half a bundle is taken away, whoever ends us
            write_bundle(out, case.name, found, SystemClock().wall_ms() // 1000)
    for each, _ in found.files:
        taken = sum(each.redacted.values())
        steps.say(
            f"{each.name:<20}{each.what}{f' ({taken} taken out)' if taken else ''}",
            state="held",
            **msgspec.to_builtins(each),
        )
    for one in found.left_out:
        steps.say(
            f"left out: {plain(one.name)}: {plain(one.why)}", state="left-out", **msgspec.to_builtins(one)
        )
    steps.end(
        f"{out}: read it, then send it",
        state="done",
        out=str(out),
        files=len(found.files),
        left_out=len(found.left_out),
    )


def _known(case: Case, secrets: Secrets) -> Iterator[LeftOut]:
    """What is known to be missing before anything is collected."""
    if case.wrong:
        yield LeftOut("object.toml", case.wrong)
    for closed in secrets.closed:
        yield LeftOut("secrets", f"{closed}: its words were not looked for")
    if os.geteuid():
        yield LeftOut("what is root's alone", "not made by root: give the command with sudo")


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(bar_width=30),
        console=Console(stderr=True),
        transient=True,
        disable=not is_person(),
    )
