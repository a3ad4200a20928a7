"""How far a long command has come: a bar on stderr, for a person who would otherwise wait in the dark."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final, Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from edge.clock import Clock, SystemClock

_T = TypeVar("_T")

# What is done sooner needs no bar: it would only flicker.
_PATIENCE_NS: Final = 1_000_000_000
# A look at the clock costs as much as an entry of an export: not after each of them.
_STEPS_A_LOOK: Final = 256


class Bar:
    """Counts entries; shows itself on a terminal, and only when the work takes longer than a second.

    `shown` False: something else is being written to this terminal.
    """

    def __init__(self, doing: str, total: int, *, shown: bool = True, clock: Clock | None = None) -> None:
        self._console = Console(stderr=True)
        self._may_show = shown and self._console.is_terminal
        self._doing = doing
        self._total = total
        self._clock = clock or SystemClock()
        self._began_ns = self._clock.now_ns()
        self._steps = self._looked = 0
        self._shown: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown.stop()

    def along(self, entries: Iterable[_T]) -> Iterator[_T]:
        """`entries`, counted as they go by."""
        for entry in entries:
            yield entry
            self.step()

    def step(self) -> None:
        """One more entry is done."""
        self.reach(self._steps + 1)

    def reach(self, entries: int) -> None:
        """So many entries are done."""
        self._steps = entries
        if self._may_show and entries - self._looked >= _STEPS_A_LOOK:
            self._looked = entries
            self._look()

    def _look(self) -> None:
        took_ns = self._clock.now_ns() - self._began_ns
        if took_ns < _PATIENCE_NS:
            return
        rate = self._steps * 1_000_000_000 // took_ns
        if self._shown is None:
            self._shown = self._made()
            self._shown.start()
        self._shown.update(self._shown.task_ids[0], completed=self._steps, rate=rate)

    def _made(self) -> Progress:
        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:,} of {task.total:,} entries, {task.fields[rate]:,} a second,"),
            TimeRemainingColumn(compact=True),
            TextColumn("to go"),
            console=self._console,
            transient=True,
        )
        progress.add_task(self._doing, total=self._total, rate=0)
        return progress
