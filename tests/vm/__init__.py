"""The proofs that need a kernel of their own: `python -m tests.vm` builds a guest, boots it and asks it."""
