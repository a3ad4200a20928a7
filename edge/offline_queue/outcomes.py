"""What can become of an order to the journal, for rooms that must not know how it writes."""

from enum import Enum

import msgspec

from cloud_sync.contract.entry import Body, SignedEntry


class Recorded(Enum):
    """What became of a fact."""

    NOW = "now"
    ALREADY = "already"  # the same idem came again with the same fact: a retry, not an error


class Appended(msgspec.Struct, frozen=True):
    """An entry that is on the disk, and whether this call put it there."""

    entry: SignedEntry
    body: Body
    recorded: Recorded


class IdemConflictError(ValueError):
    """One idempotency key was used for two different facts, or its entry has been pruned."""


class JournalDamagedError(Exception):
    """The file is not the journal that this object wrote: selling stops, the file is kept."""


class ForeignLedgerError(JournalDamagedError):
    """The file is a ledger, but not one that this object may write: it is left where it is."""


class JournalClosedError(Exception):
    """The journal no longer writes: the disk failed, or it was closed."""


class ReceiptRefusedError(ValueError):
    """A receipt that is not for this journal, or speaks of entries that it never had."""


class JournalForkedError(ReceiptRefusedError):
    """The hub has entries that this file does not: it was rolled back or cloned, and must not go on."""
