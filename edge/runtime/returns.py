"""Returns at an object: the list of its staff, the journal as it was, and the attendant at the glass."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import check_entry, decode_body
from cloud_sync.contract.facts import Sale
from cloud_sync.contract.signing import BadSignatureError, Verifier, unseal
from edge.checkout.attendant import Attendant, Bench
from edge.checkout.payments.book import PaymentBook
from edge.checkout.returns import Returns, Rooms
from edge.checkout.sale import Shop
from edge.checkout.sold import Shown, Sold
from edge.checkout.staff import Admitted, BadStaffListError, Denied, StaffDoor, StaffList, read_staff
from edge.checkout.till import Till
from edge.clock import Clock
from edge.config import ObjectConfig
from edge.offline_queue.reader import LedgerReader
from retail.pricing.book import Prices
from retail.return_policy import DAY_MS, PriceFrom

_log: Final = logging.getLogger("opos.returns")

_NAME_BYTES: Final = 12

# Of goods without a receipt the last month's sales are looked through: of a busy object some seconds' work
# for a board, so no more of them than this.
_SALES_MAX: Final = 5_000

# A list of a thousand people has 200 KiB.
_LIST_BYTES_MAX: Final = 1024 * 1024


class ReturnsRoom:
    """What comes back to one object, which pays through `till` and has paid by `payments`."""

    def __init__(
        self,
        config: ObjectConfig,
        shop: Shop,
        till: Till,
        payments: PaymentBook,
        clock: Clock,
    ) -> None:
        self._config = config
        self._till = till
        self._payments = payments
        self._clock = clock
        self._reader = LedgerReader(config.ledger)
        identity = self._reader.identity()
        assert identity is not None, "the journal has begun"
        self._sold = Sold(self._reader.database, identity.epoch)
        rooms = Rooms(self._sold, till.books, payments, till.register)
        self.returns = Returns(shop, rooms, clock, config.returns, _new_name)
        self.returns.vouches = self._vouches
        self._roots = {key.kid: Verifier(key) for key in config.trust.roots}

    def attend(
        self, staff: Path, reveal: Callable[[int], str | None], book: Callable[[], Prices | None]
    ) -> None:
        """Let the people on the list in the file `staff` work at the glass.

        `reveal` opens what was shown, `book` is the price book in force. Raises BadStaffListError or OSError
        for a list that nobody can read.
        """
        door = _Door(staff, self._till, self._clock)
        bench = Bench(door, self.returns, self._sold, self._payments, reveal, book, self._prices)
        self._till.attend(Attendant(bench, self._clock))

    def close(self) -> None:
        """Give the ledger back."""
        self._reader.close()

    def _vouches(self, shown: Shown) -> bool:
        """Whether a root of the retailer's says that the key of this receipt is one of the same shop's."""
        try:
            certified = unseal(shown.certificate, CERTIFICATE_TYPE, self._roots, CertifiedKey)
            check_entry(shown.entry, Verifier(certified.key))
            dev = decode_body(shown.entry.body).dev
        except (BadSignatureError, ValueError):
            return False
        return (certified.dev, certified.tenant) == (dev, self._config.object.tenant)

    async def _prices(self, gtins: frozenset[str]) -> Sequence[PriceFrom]:
        """What these goods were sold for here of late, whatever took it down."""
        since_ms = self._clock.wall_ms() - self._config.returns.lowest_days * DAY_MS
        return await asyncio.to_thread(sold_for, self._config.ledger, gtins, since_ms)


def sold_for(ledger: Path, gtins: frozenset[str], since_ms: int) -> list[PriceFrom]:
    """The prices of units in the sales since then, the dearest cent of a shared line left out."""
    found: list[PriceFrom] = []
    bodies: list[tuple[Any, ...]]
    with contextlib.closing(LedgerReader(ledger)) as reader:
        query = "SELECT body FROM entry WHERE kind = 'sale' ORDER BY seq DESC LIMIT ?"
        bodies = reader.database.execute(query, (_SALES_MAX,)).fetchall()
        for (data,) in bodies:
            body = decode_body(data)
            if body.wall_ms < since_ms:
                break
            assert isinstance(body.fact, Sale), "its kind says so"
            found += [
                PriceFrom(line.gtin, line.total_minor // line.units, body.wall_ms)
                for line in body.fact.lines
                if line.gtin in gtins and line.units > 0
            ]
    return found


class _Door:
    """The door by the newest list: whoever was taken off it is nobody at the next badge.

    A list that nobody can read any more lets nobody in. Raises BadStaffListError or OSError at the start.
    """

    def __init__(self, file: Path, till: Till, clock: Clock) -> None:
        self._file = file
        self._seen = _stamp(file)
        boot = b64(secrets.token_bytes(_NAME_BYTES))
        self._door = StaffDoor(_listed(file), till.register, till.books, clock, boot)

    def knows(self, badge: str) -> bool:
        """Whether this is a badge of the shop."""
        self._look()
        return self._door.knows(badge)

    async def admit(self, badge: str, pin: str) -> Admitted | Denied:
        """Who has this badge and PIN. Raises JournalClosedError."""
        self._look()
        return await self._door.admit(badge, pin)

    def _look(self) -> None:
        stamp = _stamp(self._file)
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            listed = _listed(self._file)
        except (BadStaffListError, OSError) as error:
            _log.error("nobody of the shop is let in: %s: %s", self._file, error)
            listed = StaffList()
        self._door.take(listed)


def _listed(file: Path) -> StaffList:
    with file.open("rb") as opened:
        return read_staff(opened.read(_LIST_BYTES_MAX))


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """What is another whenever the file is; None while there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _new_name() -> str:
    return b64(secrets.token_bytes(_NAME_BYTES))
