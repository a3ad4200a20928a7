"""A session with a terminal: what is sent, what is never sent again, and what an end means for money."""

import random

import pytest

from edge.commands import (
    AskTerminal,
    CancelPayment,
    Command,
    Dispensed,
    DispenseResult,
    EndOfDay,
    RefundPayment,
    ReversePayment,
    StartPayment,
)
from edge.readings import (
    CardTotal,
    DeviceFault,
    DeviceReady,
    Garbled,
    Reading,
    ReceiptFor,
    TerminalDeed,
    TerminalLine,
    TerminalNeeds,
    TerminalOutcome,
    TerminalReady,
    TerminalResult,
    TerminalSaid,
    TerminalTotals,
)
from tests.drivers.zvt.paper import APPROVED, DECLINED, REGISTERED, YES, Desk, fresh, results, rows

PAY = StartPayment("a1", 1995, "EUR")
PAY_SENT = "06010C040000000019954909781940"
MONEY: list[Command] = [PAY, ReversePayment("a1", 17), RefundPayment("a1", 500, "EUR"), EndOfDay("a1")]
CARDS = MONEY[:3]


def paying(**settings: object) -> Desk:
    desk = Desk(**settings).registered()  # type: ignore[arg-type]
    assert desk.order(PAY) == []
    assert desk.sent() == PAY_SENT
    return desk


def outcomes(readings: list[Reading]) -> list[tuple[TerminalOutcome, bool]]:
    return [(each.outcome, each.complete) for each in results(readings)]


def test_a_port_that_opens_is_registered_and_then_ready() -> None:
    desk = Desk()
    assert desk.sent() == "060010000000BE09780300060626040A0206D3"
    assert desk.terminal(YES) == [DeviceReady()]
    assert desk.terminal(REGISTERED) == [TerminalReady("12345678", "EUR")]
    assert desk.sent() == YES
    assert desk.wait(3600) == []
    assert desk.sent() == ""


def test_a_terminal_that_wants_no_text_blocks_is_registered_without() -> None:
    desk = Desk()
    desk.sent()
    desk.terminal("849A00")
    assert desk.sent() == "060008000000BE09780300"
    assert TerminalReady("12345678", "EUR") in desk.terminal(YES, REGISTERED)


def test_a_terminal_that_refuses_us_is_a_fault_and_asked_again() -> None:
    desk = Desk()
    desk.sent()
    assert [each.code for each in desk.terminal(YES, "061E036F0978") if isinstance(each, DeviceFault)] == [
        "terminal.refused"
    ]
    desk.sent()
    assert desk.faults(11) == []
    assert desk.sent().startswith("0600")
    assert DeviceReady() in desk.terminal(YES, REGISTERED)


def test_a_terminal_that_is_still_busy_is_asked_again_without_a_fault() -> None:
    desk = Desk()
    desk.sent()
    assert desk.terminal("849C00") == [DeviceReady()]
    desk.wait(11)
    assert desk.sent().startswith("0600")


def test_a_terminal_that_wants_to_be_initialised_and_diagnosed_is() -> None:
    desk = Desk()
    desk.sent()
    assert not desk.terminal(YES, "060F021903")[1:]
    assert desk.sent() == YES + "069303000000"
    assert desk.terminal(YES, "060F00") == []
    assert desk.sent() == YES + "067000"
    assert desk.terminal(YES, "060F00") == [TerminalReady("", None)]


def test_a_silent_terminal_is_asked_three_times_and_told_once() -> None:
    desk = Desk()
    sent = desk.sent()
    assert desk.faults(4) == []
    assert desk.faults(6.5) == []
    assert desk.sent() == sent * 2
    assert desk.faults(60) == ["device.silent"]
    assert DeviceReady() in desk.terminal(YES, REGISTERED)


def test_an_approved_payment_is_told_with_its_evidence_before_it_is_answered() -> None:
    desk = paying()
    assert desk.terminal(YES, "04FF020A01") == [TerminalSaid("a1", 0x0A, TerminalNeeds.CARD)]
    assert desk.sent() == YES
    evidence = TerminalResult(
        "a1",
        TerminalDeed.PAYMENT,
        TerminalOutcome.DONE,
        complete=False,
        result_code=0,
        amount_minor=1995,
        currency="EUR",
        trace=42,
        receipt=17,
        terminal_id="12345678",
        card_last4="0119",
        card_name="VISA",
        date="1122",
        time="143015",
    )
    assert desk.terminal(APPROVED) == [evidence]
    assert desk.sent() == YES
    (done,) = results(desk.terminal("060F00"))
    assert (done.complete, done.outcome, done.amount_minor, done.trace) == (
        True,
        TerminalOutcome.DONE,
        1995,
        42,
    )
    assert desk.sent() == YES


