"""One object and its providers at one moment: all that a power cut leaves, and that can be copied."""

import shutil
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.facts import Posting, Sale, SaleLine, TaxLine
from proofs.ground import ground
from retail.pricing.book import Version
from tests.card_scan import Scan
from tests.payments.bank import SECOND, Bank

TOTAL_MINOR: Final = 1190
CURRENCY: Final = "EUR"

_numbers = count()


class Part(msgspec.Struct, frozen=True):
    """A shopper pays so much of a sale at one provider; again, if it was declined or cancelled."""

    bank: str
    amount_minor: int = TOTAL_MINOR
    tries: int = 2
    stops_after_s: float | None = None
    """When the shopper has had enough, after the tap."""


class Shopper(msgspec.Struct, frozen=True):
    """Comes at a moment, and pays for one sale part by part; leaves if one of them fails."""

    sale: str
    parts: tuple[Part, ...]
    comes_s: float = 0.0


class Told(msgspec.Struct, frozen=True):
    """What the till showed: which sale, which provider, and how it ended."""

    sale: str
    provider: str
    result: str
    reason: str


class Scene:
    """A directory with a ledger, the providers, the hour, and what shoppers were told and took home."""

    def __init__(self, banks: list[Bank]) -> None:
        self.directory = ground() / f"scene-{next(_numbers)}"
        self.directory.mkdir()
        self.banks = {bank.name: bank for bank in banks}
        self.now_ns = 0
        self.lives = 0
        self.told: list[Told] = []
        self.released: set[str] = set()
        self.hasty: list[str] = []
        """Attempts that were closed without money while their provider could still take it."""
        self.early: list[str] = []
        """Sales that were shown as done while nothing was on the disk."""
        self.story: list[str] = []
        """Every step so far, for whoever reads of a broken promise."""

    @property
    def ledger(self) -> Path:
        return self.directory / "ledger.db"

    def copied(self) -> "Scene":
        """What is left of it if the power goes at this moment."""
        copy = Scene([bank.copied() for bank in self.banks.values()])
        for path in self.directory.iterdir():
            if not path.name.endswith(("-shm", ".lock")):
                shutil.copyfile(path, copy.directory / path.name)
        copy.now_ns, copy.lives = self.now_ns, self.lives
        copy.hasty, copy.early = [*self.hasty], [*self.early]
        copy.told, copy.released, copy.story = [*self.told], {*self.released}, [*self.story]
        return copy

    def dark(self, seconds: float) -> None:
        """The power is away for so long; the providers go on."""
        self.now_ns += round(seconds * SECOND)
        self.story.append(f"-- dark for {seconds} s --")
        for bank in self.banks.values():
            bank.advance(self.now_ns)
            bank.mail.clear()  # nobody was there to hear it

    def over(self) -> None:
        """Nobody looks at it any more: no number of a card may have been left in it."""
        assert not list(Scan().below(self.directory))
        shutil.rmtree(self.directory)


def draft(sale: str) -> Sale:
    """A sale as it is meant before it is paid."""
    line = SaleLine("09520001000027", "Mug", 1, TOTAL_MINOR, TOTAL_MINOR, "standard")
    return Sale(
        *(sale, "", "2026-03-02", "en", CURRENCY, TOTAL_MINOR, "", Version(1, 1), (line,)),
        taxes=(TaxLine("standard", 1900, TOTAL_MINOR, 190),),
        postings=(
            Posting("tendered", TOTAL_MINOR, CURRENCY),
            Posting("revenue", 190 - TOTAL_MINOR, CURRENCY),
            Posting("tax/standard", -190, CURRENCY),
        ),
        moves=(),
    )
