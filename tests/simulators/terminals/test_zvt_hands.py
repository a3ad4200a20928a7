"""Hands at the terminal: cards, PIN, keys; the race of an abort; lost messages; power cuts; its books."""

import random
from typing import Any

import pytest

from simulators.devices.device import RefusedError
from simulators.terminals.zvt.serial_line import framed
from tests.simulators.terminals.zvt_hands import (
    CLOSE_DAY,
    PAY_1995,
    REGISTER_TALKING,
    REPEAT,
    SECOND_NS,
    YES,
    Till,
    bmps,
    ends,
    reversal,
    statuses,
    terminal,
    told_number,
)

PAY_6000 = "06010A04000000006000490978"
GOODS = "06010904000000003300020A"
DONE = "060F00"


def waiting(**options: Any) -> Till:
    """A till whose payment waits for a card."""
    till = Till(terminal(**({"taps": ""} | options)))
    till.do(REGISTER_TALKING)
    assert till.send(PAY_1995) == [YES, "04FF020A01"]
    assert till.send(YES) == []
    assert till.device.world()["wants"] == ["tap", "insert", "cancel"]
    return till


def went_on(till: Till) -> list[str]:
    """Say yes to everything that comes; what came."""
    till.heard.clear()
    for _ in range(100):
        row = till.listen()
        while row:
            row = [more for _ in row for more in till.send(YES)]
        if (wakes_ns := till.device.wakes_ns) is None:
            break
        till.now_ns = max(till.now_ns, wakes_ns)
    return till.heard


def test_a_card_that_is_tapped_pays() -> None:
    till = waiting()
    till.hand("tap", card="girocard")
    assert [message[:4] for message in went_on(till)] == ["04FF", "04FF", "040F", "060F"]
    assert till.books["entries"][0]["card"] == "girocard"
    assert till.held == 1995


def test_a_card_in_the_slot_wants_its_pin_and_is_taken_out_before_the_end() -> None:
    till = waiting()
    till.hand("insert", card="visa")
    assert till.listen() == ["04FF020101"]
    till.send(YES)
    assert till.device.world()["wants"] == ["pin", "remove", "cancel"]
    till.hand("pin")
    assert till.listen() == ["04FF0104"]
    assert till.send(YES) == []
    assert till.wait(1) == ["04FF015C"]
    (status,) = till.send(YES)
    assert status.startswith("040F")
    assert till.send(YES) == ["04FF020B01"]
    till.send(YES)
    assert till.device.wakes_ns is not None
    till.hand("remove")
    assert till.listen() == [DONE]
    assert till.device.world()["slot"] == ""


def test_a_card_that_stays_in_the_slot_ends_the_payment_but_is_not_read_again() -> None:
    till = Till(terminal(taps=""))
    till.send(PAY_1995)
    till.hand("insert")
    till.hand("pin")
    assert ends(went_on(till)) == DONE
    till.send(PAY_1995)
    assert till.device.world()["wants"] == ["remove", "cancel"]
    assert ends(went_on(till)) == "061E016C"
    assert till.held == 1995


def test_a_wrong_pin_may_be_mended_and_a_third_one_is_the_end() -> None:
    till = waiting()
    till.hand("insert")
    till.hand("pin", right=False)
    till.hand("pin", right=True)
    told = went_on(till)
    assert "04FF0115" in told
    assert ends(told) == DONE

    till = waiting()
    till.hand("insert")
    for _ in range(3):
        till.hand("pin", right=False)
    told = went_on(till)
    assert told.count("04FF0115") == 3
    assert ends(told) == "061E0155"
    assert till.held == 0


def test_a_tap_above_the_limit_wants_a_pin() -> None:
    till = Till(terminal(taps=""))
    till.send(PAY_6000)
    till.hand("tap")
    assert till.device.world()["wants"] == ["pin", "remove", "cancel"]
    till.hand("pin")
    assert ends(went_on(till)) == DONE
    assert till.held == 6000


NOT_PAID = [
    (["cancel"], "061E016C"),
    (["insert", "cancel"], "061E016C"),
    (["insert", "remove"], "061E016C"),
    ([], "061E016C"),
]


@pytest.mark.parametrize(("verbs", "end"), NOT_PAID)
def test_whoever_does_not_go_on_does_not_pay(verbs: list[str], end: str) -> None:
    till = waiting()
    for verb in verbs:
        till.hand(verb)
    assert ends(went_on(till)) == end
    assert till.held == 0


