"""What the agent brings to the object: believed only by the hub's own signature, and done to the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.contract.documents import MANIFEST_TYPE, manifest_of
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.facts import PaymentIntent
from cloud_sync.contract.keyring import KEYRING_TYPE, Keyring
from cloud_sync.contract.orders import (
    ORDER_TYPE,
    CloseDoors,
    Deed,
    EndOfDay,
    HandOut,
    Identify,
    OpenDoors,
    Order,
    RotateKey,
    SyncNow,
    TakeMoney,
)
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.requests import REPLY_TYPE, Answer, PaymentAsked, PaymentSaid, Reply
from cloud_sync.contract.signing import SoftwareKey, seal
from edge.bindery import binding
from edge.checkout.backroom import Backroom
from edge.checkout.documents import Documents
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.desk import Desk
from edge.checkout.payments.house import HouseBook
from edge.checkout.sale import Shop
from edge.checkout.state import Stage
from edge.clock import HubClock
from edge.config import ObjectConfig, load
from edge.errands import Errands, Rooms
from edge.events import Presented
from edge.keys import load_signer, signers
from edge.offline_queue.bell import Answered, Asked, Said, SentTelemetry, StagedDocument
from edge.offline_queue.lanes import TelemetryLane
from edge.offline_queue.questions import Questions
from edge.offline_queue.reader import LedgerReader
from retail.pricing.book import Version
from tests.agent.process_world import OBJECT
from tests.checkout.till_hand import SWEATER, Hand, catalogue, item, price_book

HUB, RETAILER, ROOT = (SoftwareKey.generate() for _ in range(3))


class Object:
    """One object with everything but its devices, its glass and its agent."""

    def __init__(self, directory: Path) -> None:
        data = directory / "data"
        (data / "documents").mkdir(parents=True)
        self.hand = Hand(data, Shop("mirror-4", "floor", "a7Kx", "UTC"))
        (data / "object.key").touch(0o600)
        (data / "object.key").write_bytes(self.hand.key.to_pem())
        file = directory / "object.toml"
        file.write_text(OBJECT.format(broker=1, hub="http://127.0.0.1:1"))
        trust = {"receipt": [HUB.public], "documents": [RETAILER.public], "roots": [ROOT.public]}
        (directory / "trust.json").write_bytes(msgspec.json.encode(trust))
        self.file = file
        self.forks: list[str] = []
        self.days, self.has_terminal = 0, True
        self.telemetry = TelemetryLane(data / "telemetry.db")
        self.start()

    @property
    def config(self) -> ObjectConfig:
        return load(self.file)

    def start(self) -> None:
        """As after a restart."""
        self.till = self.hand.till()
        journal = self.hand.journal
        assert journal is not None
        self.journal = journal
        documents = Documents(self.config.documents, "corner", self.config.trust.documents, binding)
        backroom = Backroom(self.hand.shop, documents, journal, self.till)
        self.clock = HubClock(self.hand)
        self.questions = Questions("mirror-4", self.config.trust.receipt)
        self.payments, house = PaymentBook(), HouseBook()
        self.desk = Desk(self.payments, house, self.till.register, self.hand)
        rooms = Rooms(
            *(journal, documents, backroom, self.till, self.telemetry, self.clock, self._forked),
            questions=self.questions,
            desk=self.desk,
            end_day=self._end_day,
        )
        self.errands = Errands(self.config, rooms)
        self.till.use(catalogue())

    def do(self, **said: Any) -> Answered:
        return asyncio.run(self.errands.do(Said(**said)))

    def order(self, deed: Deed, *, dev: str = "mirror-4", key: SoftwareKey = RETAILER) -> Answered:
        return self.do(order=seal(key, ORDER_TYPE, Order(dev, "0123456789abcdef", 1, 60_001, deed)))

    def receive(self, seq: int, *, key: SoftwareKey = HUB, safe: int = 0, **changed: Any) -> Answered:
        reader = LedgerReader(self.config.ledger)
        digest = reader.hash_of(seq)
        reader.close()
        word = Receipt("mirror-4", self.journal.epoch, seq, b64(digest or b""), 1, safe, 0)
        return self.do(receipt=seal(key, RECEIPT_TYPE, msgspec.structs.replace(word, **changed)))

    def held_up(self) -> Stage:
        """What the till is doing while a shopper holds a sweater up."""
        self.till.hear(Presented(item(SWEATER, 1)))
        return self.till.state.stage

    def close(self) -> None:
        self.telemetry.close()
        self.hand.close()

    def _end_day(self) -> bool:
        self.days += 1
        return self.has_terminal

    def _forked(self, _: Receipt, why: str) -> None:
        self.forks.append(why)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Object]:
    running = Object(tmp_path)
    yield running
    running.close()


def test_a_receipt_moves_what_is_confirmed_and_a_strangers_does_not(mirror: Object) -> None:
    assert not mirror.receive(2, key=SoftwareKey.generate()).ok
    assert mirror.journal.acked == 0
    assert mirror.receive(2).ok
    assert mirror.journal.acked == 2


def test_a_receipt_proves_the_time_to_a_machine_that_does_not_know_it(
    mirror: Object, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_ms = mirror.hand.ms + 10**9
    assert mirror.receive(2, at_ms=true_ms).ok
    assert mirror.clock.wall_ms() == mirror.hand.ms, "a time daemon knows better"
    monkeypatch.setattr(mirror.hand, "quality", lambda: "untrusted")
    mirror.hand.pass_seconds(5)
    assert mirror.clock.wall_ms() == true_ms + 5_000
    assert mirror.receive(2, at_ms=0).ok
    assert mirror.clock.wall_ms() == true_ms + 5_000, "an old receipt takes nothing back"
    assert mirror.clock.quality() == "untrusted"


def test_a_receipt_for_another_history_is_a_fork(mirror: Object) -> None:
    assert not mirror.receive(2, hash="AAAA").ok
    assert len(mirror.forks) == 1


def test_the_doors_stay_closed_over_a_restart_and_open_by_order_alone(mirror: Object) -> None:
    shown = [mirror.held_up()]
    assert mirror.order(CloseDoors()).ok
    shown.append(mirror.held_up())
    assert mirror.till.state.trouble == "doors"
    mirror.start()
    shown.append(mirror.held_up())
    for deed in (CloseDoors(), OpenDoors(), OpenDoors()):
        assert mirror.order(deed).ok
    shown.append(mirror.held_up())
    mirror.start()
    shown.append(mirror.held_up())
    closed, offered = Stage.OUT_OF_SERVICE, Stage.OFFERED
    assert shown == [offered, closed, closed, offered, offered]


def test_an_object_says_which_it_is_for_as_long_as_it_was_asked_to(mirror: Object) -> None:
    number = mirror.till.state.number
    assert mirror.order(Identify(30)).ok
    assert mirror.till.state.identify
    mirror.hand.pass_seconds(29)
    mirror.till.tick()
    assert mirror.till.state.identify
    mirror.hand.pass_seconds(2)
    mirror.till.tick()
    assert not mirror.till.state.identify
    assert mirror.till.state.number == number, "a tap means the same under the banner"


PAYMENT = PaymentAsked("query", "attempt-0123456789", "paper", 1_190, "EUR")
SAID = PaymentSaid("attempt-0123456789", "captured", 1_190, "EUR")


def reply(key: SoftwareKey = HUB, *, dev: str = "mirror-4") -> str:
    return seal(key, REPLY_TYPE, Reply(dev, "question-0123456", 1, SAID))


class OpenBell:
    """A bell that rings nowhere."""

    @contextlib.asynccontextmanager
    async def asking(self, _: Asked) -> AsyncIterator[None]:
        yield


async def answered(mirror: Object, *replies: str) -> Answer:
    """What the object makes of the first of these that it takes."""
    mirror.questions.through(OpenBell())
    asking = asyncio.create_task(mirror.questions.ask("question-0123456", PAYMENT))
    await asyncio.sleep(0)
    for jws in replies:
        if (await mirror.errands.do(Said(reply=jws))).ok:
            break
    return await asking


def test_whoever_asked_hears_the_hubs_reply_and_no_strangers(mirror: Object) -> None:
    lie = PaymentSaid("attempt-0123456789", "declined", 1_190, "EUR")
    forged = seal(SoftwareKey.generate(), REPLY_TYPE, Reply("mirror-4", "question-0123456", 1, lie))
    assert asyncio.run(answered(mirror, forged, reply())) == SAID


def test_replies_are_judged_by_the_keys_of_the_newest_keyring(mirror: Object) -> None:
    newer = SoftwareKey.generate()
    assert mirror.do(keyring=ring(2, newer, RETAILER)).ok
    assert not mirror.do(reply=reply()).ok
    assert asyncio.run(answered(mirror, reply(newer))) == SAID


def test_the_object_knows_whether_its_hub_answers(mirror: Object) -> None:
    known = [mirror.questions.hub_answers]
    for link in ("up", "down"):
        mirror.do(link=link)
        known.append(mirror.questions.hub_answers)
    assert known == [False, True, False]


def test_an_object_that_asks_nothing_takes_no_reply(mirror: Object) -> None:
    mirror.errands._rooms = msgspec.structs.replace(mirror.errands._rooms, questions=None)
    answer = mirror.do(reply=reply())
    assert (answer.ok, answer.error) == (False, "expected no reply: this object asks its hub nothing")
    assert mirror.do(link="up").ok
    assert mirror.do(keyring=ring(2, HUB, RETAILER)).ok


REFUSED: dict[str, Callable[[Object], Answered]] = {
    "a stranger's order": lambda mirror: mirror.order(CloseDoors(), key=SoftwareKey.generate()),
    "an order sealed for receipts": lambda mirror: mirror.order(CloseDoors(), key=HUB),
    "another object's order": lambda mirror: mirror.order(CloseDoors(), dev="shelf-b12"),
    "an order for the agent": lambda mirror: mirror.order(SyncNow()),
    "no order": lambda mirror: mirror.do(order="x"),
    "no receipt": lambda mirror: mirror.do(receipt="x.y.z"),
    "no keyring": lambda mirror: mirror.do(keyring="x.y.z"),
    "no reply": lambda mirror: mirror.do(reply="x.y.z"),
    "a stranger's reply": lambda mirror: mirror.do(reply=reply(SoftwareKey.generate())),
    "a reply sealed for documents": lambda mirror: mirror.do(reply=reply(RETAILER)),
    "another object's reply": lambda mirror: mirror.do(reply=reply(dev="shelf-b12")),
    "a document that is not there": lambda mirror: mirror.do(document=StagedDocument("x", "/nowhere")),
}


@pytest.mark.parametrize("bring", REFUSED.values(), ids=REFUSED)
def test_what_is_not_the_hubs_is_refused_with_a_sentence_and_changes_nothing(
    mirror: Object, bring: Callable[[Object], Answered]
) -> None:
    answered = bring(mirror)
    assert not answered.ok
    assert answered.error
    assert mirror.till.state.stage is Stage.IDLE


def test_telemetry_that_was_sent_is_let_go(mirror: Object) -> None:
    for number in range(5):
        mirror.telemetry.put("Took", number, b"{}")
    assert mirror.do(telemetry=SentTelemetry("another lane", 5)).ok
    assert mirror.do(telemetry=SentTelemetry(mirror.telemetry.id, 3)).ok
    assert [each.seq for each in mirror.telemetry.after(0, 9).items] == [4, 5]


def test_a_new_key_signs_from_the_next_entry_on_and_the_old_one_stays_for_what_waits(mirror: Object) -> None:
    before = load_signer(mirror.config).public.kid
    assert mirror.order(RotateKey()).ok
    after = load_signer(mirror.config).public.kid
    assert after != before
    assert set(signers(mirror.config)) == {before, after}
    rotated = mirror.journal.head
    mirror.hand.key = SoftwareKey.from_pem(mirror.config.key.read_bytes())
    mirror.start()  # the file goes on with the new key, and nothing is forgotten by a restart
    assert mirror.receive(rotated).ok
    assert set(signers(mirror.config)) == {before, after}, "a hub from a backup may still ask for it"
    assert mirror.receive(rotated, safe=rotated).ok
    assert set(signers(mirror.config)) == {after}


def ring(version: int, receipt: SoftwareKey, documents: SoftwareKey, root: SoftwareKey = ROOT) -> str:
    keys = Keyring("demo", Version(1, version), (receipt.public,), (documents.public,), (ROOT.public,))
    return seal(root, KEYRING_TYPE, keys)


def test_a_keyring_replaces_the_keys_for_receipts_orders_and_documents_at_once(mirror: Object) -> None:
    receipts, documents = SoftwareKey.generate(), SoftwareKey.generate()
    assert mirror.do(keyring=ring(2, receipts, documents)).ok
    assert not mirror.receive(2).ok
    assert mirror.receive(2, key=receipts).ok
    assert not mirror.order(CloseDoors()).ok
    assert mirror.order(Identify(1), key=documents).ok
    data = msgspec.json.encode(price_book())
    staged = mirror.config.documents / "staged"
    staged.write_bytes(data)
    for key, taken in ((RETAILER, False), (documents, True)):
        manifest = seal(key, MANIFEST_TYPE, manifest_of("prices", "corner", Version(1, 1), data))
        assert mirror.do(document=StagedDocument(manifest, str(staged))).ok is taken
    assert not mirror.do(keyring=ring(1, HUB, RETAILER)).ok, "an older one comes back for nobody"
    assert not mirror.do(keyring=ring(3, HUB, RETAILER, root=documents)).ok
    mirror.start()
    assert mirror.receive(2, key=receipts).ok


def test_the_day_ends_by_an_order_where_there_is_a_terminal(mirror: Object) -> None:
    assert mirror.order(EndOfDay()).ok
    mirror.has_terminal = False
    refused = mirror.order(EndOfDay())
    assert refused.error is not None
    assert "no card terminal" in refused.error
    assert mirror.days == 2


def reserved(mirror: Object) -> str:
    """A shopper who is sent to the desk with a code; the code."""
    intent = PaymentIntent("sale-of-scarves-1", "attempt-number-1", "desk", 3_450, "EUR")
    written = asyncio.run(mirror.till.register.write(intent, f"intent/{intent.attempt}"))
    mirror.payments.apply(written.body)
    (waits,) = mirror.desk.to_take()
    return waits.code


def test_money_that_the_desk_has_taken_is_in_the_journal_once(mirror: Object) -> None:
    code, came = reserved(mirror), list[str]()
    mirror.desk.on_confirmed = lambda attempt, said: came.append(f"{attempt} {said.outcome}")
    taken = TakeMoney(code, 3_450, "k3Rz8mV1qN6s")
    assert mirror.order(taken).ok
    head = mirror.journal.head
    assert mirror.order(taken).ok
    assert (mirror.journal.head, came) == (head, ["attempt-number-1 captured"])
    assert mirror.desk.to_take() == ()


def test_what_the_desk_says_wrongly_is_not_written_and_says_what_to_do(mirror: Object) -> None:
    code, head = reserved(mirror), mirror.journal.head
    wrong = mirror.order(TakeMoney(code, 3_400, "k3Rz8mV1qN6s"))
    strange = mirror.order(TakeMoney("0" * 6, 3_450, "k3Rz8mV1qN6s"))
    nothing = mirror.order(HandOut(code, 3_450, "k3Rz8mV1qN6s"))
    assert (wrong.ok, strange.ok, nothing.ok) == (False, False, False)
    assert wrong.error is not None
    assert "the amount that the glass shows" in wrong.error
    assert strange.error is not None
    assert "give the money back" in strange.error
    assert mirror.journal.head == head
