"""What a runtime is opened with: shop, devices, ledger, books and port; or why it cannot start."""

import contextlib
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.training import is_in_training, real_name
from edge.checkout.books import Books
from edge.checkout.issuing import Terminal
from edge.checkout.payments.book import PaymentBook
from edge.checkout.payments.house import HouseBook
from edge.checkout.sale import Shop
from edge.checkout.staff import BadStaffListError
from edge.checkout.till import Till
from edge.clock import Clock
from edge.config import ObjectConfig, Role
from edge.display.screens import LANGUAGES
from edge.drivers.driver import Driver
from edge.drivers.profiles import ProfileError
from edge.drivers.registry import driver_for
from edge.drivers.uris import PeripheralUri, PeripheralUriError, parse_uri
from edge.events import Event
from edge.keeper import Keeper
from edge.keys import KeyUnusableError
from edge.offline_queue.outcomes import ForeignLedgerError, JournalClosedError
from edge.offline_queue.reader import LedgerReader
from edge.offline_queue.set_aside import held_together
from edge.runtime.payments import PayBooks, PayRoom
from edge.runtime.receipts import PRINTER, ReceiptRoom
from edge.runtime.returns import ReturnsRoom
from edge.sensors.shelf import Pack
from retail.pricing.book import Prices, Product

CAMERA: Final[Role] = "camera"
"""The device that has a process of its own."""


class StartError(Exception):
    """The object cannot start: what is wrong, and what to do."""


def talking_devices(config: ObjectConfig) -> list[tuple[str, PeripheralUri, Driver]]:
    """The devices that sense, but for its camera: source, address, driver. Raises StartError."""
    devices = [each for each in config.peripherals if each.role not in {CAMERA, PRINTER}]
    try:
        uris = [(each.source, parse_uri(each.uri)) for each in devices]
        return [(source, uri, driver_for(uri.profile)) for source, uri in uris]
    except (PeripheralUriError, ProfileError) as error:
        raise StartError(str(error)) from error


def shop_of(config: ObjectConfig) -> Shop:
    """The shop as the till of this object knows it."""
    section = config.object
    place = (real_name(section.id), section.sells_from, config.account, section.timezone)
    methods = config.rehearses or tuple(tender.name for tender in config.tenders)
    trains = is_in_training(section.id)
    return Shop(*place, lists=section.kind == "tray", methods=methods, trains=trains, speaks=tuple(LANGUAGES))


def pay_room(
    config: ObjectConfig, books: PayBooks, till: Till, clock: Clock, reveal: Callable[[int], str | None]
) -> PayRoom:
    """The payments of the object. Raises StartError."""
    try:
        return PayRoom(config, books, till, clock, reveal)
    except (PeripheralUriError, ProfileError) as error:
        raise StartError(str(error)) from error


def receipt_room(
    config: ObjectConfig, clock: Clock, terminal: Terminal, learn: Callable[[Iterable[Event]], None]
) -> ReceiptRoom:
    """The receipts of the object. Raises StartError."""
    try:
        return ReceiptRoom(config, clock, terminal, learn)
    except (PeripheralUriError, ProfileError) as error:
        raise StartError(str(error)) from error


def attend(
    room: ReturnsRoom,
    staff: Path | None,
    reveal: Callable[[int], str | None],
    book: Callable[[], Prices | None],
) -> None:
    """Let the staff of a list work at the glass. Raises StartError."""
    if staff is None:
        return
    try:
        room.attend(staff, reveal, book)
    except (BadStaffListError, OSError) as error:
        raise StartError(f"{staff}: {error}: make it with `opos staff new`") from error


def pack_of(product: Product) -> Pack:
    """What a pack of a product weighs."""
    return Pack(product.pack_mg, product.pack_tolerance_mg, product.gtin)


def keeper_of(config: ObjectConfig, version: str, clock: Clock) -> Keeper:
    """The keeper of the object's ledger, which is open from here on. Raises StartError."""
    try:
        config.documents.mkdir(parents=True, exist_ok=True)
        return Keeper(config, version, clock)
    except (ForeignLedgerError, JournalClosedError, KeyUnusableError) as error:
        raise StartError(str(error)) from error
    except OSError as error:
        raise StartError(f"{config.data_dir}: {error}") from error


def books_of(config: ObjectConfig, keeper: Keeper) -> tuple[Books, PayBooks, SignedEntry | None]:
    """The books as the journal's projection has them, and the entry of the last sale.

    Raises JournalDamagedError when the ledger does not hold together: the keeper has given it back then, and
    it is set aside.
    """
    with held_together(config.ledger, keeper.close):
        return _read_books(config.ledger)


def _read_books(ledger: Path) -> tuple[Books, PayBooks, SignedEntry | None]:
    with contextlib.closing(LedgerReader(ledger)) as reader:
        identity = reader.identity()
        assert identity is not None, "the journal has begun"
        books = Books.load(reader.select, identity.epoch)
        paid = PayBooks(PaymentBook.load(reader.select), HouseBook.load(reader.select), identity.epoch)
        entry = None if books.last_sale is None else reader.entry(books.last_sale.seq)
        return books, paid, entry


def listen(host: str, port: int) -> socket.socket:
    """The port of the glass. Raises StartError."""
    try:
        return socket.create_server((host, port), backlog=32)
    except OSError as error:
        raise StartError(
            f"{host}:{port}: {error.strerror}: give the object another display.port, or stop what uses it"
        ) from error
