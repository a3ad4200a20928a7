"""Attempts that their objects have left alone: asked about by the provider's ladder, and ended."""

import pytest

from cloud_sync.hub.payments.ladder import LADDERS, Ladder
from cloud_sync.hub.payments.watch import Watch
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.paper_provider import Break, PaperProvider
from tests.hub.request_world import ATTEMPT, Till, pay

LADDER = Ladder((5, 10, 10, 10, 10, 300), 45)


class Night:
    """A till that asked once and has no power now, and the hub that watches."""

    def __init__(self, hub: HubWorld, journal: PaperJournal) -> None:
        self.provider = PaperProvider(verdict="in-progress")
        self.till = Till(hub, journal, self.provider)
        self.till.mean()
        self.till.ask(pay())
        self.clock = hub.clock
        self.watch = Watch(hub.store, self.till.gateway, {"paper": LADDER}, hub.clock)
        self.provider.asked.clear()

    def pass_s(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.now_ms += 1000
            self.watch.step()


@pytest.fixture
def night(hub: HubWorld, mirror: PaperJournal) -> Night:
    return Night(hub, mirror)


def test_it_is_asked_as_the_ladder_says_and_ended_at_its_end(night: Night) -> None:
    night.pass_s(4)
    assert night.provider.asked == []
    night.pass_s(40)
    assert night.provider.asked == ["query"] * 4
    night.pass_s(2)
    assert night.provider.asked == ["query"] * 4 + ["cancel"]
    night.pass_s(600)
    assert night.provider.asked[5:] == []
    assert night.till.payments() == [(ATTEMPT, "cancelled")]


def test_what_was_paid_meanwhile_is_known_when_the_object_comes_back(night: Night) -> None:
    night.pass_s(10)
    night.provider.settle(ATTEMPT, "captured")
    night.pass_s(20)
    asked = len(night.provider.asked)
    night.pass_s(600)

    assert night.till.payments() == [(ATTEMPT, "captured")]
    assert len(night.provider.asked) == asked


def test_a_provider_that_is_away_is_asked_again_and_ended_later(night: Night) -> None:
    night.provider.moods = [Break.ON_THE_WAY] * 5
    night.pass_s(700)

    assert night.till.payments() == [(ATTEMPT, "cancelled")]
    assert night.provider.charged[ATTEMPT] == 0


def test_after_three_days_a_person_looks_at_the_settlement_instead(night: Night) -> None:
    night.provider.moods = [Break.ON_THE_WAY] * 5
    night.pass_s(1)
    night.clock.now_ms += 3 * 24 * 3600 * 1000
    night.pass_s(10)
    assert night.provider.asked == []


def test_where_there_is_no_account_any_more_nobody_is_asked(hub: HubWorld, mirror: PaperJournal) -> None:
    night = Night(hub, mirror)
    night.till.gateway._providers = {}
    night.pass_s(60)
    assert night.provider.asked == []


@pytest.mark.parametrize("name", sorted(LADDERS))
def test_every_ladder_asks_before_it_ends_and_goes_slower_in_the_end(name: str) -> None:
    ladder = LADDERS[name]
    assert ladder.ask_s[0] < ladder.end_after_s
    assert ladder.ask_s[-1] == 3600
    assert list(ladder.ask_s) == sorted(ladder.ask_s)
