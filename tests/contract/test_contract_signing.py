"""Signatures: ours are those of the standards, and nothing that was touched passes."""

import base64
import json
from collections.abc import Callable

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from joserfc import jws

from cloud_sync.contract.encoding import b64, unb64
from cloud_sync.contract.receipt import RECEIPT_TYPE, Receipt
from cloud_sync.contract.signing import (
    BadSignatureError,
    PublicKey,
    SoftwareKey,
    Verifier,
    seal,
    unseal,
)
from tests.contract.paper_chain import jose_key, key

RECEIPT = Receipt("mirror-4", "e1", 7, "h", 2, 0, 1_763_700_000_000)


def keys_of(*software: SoftwareKey) -> dict[str, Verifier]:
    return {one.public.kid: Verifier(one.public) for one in software}


def test_a_software_key_signs_as_rfc_6979_does() -> None:
    """Appendix A.2.5, P-256 with SHA-256, message `sample`."""
    assert key().sign(b"sample").hex().upper() == (
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )


def test_the_example_of_rfc_7515_verifies() -> None:
    """Appendix A.3, ES256."""
    example = (
        "eyJhbGciOiJFUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )
    public = PublicKey(
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    )
    data, _, signature = example.rpartition(".")
    Verifier(public).check(data.encode(), unb64(signature))
    with pytest.raises(BadSignatureError):
        Verifier(public).check(data.encode() + b" ", unb64(signature))


def test_a_thumbprint_is_that_of_another_jose_library() -> None:
    assert jose_key().thumbprint() == key().public.thumbprint
    assert key().public.kid == key().public.thumbprint[:8]


def test_a_key_survives_its_file() -> None:
    assert SoftwareKey.from_pem(key().to_pem()).public == key().public


@pytest.mark.parametrize(
    "private", [ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()]
)
def test_another_kind_of_key_is_refused(
    private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="expected a P-256 private key"):
        SoftwareKey.from_pem(pem)


def test_what_is_sealed_opens_again_and_in_another_jose_library() -> None:
    sealed = seal(key(), RECEIPT_TYPE, RECEIPT)
    assert unseal(sealed, RECEIPT_TYPE, keys_of(key()), Receipt) == RECEIPT
    opened = jws.deserialize_compact(sealed, jose_key())
    assert json.loads(opened.payload)["seq"] == 7
    assert opened.protected == {"alg": "ES256", "kid": key().public.kid, "typ": RECEIPT_TYPE}


def test_no_character_of_a_sealed_word_can_be_changed() -> None:
    sealed, keys = seal(key(), RECEIPT_TYPE, RECEIPT), keys_of(key())
    for place, letter in enumerate(sealed):
        for other in {".", "A", "x", "="} - {letter}:
            with pytest.raises(BadSignatureError):
                unseal(sealed[:place] + other + sealed[place + 1 :], RECEIPT_TYPE, keys, Receipt)


def _again(header: dict[str, object], sign: Callable[[bytes], bytes]) -> str:
    data = f"{b64(json.dumps(header).encode())}.{b64(msgspec.json.encode(RECEIPT))}"
    return f"{data}.{b64(sign(data.encode()))}"


NESTED = b'{"x":' + b"[" * 100_000
FORGERIES = {
    "no signature": lambda own: _again(
        {"alg": "none", "kid": own.public.kid, "typ": RECEIPT_TYPE}, lambda _: b""
    ),
    "another algorithm": lambda own: _again(
        {"alg": "HS256", "kid": own.public.kid, "typ": RECEIPT_TYPE}, own.sign
    ),
    "another type": lambda own: _again(
        {"alg": "ES256", "kid": own.public.kid, "typ": "opos-manifest"}, own.sign
    ),
    "no type": lambda own: _again({"alg": "ES256", "kid": own.public.kid}, own.sign),
    "a stranger under our name": lambda own: _again(
        {"alg": "ES256", "kid": own.public.kid, "typ": RECEIPT_TYPE}, SoftwareKey.generate().sign
    ),
    "a stranger": lambda _: seal(SoftwareKey.generate(), RECEIPT_TYPE, RECEIPT),
    "a signature of 0": lambda own: _again(
        {"alg": "ES256", "kid": own.public.kid, "typ": RECEIPT_TYPE}, lambda _: bytes(64)
    ),
    "two parts": lambda own: seal(own, RECEIPT_TYPE, RECEIPT).rpartition(".")[0],
    "nothing": lambda _: "",
    "brackets without end": lambda _: b64(NESTED) + ".e30.AA",
    "no ASCII": lambda _: "ä.ö.ü",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_word_is_refused(forgery: Callable[[SoftwareKey], str]) -> None:
    with pytest.raises(BadSignatureError):
        unseal(forgery(key()), RECEIPT_TYPE, keys_of(key()), Receipt)


def test_a_signed_word_of_another_shape_is_no_receipt() -> None:
    with pytest.raises(msgspec.ValidationError):
        unseal(seal(key(), RECEIPT_TYPE, {"dev": 7}), RECEIPT_TYPE, keys_of(key()), Receipt)


# Base64url that says the same in two ways would let two texts have one signature.
SLOPPY = ["QQ==", "QQ=", "QR", "Q", "Q Q", "QQ\n", "+/+/", "QUI="]


@pytest.mark.parametrize("text", SLOPPY)
def test_base64url_is_read_only_as_it_is_written(text: str) -> None:
    with pytest.raises(ValueError, match="expected base64url"):
        unb64(text)


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xfb\xff", bytes(range(256))])
def test_base64url_is_that_of_the_standard_library_without_padding(data: bytes) -> None:
    assert b64(data) == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert unb64(b64(data)) == data
