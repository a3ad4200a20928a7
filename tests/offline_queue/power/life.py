"""A random life of one ledger, the same for the same luck: sales, receipts, checkpoints, faults, restarts."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import apsw

from cloud_sync.contract.receipt import Receipt
from edge.offline_queue.pen import Order
from edge.offline_queue.reader import LedgerReader
from tests.offline_queue.power import shop
from tests.offline_queue.power.diary import Diary
from tests.offline_queue.power.disk import Kind, Op
from tests.offline_queue.power.history import b64
from tests.offline_queue.power.recording import Recorder
from tests.offline_queue.power.steps import Step

ROTATIONS_MAX: Final = 2


def live(diary: Diary, recorder: Recorder, steps: int) -> None:
    """Let so many things happen to a ledger that is open."""
    acts: Sequence[Callable[[Diary, Recorder], None]] = [act for act, _ in _ACTS]
    weights = [weight for _, weight in _ACTS]
    for act in diary.luck.choices(acts, weights, k=steps):
        act(diary, recorder)


def _sell(diary: Diary, _: Recorder) -> None:
    diary.sell()


def _repeat(diary: Diary, _: Recorder) -> None:
    """A group of retries, of new facts, of new facts under old keys, and of one that moves nothing."""
    old = [known(diary) for _ in range(diary.luck.randint(1, 2))]
    orders = [*old, diary.fresh(), shop.another(old[0]), shop.nothing(diary.luck)]
    orders.append(orders[-3])
    diary.luck.shuffle(orders)
    diary.write(orders)


def known(diary: Diary) -> Order:
    """A fact that was written before, or a fresh one if there is none."""
    ordered = [*diary.ordered.values()]
    return diary.luck.choice(ordered) if ordered else diary.fresh()


def _hear_the_hub(diary: Diary, _: Recorder) -> None:
    diary.acknowledge(_receipt(diary, diary.luck))


def _receipt(diary: Diary, luck: random.Random) -> Receipt:
    """Mostly what a hub would say next; now and then an old word, one of a restored hub, or a wrong one."""
    state, history = diary.state, diary.history
    seq = luck.randint(max(state.acked, state.floor), state.head)
    safe, generation = luck.randint(min(state.safe, seq), seq), state.generation
    mood = luck.random()
    if mood < 0.1:
        generation, seq = generation + 1, luck.randint(max(1, state.floor - 1), state.head)
        safe = luck.randint(0, seq)
    elif mood < 0.2:
        seq = luck.randint(1, state.head)
        safe = luck.randint(0, seq)
    receipt = shop.receipt_of(history.epoch, seq, b64(history.row(seq)[6]), generation, safe)
    return shop.spoilt(receipt, luck) if luck.random() < 0.2 else receipt


def _checkpoint(diary: Diary, _: Recorder) -> None:
    diary.checkpoint()


def _prune(diary: Diary, _: Recorder) -> None:
    diary.prune()


def _archive(diary: Diary, _: Recorder) -> None:
    """What brings a ledger to where it may be pruned; or not quite, if no backup has all of it."""
    diary.checkpoint()
    head = diary.state.head
    digest = b64(diary.history.row(head)[6])
    safe = head if diary.luck.random() < 0.7 else max(diary.state.safe, head - diary.luck.randint(1, 9))
    generation = max(1, diary.state.generation)
    diary.acknowledge(shop.receipt_of(diary.history.epoch, head, digest, generation, safe))
    diary.sell()
    diary.prune()


def _fold(diary: Diary, _: Recorder) -> None:
    diary.fold()


def _rebuild(diary: Diary, _: Recorder) -> None:
    diary.rebuild()


def _flush(diary: Diary, _: Recorder) -> None:
    diary.flush()


def _flush_beside_a_reader(diary: Diary, _: Recorder) -> None:
    """The agent looks at the ledger as it stood before the last sale: the log cannot be moved whole."""
    with closing(LedgerReader(diary.path)) as reader, reader.still():
        reader.head()
        diary.sell()
        diary.flush()
    diary.sell()


def _start_again(diary: Diary, _: Recorder) -> None:
    diary.close()

    position, state = diary.position(), diary.state
    diary.open(Step("a clean end", position, position, (state,), state, diary.history), cut=True)


def _rotate(diary: Diary, _: Recorder) -> None:
    if sum(row[1] == "key.rotated" for row in diary.history.rows) < ROTATIONS_MAX:
        diary.rotate()


@contextmanager
def _fault(recorder: Recorder, kinds: set[Kind], number: int, fault: apsw.Error) -> Iterator[None]:
    """The disk answers with `fault` when it is asked for the change of these kinds of this number."""
    left = number

    def before(op: Op) -> None:
        nonlocal left
        left -= op.kind in kinds
        if left < 0:
            left = 10**9
            raise fault

    recorder.before, usual = before, recorder.before
    try:
        yield
    finally:
        recorder.before = usual


def _fork(diary: Diary, _: Recorder) -> None:
    if diary.history.previous is None:
        diary.fork()


def _fill_the_disk(diary: Diary, recorder: Recorder) -> None:
    """One write finds no room: the reserve is given up, and the group is written after all."""
    diary.ballast.there = True
    with _fault(recorder, {Kind.WRITE}, diary.luck.randrange(8), apsw.FullError("no room")):
        diary.sell()


def _break_the_disk(diary: Diary, recorder: Recorder) -> None:
    """A write or a sync fails: the process stops, and the next one looks at what is there."""
    diary.ballast.there = False
    fault = diary.luck.choice((apsw.IOError("the card does not answer"), apsw.FullError("no room")))
    orders = [diary.fresh() for _ in range(diary.luck.randint(1, 3))]
    with _fault(recorder, {Kind.WRITE, Kind.SYNC}, diary.luck.randrange(12), fault):
        last = diary.try_to_write(orders)
    if last is not None:
        diary.open(last, cut=False)


_ACTS: Final = (
    (_sell, 40),
    (_repeat, 10),
    (_hear_the_hub, 12),
    (_checkpoint, 4),
    (_prune, 4),
    (_archive, 7),
    (_fold, 6),
    (_flush, 8),
    (_flush_beside_a_reader, 3),
    (_start_again, 3),
    (_rotate, 1),
    (_rebuild, 1),
    (_fork, 1),
    (_fill_the_disk, 2),
    (_break_the_disk, 2),
)
