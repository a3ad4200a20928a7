"""The drivers of what an object says and does: receipt printers, line displays, locks, lamps."""
