"""The installer's bench: setup, doctor, calibration, support."""
