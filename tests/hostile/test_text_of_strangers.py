"""Text that a stranger chose and a database or a screen cannot take: refused or quoted, and never a stop.

PostgreSQL has no text with a NUL in it. One that reached a row would end the worker that writes it, and the
next one too, for as long as a broker retains the message.
"""

from collections.abc import Callable

import msgspec
import pytest

from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.enrolment import ENROLMENT_TYPE
from cloud_sync.contract.requests import REQUEST_TYPE, CertificateAsked, CommandDone, TimeAsked
from cloud_sync.contract.signing import seal
from cloud_sync.contract.telemetry import TelemetryItem, TelemetryPiece, pack_piece
from cloud_sync.hub.identity.enrolling import Turn
from cloud_sync.hub.ingest.gestures import Gestures
from cloud_sync.hub.ingest.presence import Presence
from tests.hub.hub_world import HubWorld, PaperJournal
from tests.hub.identity.door import Door, Newcomer
from tests.hub.request_world import RequestCounter, pay

NUL = "a\x00b"


def header(kid: str, **changes: str) -> bytes:
    """The start of a word whose header is a stranger's: nobody has signed it."""
    word = {"alg": "ES256", "kid": kid, "typ": REQUEST_TYPE, **changes}
    return f"{b64(encode(word))}.e30.e30".encode()


def state(hub: HubWorld, mirror: PaperJournal) -> None:
    payload = msgspec.json.encode({"online": True, "epoch": NUL})
    Presence(hub.store, hub.clock).take(mirror.address.up("state"), payload, retained=True)


def telemetry(lane: str, kind: str) -> Callable[[HubWorld, PaperJournal], None]:
    def take(hub: HubWorld, mirror: PaperJournal) -> None:
        piece = TelemetryPiece("mirror-4", lane, 0, 0, (TelemetryItem(1, kind, 5, b"{}"),))
        Gestures(hub.store, hub.clock).take(mirror.address.up("telemetry"), pack_piece(piece))
        assert not hub.rows("telemetry")

    return take


def question(of: Callable[[RequestCounter], bytes]) -> Callable[[HubWorld, PaperJournal], None]:
    def take(hub: HubWorld, mirror: PaperJournal) -> None:
        counter = RequestCounter(hub, mirror)
        assert counter.take(of(counter)) is None
        assert counter.ask(TimeAsked()) is not None

    return take


def signed(counter: RequestCounter) -> bytes:
    """The object itself asks for something that does not exist."""
    word = {"dev": "mirror-4", "id": "question-number-1", "at_ms": 1, "ask": {"what": NUL}}
    return seal(counter.journal.key, REQUEST_TYPE, word).encode()


TAKERS: dict[str, Callable[[HubWorld, PaperJournal], None]] = {
    "a lane": telemetry(NUL, "touch"),
    "a kind of gesture": telemetry("lane", NUL),
    "an algorithm": question(lambda counter: header(counter.journal.key.public.kid, alg=NUL)),
    "a type": question(lambda counter: header(counter.journal.key.public.kid, typ=NUL)),
    "a key": question(lambda _: header(NUL)),
    "a kind of question": question(signed),
    "what became of an order": question(
        lambda counter: counter.question(CommandDone("order-of-last-year", ok=False, sentence=NUL))
    ),
    "a request for a certificate": question(lambda counter: counter.question(CertificateAsked(NUL))),
    "a currency": question(lambda counter: counter.question(pay("cancel", currency=NUL))),
}


@pytest.mark.parametrize("what", TAKERS)
def test_a_text_that_no_database_takes_is_refused_and_the_lane_goes_on(
    hub: HubWorld, mirror: PaperJournal, what: str
) -> None:
    hub.send(mirror, 1, 2)
    TAKERS[what](hub, mirror)
    assert hub.rows("alarm") or what == "a key"
    assert hub.receipt(hub.send(mirror, 3)).seq == 3


def test_a_state_that_no_database_takes_is_refused_and_the_lane_goes_on(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    state(hub, mirror)
    assert [row[1] for row in hub.rows("alarm")] == ["state"]


def test_who_knocks_with_a_text_that_no_database_takes_is_refused(door: Door) -> None:
    claim, newcomer = door.claim(), Newcomer()
    _, payload, signature = newcomer.question(claim).split(".")
    word = {"alg": NUL, "kid": newcomer.key.public.kid, "typ": ENROLMENT_TYPE}
    heard = door.counter.ask(f"{b64(encode(word))}.{payload}.{signature}")
    assert heard.turn is Turn.GARBLED
    assert door.alarms() == {("enrolment", "enrolment"): 1}
