"""Faults of the disk: the object's data moves to a small card of its own, which is a file in memory."""

from pathlib import Path
from typing import Final

from tests.system.ills.ill import DATA, Cause, Ill, Round, each, here
from tests.system.ills.laid import EYES, SLOW, lay_clocks
from tests.system.shop import Shop

_CARD: Final = "/srv/card"
_IMAGE: Final = f"{_CARD}/image"
_DISK: Final = f"{_CARD}/disk"
_JOURNAL: Final = "/var/log/journal"
_UNITS: Final = "opos-edge.service opos-sync.service"
_FILLER: Final = f"{DATA}/filler"
_TEMPORARY: Final = "/tmp"  # noqa: S108  what `systemd-tmpfiles --clean` cleans
_SAVED: Final = f"{_TEMPORARY}/ledger.jws"
_OTHERS: Final = f"{_DISK}/others"
_PUNCH: Final = f"{_CARD}/punch"

# The memory holds what is written and no more, so that a write can fail; the card says that it is larger.
# Without a journal of its own a file system writes at once what it is told.
_MADE: Final = f"""\
systemctl stop {_UNITS}
mkdir -p {_CARD}
mount -t tmpfs -o size=192m card {_CARD}
mkdir {_DISK}
truncate -s 700M {_IMAGE}
mkfs.ext4 -q -m 0 -N 4000 -O ^has_journal -E lazy_itable_init=0 {_IMAGE}
test -e /dev/loop-control || mknod /dev/loop-control c 10 237
free=$(losetup -f)
test -e "$free" || mknod "$free" b 7 "${{free#/dev/loop}}"
mount -o loop,discard {_IMAGE} {_DISK}
cp -a {DATA} {_DISK}/opos
mkdir {_DISK}/short
chmod 1777 {_DISK}/short
mount --bind {_DISK}/opos {DATA}
mount --bind {_DISK}/short {_TEMPORARY}
"""
# What the machine has said, twelve times over: files that were closed, as journald keeps them.
_OLD_JOURNAL: Final = f"""\
journalctl --rotate
folder=$(ls -d {_JOURNAL}/*/ | head -1)
old=$(ls -S $folder/*@*.journal | head -1)
mkdir -p {_DISK}/journal/$(basename $folder)
for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
  new={_DISK}/journal/$(basename $folder)/$(basename "$old" | sed "s/@......../@$(printf %08x $number)/")
  cp "$old" "$new"
  truncate -s 8M "$new"
  fallocate -l 8M "$new"
done
mount --bind {_DISK}/journal {_JOURNAL}
"""
_UNMADE: Final = f"""\
umount {DATA} {_TEMPORARY} {_DISK} {_CARD}
systemctl start {_UNITS}
"""
_NODE: Final = f"dev=$(findmnt -no SOURCE {_DISK} | head -1); name=$(basename $dev)"
# A card of nobody's that is at its end: what the kernel would tell of it.
_WORN: Final = f"""\
{_NODE}
card=/run/laid/card/$name/device
mkdir -p $card
printf '0x0b 0x0a' > $card/life_time
printf SD > $card/type
printf 0x000000 > $card/manfid
printf 0x0000 > $card/oemid
touch $card/name $card/date
ln -s $name /run/laid/card/$(cat /sys/class/block/$name/dev)
mount --bind /run/laid/card /sys/dev/block
"""
# What is free is emptied again and again: whatever was written there is gone when it is read.
_FORGETFUL: Final = f"""\
dumpe2fs {_IMAGE} 2>/dev/null | sed -n 's/^ *Free blocks: *//p' | tr ', ' '\\n\\n' | grep -- - > {_CARD}/free
cat > {_PUNCH} <<'END'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
file = os.open("{_IMAGE}", os.O_RDWR)
spans = [tuple(map(int, line.split("-"))) for line in open("{_CARD}/free")]
while True:
    for first, last in spans:
        libc.fallocate(file, 3, ctypes.c_long(first * 4096), ctypes.c_long((last - first + 1) * 4096))
END
systemd-run --quiet --unit=forgetful python3 {_PUNCH}
"""

