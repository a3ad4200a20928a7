"""Payments at the terminal: cards and PINs, the host, refunds, reversals, aborts; and its books."""

from typing import Any

import pytest

from simulators.devices.device import RefusedError
from tests.simulators.terminals.nexo.nexo_till import (
    Message,
    Till,
    abort,
    display,
    login,
    outcome,
    payment,
    request,
    reversal,
    status,
    terminal,
    transaction,
)

CANCELLED = ("Failure", "Cancel")
PAID = ("Success", "")


@pytest.fixture(params=[True, False], ids=["sealed", "clear"])
def till(request: pytest.FixtureRequest) -> Till:
    return Till(terminal(), sealed=request.param)


@pytest.fixture
def by_hand() -> Till:
    """A till at a terminal whose cards are held by a hand."""
    return Till(terminal(taps=""))


def test_a_payment_is_told_as_it_stands_in_the_books(till: Till) -> None:
    body = till.do(payment("1"))
    assert outcome(body) == PAID
    result = body["PaymentResult"]
    assert result["AmountsResp"] == {"Currency": "EUR", "AuthorizedAmount": 19.95}
    assert result["PaymentInstrumentData"]["CardData"]["MaskedPan"] == "476173 **** 0119"
    assert body["SaleData"]["SaleTransactionID"]["TransactionID"] == "sale-1"
    entry = till.books["entries"][0]
    assert transaction(body)["TransactionID"] == entry["transaction"]
    assert (entry["amount_minor"], entry["last4"], till.held) == (1995, "0119", 1995)


def test_numbers_are_text_at_a_terminal_as_it_was_seen() -> None:
    till = Till(terminal(types="seen"), sealed=False)
    caller = till.send(payment("1"))
    till.wait(1)
    said = till.heard[caller].body
    assert b'"POIReconciliationID":"1000"' in said
    assert b'"CardCountryCode":"056"' in said


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("EUR", 0.01, 1), ("JPY", 1200, 1200), ("KWD", 1.234, 1234)]
)
def test_a_currency_has_its_own_decimals(currency: str, amount: float, minor: int) -> None:
    till = Till(terminal(currency=currency))
    body = till.do(payment("1", amount, currency=currency))
    assert body["PaymentResult"]["AmountsResp"]["AuthorizedAmount"] == amount
    assert till.held == minor


NOT_PAID: list[tuple[float, dict[str, Any], str]] = [
    (0, {}, "MessageFormat"),
    (-1, {}, "MessageFormat"),
    (1.005, {}, "MessageFormat"),
    (1e300, {}, "MessageFormat"),
    (10_000, {}, "PaymentRestriction"),
    (1, {"currency": "USD"}, "NotAllowed"),
    (1, {"PaymentType": "CashAdvance"}, "NotAllowed"),
]


@pytest.mark.parametrize(("amount", "more", "condition"), NOT_PAID)
def test_what_cannot_be_paid_is_a_failure_with_its_condition(
    amount: float, more: dict[str, Any], condition: str, till: Till
) -> None:
    till.sloppy = not 0 <= amount < 1e6  # the schema has limits too
    assert outcome(till.do(payment("1", amount, **more))) == ("Failure", condition)
    assert (till.held, till.books["entries"]) == (0, [])


# The card.


def test_a_hand_taps_a_card(by_hand: Till) -> None:
    caller = by_hand.send(payment("1"))
    assert by_hand.device.world()["wants"] == ["tap", "insert", "cancel"]
    by_hand.hand("tap", card="mastercard")
    body = by_hand.answer(caller)["SaleToPOIResponse"]["PaymentResponse"]
    assert body["PaymentResult"]["PaymentInstrumentData"]["CardData"]["PaymentBrand"] == "mc"


def test_a_card_in_the_slot_wants_its_pin_and_three_wrong_ones_are_the_end(by_hand: Till) -> None:
    caller = by_hand.send(payment("1"))
    by_hand.hand("insert", card="girocard")
    for _ in range(3):
        by_hand.hand("pin", right=False)
    body = by_hand.answer(caller)["SaleToPOIResponse"]["PaymentResponse"]
    assert (outcome(body), by_hand.held) == (("Failure", "WrongPIN"), 0)


def test_a_tap_of_more_than_fifty_wants_a_pin(by_hand: Till) -> None:
    caller = by_hand.send(payment("1", 50.01))
    by_hand.hand("tap")
    assert by_hand.device.world()["wants"] == ["pin", "remove", "cancel"]
    by_hand.hand("pin", right=False)
    by_hand.hand("pin")
    assert outcome(by_hand.answer(caller)["SaleToPOIResponse"]["PaymentResponse"]) == PAID


HANDS: list[tuple[list[tuple[str, dict[str, Any]]], tuple[str, str]]] = [
    ([("cancel", {})], CANCELLED),
    ([("tap", {"readable": False})], ("Failure", "InvalidCard")),
    ([("insert", {}), ("remove", {})], CANCELLED),
    ([("insert", {}), ("cancel", {})], CANCELLED),
    ([], CANCELLED),
]


