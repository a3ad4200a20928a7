"""How long something is, as a person says it."""

from typing import Final

# Milliseconds of each, the longest first.
_UNITS: Final = ((86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes"))


def span(ms: int) -> str:
    """About how long that is, in the largest unit that it has two of."""
    for unit_ms, name in _UNITS:
        if ms >= 2 * unit_ms:
            return f"{ms // unit_ms} {name}"
    return f"{ms // 1000} seconds"
