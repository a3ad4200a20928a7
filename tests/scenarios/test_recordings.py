"""What a device said once is kept with its times, read again, and played by a simulated one."""

import io
import json
import random
from pathlib import Path

import msgspec
import pytest

from edge.commands import Zero
from edge.drivers.driver import Axis, InputFacts
from edge.drivers.recording import Moment, NoRecordingError, Recorded, Recording, read, replay, write
from edge.drivers.scales.mtsics import MtSics
from edge.readings import Nanoseconds, Reading, Weighed
from simulators.devices import recording as player
from simulators.devices.device import RefusedError
from simulators.devices.scales.mtsics import MtSicsScale
from tests.scenarios.conftest import Opos

STEP = 10_000_000


class Clock:
    """Time that the test turns on."""

    ns = 5_000_000_000

    def now_ns(self) -> Nanoseconds:
        return Nanoseconds(self.ns)


def _recorded() -> tuple[bytes, list[Reading]]:
    """Two seconds of a scale on which something is laid, and what the driver made of it."""
    clock, file = Clock(), io.BytesIO()
    write(file, Recording(1, "serial:/dev/scale?profile=mt-sics", "mt-sics"))
    scale, driver = MtSicsScale(random.Random(1)), Recorded(MtSics(), file, clock)
    heard: list[Reading] = []
    driver.informed(InputFacts("none of a scale's business"))
    driver.opened(clock.now_ns())
    for count in range(200):
        if count == 50:
            scale.put(262_000, clock.ns)
        scale.hear(driver.to_send(), clock.ns)
        for said in scale.speak(clock.ns):
            heard += driver.receive(said)
        heard += driver.tick(clock.now_ns())
        clock.ns += STEP
    assert driver.pending == 0
    assert driver.deadline_ns is not None
    return file.getvalue(), heard


def test_a_recording_read_again_is_the_same_readings() -> None:
    recorded, heard = _recorded()
    head, moments = read(io.BytesIO(recorded))
    assert head.profile == "mt-sics"
    assert [reading for _, reading in replay(MtSics(), moments)] == heard
    assert any(isinstance(reading, Weighed) and reading.weight_mg == 262_000 for reading in heard)


def test_the_readings_of_then_are_in_the_recording() -> None:
    recorded, heard = _recorded()
    _, moments = read(io.BytesIO(recorded))
    assert [moment.reading for moment in moments if moment.reading is not None] == heard


def test_silence_in_a_recording_is_silence_to_the_driver() -> None:
    moments = [Moment(0, opened=True), Moment(20_000_000, device="00")]
    codes = [getattr(reading, "code", "") for _, reading in replay(MtSics(), iter(moments))]
    assert "device.silent" in codes


def test_facts_of_an_input_device_survive_the_file() -> None:
    facts = InputFacts("panel", {53: Axis(0, 799)}, frozenset({330}), frozenset({1}))
    file = io.BytesIO()
    write(file, Recording(1, "evdev:/dev/input/event0?profile=touch", "touch"))
    write(file, Moment(1, facts=facts))
    file.seek(0)
    assert next(read(file)[1]).facts == facts


def test_a_command_passes_an_overheard_driver() -> None:
    file, clock = io.BytesIO(), Clock()
    scale = MtSics()
    driver = Recorded(scale, file, clock)
    driver.opened(clock.now_ns())
    list(driver.receive(b"S S     100.00 g\r\n"))
    driver.command(Zero())
    clock.ns += 2_000_000_000
    list(driver.tick(clock.now_ns()))
    assert driver.to_send() == b"Z\r\n"
    assert json.loads(file.getvalue().splitlines()[-1])["host"] == b"Z\r\n".hex().upper()


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (b"", "line 1: expected the head of a recording"),
        (b"hello\n", "line 1: expected the head of a recording"),
        (b'{"recording":2,"uri":"","profile":""}\n', "line 1: expected the head of a recording"),
        (b'{"recording":1,"uri":"","profile":""}\n{"us":1,"device":"0"}\n', "line 2: expected a moment"),
        (b'{"recording":1,"uri":"","profile":""}\n{"us":1}\n{"us":1,"devi', "line 3: expected a moment"),
    ],
)
def test_what_is_no_recording_says_in_which_line(lines: bytes, says: str) -> None:
    with pytest.raises(NoRecordingError) as caught:
        list(read(io.BytesIO(lines))[1])
    assert says in str(caught.value)


