"""The numbers of an object: each of them is in the table, and the table is what is told."""

import re
from collections.abc import Iterable
from typing import Final

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cloud_sync.agent.desk import AgentStatus
from cloud_sync.contract.state import FAULTS_MAX, Fault
from cloud_sync.exposition import Table
from cloud_sync.hub.metrics import MEASURES as HUB_MEASURES
from cloud_sync.measures import Measure, Sample
from edge.health.metrics import LEVELS, MEASURES, Queue, Seen, samples
from edge.offline_queue.budget import Level
from edge.wellbeing import DeviceHealth, Wellbeing, faults_of

WELL: Final = Wellbeing(
    "0.1.0",
    stage="idle",
    selling=True,
    sales=7,
    disk="prune",
    devices=(
        DeviceHealth("reader", "ready"),
        DeviceHealth("scale", "faulty", "device.gone"),
        DeviceHealth("scanner", "waited-for"),
    ),
)
STATUS: Final = AgentStatus(
    True, "flowing", 2, 1_763_700_000_000, 1, 2, clock_off_ms=-1500, broker=True, faults=faults_of(WELL)
)
SEEN: Final = Seen(
    *("demo", "corner", "shelf", STATUS, "trusted"),
    wellbeing=WELL,
    queue=Queue(120, 117, 96, 4_194_304, 65_000),
    certificate_ends_ms=1_770_000_000_500,
)


def told(seen: Seen) -> dict[tuple[str, ...], float]:
    """Name and own labels of each sample as Prometheus reads it -> value."""
    text = Table(MEASURES, {"object": "shelf-b12"}).text(samples(seen)).decode()
    read: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert sample.labels.pop("object") == "shelf-b12"
            read[(sample.name, *sorted(sample.labels.values()))] = sample.value
    return read


TOLD: Final = [
    (("opos_object_info", "0.1.0", "corner", "demo", "shelf"), 1),
    (("opos_runtime_up",), 1),
    (("opos_selling",), 1),
    (("opos_sales_total",), 7),
    (("opos_device_up", "reader"), 1),
    (("opos_device_up", "scale"), 0),
    (("opos_fault", "device.gone", "scale"), 1),
    (("opos_fault", "disk", "disk.nearly-full"), 1),
    (("opos_disk_level",), 2),
    (("opos_ledger_head",), 120),
    (("opos_ledger_confirmed",), 117),
    (("opos_ledger_saved",), 96),
    (("opos_queue_entries",), 3),
    (("opos_queue_oldest_seconds",), 65),
    (("opos_hub_up",), 1),
    (("opos_broker_up",), 1),
    (("opos_refused_total", "receipts"), 1),
    (("opos_refused_total", "documents"), 2),
    (("opos_clock_offset_seconds",), -1.5),
    (("opos_clock_trusted",), 1),
    (("opos_certificate_end_timestamp_seconds",), 1_770_000_000.5),
]


@pytest.mark.parametrize(("key", "value"), TOLD)
def test_prometheus_reads_what_was_seen(key: tuple[str, ...], value: float) -> None:
    assert told(SEEN)[key] == value


def test_every_name_of_the_table_is_told_of_an_object_that_has_it_all() -> None:
    assert {key[0] for key in told(SEEN)} == {each.name for each in MEASURES}


def test_a_device_that_was_never_heard_of_is_neither_up_nor_down() -> None:
    assert ("opos_device_up", "scanner") not in told(SEEN)


def test_without_a_runtime_nothing_is_said_that_only_it_knows() -> None:
    alone = told(msgspec.structs.replace(SEEN, wellbeing=None, queue=None, certificate_ends_ms=None))
    assert alone[("opos_runtime_up",)] == 0
    assert alone[("opos_hub_up",)] == 1
    gone = {
        "opos_selling",
        "opos_sales_total",
        "opos_device_up",
        "opos_queue_entries",
        "opos_certificate_end_timestamp_seconds",
    }
    assert gone.isdisjoint(key[0] for key in alone)


