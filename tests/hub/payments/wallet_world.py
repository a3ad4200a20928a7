"""The world around a wallet that pays by its code: a till that asks, and the hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from cloud_sync.contract.requests import Answer, PaymentSaid, Verb
from cloud_sync.hub.payments import alipay, wechat
from cloud_sync.hub.requests.gateway import Gateway
from cloud_sync.hub.requests.provider import Provider
from simulators.providers.alipay import AlipayCloud
from simulators.providers.wechat import WeChatCloud
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.request_world import ATTEMPT, Till, pay

ALIPAY_CODE: Final = "281234567890123456"
WECHAT_CODE: Final = "131234567890123456"
_KEY: Final = rsa.generate_private_key(65537, 2048)
_Cloud = TypeVar("_Cloud", bound=AlipayCloud | WeChatCloud)


class WalletTill:
    """A till whose shopper shows a code."""

    def __init__(self, hub: HubWorld, journal: PaperJournal, name: str, provider: Provider) -> None:
        self.hub, self._name = hub, name
        self.till = Till(hub, journal, None)  # type: ignore[arg-type]
        self.gateway = self.till.gateway = Gateway(hub.store, {name: provider}, hub.clock)

    def mean(self, attempt: str = ATTEMPT) -> None:
        intent = pay(provider=self._name, attempt=attempt)
        self.till.mean(provider=self._name, attempt=intent.attempt, sale=attempt, currency="CNY")

    def ask(self, verb: Verb = "start", attempt: str = ATTEMPT, **more: Any) -> Answer | None:
        ask = pay(verb, provider=self._name, attempt=attempt, currency="CNY")
        return self.till.ask(msgspec.structs.replace(ask, **more))

    def hears(self, verb: Verb = "start", attempt: str = ATTEMPT, **more: Any) -> str:
        answer = self.ask(verb, attempt, **more)
        assert isinstance(answer, PaymentSaid)
        return answer.outcome

    def wait(self, seconds: int) -> None:
        self.hub.clock.now_ms += seconds * 1000


@dataclass(frozen=True)
class Desk(Generic[_Cloud]):
    """A till, and the servers of the wallet that it is paid by."""

    till: WalletTill
    cloud: _Cloud
    code: str
    """What its shopper shows."""


@contextmanager
def alipay_desk(hub: HubWorld, journal: PaperJournal) -> Iterator[Desk[AlipayCloud]]:
    """A till that means to be paid by Alipay."""
    cloud = AlipayCloud(_KEY.public_key(), now_s=lambda: hub.clock.now_ms // 1000)
    merchant = alipay.Merchant("2021000000000000", _KEY, cloud.key.public_key())
    with cloud, httpx.Client(base_url=cloud.url, trust_env=False) as http:
        till = WalletTill(hub, journal, "alipay", alipay.Alipay(merchant, http, hub.clock))
        till.mean()
        yield Desk(till, cloud, ALIPAY_CODE)


@contextmanager
def wechat_desk(hub: HubWorld, journal: PaperJournal) -> Iterator[Desk[WeChatCloud]]:
    """A till that means to be paid by WeChat Pay."""
    cloud = WeChatCloud("1900000109", _KEY.public_key(), now_s=lambda: hub.clock.now_ms // 1000)
    platform = {cloud.serial: cloud.key.public_key()}
    merchant = wechat.Merchant("wx8888888888888888", "1900000109", "MERCHANT1", _KEY, platform)
    with cloud, httpx.Client(base_url=cloud.url, trust_env=False) as http:
        wallet = wechat.WeChatPay(merchant, http, hub.clock, lambda: "n" * 16)
        till = WalletTill(hub, journal, "wechat", wallet)
        till.mean()
        yield Desk(till, cloud, WECHAT_CODE)
