"""Each driver before a simulator that was written from the maker's manual, over a cable without a port."""

import random
from collections.abc import Callable

import pytest

from edge.commands import Zero
from edge.drivers.driver import Driver
from edge.drivers.rfid.r200 import R200
from edge.drivers.scales.mtsics import MtSics
from edge.readings import (
    DeviceFault,
    DeviceReady,
    Garbled,
    Nanoseconds,
    Reading,
    RoundEnded,
    TagSeen,
    Weighed,
)
from simulators.devices.device import Device
from simulators.devices.rfid import r200
from simulators.devices.scales import mtsics

EPC = "3034257BF7194E4000001A85"
SECOND = 1_000_000_000
STEP = 5_000_000


class Bench:
    """A driver and a device on one cable, in time that the test turns on; the cable cuts as it likes."""

    def __init__(self, driver: Driver, device: Device) -> None:
        self.driver = driver
        self.device = device
        self.now = 0
        self._luck = random.Random(3)
        driver.opened(Nanoseconds(0))

    def run(self, seconds: float) -> list[Reading]:
        heard: list[Reading] = []
        end = self.now + round(seconds * SECOND)
        while self.now < end:
            self.device.hear(self.driver.to_send(), self.now)
            said = b"".join(self.device.speak(self.now))
            place = self._luck.randint(0, len(said))
            heard += [*self.driver.receive(said[:place]), *self.driver.receive(said[place:])]
            heard += self.driver.tick(Nanoseconds(self.now))
            self.now += STEP
        return heard


@pytest.mark.parametrize("marks", ["bb-7e", "aa-dd"])
def test_a_tag_is_heard_while_it_is_there_and_empty_rounds_when_it_is_not(marks: str) -> None:
    reader = r200.R200(random.Random(1), marks=marks)
    bench = Bench(R200(), reader)
    reader.put(EPC)
    with_tag = bench.run(2)
    assert with_tag[0] == DeviceReady()
    assert {reading.epc for reading in with_tag if isinstance(reading, TagSeen)} == {EPC}
    reader.take(EPC)
    bench.run(0.1)
    assert set(bench.run(2)) == {RoundEnded()}


def test_a_reader_that_restarts_is_asked_again() -> None:
    reader = r200.R200(random.Random(1))
    bench = Bench(R200(), reader)
    reader.put(EPC)
    bench.run(2)
    reader.power_on(bench.now)
    heard = bench.run(2)
    assert sum(isinstance(reading, TagSeen) for reading in heard) > 20
    assert not any(isinstance(reading, Garbled | DeviceFault) for reading in heard)


def _weights(heard: list[Reading]) -> list[Weighed]:
    return [reading for reading in heard if isinstance(reading, Weighed)]


def test_goods_are_weighed_while_they_move_and_when_they_rest() -> None:
    scale = mtsics.MtSicsScale(random.Random(1))
    bench = Bench(MtSics(), scale)
    assert bench.run(0.5)[0] == DeviceReady()
    scale.put(262_000, bench.now)
    weights = _weights(bench.run(2))
    assert not weights[0].steady
    assert (weights[-1].weight_mg, weights[-1].steady) == (262_000, True)


@pytest.mark.parametrize(
    ("mend", "before_mg", "after_mg"), [(Zero(), 50_000, 0), (None, 50_000, 50_000)], ids=["zero", "nothing"]
)
def test_a_scale_is_zeroed_when_it_is_told_to(mend: Zero | None, before_mg: int, after_mg: int) -> None:
    driver, scale = MtSics(), mtsics.MtSicsScale(random.Random(1))
    bench = Bench(driver, scale)
    scale.put(before_mg, bench.now)
    assert _weights(bench.run(3))[-1].weight_mg == before_mg
    if mend is not None:
        driver.command(mend)
    heard = bench.run(1)
    assert _weights(heard)[-1].weight_mg == after_mg
    assert (DeviceReady() in heard) == (mend is not None)


TROUBLES: list[tuple[str, Callable[[mtsics.MtSicsScale, int], None], Reading | str]] = [
    ("too much on it", lambda scale, now: scale.put(9_000_000, now), "scale.overload"),
    ("a restart", lambda scale, now: scale.power_on(now), DeviceReady()),
]


@pytest.mark.parametrize(("befall", "said"), [t[1:] for t in TROUBLES], ids=[t[0] for t in TROUBLES])
def test_a_trouble_of_the_scale_is_noticed(
    befall: Callable[[mtsics.MtSicsScale, int], None], said: Reading | str
) -> None:
    scale = mtsics.MtSicsScale(random.Random(1))
    bench = Bench(MtSics(), scale)
    bench.run(2)
    befall(scale, bench.now)
    heard = bench.run(2)
    assert said in [reading.code if isinstance(reading, DeviceFault) else reading for reading in heard]
