"""Files that are there whole or not at all, whatever happens while they are written."""

import os
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600
"""For its owner alone."""
PUBLIC: Final = 0o644
"""For another user of this machine, such as the broker's."""


def write_new(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write `path`, and never over another one: raises FileExistsError."""
    part = _written(path, data, mode)
    try:
        path.hardlink_to(part)
    finally:
        part.unlink()
    _sync(path.parent)


def replace(path: Path, data: bytes, mode: int = PRIVATE) -> bool:
    """Write `path` in place of what it was; whether that was something else."""
    if path.exists() and path.read_bytes() == data:
        return False
    _written(path, data, mode).replace(path)
    _sync(path.parent)
    return True


def _written(path: Path, data: bytes, mode: int) -> Path:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)  # a process of this number may have died here
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return part


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
