"""Files of the object's identity: read with a limit, replaced whole or not at all."""

import os
from pathlib import Path
from typing import Final

# A certificate and what leads to the root: four of 1 KiB and room to spare.
PEM_BYTES_MAX: Final = 16 * 1024


class IdentityUnusableError(Exception):
    """The object cannot show who it is on the line: which file, what is wrong with it, and what to do."""


def read_file(path: Path) -> bytes:
    """The bytes of a file, one more than is allowed if there are more. Raises IdentityUnusableError."""
    try:
        with path.open("rb") as file:
            return file.read(PEM_BYTES_MAX + 1)
    except OSError as error:
        raise IdentityUnusableError(f"{path}: cannot be read: {error.strerror}") from error


def keep_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write `data` so that `path` holds all of it or what it held before: power cut, full disk or not.

    What root writes belongs to whom it belonged before, or else to the folder's owner: the service reads it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)  # a power cut may have left one
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if os.geteuid() == 0:
                whose = (path if path.exists() else path.parent).stat()
                os.fchown(file.fileno(), whose.st_uid, whose.st_gid)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)  # a full disk has left half of it; else it has its name by now
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
