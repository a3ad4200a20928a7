"""Look at an object and its machine: what is wrong, and the one command that mends each of it."""

import logging
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from edge.cli.findings_text import SUBJECTS as TITLES
from edge.cli.findings_text import wrapped
from edge.cli.plain import plain
from edge.provision.doctor.examination import PATIENCE_S, SUBJECTS, Looked, Mended, examine, mend
from edge.provision.doctor.pages import Finding
from edge.provision.doctor.patient import OBJECT_FILE, Patient, Tool, patient_of, run_tool
from edge.provision.doctor.sysroot import Sysroot

# A mend restarts a service or puts a clock right: a stop of a service may take 15 s.
_MEND_S: Final = 30.0

_FOUND: Final = 1
_SIGN_IN: Final = 4

_MORE: Final = """\b
Examples:
  opos doctor                                  the object of this machine
  opos doctor --fix                            and mend what is safe to mend
  opos doctor --only network,broker,hub        what has to do with the line
  opos doctor mirror/object.toml --json        another object, for a program
  opos explain OP-2107                         what a finding means

\b
Exit codes: 0 all is well; 1 something was found; 2 wrong usage;
4 a person of the shop has to let the object in.
"""


class Report(msgspec.Struct, frozen=True):
    """What --json prints: subjects that are well, findings, subjects that nobody could look at, mends."""

    object: str
    well: tuple[str, ...]
    findings: tuple[Finding, ...]
    unknown: dict[str, str]
    mended: tuple[Mended, ...]
    took_ms: int


def _subjects(_ctx: click.Context, _option: click.Parameter, said: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(filter(None, map(str.strip, said.split(","))))) or tuple(SUBJECTS)
    if strange := [name for name in names if name not in SUBJECTS]:
        raise click.BadParameter(f"expected some of {', '.join(SUBJECTS)}, got {strange[0]!r}")
    return names


@click.command(epilog=_MORE)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=OBJECT_FILE)
@click.option("--fix", is_flag=True, help="Mend what is safe to mend, and say each.")
@click.option(
    "--only", callback=_subjects, default="", metavar="SUBJECTS", help="Some subjects, with commas."
)
@click.option(
    "--card", is_flag=True, help="Write the whole disk full and read it back; takes as long as it takes."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
def doctor(file: Path, *, fix: bool, only: tuple[str, ...], card: bool, as_json: bool) -> None:
    """Look at the object that FILE describes (/etc/opos/object.toml) and at its machine.

    Power, heat, disk, clock, memory, network, broker, hub, keys, ledger, queue, every device by a word with
    it, the terminal, touch, display, services, versions. Nothing is changed without --fix; no secret is said.
    """
    # What a port says while it is looked at is told as a finding.
    logging.getLogger().addHandler(logging.NullHandler())
    began_ns = time.monotonic_ns()
    patient = _patient(file, card=card)
    only = _with_the_file(only, patient)
    looked = _examined(patient, only, shown=not as_json)
    mended = _mended(looked, as_json=as_json) if fix else ()
    if mended:
        looked = _examined(_patient(file, card=False), only, shown=not as_json)
    report = _report(patient, looked, mended, (time.monotonic_ns() - began_ns) // 1_000_000)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        _say(report)
    sys.exit(_exit_code(report.findings))


def _with_the_file(only: tuple[str, ...], patient: Patient) -> tuple[str, ...]:
    """A file that cannot be read is told, whatever was asked: next to nothing can be looked at without it."""
    return ("file", *only) if patient.trouble and "file" not in only else only


def _patient(file: Path, *, card: bool) -> Patient:
    try:
        return patient_of(file, Sysroot(), card=card)
    except PermissionError as error:
        raise click.UsageError(f"{error.filename}: {error.strerror}: run `sudo opos doctor`") from error


def _examined(patient: Patient, only: Sequence[str], *, shown: bool) -> list[Looked]:
    with _bar(shown=shown) as bar:
        task = bar.add_task("looking", total=len(only))

        def tell(looked: Looked) -> None:
            bar.update(task, advance=1, description=TITLES[looked.subject])

        if not patient.card:
            return examine(patient, only, tell, PATIENCE_S)
        blocks = bar.add_task("writing and reading back")

        def tell_block(done: int, wanted: int) -> None:
            bar.update(blocks, completed=done, total=wanted)

        card = msgspec.structs.replace(patient, on_block=tell_block)
        return examine(card, only, tell, patience_s=None)


def _mended(looked: Iterable[Looked], *, as_json: bool) -> tuple[Mended, ...]:
    done = []
    for each in mend((finding for one in looked for finding in one.findings), _run_mend):
        done.append(each)
        if not as_json:
            outcome = click.style(each.trouble, fg="red") if each.trouble else click.style("done", fg="green")
            click.echo(f"{each.code}  {each.command}: {outcome}")
    return tuple(done)


def _run_mend(words: Sequence[str]) -> Tool:
    return run_tool(words, _MEND_S)


def _report(patient: Patient, looked: Sequence[Looked], mended: tuple[Mended, ...], took_ms: int) -> Report:
    return Report(
        "" if patient.config is None else patient.config.object.id,
        tuple(each.subject for each in looked if not (each.findings or each.unknown)),
        tuple(finding for each in looked for finding in each.findings),
        {each.subject: each.unknown for each in looked if each.unknown},
        mended,
        took_ms,
    )


def _exit_code(findings: Sequence[Finding]) -> int:
    if any(finding.signin for finding in findings):
        return _SIGN_IN
    return _FOUND if findings else 0


def _bar(*, shown: bool) -> Progress:
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not (shown and sys.stderr.isatty()),
    )


def _say(report: Report) -> None:
    for finding in report.findings:
        for line in _lines(finding):
            click.echo(line)
        click.echo()
    if report.well:
        well = ", ".join(TITLES[each].lower() for each in report.well)
        click.echo("\n".join(wrapped(f"well: {well}", later="  ")))
    for why, subjects in _by_reason(report.unknown).items():
        names = ", ".join(TITLES[each].lower() for each in subjects)
        click.echo("\n".join(wrapped(f"not looked at: {names}: {plain(why)}", later="  ")))
    click.echo(click.style(_sum(report), bold=True))


def _by_reason(unknown: Mapping[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for subject, why in unknown.items():
        reasons.setdefault(why, []).append(subject)
    return reasons


def _lines(finding: Finding) -> Iterator[str]:
    first, *more = wrapped(f"{finding.code}: {plain(finding.sentence)}", later="  ")
    yield first.replace(finding.code, click.style(finding.code, fg="red", bold=True), 1)
    yield from more
    if finding.hand:
        yield from wrapped(finding.hand, "  ", "  ")
    yield f"  {click.style(_as_root(finding.mend), fg='green')}"


def _as_root(command: str) -> str:
    """What this user has to type; whoever looks up what our commands do may do so as anybody."""
    is_ours = command.startswith("opos ") or shutil.which("sudo") is None
    return command if is_ours or os.geteuid() == 0 else f"sudo {command}"


def _sum(report: Report) -> str:
    name = report.object or "the object"
    count = len(report.findings)
    took = f"looked at in {report.took_ms / 1000:.1f} s"
    if not count:
        return f"{name}: nothing was found; {took}"
    return f"{name}: {'1 finding' if count == 1 else f'{count} findings'}; {took}"