def test_a_card_that_cannot_be_read_is_64() -> None:
    till = Till(terminal(taps=""))
    till.send(PAY_1995)
    till.device.shake(10 * SECOND_NS)
    till.hand("tap")
    assert till.listen() == ["061E0164"]


# What a hand cannot do.
WRONG = [
    ("tap", {}, "nobody pays at this moment"),
    ("pin", {}, "nobody pays at this moment"),
    ("remove", {}, "no card is in the slot"),
    ("tap", {"card": "library"}, "tap, card"),
    ("trouble", {"what": "magic"}, "trouble, what"),
    ("dance", {}, "the verb 'dance' is unknown here"),
]


@pytest.mark.parametrize(("verb", "order", "said"), WRONG)
def test_what_a_hand_cannot_do_is_said(verb: str, order: dict[str, str], said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        Till(terminal(taps="")).hand(verb, **order)


def test_one_slot_holds_one_card() -> None:
    till = waiting()
    till.hand("insert")
    with pytest.raises(RefusedError, match="a card is in the slot"):
        till.hand("insert")


# The race of an abort.


def test_an_abort_before_the_host_was_asked_wins() -> None:
    for verbs in ([], ["insert"]):
        till = waiting()
        for verb in verbs:
            till.hand(verb)
        assert ends(till.send("06B000") + went_on(till)) == "061E016C"
        assert till.held == 0


def test_an_abort_while_the_host_is_asked_is_accepted_and_has_lost() -> None:
    till = Till(terminal(taps=""))
    till.send(PAY_1995)
    till.hand("tap")
    assert till.send("06B000") == [YES]
    told = went_on(till)
    assert [message[:4] for message in told] == ["040F", "060F"]
    assert till.held == 1995


def test_an_abort_of_nothing_is_accepted_and_stops_nothing_later() -> None:
    till = Till(terminal())
    assert till.do("06B000") == [YES]
    assert ends(till.do(PAY_1995)) == DONE


def test_a_second_command_meanwhile_is_refused_as_busy() -> None:
    till = waiting()
    assert till.send(PAY_1995) == ["84A000"]
    assert till.send("050100") == ["84A000"]
    assert till.send(REPEAT) == ["84A000"]
    till.hand("tap")
    assert ends(went_on(till)) == DONE
    assert till.held == 1995


# What is lost on the way.


def test_an_approval_that_the_till_never_answers_goes_back_by_itself() -> None:
    till = Till(terminal())
    till.send(PAY_1995)
    told = till.wait(10)
    assert [message[:4] for message in told] == ["040F", "061E"]
    assert till.held == 0
    till.wait(10)
    last = statuses(till.do(REPEAT))[0]
    assert told_number(last, 0x37) == told_number(told[0], 0x0B)
    assert told_number(last, 0x0B) == told_number(told[0], 0x0B) + 1


def test_a_terminal_that_takes_nothing_back_keeps_the_money() -> None:
    till = Till(terminal(auto_reversal=False))
    till.send(PAY_1995)
    assert [message[:4] for message in till.wait(10)] == ["040F", "060F"]
    assert till.held == 1995


def test_an_answer_that_is_lost_on_its_way_is_no_answer() -> None:
    till = Till(terminal())
    till.hand("trouble", what="lose-answer")
    told = till.do(PAY_1995)
    assert [message[:4] for message in told] == ["8000", "040F", "061E"]
    assert till.held == 0


def test_a_till_that_hangs_up_after_the_approval_gets_its_money_back() -> None:
    till = Till(terminal())
    till.send(PAY_1995)
    assert till.wait(1)[0].startswith("040F")
    till.device.part(till.now_ns)  # type: ignore[attr-defined]
    till.wait(10)
    till.device.greet(till.now_ns)  # type: ignore[attr-defined]
    assert till.held == 0
    assert 0x37 in bmps(statuses(till.do(REPEAT))[0])


def test_a_till_that_comes_back_in_time_may_still_accept() -> None:
    till = Till(terminal(taps=""))
    till.send(PAY_1995)
    till.device.part(till.now_ns)  # type: ignore[attr-defined]
    till.hand("tap")
    till.device.greet(till.now_ns)  # type: ignore[attr-defined]
    assert [message[:4] for message in went_on(till)] == ["040F", "060F"]
    assert till.held == 1995


# Mischief, what the till hears, the money that is then held.
MISCHIEF = [
    ("lose-command", [], 0),
    ("lose-accept", ["040F", "060F"], 1995),
    ("lose-status", ["8000", "061E"], 0),
    ("lose-end", ["8000", "040F"], 1995),
    ("refuse", ["84A0"], 0),
    ("double-status", ["8000", "040F", "040F", "060F"], 1995),
    ("end-first", ["8000", "060F", "040F", "060F"], 1995),
    ("lose-host-reply", ["8000", "061E"], 0),
]


@pytest.mark.parametrize(("what", "heard", "held"), MISCHIEF)
def test_mischief_is_done_once_and_leaves_true_books(what: str, heard: list[str], held: int) -> None:
    till = Till(terminal())
    till.hand("trouble", what=what)
    till.send(PAY_1995)
    for _ in range(20):
        till.wait(1)
        till.send(YES)
    assert [message[:4] for message in till.heard] == heard
    assert till.held == held
    assert ends(till.do(PAY_1995)) == DONE
    assert till.held == held + 1995


def test_a_stale_answer_tells_of_the_transaction_before_and_then_of_the_last() -> None:
    till = Till(terminal())
    till.do(PAY_1995)
    till.do(PAY_6000.replace("6000", "0100"))
    till.hand("trouble", what="stale-repeat")
    assert told_number(statuses(till.do(REPEAT))[0], 0x04) == 1995
    assert told_number(statuses(till.do(REPEAT))[0], 0x04) == 100


def test_a_reversal_may_hit_another_transaction_than_was_asked_for() -> None:
    till = Till(terminal())
    till.do(PAY_1995)
    till.do(PAY_6000.replace("6000", "0100"))
    till.hand("trouble", what="wrong-reversal")
    assert told_number(statuses(till.do(reversal(1)))[0], 0x04) == 100
    assert till.held == 1995


def test_a_part_may_be_approved() -> None:
    till = Till(terminal())
    till.hand("host", approve_minor=500)
    assert told_number(statuses(till.do(PAY_1995))[0], 0x04) == 500
    assert till.held == 500


def test_a_late_host_is_late_and_one_that_is_away_is_said_to_be() -> None:
    till = Till(terminal())
    till.hand("host", delay_ms=200_000)
    till.send(PAY_1995)
    assert till.wait(199) == []
    assert ends(went_on(till)) == DONE
    till.hand("host", reachable=False)
    assert ends(till.do(PAY_1995)) == "061E01A3"
    assert ends(till.do(reversal(1))) == "061E01A3"
    assert till.held == 1995


def test_a_day_that_could_not_be_closed_is_open_until_it_is() -> None:
    till = Till(terminal())
    till.hand("host", reachable=False)
    assert ends(till.do(CLOSE_DAY)) == "061E01A3"
    till.hand("host")
    assert ends(till.do(PAY_1995)) == "061E01F0"
    assert ends(till.do(CLOSE_DAY)) == DONE
    assert ends(till.do(PAY_1995)) == DONE


# Issue of goods: what the till answers, what is held.
ISSUES = [
    ([YES], 3300),
    (["849C00", YES], 3300),
    (["849C00"] * 10 + [YES], 3300),
    (["849C00"] * 11, 0),
    (["849C00", "849D0704000000002200"], 2200),
    (["849D0704000000003300"], 3300),
    (["849D0704000000003301"], 0),
    (["849D0704000000000000"], 0),
    (["849D00"], 0),
    (["849C00", "846600"], 0),
    (["846600"], 0),
]


@pytest.mark.parametrize(("answers", "held"), ISSUES)
def test_goods_are_paid_as_they_are_issued(answers: list[str], held: int) -> None:
    till = Till(terminal())
    told = till.do(GOODS, answers)
    assert till.held == held
    assert ends(told)[:4] == ("060F" if held else "061E")


# Power.


def test_a_power_cut_takes_back_what_the_till_had_not_answered() -> None:
    till = Till(terminal())
    till.send(PAY_1995)
    till.wait(1)
    till.device.power_on(till.now_ns)
    assert till.held == 0
    assert [entry["kind"] for entry in till.books["entries"]] == ["payment", "reversal"]
    assert 0x37 in bmps(statuses(till.do(REPEAT))[0])


def test_a_power_cut_before_the_host_leaves_nothing_and_the_books_outlive_a_bench() -> None:
    till = waiting()
    till.device.power_on(till.now_ns)
    assert till.books["entries"] == []
    till = Till(terminal())
    till.do(PAY_1995)
    again = Till(terminal())
    again.device.restore(till.device.world(), 0)
    again.device.power_on(0)
    assert again.books == till.books
    assert again.held == 1995


# Any day: whatever is lost, the books add up, and what both sides have seen to the end is held.


@pytest.mark.parametrize("seed", range(60))
def test_on_any_day_the_books_add_up(seed: int) -> None:
    luck = random.Random(seed)
    till = Till(terminal(auto_reversal=luck.random() < 0.8))
    troubles = [
        "lose-command",
        "lose-accept",
        "lose-status",
        "lose-answer",
        "lose-end",
        "refuse",
        "double-status",
    ]
    seen = 0
    for _ in range(25):
        if luck.random() < 0.4:
            till.hand("trouble", what=luck.choice(troubles))
        if luck.random() < 0.1:
            till.device.power_on(till.now_ns)
        if luck.random() < 0.2:
            till.hand("decline")
        money = luck.randrange(1, 100_000)
        before = till.held
        command = luck.choice([*[f"06010704{money:012d}"] * 4, reversal(luck.randrange(1, 12)), REPEAT])
        told = (
            till.do(command) if luck.random() < 0.8 else till.send(command) + till.wait(luck.choice([1, 20]))
        )
        if command.startswith("0601") and told[-1:] == [DONE] and statuses(told):
            assert till.held == before + money
            seen += 1
        if told[-1:] and told[-1].startswith("061E"):
            assert till.held == before
        till.wait(60)
        check_books(till)
    assert seen


def check_books(till: Till) -> None:
    entries = till.books["entries"]
    traces = [entry["trace"] for entry in entries]
    assert traces == sorted(set(traces)), "every transaction has a trace of its own, later ones a higher"
    standing = [entry for entry in entries if entry["kind"] != "reversal" and entry["state"] == "done"]
    back = {entry["original"] for entry in entries if entry["kind"] == "reversal"}
    assert back == {entry["trace"] for entry in entries if entry["state"] == "reversed"}
    assert till.held == sum(entry["sign"] * entry["amount_minor"] for entry in standing)


# On a serial line the same, in frames.


def test_on_a_serial_line_every_frame_is_acknowledged_and_the_answer_comes_in_one() -> None:
    device = terminal(at="pty:terminal")
    device.hear(framed(bytes.fromhex("06010704000000001000")), 0)
    assert b"".join(device.speak(0)) == b"\x06" + framed(bytes.fromhex("800000"))
    device.hear(b"\x06", 0)
    told = b"".join(device.speak(SECOND_NS))
    assert told.startswith(bytes.fromhex("1002040F"))
    device.hear(b"\x06" + framed(bytes.fromhex("800000")), SECOND_NS)
    assert b"".join(device.speak(SECOND_NS)) == b"\x06" + framed(bytes.fromhex("060F00"))
    device.hear(b"\x06" + framed(bytes.fromhex("800000")), SECOND_NS)
    assert device.world()["held_minor"] == 1000


def test_a_till_that_never_acknowledges_hears_three_times_and_loses_the_payment() -> None:
    device = terminal(at="pty:terminal")
    device.hear(framed(bytes.fromhex("06010704000000001000")), 0)
    told = [b"".join(device.speak(second * SECOND_NS)) for second in range(60)]
    assert sum(row.count(framed(bytes.fromhex("800000"))) for row in told) == 3
    assert device.world()["held_minor"] == 0


def test_a_lost_frame_is_said_again_before_the_payment_is_taken_back() -> None:
    device = terminal(at="pty:terminal")
    device.hear(framed(bytes.fromhex("06010704000000001000")), 0)
    device.speak(0)
    device.hear(b"\x06", 0)
    (status,) = device.speak(SECOND_NS)  # which nobody hears
    assert b"".join(device.speak(6 * SECOND_NS)) == status
    device.hear(b"\x06" + framed(bytes.fromhex("800000")), 7 * SECOND_NS)
    assert device.world()["held_minor"] == 1000
    assert b"".join(device.speak(7 * SECOND_NS)).endswith(framed(bytes.fromhex("060F00")))


# What is full, and what begins again.


def test_a_full_turnover_wants_an_end_of_day_and_old_days_are_only_summed_up() -> None:
    till = Till(terminal())
    for day in range(5):
        for _ in range(500):
            assert ends(till.do("06010704000000000100")) == DONE
        assert ends(till.do(PAY_1995)) == "061E016A"
        assert till.held == 50_000 * (day + 1)
        assert ends(till.do(CLOSE_DAY)) == DONE
    assert len(till.books["entries"]) == 2000
    assert till.books["settled_minor"] == 50_000


def test_trace_and_receipt_begin_again_at_one() -> None:
    till = Till(terminal())
    till.device.restore({"books": {"trace": 999_999, "receipt": 9999}}, 0)
    (status,) = statuses(till.do(PAY_1995))
    assert (told_number(status, 0x0B), told_number(status, 0x87)) == (1, 1)
