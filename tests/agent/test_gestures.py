"""Telemetry on its way up: in pieces, each item once, and never in the way of anything that counts."""

import asyncio

from cloud_sync.agent.duty import ALWAYS, METERED, Duty
from cloud_sync.agent.gestures import Gestures
from cloud_sync.contract.telemetry import (
    BODY_BYTES_MAX,
    ITEMS_MAX,
    TelemetryItem,
    TelemetryPiece,
    unpack_piece,
)
from tests.agent.paper_line import ADDRESS, PaperLine, scene


def item(seq: int, body: bytes = b'{"epc":"x"}') -> TelemetryItem:
    return TelemetryItem(seq, "Took", 1_000 + seq, body)


class PaperLane:
    """A lane in a list; None is a file that cannot be read."""

    def __init__(self, *items: TelemetryItem, name: str = "lane-1") -> None:
        self.items: list[TelemetryItem] | None = list(items)
        self.name = name
        self.dropped = 3

    def after(self, seq: int, limit: int) -> TelemetryPiece | None:
        if self.items is None:
            return None
        items = [each for each in self.items if each.seq > seq][:limit]
        return TelemetryPiece("mirror-4", self.name, self.dropped, 0, tuple(items))


class Hands:
    """What became of items, as the runtime hears it."""

    def __init__(self, line: PaperLine, lane: PaperLane, duty: Duty = ALWAYS) -> None:
        self.sent: list[tuple[str, int]] = []
        self.gestures = Gestures(line.voice, lane, lambda name, seq: self.sent.append((name, seq)), duty)

    async def work(self, seconds: float, *, up: bool = True) -> None:
        self.gestures.flow(up)
        working = asyncio.create_task(self.gestures.run())
        await asyncio.sleep(seconds)
        working.cancel()


def told(line: PaperLine) -> list[int]:
    return [each.seq for said in line.said for each in unpack_piece(said.payload).items]


def test_each_item_is_told_once_in_pieces_that_nobody_waits_for() -> None:
    lane = PaperLane(*(item(n) for n in range(1, 601)))

    async def play(line: PaperLine) -> None:
        hands = Hands(line, lane)
        await hands.work(10)
        assert hands.sent == [("lane-1", 256), ("lane-1", 512), ("lane-1", 600)]
        assert (hands.gestures.told, hands.gestures.dropped) == (600, 3)

    line = scene(play)
    assert told(line) == list(range(1, 601))
    assert {(each.topic, each.qos, each.expiry_s) for each in line.said} == {(ADDRESS.up("telemetry"), 0, 60)}
    assert unpack_piece(line.said[0].payload).dropped == 3


def test_nothing_is_told_while_the_hub_does_not_answer_or_the_line_is_paid_for() -> None:
    async def play(line: PaperLine) -> None:
        await Hands(line, PaperLane(item(1))).work(100, up=False)
        await Hands(line, PaperLane(item(1)), METERED).work(100)

    assert scene(play).said == []


def test_a_line_that_takes_nothing_now_gets_it_later() -> None:
    async def play(line: PaperLine) -> None:
        hands, line.full = Hands(line, PaperLane(item(1))), True
        await hands.work(10)
        assert hands.sent == []
        line.full = False
        await hands.work(10)
        assert hands.sent == [("lane-1", 1)]

    assert told(scene(play)) == [1]


def test_a_new_file_counts_from_one_again_and_one_that_is_gone_is_waited_for() -> None:
    async def play(line: PaperLine) -> None:
        lane = PaperLane(item(1), item(2))
        hands = Hands(line, lane)
        await hands.work(5)
        lane.items = None
        await hands.work(5)
        lane.name, lane.items = "lane-2", [item(1)]
        await hands.work(5)
        assert hands.sent == [("lane-1", 2), ("lane-2", 1)]

    assert told(scene(play)) == [1, 2, 1]


def test_an_item_that_no_piece_takes_is_passed_over_and_long_ones_go_in_several() -> None:
    long = b"x" * BODY_BYTES_MAX
    lane = PaperLane(
        item(1, long + b"x"), *(item(n, long) for n in range(2, ITEMS_MAX + 1)), item(257, long + b"x")
    )

    async def play(line: PaperLine) -> None:
        hands = Hands(line, lane)
        await hands.work(30)
        assert hands.sent[-1] == ("lane-1", 257)

    line = scene(play)
    assert told(line) == list(range(2, 257))
    assert len(line.said) > 5


def test_a_piece_of_items_that_are_all_too_long_is_given_up_as_a_whole() -> None:
    async def play(line: PaperLine) -> None:
        hands = Hands(line, PaperLane(item(1, b"x" * (BODY_BYTES_MAX + 1))))
        await hands.work(5)
        assert hands.sent == [("lane-1", 1)]

    assert scene(play).said == []
