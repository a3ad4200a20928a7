"""The place of an object: a directory with its configuration, and beside it all that enrolment writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from edge.config import KeySection, ObjectConfig, TlsFiles, TlsSection, without_trust
from edge.provision.lone import alone_with
from edge.provision.object_file import Setup
from edge.provision.rewriting import draft_of

FILE: Final = "object.toml"
"""The configuration: what makes a directory that of an object, and so the last file that is written."""

LOCK: Final = "enrolment.lock"
"""What is held in its data while somebody enrols or resets it."""

_TRUST: Final = "trust.json"
_DATA: Final = "data"
_KEY: Final = "object.key"
_ROOT: Final = Path("/")


class TakenError(Exception):
    """Somebody else is at work on this object."""


class Place(msgspec.Struct, frozen=True):
    """Where an object is to live, and what of it is there: `before` is its configuration, if it has one."""

    file: Path
    data: Path
    key: Path
    key_source: KeySection
    trust: Path
    tls: TlsFiles
    before: ObjectConfig | None = None
    below: Path = _ROOT
    """The root of the system that it is for: an image may be made on another machine."""

    @property
    def directory(self) -> Path:
        """Where the configuration lies."""
        return self.file.parent

    @property
    def draft(self) -> Path:
        """The configuration before it has its name."""
        return draft_of(self.file)

    @property
    def keyring(self) -> Path:
        """The hub's keys."""
        return self.data / "keyring.jws"

    @property
    def certificate(self) -> Path:
        """The root's word for the key of the journal."""
        return self.data / "certificate.jws"

    @property
    def record(self) -> Path:
        """What was asked of the hub under which claim: it outlives a power cut."""
        return self.data / "enrolment.json"


def place_in(directory: Path, setup: Setup, below: Path = _ROOT) -> Place:
    """The place of an object in `directory`; `setup` is for one that is not there yet. Raises ConfigError.

    `setup` and an object's file name paths of a system whose root is `below`.
    """
    directory = directory.absolute()
    file = directory / FILE
    if file.exists():
        return place_of(file, without_trust(file, below), below)
    data = directory / _DATA if setup.data is None else below / setup.data.relative_to("/")
    key = setup.key
    files = TlsFiles(*(data / name for name in msgspec.structs.astuple(TlsSection())))
    return Place(file, data, Path(key.file or data / _KEY), key, directory / _TRUST, files, below=below)


def place_of(file: Path, config: ObjectConfig, below: Path = _ROOT) -> Place:
    """The place of the object that `file` describes."""
    file = file.absolute()
    trust = file.parent / config.object.trust
    return Place(file, config.data_dir, config.key, config.key_source, trust, config.tls, config, below)


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Be the only one who enrols or resets the object at `place`. Raises TakenError, OSError."""
    taken = TakenError(
        f"{place.directory}: somebody enrols or resets this object already: wait until that has ended"
    )
    with alone_with(place.data / LOCK, taken):
        yield
