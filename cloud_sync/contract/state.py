"""What an object tells of itself: retained, with a last will."""

import msgspec


class ObjectState(msgspec.Struct, frozen=True):
    """The retained state of an object: `online` False is the last will; the rest is what it last knew."""

    online: bool
    epoch: str = ""
    head: int = 0
    acked: int = 0
    at_ms: int = 0
