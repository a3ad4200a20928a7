"""Telemetry at the hub: kept once, in bounds, and whatever comes instead of it is refused."""

from collections import Counter
from collections.abc import Callable

import msgspec
import pytest
import zstandard

from cloud_sync.contract.telemetry import TelemetryItem, TelemetryPiece, pack_piece
from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX
from cloud_sync.hub.ingest.gestures import ITEMS_KEPT_MAX, LANES_KEPT_MAX, Gestures
from tests.hub.hub_world import HubWorld, PaperJournal


class Touches:
    """An object that is touched, and the room at the hub that hears of it."""

    def __init__(self, hub: HubWorld, journal: PaperJournal) -> None:
        self.hub, self.topic = hub, journal.address.up("telemetry")
        self.room = Gestures(hub.store, hub.clock)

    def take(self, payload: bytes, topic: str = "") -> None:
        self.room.take(topic or self.topic, payload)

    def tell(self, *seqs: int, lane: str = "lane-one", dropped: int = 0, dev: str = "mirror-4") -> None:
        self.take(pack_piece(self.piece(*seqs, lane=lane, dropped=dropped, dev=dev)))

    def piece(
        self, *seqs: int, lane: str = "lane-one", dropped: int = 0, dev: str = "mirror-4"
    ) -> TelemetryPiece:
        items = tuple(TelemetryItem(seq, "touch", 1_750_000_000_000 + seq, b"{}") for seq in seqs)
        return TelemetryPiece(dev, lane, dropped, 0, items)

    def kept(self) -> list[tuple[str, int]]:
        return [(row[1], row[2]) for row in self.hub.rows("telemetry")]

    def lanes(self) -> list[tuple[str, int, int]]:
        return [(row[1], row[2], row[3]) for row in self.hub.rows("telemetry_lane")]

    def alarms(self) -> dict[str, int]:
        return {row[1]: row[4] for row in self.hub.rows("alarm")}


@pytest.fixture
def touches(hub: HubWorld, mirror: PaperJournal) -> Touches:
    return Touches(hub, mirror)


def test_what_comes_twice_or_late_is_kept_once(touches: Touches) -> None:
    touches.tell(4, 5)
    touches.tell(1, 2)
    touches.tell(2, 4, 5)

    assert touches.kept() == [("lane-one", seq) for seq in (1, 2, 4, 5)]
    assert touches.lanes() == [("lane-one", 5, 0)]
    assert not touches.alarms()


def test_what_the_object_has_dropped_is_known_and_never_less(touches: Touches) -> None:
    touches.tell(900, dropped=30)
    touches.tell(1, dropped=2)
    touches.tell(dropped=31)

    assert touches.lanes() == [("lane-one", 900, 31)]


def test_old_gestures_make_room_for_new_ones(touches: Touches) -> None:
    touches.tell(1, 2, 3)
    touches.tell(1, 2, lane="other")
    touches.tell(ITEMS_KEPT_MAX + 2)

    assert touches.kept() == [("lane-one", 3), ("lane-one", ITEMS_KEPT_MAX + 2), ("other", 1), ("other", 2)]


def test_of_many_lanes_the_oldest_go(touches: Touches, shelf: PaperJournal) -> None:
    other = Touches(touches.hub, shelf)
    other.tell(1, lane="shelf-lane", dev="shelf-b12")
    for number in range(LANES_KEPT_MAX + 3):
        touches.tell(number + 1, lane=f"lane-{number:02}")

    lanes = [lane for lane, *_ in touches.lanes()]
    assert lanes == [f"lane-{number:02}" for number in range(3, LANES_KEPT_MAX + 3)] + ["shelf-lane"]
    assert {lane for lane, _ in touches.kept()} == set(lanes)


def packed(**changes: object) -> Callable[[Touches], bytes]:
    return lambda touches: pack_piece(msgspec.structs.replace(touches.piece(1), **changes))


def numbered(*seqs: int) -> Callable[[Touches], bytes]:
    return lambda touches: pack_piece(touches.piece(*seqs))


def item(**changes: object) -> Callable[[Touches], bytes]:
    honest = TelemetryItem(1, "touch", 1, b"{}")
    return packed(items=(msgspec.structs.replace(honest, **changes),))


HOSTILE = [
    ("place", packed(dev="shelf-b12")),
    ("telemetry", packed(lane="")),
    ("telemetry", packed(lane="x" * 65)),
    ("telemetry", packed(dropped=-1)),
    ("telemetry", numbered(0)),
    ("telemetry", numbered(-1)),
    ("telemetry", numbered(2, 2)),
    ("telemetry", numbered(3, 2)),
    ("telemetry", numbered(*range(1, 258))),
    ("telemetry", item(kind="")),
    ("telemetry", item(kind="x" * 65)),
    ("telemetry", item(at_ms=-1)),
    ("telemetry", item(body=b"x" * 2049)),
    ("telemetry", lambda _: b""),
    ("telemetry", lambda _: b"\x28\xb5\x2f\xfd"),
    ("telemetry", lambda _: zstandard.compress(b"\x91" * 100)),
    ("telemetry", lambda _: zstandard.compress(bytes(10_000_000))),
    ("telemetry", lambda _: bytes(PAYLOAD_BYTES_MAX + 1)),
]


def test_what_is_no_telemetry_of_this_object_is_refused_and_counted(touches: Touches) -> None:
    counted = Counter[str]()
    for number, (kind, attack) in enumerate(HOSTILE):
        touches.take(attack(touches))
        counted[kind] += 1
        assert touches.alarms() == counted, number
        assert not touches.kept(), number

    touches.tell(1)
    assert touches.kept() == [("lane-one", 1)]


def test_a_stranger_fills_nothing(touches: Touches) -> None:
    touches.take(pack_piece(touches.piece(1)), "opos/1/demo/1/corner/nobody/up/telemetry")

    assert not touches.kept()
    assert touches.alarms() == {"topic": 1}


def call(touches: Touches, seq: int, kind: str) -> None:
    item = TelemetryItem(seq, kind, 1_750_000_000_000 + seq, b"{}")
    touches.take(pack_piece(TelemetryPiece("mirror-4", "lane-one", 0, 0, (item,))))


def test_a_call_for_staff_is_an_alarm_once_each_and_says_when_it_is_over(touches: Touches) -> None:
    def alarm() -> list[tuple[str, str, int]]:
        return [(row[2], row[3], row[4]) for row in touches.hub.rows("alarm")]

    call(touches, 1, "StaffCame")  # of a call that nobody heard of
    assert alarm() == []
    for seq in (2, 2):
        call(touches, seq, "StaffCalled")
    assert alarm() == [("mirror-4", "mirror-4: a shopper asks for staff", 1)]
    call(touches, 3, "StaffCame")
    assert alarm() == [("mirror-4", "mirror-4: the last call for staff is over", 1)]
    call(touches, 2, "StaffCalled")  # late, and known
    call(touches, 4, "StaffCalled")
    assert alarm() == [("mirror-4", "mirror-4: a shopper asks for staff", 2)]
