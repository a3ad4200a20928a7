"""The case: an object as far as its file makes it known, or the one it last started with if that is wrong."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from edge.config import AccountSection, ConfigError, read
from edge.config.sections import ObjectFile
from edge.provision.last_good import data_of, kept_in, usual_data

# No object's file is longer, and one that never ends (/dev/zero) must not fill the memory.
_BYTES_MAX: Final = 256 * 1024
_NAMES_MAX: Final = 1_000

_ACCOUNT: Final = re.compile(r"""\baccount\s*=\s*["']?([^\s"',}#]+)""")
_NAME: Final = re.compile(r"""[^\s"'=,\[\]{}#]+""")


class Case(msgspec.Struct, frozen=True):
    """An object that somebody needs help with.

    `last` is what its file said when it last started, `said` what it says; where that is wrong (`wrong` is
    why, '' if nothing is) they are the same, and None where nobody can know. What it keeps is in `data`.
    """

    file: Path
    data: Path
    said: ObjectFile | None
    last: ObjectFile | None
    wrong: str = ""

    @property
    def name(self) -> str:
        """What to call it."""
        return self.said.object.id if self.said is not None else f"that of {self.file}"

    @property
    def folder(self) -> Path:
        """Where relative paths in its file begin."""
        return self.file.absolute().parent

    @property
    def ledger(self) -> Path:
        """Its ledger."""
        return self.data / "ledger.db"

    @property
    def good(self) -> Path:
        """The file with which it last started."""
        return kept_in(self.data)

    def accounts(self) -> Iterator[str]:
        """The house accounts that its file has ever been seen to name."""
        for said in self._said():
            yield from (each.account for each in said.tenders if isinstance(each, AccountSection))
        if self.wrong:
            yield from (found[1] for found in _ACCOUNT.finditer(self._text()))

    def keys(self) -> Iterator[Path]:
        """The files of its keys and seals, as its file names them; by their looks where that is wrong."""
        for said in self._said():
            named = (getattr(said.key, field, None) for field in ("file", "secret"))
            yield from (self.folder / name for name in named if name is not None)
            yield self.data / said.tls.key
        if self.wrong:
            yield from self._named()

    def staff(self) -> Iterator[Path]:
        """The list of who of the shop may do what, if it has one."""
        for said in self._said():
            if said.staff is not None:
                yield self.folder / said.staff.list

    def _said(self) -> Iterator[ObjectFile]:
        return (each for each in (self.said, self.last) if each is not None)

    def _named(self) -> Iterator[Path]:
        """Every file that stands in a file that is wrong, since it may be any of them."""
        for found in islice(_NAME.finditer(self._text()), _NAMES_MAX):
            if {"/", "."} & {*found[0]} and _is_file(path := self.folder / found[0]):
                yield path

    def _text(self) -> str:
        try:
            return text_in(self.file)
        except OSError:
            return ""


def case_of(file: Path) -> Case:
    """The case of the object that `file` describes, well or badly."""
    try:
        said = read(file)
    except ConfigError as error:
        data = _data_of(file)
        last = _last_said(kept_in(data))
        return Case(file, data, last, last, str(error))
    data = file.absolute().parent / said.object.data
    return Case(file, data, said, _last_said(kept_in(data)))


def text_in(path: Path) -> str:
    """What a file says that may be anything, as far as one reads. Raises OSError."""
    with path.open("rb") as file:
        return file.read(_BYTES_MAX).decode("utf-8", "replace")


def _data_of(file: Path) -> Path:
    try:
        return data_of(file)
    except OSError:
        return usual_data(file)


def _last_said(kept: Path) -> ObjectFile | None:
    try:
        return read(kept)
    except ConfigError:
        return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no name that a file could have, or none that we may look at
        return False
