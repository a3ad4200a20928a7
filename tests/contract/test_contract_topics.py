"""Topics: each object has its own, for life, and nobody can speak for another."""

import pytest

from cloud_sync.contract.topics import (
    PARTITIONS,
    Address,
    address_of,
    document,
    every_lane,
    partition,
)

MIRROR = Address("demo", "corner", "mirror-4")

# An object's partition is fixed when it is enrolled: these must never change.
PARTS = {"mirror-4": 48, "shelf-b12": 17}


@pytest.mark.parametrize(("name", "part"), PARTS.items())
def test_an_object_stays_in_its_partition(name: str, part: int) -> None:
    assert partition(name) == part


def test_objects_spread_over_all_partitions() -> None:
    assert {partition(f"shelf-{number}") for number in range(1_000)} == set(range(PARTITIONS))


def test_the_topics_of_an_object() -> None:
    root = f"opos/1/demo/{PARTS['mirror-4']}/corner/mirror-4"
    assert MIRROR.up("journal") == f"{root}/up/journal"
    assert MIRROR.up("state") == f"{root}/up/state"
    assert MIRROR.down("receipt") == f"{root}/dn/receipt"
    assert MIRROR.documents() == "opos/1/demo/site/corner/dn/document/+"
    assert document("demo", "corner", "prices") == "opos/1/demo/site/corner/dn/document/prices"


def test_a_hub_worker_hears_all_that_its_objects_say_and_nothing_else() -> None:
    def heard(topic: str, part: int = PARTS["mirror-4"]) -> bool:
        levels = zip(every_lane(part).split("/"), topic.split("/"), strict=False)
        same_depth = every_lane(part).count("/") == topic.count("/")
        return same_depth and all(one in {"+", two} for one, two in levels)

    assert heard(MIRROR.up("journal"))
    assert heard(MIRROR.up("state"))
    assert not heard(MIRROR.up("state"), PARTS["shelf-b12"])
    assert not heard(MIRROR.down("receipt"))
    assert not heard(document("demo", "corner", "prices"))


@pytest.mark.parametrize("topic", [MIRROR.up("journal"), MIRROR.up("state"), MIRROR.down("receipt")])
def test_a_topic_says_who_speaks(topic: str) -> None:
    assert address_of(topic) == MIRROR


STRANGE = [
    "",
    "opos/1/demo",
    "opos/2/demo/48/corner/mirror-4/up/journal",
    "opos/1/demo/48/corner/mirror-4/up",
    "opos/1/demo/48/corner/mirror-4/in/journal",
    "opos/1/demo/48/corner/mirror-4/up/journal/more",
    "opos/1/demo/19/corner/mirror-4/up/journal",  # not its partition
    "opos/1/demo/048/corner/mirror-4/up/journal",
    "opos/1/demo/site/corner/dn/document/prices",
]


@pytest.mark.parametrize("topic", STRANGE)
def test_a_strange_topic_is_nobodys(topic: str) -> None:
    with pytest.raises(ValueError, match=r"expected opos|belongs to partition"):
        address_of(topic)
