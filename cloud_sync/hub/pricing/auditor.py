"""The auditor: every sale that was counted is priced again, behind ingest and out of its way.

It follows the projections frame by frame, each partition with a cursor of its own, in the transaction that
writes what it found: a crash makes it look twice, and a second look finds the same. A sale that names a
document which this hub does not have waits, and is looked at again for ever.
"""

import logging
from collections.abc import Callable, Iterable
from threading import Event
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from cloud_sync.contract.batch import ENTRIES_MAX
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Sale
from cloud_sync.hub.documents.books import UnknownVersionError
from cloud_sync.hub.documents.edition import Site
from cloud_sync.hub.pricing.recomputing import differences, in_words
from cloud_sync.hub.pricing.shelf import Shelf
from cloud_sync.hub.store import schema
from cloud_sync.hub.store.attention import raise_once
from cloud_sync.hub.store.database import Store
from cloud_sync.hub.store.kept import IS_KEPT
from cloud_sync.hub.store.upsert import upsert

_log: Final = logging.getLogger(__name__)

DIFFERS: Final = "price"
"""The kind of alarm about a sale that costs something else than its documents say."""
UNKNOWN: Final = "price.unknown"
"""The kind of alarm about sales by a document that this hub never issued, or has lost."""

# Nobody waits for it: a moment after the projections is soon enough.
_ROUND_S: Final = 1.0
# While ingest is busy it rests, but no longer than this: it may be behind, and still moves.
_GLANCE_S: Final = 0.05
_REST_S: Final = 2.0
# One step: at most as many entries as a stretch of the projections.
_FRAMES_MAX: Final = 4
# Documents come back by hand, if at all.
_AGAIN_MS: Final = 60_000
_AGAIN_MAX: Final = 64

_PRICED: Final = func.coalesce(schema.price_cursor.c.upto, 0)
# The partition that is furthest behind, so that a busy one keeps no other waiting.
_BEHIND: Final = (
    select(schema.projection.c.part, _PRICED, schema.projection.c.upto)
    .outerjoin(schema.price_cursor, schema.price_cursor.c.part == schema.projection.c.part)
    .where(schema.projection.c.upto > _PRICED)
    .order_by(_PRICED, schema.projection.c.part)
    .limit(1)
)

Verdict = Literal["equal", "differs", "unchecked", "waits"]
"""It comes out the same; it does not; it does not say from what; a document of it is not here."""


class Finding(msgspec.Struct, frozen=True):
    """What became of one sale that was priced again."""

    entry: int
    dev: str
    sale: str
    verdict: Verdict
    sentence: str = ""
    missing: str = ""
    """The document that a sale waits for."""


class _Stretch(msgspec.Struct, frozen=True):
    """The sales of one partition in the frames after `after`, up to `upto`."""

    part: int
    after: int
    upto: int
    findings: list[Finding]


