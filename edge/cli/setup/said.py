"""What an installer sees of a setup: lines for people on stderr, or lines of JSON for a program on stdout."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from edge.cli.plain import plain
from edge.config import PeripheralSection
from edge.provision.board import Board
from edge.provision.setup.found import Looked, Progress
from edge.provision.setup.steps import Told

_SENTENCES: Final = {
    "system": "Users, directories and units are in place",
    "enrol": "The hub knows this object",
    "file": "Its configuration is written",
    "rights": "Ledger and keys are its own",
    "units": "Its services start with the machine",
    "start": "Its services run",
}
_LATER: Final = "No service is started: systemd does not run this system now"
_BEGUN: Final = {"enrol": "Asking the hub", "start": "Seeing to its services"}


class Said:
    """Says how a setup goes."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.left: list[str] = []

    def board(self, board: Board) -> None:
        """What it runs on."""
        if self.as_json:
            self._print({"state": "board", **msgspec.structs.asdict(board)})
            return
        memory = f", {board.memory_mib} MiB" if board.memory_mib else ""
        self._line(click.style(f"{plain(board.title)} ({board.machine}{memory})", bold=True))
        for sentence in board.know:
            self._line(f"  {sentence}")

    def looked(self, found: Looked) -> None:
        """What hangs on it."""
        if self.as_json:
            self._print({"state": "found", **msgspec.to_builtins(found)})
            return
        for number, device in enumerate(found.devices, 1):
            self._line(f"  {number}  {device.use:<9} {plain(device.title)}")
            self._line(f"     {click.style(plain(device.uri), fg='green')}")
        for stranger in found.strangers:
            self._line(f"  ?  {plain(stranger.path)}: {plain(stranger.why)}")
        if not found.devices:
            self._line("  Nothing was found that an object could sell with.")

    @contextmanager
    def looking(self, lines: int) -> Iterator["Looking"]:
        """A bar for each line that is asked, where a person sees it."""
        columns = TextColumn("{task.description}"), BarColumn(bar_width=20), MofNCompleteColumn()
        shown = bool(lines) and not self.as_json and sys.stderr.isatty()
        with Bar(*columns, console=Console(stderr=True), transient=True, disable=not shown) as bar:
            yield Looking(bar)

    def unused(self, answer: str, sentence: str) -> None:
        """An answer that changes nothing, and what would."""
        if self.as_json:
            self._print({"state": "unused", "answer": answer, "sentence": sentence})
        else:
            self._line(f"  {answer}: {sentence}")

    def resumed(self, done: Sequence[str]) -> None:
        """That it goes on where it was."""
        if not self.as_json:
            steps = f"; done so far: {', '.join(done)}" if done else ""
            self._line(f"A setup was begun here and goes on{steps}. Other answers begin it anew.")

    def planned(self, peripherals: Sequence[PeripheralSection], text: str) -> None:
        """What would be done, and was not."""
        if self.as_json:
            self._print({"state": "planned", "steps": [*_SENTENCES], "file": text})
            return
        for name, sentence in _SENTENCES.items():
            self._line(f"  would do  {name:<7} {sentence}")
        count = "1 device" if len(peripherals) == 1 else f"{len(peripherals)} devices"
        self._line(f"With {count}. Nothing was changed; its object.toml would be:\n")
        click.echo(text, nl=False)

    def told(self, told: Told) -> None:
        """How a step stands."""
        if left := told.facts.get("left"):
            self.left.append(str(left))
        for package in _strings(told.facts.get("missing")):
            self.left.append(f"apt-get install {package}, then the same command again")
        if self.as_json:
            self._print({"step": told.step, "state": told.state, **told.facts})
        elif told.state != "begun":
            mark = click.style("done", fg="green") if told.state == "done" else "was done"
            is_later = told.facts.get("started") is False
            self._line(f"  {mark:<8}  {_LATER if is_later else _SENTENCES[told.step]}{_more(told)}")
        elif told.step in _BEGUN:
            self._line(f"  ...       {_BEGUN[told.step]}")

    def done(self, who: dict[str, str], glass: str) -> None:
        """The end: an object, and what is left to a person."""
        if self.as_json:
            self._print({"state": "done", **who, "glass": glass, "left": self.left})
            return
        self._line(click.style(f"{who['object']} is set up at {who['tenant']}/{who['site']}.", bold=True))
        self._line(f"Its glass is {glass}")
        for each in self.left:
            self._line(f"Left to you: {each}")
        self._line("A whole sale, voided at its end: opos test-sale --void")

    def _print(self, said: dict[str, object]) -> None:
        click.echo(msgspec.json.encode(said))
        sys.stdout.flush()  # a program that reads our lines waits for them

    def _line(self, line: str) -> None:
        click.echo(line, err=True)


class Looking:
    """The bars of a look: one for each line that is asked."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}

    def tell(self, progress: Progress) -> None:
        """One question more."""
        if progress.path not in self._tasks:
            self._tasks[progress.path] = self._bar.add_task(plain(progress.path), total=progress.total)
        self._bar.update(self._tasks[progress.path], completed=progress.tried)


def _strings(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else []


def _more(told: Told) -> str:
    """What there is to say beside the sentence."""
    facts = told.facts
    if told.step == "enrol":
        return f": {facts['object']} at {facts['tenant']}/{facts['site']}"
    if told.step == "file":
        return f": {facts['file']}"
    units = [unit.partition(".")[0] for unit in _strings(facts.get("units"))]
    return f": {', '.join(units)}" if units else ""
