"""The disk under the books: what the kernel and its card say, and what comes back of what is written."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.clock import SystemClock
from edge.config import without_trust
from edge.offline_queue.budget import MIB, Room
from edge.provision.doctor.card import BLOCK_BYTES, Trial, Writes, numbered, try_blocks, wrong_blocks
from edge.provision.doctor.disk import DISK, Card, Disk, card_of
from edge.provision.doctor.patient import Patient
from edge.provision.doctor.subject import UnknownError
from tests.object.test_config import write
from tests.provision.doctor.machines import Tree, codes, machine, patient_on

GIB = 1024 * MIB
WELL = Disk(
    Path("/var/lib/opos"),
    Path("/"),
    Room(100 * MIB, 8 * GIB, 4 * GIB),
    inodes_percent=12,
    read_only=False,
    card=Card("mmcblk0"),
    writes=Writes(9_000, 40_000),
    trial=Trial(64, 0),
)
UNKNOWN_MAKER = {"manfid": "0x000000", "oemid": "0x0000", "name": "SD", "date": "01/2020"}

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"room": Room(100 * MIB, 4 * MIB, 4 * GIB)}, "OP-1301"),
    ({"room": Room(3900 * MIB, 8 * GIB, 4 * GIB)}, "OP-1301"),
    ({"room": Room(3400 * MIB, 8 * GIB, 4 * GIB)}, "OP-1302"),
    ({"inodes_percent": 99}, "OP-1303"),
    ({"read_only": True}, "OP-1304"),
    ({"card": Card("mmcblk1", life_percent=90)}, "OP-1305"),
    ({"card": Card("mmcblk1", spare_low=True)}, "OP-1305"),
    ({"writes": Writes(180_000, 400_000)}, "OP-1306"),
    ({"writes": Writes(9_000, 2_400_000)}, "OP-1306"),
    ({"trial": Trial(64, 1)}, "OP-1307"),
    ({"card": Card("mmcblk0", about=UNKNOWN_MAKER)}, "OP-1308"),
    ({"card": Card("mmcblk0", errors=2)}, "OP-1309"),
    ({"writes": None, "trial": None, "fails": "Input/output error"}, "OP-1310"),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS)
def test_a_fault_of_a_disk_has_a_code(fault: dict[str, Any], code: str) -> None:
    assert [finding.code for finding in DISK.judge([msgspec.structs.replace(WELL, **fault)])] == [code]
    assert list(DISK.judge([WELL])) == []


def test_a_card_of_a_maker_who_has_a_number_is_believed() -> None:
    sandisk = {"manfid": "0x000003", "oemid": "0x5344", "name": "SC32G", "date": "08/2021"}
    assert list(DISK.judge([msgspec.structs.replace(WELL, card=Card("mmcblk0", about=sandisk))])) == []


def block_device(kind: str, **facts: str) -> Tree:
    """Partition 2 of mmcblk0, number 179:2, as the kernel lays it out."""
    disk = "sys/devices/platform/emmc2bus/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa"
    return {
        f"{disk}/block/mmcblk0/mmcblk0p2/partition": "2\n",
        f"{disk}/block/mmcblk0/device/type": f"{kind}\n",
        **{f"{disk}/block/mmcblk0/device/{name}": said for name, said in facts.items()},
        "sys/fs/ext4/mmcblk0p2/errors_count": "7\n",
    }


def test_what_a_card_says_of_itself_is_read_through_its_partition(tmp_path: Path) -> None:
    emmc = block_device("MMC", life_time="0x03 0x0A\n", pre_eol_info="0x02\n", manfid="0x000015\n")
    root = machine(tmp_path, emmc)
    (tmp_path / "sys/dev/block").mkdir(parents=True)
    (part,) = tmp_path.glob("sys/devices/**/mmcblk0p2")
    (tmp_path / "sys/dev/block/179:2").symlink_to(part)
    card = card_of(root, os.makedev(179, 2))
    assert (card.name, card.life_percent, card.spare_low, card.errors) == ("mmcblk0", 90, True, 7)
    assert card.about == {}, "only an SD card is asked for its maker"


@pytest.mark.parametrize("life", ["", "0x00 0x00\n", "nonsense\n"])
def test_an_emmc_that_does_not_count_is_not_called_worn(life: str, tmp_path: Path) -> None:
    root = machine(tmp_path, block_device("MMC", life_time=life))
    (tmp_path / "sys/dev/block").mkdir(parents=True)
    (part,) = tmp_path.glob("sys/devices/**/mmcblk0p2")
    (tmp_path / "sys/dev/block/179:2").symlink_to(part)
    assert card_of(root, os.makedev(179, 2)).life_percent is None


def test_a_disk_of_which_the_kernel_tells_nothing_is_not_called_worn(tmp_path: Path) -> None:
    assert card_of(machine(tmp_path, {}), os.makedev(0, 44)) == Card("the disk")


def test_a_disk_that_takes_nothing_although_there_is_room_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = without_trust(write(tmp_path))
    config.data_dir.mkdir()
    patient = msgspec.structs.replace(patient_on(machine(tmp_path / "root", {})), config=config)
    for number, wanted in ((errno.EIO, {"OP-1310"}), (errno.ENOSPC, {"OP-1310"}), (errno.EROFS, set())):
        monkeypatch.setattr(os, "fsync", _failing(number))
        assert set(codes("disk", patient)) - {"OP-1302"} == wanted
    monkeypatch.setattr(os, "fsync", _failing(errno.EACCES))
    with pytest.raises(UnknownError, match="may not write"):
        codes("disk", patient)


def _failing(number: int) -> Callable[[int], None]:
    def fsync(_file: int) -> None:
        raise OSError(number, os.strerror(number))

    return fsync


def test_what_was_written_comes_back_and_nothing_of_it_stays(tmp_path: Path) -> None:
    trial = try_blocks(tmp_path, SystemClock(), whole=False)
    assert trial.wrong == 0
    assert list(tmp_path.iterdir()) == []


def test_a_whole_trial_leaves_room_for_a_sale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Free:
        f_frsize = 1
        f_bavail = 512 * MIB + 5 * BLOCK_BYTES

    monkeypatch.setattr(os, "statvfs", lambda _path: Free)
    told: list[tuple[int, int]] = []
    trial = try_blocks(tmp_path, SystemClock(), whole=True, on_block=lambda *step: told.append(step))
    assert (trial, told) == (Trial(5, 0), [(step, 10) for step in range(1, 11)])
    Free.f_bavail = 512 * MIB
    assert try_blocks(tmp_path, SystemClock(), whole=True) == Trial(0, 0)


def test_blocks_that_come_back_otherwise_are_counted(tmp_path: Path) -> None:
    # A card of two blocks that claims four: what is written past its end lands at its beginning.
    lying = [numbered(2), numbered(3), numbered(2), numbered(3)]
    with (tmp_path / "card").open("w+b", buffering=0) as file:
        file.write(b"".join(lying))
        os.fsync(file.fileno())
        assert wrong_blocks(file.fileno(), 4) == 2
        os.ftruncate(file.fileno(), BLOCK_BYTES)
        assert wrong_blocks(file.fileno(), 2) == 2


def test_a_disk_that_works_is_tried_and_found_well(tmp_path: Path) -> None:
    config = without_trust(write(tmp_path))
    config.data_dir.mkdir()
    blank = patient_on(machine(tmp_path / "root", {}))
    patient: Patient = msgspec.structs.replace(blank, config=config)
    # How quick the disk of this machine is today is not the doctor's fault.
    assert set(codes("disk", patient)) <= {"OP-1302", "OP-1306"}
    assert list(config.data_dir.iterdir()) == []
