"""The parts of the control page that change: painted four times a second, handed on where they differ."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from simulators.demo.asking import Dark
from simulators.demo.ports import HOST
from simulators.demo.shop import OpenShop
from simulators.demo.till_watch import Watch
from simulators.demo.view import books, cards, line, processes

_TEMPLATES: Final = Path(__file__).with_name("templates")

# A person sees what their hand did within a quarter of a second.
_PAUSE_S: Final = 0.25
# A word now and then finds out that a browser has vanished.
_HEARTBEAT_S: Final = 15.0


class Fragments:
    """Everything that moves on the page, as HTML by the id of the element that holds it."""

    def __init__(self, opened: OpenShop) -> None:
        self._opened = opened
        self._watches = {name: Watch(opened.world, each) for name, each in opened.shoppers.items()}
        loader = FileSystemLoader(_TEMPLATES)
        self._templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
        self._now: dict[str, str] = {}
        self._painted = asyncio.Event()
        self._rung = asyncio.Event()
        self._failure: OSError | None = None
        self._closed = False

    def ring(self, failure: OSError | None = None) -> None:
        """Paint now: a hand has moved something. A `failure` to write down what it moved ends `keep`."""
        self._failure = failure
        self._rung.set()

    async def keep(self) -> None:
        """Look and paint, for ever; raises OSError once the world cannot be written any more."""
        while self._failure is None:
            self._rung.clear()
            await self.paint()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._rung.wait(), _PAUSE_S)
        raise self._failure

    def page(self) -> str:
        """The whole page as it was painted last."""
        return self._templates.get_template("control.html").render(
            shop=self._opened.shop,
            shoppers=list(self._opened.shoppers.values()),
            hub=self._opened.hub.url,
            broker=f"{HOST}:{self._opened.ports.broker}",
            directory=self._opened.directory,
            fragments=self._now,
        )

    async def changes(self) -> AsyncIterator[dict[str, str]]:
        """Everything once, and then what differs from what was handed on; nothing if nothing does."""
        sent: dict[str, str] = {}
        while not self._closed:
            fresh = {name: html for name, html in self._now.items() if sent.get(name) != html}
            sent.update(fresh)
            painted = self._painted
            yield fresh
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(painted.wait(), _HEARTBEAT_S)

    def close(self) -> None:
        """End every stream of changes."""
        self._closed = True
        self._painted.set()

    async def paint(self) -> None:
        """Look at everything once."""
        looking = asyncio.gather(*(watch.look() for watch in self._watches.values()))
        figures = await self._opened.hub.figures()
        await looking
        now = {
            "books": self._html("books.html", books=books(self._opened, figures)),
            "processes": self._html("processes.html", processes=processes(self._opened.supervisor)),
        }
        for name, shopper in self._opened.shoppers.items():
            there = cards(self._opened.world, shopper)
            now[f"hands-{name}"] = self._html("hands.html", plan=shopper.plan, cards=there)
            each = line(shopper, self._watches[name].status, figures)
            now[f"line-{name}"] = self._html("line.html", line=each, hub_alive=not isinstance(figures, Dark))
        if now != self._now:
            self._now = now
            self._painted.set()
            self._painted = asyncio.Event()

    def _html(self, template: str, **context: object) -> str:
        return self._templates.get_template(template).render(**context)
