"""What holds of every wallet that pays by a code: paid once, waited for, believed only when it is signed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from simulators.providers.cloud import Mood
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.payments.wallet_world import ALIPAY_CODE, WECHAT_CODE, Desk, alipay_desk, wechat_desk
from tests.hub.request_world import ATTEMPT

DESKS: dict[str, Callable[..., AbstractContextManager[Desk[Any]]]] = {
    "alipay": alipay_desk,
    "wechat": wechat_desk,
}


@pytest.fixture(params=DESKS)
def desk(request: pytest.FixtureRequest, hub: HubWorld, mirror: PaperJournal) -> Iterator[Desk[Any]]:
    with DESKS[request.param](hub, mirror) as made:
        yield made


def test_a_shopper_without_a_password_has_paid_at_once(desk: Desk[Any]) -> None:
    desk.cloud.wallets[desk.code] = "pays"
    assert desk.till.hears(code=desk.code) == "captured"
    assert desk.cloud.net_minor() == 3450


def test_a_shopper_with_a_password_is_waited_for(desk: Desk[Any]) -> None:
    desk.cloud.wallets[desk.code] = "asks for a password"
    assert [desk.till.hears(code=desk.code), desk.till.hears("query")] == ["in-progress"] * 2
    desk.cloud.confirm(ATTEMPT)
    assert desk.till.hears("query") == "captured"


def test_an_answer_that_the_wallet_did_not_sign_is_no_answer(desk: Desk[Any]) -> None:
    desk.cloud.wallets[desk.code] = "pays"
    desk.cloud.forged = True
    assert [desk.till.hears(code=desk.code), desk.till.hears("query")] == ["unknown"] * 2
    desk.cloud.forged = False
    assert desk.till.hears("query") == "captured"


def test_parts_go_back_once_each(desk: Desk[Any]) -> None:
    desk.cloud.wallets[desk.code] = "pays"
    desk.till.hears(code=desk.code)
    desk.cloud.moods.append(Mood.LOST_REPLY)
    part: dict[str, Any] = {"refund": "refund-number-1", "refund_minor": 450}
    assert desk.till.hears("refund", **part) == "unknown"
    assert [desk.till.hears("refund", **part) for _ in range(2)] == ["refunded"] * 2
    assert desk.cloud.net_minor() == 3000


@pytest.mark.parametrize("code", ["", "9520001100307", "the other's"])
def test_what_is_no_code_of_the_wallets_own_is_not_sent(desk: Desk[Any], code: str) -> None:
    other = WECHAT_CODE if desk.code == ALIPAY_CODE else ALIPAY_CODE
    assert desk.till.hears(code=other if code == "the other's" else code) == "declined"
    assert desk.cloud.asked == []
