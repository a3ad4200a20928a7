"""No number of a card outlives a run: when it ends, every file it left and every word it printed is searched.

Two kinds are searched for. Those that simulators and tests really hold before a till are found in every
file, as digits (in fours too), as the hexadecimal of digits, as packed digits (BCD) and inside base64. In the
rooms where people pay, whatever looks like a card is found besides: 15 to 19 digits of a brand that pass Luhn
(of 13 and 14 digits every tenth GTIN would). What is compressed or encrypted is not looked into, nor is a
number that the end of a page of SQLite cuts in two. A directory that its test removes, that test searches:
see `tests/payments/scene.py`.
"""

import base64
import functools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from simulators.terminals.zvt.cards import CARDS

# What Stripe's simulated reader and the tests of decoders take for cards: numbers that brands give out.
_GIVEN_OUT: Final = ("4242424242424242", "4111111111111111", "5555555555554444", "378282246310005")
NUMBERS: Final = frozenset({*(card.number for card in CARDS.values()), *_GIVEN_OUT})

ROOMS: Final = (
    "tests/checkout/",
    "tests/drivers/nexo/",
    "tests/drivers/zvt/",
    "tests/hub/payments/",
    "tests/payments/",
    "tests/simulators/terminals/",
)
"""Where people pay: whatever looks like a card's number is one here."""

# The whole suite leaves 3 GB, of which 150 MB differ: most of a log is written ahead as zeros. A process that
# leaves more is searched so far, which takes ten seconds, and the rest is said.
RUN_BYTES_MAX: Final = 384 * 1024 * 1024
# The largest ledger of a test is smaller; of a larger file the beginning is read.
FILE_BYTES_MAX: Final = 64 * 1024 * 1024

# What is alike is searched once: in pieces, each with more of what follows it than a number takes.
_PIECE_BYTES: Final = 4096
_OVERLAP_BYTES: Final = 64
# At the end of a log that is written ahead, and in a reserve for a full disk: more than half of all bytes.
_NOTHING: Final = bytes(_PIECE_BYTES)

# ISO/IEC 7812 and the brands' ranges: Visa 4, Mastercard 51 to 55 and 2221 to 2720, American Express 34 and
# 37, Maestro and girocard 50, 56 to 58, 6304, 67.
_LIKE_A_CARD: Final = re.compile(
    rb"(?<![0-9A-Fa-f])(?:4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    rb"|3[47]\d{13}|(?:50|5[678]|67)\d{14,17}|6304\d{12,15})(?![0-9A-Fa-f])"
)


class Found(msgspec.Struct, frozen=True):
    """Where a number stands, and its last four digits: a report is a log as well."""

    where: str
    last4: str

    def __str__(self) -> str:
        return f"{self.where}: the number of a card, ending in {self.last4}"


class Scan:
    """A search for some numbers; it remembers what it has searched, and what it has not."""

    def __init__(self, numbers: Iterable[str] = NUMBERS) -> None:
        self._forms, self._any = _sought(frozenset(numbers))
        self._left = RUN_BYTES_MAX
        self._searched: set[tuple[bool, int]] = set()
        self.unread_bytes = 0

    def in_bytes(self, data: bytes, where: str, *, pays: bool = False) -> Iterator[Found]:
        """What stands in `data`; `pays` finds whatever looks like a card."""
        for last4 in {self._forms[hit][-4:] for hit in self._any.findall(data)}:
            yield Found(where, last4)
        if pays:
            for last4 in {hit[-4:].decode() for hit in _LIKE_A_CARD.findall(data) if passes_luhn(hit)}:
                yield Found(where, last4)

    def below(self, top: Path, paying: frozenset[Path] = frozenset()) -> Iterator[Found]:
        """What stands in the files below `top`; people pay in the directories `paying`."""
        for folder, _, names in os.walk(top):
            pays = not paying.isdisjoint({Path(folder), *Path(folder).parents})
            for path in (Path(folder) / name for name in sorted(names)):
                if path.is_file() and not path.is_symlink():
                    yield from self.in_bytes(self._new_in(path, pays=pays), str(path), pays=pays)

    def _new_in(self, path: Path, *, pays: bool) -> bytes:
        """What no file before had, in pieces, as far as the limits go."""
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX)
        self.unread_bytes += max(path.stat().st_size - len(data), 0)
        end = len(data)
        while data.endswith(_NOTHING, 0, end):
            end -= len(_NOTHING)
        found = []
        for at in range(0, end, _PIECE_BYTES):
            piece = data[at : at + _PIECE_BYTES + _OVERLAP_BYTES]
            if (key := (pays, hash(piece))) in self._searched:
                continue
            if len(piece) > self._left:
                self.unread_bytes += len(piece)
                continue
            self._searched.add(key)
            self._left -= len(piece)
            found.append(piece)
        return b"\0".join(found)