@pytest.mark.parametrize(("hands", "expected"), HANDS)
def test_a_shopper_who_does_not_pay_pays_nothing(
    hands: list[tuple[str, dict[str, Any]]], expected: tuple[str, str], by_hand: Till
) -> None:
    caller = by_hand.send(payment("1"))
    for verb, order in hands:
        by_hand.hand(verb, **order)
    body = by_hand.answer(caller)["SaleToPOIResponse"]["PaymentResponse"]
    assert (outcome(body), by_hand.held) == (expected, 0)


def test_a_card_that_was_forgotten_never_pays_for_the_next_shopper(by_hand: Till) -> None:
    caller = by_hand.send(payment("1"))
    by_hand.hand("insert")
    by_hand.hand("pin")
    body = by_hand.answer(caller)["SaleToPOIResponse"]["PaymentResponse"]
    assert body["PaymentResult"]["PaymentInstrumentData"]["CardData"]["EntryMode"] == ["ICC"]
    assert outcome(by_hand.do(payment("2"))) == ("Failure", "InsertedCard")
    caller = by_hand.send(payment("3"))
    by_hand.hand("remove")
    by_hand.hand("tap", card="amex")
    by_hand.answer(caller)
    assert [entry["card"] for entry in by_hand.books["entries"]] == ["visa", "amex"]


def test_nobody_taps_when_nothing_is_to_be_paid(by_hand: Till) -> None:
    with pytest.raises(RefusedError, match="nobody pays at this moment"):
        by_hand.hand("tap")


# The host.


def test_a_declined_payment_is_a_refusal_with_the_words_of_the_host(till: Till) -> None:
    till.hand("decline", reason="Expired Card")
    body = till.do(payment("1"))
    assert outcome(body) == ("Failure", "Refusal")
    assert "refusalReason=Expired%20Card" in body["Response"]["AdditionalResponse"]
    assert (till.held, till.books["declined"]) == (0, 1)
    assert outcome(till.do(payment("2"))) == PAID


def test_a_partial_payment_says_how_much_and_leaves_the_rest(till: Till) -> None:
    till.hand("host", approve_minor=500)
    body = till.do(payment("1"))
    assert outcome(body) == ("Partial", "")
    assert body["PaymentResult"]["AmountsResp"]["AuthorizedAmount"] == 5
    assert till.held == 500


def test_without_a_host_nothing_is_paid_and_nothing_reversed(till: Till) -> None:
    paid = transaction(till.do(payment("1")))
    till.hand("host", reachable=False)
    assert outcome(till.do(payment("2"))) == ("Failure", "UnreachableHost")
    assert outcome(till.do(reversal("3", paid))) == ("Failure", "UnreachableHost")
    assert till.held == 1995


# One at a time.


def test_a_second_payment_is_busy_and_the_first_goes_on(by_hand: Till) -> None:
    first = by_hand.send(payment("1"))
    assert outcome(by_hand.do(payment("2"))) == ("Failure", "Busy")
    by_hand.hand("tap")
    assert outcome(by_hand.answer(first)["SaleToPOIResponse"]["PaymentResponse"]) == PAID
    assert outcome(by_hand.do(status("3", "2"))) == ("Failure", "NotFound")


def test_an_abort_has_an_empty_answer_and_ends_the_payment(by_hand: Till) -> None:
    first = by_hand.send(payment("1"))
    assert by_hand.answer(by_hand.send(abort("2", "1"))) == {}
    assert outcome(by_hand.answer(first)["SaleToPOIResponse"]["PaymentResponse"]) == ("Failure", "Aborted")


@pytest.mark.parametrize("message", [abort("2", "other"), abort("2", "1", sale="till-2")])
def test_an_abort_of_another_payment_stops_nothing(message: Message, by_hand: Till) -> None:
    first = by_hand.send(payment("1"))
    by_hand.send(message)
    by_hand.hand("tap")
    assert outcome(by_hand.answer(first)["SaleToPOIResponse"]["PaymentResponse"]) == PAID


def test_an_abort_comes_too_late_once_the_host_is_asked(by_hand: Till) -> None:
    first = by_hand.send(payment("1"))
    by_hand.hand("tap")
    by_hand.send(abort("2", "1"))
    assert outcome(by_hand.answer(first)["SaleToPOIResponse"]["PaymentResponse"]) == PAID
    assert outcome(by_hand.do(status("3", "1"))) == PAID


# What became of it.


def test_a_status_repeats_the_whole_answer(till: Till) -> None:
    body = till.do(payment("1"))
    told = till.do(status("2", "1"))
    repeated = told["RepeatedMessageResponse"]
    assert repeated["RepeatedResponseMessageBody"] == {"PaymentResponse": body}
    assert repeated["MessageHeader"]["ServiceID"] == "1"
    assert told["MessageReference"]["ServiceID"] == "1"


