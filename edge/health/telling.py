"""Tells the numbers of an object: in a file for node_exporter, and at a port of its own if one is wished."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from cloud_sync.exposition import Table
from cloud_sync.measures import Sample
from edge.config import HealthSection
from edge.health.port import NumbersPort

_log: Final = logging.getLogger("opos.health")

# What Prometheus asks node_exporter at by default; twice as often would tell nobody more.
_ROUND_S: Final = 15.0
# What changes all the time, as sales do at noon, is told once a second.
_PAUSE_S: Final = 1.0

# Whoever runs node_exporter reads the file, and is neither us nor of our group.
_FOR_ALL: Final = 0o644


class Teller:
    """Tells every quarter of a minute, and soon when it is stirred; what is in the way of it is only said."""

    def __init__(self, table: Table, textfile: Path | None, section: HealthSection) -> None:
        self._table, self._textfile, self._section = table, textfile, section
        self._numbers = b""
        self._complaint = ""
        self._stirred = asyncio.Event()
        self._port = NumbersPort(lambda: self._numbers)

    async def run(self, look: Callable[[], Iterable[Sample]]) -> None:
        """Tell for ever what `look` sees."""
        await self.open()
        while True:
            self._stirred.clear()
            self.tell(look())
            await asyncio.sleep(_PAUSE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ROUND_S):
                    await self._stirred.wait()

    def stir(self) -> None:
        """Something has changed: tell it soon."""
        self._stirred.set()

    async def open(self) -> None:
        """Answer at the port, where one is wished: the line to the hub is worth more than its numbers."""
        host, port = self._section.host, self._section.port
        if port is None:
            return
        try:
            await self._port.open(host, port)
        except OSError as error:
            _log.error("no numbers at %s:%d: %s: give [health] another port", host, port, error.strerror)

    def tell(self, samples: Iterable[Sample]) -> None:
        """Tell this, and no longer what was told before; a file that cannot be written is said once."""
        self._numbers = self._table.text(samples)
        if self._textfile is None:
            return
        try:
            write(self._textfile, self._numbers)
        except OSError as error:
            self._complain(f"{self._textfile}: no numbers can be written: {error.strerror}")
        else:
            self._complaint = ""

    def close(self) -> None:
        """Answer no more; the file stays, and its age says that nobody writes it."""
        self._port.close()

    def _complain(self, sentence: str) -> None:
        if sentence != self._complaint:
            _log.warning("%s", sentence)
        self._complaint = sentence


def write(path: Path, text: bytes) -> None:
    """Put `text` in the place of what was at `path`, at once: whoever reads sees the one or the other.

    Nothing is synced: after a power cut the numbers of before are of no use. Raises OSError.
    """
    fresh = path.with_name(f".{path.name}.new")  # node_exporter reads *.prom, and not this
    fresh.write_bytes(text)
    fresh.chmod(_FOR_ALL)
    fresh.replace(path)