def test_a_player_answers_the_host_as_the_device_did(tmp_path: Path) -> None:
    recorded, heard = _recorded()
    (tmp_path / "scale.jsonl").write_bytes(recorded)
    device = player.Part(name="p", at="pty:p", file=str(tmp_path / "scale.jsonl")).device(random.Random(1))
    driver, now, again = MtSics(), 0, []
    device.power_on(now)
    driver.opened(Nanoseconds(now))
    for _ in range(300):
        device.hear(driver.to_send(), now)
        for said in device.speak(now):
            again += list(driver.receive(said))
        again += list(driver.tick(Nanoseconds(now)))
        now += STEP
    weights = [reading for reading in heard if isinstance(reading, Weighed)]
    assert [reading for reading in again if isinstance(reading, Weighed)][: len(weights)] == weights


def test_a_host_that_says_nothing_hears_the_recording_all_the_same(tmp_path: Path) -> None:
    head = {"recording": 1, "uri": "", "profile": ""}
    lines = [head, {"us": 5, "host": "5349"}, {"us": 1000, "device": "41"}]
    (tmp_path / "r.jsonl").write_bytes(b"\n".join(msgspec.json.encode(line) for line in lines))
    device = player.Part(name="p", at="pty:p", file=str(tmp_path / "r.jsonl")).device(random.Random(1))
    device.power_on(0)
    assert device.speak(1_000_000_000) == []
    assert device.speak(2_100_000_000) == []
    assert device.speak(2_200_000_000) == [b"A"]
    assert device.wakes_ns is None
    assert device.world() == {"played": 2, "moments": 2}


@pytest.mark.parametrize(
    ("text", "says"), [("{}", "is no recording"), ('{"recording":1}\n{"us":1,"host":"0"}', "line 2 or later")]
)
def test_a_file_that_is_no_recording_stands_on_no_bench(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "r.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError, match=says):
        player.Part(name="p", at="pty:p", file=str(tmp_path / "r.jsonl")).device(random.Random(1))
    with pytest.raises(RefusedError, match="cannot be read"):
        player.Part(name="p", at="pty:p", file=str(tmp_path / "none.jsonl")).device(random.Random(1))


def test_a_session_is_recorded_and_checked_when_it_is_replayed(opos: Opos, tmp_path: Path) -> None:
    missing = opos("record", "serial:nowhere?profile=mt-sics", "scale.jsonl", "--seconds", "0.3")
    assert missing.returncode == 0
    assert "DeviceFault" in missing.stdout
    assert opos("replay", "scale.jsonl").returncode == 0
    again = opos("record", "serial:nowhere?profile=mt-sics", "scale.jsonl", "--seconds", "0.1")
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    recorded, heard = _recorded()
    (tmp_path / "real.jsonl").write_bytes(recorded)
    same = opos("replay", "real.jsonl", "--check", "--json")
    assert (same.returncode, len(same.stdout.splitlines())) == (0, len(heard))
    other = opos("replay", "real.jsonl", "--check", "--profile", "r200")
    assert other.returncode == 1
    assert "Error: " in other.stderr


@pytest.mark.parametrize("device", ["tcp:127.0.0.1:9?profile=zvt-tcp", "serial:nowhere?profile=zvt-serial"])
def test_a_payment_terminal_is_not_recorded_and_no_file_is_begun(
    opos: Opos, tmp_path: Path, device: str
) -> None:
    refused = opos("record", device, "terminal.jsonl", "--seconds", "0.1")
    assert refused.returncode == 1
    assert "a payment terminal is not recorded" in refused.stderr
    assert not (tmp_path / "terminal.jsonl").exists()
