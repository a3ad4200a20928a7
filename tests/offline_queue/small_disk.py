"""A file system of a few MiB that a test fills: a full disk is not what anybody should imagine."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from edge.offline_queue.budget import MIB

# ext4 hands out what was deleted only after a sync, as the cards of an object do; a tmpfs is the next best.
MAKE = "truncate -s {mib}M {disk}.img && mkfs.ext4 -q {disk}.img && mount -o loop {disk}.img {disk}"
MAKE_IN_MEMORY = "mount -t tmpfs -o size={mib}m tmpfs {disk}"

SOMEBODY_ELSE = "of-somebody-else"
"""The file that fills the disk."""


@contextmanager
def small_disk(directory: Path, mib: int = 24) -> Iterator[Path]:
    """Mount a file system of `mib` MiB below `directory`; skip the test where that cannot be done."""
    disk = directory / "disk"
    disk.mkdir()
    umount = shutil.which("umount")
    if os.geteuid() != 0 or umount is None:
        pytest.skip("only root can mount a small file system")
    if not any(_did(command.format(mib=mib, disk=disk)) for command in (MAKE, MAKE_IN_MEMORY)):
        pytest.skip("this machine mounts neither a loop device nor a tmpfs")
    try:
        yield disk
    finally:
        subprocess.run([umount, "--lazy", disk], check=True)


def fill(disk: Path) -> None:
    """Write until the last block is taken."""
    with (disk / SOMEBODY_ELSE).open("ab", buffering=0) as file:
        for size in (MIB, 4096, 512, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
        with pytest.raises(OSError, match="No space left") as full:
            file.write(bytes(MIB))
        assert full.value.errno == errno.ENOSPC
        os.fsync(file.fileno())


def _did(command: str) -> bool:
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False).returncode == 0
