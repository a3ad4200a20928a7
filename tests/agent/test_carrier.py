"""The carrier and what it reads ahead: every entry once, in full batches, with the key that signed it."""

import asyncio
import itertools
import random

import pytest

from cloud_sync.agent.carrier import Carrier
from cloud_sync.agent.read_ahead import ReadAhead
from cloud_sync.contract.batch import ENTRIES_MAX, PLAIN_BYTES_MAX, peek
from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.signing import SoftwareKey
from tests.agent.paper_line import PaperLine, during, scene
from tests.agent.weeks_world import EndlessJournal, Whose, hash_of


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
