"""The code that a shopper shows reaches its provider, and nothing else: no table, file, log, page or repr."""

import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy import select

from cloud_sync.contract.requests import PaymentAsked, Request
from cloud_sync.hub.payments.alipay import Alipay, Merchant
from cloud_sync.hub.requests.desk import RequestDesk
from cloud_sync.hub.store import schema
from simulators.providers.alipay import AlipayCloud
from simulators.providers.cloud import Mood
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.request_world import ATTEMPT, Payers, Renewals, RequestCounter, Till

CODE = "287654321098765432"
KEY = rsa.generate_private_key(65537, 2048)
ASKED = PaymentAsked("start", ATTEMPT, "alipay", 3450, "CNY", CODE)


@pytest.fixture
def cloud(hub: HubWorld) -> Iterator[AlipayCloud]:
    with AlipayCloud(KEY.public_key(), now_s=lambda: hub.clock.now_ms // 1000) as running:
        assert isinstance(running, AlipayCloud)
        yield running


@pytest.mark.parametrize("mood", list(Mood))
def test_a_code_is_in_no_table_file_or_log_whatever_breaks(
    hub: HubWorld,
    mirror: PaperJournal,
    cloud: AlipayCloud,
    *,
    mood: Mood,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    cloud.wallets[CODE] = "pays"
    cloud.moods.append(mood)
    counter = RequestCounter(hub, mirror)
    merchant = Merchant("2021000000000000", KEY, cloud.key.public_key())
    with httpx.Client(base_url=cloud.url, trust_env=False) as http:
        alipay = Alipay(merchant, http, hub.clock)
        desk = counter.desk = RequestDesk(
            hub.store, hub.receipt_key, hub.clock, Renewals(), {"alipay": alipay}
        )
        Till(hub, mirror, counter.provider).mean(provider="alipay", currency="CNY")
        payers = Payers(desk)
        try:
            counter.take(counter.question(ASKED, ATTEMPT))
            reply = payers.reply(1)
        finally:
            payers.stop()

    assert (CODE.encode() in b"".join(each.body for each in cloud.asked)) is (mood is not Mood.LOST_REQUEST)
    assert CODE not in caplog.text
    assert CODE.encode() not in reply.payload
    assert CODE not in repr(counter.opened(reply))
    with hub.store.reading() as connection:
        for table in schema.metadata.sorted_tables:
            assert CODE not in repr(connection.execute(select(table)).all())
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CODE.encode() not in path.read_bytes()


def test_a_question_is_shown_without_its_code() -> None:
    request = Request("mirror-4", "question-number-1", 17, ASKED)

    assert CODE not in repr(request)
    assert CODE not in f"{ASKED}"
    assert "3450 CNY at alipay" in repr(ASKED)


def test_a_code_that_is_too_long_is_refused_without_being_quoted(
    hub: HubWorld, mirror: PaperJournal, caplog: pytest.LogCaptureFixture
) -> None:
    counter = RequestCounter(hub, mirror)
    too_long = PaymentAsked("start", ATTEMPT, "alipay", 3450, "CNY", CODE * 40)
    assert counter.take(counter.question(too_long)) is None

    assert counter.alarms() == {"request": 1}
    assert CODE not in repr(hub.rows("alarm")) + caplog.text


def test_a_question_of_before_there_were_codes_is_still_one() -> None:
    old = {"what": "payment", "verb": "start", "attempt": ATTEMPT, "provider": "p", "amount_minor": 1}
    read = msgspec.convert({**old, "currency": "EUR"}, PaymentAsked)
    assert (read.code, read.refund, read.refund_minor) == ("", "", 0)
