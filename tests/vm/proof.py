"""A proof: what was held against the kernel, and whether it stood."""

from collections.abc import Awaitable, Callable

import msgspec

Proving = Callable[[], Awaitable[str]]
"""A proof that is still to be held: it says what it measured, or falls."""


class Proof(msgspec.Struct, frozen=True):
    """One function of the guest; `said` is what it measured, or why it fell."""

    name: str
    holds: bool
    said: str
    took_ms: int
