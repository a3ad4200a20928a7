"""The disk under the object's books: room, wear, errors, what its card says of itself, and a short trial.

Sources: JESD84-B51, EXT_CSD registers 267 to 269 (eMMC wear, as Linux shows them in life_time and
pre_eol_info); SD Physical Layer Simplified Specification, CID register; Linux
Documentation/ABI/testing/sysfs-fs-ext4.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.offline_queue.budget import MIB, Level, Room, level_of, room_of
from edge.provision.doctor.card import Trial, Writes, time_writes, try_blocks
from edge.provision.doctor.pages import Finding, found
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import Subject, UnknownError, config_of
from edge.provision.doctor.sysroot import Sysroot

# A tenth of its life is left; pre_eol_info 2 says that four fifths of the spare blocks are used.
_WORN_PERCENT: Final = 90
_SPARE_LOW: Final = 2
# A tap is answered within 100 ms by a board of the shop's size, and a sale writes twice.
_MEDIAN_US_MAX: Final = 50_000
_WORST_US_MAX: Final = 1_000_000
_INODES_PERCENT_MAX: Final = 95

# There is room when it is tried: that none is given is told of the disk, but where names are what is missing.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

_CARD_FACTS: Final = ("manfid", "oemid", "name", "date")


class Card(msgspec.Struct, frozen=True):
    """What the device under the file system says of itself; empty and None where it says nothing."""

    name: str
    life_percent: int | None = None
    spare_low: bool = False
    about: dict[str, str] = {}
    errors: int = 0


class Disk(msgspec.Struct, frozen=True):
    """The disk where the books are; `inodes_percent` None where a file system has no such limit."""

    path: Path
    mount: Path
    room: Room
    inodes_percent: int | None
    read_only: bool
    card: Card
    writes: Writes | None = None
    trial: Trial | None = None
    fails: str = ""
    """What the disk answers to whoever writes although there is room."""


def read(patient: Patient) -> Iterator[Disk]:
    """Look at the disk, and write on it if it can be written."""
    config = config_of(patient)
    directory = config.data_dir
    if not directory.is_dir():
        raise UnknownError(f"{directory} is not there yet: the object has never run")
    files = [each for each in directory.rglob("*") if each.is_file()]
    room = room_of(directory, files, config.storage.budget_bytes)
    disk = os.statvfs(directory)
    whole = Disk(
        directory,
        _mount(directory),
        room,
        None if not disk.f_files else 100 - 100 * disk.f_favail // disk.f_files,
        bool(disk.f_flag & os.ST_RDONLY),
        card_of(patient.root, directory.stat().st_dev),
    )
    yield whole if whole.read_only or level_of(room) is Level.REFUSE else _tried(whole, patient)


def _tried(disk: Disk, patient: Patient) -> Disk:
    try:
        writes = time_writes(disk.path, patient.clock)
        trial = try_blocks(disk.path, patient.clock, whole=patient.card, on_block=patient.on_block)
    except PermissionError as error:
        raise UnknownError(f"{disk.path}: this user may not write there") from error
    except OSError as error:
        told = error.errno == errno.EROFS or (error.errno in _FULL and without_inodes(disk))
        return msgspec.structs.replace(disk, fails="" if told else error.strerror or str(error))
    return msgspec.structs.replace(disk, writes=writes, trial=trial)


def _mount(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.is_mount())


def card_of(root: Sysroot, device: int) -> Card:
    """The disk that the partition with this number is on."""
    node = root.path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    if not node.exists():
        return Card("the disk")
    part = node.resolve()
    disk = part.parent if (part / "partition").exists() else part
    steps = [_hexadecimal(each) for each in root.text(disk / "device" / "life_time").split()]
    known = {name: root.text(disk / "device" / name) for name in _CARD_FACTS}
    return Card(
        disk.name,
        (max(steps) - 1) * 10 if max(steps, default=0) else None,
        (root.number(disk / "device" / "pre_eol_info", 16) or 0) >= _SPARE_LOW,
        known if root.text(disk / "device" / "type") == "SD" else {},
        root.number(f"/sys/fs/ext4/{part.name}/errors_count") or 0,
    )


def refuses(disk: Disk) -> Finding | None:
    """So full that nothing is sold."""
    if level_of(disk.room) is not Level.REFUSE:
        return None
    return found("OP-1301", free=disk.room.free_bytes // MIB)


def fills(disk: Disk) -> Finding | None:
    """On the way there."""
    room = disk.room
    if level_of(room) not in {Level.DROP_TELEMETRY, Level.PRUNE}:
        return None
    percent = 100 * room.used_bytes // max(room.total_bytes, 1)
    return found("OP-1302", percent=percent, free=room.free_bytes // MIB)


def without_inodes(disk: Disk) -> Finding | None:
    """Room, and no place for a name."""
    if disk.inodes_percent is None or disk.inodes_percent < _INODES_PERCENT_MAX:
        return None
    return found("OP-1303", percent=disk.inodes_percent)


def read_only(disk: Disk) -> Finding | None:
    """Locked by Linux, or by itself."""
    return found("OP-1304", path=disk.path, mount=disk.mount) if disk.read_only else None


def worn(disk: Disk) -> Finding | None:
    """Near the end of its life."""
    percent = disk.card.life_percent or 0
    if percent < _WORN_PERCENT and not disk.card.spare_low:
        return None
    return found("OP-1305", device=disk.card.name, percent=max(percent, _WORN_PERCENT))


def slow(disk: Disk) -> Finding | None:
    """A shopper waits for it."""
    writes = disk.writes
    if writes is None or (writes.median_us <= _MEDIAN_US_MAX and writes.worst_us <= _WORST_US_MAX):
        return None
    return found("OP-1306", median=writes.median_us // 1000, worst=writes.worst_us // 1000)


def lies(disk: Disk) -> Finding | None:
    """Gives back what was not written."""
    trial = disk.trial
    if trial is None or not trial.wrong:
        return None
    return found("OP-1307", device=disk.card.name, wrong=trial.wrong, blocks=trial.blocks)


def nameless(disk: Disk) -> Finding | None:
    """A card that nobody says to have made."""
    about = disk.card.about
    if not about or (about["name"] and (_hexadecimal(about["manfid"]) or _hexadecimal(about["oemid"]))):
        return None
    said = ", ".join(f"{name} {value or 'empty'}" for name, value in about.items())
    return found("OP-1308", device=disk.card.name, about=said)


def has_errors(disk: Disk) -> Finding | None:
    """Found wrong by the file system itself."""
    if not disk.card.errors:
        return None
    return found("OP-1309", device=disk.card.name, errors=disk.card.errors)


def unwritable(disk: Disk) -> Finding | None:
    """Broken."""
    return found("OP-1310", path=disk.path, said=disk.fails) if disk.fails else None


def _hexadecimal(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0


DISK: Final = Subject(
    read, refuses, fills, without_inodes, read_only, worn, slow, lies, nameless, has_errors, unwritable
)
