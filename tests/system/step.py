"""A step of the story: what is done and held against the booted machines, and whether it stood."""

import msgspec


class Told(msgspec.Struct, frozen=True):
    """One step that was told; `said` is what it measured, or why it fell."""

    name: str
    holds: bool
    said: str
    took_ms: int


class FellError(Exception):
    """What a step waited for or asked for did not come; the text is for a person."""
