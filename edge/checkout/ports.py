"""What the till asks of the rooms around it: a journal that writes, time, and ways to pay."""

from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.facts import Fact, Sale
from cloud_sync.contract.members import MemberKnown, MemberUnknown
from edge.checkout.asked import AgeAsked
from edge.checkout.payments.cashier import Ended
from edge.checkout.staff import Admitted
from edge.checkout.staffed import Staffed
from edge.checkout.state import Paper, Tap, Way
from edge.events import Event
from edge.offline_queue.outcomes import Appended
from edge.readings import TerminalNeeds
from retail.units import Money


class Ledger(Protocol):
    """All that the till asks of a journal."""

    @property
    def epoch(self) -> str:
        """The epoch that receipts are numbered in."""
        ...

    @property
    def head(self) -> int:
        """The last seq: it grows with every start."""
        ...

    async def append(self, fact: Fact, idem: str) -> Appended:
        """Write `fact`; return once it is on the disk."""
        ...


class Clock(Protocol):
    """All that the till asks of time."""

    def now_ns(self) -> int:
        """Monotonic time."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        ...

    def quality(self) -> Literal["trusted", "untrusted"]:
        """Whether `wall_ms` can be believed."""
        ...


class Members(Protocol):
    """All that the till asks of whoever knows the members."""

    async def find(self, ticket: int) -> MemberKnown | MemberUnknown:
        """Whose code was shown; raises OSError where nobody can be asked."""
        ...

    async def find_number(self, number: str) -> MemberKnown | MemberUnknown:
        """Whose number was typed, digits only; raises OSError where nobody can be asked."""
        ...


class Receipts(Protocol):
    """All that the till asks of receipts: see `edge.checkout.issuing`."""

    on_change: Callable[[], None]
    """Called when what is said of the paper has changed."""

    @property
    def paper(self) -> Paper:
        """The last receipt on paper."""
        ...

    def issue(self, entry: SignedEntry) -> str:
        """The link of a sale that has just been written, or ''."""
        ...

    def ask(self) -> bool:
        """Print the last receipt; False where that cannot be."""
        ...


class AgeDesk(Protocol):
    """All that whoever serves staff asks of the age check: see `edge.checkout.age`."""

    @property
    def asked(self) -> AgeAsked | None:
        """What somebody of the shop has to see."""
        ...

    async def answer(self, who: Admitted, *, old_enough: bool) -> str:
        """What somebody has seen; a code of why it does not count, or ''. Raises JournalClosedError."""
        ...


class Attending(Protocol):
    """All that the till asks of whoever serves staff: see `edge.checkout.attendant`."""

    on_change: Callable[[], None]
    on_stock: Callable[[Iterable[str]], None]
    on_left: Callable[[bool], None]
    age: AgeDesk | None

    def badge(self, ticket: int, *, free: bool) -> bool:
        """A badge was shown; whether it is one of the shop's."""
        ...

    def hear(self, event: Event) -> bool:
        """What staff shows; True if nobody else has to hear of it."""
        ...

    async def tap(self, tap: Tap, value: str | None) -> bool:
        """Do what staff asks for; False where there is no such control."""
        ...

    def tick(self) -> None:
        """Time has passed."""
        ...

    def shown(self) -> Staffed | None:
        """What staff is doing; None while nobody of the shop is here."""
        ...


class Payments(Protocol):
    """All that the till asks of payments: see `edge.checkout.payments.counter`."""

    on_change: Callable[[], None]
    """Called when a terminal waits for something else than before."""

    def ways(self, left: Money, *, online: bool) -> tuple[Way, ...]:
        """How so much could be paid now."""
        ...

    async def pay(self, draft: Sale, way: Way, ticket: int | None) -> Ended:
        """Have what `way` takes of `draft` paid, by the code of `ticket` where it needs one.

        Raises JournalClosedError, and ValueError for a sale that no entry can hold.
        """
        ...

    def stop(self, sale: str) -> None:
        """End the attempt that is under way, unless it is paid already."""
        ...

    async def give_up(self, sale: str) -> None:
        """The sale will not be done: what is paid of it goes back. Raises JournalClosedError."""
        ...

    def paid_minor(self, draft: Sale) -> int:
        """What of a sale is paid already."""
        ...

    def prompt(self, sale: str) -> TerminalNeeds:
        """What the card terminal waits for, while it is at work for this sale."""
        ...

    def code(self, sale: str) -> str:
        """What the shopper says at the desk; '' where nothing waits there."""
        ...
