"""The keeper of the ledger: opens it, watches its disk and its wholeness, and says when it is over."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.contract.facts import ForkReason, HeadOf
from cloud_sync.contract.receipt import Receipt
from edge.checkout.books import ShopProjection
from edge.clock import Clock
from edge.config import ObjectConfig
from edge.keys import signer_for
from edge.offline_queue.budget import Ballast, Level, level_of, room_of
from edge.offline_queue.journal import Journal, open_journal
from edge.offline_queue.lanes import TelemetryLane
from edge.offline_queue.outcomes import JournalClosedError, JournalDamagedError
from edge.offline_queue.set_aside import note_of, set_aside
from edge.offline_queue.standing import signing_kid
from edge.offline_queue.witness import FileWitness, Witness, WitnessError, loss

_log: Final = logging.getLogger("opos.keeper")

_LOOK_S: Final = 1.0
# The full check waits until the shop is open: a start should be short on a slow board.
_CHECK_AFTER_S: Final = 10.0
# The witness is shown so many entries at a time: its medium is slow, and may be a USB stick that wears out.
_WITNESSED_EVERY: Final = 64


class LedgerOverError(Exception):
    """The ledger must not be written any more: why. The next start goes on in another epoch, or waits."""


class _Verdict(msgspec.Struct):
    """What `opos ledger verify --json` says."""

    problems: list[dict[str, object]]


class Keeper:
    """Opens the ledger of `config`; `journal` is what the rooms write with.

    Raises JournalDamagedError when a person must look, JournalClosedError or KeyUnusableError when it cannot
    be written.
    """

    def __init__(self, config: ObjectConfig, version: str, clock: Clock) -> None:
        self._config = config
        self._ballast = Ballast(config.ballast)
        self._witness = FileWitness(config.witness) if config.witness else None
        self._witnessed = 0
        self.telemetry = TelemetryLane(config.telemetry)
        self.level = Level.ROOMY
        self.on_looked: Callable[[], None] = lambda: None
        """Called after each look at the ledger, which the thread that writes it has answered."""
        kid = None
        with contextlib.suppress(JournalDamagedError):  # whoever opens it to write finds that out, and acts
            kid = signing_kid(config.ledger)
        signer = signer_for(config, kid)

        def opened() -> Journal:
            return open_journal(
                config.ledger, signer, config.object.id, clock, [ShopProjection()], reserve=self._ballast
            )

        self.journal = opened()
        if lost := self._lost(self._witness, self.journal):
            set_aside(config.ledger, "behind-the-witness", lost)
            self.journal.close()
            self.journal = opened()
        self.journal.start(version)

    def fork(self, receipt: Receipt, why: str) -> None:
        """The hub has what this file has not: the next start begins a new epoch."""
        reason: ForkReason = "behind-the-hub" if receipt.seq > self.journal.head else "another-history"
        set_aside(self._config.ledger, reason, why, HeadOf(receipt.seq, receipt.hash))

    async def watch(self) -> None:
        """Look after the disk and the witness for ever."""
        while True:
            with contextlib.suppress(JournalClosedError):  # the runtime hears of that by itself
                await self._look()
                self.on_looked()
            await asyncio.sleep(_LOOK_S)

    async def check(self) -> None:
        """Check the whole ledger once, in a process of its own that gives way to everything else.

        Raises LedgerOverError when it does not hold together: it is set aside.
        """
        await asyncio.sleep(_CHECK_AFTER_S)
        problems = await _verified(self._config.ledger)
        if problems:
            why = f"entry {problems[0].get('seq')}: {problems[0].get('reason')}"
            set_aside(self._config.ledger, "damaged", f"{self._config.ledger}: {why}")
            raise LedgerOverError(why)

    def close(self) -> None:
        """Show the witness the last entry, and give the ledger and the lane back."""
        self._show_witness()
        self.journal.close()
        self.telemetry.close()

    async def _look(self) -> None:
        spare = await self.journal.spare_bytes()
        storage, ledger = self._config.storage, self._config.ledger
        lane = self._config.telemetry
        logs = [path.with_name(f"{path.name}-wal") for path in (ledger, lane)]
        files = [ledger, lane, *logs, self._config.ballast, *self._config.documents.glob("*")]
        self.level = level_of(room_of(self._config.data_dir, files, storage.budget_bytes, spare), self.level)
        if self.level >= Level.DROP_TELEMETRY:
            self.telemetry.wipe()
        if self.level >= Level.PRUNE:
            await self.journal.prune()
        elif not self._ballast.laid:
            with contextlib.suppress(OSError):  # the next write will say the same, to somebody who can act
                self._ballast.lay()
        if self.journal.head - self._witnessed >= _WITNESSED_EVERY:
            await asyncio.to_thread(self._show_witness)

    def _show_witness(self) -> None:
        self._witnessed = self.journal.head
        if self._witness is not None:
            try:
                self._witness.see(self.journal.epoch, self.journal.head)
            except WitnessError as error:
                _log.warning("%s", error)

    def _lost(self, witness: Witness | None, journal: Journal) -> str | None:
        """What the witness knows and the ledger does not.

        A ledger that has just been made follows none that could be set aside: that is only said.
        """
        if witness is None:
            return None
        try:
            follows = [journal.follows] if journal.follows else []
            lost = loss(witness.seen(), journal.epoch, journal.head, follows)
        except WitnessError as error:
            _log.warning("%s", error)
            return None
        if lost and not journal.head:
            _log.error("%s, and no file of the old one is here", lost)
            return None
        return lost


def may_begin_anew(config: ObjectConfig) -> bool:
    """Whether a person has let the next epoch begin."""
    note = note_of(config.ledger)
    return note is None or note.allowed


async def _verified(ledger: Path) -> list[dict[str, object]]:
    """What the full check finds; nothing when it could not be made, which is logged."""
    command = ("nice", "-n", "19", sys.executable, "-m", "opos", "ledger", "verify", str(ledger), "--json")
    check = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        said, _ = await check.communicate()
    except asyncio.CancelledError:
        check.kill()
        await check.wait()
        raise
    try:
        return msgspec.json.decode(said, type=_Verdict).problems
    except ValueError:
        _log.warning("the full check of %s ended with %s", ledger, check.returncode)
        return []
