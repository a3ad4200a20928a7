"""The window of one connection: how much may be on its way, and how long the broker has owed an answer."""

from typing import Final

WINDOW: Final = 64
"""The most messages on their way at once: paho looks through all of them at every acknowledgement."""


class Tally:
    """What one connection lets us send, and what of it is confirmed."""

    def __init__(self, packet_bytes_max: int, window: int = WINDOW, since_s: float = 0.0) -> None:
        self.window, self.packet_bytes_max, self.since_s = window, packet_bytes_max, since_s
        self.sent = 0
        # Counted by the network thread alone, which may hold locks of paho's: no gate there.
        self.confirmed = 0
        self._seen, self._moved_s = 0, since_s

    @property
    def full(self) -> bool:
        """Whether as much is on its way as may be."""
        return self.sent - self.confirmed >= self.window

    def owed_s(self, now_s: float) -> float:
        """How long the broker has confirmed nothing although it owes something; ask at every round."""
        if self.sent > self.confirmed == self._seen:
            return now_s - self._moved_s
        self._seen, self._moved_s = self.confirmed, now_s
        return 0.0
