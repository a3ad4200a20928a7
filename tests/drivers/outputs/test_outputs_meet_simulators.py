"""Printer, display, relay and lamps: each driver before a simulator written from the makers' manuals."""

import random
from typing import Any

import msgspec
import pytest

from edge.commands import (
    Align,
    Command,
    Light,
    OpenDrawer,
    Print,
    PrintedLine,
    PrintedQr,
    ShowLines,
    Signal,
    Unlock,
)
from edge.drivers.driver import Commanded
from edge.drivers.profiles import load
from edge.drivers.registry import driver_for
from edge.readings import (
    DeviceFault,
    DeviceReady,
    LockSaid,
    Paper,
    Printed,
    PrinterSaid,
    PrintOutcome,
    Reading,
)
from simulators.devices.catalogue import part
from tests.drivers.conformance.desk import Desk

# Longer than a driver waits for a person who changes the roll; each step of it is looked at.
PATIENCE_S = 90
STEP_S = 0.5
LINK = "https://shop.example/r/1"


def desk(profile: str, settings: dict[str, Any] | None = None, **options: Any) -> Desk:
    """The driver of a profile and a device of its protocol, on one line."""
    read = load(profile)
    read = msgspec.structs.replace(read, settings={**read.settings, **(settings or {})})
    bench_part = part({"type": read.protocol, "name": "it", "at": "pty:it", **options})
    return Desk(driver_for(read), bench_part.device(random.Random(5)), seed=bench_part.seed)


def ask(it: Desk, command: Command) -> None:
    assert isinstance(it.driver, Commanded)
    it.driver.command(command)


def ready(profile: str = "esc-pos", settings: dict[str, Any] | None = None, **options: Any) -> Desk:
    """A desk whose device has been found."""
    it = desk(profile, settings, **options)
    heard: list[Reading] = []
    for _ in range(round(PATIENCE_S / STEP_S)):
        heard += it.run(STEP_S)
        if DeviceReady() in heard:
            return it
    raise AssertionError(f"it never got ready: {heard}")


def receipt(name: str, articles: int = 20) -> Print:
    return Print(
        name,
        (
            PrintedLine(f"Receipt {name}", Align.CENTER, bold=True, tall=True),
            *(PrintedLine(f"{name} article {each:03d}   1.19") for each in range(articles)),
            PrintedLine("Total 23.80", Align.RIGHT),
            PrintedQr(LINK),
        ),
    )


def on_paper(it: Desk) -> list[str]:
    """All that can be read of the paper, from the first receipt to what hangs out."""
    world = it.device.world()
    lines = [line for piece in world["receipts"] for line in piece["lines"]] + world["hanging"]
    return [line.get("qr") or line["text"].strip() for line in lines]


def wanted(document: Print) -> list[str]:
    return [each.text for each in document.parts]


def is_whole(it: Desk, document: Print) -> bool:
    """Whether every line of it can be read, one after the other."""
    text, lines = on_paper(it), wanted(document)
    return any(text[place : place + len(lines)] == lines for place in range(len(text)))


def outcome(it: Desk, name: str) -> tuple[PrintOutcome | None, list[Reading]]:
    """What becomes of a document, and all that was heard until then."""
    heard: list[Reading] = []
    for _ in range(round(PATIENCE_S / STEP_S)):
        heard += it.run(STEP_S)
        for each in heard:
            if isinstance(each, Printed) and each.id == name:
                return each.outcome, heard
    return None, heard


def test_a_receipt_is_printed_cut_and_confirmed() -> None:
    it = ready()
    document = receipt("a")
    ask(it, document)
    assert outcome(it, "a")[0] is PrintOutcome.PRINTED
    (piece,) = it.device.world()["receipts"]
    assert [line.get("qr") or line["text"].strip() for line in piece["lines"]] == wanted(document)
    assert piece["lines"][0]["bold"]
    assert piece["lines"][0]["tall"] == 2
    assert piece["lines"][0]["text"].startswith(" " * 15)
    assert piece["lines"][-2]["text"] == "Total 23.80".rjust(42)
    assert it.device.world()["lost_bytes"] == 0


def test_a_receipt_is_not_confirmed_before_it_is_on_paper() -> None:
    it = ready(lines_a_second=4)
    document = receipt("slow")
    ask(it, document)
    for _ in range(round(PATIENCE_S / 0.1)):
        if any(isinstance(each, Printed) for each in it.run(0.1)):
            break
    assert is_whole(it, document)


def test_receipts_come_one_after_the_other() -> None:
    it = ready()
    documents = [receipt(name) for name in "abc"]
    for document in documents:
        ask(it, document)
    for document in documents:
        assert outcome(it, document.id)[0] in (PrintOutcome.PRINTED, None)
    assert all(is_whole(it, document) for document in documents)


STOPS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("paper", {"verb": "paper", "state": "low", "lines": 6}, {"verb": "paper"}, "printer.paper-out"),
    ("cover", {"verb": "cover", "open": True}, {"verb": "cover", "open": False}, "printer.cover-open"),
    ("knife", {"verb": "jam"}, {"verb": "mend"}, "printer.error"),
]


