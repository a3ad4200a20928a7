"""WeChat Pay through the hub: the ladder of its pages, and its own books as the judge."""

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cloud_sync.contract.requests import PaymentSaid
from cloud_sync.hub.payments.wechat import Merchant, WeChatPay, order_number, request_text
from simulators.providers.cloud import Mood
from simulators.providers.wechat import WeChatCloud
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.payments.wallet_world import WalletTill
from tests.hub.request_world import ATTEMPT

CODE = "131234567890123456"
KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture
def cloud(hub: HubWorld) -> Iterator[WeChatCloud]:
    with WeChatCloud("1900000109", KEY.public_key(), now_s=lambda: hub.clock.now_ms // 1000) as running:
        assert isinstance(running, WeChatCloud)
        yield running


@pytest.fixture
def till(hub: HubWorld, mirror: PaperJournal, cloud: WeChatCloud) -> Iterator[WalletTill]:
    platform = {cloud.serial: cloud.key.public_key()}
    merchant = Merchant("wx8888888888888888", "1900000109", "MERCHANT1", KEY, platform)
    with httpx.Client(base_url=cloud.url, trust_env=False) as http:
        made = WalletTill(hub, mirror, "wechat", WeChatPay(merchant, http, hub.clock, lambda: "n" * 16))
        made.mean()
        yield made


def test_a_question_is_signed_over_the_five_lines_of_the_protocol() -> None:
    text = request_text("POST", "/v3/pay/transactions/codepay", 1_700_000_000, "abc123", '{"a":1}')
    assert hashlib.sha256(text.encode()).hexdigest().startswith("8b9669e8f55b9eb6")


def test_a_shopper_without_a_password_has_paid_at_once(till: WalletTill, cloud: WeChatCloud) -> None:
    cloud.wallets[CODE] = "pays"
    assert till.hears(code=CODE) == "captured"
    assert cloud.net_minor() == 3450


def test_a_shopper_with_a_password_is_waited_for(till: WalletTill, cloud: WeChatCloud) -> None:
    cloud.wallets[CODE] = "asks for a password"
    assert [till.hears(code=CODE), till.hears("query")] == ["in-progress"] * 2
    cloud.confirm(ATTEMPT)
    assert till.hears("query") == "captured"


@pytest.mark.parametrize(
    ("habit", "reason"), [("is poor", "not_enough"), ("is expired", "auth_code_expired")]
)
def test_a_no_is_a_no_with_its_reason(till: WalletTill, cloud: WeChatCloud, habit: str, reason: str) -> None:
    cloud.wallets[CODE] = habit  # type: ignore[assignment]
    answer = till.ask(code=CODE)
    assert isinstance(answer, PaymentSaid)
    assert (answer.outcome, answer.reason) == ("declined", reason)


def test_a_shopper_who_refuses_has_not_paid(till: WalletTill, cloud: WeChatCloud) -> None:
    cloud.wallets[CODE] = "asks for a password"
    till.hears(code=CODE)
    cloud.refuse(ATTEMPT)
    assert till.hears("query") == "declined"


def test_an_error_of_the_system_is_asked_about_and_was_paid(till: WalletTill, cloud: WeChatCloud) -> None:
    cloud.wallets[CODE] = "system error"
    assert till.hears(code=CODE) == "unknown"
    assert till.hears("query") == "captured"


@pytest.mark.parametrize("mood", [each for each in Mood if each is not Mood.FINE])
def test_whatever_breaks_is_unknown_and_found_again(till: WalletTill, cloud: WeChatCloud, mood: Mood) -> None:
    cloud.wallets[CODE] = "pays"
    cloud.moods.append(mood)
    assert till.hears(code=CODE) == "unknown"
    assert till.hears("query") == ("captured" if cloud.net_minor() else "not-found")


def test_nothing_is_reversed_within_fifteen_seconds(till: WalletTill, cloud: WeChatCloud) -> None:
    cloud.wallets[CODE] = "asks for a password"
    till.hears(code=CODE)
    till.wait(10)
    assert till.hears("cancel") == "in-progress"
    assert cloud.orders[ATTEMPT].state == "USERPAYING"
    till.wait(5)
    assert till.hears("cancel") == "cancelled"
    assert cloud.orders[ATTEMPT].state == "CLOSED"


def test_a_reversal_that_was_lost_is_repeated(till: WalletTill, cloud: WeChatCloud) -> None:
    cloud.wallets[CODE] = "asks for a password"
    till.hears(code=CODE)
    till.wait(45)
    cloud.moods.extend([Mood.FINE, Mood.LOST_REQUEST])
    assert till.hears("cancel") == "unknown"
    cloud.moods.extend([Mood.FINE, Mood.LOST_REPLY])
    assert till.hears("cancel") == "unknown"
    assert till.hears("cancel") == "cancelled"


def test_a_shopper_who_was_faster_than_the_reversal_has_paid(till: WalletTill, cloud: WeChatCloud) -> None:
    cloud.wallets[CODE] = "asks for a password"
    till.hears(code=CODE)
    cloud.confirm(ATTEMPT)
    till.wait(45)
    assert till.hears("cancel") == "captured"
    assert cloud.net_minor() == 3450


def test_an_order_that_never_arrived_is_not_found_twice_before_it_is_given_up(
    till: WalletTill, cloud: WeChatCloud
) -> None:
    cloud.moods.append(Mood.LOST_REQUEST)
    assert till.hears(code=CODE) == "unknown"
    assert till.hears("cancel") == "in-progress"
    till.wait(45)
    assert [till.hears("cancel"), till.hears("query")] == ["not-found"] * 2


def test_an_answer_that_wechat_did_not_sign_is_no_answer(till: WalletTill, cloud: WeChatCloud) -> None:
    cloud.wallets[CODE] = "pays"
    cloud.forged = True
    assert till.hears(code=CODE) == "unknown"
    assert till.hears("query") == "unknown"
    cloud.forged = False
    assert till.hears("query") == "captured"


def test_parts_go_back_once_each(till: WalletTill, cloud: WeChatCloud) -> None:
    cloud.wallets[CODE] = "pays"
    till.hears(code=CODE)
    cloud.moods.append(Mood.LOST_REPLY)
    part: dict[str, Any] = {"refund": "refund-number-1", "refund_minor": 450}
    assert till.hears("refund", **part) == "unknown"
    assert [till.hears("refund", **part) for _ in range(2)] == ["refunded"] * 2
    assert cloud.net_minor() == 3000


@pytest.mark.parametrize("code", ["", "9520001100307", "281234567890123456"])
def test_what_is_no_code_of_wechats_is_not_sent(till: WalletTill, cloud: WeChatCloud, code: str) -> None:
    assert till.hears(code=code) == "declined"
    assert cloud.asked == []


def test_an_order_number_fits_and_is_the_attempts_own() -> None:
    assert order_number("a" * 32) == "a" * 32
    assert len(order_number("a" * 64)) == len(order_number("b" * 64)) == 32
    assert order_number("a" * 64) != order_number("b" * 64)
