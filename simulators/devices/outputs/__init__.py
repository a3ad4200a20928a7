"""The simulated printers, line displays, locks and lamps."""
