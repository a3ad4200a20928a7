"""Claims, enrolments, keyrings and telemetry: what is right comes back, and what is wrong is said."""

import re
from collections.abc import Callable
from typing import Final

import msgspec
import pytest
import zstandard
from msgspec.structs import replace

from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.enrolment import (
    CODE_LETTERS,
    ENROLMENT_BYTES_MAX,
    ENROLMENT_TYPE,
    BadClaimError,
    EnrolmentSaid,
    bare_code,
    claim_text,
    confirmation_code,
    read_claim,
    read_enrolment,
)
from cloud_sync.contract.keyring import KEYRING_TYPE, KEYS_MAX, Keyring, read_keyring
from cloud_sync.contract.orders import CloseDoors, Identify, verb_of
from cloud_sync.contract.signing import BadSignatureError, PublicKey, Verifier, seal
from cloud_sync.contract.telemetry import (
    BODY_BYTES_MAX,
    EXPANDED_BYTES_MAX,
    ITEMS_MAX,
    BadPieceError,
    TelemetryItem,
    pack_piece,
    unpack_piece,
)
from retail.pricing.book import Version
from tests.contract.test_contract_vectors import LINE
from tests.contract.vectors.keys import HUB, OBJECT, ROOT, ROTATED
from tests.contract.vectors.line_story import CLAIM, ENROLMENT, KEYRING, PIECE

ROOTS: Final = {ROOT.public.kid: Verifier(ROOT.public)}
NO_POINT: Final = PublicKey(b64(bytes(31) + b"\x01"), b64(bytes(31) + b"\x01"))


def test_a_claim_comes_back_from_its_text_however_it_was_wrapped() -> None:
    text = claim_text(CLAIM)
    assert text == LINE["claim"]["text"]
    assert encode(CLAIM).decode() == LINE["claim"]["payload"]
    assert read_claim(text) == read_claim(f"  {text[:40]}\n {text[40:]}\t") == CLAIM


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "copy all of it"),
        ("OPOS2.abc", "copy all of it"),
        ("OPOS1." + "A" * 2_000, "copy all of it"),
        (claim_text(CLAIM)[:-9], "cut or mistyped"),
        ("OPOS1.***", "cut or mistyped"),
        ("OPOS1." + b64(b"[" * 700), "cut or mistyped"),
        (claim_text(replace(CLAIM, hub="http://hub.example")), "cut or mistyped"),
        (claim_text(replace(CLAIM, id="short")), "cut or mistyped"),
    ],
)
def test_a_text_that_is_no_claim_is_answered_with_what_to_do(text: str, sentence: str) -> None:
    with pytest.raises(BadClaimError, match=sentence):
        read_claim(text)


def test_an_enrolment_is_sealed_by_the_key_that_it_names() -> None:
    assert read_enrolment(seal(OBJECT, ENROLMENT_TYPE, ENROLMENT)) == ENROLMENT


@pytest.mark.parametrize(
    "jws",
    [
        seal(HUB, ENROLMENT_TYPE, ENROLMENT),
        seal(OBJECT, "opos-receipt", ENROLMENT),
        seal(OBJECT, ENROLMENT_TYPE, replace(ENROLMENT, key=NO_POINT)),
        seal(OBJECT, ENROLMENT_TYPE, replace(ENROLMENT, dev="a/b")),
        "no jws",
        "a." + b64(b"[" * 2_000) + ".c",
        "x" * (ENROLMENT_BYTES_MAX + 1),
    ],
)
def test_an_enrolment_of_anybody_else_is_none(jws: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_enrolment(jws)


def test_the_code_is_eight_letters_of_claim_key_and_root_alike_on_both_sides() -> None:
    code = confirmation_code(CLAIM.id, OBJECT.public, CLAIM.fingerprint)
    assert re.fullmatch(rf"[{CODE_LETTERS}]{{4}}-[{CODE_LETTERS}]{{4}}", code)
    assert msgspec.json.decode(LINE["enrolments"][0], type=EnrolmentSaid).code == code
    others = {
        confirmation_code("another0", OBJECT.public, CLAIM.fingerprint),
        confirmation_code(CLAIM.id, ROTATED.public, CLAIM.fingerprint),
        confirmation_code(CLAIM.id, OBJECT.public, b64(bytes(32))),
    }
    assert len(others | {code}) == 4


@pytest.mark.parametrize("typed", ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "WD-JB-MJ-HT"])
def test_a_code_is_known_however_it_was_typed(typed: str) -> None:
    assert bare_code(typed) == "WDJBMJHT"


def test_a_keyring_is_believed_by_a_pinned_root() -> None:
    assert read_keyring(seal(ROOT, KEYRING_TYPE, KEYRING), ROOTS) == KEYRING


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda ring: replace(ring, receipt=()), "receipt: expected 1 to"),
        (lambda ring: replace(ring, documents=(HUB.public,) * (KEYS_MAX + 1)), "documents: expected 1 to"),
        (lambda ring: replace(ring, roots=(NO_POINT,)), "roots: .* is no key of P-256"),
        (lambda ring: replace(ring, version=Version(0, 1)), "a version from 1.1 on"),
        (lambda ring: replace(ring, version=Version(1, 2**60)), "a version from 1.1 on|<="),
    ],
)
def test_a_keyring_that_cannot_be_worked_by_is_refused(
    change: Callable[[Keyring], Keyring], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_keyring(seal(ROOT, KEYRING_TYPE, change(KEYRING)), ROOTS)


def test_a_keyring_of_the_hubs_own_making_is_refused() -> None:
    with pytest.raises(BadSignatureError, match="nobody we trust"):
        read_keyring(seal(HUB, KEYRING_TYPE, KEYRING), ROOTS)


def test_the_word_for_a_deed_is_that_of_the_command_line() -> None:
    assert (verb_of(Identify(5)), verb_of(CloseDoors())) == ("identify", "close-doors")


def test_telemetry_comes_back() -> None:
    assert unpack_piece(pack_piece(PIECE)) == PIECE


_ITEM: Final = TelemetryItem(1, "Took", 1, b"")


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (b"", "cannot be expanded"),
        (b"hello", "cannot be expanded"),
        (pack_piece(PIECE)[:-3], "cannot be expanded"),
        (zstandard.compress(b"\xff" * 10), "expected telemetry"),
        (zstandard.compress(b"\x91" * 5_000), "expected telemetry"),
        (zstandard.compress(bytes(EXPANDED_BYTES_MAX + 1)), "expected at most"),
        (zstandard.ZstdCompressor(write_content_size=False).compress(b"x" * 99), "expected at most"),
        (pack_piece(replace(PIECE, items=(_ITEM,) * (ITEMS_MAX + 1))), "items"),
        (pack_piece(replace(PIECE, items=(replace(_ITEM, body=bytes(BODY_BYTES_MAX + 1)),))), "bytes, got"),
    ],
)
def test_what_is_no_piece_of_telemetry_is_refused(payload: bytes, sentence: str) -> None:
    with pytest.raises(BadPieceError, match=sentence):
        unpack_piece(payload)
