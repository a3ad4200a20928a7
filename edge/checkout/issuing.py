"""Issuing receipts: the link of a sale for the glass, and its paper where there is a printer."""

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import Body, SignedEntry, decode_body
from cloud_sync.contract.facts import Sale
from cloud_sync.contract.training import is_in_training
from edge.checkout.receipts import Beside, Links, document, slip_of
from edge.checkout.state import Paper
from edge.commands import Print
from edge.readings import DeviceFault, DeviceReady, Printed, PrintOutcome, Reading
from retail.locale import clock_time
from retail.receipt import Slip

# Paper of 80 mm takes 42 characters a line in the printers' usual font: one that says nothing else has it.
COLUMNS: Final = 42

# A port that is lost takes all that was on its way along.
_GONE: Final = frozenset({"device.gone", "device.silent"})


class Press(Protocol):
    """All that a receipt asks of a printer; what it says comes by `Issuing.heard`."""

    @property
    def columns(self) -> int:
        """The characters of a line."""
        ...

    def command(self, command: Print) -> None:
        """Print a document as soon as the printer can."""
        ...


class Head(msgspec.Struct, frozen=True):
    """What every receipt of an object says of the shop, and how many are printed unasked."""

    shop: str
    imprint: tuple[str, ...] = ()
    timezone: str = "UTC"
    copies: int = 0


Terminal = Callable[[Sale], tuple[str, ...]]
"""What a card terminal wants its customer to have on paper of a sale."""


def no_terminal(_sale: Sale) -> tuple[str, ...]:
    """Where no terminal has lines of its own."""
    return ()


class Issuing:
    """The receipts of one till; `links_for` knows, by the key of an entry, where its code leads.

    Of the sale that is on the glass it knows what became of its paper; `on_change` is called when that has
    changed. Nothing of it outlives the process: whoever wants a receipt after a restart taps once more.
    """

    def __init__(
        self,
        head: Head,
        links_for: Callable[[str], Links],
        press: Press | None = None,
        terminal: Terminal = no_terminal,
    ) -> None:
        self._head = head
        self._links_for = links_for
        self._press = press
        self._terminal = terminal
        self._entry: SignedEntry | None = None
        self._link = ""
        self._able = False
        self._waiting: set[str] = set()
        self._asked = 0
        self._outcome: Paper = ""
        self.on_change: Callable[[], None] = lambda: None

    @property
    def paper(self) -> Paper:
        """What the glass says of the paper of the last sale."""
        if self._press is None or self._entry is None:
            return ""
        if self._waiting:
            return "printing"
        return self._outcome or ("offered" if self._able else "")

    def issue(self, entry: SignedEntry) -> str:
        """The link of a sale that is on the disk now, '' where it has none; its copies are printed."""
        if self._entry is None or self._entry.hash != entry.hash:
            self.show(entry)
            for _ in range(self._head.copies):
                self._print(entry)
        return self._link

    def show(self, entry: SignedEntry) -> str:
        """The link of a sale of before a restart, of which nothing is printed unasked."""
        self._entry, self._link = entry, self._link_of(entry)
        self._waiting, self._asked, self._outcome = set(), 0, ""
        return self._link

    def ask(self) -> bool:
        """The shopper wants it on paper; False where that cannot be had, or is under way or there already."""
        if self._entry is None or self.paper not in {"offered", "failed"}:
            return False
        self._outcome = ""
        self._print(self._entry)
        return True

    def heard(self, reading: Reading) -> None:
        """Take in what the printer says."""
        before = self.paper
        match reading:
            case DeviceReady():
                self._able = True
            case DeviceFault(code=code):
                self._able = False
                if code in _GONE:
                    self._fail()
            case Printed(id=name, outcome=outcome) if name in self._waiting:
                self._waiting.discard(name)
                if outcome is PrintOutcome.FAILED:
                    self._outcome = "failed"
                elif not self._outcome:
                    self._outcome = "printed"
            case _:
                return
        if self.paper != before:
            self.on_change()

    def _print(self, entry: SignedEntry) -> None:
        """A printer that cannot print now gets nothing: it would come out when its shopper is long gone."""
        if self._press is None:
            return
        if not self._able:
            self._outcome = "failed"
            return
        body = decode_body(entry.body)
        self._asked += 1
        name = f"{entry.seq}/{self._asked}"
        self._waiting.add(name)
        columns = self._press.columns
        link = self._link_of(entry, columns)
        self._press.command(document(name, self._slip(entry, body), link, columns))

    def _fail(self) -> None:
        """Nobody will ever say what became of what was on its way."""
        if self._waiting:
            self._waiting, self._outcome = set(), "failed"

    def _slip(self, entry: SignedEntry, body: Body) -> Slip:
        sale = body.fact
        assert isinstance(sale, Sale)
        beside = Beside(
            imprint=self._head.imprint,
            clock_time=_clock_time(body, sale, self._head.timezone),
            terminal=self._terminal(sale),
            signed=b64(entry.hash),
            training=is_in_training(body.dev),
        )
        return slip_of(sale, self._head.shop, beside)

    def _link_of(self, entry: SignedEntry, columns: int = 0) -> str:
        """A receipt of the training is none, and leads nowhere."""
        if is_in_training(decode_body(entry.body).dev):
            return ""
        return self._links_for(entry.kid).of(entry, columns)


def _clock_time(body: Body, sale: Sale, timezone: str) -> str:
    """A clock that cannot be believed has no place on a receipt."""
    return clock_time(body.wall_ms, timezone, sale.language) if body.clock == "trusted" else ""
