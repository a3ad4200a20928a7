"""A fault on purpose: what causes it, what a hand does, and when the one command of its page is run."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final

import msgspec

from tests.system.shop import Shop

Deed = Callable[[Shop], object]
"""Something that is done to the shop."""


class Cause(Enum):
    """How near to the world a fault is."""

    REAL = "real"  # the very thing: a service that is stopped, a file that is damaged, a disk that fails
    LAID_OVER = (
        "laid over"  # the kernel's or the clock's answer is another one: no machine here has such a part
    )


def nothing(_shop: Shop) -> None:
    """Nobody has to do anything."""


def here(script: str) -> Deed:
    """Lines for a shell of root's in the object's machine."""
    return lambda shop: shop.object.run("sh", "-ec", script)


def bring(path: str, text: str) -> Deed:
    """A file in the object's machine, also where only its own processes see it (/run)."""
    script = 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod a+r "$1"'
    return lambda shop: shop.object.run("sh", "-ec", script, "sh", path, said=text)


def at_the_hub(script: str) -> Deed:
    """Lines for a shell of root's in the hub's machine."""
    return lambda shop: shop.hub.run("sh", "-ec", script)


def at_the_bench(device: str, verb: str, **fields: Any) -> Deed:
    """An order to the bench of devices."""
    return lambda shop: shop.bench.hand(device, verb, **fields)


def each(*deeds: Deed) -> Deed:
    """One after the other."""

    def done(shop: Shop) -> None:
        for deed in deeds:
            deed(shop)

    return done


class Ill(msgspec.Struct, frozen=True):
    """One fault. `hand` is done before the command, `afterwards` once it was run (what it saves is saved)."""

    code: str
    cause: Deed = nothing
    hand: Deed = nothing
    afterwards: Deed = nothing
    how: Cause = Cause.REAL
    at_hub: bool = False
    """Whether its command is one for the hub's machine, as its page says."""
    stays: bool = False
    """Whether its command is one that works as long as it runs, as its page says; the round ends it."""


class Round(msgspec.Struct, frozen=True):
    """Faults that are there together, and what stands around them; `eyes` is how the doctor is started."""

    name: str
    ills: tuple[Ill, ...]
    before: Deed = nothing
    after: Deed = nothing
    eyes: tuple[str, ...] = ("opos",)


FILE: Final = "/etc/opos/object.toml"
DATA: Final = "/var/lib/opos"
KEEP_FILE: Final = f"cp -a {FILE} /run/kept.toml"
FILE_BACK: Final = f"cp -a /run/kept.toml {FILE}"
