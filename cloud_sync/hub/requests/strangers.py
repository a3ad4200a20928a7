"""Keys under which somebody asks, and that their object does not have, or does not have yet."""

from threading import Lock
from typing import Final

GRACE_MS: Final = 30_000
"""As long as a broker keeps a question; a backlog of 200,000 entries is here in ten seconds."""

# Who comes under more keys than this within the grace is no object that changes its own.
_WAITING_MAX: Final = 256


class Strangers:
    """Each key with the moment when it was met first. Threads may share them."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, str], int] = {}
        self._lock = Lock()

    def meet(self, dev: str, kid: str, now_ms: int) -> bool:
        """Remember that somebody spoke as `dev` under `kid`; False if there are too many of them."""
        with self._lock:
            if len(self._met) >= _WAITING_MAX and (dev, kid) not in self._met:
                return False
            self._met.setdefault((dev, kid), now_ms)
            return True

    def overdue(self, now_ms: int) -> list[tuple[str, str]]:
        """Object and key of those whose grace is over; they are forgotten here."""
        with self._lock:
            over = [each for each, met_ms in self._met.items() if now_ms - met_ms >= GRACE_MS]
            for each in over:
                del self._met[each]
        return over
