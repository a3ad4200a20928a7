"""A fixed UHF reader that speaks LLRP 1.0.1 or 1.1 (EPCglobal Low Level Reader Protocol) over TCP."""

import random

from simulators.devices.rfid.llrp.model import Model
from simulators.devices.rfid.llrp.reader import LlrpReader


class Part(Model, frozen=True, forbid_unknown_fields=True):
    """Such a reader on a bench."""

    def device(self, luck: random.Random) -> LlrpReader:
        """Make the reader."""
        return LlrpReader(luck, self)
