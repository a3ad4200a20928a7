"""The vectors that everybody must accept, as the files have them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from cloud_sync.contract import topics
from cloud_sync.contract.batch import fitting, pack, peek
from cloud_sync.contract.certificate import CERTIFICATE_TYPE
from cloud_sync.contract.documents import MANIFEST_TYPE
from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.enrolment import ENROLMENT_TYPE, claim_text
from cloud_sync.contract.entry import SignedEntry, decode_body, first_prev, signing_input
from cloud_sync.contract.facts import kind_of
from cloud_sync.contract.keyring import KEYRING_TYPE
from cloud_sync.contract.orders import ORDER_TYPE
from cloud_sync.contract.receipt import RECEIPT_TYPE
from cloud_sync.contract.requests import REPLY_TYPE, REQUEST_TYPE
from cloud_sync.contract.signing import SoftwareKey, seal
from tests.contract.paper_chain import EPOCH
from tests.contract.vectors import line_story, story
from tests.contract.vectors.keys import ALL, HUB, OBJECT, ROOT, ROTATED, SOURCES

Vector = dict[str, Any]


def golden() -> dict[str, Vector]:
    """File name -> what stands in it."""
    return {"chain.json": chain(), "batches.json": batches(), "sealed.json": sealed(), "line.json": line()}


def keys() -> list[Vector]:
    """The public halves, and where each pair is published."""
    return [{"whose": name, "source": SOURCES[name], **key.public.jwk()} for name, key in ALL.items()]


def chain() -> Vector:
    """Two epochs of one journal."""
    return {
        "about": "Entries of one object. `prev` and `hash` are base64url; `hash` is the SHA-256 of the JWS"
        " signing input, and `prev` of the first entry is the SHA-256 of the epoch's text.",
        "dev": story.ADDRESS.object,
        "keys": keys(),
        "epochs": [
            {
                "epoch": journal.epoch,
                "sha256": b64(first_prev(journal.epoch)),
                "entries": [_entry(entry) for entry in journal.entries],
            }
            for journal in story.journals()
        ],
    }


def _entry(entry: SignedEntry) -> Vector:
    jws = entry.jws()
    return {
        "seq": entry.seq,
        "kind": kind_of(decode_body(entry.body).fact),
        "kid": entry.kid,
        "body": entry.body.decode(),
        "header": f'{{"alg":"ES256","kid":"{entry.kid}","prev":"{b64(entry.prev)}"}}',
        "signing_input_sha256": entry.hash.hex(),
        "signing_input_chars": len(signing_input(entry.kid, entry.prev, entry.body)),
        "prev": b64(entry.prev),
        "hash": b64(entry.hash),
        "jws": jws,
    }


def batches() -> Vector:
    """The first epoch on its way to the hub: a batch ends at `key.rotated`."""
    first, _ = story.journals()
    whole = fitting(first.entries)
    return {
        "about": "Frames of the first epoch. `plain` is the msgpack array of bodies before compression."
        " Another zstd may compress it to other bytes, so that frame and signature are one example of many.",
        "frames": [_frame(OBJECT, whole), _frame(ROTATED, first.entries[len(whole) :])],
    }


def _frame(key: SoftwareKey, entries: Sequence[SignedEntry]) -> Vector:
    frame = pack(key, story.ADDRESS.object, EPOCH, entries)
    header_bytes, _, _ = msgspec.msgpack.decode(frame, type=tuple[bytes, bytes, bytes])
    header = msgspec.structs.asdict(peek(frame))
    return {
        "header": {**header, "prev": b64(header["prev"]), "head": b64(header["head"])},
        "header_hex": header_bytes.hex(),
        "plain_hex": msgspec.msgpack.encode([entry.body for entry in entries]).hex(),
        "frame_hex": frame.hex(),
    }


def same_batches(kept: Vector, fresh: Vector) -> Vector:
    """`fresh`, with the frames of `kept` where the same header and bodies were compressed otherwise."""
    for old, new in zip(kept["frames"], fresh["frames"], strict=True):
        if (old["header_hex"], old["plain_hex"]) == (new["header_hex"], new["plain_hex"]):
            new["frame_hex"] = old["frame_hex"]
    return fresh


def sealed() -> Vector:
    """What hub and root sign."""
    first, _ = story.journals()
    return {
        "about": "Compact JWS of type `typ`, and the documents that the manifests are of.",
        "keys": keys(),
        "words": [
            _word(HUB, RECEIPT_TYPE, story.receipt(first)),
            *(_word(HUB, MANIFEST_TYPE, manifest) for manifest in story.MANIFESTS),
            *(_word(ROOT, CERTIFICATE_TYPE, certified) for certified in story.certificates()),
            *(_word(OBJECT, REQUEST_TYPE, request) for request in line_story.requests()),
            *(_word(HUB, REPLY_TYPE, reply) for reply in line_story.replies()),
            *(_word(HUB, ORDER_TYPE, order) for order in line_story.orders()),
            _word(ROOT, KEYRING_TYPE, line_story.KEYRING),
            _word(OBJECT, ENROLMENT_TYPE, line_story.ENROLMENT),
        ],
        "documents": {"prices": story.PRICES.decode(), "deliveries": story.DELIVERIES.decode()},
    }


def _word(key: SoftwareKey, typ: str, payload: msgspec.Struct) -> Vector:
    return {
        "typ": typ,
        "kid": key.public.kid,
        "payload": encode(payload).decode(),
        "jws": seal(key, typ, payload),
    }


def line() -> Vector:
    """Where things are said, and what is said there without a seal."""
    first, _ = story.journals()
    address = story.ADDRESS
    return {
        "about": "Topics of one object, the payloads on its `up/state`, a claim and the answers to it, and a"
        " piece of telemetry (msgpack arrays on the wire; here as JSON, with bytes in base64).",
        "address": story.members(address),
        "partition": topics.partition(address.object),
        "topics": {
            **{f"up/{lane}": address.up(lane) for lane in ("journal", "telemetry", "state", "request")},
            **{f"dn/{lane}": address.down(lane) for lane in ("receipt", "reply", "command")},
            "document": topics.document(address.tenant, address.site, "prices"),
            "keyring": topics.keyring(address.tenant),
        },
        "states": [encode(state).decode() for state in story.states(first)],
        "claim": {"text": claim_text(line_story.CLAIM), "payload": encode(line_story.CLAIM).decode()},
        "enrolments": [encode(said).decode() for said in line_story.ANSWERS_TO_IT],
        "telemetry": encode(line_story.PIECE).decode(),
    }
