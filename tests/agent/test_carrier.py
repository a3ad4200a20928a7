"""The carrier and what it reads ahead: every entry once, in full batches, with the key that signed it."""

import asyncio
import itertools
import random

import msgspec
import pytest

from cloud_sync.agent.carrier import UNREADABLE, Carrier
from cloud_sync.agent.ports import UnreadableError
from cloud_sync.agent.read_ahead import ReadAhead
from cloud_sync.agent.uplink import Outcome
from cloud_sync.contract.batch import ENTRIES_MAX, PLAIN_BYTES_MAX, peek
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.signing import SoftwareKey
from cloud_sync.contract.state import ObjectState
from tests.agent.paper_line import PaperLine, during, scene
from tests.agent.weeks_world import EPOCH, EndlessJournal, Whose, hash_of


class LongJournal(EndlessJournal):
    """A journal of entries of many lengths; `kids` says who signed from which entry on."""

    def __init__(self, head: int, longest: int, kids: dict[int, str]) -> None:
        super().__init__()
        self.entries = head
        self.reads: list[int] = []
        luck = random.Random(7)
        self._bodies = [b"x" * luck.randint(1, longest) for _ in range(head)]
        self._kids = kids

    def after(self, seq: int, limit: int) -> list[SignedEntry]:
        last = min(seq + limit, self.entries)
        self.reads += range(seq + 1, last + 1)
        return [
            SignedEntry(n, self._kid(n), hash_of(n - 1), self._bodies[n - 1], hash_of(n), b"")
            for n in range(seq + 1, last + 1)
        ]

    def _kid(self, seq: int) -> str:
        return self._kids[max(first for first in self._kids if first <= seq)]


class SpoiltJournal(LongJournal):
    """A journal of which nothing can be read from entry `bad` on; 0 while it is whole."""

    bad = 0

    def after(self, seq: int, limit: int) -> list[SignedEntry]:
        if 0 < self.bad <= min(seq + limit, self.entries):
            raise UnreadableError("ledger.db cannot be read: run `opos doctor`")
        return super().after(seq, limit)

    def hash_of(self, seq: int) -> bytes | None:
        if 0 < self.bad <= seq:
            raise UnreadableError("ledger.db cannot be read: run `opos doctor`")
        return super().hash_of(seq)


@pytest.mark.parametrize("longest", [10, 600, 4_000, 32_000])
def test_a_drain_reads_each_entry_once_and_fills_its_batches(longest: int) -> None:
    journal = LongJournal(2_000, longest, {1: "a", 700: "b", 701: "c"})
    ahead, batches, seq = ReadAhead(journal), [], 0
    while seq < journal.entries:
        batch = ahead.batch(seq + 1, ENTRIES_MAX)
        batches.append(batch)
        seq = batch[-1].seq
    assert journal.reads == [entry.seq for batch in batches for entry in batch] == list(range(1, 2_001))
    for batch, following in itertools.pairwise(batches):
        size = sum(len(entry.body) for entry in batch)
        assert len({entry.kid for entry in batch}) == 1
        assert len(batch) <= ENTRIES_MAX
        assert size <= PLAIN_BYTES_MAX or len(batch) == 1
        # What ends a batch: it is full, too long for one more, or another key follows.
        assert (
            len(batch) == ENTRIES_MAX
            or size + len(following[0].body) > PLAIN_BYTES_MAX
            or following[0].kid != batch[0].kid
        )


def test_who_goes_back_is_given_what_was_asked_for() -> None:
    ahead = ReadAhead(LongJournal(1_000, 600, {1: "a"}))
    assert [entry.seq for entry in ahead.batch(1, ENTRIES_MAX)][:1] == [1]
    assert [entry.seq for entry in ahead.batch(5, 1)] == [5]
    assert [entry.seq for entry in ahead.batch(1, ENTRIES_MAX)][:1] == [1]
    assert ahead.batch(1_001, ENTRIES_MAX) == []


