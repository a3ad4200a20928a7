"""Batches: what comes out is what went in, and a frame that was touched, shortened or blown up is refused."""

from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import zstandard

from cloud_sync.contract.batch import (
    ENTRIES_MAX,
    EXPANDED_BYTES_MAX,
    PLAIN_BYTES_MAX,
    BadBatchError,
    Header,
    fitting,
    pack,
    peek,
    reopen,
    unpack,
)
from cloud_sync.contract.entry import encode_body
from cloud_sync.contract.facts import Boot
from cloud_sync.contract.signing import BadSignatureError, SoftwareKey, Verifier
from tests.contract.paper_chain import EPOCH, body_of, chain, facts, key

GOLDEN: Final = Path(__file__).parent / "vectors" / "batch.hex"
VERIFIER: Final = Verifier(key().public)


def frame() -> bytes:
    return pack(key(), "mirror-4", EPOCH, chain())


def boots(count: int, version: str = "0.1.0") -> list[bytes]:
    return [encode_body(body_of(Boot(version), seq)) for seq in range(1, count + 1)]


def test_a_batch_comes_out_as_it_went_in_with_the_hash_of_each_entry() -> None:
    batch = unpack(frame(), VERIFIER)
    assert batch.bodies == tuple(entry.body for entry in chain())
    assert batch.hashes == tuple(entry.hash for entry in chain())
    assert batch.header == Header(
        1, "mirror-4", EPOCH, key().public.kid, 1, 3, chain()[0].prev, chain()[-1].hash
    )
    assert peek(frame()) == batch.header
    assert batch.header.last == batch.header.first + len(batch.bodies) - 1


def test_a_batch_from_the_middle_of_a_journal_stands_by_itself() -> None:
    batch = unpack(pack(key(), "mirror-4", EPOCH, chain()[1:]), VERIFIER)
    assert batch.header.first == 2
    assert batch.hashes == tuple(entry.hash for entry in chain()[1:])


def test_a_frame_that_was_kept_since_the_format_was_fixed_still_opens() -> None:
    batch = unpack(bytes.fromhex(GOLDEN.read_text()), VERIFIER)
    assert list(batch.bodies) == [encode_body(body_of(f, n)) for n, f in enumerate(facts(), 1)]


def test_a_frame_that_was_kept_is_opened_again_without_its_key() -> None:
    assert reopen(frame()) == unpack(frame(), VERIFIER)


def test_a_kept_frame_whose_entries_have_changed_is_noticed() -> None:
    other = pack(key(), "mirror-4", EPOCH, chain()[:2])
    head, _, signature = _parts(frame())
    mixed = [head, _parts(other)[1], signature]
    with pytest.raises(BadBatchError):
        reopen(msgspec.msgpack.encode(mixed))


def _parts(data: bytes) -> list[bytes]:
    return msgspec.msgpack.decode(data, type=list[bytes])


def test_no_byte_of_a_frame_can_be_changed() -> None:
    whole = frame()
    for place in range(len(whole)):
        for flip in (0x01, 0x80):
            touched = bytearray(whole)
            touched[place] ^= flip
            with pytest.raises((BadSignatureError, BadBatchError)):
                unpack(bytes(touched), VERIFIER)


def test_no_frame_can_be_cut_or_lengthened() -> None:
    whole = frame()
    for length in range(len(whole)):
        with pytest.raises((BadSignatureError, BadBatchError)):
            unpack(whole[:length], VERIFIER)
    with pytest.raises(BadBatchError):
        unpack(whole + b"\0", VERIFIER)


def test_a_stranger_cannot_send_for_us() -> None:
    with pytest.raises(BadSignatureError):
        unpack(frame(), Verifier(SoftwareKey.generate().public))


def forged(payload: bytes | None = None, **changes: Any) -> bytes:
    """A frame that our own key signed, and that lies."""
    entries = chain()
    honest = {
        "version": 1,
        "dev": "mirror-4",
        "epoch": EPOCH,
        "kid": key().public.kid,
        "first": 1,
        "n": len(entries),
        "prev": entries[0].prev,
        "head": entries[-1].hash,
    }
    header = msgspec.msgpack.encode(Header(**{**honest, **changes}))
    if payload is None:
        payload = squeezed([entry.body for entry in entries])
    return msgspec.msgpack.encode([header, payload, key().sign(header + payload)])


def squeezed(bodies: object) -> bytes:
    return zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(bodies))


def _of_unknown_size() -> bytes:
    squeezer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return squeezer.compress(msgspec.msgpack.encode([b"{}"])) + squeezer.flush()


LIES = {
    "another version": forged(version=2),
    "another key's entries": forged(kid="AAAAAAAA"),
    "more entries than it has": forged(n=4),
    "fewer entries than it has": forged(n=2),
    "no entry": forged(squeezed([]), n=0),
    "too many entries": forged(squeezed([b"{}"] * (ENTRIES_MAX + 1)), n=ENTRIES_MAX + 1),
    "another start": forged(prev=bytes(32)),
    "another end": forged(head=bytes(32)),
    "entries in another order": forged(squeezed([entry.body for entry in reversed(chain())])),
    "a body that no journal would write": forged(squeezed([bytes(33 * 1024)]), n=1),
    "a bomb": forged(zstandard.ZstdCompressor().compress(bytes(EXPANDED_BYTES_MAX + 1))),
    "a bomb that hides its size": forged(_of_unknown_size(), n=1),
    "no compression": forged(msgspec.msgpack.encode([b"{}"])),
    "bodies that are none": forged(squeezed([1, 2, 3])),
    "no list of bodies": forged(squeezed({"a": 1})),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_signed_frame_that_lies_is_refused(lie: bytes) -> None:
    with pytest.raises(BadBatchError):
        unpack(lie, VERIFIER)


@pytest.mark.parametrize("noise", [b"", b"\0", b"\xc1", b"\x93", b"hello", bytes(1000)])
def test_noise_is_no_batch(noise: bytes) -> None:
    with pytest.raises(BadBatchError):
        peek(noise)


def test_a_batch_takes_at_most_256_entries() -> None:
    entries = chain(*boots(300))
    assert list(fitting(entries)) == entries[:256]
    assert list(fitting(entries[:256])) == entries[:256]
    assert list(fitting(entries[:1])) == entries[:1]


def test_a_batch_takes_at_most_96_kib_of_bodies_but_always_one() -> None:
    entries = chain(*boots(5, version="v" * 30_000))
    fit = fitting(entries)
    assert [entry.seq for entry in fit] == [1, 2, 3]
    assert sum(len(entry.body) for entry in fit) <= PLAIN_BYTES_MAX


def test_a_batch_ends_where_the_key_changes() -> None:
    entries = chain(*boots(5))
    rotated = [*entries[:3], *(msgspec.structs.replace(entry, kid="AAAAAAAA") for entry in entries[3:])]
    assert list(fitting(rotated)) == rotated[:3]
    assert list(fitting(rotated[3:])) == rotated[3:]
