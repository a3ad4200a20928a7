"""What can be measured of a process: tables of names, and values of them.

A table says every name that there ever is, with its labels: what is not in it cannot be told. Labels hold
names of what was set up (an object, a device, a kind of refusal), never what somebody said, showed or bought.
"""

from typing import Literal

import msgspec


class Measure(msgspec.Struct, frozen=True):
    """One thing that is measured; a counter's name ends in `_total`, and only a restart makes it less."""

    name: str
    kind: Literal["gauge", "counter"]
    sentence: str
    labels: tuple[str, ...] = ()


class Sample(msgspec.Struct, frozen=True):
    """One value of a measure; `labels` in the order of its table."""

    name: str
    value: float
    labels: tuple[str, ...] = ()