def test_nothing_is_answered_before_its_meaning_was_handed_out() -> None:
    desk = paying()
    desk.terminal(YES)
    readings = desk.driver.receive(bytes.fromhex(APPROVED))
    first = next(iter(readings))
    assert isinstance(first, TerminalResult)
    assert desk.sent() == ""
    assert list(readings) == []
    assert desk.sent() == YES


def test_a_declined_payment_is_told_once() -> None:
    desk = paying()
    assert outcomes(desk.terminal(YES, "04FF020A01", DECLINED)) == []
    (told,) = results(desk.terminal("061E0121"))
    assert (told.outcome, told.complete, told.result_code) == (TerminalOutcome.DECLINED, True, 0x21)
    assert outcomes(desk.wait(3600)) == []


def test_a_card_that_follows_a_declined_one_may_be_approved() -> None:
    desk = paying()
    readings = desk.terminal(YES, DECLINED, APPROVED, "060F00")
    assert outcomes(readings) == [(TerminalOutcome.DONE, False), (TerminalOutcome.DONE, True)]


def test_a_shopper_who_cancels_in_time_is_not_charged() -> None:
    desk = paying()
    desk.terminal(YES)
    desk.order(CancelPayment("a1"))
    assert desk.sent() == "06B000"
    assert outcomes(desk.terminal(YES, "061E016C")) == [(TerminalOutcome.CANCELLED, True)]


def test_a_cancellation_that_comes_too_late_is_a_paid_sale() -> None:
    desk = paying()
    desk.terminal(YES)
    desk.order(CancelPayment("a1"))
    readings = desk.terminal(APPROVED, YES, "060F00")
    assert outcomes(readings) == [(TerminalOutcome.DONE, False), (TerminalOutcome.DONE, True)]


def test_a_cancellation_waits_until_the_terminal_has_heard_of_the_payment() -> None:
    desk = paying()
    desk.order(CancelPayment("a1"))
    desk.order(CancelPayment("a1"))
    assert desk.sent() == ""
    desk.terminal(YES)
    assert desk.sent() == "06B000"


@pytest.mark.parametrize("attempt", ["a0", ""])
def test_a_cancellation_of_another_attempt_stops_nothing(attempt: str) -> None:
    desk = paying()
    desk.terminal(YES)
    desk.order(CancelPayment(attempt))
    assert desk.sent() == ""


# What the terminal says to a payment after its "yes", and what that means: independent of the tables.
ENDS = [
    (["060F00"], TerminalOutcome.UNKNOWN),  # "done", and nothing of what
    (["040F0704000000001995", "060F00"], TerminalOutcome.UNKNOWN),  # an amount is no result
    ([APPROVED, "061E01FF"], TerminalOutcome.UNKNOWN),  # approved, then not: who knows
    ([APPROVED, DECLINED, "060F00"], TerminalOutcome.UNKNOWN),  # one card or two?
    ([APPROVED, DECLINED, "061E0121"], TerminalOutcome.UNKNOWN),
    ([DECLINED, "060F00"], TerminalOutcome.DECLINED),
    (["061E0164"], TerminalOutcome.DECLINED),
    (["061E016C"], TerminalOutcome.CANCELLED),
    (["061E00"], TerminalOutcome.DECLINED),
]


@pytest.mark.parametrize(("said", "outcome"), ENDS)
def test_an_end_is_never_taken_for_more_than_it_says(said: list[str], outcome: TerminalOutcome) -> None:
    desk = paying()
    assert outcomes(desk.terminal(YES, *said))[-1] == (outcome, True)


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [("849C00", "refused"), ("848300", "refused"), ("846B00", "refused"), ("840000", "unknown")],
)
def test_a_payment_that_is_refused_has_not_begun_but_for_a_word_with_two_meanings(
    refusal: str, outcome: str
) -> None:
    assert [each.outcome.value for each in results(paying().terminal(refusal))] == [outcome]


@pytest.mark.parametrize("command", MONEY)
def test_what_moves_money_is_sent_once_whatever_the_silence(command: Command) -> None:
    desk = Desk().registered()
    desk.order(command)
    sent = desk.sent()
    assert sent[:4] in {"0601", "0630", "0631", "0650"}
    readings = desk.wait(4000)
    assert outcomes(readings) == [(TerminalOutcome.UNKNOWN, True)]
    assert desk.sent() == ""
    assert not [each for each in readings if isinstance(each, DeviceFault)]