@pytest.mark.parametrize(("stop", "go", "code"), [s[1:] for s in STOPS], ids=[s[0] for s in STOPS])
def test_a_receipt_that_is_stopped_in_the_middle_waits_for_a_hand(
    stop: dict[str, Any], go: dict[str, Any], code: str
) -> None:
    it = ready()
    document = receipt("stopped")
    ask(it, document)
    it.run(0.3)
    it.obey(stop)
    heard = it.run(8)
    assert code in [each.code for each in heard if isinstance(each, DeviceFault)]
    assert not any(isinstance(each, Printed) for each in heard)
    it.obey(go)
    how, heard = outcome(it, "stopped")
    assert how is PrintOutcome.PRINTED
    assert DeviceReady() in heard + it.run(8)
    assert is_whole(it, document)


def test_little_paper_is_told_before_it_is_out() -> None:
    it = ready()
    it.obey({"verb": "paper", "state": "low"})
    said = [each for each in it.run(8) if isinstance(each, PrinterSaid)]
    assert said[-1].paper is Paper.LOW


# When the power fails for a moment, in seconds after a receipt was ordered that takes five to send.
POWER_CUTS = [0.3, 4.5]


@pytest.mark.parametrize("cut_s", POWER_CUTS)
def test_a_receipt_that_a_power_cut_has_hit_is_never_told_as_printed(cut_s: float) -> None:
    it = ready()
    document = receipt("hit", articles=150)
    ask(it, document)
    it.run(cut_s)
    it.restart()
    how, _ = outcome(it, "hit")
    assert not is_whole(it, document)
    assert how is PrintOutcome.FAILED
    document = receipt("next")
    ask(it, document)
    assert outcome(it, "next")[0] is PrintOutcome.PRINTED
    assert is_whole(it, document)


def test_a_receipt_is_confirmed_by_its_own_answer_and_not_by_that_of_one_that_was_given_up() -> None:
    it = ready()
    it.obey({"verb": "paper", "state": "low", "lines": 3})
    ask(it, receipt("late"))
    assert outcome(it, "late")[0] is PrintOutcome.FAILED
    it.obey({"verb": "tear"})
    document = receipt("next", articles=100)
    ask(it, document)
    it.run(6)
    it.obey({"verb": "paper"})
    for _ in range(round(PATIENCE_S / 0.1)):
        if any(isinstance(each, Printed) for each in it.run(0.1)):
            break
    assert is_whole(it, document)


def test_noise_does_not_confirm_a_receipt_that_waits_for_paper() -> None:
    for seed in range(40):
        it = ready("esc-pos", seed=seed)
        it.obey({"verb": "paper", "state": "low", "lines": 3})
        it.turn({"noise_permille": 20})
        document = receipt("noisy")
        ask(it, document)
        assert outcome(it, "noisy")[0] is PrintOutcome.FAILED


def test_a_printer_that_falls_silent_is_a_fault_and_its_receipt_is_not_printed() -> None:
    it = ready()
    it.turn({"silent": True})
    ask(it, receipt("lost"))
    how, heard = outcome(it, "lost")
    assert how is PrintOutcome.FAILED
    assert "device.silent" in [each.code for each in heard if isinstance(each, DeviceFault)]
    it.heal()
    heard = it.run(20)
    assert DeviceReady() in heard
    ask(it, receipt("found"))
    assert outcome(it, "found")[0] is PrintOutcome.PRINTED


# Every knob of a line, and the heat that makes a printer wait.
KNOBS: list[dict[str, Any]] = [
    {"chunk_bytes": 1},
    {"byte_pace_us": 1000},
    {"wrong_baud": 2400},
    {"noise_permille": 20},
    {"noise_permille": 300},
    {"terminator": "missing"},
    {"terminator": "doubled"},
    {"mid_frame_bytes": 3},
    {"unstable_s": 10},
    {"silent": True},
]


@pytest.mark.parametrize("knobs", KNOBS, ids=str)
def test_whatever_befalls_its_line_no_receipt_is_told_as_printed_that_is_not_on_paper(
    knobs: dict[str, Any],
) -> None:
    it = ready()
    it.turn(knobs)
    document = receipt("meanwhile")
    ask(it, document)
    how, heard = outcome(it, "meanwhile")
    assert how is not None, heard[-5:]
    if how is PrintOutcome.PRINTED:
        assert is_whole(it, document)
    it.heal()
    it.run(30)
    document = receipt("afterwards")
    ask(it, document)
    assert outcome(it, "afterwards")[0] is PrintOutcome.PRINTED
    assert is_whole(it, document)


@pytest.mark.parametrize("qr", ["native", "raster"])
def test_a_mute_clone_prints_and_nobody_claims_to_know(qr: str) -> None:
    it = ready("esc-pos-mute", {"qr": qr}, answers=False, columns=32, boot_ms=0)
    document = receipt("mute")
    ask(it, document)
    assert outcome(it, "mute")[0] is PrintOutcome.UNKNOWN
    it.run(10)
    hanging = it.device.world()["hanging"]
    texts = [line["text"].strip() for line in hanging if line["text"]]
    assert texts == wanted(document)[:-1]
    assert sum("qr" in line or "picture" in line for line in hanging) == 1


