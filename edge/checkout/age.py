"""The age check: goods with a least age are sold once somebody of the shop has looked, and says so by a PIN.

A purchase of such goods begins only after an `operator` entry that names its sale: who looked, and nothing
about the shopper. What was seen holds for this shopper alone, and so does a no.
"""

from collections.abc import Callable
from datetime import date
from typing import Final, Protocol

from cloud_sync.contract.facts import Operator
from edge.checkout.asked import AgeAsked
from edge.checkout.ports import Clock
from edge.checkout.purchase import Deal
from edge.checkout.staff import AGE, AGE_REFUSED, Admitted, Allowed, deed_of
from edge.offline_queue.outcomes import Appended
from retail.locale import business_date

# Of a shopper who has gone nothing holds any more, neither a yes nor a no.
GONE_NS: Final = 120_000_000_000

Looked = Callable[[Deal | None], None]


class Register(Protocol):
    """All that the age check asks of the register."""

    async def write(self, fact: Operator, idem: str) -> Appended:
        """Write a fact; return once it is on the disk."""
        ...


class AgeCheck:
    """What waits for somebody of the shop, and what they have said of the shopper who is here.

    `on_looked` is called with what may be bought now, or with None after a no.
    """

    def __init__(self, register: Register, clock: Clock, timezone: str) -> None:
        self._register = register
        self._clock = clock
        self._timezone = timezone
        self.deal: Deal | None = None
        """What waits for the answer."""
        self._seen: Allowed | None = None
        self._seen_years = 0
        self.too_young = 0
        """Goods of this least age and above are not sold to whoever is here; 0 where nobody has said so."""
        self.on_looked: Looked = lambda _deal: None

    @property
    def asked(self) -> AgeAsked | None:
        """What somebody of the shop has to see; None where nothing waits for it."""
        if self.deal is None:
            return None
        years = self.deal.priced.min_age
        return AgeAsked(years, self._born(years))

    def needs(self, years: int) -> bool:
        """Whether somebody has to look before goods of this least age are sold."""
        return years > self._seen_years

    def ask(self, deal: Deal) -> None:
        """A shopper wants to buy this: it waits."""
        self.deal = deal

    def drop(self) -> None:
        """The shopper does not want it any more."""
        self.deal = None

    def forget(self) -> None:
        """The shopper has gone, or has bought: of the next one nobody has seen anything."""
        self.deal = self._seen = None
        self._seen_years = self.too_young = 0

    async def answer(self, who: Admitted, *, old_enough: bool) -> str:
        """What somebody of the shop has seen; '' or a code of why it does not count.

        Raises JournalClosedError.
        """
        deal, by = self.deal, who.may(AGE)
        if by is None:
            return "not-this"
        if deal is None:
            return "changed"
        await self._write(by if old_enough else Allowed(by.staff, AGE_REFUSED), deal)
        if self.deal is not deal:
            return "changed"  # it is on the disk, and of no use: the goods are not those any more
        self.deal = None
        if old_enough:
            self._seen, self._seen_years = by, deal.priced.min_age
        else:
            self.too_young = deal.priced.min_age
        self.on_looked(deal if old_enough else None)
        return ""

    async def vouch(self, deal: Deal) -> None:
        """The same shopper buys something else: the entry names that sale as well.

        Raises JournalClosedError.
        """
        assert self._seen is not None, "somebody has looked"
        await self._write(self._seen, deal)

    async def _write(self, by: Allowed, deal: Deal) -> None:
        await self._register.write(*deed_of(by, deal.draft.sale, deal.draft.sale))

    def _born(self, years: int) -> str:
        """Whoever was born on this day has their birthday today, at the place of the shop."""
        if self._clock.quality() != "trusted":
            return ""
        today = date.fromisoformat(business_date(self._clock.wall_ms(), self._timezone))
        if (today.month, today.day) == (2, 29):  # which most years have not
            today = today.replace(day=28)
        return today.replace(year=today.year - years).isoformat()
