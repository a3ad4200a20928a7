"""What is laid over a machine: files of the kernel's as another board has them, and a clock that is wrong."""

from typing import Final

from tests.system.ills.ill import Deed, bring, here

FOLDER: Final = "/run/laid"
DOCTORS_CLOCK: Final = f"{FOLDER}/doctor"
AGENTS_CLOCK: Final = f"{FOLDER}/agent"
SLOW: Final = f"{FOLDER}/slow"

# Python reads this before it reads anything else; each process is told by its environment which clock is its.
# No kernel says that a time daemon has set it.
_SITE: Final = f"""\
import ctypes, os, time
def _off_ns(told=os.environ.get("LAID_CLOCK", "")):
    try:
        with open(told) as file:
            return int(file.read()) * 1_000_000_000
    except (OSError, ValueError):
        return 0
_ns, _s, _sync = time.time_ns, time.time, os.fsync
time.time_ns = lambda: _ns() + _off_ns()
time.time = lambda: _s() + _off_ns() / 1_000_000_000
def _slowly(file):
    if os.path.exists("{SLOW}"):
        time.sleep(0.1)
    return _sync(file)
os.fsync = _slowly
class _Unset(ctypes.CDLL):
    def adjtimex(self, timex):
        return -1
ctypes.CDLL = _Unset
"""


PROGRAM: Final = ("/opt/opos/bin/python3", "-m", "opos")
"""Our program, which hears what the environment tells Python."""


def worn(clock: str) -> tuple[str, ...]:
    """The environment of a process that sees `clock`, and a disk that is slow while `SLOW` is there."""
    return (f"PYTHONPATH={FOLDER}", f"LAID_CLOCK={clock}")


EYES: Final = ("env", *worn(DOCTORS_CLOCK), *PROGRAM)


def lay_clocks() -> Deed:
    """Bring what `worn` needs."""
    return bring(f"{FOLDER}/sitecustomize.py", _SITE)


def lay(files: dict[str, str], over: str) -> Deed:
    """Have these files (below `over`) stand in the place of the kernel's; the rest of it stays."""
    upper = f"{FOLDER}/{over.strip('/').replace('/', '-')}"
    words = [f"mkdir -p {upper}"]
    for name, said in files.items():
        path = f"{upper}/{name}"
        words.append(f'mkdir -p "$(dirname {path})" && printf %s "{said}" > {path}')
    words.append(f"mount -t overlay laid -o lowerdir={upper}:{over} {over}")
    return here("\n".join(words))


def lay_file(path: str, said: str) -> Deed:
    """Have one file of the kernel's say this."""
    over = f"{FOLDER}/{path.strip('/').replace('/', '-')}"
    return here(f"mkdir -p {FOLDER}; printf '%b' '{said}' > {over}; mount --bind {over} {path}")


def lift(*paths: str) -> Deed:
    """Take away what was laid over."""
    return here("\n".join(f"umount {path}" for path in paths))
