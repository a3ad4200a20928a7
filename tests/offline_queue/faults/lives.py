"""What the processes of a kill -9 do: a writer sells, a reader follows, an auditor looks at what is left."""

import asyncio
import random
import select
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.entry import SignedEntry, decode_body
from cloud_sync.contract.facts import Sale
from edge.checkout.books import ShopProjection
from edge.clock import SystemClock
from edge.offline_queue.integrity import Problem, full_check
from edge.offline_queue.journal import Journal, open_journal
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from tests.offline_queue.faults.shop import DEV, KEY, Hub, sale

_PROJECTIONS: Final = (ShopProjection(),)
# A reader looks again after so long: it follows closely, and leaves the writer its core.
_PAUSE_S: Final = 0.002
# A minute without a new entry: whoever should have killed this reader is dead.
_IDLE_MAX: Final = 30_000


class Asked(msgspec.Struct, frozen=True, tag=True):
    """The writer is about to ask for an entry under this key."""

    idem: str


class Kept(msgspec.Struct, frozen=True, tag=True):
    """The writer promised this entry."""

    idem: str
    seq: int
    hash: bytes


class Shown(msgspec.Struct, frozen=True, tag=True):
    """The writer is about to show the journal a receipt up to `seq`, with what a backup covers."""

    seq: int
    safe: int


class Acked(msgspec.Struct, frozen=True, tag=True):
    """The journal has taken a receipt: everything up to `seq` is acknowledged."""

    seq: int


class Saw(msgspec.Struct, frozen=True, tag=True):
    """A reader saw this entry."""

    seq: int
    hash: bytes


Word = Asked | Kept | Shown | Acked | Saw
Say = Callable[[Word], object]


class Life(msgspec.Struct, frozen=True):
    """How one writer lives: its name, how many sell at once, and what was asked for in vain before."""

    name: str
    sellers: int
    again: tuple[str, ...] = ()


class Heard:
    """All that the processes of one ledger have said."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.kept: dict[str, Kept] = {}
        self.saw: dict[int, bytes] = {}
        self.acked = 0
        self.safe = 0

    def hear(self, word: Word) -> None:
        match word:
            case Asked(idem):
                self.asked.add(idem)
            case Kept(idem):
                assert self.kept.setdefault(idem, word) == word, f"{word} had been promised as another entry"
            case Shown(_, safe):
                self.safe = max(self.safe, safe)
            case Acked(seq):
                self.acked = max(self.acked, seq)
            case Saw(seq, digest):
                assert self.saw.setdefault(seq, digest) == digest, f"readers saw two different entries {seq}"

    @property
    def unanswered(self) -> tuple[str, ...]:
        """What was asked for and never promised."""
        return tuple(sorted(self.asked - self.kept.keys()))


def write(say: Say, path: Path, life: Life) -> None:
    """Sell until the kill comes."""
    journal = open_journal(path, KEY, DEV, SystemClock(), _PROJECTIONS)
    journal.start("1.0")
    asyncio.run(_sell(journal, say, life))


async def _sell(journal: Journal, say: Say, life: Life) -> None:
    async with asyncio.TaskGroup() as sellers:
        for number in range(life.sellers):
            sellers.create_task(_seller(journal, say, life, number))


async def _seller(journal: Journal, say: Say, life: Life, number: int) -> None:
    luck, hub = random.Random(f"{life.name}.{number}"), Hub(journal.epoch)
    for idem in _keys(life, number):
        say(Asked(idem))
        appended = await journal.append(sale(idem), idem)
        say(Kept(idem, appended.entry.seq, appended.entry.hash))
        if luck.random() < 0.2:
            await _keep_house(journal, say, hub, appended.entry, luck)


def _keys(life: Life, number: int) -> Iterator[str]:
    yield from life.again[number :: life.sellers]
    yield from (f"{life.name}.{number}.{n}" for n in count())


async def _keep_house(journal: Journal, say: Say, hub: Hub, entry: SignedEntry, luck: random.Random) -> None:
    """The hub confirms what was sold; now and then there is a checkpoint, or old entries are pruned."""
    safe = luck.randrange(entry.seq + 1)
    say(Shown(entry.seq, safe))
    await journal.acknowledge(*hub.confirms(entry, safe))
    say(Acked(entry.seq))
    if luck.random() < 0.3:
        await journal.checkpoint()
    if luck.random() < 0.3:
        await journal.prune()


def follow(say: Say, path: Path) -> None:
    """Follow a ledger as the agent does; raises AssertionError unless it only ever grows."""
    while (reader := _reader(path)) is None:
        select.select([], [], [], _PAUSE_S)
    last, idle = None, 0
    while idle < _IDLE_MAX:
        idle += 1
        for entry in _news(reader, last):
            say(Saw(entry.seq, entry.hash))
            last, idle = entry, 0
        select.select([], [], [], _PAUSE_S)


def _reader(path: Path) -> LedgerReader | None:
    try:
        return LedgerReader(path)
    except NoLedgerError:
        return None


def _news(reader: LedgerReader, last: SignedEntry | None) -> list[SignedEntry]:
    """The entries after `last`, chained to it, unless what lies between has been pruned."""
    seen = last.seq if last else 0
    assert reader.head() >= seen, f"the head went back to {reader.head()}, and entry {seen} was there"
    entries = reader.after(seen, 100)
    chain = [last, *entries] if last and entries and entries[0].seq == seen + 1 else entries
    if chain is entries and entries:
        assert reader.floor() >= entries[0].seq or not last, f"entry {seen + 1} is missing"
    _check_chain(chain)
    return entries


def _check_chain(entries: list[SignedEntry]) -> None:
    for before, after in pairwise(entries):
        assert (after.seq, after.prev) == (before.seq + 1, before.hash), f"{after.seq} is not chained"


def audit(_: Say, path: Path, heard: Heard, life: Life, whole: bool) -> None:
    """Raise AssertionError unless everything promised is there, and no more than was in flight."""
    reader = _reader(path)
    if reader is None:
        assert not heard.kept, "there is no ledger, and entries of it were promised"
        return
    entries = {entry.seq: entry for entry in reader.entries(reader.floor())}
    _check_chain(list(entries.values()))
    _check_promises(entries, reader.floor(), heard)
    _check_extra(entries, heard, life)
    assert reader.acked() >= heard.acked
    if whole:
        found = [one for one in full_check(reader, _PROJECTIONS) if isinstance(one, Problem)]
        assert found == []


def _check_promises(entries: dict[int, SignedEntry], floor: int, heard: Heard) -> None:
    assert floor <= max(1, heard.safe), f"entries from {heard.safe} on are gone, and no backup covers them"
    for seq, digest in [*((kept.seq, kept.hash) for kept in heard.kept.values()), *heard.saw.items()]:
        assert seq < floor or (seq in entries and entries[seq].hash == digest), f"entry {seq} was lost"


def _check_extra(entries: dict[int, SignedEntry], heard: Heard, life: Life) -> None:
    """What was written and not promised: what was in flight when the kill came, for each seller one."""
    bodies = [decode_body(entry.body) for entry in entries.values()]
    sold = {body.idem for body in bodies if isinstance(body.fact, Sale)}
    assert sold <= heard.asked, "somebody sold what nobody asked for"
    assert len(sold - heard.kept.keys() - set(life.again)) <= life.sellers
