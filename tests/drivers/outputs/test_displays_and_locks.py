"""Line displays, relays, lamps and locks: what goes out to them, and that a lock closes by itself."""

import struct

import pytest

from edge.commands import Light, ShowLines, Signal, Unlock, Zero
from edge.drivers.outputs.linedisplay import LineDisplay
from edge.drivers.outputs.linedisplay import Settings as DisplaySettings
from edge.drivers.outputs.relay import Relay
from edge.drivers.outputs.relay import Settings as RelaySettings
from edge.drivers.outputs.signals import Settings as SignalSettings
from edge.drivers.outputs.signals import Signals
from edge.readings import DeviceReady, Garbled, LockSaid, Nanoseconds

MS = 1_000_000
OPEN, LOCKED = bytes.fromhex("A00101A2"), bytes.fromhex("A00100A1")
PINS = SignalSettings(lamps={Signal.READY: (17,), Signal.TROUBLE: (22, 27)}, lock=24, door=25)


def test_a_display_is_ready_at_once_and_shows_nothing_of_its_own() -> None:
    display = LineDisplay()
    display.opened(Nanoseconds(0))
    assert list(display.tick(Nanoseconds(0))) == [DeviceReady()]
    assert display.to_send() == b""
    assert display.deadline_ns is None


def test_two_lines_fill_the_display_and_are_sent_once() -> None:
    display = LineDisplay()
    display.opened(Nanoseconds(0))
    display.command(ShowLines("Scarf", "€ 24.90 and far more than fits"))
    list(display.tick(Nanoseconds(0)))
    upper, lower = b"Scarf".ljust(20), b"? 24.90 and far more"
    assert display.to_send() == b"\x1b@\x0c\x1bQA" + upper + b"\r\x1bQB" + lower + b"\r"
    list(display.tick(Nanoseconds(1)))
    assert display.to_send() == b""


def test_a_display_that_was_switched_off_shows_its_lines_again() -> None:
    display = LineDisplay()
    display.opened(Nanoseconds(0))
    display.command(ShowLines("a", "b"))
    list(display.tick(Nanoseconds(0)))
    first = display.to_send()
    display.opened(Nanoseconds(1))
    list(display.tick(Nanoseconds(1)))
    assert display.to_send() == first


def test_a_name_cannot_give_a_display_commands() -> None:
    display = LineDisplay(DisplaySettings(columns=8))
    display.opened(Nanoseconds(0))
    display.command(ShowLines("a\x1b@\x0cb", "\r\n"))
    list(display.tick(Nanoseconds(0)))
    assert display.to_send() == b"\x1b@\x0c\x1bQAa @ b   \r\x1bQB        \r"


def test_a_codec_that_nobody_knows_is_refused_when_the_profile_is_read() -> None:
    with pytest.raises(ValueError, match="Python knows no 'klingon'"):
        DisplaySettings(codec="klingon")


def test_what_a_dumb_device_says_is_noise() -> None:
    for dumb in (LineDisplay(), Relay()):
        assert [type(reading) for reading in dumb.receive(b"hello")] == [Garbled]
        assert list(dumb.receive(b"")) == []
        assert dumb.pending == 0


def test_a_relay_is_locked_when_its_port_opens_whatever_was_before() -> None:
    relay = Relay()
    relay.command(Unlock(5000))
    relay.opened(Nanoseconds(0))
    assert relay.to_send() == LOCKED
    assert list(relay.tick(Nanoseconds(0))) == [DeviceReady()]
    assert relay.to_send() == b""


@pytest.mark.parametrize(("asked_ms", "open_ms"), [(500, 500), (3_600_000, 10_000), (0, 0), (-5, 0)])
def test_a_lock_closes_by_itself_and_never_later_than_its_profile_allows(asked_ms: int, open_ms: int) -> None:
    relay = Relay()
    relay.opened(Nanoseconds(0))
    list(relay.tick(Nanoseconds(0)))
    relay.to_send()
    relay.command(Unlock(asked_ms))
    assert relay.deadline_ns == 0
    list(relay.tick(Nanoseconds(7)))
    if open_ms:
        assert relay.to_send() == OPEN
        assert relay.deadline_ns == 7 + open_ms * MS
        list(relay.tick(Nanoseconds(7 + open_ms * MS - 1)))
        assert relay.to_send() == b""
        list(relay.tick(Nanoseconds(7 + open_ms * MS)))
        assert relay.to_send() == LOCKED
    else:
        assert relay.to_send() == OPEN + LOCKED


