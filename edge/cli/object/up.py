"""Run an object and its agent together, where no systemd does it."""

import signal
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import apsw
import click

from edge.cli.object.door import FILE, said
from edge.clock import Clock, SystemClock
from edge.config import ObjectConfig, load
from edge.offline_queue.reader import LedgerReader, NoLedgerError
from edge.provision.up import UpAlreadyError, alone_up, keep_up

# Whoever waits for the first receipt sees it within the second; a hub that stays away costs a look a second.
_LOOKED_EVERY_NS: Final = 1_000_000_000


@click.command()
@FILE
def up(file: Path) -> None:
    """Run the object that FILE describes and its agent, until Ctrl-C or SIGTERM ends both.

    One that dies is started again.
    """
    with said(UpAlreadyError, OSError):
        config = load(file)
        with alone_up(config):
            _keep_up(file, config)


def _keep_up(file: Path, config: ObjectConfig) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    click.echo(f"{config.object.id}: its glass is http://{config.display.host}:{config.display.port}/")
    clock = SystemClock()
    keep_up(file, stop, clock, _complain, _FirstReceipt(config, clock).look)


def _complain(sentence: str) -> None:
    click.echo(sentence, err=True)


class _FirstReceipt:
    """Looks whether the hub has confirmed anything yet, and says it once: the installer may go home."""

    def __init__(self, config: ObjectConfig, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._told = False
        self._due_ns = 0

    def look(self) -> None:
        """Look again, if it is time to; a ledger that cannot be read is the runtime's to speak of."""
        if self._told or self._clock.now_ns() < self._due_ns:
            return
        self._due_ns = self._clock.now_ns() + _LOOKED_EVERY_NS
        with suppress(NoLedgerError, apsw.Error), closing(LedgerReader(self._config.ledger)) as reader:
            if acked := reader.acked():
                self._told = True
                name = self._config.object.id
                click.echo(f"{name}: the hub has confirmed everything up to entry {acked}")
