"""A terminal on a serial line: every frame is confirmed, and money is said once to one that did not hear."""

import pytest

from edge.commands import StartPayment
from edge.drivers.terminals.zvt import serial_line
from edge.readings import Garbled, TerminalOutcome, TerminalReady
from tests.drivers.zvt.paper import APPROVED, REGISTERED, YES, Desk, results


def frame(message: str) -> str:
    return serial_line.framed(bytes.fromhex(message)).hex().upper()


ACK, NAK = "06", "15"


def registered() -> Desk:
    desk = Desk("zvt-serial")
    assert desk.sent().startswith("10020600")
    assert TerminalReady("12345678", "EUR") in desk.terminal(ACK, frame(YES), frame(REGISTERED))
    assert desk.sent() == ACK + ACK + frame(YES)
    return desk


def test_a_payment_over_a_serial_line_is_the_same_payment() -> None:
    desk = registered()
    desk.order(StartPayment("a1", 1995, "EUR"))
    assert desk.sent() == frame("06010C040000000019954909781940")
    assert desk.terminal(ACK, frame(YES)) == []
    assert desk.sent() == ACK
    for said in (APPROVED, "060F00"):
        assert [each.outcome for each in results(desk.terminal(frame(said)))] == [TerminalOutcome.DONE]
        assert desk.sent() == ACK + frame(YES)
        desk.terminal(ACK)


def test_an_answer_that_was_not_understood_is_said_again_three_times() -> None:
    desk = Desk("zvt-serial")
    said = desk.sent()
    for _ in range(3):
        desk.terminal(NAK)
        assert desk.sent() == said
    desk.terminal(NAK)
    assert desk.sent() == ""


def test_what_was_confirmed_is_not_said_again() -> None:
    desk = Desk("zvt-serial")
    desk.sent()
    desk.terminal(ACK, NAK)
    assert desk.sent() == ""


def test_money_is_said_once_though_the_terminal_did_not_understand() -> None:
    desk = registered()
    desk.order(StartPayment("a1", 1995, "EUR"))
    desk.sent()
    desk.terminal(NAK, NAK)
    assert desk.sent() == ""
    assert [each.outcome for each in results(desk.wait(6))] == [TerminalOutcome.UNKNOWN]
    desk.terminal(NAK)
    assert desk.sent() == ""


@pytest.mark.parametrize("bit", range(8))
def test_a_frame_with_one_wrong_bit_is_refused_and_means_nothing(bit: int) -> None:
    good = bytes.fromhex(frame(APPROVED))
    for place in range(2, len(good)):
        desk = registered()
        hurt = bytearray(good)
        hurt[place] ^= 1 << bit
        readings = [*desk.hear(bytes(hurt)), *desk.wait(1)]
        assert results(readings) == []
        assert NAK in desk.sent()
        assert results(desk.terminal(frame(APPROVED)))


def test_half_a_frame_is_refused_after_a_fifth_of_a_second_and_may_come_again() -> None:
    desk = registered()
    half = frame(APPROVED)[:40]
    assert desk.terminal(half) == []
    assert desk.wait(0.1) == []
    readings = desk.wait(0.2)
    assert [type(each) for each in readings] == [Garbled]
    assert desk.sent() == NAK
    assert results(desk.terminal(frame(APPROVED)))


def test_a_frame_that_begins_in_another_is_read() -> None:
    desk = registered()
    assert results(desk.terminal(frame(APPROVED)[:40] + frame(APPROVED)))


@pytest.mark.parametrize("noise", ["FF" * 5, "10", "1003", "1010", "00" * 5000, "100210FF"])
def test_after_noise_a_frame_is_read(noise: str) -> None:
    desk = registered()
    desk.terminal(noise)
    desk.wait(1)
    assert results(desk.terminal(frame(APPROVED)))
    assert desk.driver.pending == 0


def test_a_frame_without_end_is_given_up() -> None:
    desk = registered()
    readings = desk.hear(serial_line.START + bytes(40_000))
    assert any(isinstance(each, Garbled) for each in readings)
    assert desk.driver.pending <= 33_000
