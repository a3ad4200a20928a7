"""The receipts of an object: where their codes lead, and the printer that puts them on paper."""

from collections.abc import Callable, Coroutine, Iterable, Iterator
from random import SystemRandom
from typing import Any, Final

from cloud_sync.contract.entry import SignedEntry, decode_body
from cloud_sync.contract.facts import Sale
from edge.checkout.issuing import COLUMNS, Head, Issuing, Terminal
from edge.checkout.receipts import Links
from edge.checkout.sale import stored_of
from edge.checkout.till import Till
from edge.clock import Clock
from edge.commands import Print
from edge.config import ObjectConfig, Role
from edge.drivers.driver import Commanded
from edge.drivers.profiles import ProfileError
from edge.drivers.registry import driver_for
from edge.drivers.transports import Conversation
from edge.drivers.uris import PeripheralUri, parse_uri
from edge.events import DeviceFound, DeviceMissed, Event
from edge.identity.vouched import NoCertificateError, certificate_of
from edge.readings import DeviceFault, DeviceReady, Reading

PRINTER: Final[Role] = "printer"
"""The device that puts receipts on paper: it senses nothing."""


class ReceiptRoom:
    """The receipts of one object; `learn` hears when its printer is missed, and found again.

    Raises PeripheralUriError and ProfileError for a printer that nobody can print on.
    """

    def __init__(
        self,
        config: ObjectConfig,
        clock: Clock,
        terminal: Terminal,
        learn: Callable[[Iterable[Event]], None],
    ) -> None:
        self._config = config
        self._learn = learn
        self._missed = ""
        self.on_heard: Callable[[str, Reading], None] = lambda _source, _reading: None
        """Hears each reading of the printer."""
        self._certificates: dict[str, str] = {}
        self._line: _Printer | None = None
        printers = [each for each in config.peripherals if each.role == PRINTER]
        self._source = printers[0].source if printers else ""
        if printers:
            self._line = _Printer(parse_uri(printers[0].uri), self._hear, clock)
        section = config.receipt
        head = Head(
            *(section.shop or config.object.name, section.imprint),
            *(config.object.timezone, section.copies),
        )
        self.issuing = Issuing(head, self._links, self._line, terminal)

    def work(self) -> Iterator[Coroutine[Any, Any, None]]:
        """What has to go on for as long as the object works."""
        if self._line is not None:
            yield self._line.conversation.run()

    def show_again(self, till: Till, entry: SignedEntry) -> None:
        """After a restart: have the till show the last sale, if its shopper may still stand there."""
        sale = decode_body(entry.body).fact
        assert isinstance(sale, Sale), "the books name the entry of a sale"
        till.comeback.show_again(self.issuing.show(entry), sale.tender, stored_of(sale))

    def _links(self, kid: str) -> Links:
        """Where codes lead: without the hub's word for a key, to the hub."""
        if kid not in self._certificates:
            try:
                self._certificates[kid] = certificate_of(kid, self._config.certificate)
            except NoCertificateError:  # it comes with the first line to the hub: the next sale looks again
                return Links(self._config.receipt_page, self._config.receipt_hub, "")
        return Links(self._config.receipt_page, self._config.receipt_hub, self._certificates[kid])

    def _hear(self, reading: Reading) -> None:
        self.issuing.heard(reading)
        self.on_heard(self._source, reading)
        match reading:
            case DeviceFault(code=code) if code != self._missed:
                self._missed = code
                self._learn([DeviceMissed(PRINTER, code)])
            case DeviceReady() if self._missed:
                self._missed = ""
                self._learn([DeviceFound(PRINTER)])
            case _:
                pass


class _Printer:
    """The line to a printer."""

    def __init__(self, uri: PeripheralUri, heard: Callable[[Reading], None], clock: Clock) -> None:
        driver = driver_for(uri.profile)
        if not isinstance(driver, Commanded):
            raise ProfileError(f"profile {uri.profile.name!r}: expected a printer, got {uri.profile.device}")
        self.conversation = Conversation(uri, driver, heard, clock, SystemRandom())
        columns = uri.profile.settings.get("columns", COLUMNS)
        self.columns = columns if isinstance(columns, int) else COLUMNS

    def command(self, command: Print) -> None:
        """Print a document as soon as the printer can."""
        self.conversation.command(command)
