"""Faults of the devices: their cables, their ports, their own troubles, and the card terminal's."""

from typing import Final

from tests.system.bench import OTHER_TERMINAL_PORT, PRINTER_PORT, SCALE, TERMINAL_PORT
from tests.system.ills.ill import FILE, FILE_BACK, KEEP_FILE, Ill, Round, at_the_bench, bring, each, here

_EDGE: Final = "opos-edge.service"
_RESTART: Final = f"systemctl restart {_EDGE}"
# It need not be ready to sell: what hangs on it is not what its file says.
_AGAIN: Final = f"systemctl restart --no-block {_EDGE}"
_USUAL: Final = f"{FILE_BACK}; {_RESTART}"
# Where the kernel would have put it, and where udev its socket.
_NUMBERED: Final = "/dev/ttyUSB0"
_BY_PATH: Final = "/dev/serial/by-path/platform-fd500000.pcie-usb-0:1.3:1.0-port0"
_CABLE: Final = "/run/cable"
# Answers whatever it is asked, in a language of its own.
_STRANGE: Final = f"""\
import os, pty, tty
far, near = pty.openpty()
tty.setraw(near)
os.symlink(os.ttyname(near), "{_CABLE}")
while os.read(far, 1000):
    os.write(far, bytes.fromhex("02a925372b5d0d0a"))
"""
_TOO_MUCH_MG: Final = 40_000_000

UNPLUGGED: Final = Round(
    "plugs that are pulled, and too much on the scale",
    (
        Ill("OP-2101", at_the_bench("reader", "unplug"), hand=at_the_bench("reader", "plug")),
        Ill(
            "OP-2107",
            at_the_bench("scale", "put", mass_mg=_TOO_MUCH_MG),
            hand=at_the_bench("scale", "clear"),
        ),
        Ill("OP-5002", at_the_bench("terminal", "unplug"), hand=at_the_bench("terminal", "plug")),
    ),
)

ANOTHER_TERMINAL: Final = Round(
    "a terminal of another currency, and a printer without paper",
    (
        Ill("OP-2109", at_the_bench("printer", "paper", state="out"), hand=at_the_bench("printer", "paper")),
        Ill("OP-5001", hand=here(f"sed -i 's/{OTHER_TERMINAL_PORT}/{TERMINAL_PORT}/' {FILE}; {_RESTART}")),
    ),
    before=here(
        f"{KEEP_FILE}; sed -i 's/{TERMINAL_PORT}/{OTHER_TERMINAL_PORT}/' {FILE}\n"
        f'printf \'\\n[[peripheral]]\\nrole = "printer"\\nuri = "tcp:127.0.0.1:{PRINTER_PORT}'
        f"?profile=esc-pos\"\\n' >> {FILE}\n{_AGAIN}"
    ),
    after=here(_USUAL),
)

HELD: Final = Round(
    "a port that another program holds",
    (
        Ill(
            "OP-2105",
            here(
                f"systemctl stop {_EDGE}; systemd-run --quiet --unit=thief"
                f" sh -c 'exec 9<>{SCALE}; flock 9; exec sleep infinity'; sleep 0.2;"
                f" systemctl start --no-block {_EDGE}"
            ),
        ),
    ),
)

MISNAMED: Final = Round(
    "a line of the file that names no kind of device",
    (Ill("OP-2108", here(f"sed -i 's/profile=mt-sics/profile=mt-sisc/' {FILE}")),),
    after=here(_RESTART),
)

NUMBERED: Final = Round(
    "a name that is another device's after the next start",
    (
        Ill(
            "OP-2106",
            each(
                here(f"{KEEP_FILE}; touch {_NUMBERED}; mount --bind {SCALE} {_NUMBERED}"),
                here(f"mkdir -p $(dirname {_BY_PATH}); ln -s {_NUMBERED} {_BY_PATH}"),
                here(f"sed -i 's|{SCALE}|{_NUMBERED}|' {FILE}; {_AGAIN}"),
            ),
        ),
    ),
    after=here(f"grep -q {_BY_PATH} {FILE}; {_USUAL}; rm -r /dev/serial; umount {_NUMBERED}; rm {_NUMBERED}"),
)

GARBLED: Final = Round(
    "a cable that leads to another device than the file says",
    (
        Ill(
            "OP-2104",
            each(
                bring("/run/strange.py", _STRANGE),
                here(f"systemctl stop {_EDGE}; {KEEP_FILE}; sed -i 's|{SCALE}|{_CABLE}|' {FILE}"),
                here(
                    "systemd-run --quiet --unit=strange python3 /run/strange.py;"
                    f" until test -e {_CABLE}; do :; done"
                ),
            ),
            hand=here(f"systemctl stop strange; ln -sfn {SCALE} {_CABLE}"),
        ),
    ),
    after=here(f"{FILE_BACK}; rm {_CABLE}; systemctl start {_EDGE}"),
)

SILENT: Final = Round(
    "a scale and a terminal that say nothing",
    (
        Ill(
            "OP-2102",
            at_the_bench("scale", "faults", silent=True),
            hand=at_the_bench("scale", "faults", silent=False),
        ),
        Ill(
            "OP-5003",
            each(at_the_bench("terminal", "faults", silent=True), here(_AGAIN)),
            hand=at_the_bench("terminal", "faults", silent=False),
        ),
    ),
    before=here(KEEP_FILE),
    after=here(_USUAL),
)
