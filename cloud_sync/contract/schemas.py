"""JSON Schemas of what both ends say, made from the types: `python -m cloud_sync.contract.schemas --check`.

Bodies of entries are held to more than their schema, since they are signed for good: see `entry.check_body`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.batch import Header
from cloud_sync.contract.certificate import CertifiedKey
from cloud_sync.contract.documents import Deliveries, Manifest
from cloud_sync.contract.encoding import Whole
from cloud_sync.contract.enrolment import Claim, EnrolmentAsked, EnrolmentSaid
from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Posting
from cloud_sync.contract.json_schema import Schema, schema_of, stale, write
from cloud_sync.contract.keyring import Keyring
from cloud_sync.contract.orders import Order
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.requests import Reply, Request
from cloud_sync.contract.state import ObjectState
from cloud_sync.contract.telemetry import TelemetryPiece
from retail.pricing.book import PriceBook
from retail.pricing.changes import PriceChanges
from retail.pricing.promotions import Promotions

FOLDER: Final = Path(__file__).with_name("schemas")
_ID: Final = "urn:opos:contract:1:{}"


class LedgerLine(msgspec.Struct, frozen=True):
    """One line of a ledger exported as JSON lines: an entry, and whatever it needs to be verified.

    `prev`, `hash` and `sig` are base64url; `body` comes last, and is the very bytes that were signed.
    """

    seq: Whole
    kind: str
    idem: str
    kid: str
    prev: str
    hash: str
    sig: str
    body: Body


TYPES: Final = {
    "batch-header": Header,
    "claim": Claim,
    "certified-key": CertifiedKey,
    "deliveries": Deliveries,
    "enrolment-asked": EnrolmentAsked,
    "enrolment-said": EnrolmentSaid,
    "entry-body": Body,
    "keyring": Keyring,
    "ledger-line": LedgerLine,
    "manifest": Manifest,
    "object-state": ObjectState,
    "order": Order,
    "posting": Posting,
    "prices": PriceBook,
    "prices-changes": PriceChanges,
    "promotions": Promotions,
    "receipt": Receipt,
    "reply": Reply,
    "request": Request,
    "telemetry-piece": TelemetryPiece,
}
"""The name of each schema, and its type."""


def schemas() -> dict[str, Schema]:
    """Every schema by its name (JSON Schema, draft 2020-12)."""
    return {name: schema_of(type_, _ID.format(name)) for name, type_ in TYPES.items()}


def main(words: Sequence[str]) -> int:
    """Write the files, or say which of them are stale; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cloud_sync.contract.schemas", description=__doc__)
    wish = parser.add_mutually_exclusive_group(required=True)
    wish.add_argument("--check", action="store_true", help="exit 1 if a file is not what the types say")
    wish.add_argument("--write", action="store_true", help="write the files")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.write:
        write(asked.folder, schemas())
    elif names := stale(asked.folder, schemas()):
        sys.stderr.write(
            f"{asked.folder}: {', '.join(names)}: not what the types say, run this command with --write\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
