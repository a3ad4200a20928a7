"""One bad day: mishaps that a seed draws, then peace, and what must be true of ledgers and hub."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing

from sqlalchemy import Connection, select

from cloud_sync.hub.store import database, questions, schema
from edge.offline_queue.reader import LedgerReader
from tests.chaos.shop import Object, Shop

_PAUSE = threading.Event()  # nobody sets it
# Kinds of alarm that only a hostile or broken object may raise: here there is none.
_FALSE_ALARMS = frozenset(("fork", "signature", "garbage", "unknown", "place", "stale-key", "topic"))


class NotCalmError(AssertionError):
    """Peace did not bring everything to the hub; the programs' last words are in it."""


class Day:
    """Mishaps on a shop; `happened` counts them by name."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self._shop = shop
        self._luck = random.Random(seed)
        self.happened: Counter[str] = Counter()
        self._broker_runs = True
        self._mends: list[tuple[float, Callable[[], None]]] = []

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(times for name, times in self.happened.items() if name.startswith("kill"))

    def rage(self, kills: int, within_s: float) -> None:
        """One mishap after another until so many processes were killed, or the time is over."""
        end = time.monotonic() + within_s
        while self.kills < kills and time.monotonic() < end:
            self._mishap()
            _PAUSE.wait(self._luck.uniform(0.02, 0.35))
            self._mend(time.monotonic())
            self._shop.tend()

    def calm(self, within_s: float) -> None:
        """Mend everything, and wait until the hub has confirmed all that was sold."""
        self._mend(float("inf"))
        end = time.monotonic() + within_s
        while not self._shop.is_synced():
            self._shop.tend()
            if time.monotonic() > end:
                raise NotCalmError(f"not synced after {within_s:g} s of peace\n{self._shop.said()}")
            _PAUSE.wait(0.2)

    def _mishap(self) -> None:
        one = self._luck.choice(self._shop.objects)
        names = ("till", "agent", "worker", "ingest", "api", "broker", "backend", "cut", "dead")
        weights = (6, 5, 6, 1, 2, 3, 1, 3, 3)
        match self._luck.choices(names, weights)[0]:
            case "till":
                self._count("kill till", one.till.kill())
            case "agent":
                self._count("kill agent", one.agent.kill())
            case "worker":
                self._count("kill worker", self._shop.kill_worker(self._luck.randrange(2)))
            case "ingest":
                self._count("kill ingest", self._shop.ingest.kill())
            case "api":
                self._count("kill api", self._shop.api.kill())
            case "backend":
                self._count("kill database backend", self._shop.kill_backend())
            case "broker":
                self._count("kill broker", self._kill_broker())
            case "cut":
                one.cable.cut()
                self._count("cable cut", happened=True)
            case _:
                one.cable.go_dead()
                self._count("cable dead", happened=True)
                self._later(self._luck.uniform(0.5, 4.0), one.cable.heal)

    def _kill_broker(self) -> bool:
        if not self._broker_runs:
            return False
        self._shop.broker.kill()
        self._broker_runs = False
        self._later(self._luck.uniform(0.1, 1.0), self._start_broker)
        return True

    def _start_broker(self) -> None:
        self._shop.broker.start()
        self._broker_runs = True

    def _count(self, name: str, happened: bool) -> None:
        self.happened[name] += happened

    def _later(self, seconds: float, mend: Callable[[], None]) -> None:
        self._mends.append((time.monotonic() + seconds, mend))

    def _mend(self, now_s: float) -> None:
        due = [mend for at_s, mend in self._mends if at_s <= now_s]
        self._mends = [(at_s, mend) for at_s, mend in self._mends if at_s > now_s]
        for mend in due:
            mend()


def check(shop: Shop) -> int:
    """Every entry is at the hub exactly once and byte for byte, money is equal, and nobody cried wolf.

    How many entries that were.
    """
    with closing(database.connect(shop.url)) as store:
        _wait_for_projections(store)
        with store.reading() as connection:
            kept = sum(_check_journal(each, connection) for each in shop.objects)
            figures = questions.figures(connection)
            kinds = {kind for (kind,) in connection.execute(select(schema.alarm.c.kind))}
            quarantined = connection.execute(select(schema.quarantine.c.sentence)).scalars().all()
    owed = {each.name: each.owed_minor() for each in shop.objects}
    assert figures.money == {"EUR": sum(owed.values())}
    assert figures.sales == {each.name: each.rows for each in shop.objects}
    assert not kinds & _FALSE_ALARMS
    assert not quarantined
    assert figures.entries == kept
    return kept


def _wait_for_projections(store: database.Store) -> None:
    end = time.monotonic() + 30
    while True:
        with store.reading() as connection:
            pending = questions.figures(connection).pending
        if not pending:
            return
        assert time.monotonic() < end, f"{pending} entries are still to be counted"
        _PAUSE.wait(0.1)


def _check_journal(each: Object, connection: Connection) -> int:
    """The journal at the hub is the object's own; its length."""
    with closing(LedgerReader(each.ledger)) as ledger:
        identity = ledger.identity()
        assert identity is not None
        mine = [(entry.seq, entry.hash, entry.body) for entry in ledger.entries()]
    entry = schema.entry.c
    query = select(entry.seq, entry.hash, entry.body).where(
        entry.dev == each.name, entry.epoch == identity.epoch
    )
    theirs = [tuple(row) for row in connection.execute(query.order_by(entry.seq))]
    assert theirs == mine
    others = connection.execute(
        select(entry.epoch).where(entry.dev == each.name, entry.epoch != identity.epoch)
    ).all()
    assert not others
    return len(mine)