@functools.cache
def _sought(numbers: frozenset[str]) -> tuple[dict[bytes, str], re.Pattern[bytes]]:
    """Every form of these numbers, with its number, and what finds any of them."""
    found = {form: number for number in sorted(numbers) for form in forms(number)}
    return found, re.compile(b"|".join(map(re.escape, sorted(found))))


def forms(number: str) -> Iterator[bytes]:
    """A number as it may stand in a file."""
    yield number.encode()
    fours = [number[at : at + 4] for at in range(0, len(number), 4)]
    yield from (sign.join(fours).encode() for sign in (" ", "-"))
    yield number.encode().hex().encode()
    whole = number[: len(number) // 2 * 2]  # of an odd number the last digit shares its byte with a filler
    packed = {bytes.fromhex(whole), bytes.fromhex("0" * (len(number) % 2) + number)}
    # 4242 4242 4242 4242 packed is BBBBBBBB, which anybody may write.
    yield from (each for each in packed if not (each.isascii() and each.decode().isprintable()))
    for before in range(3):  # where it begins in a group of three bytes
        coded = base64.b64encode(b"\0" * before + number.encode())
        first, last = (before * 8 + 5) // 6, (before + len(number)) * 8 // 6
        yield coded[first:last]


def passes_luhn(digits: bytes) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = [
        digit - 48 if place % 2 == 0 else (digit - 48) * 2 for place, digit in enumerate(reversed(digits))
    ]
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


class CardScan:
    """The plugin of a run, in each of its processes."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._scan = Scan()
        self._paying: set[Path] = set()
        self.found: list[str] = []
        self.unread_bytes = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Any:
        """A test that prints a number, or logs it, fails."""
        report: pytest.TestReport = yield
        pays = item.nodeid.startswith(ROOMS)
        if pays and isinstance(path := getattr(item, "funcargs", {}).get("tmp_path"), Path):
            self._paying.add(path)
        said = "\n".join(text for _, text in report.sections).encode()
        if found := list(self._scan.in_bytes(said, f"{item.nodeid}, what it printed", pays=pays)):
            report.outcome = "failed"
            report.longrepr = "\n".join(map(str, found))
        return report

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A process of the run has ended: what it found."""
        output = getattr(node, "workeroutput", {})
        self.found += output.get("cards_found", [])
        self.unread_bytes += output.get("cards_unread_bytes", 0)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Search what is left; one process may only search its own, while others still write."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None or not self._is_shared():
            self.found += self._left_behind()
            self.unread_bytes += self._scan.unread_bytes
        if output is not None:
            output.update(cards_found=self.found, cards_unread_bytes=self.unread_bytes)
        elif self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Name the files."""
        for line in self.found:
            terminalreporter.write_line(f"FAILED {line}", red=True)
        if self.unread_bytes:
            terminalreporter.write_line(f"not searched for cards: {self.unread_bytes} bytes past the limit")

    def _is_shared(self) -> bool:
        """Whether other processes run the tests."""
        return bool(getattr(self._config.option, "dist", "no") != "no")

    def _left_behind(self) -> list[str]:
        factory = getattr(self._config, "_tmp_path_factory", None)
        top = getattr(factory, "_basetemp", None)  # None where no test has asked for a directory
        return [] if top is None else [str(each) for each in self._scan.below(top, frozenset(self._paying))]


def pytest_configure(config: pytest.Config) -> None:
    """One scan a process."""
    config.pluginmanager.register(CardScan(config), "card-scan")