FILLING: Final = Round(
    "a card that gets full",
    (
        Ill(
            "OP-1302",
            here(
                f"fallocate -l 400M {_FILLER}; chown opos: {_FILLER}\n"
                f"fallocate -l $(($(stat -f -c '%a*%S' {_DISK}) - 60000000)) {_OTHERS}"
            ),
        ),
    ),
    before=each(here(_MADE), here(_OLD_JOURNAL)),
    after=here(f"rm {_FILLER} {_OTHERS}; umount {_JOURNAL}; rm -r {_DISK}/journal"),
)

FULL: Final = Round(
    "a card that is full",
    (
        Ill(
            "OP-1301",
            here(f"fallocate -l $(($(stat -f -c '%a*%S' {_DISK}) - 4000000)) {_OTHERS}"),
        ),
    ),
    before=here(_OLD_JOURNAL),
    after=here(f"rm {_OTHERS}; umount {_JOURNAL}; rm -r {_DISK}/journal"),
)

NO_INODES: Final = Round(
    "a card that can hold no more files",
    (
        Ill(
            "OP-1303",
            here(
                f"echo 'q {_TEMPORARY} 1777 root root 0' > /etc/tmpfiles.d/tmp.conf\n"
                f"cd {_TEMPORARY}; seq $(($(stat -f -c %d {_DISK}) - 20)) | xargs touch"
            ),
        ),
    ),
    after=here("rm /etc/tmpfiles.d/tmp.conf"),
)

LOCKED: Final = Round(
    "a card that has locked itself",
    (Ill("OP-1304", here(f"mount -o remount,ro {DATA}")),),
)

WORN: Final = Round(
    "a card of nobody's that is slow and at its end",
    (
        Ill(
            "OP-1305",
            here(_WORN),
            afterwards=here(f"test -s {_SAVED}; rm {_SAVED}; umount /sys/dev/block"),
            how=Cause.LAID_OVER,
        ),
        Ill("OP-1308", how=Cause.LAID_OVER),
        Ill("OP-1306", here(f"touch {SLOW}"), hand=here(f"rm {SLOW}"), how=Cause.LAID_OVER),
    ),
    before=lay_clocks(),
    eyes=EYES,
)

FORGETFUL: Final = Round(
    "a card that gives back other bytes than were written",
    (
        Ill(
            "OP-1307",
            here(_FORGETFUL),
            afterwards=here(f"test -s {_SAVED}; rm {_SAVED}; systemctl stop forgetful"),
        ),
    ),
)

BROKEN: Final = Round(
    "a card that cannot be written any more",
    (
        Ill(
            "OP-1310",
            here(f"sync; fallocate -l $(($(stat -f -c '%a*%S' {_CARD}))) {_CARD}/other"),
            afterwards=here(f"test -s {_SAVED}; rm {_SAVED} {_CARD}/other"),
        ),
    ),
)

# What a start does: it checks a file system that is marked, with systemd's own program, before it is mounted.
_STARTED: Final = f"""\
{_NODE}
umount {DATA} {_TEMPORARY} {_DISK}
dev=$(losetup -f --show {_IMAGE})
/lib/systemd/systemd-fsck $dev
losetup -d $dev
rm -f /forcefsck
mount -o loop {_IMAGE} {_DISK}
mount --bind {_DISK}/opos {DATA}
mount --bind {_DISK}/short {_TEMPORARY}
"""


def _find_an_error(shop: Shop) -> None:
    """The kernel's own way to have a file system find an error; its file can only be written from outside."""
    name = shop.object.run("sh", "-ec", f"{_NODE}; echo $name").strip()
    Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("on purpose")


ERRORS: Final = Round(
    "a file system that has found errors",
    (
        Ill(
            "OP-1309",
            _find_an_error,
            afterwards=here(_STARTED),
        ),
    ),
    after=here(_UNMADE),
)
