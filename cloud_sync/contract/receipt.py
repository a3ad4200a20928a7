"""The hub's receipt: the only thing that lets an object believe that its entries are safe."""

from typing import Final

import msgspec

from cloud_sync.contract.encoding import Whole

RECEIPT_TYPE: Final = "opos-receipt"


class Receipt(msgspec.Struct, frozen=True):
    """The hub has committed everything of (dev, epoch) up to `seq`, whose hash is `hash` (base64url).

    `seq` 0 says that the hub has nothing yet. `safe` is the seq that a backup of the hub covers;
    `generation` grows when a hub comes back from a backup, and only then may an object fall back to a lower
    `seq`.
    """

    dev: str
    epoch: str
    seq: Whole
    hash: str
    generation: Whole
    safe: Whole
    at_ms: Whole
