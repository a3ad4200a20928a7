"""The library: each version of the price book as a bound file, made once and found again at a start.

A bound book is a copy, and never the last word: it carries a stamp that says of which signed documents it was
made and what its own bytes are, and where that does not fit it is made again from them.
"""

import hashlib
import os
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import msgspec

from cloud_sync.contract.documents import PRICE_CHANGES, PRICES
from edge.checkout.refused import DocumentRefusedError
from retail.pricing.book import Assortment, Version

# A bound book of another form is made again from its documents.
FORM: Final = 2


class Binder(Protocol):
    """All that the library asks of a bindery; each but `opened` may take seconds.

    Each raises ValueError with what is wrong with a document.
    """

    def bind(self, source: Path, target: Path) -> None:
        """Make a durable `target` of the whole book in `source`."""
        ...

    def rebind(self, base: Path, changes: Path, sha256: str, target: Path) -> None:
        """Make a durable `target` of a bound `base`, whose document has that hash, and changes to it."""
        ...

    def opened(self, path: Path) -> Assortment:
        """The book in a bound file."""
        ...


class Edition(msgspec.Struct, frozen=True):
    """A price book, or the changes to one, as the retailer signed it: where it is, and what it is."""

    path: Path
    version: Version
    sha256: str


class _Stamp(msgspec.Struct, frozen=True):
    """What a bound book was made of, and what it is."""

    form: int
    made_of: tuple[str, ...]
    sha256: str


class Library:
    """The bound books in `directory`: `catalogue-1-7.db`, and its stamp beside it."""

    def __init__(self, directory: Path, binder: Binder) -> None:
        self._directory = directory
        self._binder = binder

    def whole(self, edition: Edition) -> Assortment:
        """The book that was issued whole; bound now if it is not there."""
        return self._binder.opened(self._whole(edition))

    def changed(self, whole: Edition, changes: Edition) -> Assortment:
        """A book with its changes; both are bound now if they are not there."""
        made_of = (whole.sha256, changes.sha256)

        def make(part: Path) -> None:
            base = self._whole(whole)
            with _refused(PRICE_CHANGES):
                self._binder.rebind(base, changes.path, whole.sha256, part)

        return self._binder.opened(self._made(changes.version, made_of, make))

    def clear(self, needed: Container[Version]) -> None:
        """Drop the books of all other versions, and what a power cut left half made."""
        for path in self._directory.glob("catalogue-*"):
            generation, _, n = path.stem.removeprefix("catalogue-").partition("-")
            if path.suffix == ".part" or not _is_one_of(generation, n, needed):
                path.unlink(missing_ok=True)

    def _whole(self, edition: Edition) -> Path:
        def make(part: Path) -> None:
            with _refused(PRICES):
                self._binder.bind(edition.path, part)

        return self._made(edition.version, (edition.sha256,), make)

    def _made(self, version: Version, made_of: tuple[str, ...], make: Callable[[Path], None]) -> Path:
        """The bound book of `version`, made if there is none, or if it is not what its stamp says."""
        path = self._directory / f"catalogue-{version.generation}-{version.n}.db"
        if self._fits(path, made_of):
            return path
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        try:
            make(part)
        except (ValueError, OSError):
            part.unlink(missing_ok=True)
            raise
        self._stamp(path, _Stamp(FORM, made_of, _hash(part)))
        part.replace(path)
        return path

    def _fits(self, path: Path, made_of: tuple[str, ...]) -> bool:
        try:
            stamp = msgspec.json.decode(path.with_suffix(".stamp").read_bytes(), type=_Stamp)
            return (stamp.form, stamp.made_of, stamp.sha256) == (FORM, made_of, _hash(path))
        except (FileNotFoundError, ValueError):
            return False

    def _stamp(self, path: Path, stamp: _Stamp) -> None:
        # A stamp without its book, or a torn one, fits nothing: the book is then made once more.
        with path.with_suffix(".stamp").open("wb") as file:
            file.write(msgspec.json.encode(stamp))
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def _refused(name: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, RecursionError) as error:
        raise DocumentRefusedError(f"{name} is no {name}: {error}") from error


def _is_one_of(generation: str, n: str, needed: Container[Version]) -> bool:
    return generation.isdecimal() and n.isdecimal() and Version(int(generation), int(n)) in needed


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
