"""The console as a page: answers of the hub in, escaped HTML out."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from cloud_sync.hub.console.words import age, amount, amount_parts, kind_of_trouble
from cloud_sync.hub.store import questions
from cloud_sync.hub.store.answers import Figures, Held, SiteNamed, SoldSale, Standing, Trouble
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.wellbeing import Wellbeing, wellbeing_of
from retail.custody import TRANSIT

STATIC: Final = Path(__file__).parent / "static"

# A screenful; the rest is behind /api/sales.
_SALES_SHOWN: Final = 12


class Shelf(msgspec.Struct, frozen=True):
    """The stock of one site as a table: its holders in columns, a row a product, units by holder."""

    title: str
    holders: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[int, ...], int], ...]
    """Name, GTIN, units of each holder, units in all."""


class View(msgspec.Struct, frozen=True):
    """All that the page shows, of one moment (`now_ms`, milliseconds since 1970)."""

    now_ms: int
    hears_broker: bool
    sites: Sequence[SiteNamed]
    figures: Figures
    objects: Sequence[Standing]
    sales: Sequence[SoldSale]
    shelves: Sequence[Shelf]
    troubles: Sequence[Trouble]
    health: Wellbeing

    @property
    def title(self) -> str:
        """The shop's own name, where there is one shop."""
        return self.sites[0].name if len(self.sites) == 1 else "The hub"

    @property
    def money(self) -> dict[str, int]:
        """What was charged by currency, the shop's own in front of the first sale too."""
        return {each.currency: 0 for each in self.sites} | self.figures.money

    @property
    def away(self) -> int:
        """How many objects are known not to be online."""
        return sum(each.online is not True for each in self.objects)


class Console:
    """Renders the page."""

    def __init__(self, store: Store, clock_ms: Callable[[], int], hears_broker: Callable[[], bool]) -> None:
        self._store, self._clock_ms, self._hears_broker = store, clock_ms, hears_broker
        environment = Environment(
            loader=PackageLoader("cloud_sync.hub.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            amount=amount, parts=amount_parts, age=age, kind_of_trouble=kind_of_trouble
        )
        self._template = environment.get_template("console.html")

    def render(self) -> str:
        """The page as it is now."""
        return self._template.render(view=self._view())

    def _view(self) -> View:
        with self._store.reading() as connection:
            sites = questions.sites(connection)
            objects = questions.standings(connection)
            now_ms = self._clock_ms()
            return View(
                now_ms=now_ms,
                hears_broker=self._hears_broker(),
                sites=sites,
                figures=questions.figures(connection),
                objects=objects,
                sales=questions.sales(connection, _SALES_SHOWN),
                shelves=_shelves(questions.holdings(connection), sites, objects),
                troubles=questions.troubles(connection),
                health=wellbeing_of(connection, now_ms),
            )


def _shelves(held: Sequence[Held], sites: Sequence[SiteNamed], objects: Sequence[Standing]) -> list[Shelf]:
    """One table a site that has stock."""
    names = {(each.tenant, each.site): each.name for each in sites}
    called = {each.object: each.name for each in objects}
    places = sorted({(each.tenant, each.site) for each in held})
    return [
        _shelf(
            names.get(place, "/".join(place)) if len(places) > 1 else "",
            [each for each in held if (each.tenant, each.site) == place],
            called,
        )
        for place in places
    ]


def _shelf(title: str, held: Sequence[Held], called: dict[str, str]) -> Shelf:
    units = Counter[tuple[str, str]]()
    for each in held:
        units[each.gtin, each.holder] += each.units
    holders = sorted({each.holder for each in held}, key=lambda holder: (holder == TRANSIT, holder))
    rows = []
    for gtin, name in sorted({each.gtin: each.name for each in held}.items(), key=lambda item: item[1]):
        here = tuple(units[gtin, holder] for holder in holders)
        rows.append((name, gtin, here, sum(here)))
    return Shelf(title, tuple(_called(holder, called) for holder in holders), tuple(rows))


def _called(holder: str, called: dict[str, str]) -> str:
    words = {TRANSIT: "On the way", "floor": "Floor"}
    return words.get(holder) or called.get(holder, holder)
