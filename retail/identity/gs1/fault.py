"""What is wrong with one component of a value: a reason, and where it is."""

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """`reason` in the words of GS1's own checks; `length` characters from `start` on are the wrong ones."""

    reason: str
    start: int
    length: int


def all_of(text: str, reason: str) -> Fault:
    """The whole of `text` is wrong."""
    return Fault(reason, 0, len(text))
