"""What this object keeps secret, as the words that no text that leaves it may hold."""

import base64
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.encoding import b64
from edge.checkout.staff import BadStaffListError, read_staff
from edge.provision.support.case import Case

# A key or a secret is some hundred bytes; what is longer is something else that bears its name.
_BYTES_MAX: Final = 64 * 1024
# An object's directory has some dozen files; a folder of somebody's may have any number.
_FILES_MAX: Final = 5_000
# What is shorter in a JSON is a name: of the object, of the site. An address is no secret either.
_WORD_CHARACTERS_MIN: Final = 16
# Lines of a PEM that say what it is, and no more.
_MARKS: Final = ("-----BEGIN", "-----END")
# Keys, what seals them, and what was asked of the hub under which claim; the old ones too.
_FILES: Final = ("*.key*", "*.secret*", "claim*", "enrolment.json", "setup.json", "training-on")
# A badge, a pseudonym, a salt or a hash, in a list of staff that is damaged: its other words are words.
_OF_STAFF: Final = re.compile(r'"(?=[^"]*\d)([\w=-]{8,})')


class Secrets(msgspec.Struct, frozen=True):
    """The words of an object's secrets, and what may not be read: its words are not looked for."""

    words: tuple[str, ...]
    closed: tuple[str, ...]


def secrets_of(case: Case) -> Secrets:
    """The words of every secret that lies on this object, as far as it may be read by whoever asks."""
    search = _Search()
    words = [*case.accounts(), *_all_words(case, search)]
    return Secrets(tuple(words), tuple(dict.fromkeys(search.closed)))


def _all_words(case: Case, search: "_Search") -> Iterator[str]:
    around = [path for folder in dict.fromkeys((case.data, case.folder)) for path in search.listed(folder)]
    known = (path for path in around if any(fnmatch(path.name, each) for each in _FILES))
    for data in search.read((*case.keys(), *known)):
        yield from _words(data)
    # Of a file that is wrong nobody knows which one it calls the list of staff.
    lists = (path for path in around if case.wrong and path.suffix == ".json")
    for data in search.read(lists):
        yield from _of_members(data)
    for data in search.read(case.staff()):
        yield from _of_members(data) or _OF_STAFF.findall(data.decode("utf-8", "replace"))


class _Search:
    """Reads what may be read, and remembers what may not."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    def listed(self, folder: Path) -> list[Path]:
        """What is in a folder, if there is one."""
        try:
            return sorted(islice(folder.iterdir(), _FILES_MAX))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.closed.append(f"{folder}: {error.strerror}")
            return []

    def read(self, files: Iterable[Path]) -> Iterator[bytes]:
        """What each of these files holds, if there is one."""
        for path in dict.fromkeys(files):
            try:
                with path.open("rb") as file:
                    yield file.read(_BYTES_MAX)
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                continue
            except OSError as error:
                self.closed.append(f"{path}: {error.strerror}")


def _words(data: bytes) -> Iterator[str]:
    """The whole, each line, and each text of a JSON: however it may have got into another file."""
    yield from (data.hex(), base64.b64encode(data).decode(), b64(data))
    text = data.decode("utf-8", "replace").strip()
    yield text
    yield from (line.strip() for line in text.splitlines() if not line.startswith(_MARKS))
    try:
        yield from _texts(msgspec.json.decode(data))
    except (ValueError, RecursionError):
        return


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) >= _WORD_CHARACTERS_MIN and "://" not in value:
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _of_members(data: bytes) -> list[str]:
    try:
        members = read_staff(data).members
    except (BadStaffListError, RecursionError):
        return []
    return [word for each in members for word in (each.badge, each.staff, each.salt, each.pin)]
