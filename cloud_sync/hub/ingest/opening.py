"""A frame is opened: who speaks, and is it true; what can be wrong with one by itself is found here."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from cloud_sync.contract.batch import BadBatchError, Batch, Header, peek, unpack
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import KeyRotated
from cloud_sync.contract.signing import BadSignatureError, PublicKey
from cloud_sync.contract.topics import PAYLOAD_BYTES_MAX, Address, address_of
from cloud_sync.hub.objects import KnownObject, Ring, find, rings_of, verifier
from cloud_sync.hub.store.attention import raise_alarm
from cloud_sync.hub.store.database import Store
from retail.units import INTEGER_MAX

_log = logging.getLogger(__name__)

# An epoch is 128 random bits in some writing of them; what is longer is none.
EPOCH_CHARS_MAX: Final = 64
# How our encoder begins the fact of a rotation; inside a JSON string its quotes would be escaped.
_ROTATION: Final = b'"fact":{"kind":"key.rotated"'


class RefusedError(ValueError):
    """A message that is not taken; `kind` is that of its alarm, `subject` the object if it is known."""

    def __init__(self, kind: str, subject: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind, self.subject = kind, subject


class Opened(msgspec.Struct, frozen=True):
    """A frame that is true: from where, its bytes, the batch in them, and the key that signs after it."""

    address: Address
    frame: bytes
    batch: Batch
    rotated: KeyRotated | None


class Unproven(msgspec.Struct, frozen=True):
    """A frame that is signed by a key that its object does not have yet, as far as we know.

    An entry that did not come yet may name that key; if none can, `refused` says what is wrong.
    """

    address: Address
    header: Header
    refused: RefusedError


Opening = Opened | Unproven | RefusedError


def open_all(store: Store, messages: Sequence[tuple[str, bytes]], known: dict[str, Ring]) -> list[Opening]:
    """Each frame opened, or why not; a key that one frame hands over to opens those behind it.

    `known` has rings that were looked at before, and gets those that are looked at now: what one of them does
    not open is held against the ring of this moment. Whether a ring still stands is `Group`'s to judge.
    """
    addresses = [_address(topic) for topic, _ in messages]
    names = {each.object for each in addresses if isinstance(each, Address)}
    looked = not names <= known.keys()
    if looked:
        _look(store, names, known)
    keys = {name: {each.kid: each.key for each in known[name].keys} for name in names & known.keys()}
    openings = [
        _opening(address, frame, known, keys) for address, (_, frame) in zip(addresses, messages, strict=True)
    ]
    missed = [at for at, opening in enumerate(openings) if not isinstance(opening, Opened)]
    if missed and not looked:
        _look(store, names, known)
        for name in names & known.keys():
            keys[name].update({each.kid: each.key for each in known[name].keys})
        for at in missed:
            openings[at] = _opening(addresses[at], messages[at][1], known, keys)
    return openings


def _look(store: Store, names: Iterable[str], known: dict[str, Ring]) -> None:
    with store.reading() as connection:
        known.update(rings_of(connection, names))


def speaker(store: Store, topic: str) -> KnownObject:
    """The admitted object whose topic this is; raises RefusedError."""
    address = _address(topic)
    if isinstance(address, RefusedError):
        raise address
    with store.reading() as connection:
        known = find(connection, address.object)
    if known is None:
        raise _unknown(address)
    check_place(known.address, address)
    return known


def opened(address: Address, keys: Mapping[str, PublicKey], frame: bytes) -> Opened | Unproven:
    """The batch in `frame`, verified with the one of `keys` that it names; raises RefusedError."""
    name = address.object
    if len(frame) > PAYLOAD_BYTES_MAX:
        expected = f"expected at most {PAYLOAD_BYTES_MAX} bytes, got {len(frame)}"
        raise RefusedError("garbage", name, f"{name}: {expected}")
    try:
        header = peek(frame)
        # The name comes first: a frame of another object on this topic is no forged signature.
        if header.dev != name:
            raise RefusedError(
                "place", name, f"{name}: a batch of {header.dev[:80]!r} came on this object's topic"
            )
        if header.kid not in keys:
            _check(name, header)
            sentence = f"{name}: the signature is of a key {header.kid[:16]!r} that this object does not have"
            return Unproven(address, header, RefusedError("signature", name, sentence))
        batch = unpack(frame, verifier(keys[header.kid]))
    except BadSignatureError as error:
        raise RefusedError("signature", name, f"{name}: {error}") from error
    except BadBatchError as error:
        raise RefusedError("garbage", name, f"{name}: {error}") from error
    _check(name, header)
    return Opened(address, frame, batch, _rotation(name, batch))


def count(store: Store, refused: RefusedError, now_ms: int) -> None:
    """Say and count what was refused; the lane goes on."""
    _log.warning("refused (%s): %s", refused.kind, refused)
    with store.writing() as connection:
        raise_alarm(connection, refused.kind, refused.subject, str(refused), now_ms)


def _address(topic: str) -> Address | RefusedError:
    try:
        return address_of(topic)
    except ValueError as error:
        return RefusedError("topic", "", str(error))


def _unknown(address: Address) -> RefusedError:
    return RefusedError("unknown", "", f"object {address.object!r} was never admitted")


def check_place(home: Address, address: Address) -> None:
    """Raise RefusedError unless an object speaks where it was admitted."""
    if home != address:
        sentence = f"{address.root!r}: it was admitted at {home.root}"
        raise RefusedError("place", address.object, sentence)


def _opening(
    address: Address | RefusedError,
    frame: bytes,
    rings: Mapping[str, Ring],
    keys: Mapping[str, dict[str, PublicKey]],
) -> Opening:
    if isinstance(address, RefusedError):
        return address
    name = address.object
    if name not in rings:
        return _unknown(address)
    try:
        check_place(rings[name].address, address)
        found = opened(address, keys[name], frame)
    except RefusedError as refused:
        return refused
    if isinstance(found, Opened) and found.rotated:
        keys[name].setdefault(found.rotated.key.kid, found.rotated.key)
    return found


def _check(name: str, header: Header) -> None:
    """What even a true signature cannot make right: numbers and names that no journal has."""
    if not 1 <= header.first <= INTEGER_MAX - header.n:
        raise RefusedError("garbage", name, f"{name}: expected entries from 1 on, got {header.first}")
    if not 1 <= len(header.epoch) <= EPOCH_CHARS_MAX or not header.epoch.isprintable():
        raise RefusedError("garbage", name, f"{name}: expected an epoch, got {header.epoch[:80]!r}")


def _rotation(name: str, batch: Batch) -> KeyRotated | None:
    """The key that signs after this batch; raises RefusedError if it says so before its end."""
    if _ROTATION not in b"\n".join(batch.bodies):  # mostly: one search is ten times faster than many
        return None
    for index, body in enumerate(batch.bodies):
        if _ROTATION in body and (rotated := _rotated(batch.header, index, body)):
            if index < batch.header.n - 1:
                raise RefusedError(
                    "garbage", name, f"{name}: expected a batch to end at key.rotated, got more entries"
                )
            return rotated
    return None


def _rotated(header: Header, index: int, body: bytes) -> KeyRotated | None:
    """The rotation in a body, if it is one of this place and its key is one; else it means nothing."""
    try:
        read = decode_body(body)
        if not isinstance(read.fact, KeyRotated):
            return None
        verifier(read.fact.key)
    except ValueError:
        return None
    is_here = (read.dev, read.epoch, read.seq) == (header.dev, header.epoch, header.first + index)
    return read.fact if is_here else None
