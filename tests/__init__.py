"""The proofs: one folder a room, cheapest first."""