@pytest.mark.parametrize("command", CARDS)
def test_a_terminal_that_falls_silent_at_work_is_asked_once_to_stop(command: Command) -> None:
    desk = Desk().registered()
    desk.order(command)
    desk.terminal(YES, "04FF0104")
    desk.sent()
    assert outcomes(desk.wait(179)) == []
    assert outcomes(desk.wait(2)) == [(TerminalOutcome.UNKNOWN, True)]
    assert desk.sent() == "06B000"
    assert outcomes(desk.wait(4000)) == []
    assert desk.sent() == ""


def test_an_end_of_day_that_falls_silent_is_unknown_and_left_alone() -> None:
    desk = Desk().registered()
    desk.order(EndOfDay("d1"))
    desk.terminal(YES)
    desk.sent()
    assert outcomes(desk.wait(181)) == [(TerminalOutcome.UNKNOWN, True)]
    assert desk.sent() == ""


def test_a_late_approval_is_told_though_everybody_had_given_up() -> None:
    desk = paying()
    desk.wait(4000)
    readings = desk.terminal(YES, APPROVED, "060F00")
    assert outcomes(readings) == [(TerminalOutcome.DONE, False), (TerminalOutcome.DONE, True)]
    assert desk.sent().count("0601") == 0


def test_an_approval_whose_end_never_comes_is_unknown_with_all_its_evidence() -> None:
    desk = paying()
    desk.terminal(YES, APPROVED)
    (told,) = results(desk.wait(200))
    assert (told.outcome, told.result_code, told.amount_minor, told.trace) == (
        TerminalOutcome.UNKNOWN,
        0,
        1995,
        42,
    )


def test_a_terminal_that_talks_without_end_is_unknown_after_a_quarter_of_an_hour() -> None:
    desk = paying()
    desk.terminal(YES)
    readings = []
    for _ in range(20):
        readings += desk.terminal("04FF010E") + desk.wait(60)
    assert outcomes(readings) == [(TerminalOutcome.UNKNOWN, True)]


@pytest.mark.parametrize("heard", [[], [YES], [YES, DECLINED], [YES, APPROVED]])
def test_a_port_that_is_lost_makes_a_payment_unknown(heard: list[str]) -> None:
    desk = paying()
    desk.terminal(*heard)
    desk.sent()
    assert outcomes(desk.lost()) == [(TerminalOutcome.UNKNOWN, True)]
    assert desk.sent().startswith("0600")


def test_after_an_unknown_payment_none_begins_before_the_terminal_was_asked() -> None:
    desk = paying()
    desk.lost()
    desk.sent()
    desk.terminal(YES, REGISTERED)
    desk.sent()
    assert outcomes(desk.order(StartPayment("a2", 100, "EUR"))) == [(TerminalOutcome.REFUSED, True)]
    assert desk.sent() == ""
    desk.order(AskTerminal("a1"))
    assert desk.sent() == "050103000000"
    assert outcomes(desk.terminal(YES, "060F07F0F0F3322E3000")) == []
    assert desk.sent() == YES + "062003000000"
    readings = desk.terminal(YES, "06D1074054726163653A", "040F0927000B000042870017", "060F00")
    assert readings[0] == TerminalLine("a1", ReceiptFor.UNKNOWN, "Trace:", centred=True)
    (evidence, end) = results(readings)
    assert (evidence.deed, evidence.attempt, evidence.trace, evidence.receipt) == ("enquiry", "a1", 42, 17)
    assert (end.outcome, end.complete) == (TerminalOutcome.DONE, True)
    desk.sent()
    desk.order(StartPayment("a2", 100, "EUR"))
    assert desk.sent().startswith("0601")


def test_a_terminal_that_knows_no_enquiry_repeats_its_receipt_all_the_same() -> None:
    desk = Desk().registered()
    desk.order(AskTerminal("a1"))
    desk.sent()
    assert desk.terminal("848300") == []
    assert desk.sent() == "062003000000"
    assert outcomes(desk.terminal(YES, "061E0183")) == [(TerminalOutcome.DECLINED, True)]


def test_a_terminal_too_busy_for_an_enquiry_is_not_asked_for_its_receipt() -> None:
    desk = Desk().registered()
    desk.order(AskTerminal("a1"))
    desk.sent()
    assert outcomes(desk.terminal("849C00")) == [(TerminalOutcome.REFUSED, True)]
    assert desk.sent() == ""


