"""Simulated payment terminals: each keeps books of its own, and has a hand for the shopper's card."""
