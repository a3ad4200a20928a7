"""What an object tells of itself: retained, with a last will."""

import msgspec

from cloud_sync.contract.encoding import Whole


class ObjectState(msgspec.Struct, frozen=True):
    """The retained state of an object: `online` False is the last will; the rest is what it last knew."""

    online: bool
    epoch: str = ""
    head: Whole = 0
    acked: Whole = 0
    at_ms: Whole = 0
