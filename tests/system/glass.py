"""A pair of eyes and a finger before the object's glass, and what the object tells of its books."""

import json
import urllib.error
import urllib.request
from typing import Any, Final

_PATIENCE_S: Final = 5.0
PORT: Final = 8101
_OPEN: Final = frozenset({"attract", "product", "basket", "done"})


class Glass:
    """The glass of the machine that shares this loopback; while it is dark every answer is empty."""

    def look(self) -> dict[str, Any]:
        """What it shows."""
        return self._asked("/state")

    def status(self) -> dict[str, Any]:
        """What the object counts."""
        return self._asked("/status")

    def sellable(self) -> bool:
        """Whether goods can be bought here."""
        return self.look().get("screen") in _OPEN

    def tap(self, action: str) -> str:
        """A tap on what is shown now: whether it counted."""
        body = {"action": action, "screen": self.look().get("number", 0), "value": None}
        return str(self._asked("/tap", json.dumps(body).encode()).get("answer", "dark"))

    def _asked(self, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310  http, see above
                return dict(json.load(answer))
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return {}
