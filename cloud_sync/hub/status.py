"""How a hub stands, in a word for programs and in sentences for people."""

from collections.abc import Iterator
from typing import Final

import msgspec
from sqlalchemy import Connection

from cloud_sync.hub.console.words import age, amount, kind_of_trouble
from cloud_sync.hub.store import questions
from cloud_sync.hub.store.answers import Figures, SiteNamed, Standing, Trouble
from cloud_sync.hub.store.database import generation
from cloud_sync.hub.wellbeing import PricedAgain, Wellbeing, wellbeing_of

_DAY_MS: Final = 24 * 3600 * 1000
# An object renews a month before the end: one that is two weeks late is away, or cannot.
_SOON_DAYS: Final = 14


class Status(msgspec.Struct, frozen=True):
    """All of one moment: sites, figures, objects, how the hub itself is, and what a person should look at."""

    generation: int
    hub: Wellbeing
    sites: list[SiteNamed]
    figures: Figures
    objects: list[Standing]
    troubles: list[Trouble]


def status_of(connection: Connection, now_ms: int) -> Status:
    """How the hub stands in this transaction."""
    return Status(
        generation=generation(connection),
        hub=wellbeing_of(connection, now_ms),
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
        if each.faults:
            yield f"    it says: {', '.join(f'{fault.code} ({fault.source})' for fault in each.faults)}"
    if not status.objects:
        yield "  no object is admitted yet: `opos hub admit --help`"
    yield from _health(status.hub, now_ms)
    for trouble in status.troubles:
        what = kind_of_trouble(trouble.kind)
        times = f" ({trouble.times} times)" if trouble.times > 1 else ""
        yield f"  to look at: {what}: {trouble.sentence}{times}"


def _health(hub: Wellbeing, now_ms: int) -> Iterator[str]:
    if hub.backup is None:
        yield "  no backup was ever made: `opos hub backup --help`"
    else:
        yield f"  the last backup was made {age(hub.backup.at_ms, now_ms)}; entries in none: {hub.unsaved}"
    yield from _prices(hub.prices)
    workers = ", ".join(f"{each.name} ({each.partitions} partitions)" for each in hub.workers)
    yield f"  at work: {workers or 'nobody, no hub runs'}"
    for what, count in (
        ("objects that wait to be let in (`opos hub confirm --help`)", hub.claims),
        ("orders that are not obeyed yet", hub.orders),
        ("payments that are open at their provider", hub.payments),
    ):
        if count:
            yield f"  {what}: {count}"
    if (
        hub.certificate_ends_ms is not None
        and (days := (hub.certificate_ends_ms - now_ms) // _DAY_MS) < _SOON_DAYS
    ):
        yield f"  the first certificate of an object ends in {days} days: it has not come to renew it"


def _prices(prices: PricedAgain) -> Iterator[str]:
    said = [f"{_sales(prices.equal)} came out the same"]
    said += [
        f"{count} {what}"
        for what, count in (
            ("did not", prices.differ),
            ("wait for a document that is not here", prices.waiting),
            ("of before were not checked", prices.unchecked),
        )
        if count
    ]
    if any(msgspec.structs.astuple(prices)):
        yield f"  priced again: {', '.join(said)}"


def _sales(count: int) -> str:
    return "1 sale" if count == 1 else f"{count} sales"


def _online(standing: Standing) -> str:
    return {True: "online", False: "offline", None: "not heard yet"}[standing.online]
