"""Calibration: whether a scale tells the truth about a known weight, and where a finger meets the picture."""
