"""Training: by what name an object is known while it only rehearses, and is taken for no real one."""

from typing import Final

SUFFIX: Final = ".training"
"""What the name of an object ends in while it trains: in every entry, and so on every receipt."""


def is_in_training(name: str) -> bool:
    """Whether an object of that name only rehearses."""
    return name.endswith(SUFFIX)


def real_name(name: str) -> str:
    """The object's own name, which its goods and its place are known by."""
    return name.removesuffix(SUFFIX)
