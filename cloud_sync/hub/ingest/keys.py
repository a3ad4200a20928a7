"""Which key of an object signs the next entry of a journal. No I/O."""

from cloud_sync.hub.ingest.verdict import Cursor
from cloud_sync.hub.objects import Ring


def key_at(cursor: Cursor, epoch: str, ring: Ring) -> str:
    """The kid of the entry after `cursor`.

    A journal goes on with the key that it had, until an entry hands over to another; a new journal begins
    with the current key. Once a person has replaced the key, those before it sign nothing new.
    """
    handed = next((key.kid for key in ring.keys if (key.epoch, key.from_seq) == (epoch, cursor.seq + 1)), "")
    kid = handed or cursor.kid or ring.current
    since = {key.kid: key.since_ms for key in ring.keys}
    replaced_ms = max((key.since_ms for key in ring.keys if not key.epoch), default=0)
    return kid if since.get(kid, 0) >= replaced_ms else ring.current
