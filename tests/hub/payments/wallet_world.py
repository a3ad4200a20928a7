"""The world around a wallet that pays by its code: a till that asks, and the hub."""

from typing import Any

import msgspec

from cloud_sync.contract.requests import Answer, PaymentSaid, Verb
from cloud_sync.hub.requests.gateway import Gateway
from cloud_sync.hub.requests.provider import Provider
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.request_world import ATTEMPT, Till, pay


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
