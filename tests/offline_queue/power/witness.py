"""What is found in a ledger after a crash, read by SQL of our own and held against what was promised."""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from tests.offline_queue.power.history import History, Row, b64, insist
from tests.offline_queue.power.shop import VIEWS, Books


class State(msgspec.Struct, frozen=True):
    """What a ledger holds, in short: which entries, and what the hub has confirmed of them."""

    head: int = 0
    floor: int = 1
    acked: int = 0
    generation: int = 0
    safe: int = 0


NEW: Final = State()


def _select(db: apsw.Connection, sql: str, *values: int) -> list[Any]:
    return db.execute(sql, values).fetchall()


def rows_from(db: apsw.Connection, first: int) -> list[Row]:
    """The entries from `first` on."""
    return _select(
        db, "SELECT seq, kind, idem, kid, prev, body, hash, sig FROM entry WHERE seq >= ? ORDER BY seq", first
    )


def state_of(db: apsw.Connection, rows: Sequence[Row]) -> State:
    """What a ledger with these entries holds, in short."""
    (acked,) = _select(db, "SELECT seq, generation, safe FROM acked") or [(0, 0, 0)]
    return State(rows[-1][0], rows[0][0], *acked) if rows else State(0, 1, *acked)


def check_beside(db: apsw.Connection, history: History, floor: int) -> None:
    """The rows beside the chain: used keys, views, closing states."""
    spent = {digest for (digest,) in _select(db, "SELECT digest FROM spent")}
    for idem in (*history.spent, *(row[2] for row in history.rows[: floor - 1])):
        digest = hashlib.sha256(idem.encode()).digest()[:16]
        insist(digest in spent, f"the key {idem} is forgotten with its entry, which was pruned or set aside")
    _check_views(db, history)
    kept = {seq for (seq,) in _select(db, "SELECT seq FROM closing")}
    for seq in kept:
        insist(seq in history.checkpoints, f"a closing state of entry {seq}, which is no checkpoint")
        check_closing(db, history, seq, history.books[seq - 1])
    wanted = {seq for seq in history.checkpoints if seq >= floor}
    insist(kept == wanted, f"closing states of {kept}, and the checkpoints are {wanted}")
    insist(floor == 1 or floor in kept, f"the ledger begins at {floor} without a state")


def _check_views(db: apsw.Connection, history: History) -> None:
    read = dict(_select(db, "SELECT name, seq FROM projection WHERE version = 1"))
    insist(all(seq <= history.head for seq in read.values()), f"views have read {read} of {history.head}")
    # Before its first commit an epoch has nothing, not even what it takes over.
    books = history.books if history.head else [Books()]
    if "takings" in read:
        takings = dict(_select(db, "SELECT account, minor FROM takings"))
        insist(takings == books[read["takings"]].takings, f"takings at {read['takings']}: {takings}")
    if "stock" in read:
        stock = {(holder, gtin): units for holder, gtin, units in _select(db, "SELECT * FROM stock")}
        insist(stock == books[read["stock"]].stock, f"stock at {read['stock']}: {stock}")


def check_set_aside(root: Path, old: History) -> None:
    """The file of the epoch before is kept whole."""
    kept = list(root.glob("set-aside/*/ledger.db"))
    insist(len(kept) == 1, f"expected one ledger that was set aside, found {kept}")
    with closing(apsw.Connection(str(kept[0]), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        rows = rows_from(db, 1)
    # Where the old file began was checked while it was in use.
    insist(
        rows and rows == old.rows[rows[0][0] - 1 :], f"{kept[0]} has not the entries of the epoch {old.epoch}"
    )


def check_closing(db: apsw.Connection, history: History, seq: int, books: Books) -> None:
    """The states that the checkpoint `seq` signs for, against its hashes and our own sums."""
    kept: dict[str, bytes] = dict(_select(db, "SELECT name, state FROM closing WHERE seq = ?", seq))
    fact = msgspec.json.decode(history.row(seq)[5])["fact"]
    named = {each["name"]: each["sha256"] for each in fact["states"]}
    insist(named.keys() == {view.name for view in VIEWS}, f"checkpoint {seq} names {[*named]}")
    insist(kept.keys() == named.keys(), f"checkpoint {seq} names {[*named]}, there are {[*kept]}")
    for name, state in kept.items():
        insist(named[name] == b64(hashlib.sha256(state).digest()), f"state {name} of {seq} is another")
    ((_, takings),) = msgspec.msgpack.decode(kept["takings"])
    insist(dict(takings) == books.takings, f"checkpoint {seq} keeps {takings}")
    ((_, stock),) = msgspec.msgpack.decode(kept["stock"])
    insist({(h, g): n for h, g, n in stock} == books.stock, f"checkpoint {seq} keeps {stock}")
