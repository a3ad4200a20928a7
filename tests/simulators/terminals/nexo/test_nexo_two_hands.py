"""The till's codec and the terminal's, written apart: each reads what the other has written."""

import base64
import functools
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.terminals.nexo.crypto import SharedSecret, Untrusted
from edge.drivers.terminals.nexo.messages import (
    Exchange,
    GivenBack,
    NeverHeard,
    NotDone,
    Proof,
    Rejected,
    StillRunning,
    Taken,
    Unclear,
    ask_what_became,
    give_back,
    pay,
    proof,
    sealed,
    status_proof,
    stop,
)
from simulators.terminals.nexo.hand import Mischief
from simulators.terminals.nexo.terminal import NexoTerminal, Said
from tests.simulators.terminals.nexo.nexo_till import (
    AT,
    NAME,
    POI,
    WORDS,
    data,
    problems,
    seal,
    spoilt,
    terminal,
)

SECRET = SharedSecret(WORDS, NAME, 1)
EUR_1995 = ("EUR", 1995)


def exchange(service: str) -> Exchange:
    return Exchange(service, "till-1", POI)


class Hand:
    """Carries sealed questions to a terminal, and its answers back."""

    def __init__(self, device: NexoTerminal) -> None:
        self.device = device
        self.luck = random.Random(2)
        self.now_ns = 0
        self.heard: dict[int, Said] = {}

    def carry(self, question: bytes) -> bytes | None:
        """The answer; None when the line broke."""
        assert problems("TerminalAPIRequest", json.loads(question)) == []
        caller = len(self.heard) + 1
        self.device.ask(caller, sealed(question, SECRET, self.luck.randbytes(16)), self.now_ns)
        while caller not in self.heard:
            wakes_ns = self.device.wakes_ns
            assert wakes_ns is not None
            self.now_ns = max(self.now_ns, wakes_ns)
            for said in self.device.said(self.now_ns):
                self.heard[said.caller] = said
        said = self.heard[caller]
        return said.body if said.bytes_max is None else None

    def pay(self, service: str, amount_minor: int = 1995) -> Proof:
        """What a payment proves."""
        of = exchange(service)
        told = self.carry(pay(of, f"sale-{service}", AT, amount_minor, "EUR"))
        return Unclear("silence") if told is None else proof(told, of, "Payment", SECRET)

    def status(self, service: str, about: str) -> Proof:
        """What a status proves."""
        of, older = exchange(service), exchange(about)
        told = self.carry(ask_what_became(of, older))
        assert told is not None
        return status_proof(told, of, older, "Payment", SECRET)

    def trouble(self, what: Mischief) -> None:
        """Let something go wrong."""
        self.device.obey({"verb": "trouble", "what": what.value}, self.now_ns)


@pytest.fixture
def hand() -> Hand:
    return Hand(terminal())


def test_every_published_ciphertext_opens_or_is_untrusted_as_published() -> None:
    for row in data("nexo_encrypted.json"):
        content = next(iter(row["message"].values()))
        trailer = content["SecurityTrailer"]
        secret = SharedSecret(row["key"]["Passphrase"], row["key"]["KeyIdentifier"], trailer["KeyVersion"])
        text = secret.unlock(content)
        assert isinstance(text, Untrusted) != row["valid"], row["id"]
        if isinstance(text, bytes):
            again = secret.lock(text, base64.b64decode(trailer["Nonce"]))
            assert {"MessageHeader": content["MessageHeader"], **again} == content


def test_a_published_answer_of_a_real_terminal_proves_its_payment() -> None:
    row = data("nexo_encrypted.json")[0]
    header = row["message"]["SaleToPOIResponse"]["MessageHeader"]
    of = Exchange(header["ServiceID"], header["SaleID"], header["POIID"])
    told = proof(json.dumps(row["message"]).encode(), of, "Payment", SECRET)
    assert isinstance(told, Taken)
    assert (told.amount_minor, told.currency, told.last4, told.sale) == (100, "EUR", "0010", "999")
    clear = json.dumps(data("mocks/payment-sync-success.json")).encode()
    told = proof(clear, Exchange("1234567890", "001", "P400Plus-123456789"), "Payment", None)
    assert isinstance(told, Taken)
    assert (told.amount_minor, told.approval, told.last4) == (100, "123456", "1111")
    assert isinstance(
        proof(json.dumps(data("mocks/payment-sync-error-empty.json")).encode(), of, "Payment", None), Rejected
    )


def test_a_payment_is_taken_found_again_and_given_back(hand: Hand) -> None:
    taken = hand.pay("1")
    assert isinstance(taken, Taken)
    assert ((taken.currency, taken.amount_minor), taken.sale, taken.last4) == (EUR_1995, "sale-1", "0119")
    assert hand.status("2", "1") == taken
    of = exchange("3")
    told = hand.carry(give_back(of, taken.transaction, taken.at, "MerchantCancel"))
    assert told is not None
    back = proof(told, of, "Reversal", SECRET)
    assert isinstance(back, GivenBack)
    assert (back.original, str(back.amount)) == (taken.transaction, "19.95")
    assert hand.device.world()["held_minor"] == 0


def test_a_refusal_took_nothing(hand: Hand) -> None:
    hand.device.obey({"verb": "decline"}, 0)
    told = hand.pay("1")
    assert isinstance(told, NotDone)
    assert told.condition == "Refusal"
    assert hand.status("2", "1") == told


def test_a_part_is_the_part_and_not_the_whole(hand: Hand) -> None:
    hand.device.obey({"verb": "host", "approve_minor": 500}, 0)
    told = hand.pay("1")
    assert isinstance(told, Taken)
    assert told.amount_minor == 500


