"""Which LLRP reader stands on a bench: its ports, its maker, its version and its habits."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from simulators.devices.catalogue import BenchDevice

VERSIONS: Final = {"1.0.1": 1, "1.1": 2}


class Model(BenchDevice, frozen=True, forbid_unknown_fields=True):
    """What a bench's file may say of it.

    `utc` false is a reader without a clock, which tells its uptime; `chatty` tells every event unasked.
    """

    antennas: Annotated[int, Meta(ge=1, le=32)] = 4
    version: Literal["1.0.1", "1.1"] = "1.0.1"
    maker: Literal["impinj", "zebra"] = "impinj"
    utc: bool = True
    chatty: bool = False
    acks_missed_max: Annotated[int, Meta(ge=1, le=1000)] = 10
    read_permille: Annotated[int, Meta(ge=0, le=1000)] = 980
