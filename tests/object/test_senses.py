"""Which sense a device's readings go to, for each kind of object; which devices it can do without."""

from collections.abc import Sequence
from typing import Final

import pytest

from edge.config import Kind, Role
from edge.events import (
    BackInService,
    CodeShown,
    DeviceFound,
    DeviceMissed,
    Event,
    Listed,
    OutOfService,
    Presented,
    Purpose,
    Scanned,
    Tapped,
    Took,
    TookUnits,
)
from edge.readings import (
    CodeScanned,
    DeviceFault,
    DeviceReady,
    Heard,
    Milligrams,
    Nanoseconds,
    Reading,
    RoundEnded,
    TagSeen,
    Touched,
    TouchPhase,
    Weighed,
)
from edge.runtime.senses import Device, Senses
from edge.sensors.shelf import Loose, Pack
from edge.sensors.votes import Accepted, Voted
from retail.identity import epc
from retail.identity.gtin import completed

GTIN: Final = completed(952000100001)
TAG: Final = epc.encode(epc.item_of(GTIN, 1, company_digits=7))
PACK: Final = Pack(400_000, 4_000, GTIN)
GONE: Final = DeviceFault("device.gone", "It is gone.")
ROUND_MS: Final = 50


class Counter:
    """The senses of one object, and the time that its readings take."""

    def __init__(self, kind: Kind, *devices: Role | Device) -> None:
        every = [each if isinstance(each, Device) else Device(each, each, "") for each in devices]
        self.senses = Senses(kind, every, {TAG: PACK}.get, lambda: None)
        self.events: list[Event] = []
        self.ns = 10**12

    def hear(self, source: str, reading: Reading) -> None:
        heard = Heard(source, Nanoseconds(self.ns), reading)
        self.events += self.senses.hear(heard)

    def pass_ms(self, ms: int, tags: Sequence[str] = (), weight_mg: int | None = None) -> None:
        """Rounds of the reader, and the scale's answers if there is one."""
        for _ in range(ms // ROUND_MS):
            self.ns += ROUND_MS * 1_000_000
            for tag in tags:
                self.hear("reader", TagSeen(tag, -45))
            self.hear("reader", RoundEnded())
            if weight_mg is not None:
                self.hear("scale", Weighed(Milligrams(weight_mg), steady=True))

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def test_a_garment_before_a_mirror_is_presented() -> None:
    counter = Counter("mirror", "reader", "scanner")
    counter.pass_ms(3_000)
    counter.pass_ms(3_000, [TAG])
    assert counter.told(Presented) == [Presented(TAG)]


def test_what_lies_in_a_tray_is_listed_once_by_tag_and_weight() -> None:
    counter = Counter("tray", "reader", "scale")
    counter.pass_ms(3_000, weight_mg=0)
    counter.pass_ms(5_000, [TAG], 400_000)
    assert counter.told(Presented) == [Presented(TAG)]
    assert counter.told(Listed)[-1] == Listed((TAG,))


def test_a_tray_without_a_scale_goes_by_tags_alone() -> None:
    counter = Counter("tray", "reader")
    counter.pass_ms(3_000)
    counter.pass_ms(5_000, [TAG])
    assert counter.told(Listed)[-1] == Listed((TAG,))


def test_a_shelf_knows_what_belongs_on_it_with_tags_and_without() -> None:
    counter = Counter("shelf", "reader", "scale")
    apples = Loose(Pack(150_000, 1_000, "apples"), 3)
    counter.senses.expect({TAG: PACK}, {"apples": apples})
    counter.pass_ms(6_000, [TAG], 850_000)
    counter.pass_ms(6_000, [TAG], 700_000)
    assert counter.told(TookUnits) == [TookUnits("apples", 1)]
    counter.pass_ms(6_000, [], 300_000)
    assert counter.told(Took) == [Took(TAG)]


def test_kinds_that_weigh_the_same_are_not_sold_by_weight(caplog: pytest.LogCaptureFixture) -> None:
    counter = Counter("shelf", "reader", "scale")
    same = {name: Loose(Pack(150_000, 1_000, name), 3) for name in ("apples", "pears")}
    counter.senses.expect({}, {**same, "melons": Loose(Pack(900_000, 5_000, "melons"), 2)})
    counter.senses.expect({}, same)
    assert "weight cannot tell apart what is taken of apples, pears" in caplog.text
    counter.pass_ms(6_000, [], 900_000)
    counter.pass_ms(6_000, [], 750_000)
    assert counter.told(TookUnits) == []


@pytest.mark.parametrize("kind", ["mirror", "shelf", "tray", "panel"])
def test_codes_are_read_wherever_a_scanner_is(kind: Kind) -> None:
    needed: dict[Kind, tuple[Role, ...]] = {"shelf": ("reader", "scale"), "panel": ()}
    counter = Counter(kind, *needed.get(kind, ("reader",)), "scanner")
    counter.hear("scanner", CodeScanned(GTIN[1:], "]E0"))
    counter.hear("scanner", CodeScanned("opos:member:42", "]Q1"))
    goods, member = (event for event in counter.events if isinstance(event, Scanned | CodeShown))
    assert isinstance(goods, Scanned)
    assert goods.lookup == GTIN
    assert member == CodeShown(Purpose.MEMBER, 1)
    assert "42" not in repr(counter.events), "what a member shows is nobody else's"


def test_what_the_camera_is_certain_of_is_a_code_like_any_other() -> None:
    counter = Counter("panel", "camera")
    code = Voted("EAN13", GTIN[1:], GTIN, 2, accepted=True)
    goods = [each for each in counter.senses.saw(Accepted(code), Nanoseconds(1)) if isinstance(each, Scanned)]
    assert [each.lookup for each in goods] == [GTIN]


FINGER = (("down", 0), ("up", 45_000))


@pytest.mark.parametrize(
    ("uri", "taps"),
    [("evdev:/dev/t?profile=touch", 1), ("evdev:/dev/t?profile=irtouch-frame", 0)],
)
def test_a_short_tap_counts_on_glass_and_not_on_light_above_it(uri: str, taps: int) -> None:
    counter = Counter("panel", "scanner", Device("touch", "touch", uri))
    for phase, at_us in FINGER:
        counter.hear("touch", Touched(0, TouchPhase(phase), 500_000, 500_000, at_us))
    assert len(counter.told(Tapped)) == taps


def test_a_tray_sells_on_while_its_scanner_is_unplugged() -> None:
    counter = Counter("tray", "reader", "scale", "scanner")
    for source in ("reader", "scale", "scanner"):
        counter.hear(source, DeviceReady())
    counter.events.clear()
    counter.hear("scanner", GONE)
    assert counter.events == [DeviceMissed("scanner", "device.gone")]
    counter.hear("scanner", DeviceReady())
    assert counter.events[1:] == [DeviceFound("scanner")]


def test_a_panel_sells_on_while_one_of_its_eyes_sees() -> None:
    counter = Counter("panel", "camera", Device("scanner", "left", ""), Device("scanner", "right", ""))
    for source in ("left", "right", "camera"):
        counter.hear(source, GONE)
    assert [type(event) for event in counter.events] == [DeviceMissed] * 3 + [OutOfService]
    counter.hear("right", DeviceReady())
    assert counter.events[4:] == [DeviceFound("right"), BackInService()]
