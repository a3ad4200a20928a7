"""The files of a hub's directory that nothing can make again: keys, certificates, whom to trust."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from cloud_sync.hub.backup.tape import KeptFile
from cloud_sync.hub.files import write_new

# Keys and certificates of the hub itself, and of its lines; the broker's files are made from these again.
_PATTERNS: Final = (
    "*.key",
    "*.key.next",
    "*.crt",
    "*.crl",
    "*.pem",
    "*.jws",
    "trust.json",
    "where.json",
    "tls/*",
)

# A name is taken from a file that somebody hands us: it never leads out of the directory.
_NAME: Final = re.compile(r"(tls/)?[A-Za-z0-9][A-Za-z0-9._-]{0,62}")

# A certificate has 2 KiB; what is longer is none.
_BYTES_MAX: Final = 64 * 1024

# Objects believe no hub that does not hold it.
_RECEIPT: Final = "receipt.key"


class KeysRefusedError(ValueError):
    """Keys that cannot be kept, or not be put where they are wanted: which, and why."""


def read_keys(directory: Path) -> Iterator[KeptFile]:
    """The files to keep, by name; raises KeysRefusedError."""
    for path in sorted(set(chain.from_iterable(directory.glob(pattern) for pattern in _PATTERNS))):
        name = path.relative_to(directory).as_posix()
        if path.name.endswith((".part", ".lock")) or not path.is_file():
            continue
        if not _NAME.fullmatch(name) or path.stat().st_size > _BYTES_MAX:
            raise KeysRefusedError(f"{path}: expected a key or a certificate of at most {_BYTES_MAX} bytes")
        yield KeptFile(name, path.read_bytes())


def check_keys(directory: Path, files: Sequence[KeptFile]) -> None:
    """Raise KeysRefusedError if a file cannot go back, or if there would be no keys in the end."""
    for file in files:
        _check(directory, file)
    if not files and not (directory / _RECEIPT).exists():
        raise KeysRefusedError(
            f"the backup was made without the hub's keys: put them into {directory} first"
            " (all *.key files, trust.json and tls/ of the old hub), since objects believe no others"
        )


def write_keys(directory: Path, files: Sequence[KeptFile]) -> None:
    """Put the files back, each for its owner alone, all of them or none; raises KeysRefusedError."""
    check_keys(directory, files)
    for file in files:
        path = directory / file.name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            write_new(path, file.data)


def _check(directory: Path, file: KeptFile) -> None:
    if not _NAME.fullmatch(file.name):
        raise KeysRefusedError(f"expected the name of a key, got {file.name[:80]!r}")
    path = directory / file.name
    if path.exists() and path.read_bytes() != file.data:
        raise KeysRefusedError(f"{path} is another one than the backup has: choose another --dir")