def test_a_relay_that_may_not_have_heard_it_is_told_to_close_again_for_a_minute_and_then_left_alone() -> None:
    relay = Relay()
    relay.opened(Nanoseconds(0))
    list(relay.tick(Nanoseconds(0)))
    relay.command(Unlock(0))
    now = Nanoseconds(0)
    said = []
    while relay.deadline_ns is not None:
        now = max(now, relay.deadline_ns)
        list(relay.tick(now))
        said.append(relay.to_send()[-len(LOCKED) :])
    assert said == [LOCKED] * 12
    assert now == 55 * 1000 * MS


def test_the_channel_of_a_relay_is_in_its_sum() -> None:
    relay = Relay(RelaySettings(channel=3))
    relay.opened(Nanoseconds(0))
    assert relay.to_send() == bytes.fromhex("A00300A3")


def _edge(kind: int, offset: int) -> bytes:
    return struct.pack("<QIIII24x", 1, kind, offset, 1, 1)


def test_lamps_show_one_signal_at_a_time() -> None:
    signals = Signals(PINS)
    signals.opened(Nanoseconds(0))
    assert list(signals.tick(Nanoseconds(0))) == [DeviceReady()]
    assert signals.to_send() == bytes([24, 0, 17, 0, 22, 0, 27, 0])
    signals.command(Light(Signal.TROUBLE))
    assert signals.deadline_ns == 0
    list(signals.tick(Nanoseconds(1)))
    assert signals.to_send() == bytes([17, 0, 22, 1, 27, 1])
    signals.command(Light(Signal.BUSY))  # no lamp is wired for it
    list(signals.tick(Nanoseconds(2)))
    assert signals.to_send() == bytes([17, 0, 22, 0, 27, 0])


def test_a_signal_that_was_shown_is_shown_again_after_the_port_was_lost() -> None:
    signals = Signals(PINS)
    signals.opened(Nanoseconds(0))
    signals.command(Light(Signal.READY))
    list(signals.tick(Nanoseconds(0)))
    signals.to_send()
    signals.opened(Nanoseconds(1))
    list(signals.tick(Nanoseconds(1)))
    assert signals.to_send() == bytes([24, 0, 17, 1, 22, 0, 27, 0])


def test_a_lock_on_a_pin_opens_for_a_moment() -> None:
    signals = Signals(PINS)
    signals.opened(Nanoseconds(0))
    list(signals.tick(Nanoseconds(0)))
    signals.to_send()
    signals.command(Unlock(200))
    list(signals.tick(Nanoseconds(0)))
    assert signals.to_send() == bytes([24, 1])
    list(signals.tick(Nanoseconds(200 * MS)))
    assert signals.to_send() == bytes([24, 0])


def test_where_no_lock_is_wired_none_is_opened() -> None:
    signals = Signals(SignalSettings())
    signals.opened(Nanoseconds(0))
    list(signals.tick(Nanoseconds(0)))
    signals.command(Unlock(200))
    signals.command(Zero())
    list(signals.tick(Nanoseconds(1)))
    assert (signals.to_send(), signals.deadline_ns) == (b"", None)


def test_the_door_is_told_by_its_switch_alone_however_the_events_are_cut() -> None:
    stream = _edge(1, 25) + _edge(2, 25) + _edge(1, 17)
    for place in range(len(stream) + 1):
        signals = Signals(PINS)
        heard = [*signals.receive(stream[:place]), *signals.receive(stream[place:])]
        assert heard == [LockSaid(closed=True), LockSaid(closed=False)]
        assert signals.pending == 0
