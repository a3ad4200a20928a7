"""Alipay through the hub: the ladder of its pages, its tombstones, and its own books as the judge."""

from collections.abc import Iterator

import pytest

from cloud_sync.contract.requests import PaymentSaid
from cloud_sync.hub.payments.alipay import fen, signed_text, yuan
from cloud_sync.hub.payments.pushes import ForgedError, Hint, alipay_reader
from cloud_sync.hub.requests.provider import UnreachableError
from simulators.providers.alipay import AlipayCloud, Habit
from simulators.providers.cloud import Mood
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.payments.wallet_world import ALIPAY_CODE as CODE
from tests.hub.payments.wallet_world import Desk, WalletTill, alipay_desk
from tests.hub.request_world import ATTEMPT


@pytest.fixture
def desk(hub: HubWorld, mirror: PaperJournal) -> Iterator[Desk[AlipayCloud]]:
    with alipay_desk(hub, mirror) as made:
        yield made


@pytest.fixture
def cloud(desk: Desk[AlipayCloud]) -> AlipayCloud:
    return desk.cloud


@pytest.fixture
def till(desk: Desk[AlipayCloud]) -> WalletTill:
    return desk.till


def test_a_question_is_signed_over_all_that_it_says_in_order_and_as_it_is() -> None:
    said = {
        "method": "m",
        "app_id": "1",
        "biz_content": '{"a":"中 &"}',
        "sign": "x",
        "sign_type": "RSA2",
        "empty": "",
    }
    assert signed_text(said) == 'app_id=1&biz_content={"a":"中 &"}&method=m&sign_type=RSA2'


@pytest.mark.parametrize(("minor", "text"), [(1, "0.01"), (100, "1.00"), (123456, "1234.56")])
def test_amounts_are_yuan_to_the_fen(minor: int, text: str) -> None:
    assert yuan(minor) == text
    assert fen(text) == minor


@pytest.mark.parametrize("text", ["1", "1.0", "1.000", "-1.00", "1,00", "", "\uff11.00", "1e3"])
def test_other_amounts_are_no_answer(text: str) -> None:
    with pytest.raises(UnreachableError):
        fen(text)


@pytest.mark.parametrize(
    ("habit", "reason"),
    [("is poor", "buyer_balance_not_enough"), ("is expired", "payment_auth_code_invalid")],
)
def test_a_no_is_a_no_with_its_reason(
    till: WalletTill, cloud: AlipayCloud, habit: Habit, reason: str
) -> None:
    cloud.wallets[CODE] = habit
    answer = till.ask(code=CODE)
    assert isinstance(answer, PaymentSaid)
    assert (answer.outcome, answer.reason) == ("declined", reason)


def test_an_unknown_result_is_asked_about_and_was_paid(till: WalletTill, cloud: AlipayCloud) -> None:
    cloud.wallets[CODE] = "system error"
    assert till.hears(code=CODE) == "unknown"
    assert till.hears("query") == "captured"


@pytest.mark.parametrize("mood", [each for each in Mood if each is not Mood.FINE])
def test_whatever_breaks_is_unknown_and_found_again(till: WalletTill, cloud: AlipayCloud, mood: Mood) -> None:
    cloud.wallets[CODE] = "pays"
    cloud.moods.append(mood)
    assert till.hears(code=CODE) == "unknown"
    assert till.hears("query") == ("captured" if cloud.net_minor() else "not-found")


def test_a_trade_that_comes_after_its_cancel_is_never_paid(till: WalletTill, cloud: AlipayCloud) -> None:
    cloud.wallets[CODE] = "pays"
    cloud.moods.append(Mood.LOST_REQUEST)
    assert till.hears(code=CODE) == "unknown"
    assert till.hears("cancel") == "cancelled"
    late = cloud._pay({"out_trade_no": ATTEMPT, "auth_code": CODE, "total_amount": "34.50"})
    assert late["code"] == "40004"
    assert cloud.net_minor() == 0


def test_a_cancel_that_alipay_is_not_sure_of_is_repeated(till: WalletTill, cloud: AlipayCloud) -> None:
    cloud.wallets[CODE] = "asks for a password"
    till.hears(code=CODE)
    cloud.unsure = 1
    assert [till.hears("cancel"), till.hears("cancel")] == ["unknown", "cancelled"]
    cloud.confirm(ATTEMPT)
    assert cloud.net_minor() == 0


def test_after_a_day_nothing_is_cancelled_but_asked_about(till: WalletTill, cloud: AlipayCloud) -> None:
    cloud.wallets[CODE] = "asks for a password"
    till.hears(code=CODE)
    till.wait(25 * 3600)
    assert till.hears("cancel") == "in-progress"
    cloud.confirm(ATTEMPT)
    assert till.hears("cancel") == "captured"


def test_a_notification_makes_us_look_and_says_nothing_else(till: WalletTill, cloud: AlipayCloud) -> None:
    cloud.wallets[CODE] = "asks for a password"
    till.hears(code=CODE)
    reader = alipay_reader(cloud.key.public_key(), lambda number: number)
    early = cloud.notification(ATTEMPT)
    hint = reader(early, {})
    assert hint == Hint(attempt=ATTEMPT)
    cloud.confirm(ATTEMPT)
    till.gateway.look("alipay", hint)
    till.gateway.look("alipay", hint)

    assert till.till.payments() == [(ATTEMPT, "captured")]
    for forged in (early.replace(b"34.50", b"34.51"), b"", b"sign=%FF", b"a=b&sign=AAAA"):
        with pytest.raises(ForgedError):
            reader(forged, {})
