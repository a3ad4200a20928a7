"""All that is measured of a hub: the table of names, and where each value comes from. No amounts of money."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from cloud_sync.exposition import Table
from cloud_sync.hub.status import Status
from cloud_sync.hub.store.answers import Standing
from cloud_sync.hub.wellbeing import Wellbeing
from cloud_sync.measures import Measure, Sample

OBJECTS_MAX: Final = 2000
"""So many are told one by one, in some 14,000 lines; of a larger fleet each object is asked itself."""

_OBJECT: Final = ("tenant", "site", "object")

MEASURES: Final = (
    Measure("opos_hub_info", "gauge", "Always 1: the program that the hub is", ("program",)),
    Measure("opos_hub_broker_up", "gauge", "Whether the hub hears its broker"),
    Measure("opos_hub_generation", "gauge", "How often the hub was made anew from a backup, and 1"),
    Measure("opos_hub_workers", "gauge", "Who takes journals in now"),
    Measure("opos_hub_entries_total", "counter", "Entries that were counted"),
    Measure("opos_hub_entries_pending", "gauge", "Entries that are here and not counted yet"),
    Measure("opos_hub_entries_unsaved", "gauge", "Entries that no backup holds"),
    Measure("opos_hub_backup_timestamp_seconds", "gauge", "When the newest proven backup was made"),
    Measure("opos_hub_claims_waiting", "gauge", "Objects that ask to be let in, and wait for a person"),
    Measure("opos_hub_orders_waiting", "gauge", "Orders that are neither obeyed nor void"),
    Measure("opos_hub_payments_open", "gauge", "Payments of which the provider has not told the end"),
    Measure(
        "opos_hub_certificate_end_timestamp_seconds", "gauge", "When the first object's certificate ends"
    ),
    Measure("opos_hub_prices_differ", "gauge", "Sales whose price comes out otherwise at the hub"),
    Measure("opos_hub_troubles", "gauge", "What a person should look at", ("kind",)),
    Measure("opos_hub_objects", "gauge", "Objects that are let in"),
    Measure(
        "opos_hub_object_info", "gauge", "Always 1: the program that an object runs", (*_OBJECT, "program")
    ),
    Measure(
        "opos_hub_object_online", "gauge", "Whether an object is heard; none before its first word", _OBJECT
    ),
    Measure("opos_hub_object_heard_timestamp_seconds", "gauge", "When an object was heard last", _OBJECT),
    Measure("opos_hub_object_head", "gauge", "The last entry of an object, as far as it has told", _OBJECT),
    Measure("opos_hub_object_confirmed", "gauge", "The last entry of an object that is here", _OBJECT),
    Measure("opos_hub_object_sales_total", "counter", "Sales of an object that were counted", _OBJECT),
    Measure(
        "opos_hub_object_fault",
        "gauge",
        "Always 1: what an object says is wrong",
        (*_OBJECT, "code", "source"),
    ),
)
"""Every name that a hub tells."""


def samples(status: Status, *, broker: bool, program: str) -> Iterator[Sample]:
    """The values of one moment."""
    yield Sample("opos_hub_info", 1, (program,))
    yield Sample("opos_hub_broker_up", int(broker))
    yield Sample("opos_hub_generation", status.generation)
    yield Sample("opos_hub_entries_total", status.figures.entries)
    yield Sample("opos_hub_entries_pending", status.figures.pending)
    yield from _of_hub(status.hub)
    kinds = Counter(trouble.kind for trouble in status.troubles)
    yield from (Sample("opos_hub_troubles", count, (kind,)) for kind, count in sorted(kinds.items()))
    yield Sample("opos_hub_objects", len(status.objects))
    for each in status.objects[:OBJECTS_MAX]:
        yield from _of_object(each)


def text(status: Status, *, broker: bool, program: str) -> bytes:
    """The same as a scrape reads it."""
    return Table(MEASURES).text(samples(status, broker=broker, program=program))


def _of_hub(hub: Wellbeing) -> Iterator[Sample]:
    yield Sample("opos_hub_workers", len(hub.workers))
    yield Sample("opos_hub_entries_unsaved", hub.unsaved)
    yield Sample("opos_hub_claims_waiting", hub.claims)
    yield Sample("opos_hub_orders_waiting", hub.orders)
    yield Sample("opos_hub_payments_open", hub.payments)
    yield Sample("opos_hub_prices_differ", hub.prices.differ)
    if hub.backup is not None:
        yield Sample("opos_hub_backup_timestamp_seconds", hub.backup.at_ms / 1000)
    if hub.certificate_ends_ms is not None:
        yield Sample("opos_hub_certificate_end_timestamp_seconds", hub.certificate_ends_ms / 1000)


def _of_object(standing: Standing) -> Iterator[Sample]:
    name = (standing.tenant, standing.site, standing.object)
    yield Sample("opos_hub_object_info", 1, (*name, standing.program))
    if standing.online is not None:
        yield Sample("opos_hub_object_online", int(standing.online), name)
    if standing.heard_ms:
        yield Sample("opos_hub_object_heard_timestamp_seconds", standing.heard_ms / 1000, name)
    yield Sample("opos_hub_object_head", standing.head, name)
    yield Sample("opos_hub_object_confirmed", standing.acked, name)
    yield Sample("opos_hub_object_sales_total", standing.sales, name)
    for code, source in sorted({(fault.code, fault.source) for fault in standing.faults}):
        yield Sample("opos_hub_object_fault", 1, (*name, code, source))
