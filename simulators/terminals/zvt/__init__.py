"""A payment terminal that speaks ZVT 700, from the protocol sheet and from captures of real ones."""