def test_an_enquiry_may_be_said_again_and_ends_unknown_in_silence() -> None:
    desk = Desk().registered()
    desk.order(AskTerminal("a1"))
    readings = desk.wait(16)
    assert desk.sent() == "050103000000" * 3
    assert outcomes(readings) == [(TerminalOutcome.UNKNOWN, True)]
    assert [each.code for each in readings if isinstance(each, DeviceFault)] == ["device.silent"]


def test_what_the_terminal_tells_of_an_attempt_before_our_restart_is_not_lost() -> None:
    desk = Desk()
    desk.sent()
    (told,) = results(desk.terminal(APPROVED))
    assert (told.attempt, told.deed, told.outcome, told.amount_minor) == (
        "",
        TerminalDeed.UNASKED,
        TerminalOutcome.DONE,
        1995,
    )
    assert desk.sent() == YES


def test_one_payment_at_a_time_and_none_before_the_terminal_is_ready() -> None:
    desk = Desk()
    assert outcomes(desk.order(PAY)) == [(TerminalOutcome.REFUSED, True)]
    desk = paying()
    assert outcomes(desk.order(StartPayment("a2", 5, "EUR"))) == [(TerminalOutcome.REFUSED, True)]
    assert outcomes(desk.order(AskTerminal("a2"))) == [(TerminalOutcome.REFUSED, True)]
    assert desk.sent() == ""


@pytest.mark.parametrize(
    "command",
    [
        StartPayment("x", 0, "EUR"),
        StartPayment("x", -5, "EUR"),
        StartPayment("x", 10**12, "EUR"),
        StartPayment("x", 5, "EUX"),
        RefundPayment("x", 0, "EUR"),
        ReversePayment("x", 10_000),
        ReversePayment("x", -1),
    ],
)
def test_what_cannot_be_said_is_refused_and_nothing_is_sent(command: Command) -> None:
    desk = Desk().registered()
    assert outcomes(desk.order(command)) == [(TerminalOutcome.REFUSED, True)]
    assert desk.sent() == ""


@pytest.mark.parametrize(
    ("command", "sent", "deed"),
    [
        (ReversePayment("r1", 17), "063006000000870017", "reversal"),
        (RefundPayment("r1", 500, "EUR"), "06310D00000004000000000500490978", "refund"),
        (EndOfDay("r1"), "065003000000", "end-of-day"),
    ],
)
def test_reversal_refund_and_end_of_day_are_said_as_the_manual_has_them(
    command: Command, sent: str, deed: str
) -> None:
    desk = Desk().registered()
    desk.order(command)
    assert desk.sent() == sent
    readings = desk.terminal(YES, "040F172700040000000019954909780B00004337000042870018", "060F00")
    assert [(each.deed.value, each.receipt) for each in results(readings)] == [(deed, 18)] * 2


def test_a_reversal_tells_which_receipt_and_amount_it_took_back() -> None:
    desk = Desk().registered()
    desk.order(ReversePayment("r1", 17))
    told = results(desk.terminal(YES, "040F172700040000000001004909780B00004337000042870099", "060F00"))
    assert [(each.receipt, each.amount_minor) for each in told] == [(99, 100)] * 2


DISPENSE = StartPayment("v1", 3300, "EUR", dispense=True)
GOOD = "040F022700"


def dispensing() -> Desk:
    desk = Desk(payment_type=None).registered()
    desk.order(DISPENSE)
    assert desk.sent() == "06010C04000000003300490978020A"
    assert outcomes(desk.terminal(YES, GOOD)) == [(TerminalOutcome.DONE, False)]
    assert desk.sent() == "849C00"
    assert desk.terminal(GOOD) == []
    assert desk.sent() == "849C00"
    return desk


@pytest.mark.parametrize(
    ("result", "answer", "end", "outcome", "amount_minor"),
    [
        (DispenseResult("v1", Dispensed.ISSUED), YES, "060F00", "done", None),
        (DispenseResult("v1", Dispensed.PARTLY, 2200), "849D0704000000002200", "060F00", "done", 2200),
        (DispenseResult("v1", Dispensed.FAILED), "846600", "061E0105", "cancelled", None),
        (DispenseResult("v1", Dispensed.FAILED), "846600", "060F00", "unknown", None),
        (DispenseResult("v1", Dispensed.ISSUED), YES, "061E0105", "unknown", None),
    ],
)
def test_goods_that_come_out_after_the_approval_decide_what_is_charged(
    result: DispenseResult, answer: str, end: str, outcome: str, amount_minor: int | None
) -> None:
    desk = dispensing()
    assert desk.order(result) == []
    assert desk.sent() == ""
    assert desk.terminal(GOOD) == []
    assert desk.sent() == answer
    (told,) = results(desk.terminal(end))
    assert (told.outcome.value, told.amount_minor) == (outcome, amount_minor)


