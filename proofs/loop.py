"""An event loop whose time is simulated: it never sleeps, and jumps to the next moment that somebody set."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

_T = TypeVar("_T")


# A busy moment of a world has some hundred steps; after so many without any time somebody runs in a circle.
_STEPS_A_MOMENT: Final = 20_000


class StandsStillError(AssertionError):
    """Time does not go on: somebody has something to do again and again, and none of it takes time."""


class _Jump(selectors.SelectSelector):
    """A selector that waits for nothing: instead of sleeping it moves the time on."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self._steps = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Nothing is ever ready: all that happens in a world was set for some moment."""
        assert timeout is not None, "nobody in this world waits for a moment: it would stand still for ever"
        self._steps = 0 if timeout > 0 else self._steps + 1
        if self._steps > _STEPS_A_MOMENT:
            self._steps = 0
            raise StandsStillError(f"{_STEPS_A_MOMENT} steps at {self.now_s:.3f} s")
        self.now_s += max(timeout, 0.0)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Real asyncio with simulated time: the same luck makes the same world, step by step."""

    def __init__(self) -> None:
        self._jump = _Jump()
        self._errors: list[BaseException] = []
        super().__init__(self._jump)

    def time(self) -> float:
        """Seconds since the world began."""
        return self._jump.now_s

    @property
    def now_ns(self) -> int:
        """The same in nanoseconds."""
        return round(self._jump.now_s * 1e9)

    def live(self, life: Coroutine[Any, Any, _T]) -> _T:
        """Run `life` to its end, and end with it whatever it has started.

        Raises what it raises, or the first error of anything that ran beside it.
        """
        outcome = self._lived(life).result()
        if self._errors:
            raise self._errors[0]
        return outcome

    def failure_of(self, life: Coroutine[Any, Any, object]) -> BaseException | None:
        """What `live` would raise; None of a life that ends well."""
        try:
            ended = self._lived(life)
        except StandsStillError as still:
            return still
        return ended.exception() or next(iter(self._errors), None)

    def _lived(self, life: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """The task of a whole life, at its end. Raises StandsStillError."""
        self.set_exception_handler(self._remember)
        task = self.create_task(life)
        task.add_done_callback(self._stop)
        try:
            self.run_forever()
        finally:
            task.remove_done_callback(self._stop)
            self.run_until_complete(self._end_all())
            self.close()
        return task

    def _stop(self, _life: asyncio.Task[Any]) -> None:
        self.stop()

    def _remember(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._errors.append(context.get("exception") or RuntimeError(context["message"]))

    async def _end_all(self) -> None:
        tasks = sorted(asyncio.all_tasks() - {asyncio.current_task()}, key=lambda task: task.get_name())
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, BaseException) and not isinstance(ended, asyncio.CancelledError):
                self._errors.append(ended)
