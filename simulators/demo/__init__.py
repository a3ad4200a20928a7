"""The demo: a whole shop on one machine, its processes, its goods, and the hands that move them."""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    """The command `demo`, imported only when it is asked for."""
    if name == "demo":
        return importlib.import_module("simulators.demo.cli").demo
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
