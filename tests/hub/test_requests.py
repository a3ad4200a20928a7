"""What objects ask of the hub: answered to whom it belongs, once under its id, and paid for once at most."""

import collections
import random
from collections.abc import Callable

import pytest
from sqlalchemy import insert

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.facts import KeyRotated
from cloud_sync.contract.requests import (
    REQUEST_BYTES_MAX,
    REQUEST_TYPE,
    CertificateAsked,
    CertificateIssued,
    CommandDone,
    Noted,
    Refused,
    Request,
    TimeAsked,
    TimeTold,
)
from cloud_sync.contract.signing import SoftwareKey, seal
from cloud_sync.contract.topics import Address
from cloud_sync.hub.requests.strangers import GRACE_MS
from cloud_sync.hub.store import schema
from tests.hub.hub_world import SITE, TENANT, HubWorld, PaperJournal
from tests.hub.request_world import RequestCounter, pay


@pytest.fixture
def counter(hub: HubWorld, mirror: PaperJournal) -> RequestCounter:
    return RequestCounter(hub, mirror)


def test_the_time_is_told_and_never_an_old_one(counter: RequestCounter) -> None:
    first = counter.take(counter.question(TimeAsked()))
    counter.hub.clock.now_ms += 5_000
    second = counter.take(counter.question(TimeAsked()))

    assert first is not None
    assert second is not None
    assert isinstance(first.answer, TimeTold)
    assert second.at_ms - first.at_ms >= 5_000


def test_a_question_that_comes_again_gets_the_same_certificate(counter: RequestCounter) -> None:
    answers = [counter.ask(CertificateAsked("csr")) for _ in range(3)]
    another = counter.ask(CertificateAsked("csr"), "question-number-2")

    assert answers == [CertificateIssued("certificate 1 for mirror-4")] * 3
    assert another == CertificateIssued("certificate 2 for mirror-4")


def test_a_certificate_that_cannot_be_given_is_refused_with_a_sentence(counter: RequestCounter) -> None:
    assert counter.ask(CertificateAsked("bad")) == Refused("mirror-4: expected a CSR of its own key")


def test_what_became_of_an_order_is_noted_even_if_nobody_knows_the_order(counter: RequestCounter) -> None:
    assert counter.ask(CommandDone("order-of-last-year", ok=True)) == Noted()


def another_type(counter: RequestCounter) -> tuple[str, bytes]:
    request = Request("mirror-4", "question-number-1", 1, TimeAsked())
    return "", seal(counter.journal.key, "opos-receipt", request).encode()


def of_another_object(counter: RequestCounter) -> tuple[str, bytes]:
    return "", counter.question(TimeAsked(), dev="shelf-b12")


def on_a_strange_topic(counter: RequestCounter) -> tuple[str, bytes]:
    return counter.journal.topic.replace("corner", "market"), counter.question(TimeAsked())


def on_nobodys_topic(counter: RequestCounter) -> tuple[str, bytes]:
    return Address(TENANT, SITE, "nobody").up("request"), counter.question(TimeAsked())


def flipped(counter: RequestCounter) -> tuple[str, bytes]:
    payload = counter.question(TimeAsked())
    return "", payload[:90] + bytes([payload[90] ^ 1]) + payload[91:]


def not_a_question(counter: RequestCounter) -> tuple[str, bytes]:
    return "", seal(counter.journal.key, REQUEST_TYPE, {"dev": "mirror-4", "what": "?"}).encode()


HOSTILE: list[tuple[str, Callable[[RequestCounter], tuple[str, bytes]]]] = [
    ("signature", another_type),
    ("signature", flipped),
    ("place", of_another_object),
    ("place", on_a_strange_topic),
    ("request", not_a_question),
    ("signature", lambda _: ("", b"")),
    ("request", lambda _: ("", b"\xff\x00")),
    ("request", lambda _: ("", b"x" * (REQUEST_BYTES_MAX + 1))),
    ("unknown", on_nobodys_topic),
    ("topic", lambda counter: ("opos/1/demo", counter.question(TimeAsked()))),
]


def test_what_is_no_question_of_this_object_is_refused_counted_and_not_answered(
    counter: RequestCounter,
) -> None:
    counted = collections.Counter[str]()
    for number, (kind, attack) in enumerate(HOSTILE):
        topic, payload = attack(counter)
        assert counter.take(payload, topic) is None, number
        counted[kind] += 1
        assert counter.alarms() == counted, number

    assert isinstance(counter.ask(TimeAsked()), TimeTold)


def under(key: SoftwareKey) -> bytes:
    """A question of the mirror's under some key."""
    return seal(key, REQUEST_TYPE, Request("mirror-4", "question-number-1", 1, TimeAsked())).encode("ascii")


def test_a_strangers_key_is_an_alarm_when_no_entry_names_it_in_time(counter: RequestCounter) -> None:
    key = SoftwareKey.generate()
    assert [counter.take(under(key)) for _ in range(3)] == [None] * 3
    counter.desk.settle()
    assert not counter.alarms()

    counter.hub.clock.now_ms += GRACE_MS
    counter.desk.settle()

    assert counter.alarms() == {"signature": 1}


def test_a_flood_of_keys_is_an_alarm_at_once(counter: RequestCounter) -> None:
    for number in range(300):
        header = b64(b'{"alg":"ES256","kid":"%08d","typ":"opos-request"}' % number)
        assert counter.take(f"{header}.e30.e30".encode()) is None

    assert counter.alarms()["signature"] > 0


def test_an_object_that_changes_its_key_is_no_forger(counter: RequestCounter) -> None:
    counter.hub.send(counter.journal, 1)
    old, new = counter.journal.key, SoftwareKey.generate()
    assert counter.take(under(new)) is None

    counter.journal.write(KeyRotated(new.public, "file"))
    counter.hub.send(counter.journal, 4)

    assert counter.take(under(new)) is not None
    assert counter.take(under(old)) is None  # it was held up on its way
    counter.hub.clock.now_ms += GRACE_MS + 1_000
    counter.desk.settle()
    assert not counter.alarms()
    assert counter.take(under(old)) is None
    assert counter.alarms() == {"stale-key": 1}


def test_who_was_put_out_gets_nothing_by_its_key(counter: RequestCounter) -> None:
    with counter.hub.store.writing() as connection:
        row = {"dev": "mirror-4", "epoch": "e1", "seq": 2, "why": "stolen", "at_ms": 1}
        connection.execute(insert(schema.revocation).values(**row))

    for ask in (TimeAsked(), CertificateAsked("csr"), pay("refund")):
        assert counter.take(counter.question(ask)) is None

    assert counter.alarms() == {"revoked": 3}
    assert counter.renewals.issued == 0


def test_any_bytes_leave_the_desk_as_it_was(counter: RequestCounter) -> None:
    luck = random.Random(4)
    honest = counter.question(CertificateAsked("csr"))
    for _ in range(60):
        at = luck.randrange(len(honest))
        end = luck.randrange(len(honest))
        garbled = honest[:at] + luck.randbytes(luck.randrange(1, 9)) + honest[end:]
        assert counter.take(garbled) is None

    assert counter.renewals.issued == 0
    assert counter.ask(CertificateAsked("csr")) == CertificateIssued("certificate 1 for mirror-4")
