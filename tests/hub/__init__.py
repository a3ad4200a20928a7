"""The hub: what it takes in, counts and shows."""