def test_a_wish_to_stop_is_heard(hand: Hand) -> None:
    assert hand.carry(stop(exchange("1"), exchange("0"), "MerchantAbort")) == b""
    assert isinstance(proof(b"", exchange("1"), "Payment", SECRET), Unclear)


SPOILT = [Mischief.WRONG_HMAC, Mischief.STALE_REPLY, Mischief.LOSE_REPLY, Mischief.CUT_REPLY]


@pytest.mark.parametrize("what", SPOILT)
def test_an_answer_that_is_not_ours_proves_nothing_and_the_status_proves_it(
    what: Mischief, hand: Hand
) -> None:
    hand.pay("1")
    hand.trouble(what)
    assert isinstance(hand.pay("2", 700), Unclear)
    told = hand.status("3", "2")
    assert isinstance(told, Taken)
    assert told.amount_minor == 700


def test_a_status_of_another_payment_proves_nothing(hand: Hand) -> None:
    hand.pay("1")
    hand.pay("2")
    hand.trouble(Mischief.STALE_STATUS)
    assert isinstance(hand.status("3", "2"), Unclear)


def test_not_found_and_in_progress_are_no_end(hand: Hand) -> None:
    hand.pay("1")
    hand.trouble(Mischief.NOT_FOUND)
    assert hand.status("2", "1") == NeverHeard()
    hand.trouble(Mischief.IN_PROGRESS)
    assert hand.status("3", "1") == StillRunning()
    assert isinstance(hand.status("4", "1"), Taken)


def test_a_service_id_that_was_used_is_rejected(hand: Hand) -> None:
    hand.pay("1")
    assert isinstance(hand.pay("1"), Rejected)


@functools.cache
def good() -> dict[str, Any]:
    """A good answer to exchange 1, clear."""
    hand = Hand(terminal())
    told = hand.carry(pay(exchange("1"), "s", AT, 1995, "EUR"))
    assert told is not None
    text = SECRET.unlock(json.loads(told)["SaleToPOIResponse"])
    assert isinstance(text, bytes)
    answer: dict[str, Any] = json.loads(text)
    return answer


CHANGES: list[tuple[tuple[str, ...], Any]] = [
    (("PaymentResponse",), None),
    (("PaymentResponse", "Response", "Result"), "Maybe"),
    (("PaymentResponse", "PaymentResult"), None),
    (("PaymentResponse", "PaymentResult", "AmountsResp", "AuthorizedAmount"), "19.95"),
    (("PaymentResponse", "PaymentResult", "AmountsResp", "AuthorizedAmount"), 19.955),
    (("PaymentResponse", "PaymentResult", "AmountsResp", "AuthorizedAmount"), 1e300),
    (("PaymentResponse", "PaymentResult", "AmountsResp", "AuthorizedAmount"), True),
    (("PaymentResponse", "PaymentResult", "AmountsResp", "AuthorizedAmount"), -1),
    (("PaymentResponse", "POIData"), []),
    (("PaymentResponse", "Response"), {"Result": "Failure"}),
    (("PaymentResponse", "Response"), {"Result": "Failure", "ErrorCondition": "InProgress"}),
    (("MessageHeader", "ServiceID"), "2"),
    (("MessageHeader", "SaleID"), "till-2"),
    (("MessageHeader", "POIID"), "other"),
    (("MessageHeader", "MessageCategory"), "Reversal"),
    (("MessageHeader",), None),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_an_answer_that_is_not_as_it_should_be_is_unclear(path: tuple[str, ...], value: Any) -> None:
    told = json.loads(json.dumps(good()))
    part = told["SaleToPOIResponse"]
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    assert isinstance(proof(json.dumps(seal(told)).encode(), exchange("1"), "Payment", SECRET), Unclear)


def test_whatever_part_of_an_answer_is_spoilt_it_is_read_without_a_fault() -> None:
    amounts = set()
    for each in spoilt(good()):
        told = proof(json.dumps(each).encode(), exchange("1"), "Payment", None)
        if isinstance(told, Taken):
            amounts.add((told.currency, told.amount_minor))
    # A currency or an amount that has been made another one is for the seal to notice.
    assert EUR_1995 in amounts
    assert all(amount >= 0 for _, amount in amounts)


def test_a_clear_answer_proves_nothing_to_a_till_with_a_secret() -> None:
    raw = json.dumps(good()).encode()
    assert isinstance(proof(raw, exchange("1"), "Payment", SECRET), Unclear)
    assert isinstance(proof(raw, exchange("1"), "Payment", None), Taken)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 9000, b" " * (1 << 19), b"{}"])
def test_noise_is_unclear(raw: bytes) -> None:
    assert isinstance(proof(raw, exchange("1"), "Payment", SECRET), Unclear)
    assert isinstance(status_proof(raw, exchange("1"), exchange("0"), "Payment", SECRET), Unclear)


@given(st.integers(min_value=0, max_value=4000), st.integers(min_value=0, max_value=7))
def test_no_bit_of_a_sealed_answer_can_be_turned_into_another_proof(at: int, bit: int) -> None:
    raw = bytearray(json.dumps(seal(good())).encode())
    at %= len(raw)
    raw[at] ^= 1 << bit
    told = proof(bytes(raw), exchange("1"), "Payment", SECRET)
    assert isinstance(told, Unclear) or told == proof(
        json.dumps(seal(good())).encode(), exchange("1"), "Payment", SECRET
    )


def test_the_secret_is_not_shown() -> None:
    assert repr(SECRET) == f"SharedSecret({NAME!r}, 1)"
