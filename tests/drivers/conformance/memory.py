"""How much a driver holds: the bytes of all that can be reached from it, but for code and its constants."""

import gc
import sys
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Final

# What belongs to the program rather than to this one driver.
_PROGRAM: Final = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


def held_bytes(driver: object) -> int:
    """The size of the driver and of everything that it keeps, each counted once."""
    seen: set[int] = set()
    waiting: list[object] = [driver]
    held = 0
    while waiting:
        each = waiting.pop()
        if id(each) not in seen and not isinstance(each, _PROGRAM):
            seen.add(id(each))
            held += sys.getsizeof(each)
            waiting += gc.get_referents(each)
    return held
