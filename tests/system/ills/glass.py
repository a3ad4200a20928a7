"""Faults of the glass: no panel here, so its unit shows it to a stand-in that keeps the stream open."""

from typing import Final

from tests.system.glass import PORT
from tests.system.ills.ill import FILE, FILE_BACK, KEEP_FILE, Cause, Ill, Round, bring, each, here, nothing
from tests.system.ills.laid import lay, lay_file, lift

_KIOSK: Final = "opos-kiosk.service"
_DROP_IN: Final = f"/run/systemd/system/{_KIOSK}.d/stand-in.conf"
_BROWSER: Final = "/run/browser.py"
# Told so, it goes astray: it shows another page than the object's.
_WATCH: Final = f"""\
import signal, urllib.request
class Astray(Exception):
    pass
def go_astray(*_):
    raise Astray
signal.signal(signal.SIGUSR1, go_astray)
try:
    with urllib.request.urlopen("http://127.0.0.1:{PORT}/events") as stream:
        for line in stream:
            pass
except Astray:
    signal.pause()
"""
_MEMORY: Final = "/proc/meminfo"
# What it held of the memory is free once it has ended.
_STAND_IN: Final = f"""\
[Service]
ExecStopPost=+-/usr/bin/nsenter --target 1 --mount umount {_MEMORY}
ExecStartPre=
ExecStart=
ExecStart=/usr/bin/python3 {_BROWSER}
PAMName=
TTYPath=
StandardInput=null
UtmpIdentifier=
InaccessiblePaths=
"""
_SIZED: Final = f"sed -i 's/^\\[display\\]/&\\nwidth_mm = 345/' {FILE}"
_TOUCH: Final = 'N: Name="panel"\\nB: PROP=2\\n'
_KEYBOARD: Final = 'N: Name="keyboard"\\nB: PROP=0\\n'
_HDMI: Final = "drm/card1-HDMI-A-1/status"
_PANEL: Final = each(
    lift("/proc/bus/input/devices", "/sys/class"),
    lay_file("/proc/bus/input/devices", _TOUCH),
    lay({_HDMI: "connected"}, "/sys/class"),
)
_AWAY: Final = here(
    f"systemctl disable --now {_KIOSK}; rm -r {_DROP_IN}; systemctl daemon-reload;"
    " umount /proc/bus/input/devices /sys/class"
)

NO_PANEL: Final = Round(
    "a glass without a panel",
    (
        Ill(
            "OP-2201",
            lay_file("/proc/bus/input/devices", _KEYBOARD),
            hand=nothing,
            how=Cause.LAID_OVER,
        ),
        Ill("OP-2301", lay({_HDMI: "disconnected"}, "/sys/class"), hand=_PANEL, how=Cause.LAID_OVER),
    ),
    before=each(
        bring(_BROWSER, _WATCH),
        bring(_DROP_IN, _STAND_IN),
        here(f"systemctl daemon-reload; systemctl enable --now {_KIOSK}; {KEEP_FILE}; {_SIZED}"),
    ),
    after=here(FILE_BACK),
)

ASTRAY: Final = Round(
    "a browser that shows another page, and has used up the memory",
    (
        Ill("OP-2304", here(f"systemctl kill --kill-whom=main --signal=USR1 {_KIOSK}")),
        Ill(
            "OP-1201",
            here(
                f"sed 's/^MemAvailable: .*/MemAvailable: 40000 kB/' {_MEMORY} > /run/meminfo\n"
                f"mount --bind /run/meminfo {_MEMORY}"
            ),
            how=Cause.LAID_OVER,
        ),
    ),
)

DARK: Final = Round(
    "a panel that does not say how large it is, and nobody shows it anything",
    (
        Ill(
            "OP-2302",
            here(KEEP_FILE),
            hand=here(_SIZED),
            how=Cause.LAID_OVER,
        ),
        Ill("OP-2303", here(f"systemctl stop {_KIOSK}")),
    ),
    after=each(here(FILE_BACK), _AWAY),
)
