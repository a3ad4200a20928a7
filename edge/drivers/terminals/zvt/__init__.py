"""ZVT, the protocol between a cash register and a payment terminal: pure, of bytes and of time."""

from edge.drivers.terminals.zvt.driver import Zvt, driver

__all__ = ["Zvt", "driver"]