def test_the_drawer_opens_and_its_switch_is_told_where_there_is_one() -> None:
    it = ready("esc-pos", {"drawer_open_high": True})
    ask(it, OpenDrawer())
    said = [each for each in it.run(8) if isinstance(each, PrinterSaid)]
    assert (it.device.world()["kicks"], said[-1].drawer_open) == (1, True)
    it.obey({"verb": "drawer", "open": False})
    said = [each for each in it.run(8) if isinstance(each, PrinterSaid)]
    assert said[-1].drawer_open is False


# How long a lock shall be open, and how long it is.
UNLOCKS = [(3000, 3000), (99_000, 10_000)]


@pytest.mark.parametrize(("open_ms", "opened_ms"), UNLOCKS)
def test_a_relay_opens_its_lock_and_closes_it_by_itself(open_ms: int, opened_ms: int) -> None:
    it = ready("lcus-1")
    ask(it, Unlock(open_ms))
    it.run(1)
    assert it.device.world()["relays"][0]["on"]
    it.run(20)
    assert it.device.world()["relays"] == [{"on": False, "switches": 1, "last_on_ms": opened_ms}]


def test_a_relay_that_loses_its_power_stays_off() -> None:
    it = ready("lcus-1")
    ask(it, Unlock(5000))
    it.run(1)
    it.restart()
    it.run(10)
    assert it.device.world()["relays"] == [{"on": False, "switches": 1, "last_on_ms": 1000}]


@pytest.mark.parametrize("knobs", [{"chunk_bytes": 1}, {"noise_permille": 50}, {"byte_pace_us": 1000}])
@pytest.mark.parametrize("profile", ["lcus-1", "cd5220"])
def test_faults_of_a_line_that_says_nothing_change_nothing(profile: str, knobs: dict[str, Any]) -> None:
    it = ready(profile)
    it.turn(knobs)
    ask(it, Unlock(1000))
    ask(it, ShowLines("Milk", "1.19"))
    it.run(5)
    world = it.device.world()
    if profile == "lcus-1":
        assert world["relays"] == [{"on": False, "switches": 1, "last_on_ms": 1000}]
    else:
        assert (world["upper"], world["lower"]) == ("Milk", "1.19")


def lit(it: Desk) -> list[str]:
    return [offset for offset, pin in it.device.world()["levels"].items() if pin["on"]]


# The pins of the profile: green, yellow and red lamps.
LAMPS = [
    (Signal.OFF, []),
    (Signal.READY, ["17"]),
    (Signal.BUSY, ["27"]),
    (Signal.DONE, ["17"]),
    (Signal.TROUBLE, ["22"]),
]


def test_each_signal_has_its_lamp_and_puts_out_the_one_before() -> None:
    it = desk("gpio-signals")
    it.run(1)
    for signal, lamps in [*LAMPS, *reversed(LAMPS)]:
        ask(it, Light(signal))
        it.run(0.5)
        assert lit(it) == lamps


def test_a_lock_on_a_pin_opens_and_closes_and_its_door_is_told() -> None:
    it = desk("gpio-signals")
    it.run(1)
    ask(it, Unlock(3000))
    it.run(0.5)
    assert lit(it) == ["24"]
    it.obey({"verb": "door", "closed": False})
    assert LockSaid(closed=False) in it.run(5)
    assert it.device.world()["levels"]["24"] == {"on": False, "switches": 1, "last_on_ms": 3000}
    it.obey({"verb": "door", "closed": True})
    assert it.run(2)[-1] == LockSaid(closed=True)


def test_a_door_whose_switch_chatters_is_told_as_it_ends() -> None:
    it = desk("gpio-signals", bounces=4)
    it.run(1)
    it.obey({"verb": "door", "closed": False})
    assert it.run(2)[-1] == LockSaid(closed=False)


def test_two_lines_are_shown_and_shown_again_after_a_power_cut() -> None:
    it = ready("cd5220")
    for upper, lower in (("Milk            1.19", "Total           1.19"), ("Grüße", "£ 2"), ("", "")):
        ask(it, ShowLines(upper, lower))
        it.run(1)
        assert (it.device.world()["upper"], it.device.world()["lower"]) == (upper, lower)
    it.restart()
    ask(it, ShowLines("after", "it"))
    it.run(1)
    assert (it.device.world()["upper"], it.device.world()["lower"]) == ("after", "it")


def test_what_is_longer_than_the_glass_does_not_run_into_the_other_line() -> None:
    it = ready("cd5220")
    ask(it, ShowLines("A long name of an article that nobody can read", "1.19\r\n\x0c\x1b@"))
    it.run(1)
    world = it.device.world()
    assert world["upper"].startswith("A long name of an")
    assert world["lower"].startswith("1.19")
