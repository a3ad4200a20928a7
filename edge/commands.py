"""What the shop asks of a device, in the shop's words; a driver says it in the device's."""

import msgspec


class Zero(msgspec.Struct, frozen=True, tag=True):
    """Take what is on the scale now as zero."""


Command = Zero