def test_entries_whose_key_is_gone_wait_for_it_with_a_sentence() -> None:
    async def play(line: PaperLine) -> None:
        gone = SoftwareKey.generate()
        carrier = Carrier(line.voice)
        carrier.opened(LongJournal(3, 10, {1: gone.public.kid}), Whose())
        carrier.line(up=True)
        working = asyncio.create_task(carrier.run())
        await asyncio.sleep(60)
        assert [said for said in line.said if said.topic.endswith("/journal")] == []
        assert f"entry 1 waits for key {gone.public.kid}" in str(carrier.trouble)
        line.keys.current = gone  # somebody has put its file back
        await asyncio.sleep(1)
        (said,) = [said for said in line.said if said.topic.endswith("/journal")]
        assert peek(said.payload).kid == gone.public.kid
        assert str(carrier.trouble) == "None"
        working.cancel()

    scene(play)


def told(line: PaperLine) -> ObjectState:
    """What the world was told last."""
    state = [said for said in line.said if said.topic.endswith("/state")][-1]
    return msgspec.json.decode(state.payload, type=ObjectState)


def opened(carrier: Carrier, journal: SpoiltJournal) -> None:
    """Open the journal, as whoever looks after it does now and then."""
    try:
        carrier.opened(journal, Whose())
    except UnreadableError as error:
        carrier.unreadable(str(error))


def test_a_place_that_is_damaged_is_told_until_it_is_whole_however_often_the_journal_is_opened() -> None:
    async def play(line: PaperLine) -> None:
        journal, carrier = SpoiltJournal(3, 10, {1: line.keys.current.public.kid}), Carrier(line.voice)
        journal.bad = 2
        opened(carrier, journal)
        carrier.line(up=True)
        working = asyncio.create_task(carrier.run())
        for _ in range(3):
            await asyncio.sleep(20)
            assert (told(line).online, told(line).faults) == (True, (UNREADABLE,))
            assert (carrier.stage, carrier.trouble) == (
                "ledger unreadable",
                "ledger.db cannot be read: run `opos doctor`",
            )
            opened(carrier, journal)
        journal.bad = 0
        opened(carrier, journal)
        await asyncio.sleep(20)
        assert (told(line).head, told(line).faults, carrier.trouble) == (3, (), None)
        working.cancel()

    line = scene(play)
    states = [msgspec.json.decode(said.payload, type=ObjectState) for said in line.said if said.retain]
    assert [state.faults for state in states] == [(), (UNREADABLE,), ()]


def test_a_receipt_for_an_entry_that_cannot_be_read_moves_nothing_and_is_a_fault() -> None:
    async def play(line: PaperLine) -> None:
        journal, carrier = SpoiltJournal(3, 10, {1: line.keys.current.public.kid}), Carrier(line.voice)
        opened(carrier, journal)
        carrier.line(up=True)
        working = asyncio.create_task(carrier.run())
        await asyncio.sleep(1)
        journal.bad = 3
        assert carrier.received(Receipt("mirror-4", EPOCH, 3, b64(hash_of(3)), 1, 0, 0)) is None
        assert carrier.faults == (UNREADABLE,)
        journal.bad = 0
        opened(carrier, journal)
        assert carrier.received(Receipt("mirror-4", EPOCH, 3, b64(hash_of(3)), 1, 0, 0)) is Outcome.ADVANCED
        working.cancel()

    scene(play)


def test_a_runtime_that_ends_takes_the_fault_of_its_ledger_along() -> None:
    async def play(line: PaperLine) -> None:
        carrier = Carrier(line.voice)
        carrier.line(up=True)
        carrier.unreadable("ledger.db cannot be read: run `opos doctor`")
        working = asyncio.create_task(carrier.run())
        await asyncio.sleep(5)
        assert told(line).online
        carrier.closed()
        await asyncio.sleep(5)
        assert told(line) == ObjectState(online=False, at_ms=told(line).at_ms)
        assert (carrier.stage, carrier.trouble) == ("no runtime", None)
        working.cancel()

    scene(play)


def test_without_a_line_or_a_runtime_nothing_goes_out() -> None:
    async def play(line: PaperLine) -> None:
        carrier = Carrier(line.voice)
        carrier.grown(5)
        carrier.hurry()
        carrier.opened(LongJournal(3, 10, {1: "a"}), Whose())
        await during(carrier.run(), 10)
        carrier.closed()
        assert line.said == []

    scene(play)
