"""Trying a disk out: how long a write for good takes, and whether what was written comes back.

The blocks are read with O_DIRECT, past the kernel's memory; a file system without it (tmpfs) is read as it
is. A card that claims more room than it has gives back old bytes only once its real room is full: a short
trial proves the blocks that it wrote, and no others.
"""

import contextlib
import hashlib
import mmap
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.clock import Clock

_WRITE_BYTES: Final = 4096
# Enough for a median, and on a card that takes 200 ms each no more than two and a half seconds.
_WRITES: Final = 12
_SYNC_NS_MAX: Final = 2_500_000_000

BLOCK_BYTES: Final = 64 * 1024
TRIAL_BLOCKS: Final = 64
"""4 MiB: below a second on a card of 10 MB/s, and nothing to its life."""

# The short trial ends here, however much of it has been written.
_TRIAL_NS_MAX: Final = 3_000_000_000
# What a whole trial leaves to everybody else: a sale that is begun meanwhile must find room.
_LEFT_BYTES: Final = 512 * 1024 * 1024

OnBlock = Callable[[int, int], object]
"""Hears how many steps are done, and how many there are."""


class Writes(msgspec.Struct, frozen=True):
    """How long 4 KiB took until they were on the disk, in microseconds."""

    median_us: int
    worst_us: int


class Trial(msgspec.Struct, frozen=True):
    """How many blocks were written and read back, and how many of them came back otherwise."""

    blocks: int
    wrong: int


def time_writes(directory: Path, clock: Clock) -> Writes:
    """Write and sync a few times in `directory`, and leave nothing there. Raises OSError."""
    took_us: list[int] = []
    began_ns = clock.now_ns()
    with _nameless(directory) as file:
        while len(took_us) < _WRITES and clock.now_ns() - began_ns < _SYNC_NS_MAX:
            before_ns = clock.now_ns()
            os.pwrite(file, os.urandom(_WRITE_BYTES), len(took_us) * _WRITE_BYTES)
            os.fsync(file)
            took_us.append((clock.now_ns() - before_ns) // 1000)
    return Writes(int(statistics.median(took_us)), max(took_us))


def try_blocks(
    directory: Path, clock: Clock, *, whole: bool, on_block: OnBlock = lambda _done, _all: None
) -> Trial:
    """Write numbered blocks in `directory`, read them back, and leave nothing there. Raises OSError.

    With `whole` all that is free is written, but for some room: that takes as long as the disk takes.
    `on_block` hears how many of all steps are done.
    """
    disk = os.statvfs(directory)
    room = (disk.f_bavail * disk.f_frsize - _LEFT_BYTES) // BLOCK_BYTES
    if room <= 0:
        return Trial(0, 0)
    end_ns = None if whole else clock.now_ns() + _TRIAL_NS_MAX
    wanted = room if whole else min(room, TRIAL_BLOCKS)
    with _nameless(directory) as file:
        blocks = 0
        while blocks < wanted and (end_ns is None or clock.now_ns() < end_ns):
            os.pwrite(file, numbered(blocks), blocks * BLOCK_BYTES)
            blocks += 1
            on_block(blocks, 2 * wanted)
        os.fsync(file)
        return Trial(blocks, wrong_blocks(file, blocks, lambda read: on_block(wanted + read, 2 * wanted)))


def numbered(number: int) -> bytes:
    """The bytes of one block: no two are alike, and none looks like an empty one."""
    return hashlib.sha256(f"opos {number}".encode()).digest() * (BLOCK_BYTES // 32)


def wrong_blocks(file: int, blocks: int, on_read: Callable[[int], object] = lambda _read: None) -> int:
    """How many of the first `blocks` do not come back as they were written."""
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    with contextlib.suppress(OSError), open_past_memory(file) as direct:
        return _wrong(direct, blocks, on_read)
    return _wrong(file, blocks, on_read)


@contextlib.contextmanager
def open_past_memory(file: int) -> Iterator[int]:
    """The same file, read from the disk itself; raises OSError where the file system cannot."""
    direct = os.open(f"/proc/self/fd/{file}", os.O_RDONLY | os.O_DIRECT | os.O_CLOEXEC)
    try:
        yield direct
    finally:
        os.close(direct)


def _wrong(file: int, blocks: int, on_read: Callable[[int], object]) -> int:
    with mmap.mmap(-1, BLOCK_BYTES) as page:  # O_DIRECT wants whole pages, which mmap gives
        wrong = 0
        for number in range(blocks):
            length = os.preadv(file, [page], number * BLOCK_BYTES)
            wrong += length != BLOCK_BYTES or page[:] != numbered(number)
            on_read(number + 1)
        return wrong


@contextlib.contextmanager
def _nameless(directory: Path) -> Iterator[int]:
    """A file that nobody sees, and that is gone with this process however it ends."""
    with tempfile.TemporaryFile(dir=directory) as file:
        yield file.fileno()
