"""What differs between readers that speak LLRP, and how a shop wants them to look for tags."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Power, channels and the mode of the air interface stay as they are set on the reader itself."""

    antennas: Annotated[tuple[Annotated[int, Meta(gt=0, le=0xFFFF)], ...], Meta(max_length=64)] = ()
    """The antennas to look with, by the numbers on the reader; none stands for all that it has."""
    round_ms: Annotated[int, Meta(ge=20, le=500)] = 100
    """How long the reader listens before it tells what it heard: presence counts gaps of up to 150 ms."""
    gen2_session: Annotated[int, Meta(ge=0, le=3)] | None = 0
    """In session 0 a tag answers in every round; in the others it is silent for a while once it was heard.

    None leaves the reader's own, for one that refuses to be told.
    """
    tags: Annotated[int, Meta(gt=0, le=0xFFFF)] = 32
    """About how many tags are in the field: the reader begins its rounds with as many slots."""
    version: Literal["1.0.1", "1.1"] = "1.0.1"
    """Every reader begins with 1.0.1; 1.1 is asked for where a reader wants it, and may be declined."""
    keepalive_ms: Annotated[int, Meta(ge=500, le=60_000)] = 2000
    """How often the reader says that it is there."""
    silence_ms: Annotated[int, Meta(gt=0)] = 6000
    """So long without a valid message is a fault: three keepalives."""
