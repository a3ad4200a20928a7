"""A hub process with an account at a provider on paper: `python -m tests.hub.paying_hub BOOKS hub run ...`.

The provider's books and the moods that a test wishes for are a file, so that both outlive the hub.
"""

import contextlib
import fcntl
import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from cloud_sync.hub.requests.desk import RequestDesk
from cloud_sync.hub.requests.provider import Said
from cloud_sync.hub.service import ingest
from opos.__main__ import main
from retail.tender import PaymentOutcome
from tests.hub.paper_provider import Break, PaperProvider, PowerCutError


class Books(msgspec.Struct):
    """What the provider knows, and how it will behave."""

    verdict: PaymentOutcome = "captured"
    moods: list[Break] = []
    state: dict[str, PaymentOutcome] = {}
    charged: dict[str, int] = {}
    refunded: dict[str, int] = {}
    asked: list[str] = []
    backs: dict[str, int] = {}
    codes: list[str] = []
    """The SHA-256 of what it was shown: nobody writes a code down, not even here."""


def read(file: Path) -> Books:
    """The books as they are now."""
    return msgspec.json.decode(file.read_bytes(), type=Books)


def write(file: Path, books: Books) -> None:
    """Put other books in their place."""
    new = file.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(books))
    new.replace(file)


@contextlib.contextmanager
def held(file: Path) -> Iterator[None]:
    """Nobody else changes the books meanwhile; who dies lets go."""
    with file.with_suffix(".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class FiledProvider(PaperProvider):
    """The provider on paper, whose books are a file; a power cut ends the process."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def _over_the_line(self, *asked: Any, **more: Any) -> Said:
        with held(self._file):
            return self._over_the_filed_line(*asked, **more)

    def _over_the_filed_line(self, *asked: Any, **more: Any) -> Said:
        books = read(self._file)
        self.verdict, self.moods, self.asked = books.verdict, books.moods, books.asked
        self.state, self.charged = books.state, Counter(books.charged)
        self.refunded, self.backs, shown = Counter(books.refunded), books.backs, self.codes
        self.codes = books.codes + [hashlib.sha256(code.encode()).hexdigest() for code in shown]
        try:
            return super()._over_the_line(*asked, **more)
        except PowerCutError:
            self._keep()
            os._exit(9)
        finally:
            self._keep()

    def _keep(self) -> None:
        kept = (self.verdict, self.moods, self.state, self.charged, self.refunded, self.asked)
        write(self._file, Books(*kept, self.backs, self.codes))
        self.codes = []


class PayingDesk(RequestDesk):
    """The desk, with one account; `books` is set before there is one."""

    books: Path

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given[:4], **{**more, "providers": {"paper": FiledProvider(self.books)}})


if __name__ == "__main__":
    PayingDesk.books = Path(sys.argv[1])
    ingest.RequestDesk = PayingDesk  # type: ignore[attr-defined] # instead of one without accounts
    sys.argv = ["opos", *sys.argv[2:]]
    main()
