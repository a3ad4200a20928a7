"""Tests of the drivers of input devices, buttons and touch keys, and the recordings that they replay."""
