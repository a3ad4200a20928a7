"""What a mirror's reader hears becomes what is held up to it: no flicker, and no guesses in silence."""

import random
from collections.abc import Iterable

import pytest

from edge.events import Event, Left, Presented
from edge.readings import DeviceFault, Garbled, Heard, Nanoseconds, Reading, RoundEnded, TagSeen
from edge.sensors.mirror import MirrorSense

ROUND_MS = 40
SHIRT, SCARF = "30AA", "30BB"


def hear(sense: MirrorSense, readings: Iterable[tuple[int, Reading]]) -> list[tuple[int, Event]]:
    """Feed readings at their milliseconds; what came out, with the millisecond it came at."""
    return [
        (at_ms, event)
        for at_ms, reading in readings
        for event in sense.hear(Heard("reader", Nanoseconds(at_ms * 1_000_000), reading))
    ]


def rounds(first_ms: int, last_ms: int, *epcs: str) -> list[tuple[int, Reading]]:
    """A reader that ends a round every 40 ms and hears `epcs` in each."""
    heard: list[tuple[int, Reading]] = []
    for at_ms in range(first_ms, last_ms, ROUND_MS):
        heard += [(at_ms, TagSeen(epc)) for epc in epcs]
        heard.append((at_ms, RoundEnded()))
    return heard


def test_an_item_held_up_is_shown_within_half_a_second_and_leaves_within_one() -> None:
    events = hear(MirrorSense(), rounds(0, 1_000, SHIRT) + rounds(1_000, 3_000))
    assert [event for _, event in events] == [Presented(SHIRT), Left(SHIRT)]
    (shown_ms, _), (gone_ms, _) = events
    assert shown_ms <= 500
    assert 1_000 < gone_ms <= 2_000


def test_a_single_sighting_is_a_reflection() -> None:
    assert hear(MirrorSense(), [*rounds(0, 200), (200, TagSeen(SHIRT)), *rounds(240, 2_000)]) == []


@pytest.mark.parametrize("silence_ms", [2_000, 3_600_000])
def test_a_silent_reader_takes_nothing_away(silence_ms: int) -> None:
    later = 1_000 + silence_ms
    events = hear(MirrorSense(), rounds(0, 1_000, SHIRT) + rounds(later, later + 400))
    assert [event for _, event in events] == [Presented(SHIRT)]


@pytest.mark.parametrize("reading", [Garbled("00", "noise"), DeviceFault("device.silent", "It is silent.")])
def test_noise_and_faults_are_not_listening(reading: Reading) -> None:
    noise: list[tuple[int, Reading]] = [(at_ms, reading) for at_ms in range(1_000, 5_000, ROUND_MS)]
    events = hear(MirrorSense(), rounds(0, 1_000, SHIRT) + noise)
    assert [event for _, event in events] == [Presented(SHIRT)]


@pytest.mark.parametrize("seed", range(10))
def test_a_tag_that_is_heard_in_two_of_three_rounds_does_not_flicker(seed: int) -> None:
    luck = random.Random(seed)
    heard: list[tuple[int, Reading]] = []
    for at_ms in range(0, 60_000, ROUND_MS):
        if luck.random() < 0.66:
            heard.append((at_ms, TagSeen(SHIRT)))
        heard.append((at_ms, RoundEnded()))
    assert [event for _, event in hear(MirrorSense(), heard)] == [Presented(SHIRT)]


def test_two_items_come_and_go_by_themselves() -> None:
    heard = rounds(0, 1_000, SHIRT) + rounds(1_000, 2_000, SHIRT, SCARF) + rounds(2_000, 4_000, SCARF)
    events = [event for _, event in hear(MirrorSense(), heard)]
    assert events == [Presented(SHIRT), Presented(SCARF), Left(SHIRT)]


def test_a_clock_that_stands_still_changes_nothing() -> None:
    events = hear(MirrorSense(), [(5, TagSeen(SHIRT))] * 3 + [(5, RoundEnded())] * 500)
    assert [event for _, event in events] == [Presented(SHIRT)]


def test_a_flood_of_tags_is_bounded() -> None:
    sense = MirrorSense()
    flood: list[tuple[int, Reading]] = [(n // 50, TagSeen(f"{n:024X}")) for n in range(5_000)]
    hear(sense, flood + flood)
    assert len(sense._presence.present) <= 2_000
