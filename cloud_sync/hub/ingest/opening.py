"""A frame is opened: who speaks, and is it true; all that can be wrong with a frame is found here."""

import logging
from typing import Final

from cloud_sync.contract.batch import BadBatchError, Batch, Header, peek, unpack
from cloud_sync.contract.signing import BadSignatureError
from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX, address_of
from cloud_sync.hub.objects import KnownObject, find, verifier
from cloud_sync.hub.store.attention import raise_alarm
from cloud_sync.hub.store.database import Store
from retail.units import INTEGER_MAX

_log = logging.getLogger(__name__)

# An epoch is 128 random bits in some writing of them; what is longer is none.
EPOCH_CHARS_MAX: Final = 64


class RefusedError(ValueError):
    """A message that is not taken; `kind` is that of its alarm, `subject` the object if it is known."""

    def __init__(self, kind: str, subject: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind, self.subject = kind, subject


def speaker(store: Store, topic: str) -> KnownObject:
    """The admitted object whose topic this is; raises RefusedError."""
    try:
        address = address_of(topic)
    except ValueError as error:
        raise RefusedError("topic", "", str(error)) from error
    with store.reading() as connection:
        known = find(connection, address.object)
    if known is None:
        raise RefusedError("unknown", "", f"object {address.object!r} was never admitted")
    if known.address != address:
        raise RefusedError("place", address.object, f"{topic!r}: it was admitted at {known.address.root}")
    return known


def opened(known: KnownObject, frame: bytes) -> Batch:
    """The batch in `frame`, verified to be of `known`; raises RefusedError."""
    name = known.address.object
    if len(frame) > PAYLOAD_BYTES_MAX:
        expected = f"expected at most {PAYLOAD_BYTES_MAX} bytes, got {len(frame)}"
        raise RefusedError("garbage", name, f"{name}: {expected}")
    try:
        # The name comes first: a frame of another object on this topic is no forged signature.
        if (dev := peek(frame).dev) != name:
            raise RefusedError("place", name, f"{name}: a batch of {dev[:80]!r} came on this object's topic")
        batch = unpack(frame, verifier(known.key))
    except BadSignatureError as error:
        raise RefusedError("signature", name, f"{name}: {error}") from error
    except BadBatchError as error:
        raise RefusedError("garbage", name, f"{name}: {error}") from error
    _check(name, batch.header)
    return batch


def count(store: Store, refused: RefusedError, now_ms: int) -> None:
    """Say and count what was refused; the lane goes on."""
    _log.warning("refused (%s): %s", refused.kind, refused)
    with store.writing() as connection:
        raise_alarm(connection, refused.kind, refused.subject, str(refused), now_ms)


def _check(name: str, header: Header) -> None:
    """What even a true signature cannot make right: numbers and names that no journal has."""
    if not 1 <= header.first <= INTEGER_MAX - header.n:
        raise RefusedError("garbage", name, f"{name}: expected entries from 1 on, got {header.first}")
    if not 1 <= len(header.epoch) <= EPOCH_CHARS_MAX:
        raise RefusedError("garbage", name, f"{name}: expected an epoch, got {header.epoch[:80]!r}")