@pytest.mark.parametrize("amount_minor", [None, 0, 3301])
def test_goods_never_cost_more_than_was_approved(amount_minor: int | None) -> None:
    desk = dispensing()
    readings = desk.order(DispenseResult("v1", Dispensed.PARTLY, amount_minor))
    assert [each.code for each in readings if isinstance(each, DeviceFault)] == ["terminal.dispensed-more"]
    desk.terminal(GOOD)
    assert desk.sent() == "849C00"


def test_a_declined_card_is_not_asked_for_goods() -> None:
    desk = Desk().registered()
    desk.order(DISPENSE)
    desk.sent()
    desk.terminal(YES, DECLINED)
    assert desk.sent() == YES


def test_the_public_dialogues_end_as_their_source_says() -> None:
    wanted: dict[str, tuple[Command, list[str]]] = {
        "payment_ok_10eur": (StartPayment("p", 1000, "EUR"), ["done", "done"]),
        "issue_of_goods_changed_amount": (DISPENSE, ["done", "done"]),
        "issue_of_goods_failed": (DISPENSE, ["done", "cancelled"]),
        "end_of_day_no_completion": (EndOfDay("p"), ["unknown"]),
        "end_of_day_abort_64": (EndOfDay("p"), ["declined"]),
    }
    goods = {
        "issue_of_goods_changed_amount": DispenseResult("v1", Dispensed.PARTLY, 2200),
        "issue_of_goods_failed": DispenseResult("v1", Dispensed.FAILED),
    }
    for row in rows("dialogues.json"):
        command, ends = wanted.pop(row["id"])
        desk = Desk().registered()
        desk.order(command)
        desk.sent()
        readings, answers = [], []
        for who, said in row["steps"][1:]:
            if said == "<silence>":
                readings += desk.wait(200)
            elif who == "pt":
                readings += desk.terminal(said)
                answers.append(desk.sent().lower())
                if answers[-1] == "849c00":
                    desk.order(goods[row["id"]])
            else:
                assert answers[-1] == said, row["id"]
        assert [each.outcome.value for each in results(readings)] == ends, row["id"]
    assert not wanted


def test_lines_are_told_as_they_are_to_be_printed() -> None:
    desk = paying()
    desk.terminal(YES)
    readings = desk.terminal("06D105C054455354", "06D102FF03", "06D10100", "06D1013041")
    assert readings[0] == TerminalLine("a1", ReceiptFor.UNKNOWN, "TEST", centred=True, last=True)
    assert readings[1:5] == [TerminalLine("a1", ReceiptFor.UNKNOWN, "")] * 4
    assert desk.sent().startswith(YES * 3)


def test_a_block_of_text_is_a_receipt_with_an_end() -> None:
    for row in rows("tcp_fragments.json"):
        driver = fresh()
        readings = [each for part in row["tcp_segments"] for each in driver.receive(bytes.fromhex(part))]
        lines = [each for each in readings if isinstance(each, TerminalLine)]
        assert lines == readings
        assert {each.receipt for each in lines} in ({ReceiptFor.CUSTOMER}, {ReceiptFor.MERCHANT})
        assert [each.last for each in lines] == [False] * (len(lines) - 1) + [True]


def test_what_a_terminal_wants_and_we_cannot_do_is_said_to_be_unsupported() -> None:
    desk = paying()
    desk.terminal(YES, "06E000")
    assert desk.sent() == "848300"


def test_what_cannot_be_read_is_noise_and_its_front_counts_all_the_same() -> None:
    desk = paying()
    readings = desk.terminal(YES, "040F0A27000400000000199555")
    assert [each.raw for each in readings if isinstance(each, Garbled)] == ["040F"]
    assert [(each.outcome.value, each.amount_minor) for each in results(readings)] == [("done", 1995)]
    assert desk.sent() == YES


