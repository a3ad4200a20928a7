"""The chronicle: what was truly written in a world, and what was done to it; nobody in there can read it."""

from collections import Counter, defaultdict

import msgspec

from cloud_sync.contract.entry import SignedEntry
from proofs.kept import Journal


class BrokenPromiseError(AssertionError):
    """What this world was to show is not so."""


def insist(held: bool, sentence: str) -> None:
    """Raise BrokenPromiseError unless it is so."""
    if not held:
        raise BrokenPromiseError(sentence)


class Chronicle(msgspec.Struct):
    """Every entry that was ever committed anywhere, and which journals are no longer one journal."""

    written: dict[Journal, dict[tuple[int, bytes], SignedEntry]] = msgspec.field(
        default_factory=lambda: defaultdict(dict)
    )
    """Journal -> (seq, hash) -> entry."""
    doctored: set[Journal] = msgspec.field(default_factory=set)
    """Journals whose card was cloned or put back as it was: two histories may have their name."""
    gone: set[Journal] = msgspec.field(default_factory=set)
    """Journals whose card has another one's contents now: what only it had is nowhere."""
    contradicted: set[Journal] = msgspec.field(default_factory=set)
    """Journals of which an object was handed a receipt that its ledger does not bear out."""
    divided: set[Journal] = msgspec.field(default_factory=set)
    """Journals of which the hub was handed an entry in the place of another one."""
    told: set[Journal] = msgspec.field(default_factory=set)
    """Journals that an object gave up, since the hub has what it has not."""
    counted: Counter[str] = msgspec.field(default_factory=Counter)
    """What befell, by kind."""

    def wrote(self, journal: Journal, entries: list[SignedEntry]) -> None:
        """These are on a disk."""
        self.written[journal] |= {(entry.seq, entry.hash): entry for entry in entries}

    def doctor(self, journal: Journal, how: str) -> None:
        """Somebody has cloned the card with this journal, or put it back."""
        self.doctored.add(journal)
        self.counted[how] += 1
