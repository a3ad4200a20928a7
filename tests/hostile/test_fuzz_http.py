"""Strange callers at the hub's HTTP doors: each gets a number below 500, and changes nothing."""

import random
from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import given

from tests.hostile.http_doors import EnrolmentDoor, Wire, inside, outside, walk
from tests.hostile.hub_doors import counts_in
from tests.hostile.test_fuzz_hub import SEEDS, TRIALS
from tests.hostile.trial import check_attempt
from tests.hub.identity.door import Door


def test_whoever_knocks_without_a_claim_of_his_own_is_refused_and_the_honest_one_is_heard(door: Door) -> None:
    with closing(EnrolmentDoor(door)) as counter:

        @TRIALS
        @given(seed=SEEDS)
        def trial(seed: int) -> None:
            check_attempt(counter, random.Random(seed))

        trial()
    assert {kind for kind, _ in door.alarms()} == {"enrolment"}


@pytest.mark.parametrize("opened", [inside, outside])
def test_every_path_answers_whatever_it_is_asked(door: Door, opened: Callable[[Door], Wire]) -> None:
    luck = random.Random(11)
    with closing(opened(door)) as wire:
        before = counts_in(door.store)
        for verb, path, body, headers in walk(wire.app, luck):
            assert wire.ask(verb, path, body, headers) < 500, (verb, path, body[:40], headers)
        assert counts_in(door.store) == before
        assert wire.ask("GET", "/healthz") == 200


def test_nothing_of_the_shop_is_behind_the_door_for_objects(door: Door) -> None:
    """All that it describes are chunks, its health, the root and the counter."""
    with closing(outside(door)) as wire:
        assert sorted(wire.app.openapi()["paths"]) == ["/chunks/{sha256}", "/enrol", "/healthz", "/root.crt"]
