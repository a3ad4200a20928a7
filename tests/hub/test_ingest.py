"""What the hub's door makes of every batch that can come: kept once, answered truly, and the lane goes on."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
import pytest
import zstandard
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError

from cloud_sync.contract.batch import EXPANDED_BYTES_MAX, FRAME_VERSION
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import first_prev
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX, Address, partition
from cloud_sync.hub.ingest.intake import Taken
from cloud_sync.hub.ingest.keeping import FORKED_FRAMES_MAX
from cloud_sync.hub.store import database
from cloud_sync.hub.store.attention import raise_alarm
from cloud_sync.hub.store.database import Store
from tests.hub.hub_world import COFFEE, COFFEE_MINOR, HubWorld, PaperJournal, shuffled

# What came before (first, last), what comes now, what it is, and the seq of the receipt.
Lie = tuple[tuple[tuple[int, int], ...], tuple[int, int], Taken, int]
PLACES: list[Lie] = [
    ((), (1, 3), Taken.APPENDED, 3),
    ((), (1, 1), Taken.APPENDED, 1),
    (((1, 3),), (1, 3), Taken.DUPLICATE, 3),
    (((1, 5),), (2, 4), Taken.DUPLICATE, 5),
    (((1, 3),), (2, 5), Taken.APPENDED, 5),
    (((1, 3),), (4, 5), Taken.APPENDED, 5),
    (((1, 3),), (1, 5), Taken.APPENDED, 5),
    (((1, 3),), (5, 6), Taken.GAP, 3),
    ((), (2, 3), Taken.GAP, 0),
    (((1, 2), (3, 3)), (4, 6), Taken.APPENDED, 6),
]


@pytest.fixture
def journal(mirror: PaperJournal) -> PaperJournal:
    for _ in range(3):
        mirror.sell(COFFEE, 1, COFFEE_MINOR)
    return mirror


@pytest.mark.parametrize("lie", PLACES)
def test_a_batch_is_kept_once_wherever_it_lies(hub: HubWorld, journal: PaperJournal, lie: Lie) -> None:
    before, now, taken, seq = lie
    for first, last in before:
        hub.send(journal, first, last)

    outcome = hub.send(journal, *now)

    assert outcome.taken is taken
    receipt = hub.receipt(outcome)
    assert (receipt.dev, receipt.epoch, receipt.seq) == ("mirror-4", "e1", seq)
    assert receipt.hash == b64(journal.entries[seq - 1].hash if seq else first_prev("e1"))
    assert (receipt.generation, receipt.safe) == (1, 0)
    assert hub.kept(journal) == [entry.body for entry in journal.entries[:seq]]


def test_a_receipt_is_said_on_the_topic_of_its_object(hub: HubWorld, mirror: PaperJournal) -> None:
    answer = hub.send(mirror, 1).answer

    assert answer is not None
    assert answer.topic == f"opos/1/demo/{partition('mirror-4')}/corner/mirror-4/dn/receipt"


def test_each_epoch_of_an_object_is_a_journal_of_its_own(hub: HubWorld, mirror: PaperJournal) -> None:
    hub.send(mirror, 1)
    reborn = PaperJournal("mirror-4", mirror.key, epoch="e2")
    reborn.begin()

    assert hub.receipt(hub.send(reborn, 1)).seq == 2
    assert hub.receipt(hub.send(mirror, 1)).seq == 3
    assert hub.kept(reborn) == [entry.body for entry in reborn.entries]


# Where the clone's journal differs from here on, the first entry that it sends, where the hub sees it.
FORKS = [(2, 2, 2), (3, 1, 3), (3, 3, 3), (3, 4, 4), (1, 1, 1)]


@pytest.mark.parametrize("fork", FORKS)
def test_two_journals_of_one_name_are_seen_as_a_fork(
    hub: HubWorld, journal: PaperJournal, fork: tuple[int, int, int]
) -> None:
    fork_at, first, seen_at = fork
    hub.send(journal, 1, 3)
    clone = journal.fork(fork_at)
    while len(clone.entries) < 5:
        clone.sell(COFFEE, 9, COFFEE_MINOR)
    frame = clone.frame(first, 5)

    outcomes = [hub.intake.take(clone.topic, frame) for _ in range(3)]

    assert {outcome.taken for outcome in outcomes} == {Taken.FORKED}
    assert {hub.receipt(outcome).seq for outcome in outcomes} == {3}
    assert hub.kept(journal) == [entry.body for entry in journal.entries[:3]]
    (case,) = hub.rows("quarantine", "id", "sentence", "at_ms", "frame", "entry")
    assert case == ("mirror-4", "e1", seen_at, clone.entries[seen_at - 1].hash, "fork")
    assert frame in [row[-1] for row in hub.rows("frame")]
    assert [row[1:3] + row[4:5] for row in hub.rows("alarm")] == [("fork", "mirror-4", 3)]


def test_an_epoch_that_does_not_start_at_its_own_name_is_set_aside(
    hub: HubWorld, mirror: PaperJournal
) -> None:
    stranger = PaperJournal("mirror-4", mirror.key, epoch="e9")
    stranger.begin()
    stranger.epoch = "e8"

    outcome = hub.send(stranger, 1)

    assert outcome.taken is Taken.FORKED
    assert hub.receipt(outcome).seq == 0


def test_a_clone_cannot_fill_the_disk_with_forks(hub: HubWorld, mirror: PaperJournal) -> None:
    hub.send(mirror, 1)
    for n in range(FORKED_FRAMES_MAX + 3):
        clone = mirror.fork(3)
        clone.sell(COFFEE, n + 1, COFFEE_MINOR)
        hub.send(clone, 3)

    assert len(hub.rows("quarantine")) == FORKED_FRAMES_MAX
    assert [row[4] for row in hub.rows("alarm")] == [FORKED_FRAMES_MAX + 3]


def _wrong_signature(journal: PaperJournal) -> tuple[str, bytes]:
    header, payload, signature = msgspec.msgpack.decode(journal.frame(1, 3))
    return journal.topic, msgspec.msgpack.encode(
        [header, payload, signature[:-1] + bytes([signature[-1] ^ 1])]
    )


def _other_key(journal: PaperJournal) -> tuple[str, bytes]:
    forged = PaperJournal("mirror-4", SoftwareKey.generate())
    forged.begin()
    return journal.topic, forged.frame(1, 2)


def _truncated(journal: PaperJournal) -> tuple[str, bytes]:
    return journal.topic, journal.frame(1, 3)[:-70]


def _nothing(journal: PaperJournal) -> tuple[str, bytes]:
    return journal.topic, b""


def _too_long(journal: PaperJournal) -> tuple[str, bytes]:
    return journal.topic, bytes(PAYLOAD_BYTES_MAX + 1)


def _made_by_hand(journal: PaperJournal, plain: bytes, **changes: object) -> tuple[str, bytes]:
    fields: dict[str, object] = {
        "version": FRAME_VERSION,
        "dev": "mirror-4",
        "epoch": "e1",
        "kid": journal.key.public.kid,
        "first": 1,
        "n": 1,
        "prev": first_prev("e1"),
        "head": journal.entries[0].hash,
    }
    header = msgspec.msgpack.encode(list({**fields, **changes}.values()))
    payload = zstandard.ZstdCompressor().compress(plain)
    return journal.topic, msgspec.msgpack.encode([header, payload, journal.key.sign(header + payload)])


def _bomb(journal: PaperJournal) -> tuple[str, bytes]:
    return _made_by_hand(journal, msgspec.msgpack.encode([bytes(EXPANDED_BYTES_MAX)]))


def _one(journal: PaperJournal) -> bytes:
    return msgspec.msgpack.encode([journal.entries[0].body])


def _from_zero(journal: PaperJournal) -> tuple[str, bytes]:
    return _made_by_hand(journal, _one(journal), first=0)


def _beyond_numbers(journal: PaperJournal) -> tuple[str, bytes]:
    return _made_by_hand(journal, _one(journal), first=2**63)


def _later_version(journal: PaperJournal) -> tuple[str, bytes]:
    return _made_by_hand(journal, _one(journal), version=2)


def _no_text(journal: PaperJournal) -> tuple[str, bytes]:
    header = msgspec.msgpack.encode([1, "mirror-4", "e1", "k", 1, 1, b"", b""])
    broken = header.replace(b"mirror-4", b"mirror-\xff")
    return journal.topic, msgspec.msgpack.encode([broken, b"", b""])


def _nested_without_end(journal: PaperJournal) -> tuple[str, bytes]:
    header = msgspec.msgpack.encode([1, "mirror-4", "e1", "k", 1, 1, b"", b""])
    deep = bytes([header[0] + 1]) + header[1:] + b"\x91" * 20_000 + b"\x90"
    return journal.topic, msgspec.msgpack.encode([deep, b"", b""])


def _miscounted(journal: PaperJournal) -> tuple[str, bytes]:
    return _made_by_hand(journal, _one(journal), n=2)


def _no_head(journal: PaperJournal) -> tuple[str, bytes]:
    return _made_by_hand(journal, _one(journal), head=bytes(32))


def _endless_epoch(journal: PaperJournal) -> tuple[str, bytes]:
    long = PaperJournal("mirror-4", journal.key, epoch="e" * 65)
    long.begin()
    return journal.topic, long.frame(1, 1)


def _anothers_topic(journal: PaperJournal) -> tuple[str, bytes]:
    return Address("demo", "corner", "shelf-b12").up("journal"), journal.frame(1, 3)


def _other_site(journal: PaperJournal) -> tuple[str, bytes]:
    return Address("demo", "airport", "mirror-4").up("journal"), journal.frame(1, 3)


def _other_tenant(journal: PaperJournal) -> tuple[str, bytes]:
    return Address("rival", "corner", "mirror-4").up("journal"), journal.frame(1, 3)


def _wrong_partition(journal: PaperJournal) -> tuple[str, bytes]:
    return f"opos/1/demo/{(partition('mirror-4') + 1) % 64}/corner/mirror-4/up/journal", journal.frame(1, 3)


def _no_topic(journal: PaperJournal) -> tuple[str, bytes]:
    return "hello", journal.frame(1, 3)


def _stranger(journal: PaperJournal) -> tuple[str, bytes]:
    other = PaperJournal("mirror-5", journal.key)
    other.begin()
    return other.topic, other.frame(1, 2)


def _rehearsed(journal: PaperJournal) -> PaperJournal:
    """What an object wrote in training, signed by its real key, which it is not."""
    training = PaperJournal(f"{journal.address.object}.training", journal.key, epoch="e7")
    training.begin()
    training.sell(COFFEE, 1, COFFEE_MINOR)
    return training


def _training(journal: PaperJournal) -> tuple[str, bytes]:
    return _rehearsed(journal).topic, _rehearsed(journal).frame(1, 3)


def _training_as_the_real_one(journal: PaperJournal) -> tuple[str, bytes]:
    return journal.topic, _rehearsed(journal).frame(1, 3)


WRONG = [
    (_training, "unknown", ""),
    (_training_as_the_real_one, "place", "mirror-4"),
    (_wrong_signature, "signature", "mirror-4"),
    (_other_key, "signature", "mirror-4"),
    (_truncated, "garbage", "mirror-4"),
    (_nothing, "garbage", "mirror-4"),
    (_too_long, "garbage", "mirror-4"),
    (_bomb, "garbage", "mirror-4"),
    (_from_zero, "garbage", "mirror-4"),
    (_beyond_numbers, "garbage", "mirror-4"),
    (_later_version, "garbage", "mirror-4"),
    (_miscounted, "garbage", "mirror-4"),
    (_no_head, "garbage", "mirror-4"),
    (_endless_epoch, "garbage", "mirror-4"),
    (_no_text, "garbage", "mirror-4"),
    (_nested_without_end, "garbage", "mirror-4"),
    (_anothers_topic, "place", "shelf-b12"),
    (_other_site, "place", "mirror-4"),
    (_other_tenant, "place", "mirror-4"),
    (_wrong_partition, "topic", ""),
    (_no_topic, "topic", ""),
    (_stranger, "unknown", ""),
]


@pytest.mark.parametrize(
    ("wrong", "kind", "subject"), WRONG, ids=lambda each: getattr(each, "__name__", None)
)
@pytest.mark.usefixtures("shelf")
def test_what_is_not_an_objects_own_batch_is_refused_and_counted_and_the_lane_goes_on(
    hub: HubWorld,
    mirror: PaperJournal,
    wrong: Callable[[PaperJournal], tuple[str, bytes]],
    kind: str,
    subject: str,
) -> None:
    outcomes = [hub.intake.take(*wrong(mirror)) for _ in range(2)]

    assert [(outcome.taken, outcome.answer) for outcome in outcomes] == [(Taken.REFUSED, None)] * 2
    assert [row[1:3] + row[4:5] for row in hub.rows("alarm")] == [(kind, subject, 2)]
    assert hub.rows("entry") == []
    assert hub.receipt(hub.send(mirror, 1)).seq == 3


def test_bytes_that_no_program_meant_never_stop_the_lane(hub: HubWorld, mirror: PaperJournal) -> None:
    luck = random.Random(2)
    frame = mirror.frame(1, 3)
    for _ in range(200):
        broken = bytearray(frame)
        for _ in range(luck.randint(1, 4)):
            broken[luck.randrange(len(broken))] ^= 1 << luck.randrange(8)
        del broken[luck.randint(1, len(broken)) :]
        assert hub.intake.take(mirror.topic, bytes(broken)).taken is Taken.REFUSED or broken == frame

    assert hub.receipt(hub.send(mirror, 1)).seq == 3


class PowerCutError(Exception):
    """The machine stopped here."""


@contextmanager
def power_cut_before_commit(hub: HubWorld) -> Iterator[None]:
    """Whoever writes meets a power cut when all is written and nothing is committed."""

    def cut(connection: Connection) -> None:
        if connection.get_execution_options()["writes"]:
            raise PowerCutError

    event.listen(hub.store.engine, "commit", cut)
    try:
        yield
    finally:
        event.remove(hub.store.engine, "commit", cut)


def test_a_cut_between_append_and_commit_leaves_nothing(hub: HubWorld, mirror: PaperJournal) -> None:
    hub.send(mirror, 1, 2)
    names = ("entry", "cursor", "frame", "quarantine", "alarm")
    before = {name: hub.rows(name) for name in names}

    with power_cut_before_commit(hub), pytest.raises(PowerCutError):
        hub.send(mirror, 3)

    assert {name: hub.rows(name) for name in names} == before
    assert hub.receipt(hub.send(mirror, 1)).seq == 3


# Another frame, made of the one that is here.
_FRAME = (
    "INSERT INTO frame (tenant, site, dev, epoch, part, kept, kid, first, first_new, last, prev, head,"
    " received_ms, bytes) SELECT tenant, site, {dev}, epoch, part, 1, kid, {first}, {first}, {last}, {prev},"
    " head, received_ms, bytes FROM frame WHERE last = 3"
)
# What a bug or a hand might try, and the rule that stands against it.
FORBIDDEN = [
    ("UPDATE frame SET bytes = x'00'", "written is never changed"),
    ("DELETE FROM frame", "written is never changed"),
    (_FRAME.format(dev="dev", first=5, last=5, prev="head"), "the next seq of this journal is another one"),
    (_FRAME.format(dev="dev", first=3, last=5, prev="prev"), "the next seq of this journal is another one"),
    (_FRAME.format(dev="dev", first=4, last=4, prev="prev"), "the entry before its first is another one"),
    (_FRAME.format(dev="dev", first=4, last=3, prev="head"), "seqs_grow"),
    (_FRAME.format(dev="dev", first=4, last=260, prev="head"), "a_batch_is_short"),
    (_FRAME.format(dev="'nobody'", first=1, last=1, prev="prev"), "(?i)foreign key"),
    ("UPDATE cursor SET seq = 4", "no such entry is here"),
    ("UPDATE cursor SET seq = 2", "cursor: "),
    ("UPDATE cursor SET kid = ''", "no such entry is here"),
    ("UPDATE cursor SET seq = 2, hash = (SELECT head FROM frame WHERE last = 2)", "it only advances"),
    ("UPDATE cursor SET safe = 4", "safe_is_here"),
    ("DELETE FROM cursor", "is not forgotten"),
    ("UPDATE lease SET token = -1", "a token only grows"),
    ("DELETE FROM lease", "a token is not forgotten"),
    ("DELETE FROM object_key", "a key that signed is not forgotten"),
    ("UPDATE hub SET generation = 0", "generation"),
    ("INSERT INTO hub VALUES (2, 1, 0)", "there_is_one_hub"),
    ("UPDATE cursor SET hash = x'00'", "no such entry is here"),
    ("INSERT INTO presence VALUES ('mirror-4', 2, '', 0, 0, 0)", "online_is_yes_or_no"),
]


@pytest.mark.parametrize(("statement", "rule"), FORBIDDEN)
def test_the_database_itself_refuses_a_wrong_state(
    hub: HubWorld, mirror: PaperJournal, statement: str, rule: str
) -> None:
    hub.send(mirror, 1, 2)
    hub.send(mirror, 3)

    if hub.store.is_postgresql:  # which writes a byte in another way
        statement = statement.replace("x'00'", "decode('00', 'hex')")

    with pytest.raises(IntegrityError, match=rule), hub.store.writing() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("seed", range(6))
def test_every_entry_is_kept_once_however_batches_come(
    hub: HubWorld, mirror: PaperJournal, seed: int
) -> None:
    luck = random.Random(seed)
    for _ in range(20):
        mirror.sell(COFFEE, luck.randint(1, 3), COFFEE_MINOR)
    last = len(mirror.entries)

    while mirror.acked < last:  # what an agent does: from the last receipt that it heard, some of it lost
        starts = [luck.randint(1, last) for _ in range(4)] + [mirror.acked + 1]
        frames = [mirror.frame(at, min(last, at + luck.randint(0, 7))) for at in starts]
        for frame in shuffled(frames, luck, copies=3):
            receipt = hub.receipt(hub.intake.take(mirror.topic, frame))
            if luck.random() < 0.5:
                mirror.acked = max(mirror.acked, receipt.seq)

    assert hub.kept(mirror) == [entry.body for entry in mirror.entries]
    assert hub.rows("quarantine") == hub.rows("alarm") == []


def test_writers_take_turns_over_threads_and_openings_of_the_database(hub: HubWorld) -> None:
    second = database.connect(hub.place)
    stores = [hub.store, hub.store, second, second]

    def count(store: Store) -> None:
        for _ in range(20):
            with store.writing() as connection:
                raise_alarm(connection, "fork", "mirror-4", "again", 1)

    with ThreadPoolExecutor(len(stores)) as threads:
        list(threads.map(count, stores))
    second.close()

    assert [row[4] for row in hub.rows("alarm")] == [80]
