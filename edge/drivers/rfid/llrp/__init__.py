"""The driver of fixed UHF tag readers that speak LLRP (EPCglobal Low Level Reader Protocol 1.0.1 and 1.1)."""

from edge.drivers.rfid.llrp.driver import Llrp, driver
from edge.drivers.rfid.llrp.settings import Settings

__all__ = ["Llrp", "Settings", "driver"]