# A terminal that says anything at any time, a port that comes and goes, and a till in a hurry.
WORDS = [
    YES,
    REGISTERED,
    APPROVED,
    DECLINED,
    GOOD,
    "060F00",
    "061E016C",
    "061E0121",
    "849C00",
    "840000",
    "04FF010E",
]


@pytest.mark.parametrize("seed", range(60))
def test_no_attempt_is_ever_sent_twice_and_each_is_told_an_end_or_a_doubt(seed: int) -> None:
    luck = random.Random(seed)
    desk = Desk()
    sent, told, asked = desk.sent(), [], []
    for turn in range(120):
        match luck.randrange(8):
            case 0:
                asked.append(StartPayment(f"p{turn}", 10_000 + turn, "EUR"))
                told += desk.order(asked[-1])
            case 1:
                told += desk.order(AskTerminal(f"p{turn - 1}"))
            case 2:
                told += desk.order(CancelPayment(asked[-1].attempt)) if asked else []
            case 3:
                told += desk.wait(luck.choice([1, 6, 200, 1000]))
            case 4 if luck.random() < 0.3:
                told += desk.lost()
            case _:
                told += desk.terminal(luck.choice(WORDS))
        sent += f" {desk.sent()}"
    told += desk.wait(4000)
    for each in asked:
        times = sent.count(f"04{each.amount_minor:012d}490978")
        ends = [result for result in results(told) if result.attempt == each.attempt and result.complete]
        refused = [result for result in ends if result.outcome is TerminalOutcome.REFUSED]
        assert times <= 1, each
        assert ends, each
        assert times or refused, each


@pytest.mark.parametrize(("said", "outcome"), [("060F00", "unknown"), ("061E016C", "cancelled")])
def test_an_end_that_comes_late_and_alone_is_told(said: str, outcome: str) -> None:
    desk = paying()
    desk.wait(6)
    assert [each.outcome.value for each in results(desk.terminal(said))] == [outcome]


def test_a_terminal_that_speaks_again_and_falls_silent_again_is_asked_to_stop_then() -> None:
    desk = paying()
    desk.wait(6)
    assert outcomes(desk.terminal("04FF010E")) == []
    desk.sent()
    assert outcomes(desk.wait(181)) == []
    assert desk.sent() == "06B000"


def test_an_end_of_day_is_not_cancelled() -> None:
    desk = Desk().registered()
    desk.order(EndOfDay("d1"))
    desk.terminal(YES)
    desk.sent()
    desk.order(CancelPayment("d1"))
    assert desk.sent() == ""


def test_a_driver_without_a_port_answers_nobody() -> None:
    driver = fresh()
    assert len(results([*driver.receive(bytes.fromhex(APPROVED))])) == 1
    assert driver.to_send() == b""


def test_an_enquiry_that_the_terminal_had_no_time_for_leaves_the_doubt() -> None:
    desk = paying()
    desk.wait(6)
    desk.order(AskTerminal("a1"))
    assert outcomes(desk.terminal("849C00")) == [(TerminalOutcome.REFUSED, True)]
    assert outcomes(desk.order(StartPayment("a2", 100, "EUR"))) == [(TerminalOutcome.REFUSED, True)]


def test_goods_never_cost_more_than_a_partial_approval() -> None:
    desk = Desk().registered()
    desk.order(DISPENSE)
    desk.terminal(YES, "040F09270004000000002000")
    readings = desk.order(DispenseResult("v1", Dispensed.PARTLY, 2001))
    assert [each.code for each in readings if isinstance(each, DeviceFault)] == ["terminal.dispensed-more"]


def test_a_result_that_is_repeated_in_fewer_words_keeps_its_evidence() -> None:
    desk = paying()
    told = results(desk.terminal(YES, APPROVED, GOOD, "060F00"))
    assert [(each.amount_minor, each.trace, each.card_last4) for each in told] == [(1995, 42, "0119")] * 2


def test_an_end_of_day_tells_what_the_day_came_to() -> None:
    desk = Desk().registered()
    desk.order(EndOfDay("d1"))
    readings = desk.terminal(
        YES,
        "040F4227000400000000399060F0F5F3001700180000000000000000000000000000000000000000000000000000000002"
        "0000000039900000000000000000000000000000",
        "060F00",
    )
    (totals,) = [each for each in readings if isinstance(each, TerminalTotals)]
    assert (totals.attempt, totals.receipt_first, totals.receipt_last) == ("d1", 17, 18)
    assert [each for each in totals.kinds if each.count] == [CardTotal("visa", 2, 3990)]
    assert results(readings)[-1].amount_minor == 3990
