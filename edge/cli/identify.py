"""Find an object among many: its glass shows its name, and a lamp of its board blinks."""

import contextlib
import threading
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from edge.cli.asking import AS_JSON, FILE, Steps, is_person
from edge.cli.object.door import said
from edge.config import ObjectConfig, without_trust
from edge.provision.glass import PageGlass, bench_page
from edge.provision.identify import AwayError, blinking, lamp, show_name

_LOOK_S: Final = 0.2

_MORE: Final = """\b
Examples:
  opos identify
  opos identify shelf/object.toml --seconds 120
  opos identify --seconds 10 --json

From afar: `opos hub identify` and the console's button do the same to the glass.
Exit code 1: there was neither a glass nor a lamp to show it by.
"""


@click.command(epilog=_MORE)
@FILE
@click.option(
    "--seconds", type=click.IntRange(1, 600), default=30, show_default=True, help="How long it is shown."
)
@AS_JSON
def identify(*, file: Path, seconds: int, as_json: bool) -> None:
    """Have the object that FILE describes show itself: its name on the glass, a lamp that blinks."""
    steps = Steps(as_json=as_json)
    with said(OSError), contextlib.ExitStack() as shown:
        config = without_trust(file)
        glass = _on_the_glass(config, seconds, shown)
        light = _by_the_lamp(shown)
        where = [
            *([f"its glass says {config.object.name!r}"] if glass else []),
            *([f"the lamp {light} blinks"] if light else []),
        ]
        facts = {"object": config.object.id, "glass": glass, "lamp": light, "seconds": seconds}
        if not where:
            raise steps.fail(
                f"{config.object.id} has nothing to show itself by: no glass answers on port"
                f" {config.display.port}, and no lamp of this board may be blinked",
                state="refused",
                **facts,
            )
        steps.say(f"{config.object.id}: for {seconds} s {' and '.join(where)}.", state="shown", **facts)
        if glass != "runtime" or light:  # which a runtime ends by itself
            _wait(seconds)
    steps.end(f"{config.object.id} was shown.", state="done", **facts)


def _on_the_glass(config: ObjectConfig, seconds: int, shown: contextlib.ExitStack) -> str | None:
    """Who shows the name: the runtime, or a page of ours while it does not run; None where nobody can."""
    try:
        if show_name(config.bell, seconds).ok:
            return "runtime"
    except AwayError:
        pass
    try:
        page = PageGlass(
            config.display.port, bench_page("name", config.object.name, "Here it is.", config.object.id)
        )
    except OSError:  # it trains, or something else has its port
        return None
    shown.callback(page.close)
    return "page"


def _by_the_lamp(shown: contextlib.ExitStack) -> str | None:
    found = lamp()
    if found is None:
        return None
    try:
        shown.enter_context(blinking(found))
    except OSError as error:
        click.echo(f"the lamp {found.name} cannot be blinked ({error.strerror}): try it with sudo", err=True)
        return None
    return found.name


def _wait(seconds: int) -> None:
    with Progress(
        TextColumn("Shown"),
        BarColumn(bar_width=30),
        TextColumn("{task.completed:.0f} of {task.total:.0f} s, Ctrl-C ends it"),
        console=Console(stderr=True),
        transient=True,
        disable=not is_person(),
    ) as bar:
        task, pause = bar.add_task("", total=seconds), threading.Event()
        for _ in range(round(seconds / _LOOK_S)):
            pause.wait(_LOOK_S)
            bar.advance(task, _LOOK_S)
