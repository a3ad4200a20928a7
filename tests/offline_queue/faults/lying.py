"""A card that lies: it says that it has synced, and later it has not; who can tell, and who cannot."""

import random
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Final

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.receipt import Receipt
from edge.offline_queue.outcomes import JournalDamagedError, JournalForkedError, ReceiptRefusedError
from edge.offline_queue.pen import Pen
from edge.offline_queue.reader import NoLedgerError
from edge.offline_queue.witness import FileWitness, loss
from tests.offline_queue.faults.keeper import (
    Keeper,
    check_promises,
    key_that_signs,
    problems_of,
    read_entries,
)
from tests.offline_queue.faults.shop import staged
from tests.offline_queue.power.disk import Image, Kind, Platter
from tests.offline_queue.power.recording import Recorder, recording

_LEDGER: Final = "ledger.db"
_STEPS: Final = 24


class Told(Enum):
    """Who finds that a card has lost promised entries."""

    NOTHING_IS_LOST = "every promised entry is there"
    THE_CHECK = "the file does not hold together, or its own cursors are ahead of it"
    THE_COUNTER = "a witness elsewhere has seen a later head"
    THE_HUB = "a receipt confirms what is not there"
    NOBODY = "the ledger is whole, as it was before, and nobody has seen it since"


def lying_world(seed: int) -> Told:
    """Live on a card that lies; raise AssertionError if a loss that anybody has seen is not found."""
    luck = random.Random(seed)
    with TemporaryDirectory() as directory, staged(luck):
        try:
            return _lying_world(Path(directory), luck)
        except AssertionError as error:
            error.add_note(f"replay it: lying_world({seed})")
            raise


def _lying_world(directory: Path, luck: random.Random) -> Told:
    card, later, elsewhere = (directory / name for name in ("card", "later", "elsewhere"))
    for folder in (card, later, elsewhere):
        folder.mkdir()
    keeper, counter = Keeper(card / _LEDGER), FileWitness(elsewhere / "seen")
    with recording(card) as recorder:
        keeper.open()
        for _ in range(_STEPS):
            _step(keeper, counter, luck)
        if luck.random() < 0.5:
            keeper.close()
        left = luck.choice((_rolled_back, _without_some_sectors))(recorder, luck)
    keeper.close()
    left.lay(later)
    return _found(keeper, counter, later / _LEDGER, luck)


def _step(keeper: Keeper, counter: FileWitness, luck: random.Random) -> None:
    """One thing of a day, as often as it happens in one."""
    name, head = str(len(keeper.promised)), keeper.pen.head
    day: list[tuple[int, Callable[[], None]]] = [
        (8, lambda: keeper.sell(*(f"{name}.{n}" for n in range(luck.randint(1, 4))))),
        (3, lambda: keeper.stock(name)),
        (4, keeper.fold),
        (2, keeper.checkpoint),
        (2, lambda: keeper.confirm(luck.randint(keeper.pen.acked or 1, head), keeper.pen.acked)),
        (1, lambda: keeper.send(luck.randint(keeper.pen.acked or 1, head))),
        (1, lambda: counter.see(keeper.pen.epoch, head)),
        (2, keeper.prune),
        (2, keeper.flush),
        (1, keeper.start_again),
    ]
    luck.choices([do for _, do in day], [often for often, _ in day])[0]()


def _rolled_back(recorder: Recorder, luck: random.Random) -> Image:
    """Everything as it was at one sync: the card has forgotten all that it did since."""
    syncs = [at for at, op in enumerate(recorder.log) if op.kind is Kind.SYNC]
    platter = Platter(recorder.log, recorder.start)
    platter.turn_to(luck.choice(syncs) + 1)
    return platter.kernel_view()


def _without_some_sectors(recorder: Recorder, luck: random.Random) -> Image:
    """Some sectors as they were before some syncs, which the card only said that it made."""
    syncs = [op for op in recorder.log if op.kind is Kind.SYNC]
    first = luck.randrange(len(syncs))
    lies = {id(op) for op in syncs[first : first + luck.randint(1, 8)]}
    platter = Platter(recorder.log, recorder.start, believed=lambda op: id(op) not in lies)
    platter.turn_to(len(recorder.log))
    return platter.surviving(luck)


def _found(keeper: Keeper, counter: FileWitness, path: Path, luck: random.Random) -> Told:
    """Start again on what the card has left: and ask everybody whether entries are missing."""
    if path.exists() and _is_refused(path):
        return Told.THE_CHECK
    entries = read_entries(path) if path.exists() else []
    last = entries[-1].seq if entries else 0
    lost = {seq for seq in keeper.promised if seq > last}
    for seq in lost:
        del keeper.promised[seq]
    check_promises(keeper, entries)
    by_counter, by_hub = _ask_the_counter(keeper, counter, last), _ask_the_hub(keeper, path, entries, luck)
    if not lost:
        return Told.NOTHING_IS_LOST
    return Told.THE_COUNTER if by_counter else Told.THE_HUB if by_hub else Told.NOBODY


def _is_refused(path: Path) -> bool:
    """Whether a start on a copy of the card, or the full check, says that it is damaged."""
    copy = Keeper(Path(copytree(path.parent, path.parent.with_name("copy"))) / path.name)
    try:
        if problems_of(path):
            return True
        copy.key = key_that_signs(read_entries(path))
        copy.open()
    except (NoLedgerError, JournalDamagedError):
        return True
    copy.close()
    return False


def _ask_the_counter(keeper: Keeper, counter: FileWitness, last: int) -> bool:
    """What was seen elsewhere is missed, and nothing else is."""
    seen = counter.seen()
    lost = loss(seen, keeper.pen.epoch, last)
    assert bool(lost) == (seen is not None and seen.seq > last), f"the counter: {seen}, the ledger: {last}"
    return bool(lost)


def _ask_the_hub(keeper: Keeper, path: Path, entries: Sequence[SignedEntry], luck: random.Random) -> bool:
    """The last receipt arrives some sales after the start: it is refused if it names what is not there."""
    heir = Keeper(path)
    heir.key = key_that_signs(entries)
    heir.open()
    for number in range(luck.randrange(4)):
        heir.sell(f"since {number}")
    refused = _refusal(heir.pen, keeper.receipt)
    heir.close()
    last = entries[-1].seq if entries else 0
    missing = keeper.receipt is not None and keeper.receipt[0].seq > last
    assert bool(refused) == missing, f"the hub: {keeper.receipt}, the ledger: {last}, {refused}"
    # Where the whole file is gone, a new epoch has begun, and the receipt is of another one.
    assert not refused or isinstance(refused, JournalForkedError) or heir.pen.epoch != keeper.pen.epoch
    return missing


def _refusal(pen: Pen, receipt: tuple[Receipt, str] | None) -> ReceiptRefusedError | None:
    try:
        if receipt is not None:
            pen.acknowledge(*receipt)
    except ReceiptRefusedError as refused:
        return refused
    return None
