"""What the hub has not confirmed, here and in ledgers that were set aside: counted, and written down."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import IO

import apsw
import msgspec

from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Sale
from edge.config import ObjectConfig
from edge.identity import certificate_files, keep_file
from edge.offline_queue.export import FORMS
from edge.offline_queue.ledger import sync_directory
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from edge.offline_queue.set_aside import FOLDER


class Unsynced(msgspec.Struct, frozen=True):
    """What the hub has not confirmed: entries, takings by currency, and ledgers that nobody can read."""

    entries: int
    value: dict[str, int]
    unreadable: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the hub has all of it."""
        return not (self.entries or self.unreadable)


def unsynced_of(config: ObjectConfig) -> Unsynced:
    """What would be lost if this object forgot everything now."""
    entries, value, unreadable = 0, dict[str, int](), list[str]()
    for path in _ledgers(config):
        try:
            for currency, amount_minor in _waiting(path):
                entries += 1
                if currency:
                    value[currency] = value.get(currency, 0) + amount_minor
        except (NoLedgerError, apsw.Error, ValueError):
            unreadable.append(str(path))
    return Unsynced(entries, value, tuple(unreadable))


def _ledgers(config: ObjectConfig) -> Iterator[Path]:
    """The ledger, and those that were set aside."""
    if config.ledger.exists():
        yield config.ledger
    yield from sorted((config.data_dir / FOLDER).glob(f"*/{config.ledger.name}"))


def _waiting(path: Path) -> Iterator[tuple[str, int]]:
    """Currency and amount of each entry that the hub has not confirmed; no currency if nothing was sold."""
    with closing(LedgerReader(path)) as reader:
        for entry in reader.entries(reader.acked() + 1):
            fact = decode_body(entry.body).fact
            yield (fact.currency, fact.total_minor) if isinstance(fact, Sale) else ("", 0)


def written_down(config: ObjectConfig, kept_in: Path) -> Iterator[Path]:
    """Each ledger as a file of JWS, one entry a line; one that cannot be read as the file that it is."""
    kept_in.mkdir(parents=True, exist_ok=True)
    for path in _ledgers(config):
        try:
            yield _export(path, kept_in, config.object.id)
        except (NoLedgerError, apsw.Error, ValueError):
            yield _copy(path, kept_in, config.object.id)
    for path in certificate_files(config.certificate):
        out = kept_in / f"{config.object.id}.{path.name}"
        keep_file(out, path.read_bytes())
        yield out
    sync_directory(kept_in.parent)


def _export(ledger: Path, kept_in: Path, dev: str) -> Path:
    """All entries of `ledger`, whole on the disk before they have their name."""
    with closing(LedgerReader(ledger)) as reader:
        identity = reader.identity()
        out = kept_in / f"{dev}-{identity.epoch if identity else 'empty'}.jws"
        with _whole(out) as file:
            for entry in reader.entries(reader.floor()):
                file.write(FORMS["jws"].line(entry))
    return out


def _copy(ledger: Path, kept_in: Path, dev: str) -> Path:
    """A damaged ledger with its log, as they are; never over the one of another reset."""
    names = (kept_in / f"{dev}-damaged-{number}.db" for number in count(1))
    out = next(name for name in names if not name.exists())
    for suffix in ("-wal", ""):
        if (source := ledger.with_name(ledger.name + suffix)).exists():
            with source.open("rb") as old, _whole(out.with_name(out.name + suffix)) as file:
                shutil.copyfileobj(old, file)
    return out


@contextmanager
def _whole(out: Path) -> Iterator[IO[bytes]]:
    """A file that has its name only once all of it is on the disk."""
    part = out.with_name(f"{out.name}.part")
    part.unlink(missing_ok=True)  # a power cut may have left one
    # What was sold is its user's alone, here as in the ledger.
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    part.replace(out)
    sync_directory(out.parent)
