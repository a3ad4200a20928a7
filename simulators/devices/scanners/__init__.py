"""The simulated scanners of codes."""
