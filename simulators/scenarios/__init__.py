"""Scenarios: a day at a bench written down, with what must be heard of it."""
