"""JSON Schemas of what both ends say, made from the types: `python -m cloud_sync.contract.schemas --check`.

They say what a reader accepts: members that a type does not know may stand beside those that it does. Bodies
of entries are held to more, since they are signed for good: see `entry.check_body`.
"""

import argparse
import inspect
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from cloud_sync.contract.batch import Header
from cloud_sync.contract.certificate import CertifiedKey
from cloud_sync.contract.documents import Deliveries, Manifest
from cloud_sync.contract.encoding import Whole
from cloud_sync.contract.enrolment import Claim, EnrolmentAsked, EnrolmentSaid
from cloud_sync.contract.entry import Body
from cloud_sync.contract.facts import Posting
from cloud_sync.contract.keyring import Keyring
from cloud_sync.contract.orders import Order
from cloud_sync.contract.receipt import Receipt
from cloud_sync.contract.requests import Reply, Request
from cloud_sync.contract.state import ObjectState
from cloud_sync.contract.telemetry import TelemetryPiece
from retail.pricing.book import PriceBook
from retail.pricing.changes import PriceChanges
from retail.pricing.promotions import Promotions
from retail.units import INTEGER_MAX

Schema = dict[str, Any]

FOLDER: Final = Path(__file__).with_name("schemas")
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
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
    return {name: _schema(name, type_) for name, type_ in TYPES.items()}


def texts() -> dict[str, str]:
    """What stands in `FOLDER`: file name -> text."""
    return {
        f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }


def stale(folder: Path) -> list[str]:
    """The names of the files in `folder` that are not what the types say, or that no type stands for."""
    wanted = texts()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def _schema(name: str, type_: type) -> Schema:
    (root,), parts = msgspec.json.schema_components([type_], ref_template="#/$defs/{name}")
    whole = {"$schema": _DIALECT, "$id": _ID.format(name), **parts.pop(root["$ref"].rpartition("/")[2])}
    if parts:
        whole["$defs"] = dict(sorted(parts.items()))
    for part in _parts(whole):
        _mend(part)
    if type_.__struct_config__.array_like:  # type: ignore[attr-defined]
        for field, place in zip(type_.__struct_fields__, whole["prefixItems"], strict=True):  # type: ignore[attr-defined]
            place["title"] = field
    return whole


def _parts(schema: Any) -> Iterator[Schema]:
    """Every object in `schema`, itself among them."""
    if isinstance(schema, dict):
        yield schema
    if isinstance(schema, dict | list):
        for part in schema.values() if isinstance(schema, dict) else schema:
            yield from _parts(part)


def _mend(part: Schema) -> None:
    if isinstance(part.get("description"), str):
        part["description"] = inspect.cleandoc(part["description"])
    if part.get("type") == "integer":
        # The shop's own types set no limits, and JSON does.
        part.setdefault("minimum", -INTEGER_MAX)
        part.setdefault("maximum", INTEGER_MAX)
    part.pop("discriminator", None)  # OpenAPI's word: in JSON Schema the kinds themselves tell


def main(words: Sequence[str]) -> int:
    """Write the files, or say which of them are stale; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cloud_sync.contract.schemas", description=__doc__)
    wish = parser.add_mutually_exclusive_group(required=True)
    wish.add_argument("--check", action="store_true", help="exit 1 if a file is not what the types say")
    wish.add_argument("--write", action="store_true", help="write the files")
    parser.add_argument("--folder", type=Path, default=FOLDER, help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.write:
        _write(asked.folder)
    elif names := stale(asked.folder):
        sys.stderr.write(
            f"{asked.folder}: {', '.join(names)}: not what the types say, run this command with --write\n"
        )
        return 1
    return 0


def _write(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in stale(folder):
        (folder / name).unlink(missing_ok=True)
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