def test_a_fault_that_two_rooms_have_is_told_once() -> None:
    twice = (Fault("scale.gone", "scale"),) * 2
    seen = msgspec.structs.replace(SEEN, status=msgspec.structs.replace(STATUS, faults=twice))
    assert [key for key in told(seen) if key[0] == "opos_fault"] == [("opos_fault", "scale", "scale.gone")]


@pytest.mark.parametrize("table", [MEASURES, HUB_MEASURES], ids=["object", "hub"])
def test_names_are_those_that_prometheus_advises(table: Iterable[Measure]) -> None:
    names = [each.name for each in table]
    assert sorted(set(names)) == sorted(names)
    assert [name for name in names if not re.fullmatch(r"opos_[a-z]+(_[a-z]+)*", name)] == []
    assert [each.name for each in table if (each.kind == "counter") != each.name.endswith("_total")] == []


# What `promtool check metrics` objects to, as far as it is about names and sentences (Prometheus,
# util/promlint, and https://prometheus.io/docs/practices/naming/): units that are no base ones, short names
# of units, the kind in the name, endings that have a meaning of their own.
OTHER_UNITS: Final = {
    *("days", "hours", "minutes", "weeks", "milliseconds", "microseconds", "nanoseconds", "percent", "grams"),
    *("kilobytes", "megabytes", "gigabytes", "bits", "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb"),
    *("m", "h", "d"),
}
OF_OTHERS: Final = {"gauge", "counter", "summary", "histogram", "bucket", "count", "sum"}


@pytest.mark.parametrize("measure", [*MEASURES, *HUB_MEASURES], ids=lambda measure: measure.name)
def test_promtool_would_find_no_fault_with_a_name(measure: Measure) -> None:
    words = set(measure.name.split("_"))
    assert not words & (OTHER_UNITS | OF_OTHERS)
    assert measure.sentence
    assert len(measure.labels) <= 5
    assert not {"object", "instance", "job", "le", "quantile"} & set(measure.labels) - {"object"}
    assert all(re.fullmatch(r"[a-z]+", label) for label in measure.labels)


def test_a_moment_is_told_in_seconds_since_1970() -> None:
    moments = [each.name for each in (*MEASURES, *HUB_MEASURES) if "When " in each.sentence[:5]]
    assert len(moments) >= 4
    assert [name for name in moments if not name.endswith("_timestamp_seconds")] == []


def test_a_name_of_no_table_is_refused() -> None:
    with pytest.raises(KeyError, match="opos_weather"):
        Table(MEASURES).text([Sample("opos_weather", 1)])


def test_a_sample_has_the_labels_of_its_table_no_more_and_no_less() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Table(MEASURES).text([Sample("opos_fault", 1, ("device.gone",))])


@pytest.mark.parametrize("word", ['"', "\\", "\n", "a\\nb", "ü", "{}", "", "# HELP"])
def test_every_word_comes_back_as_it_was(word: str) -> None:
    text = Table(MEASURES, {"object": word}).text([Sample("opos_fault", 1, (word, "scale"))]).decode()
    (sample,) = (each for family in text_string_to_metric_families(text) for each in family.samples)
    assert sample.labels == {"object": word, "code": word, "source": "scale"}


@pytest.mark.parametrize("value", [0, 1, -1.5, 1_763_700_000.123, 10**15])
def test_every_value_comes_back_as_it_was(value: float) -> None:
    text = Table(MEASURES).text([Sample("opos_selling", value)]).decode()
    (sample,) = (each for family in text_string_to_metric_families(text) for each in family.samples)
    assert sample.value == value


def test_the_levels_of_the_disk_are_numbered_in_their_order() -> None:
    assert [level.name.lower() for level in sorted(Level)] == list(LEVELS)


def test_the_line_never_carries_more_faults_than_it_may() -> None:
    devices = tuple(DeviceHealth(f"scanner-{n}", "faulty", "device.gone") for n in range(40))
    found = faults_of(msgspec.structs.replace(WELL, stage="unpaired", disk="refuse", devices=devices))
    assert len(found) == FAULTS_MAX
    assert found[:2] == (Fault("till.no-prices", "till"), Fault("disk.full", "disk"))
