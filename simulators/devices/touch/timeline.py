"""A timeline: frames that a device says later, each at its own time."""

from collections import deque
from typing import Final

from simulators.devices.device import RefusedError

# Half a minute of a panel that says a frame every 8 ms; no hand needs to plan further ahead.
FRAMES_MAX: Final = 4000


class Timeline:
    """Frames in the order of their times; what comes later is never said before what comes earlier."""

    def __init__(self) -> None:
        self._frames: deque[tuple[int, bytes]] = deque()

    @property
    def wakes_ns(self) -> int | None:
        """When the next frame is due."""
        return self._frames[0][0] if self._frames else None

    def free_ns(self, now_ns: int) -> int:
        """When something new may begin: now, or after all that is planned."""
        return max(now_ns, self._frames[-1][0]) if self._frames else now_ns

    def plan(self, at_ns: int, said: bytes) -> None:
        """Say these bytes then."""
        if len(self._frames) >= FRAMES_MAX:
            raise RefusedError(f"{FRAMES_MAX} frames wait to be said: let the hand rest for a moment")
        self._frames.append((at_ns, said))

    def due(self, now_ns: int) -> list[bytes]:
        """The frames that are due by now."""
        said: list[bytes] = []
        while self._frames and self._frames[0][0] <= now_ns:
            said.append(self._frames.popleft()[1])
        return said

    def clear(self) -> None:
        """Forget what was planned."""
        self._frames.clear()
