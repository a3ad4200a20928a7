"""What an object tells of itself: retained, with a last will."""

from typing import Annotated, Final

import msgspec

from cloud_sync.contract.encoding import Whole

FAULTS_MAX: Final = 16
"""An object has eight devices at most and a handful of other things that can be wrong with it."""
CODE: Final = r"^[a-z][a-z0-9-]{0,19}\.[a-z][a-z0-9-]{0,23}$"
"""What a fault is called by: whom it is of, and what it is."""
PROGRAM_CHARS_MAX: Final = 40
"""The longest name of a version: those of development carry a commit."""


class Fault(msgspec.Struct, frozen=True):
    """Something that a person should look at: a stable word for programs, and what it is about."""

    code: Annotated[str, msgspec.Meta(pattern=CODE)]
    """What is wrong, such as `scale.gone`."""
    source: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    """Which device of the object, or which part of it (`disk`, `ledger`, `clock`, `hub`)."""


class ObjectState(msgspec.Struct, frozen=True):
    """The retained state of an object: `online` False is the last will; the rest is what it last knew."""

    online: bool
    epoch: str = ""
    head: Whole = 0
    acked: Whole = 0
    at_ms: Whole = 0
    program: Annotated[str, msgspec.Meta(max_length=PROGRAM_CHARS_MAX)] = ""
    """The version of the program that sells."""
    faults: Annotated[tuple[Fault, ...], msgspec.Meta(max_length=FAULTS_MAX)] = ()
    """What is wrong now; nothing of it keeps what was recorded from being recorded."""
