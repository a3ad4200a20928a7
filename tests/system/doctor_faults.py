"""Faults for the doctor that need a machine with services: what causes each, what a hand does, what is found.

`cause` and `hand` are lines for a shell of root's in the object's machine (`hub_cause`, `hub_hand`: in the
hub's); `bench` and `bench_hand` are orders to the bench of devices. Between the two the doctor finds `code`
under `subject`; then its command is run, and the code is gone. What is `last` ends the ledger.
"""

from typing import Final

import msgspec

_DATA: Final = "/var/lib/opos"
_FILE: Final = "/etc/opos/object.toml"
_AS_OPOS: Final = "runuser -u opos --"


class Ill(msgspec.Struct, frozen=True):
    """One fault on purpose; `mends` False where the hand alone does it, and the command only looks."""

    code: str
    subject: str
    cause: str = ""
    hand: str = ""
    hub_cause: str = ""
    hub_hand: str = ""
    bench: tuple[str, str] | None = None
    bench_hand: tuple[str, str] | None = None
    mends: bool = True
    last: bool = False


ILLS: Final = (
    Ill("OP-6002", "units", "systemctl stop opos-sync"),
    Ill("OP-6002", "units", "systemctl stop opos-edge"),
    Ill("OP-6004", "units", "systemctl disable opos-sync"),
    Ill("OP-3104", "broker", "systemctl kill --signal=STOP opos-sync"),
    Ill("OP-4202", "identity", f"chmod 644 {_DATA}/object.key"),
    Ill("OP-4204", "identity", f"touch {_DATA}/left-by-root"),
    Ill(
        "OP-1304",
        "disk",
        f"mount --bind {_DATA} {_DATA} && mount -o remount,bind,ro {_DATA}",
        hand=f"umount {_DATA} || umount -l {_DATA}; mount --bind {_DATA} {_DATA}",
    ),
    Ill(
        "OP-1301",
        "disk",
        f"cp -a {_FILE} /run/kept.toml && printf '\\n[storage]\\nbudget_mib = 32\\n' >> {_FILE}"
        f" && {_AS_OPOS} fallocate -l 31M {_DATA}/filler",
        hand=f"rm {_DATA}/filler && cp -a /run/kept.toml {_FILE}",
        mends=False,
    ),
    Ill("OP-2101", "devices", bench=("reader", "unplug"), bench_hand=("reader", "plug"), mends=False),
    Ill("OP-5002", "terminal", bench=("terminal", "unplug"), bench_hand=("terminal", "plug"), mends=False),
    Ill(
        "OP-2106",
        "devices",
        f"cp -a {_FILE} /run/kept.toml && sed -i 's|/dev/opos/scale0|/dev/ttyUSB0|' {_FILE}",
        hand=f"cp -a /run/kept.toml {_FILE}",
        mends=False,
    ),
    Ill(
        "OP-6001",
        "file",
        f"cp -a {_FILE} /run/kept.toml && echo 'colour = \"red\"' >> {_FILE}",
        hand=f"cp -a /run/kept.toml {_FILE}",
        mends=False,
    ),
    Ill("OP-3101", "broker", hub_cause="systemctl stop opos-broker", hub_hand="systemctl start opos-broker"),
    Ill("OP-3201", "hub", hub_cause="systemctl stop opos-hub", hub_hand="systemctl start opos-hub"),
    Ill(
        "OP-4003",
        "ledger",
        f"systemctl stop opos-edge && sqlite_size=$(stat -c %s {_DATA}/ledger.db) && dd if=/dev/zero"
        f" of={_DATA}/ledger.db bs=1 seek=$((sqlite_size / 2)) count=4096 conv=notrunc status=none"
        " && systemctl start opos-edge",
        last=True,
    ),
)
