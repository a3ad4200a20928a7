"""Claims survive copying, questions prove the key that they name, and both sides see the same letters."""

from typing import Any

import pytest

from cloud_sync.contract.encoding import b64, encode
from cloud_sync.contract.enrolment import (
    ENROLMENT_BYTES_MAX,
    ENROLMENT_TYPE,
    BadClaimError,
    Claim,
    EnrolmentAsked,
    claim_text,
    confirmation_code,
    read_claim,
    read_enrolment,
)
from cloud_sync.contract.signing import PublicKey, SoftwareKey, seal

CLAIM = Claim("https://hub.example:8443", "A" * 43, "k3b9PQxz0_-a", "B" * 22)
KEY, OTHER = SoftwareKey.generate(), SoftwareKey.generate()


def asked(**changes: Any) -> EnrolmentAsked:
    honest: dict[str, Any] = {
        "claim": CLAIM.id,
        "secret": CLAIM.secret,
        "dev": "mirror-4",
        "kind": "mirror",
        "key": KEY.public,
        "tier": "file",
        "csr": "-----BEGIN CERTIFICATE REQUEST-----\n",
    }
    return EnrolmentAsked(**{**honest, **changes})


@pytest.mark.parametrize("between", ["", " ", "\n", "\r\n\t "])
def test_a_claim_is_read_however_its_lines_were_broken(between: str) -> None:
    text = claim_text(CLAIM)
    assert read_claim(between.join([text[:7], text[7:60], text[60:]])) == CLAIM


CUT_OR_FOREIGN = [
    "",
    "OPOS1.",
    "OPOS2." + claim_text(CLAIM)[6:],
    claim_text(CLAIM)[:-3],
    claim_text(CLAIM)[6:],
    "OPOS1." + "A" * 2_000,
    "OPOS1." + b64(b"[" * 700),
    "OPOS1."
    + b64(encode({"hub": "http://hub.example", "fingerprint": "A" * 43, "id": "a" * 12, "secret": "B" * 22})),
    "OPOS1."
    + b64(encode({"hub": "https://hub.example", "fingerprint": "short", "id": "a" * 12, "secret": "B" * 22})),
]


@pytest.mark.parametrize("text", CUT_OR_FOREIGN, ids=range(len(CUT_OR_FOREIGN)))
def test_what_is_no_claim_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(BadClaimError, match="copy all of it"):
        read_claim(text)


def test_a_question_is_read_if_the_key_that_it_names_has_sealed_it() -> None:
    assert read_enrolment(seal(KEY, ENROLMENT_TYPE, asked())) == asked()


NOT_ASKED = [
    "",
    "nonsense",
    "a.b.c",
    "x" * (ENROLMENT_BYTES_MAX + 1),
    f"a.{b64(b'[' * 9_000)}.c",
    seal(OTHER, ENROLMENT_TYPE, asked()),
    seal(KEY, "opos-receipt", asked()),
    seal(KEY, ENROLMENT_TYPE, asked(key=PublicKey("AA", "AA"))),
    seal(KEY, ENROLMENT_TYPE, asked(dev="a/b")),
    seal(KEY, ENROLMENT_TYPE, asked(csr="x" * 7_000)),
]


@pytest.mark.parametrize("jws", NOT_ASKED, ids=range(len(NOT_ASKED)))
def test_any_other_text_is_no_question(jws: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_enrolment(jws)


def test_both_sides_show_eight_letters_and_another_in_between_would_change_them() -> None:
    code = confirmation_code(CLAIM.id, KEY.public, CLAIM.fingerprint)
    assert [len(part) for part in code.split("-")] == [4, 4]
    assert code == confirmation_code(CLAIM.id, KEY.public, CLAIM.fingerprint)
    others = {
        confirmation_code("another-one1", KEY.public, CLAIM.fingerprint),
        confirmation_code(CLAIM.id, OTHER.public, CLAIM.fingerprint),
        confirmation_code(CLAIM.id, KEY.public, "C" * 43),
    }
    assert len(others | {code}) == 4
