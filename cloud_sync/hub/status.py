"""How a hub stands, in a word for programs and in sentences for people."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from cloud_sync.hub.console.words import age, amount, kind_of_trouble
from cloud_sync.hub.store import questions
from cloud_sync.hub.store.answers import Figures, SiteNamed, Standing, Trouble
from cloud_sync.hub.store.database import generation


class Status(msgspec.Struct, frozen=True):
    """All of one moment: sites, figures, objects, and what a person should look at."""

    generation: int
    sites: list[SiteNamed]
    figures: Figures
    objects: list[Standing]
    troubles: list[Trouble]


def status_of(connection: Connection) -> Status:
    """How the hub stands in this transaction."""
    return Status(
        generation=generation(connection),
        sites=questions.sites(connection),
        figures=questions.figures(connection),
        objects=questions.standings(connection),
        troubles=questions.troubles(connection),
    )


def sentences(status: Status, now_ms: int) -> Iterator[str]:
    """The status, a line each."""
    for site in status.sites:
        yield f"{site.name} ({site.tenant}/{site.site})"
    figures = status.figures
    taken = ", ".join(amount(minor, currency) for currency, minor in sorted(figures.money.items()))
    yield (
        f"{_sales(sum(figures.sales.values()))}, {taken or 'no money'} taken,"
        f" {sum(figures.stock.values())} units in the shop, {figures.entries} entries"
        f" counted, {figures.pending} still to be counted"
    )
    for each in status.objects:
        yield (
            f"  {each.object}: {_online(each)}, {each.acked} of {each.head} entries here,"
            f" {_sales(each.sales)}, heard {age(each.heard_ms, now_ms)}"
        )
    if not status.objects:
        yield "  no object is admitted yet: `opos hub admit --help`"
    for trouble in status.troubles:
        what = kind_of_trouble(trouble.kind)
        times = f" ({trouble.times} times)" if trouble.times > 1 else ""
        yield f"  to look at: {what}: {trouble.sentence}{times}"


def _sales(count: int) -> str:
    return "1 sale" if count == 1 else f"{count} sales"


def _online(standing: Standing) -> str:
    return {True: "online", False: "offline", None: "not heard yet"}[standing.online]
