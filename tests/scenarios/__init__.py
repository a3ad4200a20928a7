"""Scenarios and recordings: days at a bench that are written down."""
