"""Luck that comes from the seed alone, also where the product draws its own."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from unittest import mock

# A ledger of a world has some dozens of entries: its log need not begin with the room for a busy day.
_WAL_BYTES: Final = 32 * 1024


@contextmanager
def seeded(seed: int) -> Iterator[random.Random]:
    """The luck of one world; while the block lasts, epochs and names of boots come from it too.

    No power fails in these worlds (those are in `tests/offline_queue/power`), so nobody waits for a disk.
    """
    luck = random.Random(seed)
    inner = random.Random(luck.random())
    with (
        mock.patch("secrets.token_bytes", inner.randbytes),
        mock.patch("os.fsync"),
        mock.patch("edge.offline_queue.ledger._WAL_BYTES", _WAL_BYTES),
    ):
        yield luck
