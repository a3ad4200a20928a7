"""The simulated panels and buttons."""
