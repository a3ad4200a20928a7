"""Factory reset: an object forgets its shop, and nothing that was sold is forgotten with it.

What the hub has not confirmed is counted first, in the ledger and in those that were set aside; who resets
all the same must say the exact number, and every ledger is written down before anything goes. From then on a
note says that the object is being reset, so that the same command goes on after a power cut; while the key is
there it counts once more, since the object may have sold in between.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from cloud_sync.agent.desk import SOCKET, ask
from edge.config import ObjectConfig
from edge.identity import keep_file
from edge.keys import key_files
from edge.offline_queue.ledger import locked, sync_directory
from edge.offline_queue.outcomes import JournalClosedError
from edge.provision.place import LOCK, Place, alone
from edge.provision.unsynced import Unsynced, unsynced_of, written_down

_NOTE: Final = "reset.json"
# What stands beside its file of other times: the shop, its site and its accounts are in each.
_OLD: Final = ("new", "before", "wrong")
# A private key of any kind is a few hundred bytes of PEM; what is longer is none.
_KEY_BYTES_MAX: Final = 64 * 1024


class ResetRefusedError(Exception):
    """The object stays as it is: why, and what to do."""


class UnsyncedError(ResetRefusedError):
    """The hub has not confirmed everything: `unsynced` says what."""

    def __init__(self, sentence: str, unsynced: Unsynced) -> None:
        super().__init__(sentence)
        self.unsynced = unsynced


class Reset(msgspec.Struct, frozen=True):
    """What a reset has left: the ledgers as they were written down before they went."""

    object: str
    unsynced: Unsynced
    kept: tuple[Path, ...]


def reset(place: Place, config: ObjectConfig, despite: int | None, kept_in: Path) -> Reset:
    """Make the object at `place` one that has never met a shop.

    `despite` is how many entries may be lost to the hub. Raises UnsyncedError, ResetRefusedError, TakenError,
    OSError.
    """
    _check_data(place, kept_in)
    with alone(place), _stopped(config):
        kept: tuple[Path, ...] = ()
        unsynced = Unsynced(0, {})
        if config.key.exists() or not (place.data / _NOTE).exists():
            unsynced = unsynced_of(config)
            _check(config, unsynced, despite)
            if not unsynced.nothing:
                kept = tuple(written_down(config, kept_in))
            keep_file(place.data / _NOTE, msgspec.json.encode({"object": config.object.id}))
        _forget(place, config)
        return Reset(config.object.id, unsynced, kept)


def _check_data(place: Place, kept_in: Path) -> None:
    """Everything in the data directory goes: nobody else's files may be in it, nor what is to be kept."""
    if place.directory.is_relative_to(place.data):
        raise ResetRefusedError(
            f"{place.data}: the object's data lies where other files are: remove by hand what is the object's"
        )
    if kept_in.absolute().is_relative_to(place.data):
        raise ResetRefusedError(f"{kept_in}: what is there goes as well: keep it elsewhere")


@contextmanager
def _stopped(config: ObjectConfig) -> Iterator[None]:
    """Neither runtime nor agent is at work, and none can begin to be."""
    if ask(config.data_dir / SOCKET) is not None:
        raise ResetRefusedError(
            f"{config.object.id}: its agent runs: stop it first (`opos object up`, systemd)"
        )
    try:
        with locked(config.ledger):
            yield
    except JournalClosedError as error:
        raise ResetRefusedError(str(error)) from error


def _check(config: ObjectConfig, unsynced: Unsynced, despite: int | None) -> None:
    """Only what somebody has counted may be lost."""
    if unsynced.nothing or (despite == unsynced.entries and despite is not None):
        return
    entries = "1 entry" if unsynced.entries == 1 else f"{unsynced.entries} entries"
    what = f"{config.object.id} has {entries} that the hub has not confirmed"
    if unsynced.unreadable:
        what += f", and ledgers that cannot be read: {', '.join(unsynced.unreadable)}"
    raise UnsyncedError(
        f"{what}: let it sync first; or write them down and reset with --despite-unsynced {unsynced.entries}",
        unsynced,
    )


def _forget(place: Place, config: ObjectConfig) -> None:
    """The keys first, so that nothing can start in between; the configuration last, by which this goes on."""
    for key in (*key_files(config), config.tls.key):
        _blank(key)
    for path in sorted(place.data.iterdir()):
        if path.name not in {_NOTE, LOCK}:
            _remove(path)
    if place.trust.parent == place.directory:  # one above is shared by several objects
        _remove(place.trust)
    for outside in (
        config.tls.root,
        config.tls.chain,
        config.witness,
        *(place.file.with_name(f"{place.file.name}.{name}") for name in _OLD),
    ):
        if outside is not None:
            _remove(outside)
    sync_directory(place.data)
    (place.data / _NOTE).unlink()
    _remove(place.file)
    sync_directory(place.directory)
    for lock in (LOCK, f"{config.ledger.name}.lock"):
        _remove(place.data / lock)
    with suppress(OSError):  # it may be a service's own, which only systemd takes away
        place.data.rmdir()


def _blank(key: Path) -> None:
    """Overwrite a key before it goes: what flash keeps of it all the same, a new key makes worthless."""
    if key.is_file() and key.stat().st_size <= _KEY_BYTES_MAX:
        with key.open("r+b") as file:
            file.write(bytes(key.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    _remove(key)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
