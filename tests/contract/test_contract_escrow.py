"""Escrow: what an entry says that left a slice, came back to it, or ended it; and a code that nobody sees."""

import msgspec

from cloud_sync.contract.escrow import (
    CODE_PREFIX,
    GIVEN_BACK,
    WALLET,
    PutBack,
    given_back,
    is_code,
    new_code,
    put_back,
    shown_by,
    taken_out,
)
from cloud_sync.contract.facts import Boot, Paid, PaymentClosed
from cloud_sync.contract.requests import PaymentAsked
from tests.contract.vectors import story

SERIAL, ATTEMPT = "slice-number-001", "attempt-number-1"
PART = PaymentClosed("sale-number-0001", ATTEMPT, WALLET, "captured", 700, "EUR", SERIAL)


def test_a_sale_takes_out_what_the_wallet_paid_and_nothing_else() -> None:
    ours, card = Paid(ATTEMPT, WALLET, 700, SERIAL), Paid("attempt-number-2", "zvt", 500, "trace:1")
    sale = msgspec.structs.replace(story.TWO_SCARVES, payments=(ours, card))
    assert taken_out(sale) == (ours,)
    assert taken_out(story.TWO_SCARVES) == ()


def test_a_part_of_a_sale_takes_out_too_and_so_does_one_that_was_given_up() -> None:
    due = msgspec.structs.replace(PART, outcome="refund-due")
    assert taken_out(PART) == taken_out(due) == (Paid(ATTEMPT, WALLET, 700, SERIAL),)
    assert taken_out(msgspec.structs.replace(PART, outcome="declined")) == ()


def test_what_went_back_counts_under_its_refund_or_its_attempt() -> None:
    whole = msgspec.structs.replace(PART, outcome="refunded")
    some = msgspec.structs.replace(whole, refund="refund-number-01", amount_minor=200)
    assert put_back(whole) == PutBack(ATTEMPT, ATTEMPT, 700)
    assert put_back(some) == PutBack(ATTEMPT, "refund-number-01", 200)
    assert put_back(PART) is None
    assert put_back(Boot("1.0")) is None


def test_a_slice_ends_by_an_entry_that_names_it() -> None:
    end = PaymentClosed(SERIAL, SERIAL, WALLET, "cancelled", 0, "EUR", reason=GIVEN_BACK)
    assert given_back(end) == SERIAL
    assert given_back(PART) is None


def test_a_question_of_a_payment_never_shows_the_code_that_it_carries() -> None:
    start = PaymentAsked("start", ATTEMPT, "wechat", 700, "CNY", code="130123456789012345")
    refund = PaymentAsked(
        "refund", ATTEMPT, "stripe", 700, "EUR", refund="refund-number-01", refund_minor=200
    )
    assert "130123456789012345" not in repr(start)
    assert repr(start) == f"PaymentAsked(start {ATTEMPT}: 700 CNY at wechat)"
    assert "200 back under refund-number-01" in repr(refund)


def test_a_code_is_four_groups_of_letters_that_are_not_misread() -> None:
    assert new_code(bytes(10)) == "0000-0000-0000-0000"
    assert new_code(b"\xff" * 10) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    assert new_code(bytes(range(10))) == "000G-40R4-0M30-E209"
    assert not {*"ILOU"} & {*new_code(bytes.fromhex("4a5295aef7bdd6b5ad6b"))}


CODE = "7K3M-9QX0-2B4C-81TR"
WRITTEN = [
    CODE,
    CODE.lower(),
    CODE.replace("-", ""),
    CODE_PREFIX + CODE,
    f"OPOS:WALLET:{CODE}\r\n",
    "7K3M-9QXO-2B4C-8ITR",
    "7k3m 9qxo 2b4c 8ltr",
]


def test_a_code_is_the_same_however_it_is_written_and_another_is_another() -> None:
    assert {shown_by(text) for text in WRITTEN} == {shown_by(CODE)}
    assert shown_by("7K3M-9QX0-2B4C-81TS") != shown_by(CODE)
    assert shown_by("") != shown_by("\ud800")  # whatever somebody shows


def test_a_code_is_told_from_everything_else() -> None:
    assert all(map(is_code, (CODE, CODE.lower(), CODE_PREFIX + CODE, "opos:wallet:")))
    assert not any(map(is_code, ("", "opos:member:7Q2N", CODE[:-1], f"{CODE}\n", CODE.replace("-", ""))))
