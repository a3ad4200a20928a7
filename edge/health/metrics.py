"""All that is measured of an object: the table of names, and where each value comes from."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from cloud_sync.agent.desk import AgentStatus
from cloud_sync.contract.state import Fault
from cloud_sync.measures import Measure, Sample
from edge.clock import ClockQuality
from edge.wellbeing import DeviceHealth, Wellbeing
from retail.units import INTEGER_MAX

MEASURES: Final = (
    Measure(
        "opos_object_info",
        "gauge",
        "Always 1: which object this is, and the program that sells on it",
        ("tenant", "site", "kind", "program"),
    ),
    Measure("opos_runtime_up", "gauge", "Whether the process that sells is there"),
    Measure("opos_selling", "gauge", "Whether a shopper could buy something now"),
    Measure("opos_sales_total", "counter", "Sales since the ledger began"),
    Measure("opos_device_up", "gauge", "Whether a device answers; none before it was heard of", ("source",)),
    Measure("opos_fault", "gauge", "Always 1: something that a person should look at", ("code", "source")),
    Measure("opos_disk_level", "gauge", "0 roomy, 1 drops telemetry, 2 prunes the ledger, 3 sells nothing"),
    Measure("opos_ledger_bytes", "gauge", "What the ledger's files take on the disk"),
    Measure("opos_ledger_head", "gauge", "The last entry of the ledger"),
    Measure("opos_ledger_confirmed", "gauge", "The last entry that the hub has confirmed"),
    Measure("opos_ledger_saved", "gauge", "The last entry that a backup of the hub holds"),
    Measure("opos_queue_entries", "gauge", "Entries that wait for the hub"),
    Measure("opos_queue_oldest_seconds", "gauge", "How long the oldest of them has waited"),
    Measure("opos_broker_up", "gauge", "Whether there is a connection to the broker"),
    Measure("opos_hub_up", "gauge", "Whether the hub answers"),
    Measure("opos_batches_in_flight", "gauge", "Batches that were sent and are not confirmed"),
    Measure("opos_receipt_timestamp_seconds", "gauge", "When the last word of the hub came, by this clock"),
    Measure("opos_refused_total", "counter", "What came from the line and was not the hub's", ("what",)),
    Measure("opos_telemetry_told_total", "counter", "Gestures that were sent"),
    Measure("opos_clock_trusted", "gauge", "Whether a time daemon has set this machine's clock"),
    Measure("opos_clock_offset_seconds", "gauge", "How far the hub's clock is ahead of this one"),
    Measure("opos_certificate_end_timestamp_seconds", "gauge", "When the certificate for the line ends"),
)
"""Every name that an object tells; each has the label `object` besides its own."""

LEVELS: Final = ("roomy", "drop_telemetry", "prune", "refuse")
"""The levels of the disk's budget, in the order of their numbers."""


class Queue(msgspec.Struct, frozen=True):
    """How far the ledger is, and how old the oldest entry that waits."""

    head: int
    confirmed: int
    saved: int
    bytes: int
    oldest_ms: int | None = None


class Seen(msgspec.Struct, frozen=True):
    """All that is known of an object at one moment; what is not known is None, and is not told."""

    tenant: str
    site: str
    kind: str
    status: AgentStatus
    clock: ClockQuality
    wellbeing: Wellbeing | None = None
    queue: Queue | None = None
    certificate_ends_ms: int | None = None


def samples(seen: Seen) -> Iterator[Sample]:
    """The values of one moment."""
    program = seen.wellbeing.program if seen.wellbeing is not None else seen.status.program
    yield Sample("opos_object_info", 1, (seen.tenant, seen.site, seen.kind, program))
    yield Sample("opos_runtime_up", int(seen.wellbeing is not None))
    if seen.wellbeing is not None:
        yield from _of_runtime(seen.wellbeing)
    if seen.queue is not None:
        yield from _of_queue(seen.queue)
    yield from _of_line(seen.status)
    yield from _of_faults(seen.status.faults)
    yield Sample("opos_clock_trusted", int(seen.clock == "trusted"))
    if seen.certificate_ends_ms is not None:
        yield Sample("opos_certificate_end_timestamp_seconds", seen.certificate_ends_ms / 1000)


def _of_runtime(wellbeing: Wellbeing) -> Iterator[Sample]:
    """What it says; a word that only another version knows is told as nothing, never as all being well."""
    yield Sample("opos_selling", int(wellbeing.selling))
    if 0 <= wellbeing.sales <= INTEGER_MAX:
        yield Sample("opos_sales_total", wellbeing.sales)
    if wellbeing.disk in LEVELS:
        yield Sample("opos_disk_level", LEVELS.index(wellbeing.disk))
    for source, up in sorted(_up(wellbeing.devices).items()):
        yield Sample("opos_device_up", int(up), (source,))


def _up(devices: Iterable[DeviceHealth]) -> dict[str, bool]:
    """Which devices answer. Of two with one name it takes one that does not: no name can be told twice."""
    up: dict[str, bool] = {}
    for device in devices:
        if device.stands in {"ready", "faulty"}:
            up[device.source] = up.get(device.source, True) and device.stands == "ready"
    return up


def _of_queue(queue: Queue) -> Iterator[Sample]:
    yield Sample("opos_ledger_bytes", queue.bytes)
    yield Sample("opos_ledger_head", queue.head)
    yield Sample("opos_ledger_confirmed", queue.confirmed)
    yield Sample("opos_ledger_saved", queue.saved)
    yield Sample("opos_queue_entries", queue.head - queue.confirmed)
    yield Sample("opos_queue_oldest_seconds", (queue.oldest_ms or 0) / 1000)


def _of_line(status: AgentStatus) -> Iterator[Sample]:
    yield Sample("opos_broker_up", int(status.broker))
    yield Sample("opos_hub_up", int(status.online))
    yield Sample("opos_batches_in_flight", status.in_flight)
    yield Sample("opos_telemetry_told_total", status.telemetry_told)
    for what in ("receipts", "documents", "replies", "orders", "keyrings"):
        yield Sample("opos_refused_total", getattr(status, f"{what}_refused"), (what,))
    if status.last_receipt_ms is not None:
        yield Sample("opos_receipt_timestamp_seconds", status.last_receipt_ms / 1000)
    if status.clock_off_ms is not None:
        yield Sample("opos_clock_offset_seconds", status.clock_off_ms / 1000)


def _of_faults(faults: tuple[Fault, ...]) -> Iterator[Sample]:
    """A fault that is there twice, as of a device that two rooms have missed, is one."""
    for code, source in sorted({(fault.code, fault.source) for fault in faults}):
        yield Sample("opos_fault", 1, (code, source))
