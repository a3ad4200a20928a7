"""The vectors: a stranger and we read back what is right, and both refuse what is wrong, by its name."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import zstandard
from joserfc.jwk import ECKey

from cloud_sync.contract import topics
from cloud_sync.contract.batch import peek, unpack
from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.documents import MANIFEST_TYPE, Manifest, split
from cloud_sync.contract.encoding import b64, encode, unb64
from cloud_sync.contract.enrolment import ENROLMENT_TYPE, EnrolmentAsked
from cloud_sync.contract.entry import Body, check_body, check_entry, encode_body, first_prev, read_entry
from cloud_sync.contract.facts import Fact, KeyRotated, kind_of
from cloud_sync.contract.keyring import KEYRING_TYPE, Keyring
from cloud_sync.contract.orders import ORDER_TYPE, Order
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.requests import REPLY_TYPE, REQUEST_TYPE, Reply, Request
from cloud_sync.contract.signing import PublicKey, Verifier, unseal
from cloud_sync.contract.state import ObjectState
from tests.contract import stranger
from tests.contract.vectors.__main__ import FOLDER, main

Vector = dict[str, Any]


def vectors(name: str) -> Vector:
    found: Vector = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return found


CHAIN: Final = vectors("chain.json")
ENTRIES: Final = [entry for epoch in CHAIN["epochs"] for entry in epoch["entries"]]
BATCHES: Final = vectors("batches.json")
SEALED: Final = vectors("sealed.json")
LINE: Final = vectors("line.json")
REFUSED: Final = vectors("refused.json")

JWKS: Final[dict[str, dict[str, str]]] = {key["kid"]: key for key in CHAIN["keys"]}
VERIFIERS: Final = {kid: Verifier(PublicKey(key["x"], key["y"])) for kid, key in JWKS.items()}


def named(form: str) -> dict[str, Vector]:
    found = {vector["what"]: vector for vector in REFUSED[form]}
    assert len(found) == len(REFUSED[form]), "two vectors have one name"
    return found


def test_the_files_are_what_our_code_makes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_a_file_that_says_something_else_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--write"], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    (tmp_path / "line.json").write_text("{}")
    (tmp_path / "sealed.json").unlink()
    assert main(["--check"], tmp_path) == 1
    assert "sealed.json, line.json" in capsys.readouterr().err


def test_the_keys_are_those_that_the_standards_print() -> None:
    for kid, key in JWKS.items():
        assert ECKey.import_key({**key}).thumbprint()[:8] == kid
    first = dict(CHAIN["keys"][0])
    assert first["source"] == "RFC 6979, appendix A.2.5"
    # The public half as that appendix prints it.
    assert base64.urlsafe_b64decode(first["x"] + "=").hex().upper() == (
        "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    )


def test_every_kind_of_fact_has_a_vector() -> None:
    assert {entry["kind"] for entry in ENTRIES} == {kind_of_type(fact) for fact in Fact.__args__}


def kind_of_type(fact: type[Fact]) -> str:
    tag = fact.__struct_config__.tag
    assert isinstance(tag, str)
    return tag


def test_a_stranger_follows_the_chain_of_both_epochs() -> None:
    for epoch in CHAIN["epochs"]:
        prev = stranger.b64(hashlib.sha256(epoch["epoch"].encode()).digest())
        assert prev == epoch["sha256"]
        key: dict[str, str] = {}
        for seq, vector in enumerate(epoch["entries"], 1):
            key = key or jwk(json.loads(vector["body"])["fact"]["key"])
            body = stranger.entry(vector["jws"], key, prev)
            assert (body["dev"], body["epoch"], body["seq"]) == (CHAIN["dev"], epoch["epoch"], seq)
            assert body["fact"]["kind"] == vector["kind"]
            assert (vector["seq"], vector["kid"], vector["prev"]) == (seq, key["kid"], prev)
            prev = stranger.hash_of(vector["jws"])
            assert prev == vector["hash"]
            if vector["kind"] == "key.rotated":
                key = jwk(body["fact"]["key"])


def jwk(point: dict[str, str]) -> dict[str, str]:
    bare = {"kty": "EC", "crv": "P-256", **point}
    return {**bare, "kid": ECKey.import_key({**bare}).thumbprint()[:8]}


@pytest.mark.parametrize("vector", ENTRIES, ids=lambda vector: f"{vector['seq']} {vector['kind']}")
def test_the_parts_of_an_entry_are_its_parts(vector: Vector) -> None:
    head, body, signature = vector["jws"].split(".")
    assert base64.urlsafe_b64decode(head + "==").decode() == vector["header"]
    assert base64.urlsafe_b64decode(body + "==").decode() == vector["body"]
    assert len(base64.urlsafe_b64decode(signature + "==")) == 64
    signing_input = f"{head}.{body}".encode()
    assert len(signing_input) == vector["signing_input_chars"]
    assert hashlib.sha256(signing_input).hexdigest() == vector["signing_input_sha256"]
    assert base64.urlsafe_b64decode(vector["hash"] + "=").hex() == vector["signing_input_sha256"]


def test_we_follow_the_chain_of_both_epochs() -> None:
    for epoch in CHAIN["epochs"]:
        prev, verifier = first_prev(epoch["epoch"]), None
        for vector in epoch["entries"]:
            entry = read_entry(vector["jws"])
            assert entry.jws() == vector["jws"]
            assert entry.prev == prev
            body = check_body(entry.body)
            verifier = verifier or Verifier(body.fact.key)  # type: ignore[union-attr]
            check_entry(entry, verifier)
            assert encode_body(body).decode() == vector["body"]
            assert (body.seq, kind_of(body.fact), b64(entry.hash)) == (
                *(vector["seq"], vector["kind"], vector["hash"]),
            )
            prev = entry.hash
            if isinstance(body.fact, KeyRotated):
                verifier = Verifier(body.fact.key)


@pytest.mark.parametrize("vector", BATCHES["frames"], ids=["until the key is rotated", "the rest"])
def test_a_stranger_opens_a_frame_and_finds_the_chain_in_it(vector: Vector) -> None:
    header, payload, signature = msgspec.msgpack.decode(bytes.fromhex(vector["frame_hex"]))
    assert header.hex() == vector["header_hex"]
    version, dev, epoch, kid, first, n, prev, head = msgspec.msgpack.decode(header)
    assert stranger.is_signed(header + payload, signature, JWKS[kid])
    plain = zstandard.ZstdDecompressor().decompress(payload)
    assert plain.hex() == vector["plain_hex"]
    bodies = msgspec.msgpack.decode(plain)
    assert (version, dev, epoch, len(bodies)) == (1, CHAIN["dev"], CHAIN["epochs"][0]["epoch"], n)
    entries = CHAIN["epochs"][0]["entries"][first - 1 : first - 1 + n]
    assert [body.decode() for body in bodies] == [entry["body"] for entry in entries]
    assert (stranger.b64(prev), stranger.b64(head)) == (entries[0]["prev"], entries[-1]["hash"])
    assert {entry["kid"] for entry in entries} == {kid}


@pytest.mark.parametrize("vector", BATCHES["frames"], ids=["until the key is rotated", "the rest"])
def test_we_open_a_frame_and_find_the_chain_in_it(vector: Vector) -> None:
    frame = bytes.fromhex(vector["frame_hex"])
    header = peek(frame)
    batch = unpack(frame, VERIFIERS[header.kid])
    told = msgspec.structs.asdict(header)
    assert {**told, "prev": b64(header.prev), "head": b64(header.head)} == vector["header"]
    entries = CHAIN["epochs"][0]["entries"][header.first - 1 :][: header.n]
    assert [b64(digest) for digest in batch.hashes] == [entry["hash"] for entry in entries]


def test_the_frames_bring_the_whole_epoch() -> None:
    assert [(frame["header"]["first"], frame["header"]["n"]) for frame in BATCHES["frames"]] == [
        (1, 9),
        (10, 1),
    ]


WORDS: Final[dict[str, type[msgspec.Struct]]] = {
    RECEIPT_TYPE: Receipt,
    MANIFEST_TYPE: Manifest,
    CERTIFICATE_TYPE: CertifiedKey,
    REQUEST_TYPE: Request,
    REPLY_TYPE: Reply,
    ORDER_TYPE: Order,
    KEYRING_TYPE: Keyring,
    ENROLMENT_TYPE: EnrolmentAsked,
}


@pytest.mark.parametrize("vector", SEALED["words"], ids=lambda vector: str(vector["typ"]))
def test_what_hub_and_root_have_sealed_opens_for_a_stranger_and_for_us(vector: Vector) -> None:
    told = stranger.word(vector["jws"], JWKS[vector["kid"]], vector["typ"])
    assert told == json.loads(vector["payload"])
    opened = unseal(vector["jws"], vector["typ"], VERIFIERS, WORDS[vector["typ"]])
    assert encode(opened).decode() == vector["payload"]


def test_the_sealed_words_are_about_the_chain() -> None:
    told = [
        json.loads(word["payload"])
        for word in SEALED["words"]
        if word["typ"] in {RECEIPT_TYPE, MANIFEST_TYPE, CERTIFICATE_TYPE}
    ]
    receipt, prices, deliveries, *certified = told
    first = CHAIN["epochs"][0]["entries"]
    assert (receipt["seq"], receipt["hash"]) == (10, first[9]["hash"])
    assert [each["key"] for each in certified] == [
        json.loads(entry["body"])["fact"]["key"]
        for entry in first
        if entry["kind"] in {"genesis", "key.rotated"}
    ]
    applied = [json.loads(entry["body"])["fact"] for entry in first if entry["kind"] == "document.applied"]
    for manifest, fact in zip((prices, deliveries), applied, strict=True):
        data = SEALED["documents"][manifest["name"]].encode()
        assert manifest["sha256"] == hashlib.sha256(data).hexdigest() == fact["sha256"]
        assert manifest["chunks"] == [hashlib.sha256(chunk).hexdigest() for chunk in split(data)]
        assert (manifest["size"], manifest["version"]) == (len(data), fact["version"])


def test_the_second_epoch_says_what_became_of_the_first() -> None:
    first, second = (epoch["entries"] for epoch in CHAIN["epochs"])
    assert [entry["kind"] for entry in second[:3]] == ["genesis", "fork", "checkpoint"]
    fork = json.loads(second[1]["body"])["fact"]
    assert fork["epoch"] == CHAIN["epochs"][0]["epoch"]
    for head in (fork["was"], fork["hub"]):
        assert head["hash"] == first[head["seq"] - 1]["hash"]
    assert fork["was"]["seq"] < fork["hub"]["seq"] == len(first)


def test_topics_and_states_are_those_of_the_vectors() -> None:
    address = msgspec.convert(LINE["address"], topics.Address)
    part = int.from_bytes(hashlib.sha256(address.object.encode()).digest()[:8], "big") % 64
    assert part == LINE["partition"] == topics.partition(address.object)
    root = f"opos/1/{address.tenant}/{part}/{address.site}/{address.object}"
    for lane, topic in LINE["topics"].items():
        if lane.startswith(("up/", "dn/")):
            assert topic == f"{root}/{lane}"
            assert topics.address_of(topic) == address
    assert LINE["topics"]["document"] == topics.document(address.tenant, address.site, "prices")
    assert LINE["topics"]["keyring"] == topics.keyring(address.tenant)
    for state in LINE["states"]:
        assert encode(msgspec.json.decode(state, type=ObjectState)).decode() == state


def judged(jws: str) -> Body:
    """An entry that claims to be the second one, as we judge it."""
    entry = read_entry(jws)
    check_entry(entry, VERIFIERS[CHAIN["keys"][0]["kid"]])
    if entry.prev != unb64(REFUSED["after"]):
        raise ValueError("it does not follow from the entry before it")
    return check_body(entry.body)


@pytest.mark.parametrize("vector", named("entries").values(), ids=named("entries"))
def test_an_entry_that_is_wrong_is_refused_by_its_name_and_by_a_stranger(vector: Vector) -> None:
    with pytest.raises(ValueError, match=vector["reason"]):
        judged(vector["jws"])
    with pytest.raises(stranger.RefusedError):
        stranger.entry(vector["jws"], JWKS[CHAIN["keys"][0]["kid"]], REFUSED["after"])


@pytest.mark.parametrize("vector", named("words").values(), ids=named("words"))
def test_a_receipt_that_is_wrong_is_refused_by_its_name_and_by_a_stranger(vector: Vector) -> None:
    hub = next(key["kid"] for key in REFUSED["keys"] if key["whose"] == "hub")
    with pytest.raises(ValueError, match=vector["reason"]):
        unseal(vector["jws"], RECEIPT_TYPE, {hub: VERIFIERS[hub]}, Receipt)
    with pytest.raises(stranger.RefusedError):
        stranger.receipt(vector["jws"], JWKS[hub])


@pytest.mark.parametrize("vector", named("frames").values(), ids=named("frames"))
def test_a_frame_that_is_wrong_is_refused_by_its_name(vector: Vector) -> None:
    with pytest.raises(ValueError, match=vector["reason"]):
        unpack(bytes.fromhex(vector["frame"]), VERIFIERS[CHAIN["keys"][0]["kid"]])


def test_the_wrong_entries_are_wrong_in_one_thing_only() -> None:
    """The entry that they stand in for is accepted where they are refused."""
    second = CHAIN["epochs"][0]["entries"][1]
    assert judged(second["jws"]).seq == 2
    assert stranger.entry(second["jws"], JWKS[second["kid"]], REFUSED["after"])["seq"] == 2


def test_every_header_in_the_vectors_is_the_one_in_their_text() -> None:
    for vector in (*REFUSED["entries"], *REFUSED["words"]):
        if "header" in vector:
            assert unb64(vector["jws"].split(".")[0]).decode() == vector["header"]
        if "body" in vector:
            assert unb64(vector["jws"].split(".")[1]).decode() == vector["body"]
        re.compile(vector["reason"])