def test_a_failure_is_repeated_too(till: Till) -> None:
    till.hand("decline")
    till.do(payment("1"))
    repeated = till.do(status("2", "1"))["RepeatedMessageResponse"]["RepeatedResponseMessageBody"]
    assert outcome(repeated["PaymentResponse"]) == ("Failure", "Refusal")


def test_a_status_in_the_middle_says_in_progress_and_of_nothing_not_found(by_hand: Till) -> None:
    by_hand.send(payment("1"))
    assert outcome(by_hand.do(status("2", "1"))) == ("Failure", "InProgress")
    assert outcome(by_hand.do(status("3", "9"))) == ("Failure", "NotFound")
    by_hand.hand("tap")
    by_hand.wait(1)
    assert outcome(by_hand.do(status("4", "1"))) == PAID


# Back.


def test_a_reversal_takes_all_of_it_back_once(till: Till) -> None:
    paid = transaction(till.do(payment("1")))
    body = till.do(reversal("2", paid))
    assert outcome(body) == PAID
    assert (body["ReversedAmount"], body["OriginalPOITransaction"]["POITransactionID"]) == (19.95, paid)
    assert till.held == 0
    assert outcome(till.do(reversal("3", paid))) == ("Failure", "NotAllowed")
    repeated = till.do(status("4", "2", "Reversal"))["RepeatedMessageResponse"]
    assert repeated["RepeatedResponseMessageBody"] == {"ReversalResponse": body}


def test_a_reversal_takes_parts_back_and_never_more_than_was_taken(till: Till) -> None:
    paid = transaction(till.do(payment("1")))
    assert outcome(till.do(reversal("2", paid, 5))) == PAID
    assert outcome(till.do(reversal("3", paid, 15))) == ("Failure", "NotAllowed")
    assert outcome(till.do(reversal("4", paid, 14.95))) == PAID
    assert till.held == 0


@pytest.mark.parametrize(("amount", "condition"), [(0, "MessageFormat"), (0.001, "MessageFormat")])
def test_a_reversal_of_no_amount_is_none(amount: float, condition: str, till: Till) -> None:
    paid = transaction(till.do(payment("1")))
    assert outcome(till.do(reversal("2", paid, amount))) == ("Failure", condition)
    assert till.held == 1995


def test_a_reversal_of_a_reversal_or_of_nothing_is_none(till: Till) -> None:
    back = transaction(till.do(reversal("2", transaction(till.do(payment("1"))))))
    assert outcome(till.do(reversal("3", back))) == ("Failure", "NotAllowed")
    unknown = {"TransactionID": "nobody.1", "TimeStamp": back["TimeStamp"]}
    assert outcome(till.do(reversal("4", unknown))) == ("Failure", "NotFound")
    assert till.held == 0


def test_a_refund_gives_money_of_nobody(till: Till) -> None:
    assert outcome(till.do(payment("1", 5, PaymentType="Refund"))) == PAID
    assert till.held == -500


# Beside money.


def test_a_till_logs_in_and_out() -> None:
    till = Till(terminal(must_login=True))
    assert outcome(till.do(payment("1"))) == ("Failure", "LoggedOut")
    body = till.do(login("2"))
    assert (outcome(body), body["POISystemData"]["POIStatus"]["GlobalStatus"]) == (PAID, "OK")
    assert outcome(till.do(payment("3"))) == PAID
    assert outcome(till.do(request("Logout", {}, "4"))) == PAID
    assert outcome(till.do(payment("5"))) == ("Failure", "LoggedOut")


def test_a_display_shows_text_and_nothing_else(till: Till) -> None:
    results = till.do(display("1", "Guten Tag", "19,95"))["OutputResult"]
    assert [outcome(result) for result in results] == [PAID]
    assert till.device.world()["shown"] == ["Guten Tag", "19,95"]
    results = till.do(display("2", output_format="BarCode"))["OutputResult"]
    assert [outcome(result) for result in results] == [("Failure", "UnavailableService")]


# Power.


def test_the_world_is_the_same_after_it_was_put_away(till: Till) -> None:
    paid = transaction(till.do(payment("1")))
    kept = till.device.world()
    for derived in ("held_minor", "busy", "wants"):
        del kept[derived]
    other = Till(terminal(), sealed=till.sealed)
    other.device.restore(kept, 0)
    assert outcome(other.do(status("2", "1"))) == PAID
    assert "used" in other.do(payment("1"))["EventDetails"]
    assert outcome(other.do(reversal("3", paid))) == PAID
    assert other.held == 0


def test_a_power_cut_before_the_host_has_answered_leaves_nothing(by_hand: Till) -> None:
    by_hand.send(payment("1"))
    by_hand.hand("tap")
    by_hand.device.power_on(by_hand.now_ns)
    by_hand.wait(5)
    assert by_hand.held == 0
    assert outcome(by_hand.do(status("2", "1"))) == ("Failure", "NotFound")


def test_no_two_transactions_have_one_name() -> None:
    till = Till(terminal())
    names = {transaction(till.do(payment(str(n))))["TransactionID"] for n in range(50)}
    assert len(names) == 50