class Auditor:
    """Prices sales again; one a hub is enough, and several do each other no harm."""

    def __init__(self, store: Store, clock_ms: Callable[[], int]) -> None:
        self._store, self._clock_ms = store, clock_ms
        self._shelf = Shelf()
        self._again_ms = 0

    def work(self, closing: Event, is_busy: Callable[[], bool] = lambda: False) -> None:
        """Follow the projections until `closing`, resting while `is_busy`."""
        while not closing.wait(_ROUND_S):
            while self.step() and not closing.is_set():
                _rest(closing, is_busy)
            if (now_ms := self._clock_ms()) >= self._again_ms:
                self._again_ms = now_ms + _AGAIN_MS
                self.look_again()

    def step(self) -> bool:
        """Price the sales of some frames of one partition again; whether there were any."""
        with self._store.reading() as connection:
            behind = connection.execute(_BEHIND).first()
            stretch = self._stretch(connection, *behind) if behind else None
        if stretch is None:
            return False
        with self._store.following() as connection:
            self._write(connection, stretch)
        return True

    def look_again(self) -> None:
        """Look again at those that wait, a few at a time, the longest untouched first."""
        case, entry, frame = schema.price_case, schema.entry, schema.frame
        query = (
            select(case.c.entry, case.c.dev, case.c.sale, entry.c.body, frame.c.tenant, frame.c.site)
            .join(entry, entry.c.id == case.c.entry)
            .join(frame, frame.c.id == entry.c.frame)
            .where(case.c.verdict == "waits")
            .order_by(case.c.at_ms, case.c.entry)
            .limit(_AGAIN_MAX)
        )
        with self._store.reading() as connection:
            rows = connection.execute(query).all()
            found = [self._look(connection, row, row.tenant, row.site) for row in rows]
        if found:
            with self._store.following() as connection:
                for finding in found:
                    self._end_wait(connection, finding)

    def _stretch(self, connection: Connection, part: int, after: int, projected: int) -> _Stretch:
        frames = connection.execute(_frames(part, after, projected)).all()
        findings = [
            self._look(connection, row, tenant, site)
            for number, tenant, site in frames
            for row in connection.execute(_sales(number))
        ]
        # Where the last frame is the last one that is projected, there is nothing between.
        upto = frames[-1].id if len(frames) == _FRAMES_MAX else projected
        return _Stretch(part, after, upto, findings)

    def _look(self, connection: Connection, row: Any, tenant: str, site: str) -> Finding:
        sale = decode_body(row.body).fact
        assert isinstance(sale, Sale), "what was counted as a sale is one"
        named = row.entry, row.dev, row.sale
        if isinstance(sale.basis, msgspec.UnsetType):
            return Finding(*named, "unchecked")
        place = Site(tenant, site)
        try:
            book = self._shelf.book(connection, place, sale.prices)
            offers = sale.promotions
            bundle = (
                None
                if isinstance(offers, msgspec.UnsetType)
                else self._shelf.promotions(connection, place, offers)
            )
        except UnknownVersionError as error:
            return Finding(*named, "waits", str(error), _missing(sale))
        found = differences(sale, sale.basis, book, bundle)
        return Finding(*named, "differs" if found else "equal", in_words(found))

    def _write(self, connection: Connection, stretch: _Stretch) -> None:
        """Write what was found, unless somebody else has been there, or all is being made again."""
        table = schema.price_cursor
        begin = upsert(connection, table).values(part=stretch.part, upto=0)
        connection.execute(begin.on_conflict_do_nothing())
        query = select(table.c.upto).where(table.c.part == stretch.part).with_for_update()
        if connection.execute(query).scalar_one() != stretch.after:
            return
        now_ms = self._clock_ms()
        for finding in stretch.findings:
            if finding.verdict in {"differs", "waits"}:
                _open_case(connection, finding, stretch.part, now_ms)
        step = update(table).where(table.c.part == stretch.part)
        connection.execute(
            step.values(
                upto=stretch.upto,
                equal=table.c.equal + _count(stretch.findings, "equal"),
                unchecked=table.c.unchecked + _count(stretch.findings, "unchecked"),
            )
        )

    def _end_wait(self, connection: Connection, finding: Finding) -> None:
        case, cursor, now_ms = schema.price_case, schema.price_cursor, self._clock_ms()
        mine = case.c.entry == finding.entry, case.c.verdict == "waits"
        if finding.verdict != "equal":
            row = update(case).where(*mine)
            changed = {"verdict": finding.verdict, "sentence": finding.sentence, "at_ms": now_ms}
            if connection.execute(row.values(changed)).rowcount and finding.verdict == "differs":
                _alarm(connection, finding, now_ms)
            return
        part = select(case.c.part).where(*mine).scalar_subquery()
        more = update(cursor).where(cursor.c.part == part)
        connection.execute(more.values(equal=cursor.c.equal + 1))
        connection.execute(delete(case).where(*mine))


def _rest(closing: Event, is_busy: Callable[[], bool]) -> None:
    """Let ingest have the processor while it is busy."""
    rested_s = 0.0
    while is_busy() and rested_s < _REST_S and not closing.wait(_GLANCE_S):
        rested_s += _GLANCE_S


def _frames(part: int, after: int, projected: int) -> Any:
    frame = schema.frame.c
    return (
        select(frame.id, frame.tenant, frame.site)
        .where(frame.part == part, IS_KEPT, frame.id > after, frame.id <= projected)
        .order_by(frame.id)
        .limit(_FRAMES_MAX)
    )


def _sales(frame: int) -> Any:
    sale, entry = schema.sale, schema.entry
    first = frame * ENTRIES_MAX
    return (
        select(sale.c.entry, sale.c.dev, sale.c.sale, entry.c.body)
        .join(entry, entry.c.id == sale.c.entry)
        .where(sale.c.entry >= first, sale.c.entry < first + ENTRIES_MAX)
        .order_by(sale.c.entry)
    )


def _open_case(connection: Connection, finding: Finding, part: int, now_ms: int) -> None:
    row = upsert(connection, schema.price_case).values(
        entry=finding.entry,
        dev=finding.dev,
        sale=finding.sale,
        verdict=finding.verdict,
        sentence=finding.sentence.replace("\0", "\\0"),
        part=part,
        at_ms=now_ms,
    )
    connection.execute(row.on_conflict_do_nothing())
    _alarm(connection, finding, now_ms)


def _alarm(connection: Connection, finding: Finding, now_ms: int) -> None:
    """Once a sale that differs, and once a document that is missed by an object, however many name it."""
    if finding.verdict == "differs":
        sentence = f"{finding.dev}, sale {finding.sale}: {finding.sentence}"
        raise_once(connection, DIFFERS, f"{finding.dev}/{finding.sale}", sentence, now_ms)
        _log.warning("%s", sentence)
    else:
        sentence = f"{finding.dev} sells by a document that this hub does not have: {finding.sentence}"
        raise_once(connection, UNKNOWN, f"{finding.dev}/{finding.missing}", sentence, now_ms)


def _missing(sale: Sale) -> str:
    offers = sale.promotions
    named = [sale.prices] if isinstance(offers, msgspec.UnsetType) else [sale.prices, offers]
    return "/".join(f"{each.generation}.{each.n}" for each in named)


def _count(findings: Iterable[Finding], verdict: Verdict) -> int:
    return sum(finding.verdict == verdict for finding in findings)
