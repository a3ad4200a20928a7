"""WeChat Pay through the hub: the ladder of its pages, and its own books as the judge."""

import hashlib
from collections.abc import Iterator

import pytest

from cloud_sync.contract.requests import PaymentSaid
from cloud_sync.hub.payments.wechat import order_number, request_text
from simulators.providers.cloud import Mood
from simulators.providers.wechat import WeChatCloud
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.payments.wallet_world import WECHAT_CODE as CODE
from tests.hub.payments.wallet_world import Desk, WalletTill, wechat_desk
from tests.hub.request_world import ATTEMPT


@pytest.fixture
def desk(hub: HubWorld, mirror: PaperJournal) -> Iterator[Desk[WeChatCloud]]:
    with wechat_desk(hub, mirror) as made:
        yield made


@pytest.fixture
def cloud(desk: Desk[WeChatCloud]) -> WeChatCloud:
    return desk.cloud


@pytest.fixture
def till(desk: Desk[WeChatCloud]) -> WalletTill:
    return desk.till


def test_a_question_is_signed_over_the_five_lines_of_the_protocol() -> None:
    text = request_text("POST", "/v3/pay/transactions/codepay", 1_700_000_000, "abc123", '{"a":1}')
    assert hashlib.sha256(text.encode()).hexdigest().startswith("8b9669e8f55b9eb6")


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


def test_an_order_number_fits_and_is_the_attempts_own() -> None:
    assert order_number("a" * 32) == "a" * 32
    assert len(order_number("a" * 64)) == len(order_number("b" * 64)) == 32
    assert order_number("a" * 64) != order_number("b" * 64)
