"""Sealed messages: the published ciphertexts, and everything that must not open."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.terminals.nexo.sealing import Passphrase, SealError, Trailer, keys, opened, sealed
from tests.simulators.terminals.nexo.nexo_till import NAME, VERSION, WORDS, data, problems, unseal

KEYS = keys(Passphrase(WORDS, NAME, VERSION))
PLAIN = b'{"SaleToPOIResponse":{"MessageHeader":{}}}'
NONCE = bytes(range(16))


def _open(content: dict[str, Any], by: Any = KEYS) -> bytes:
    return opened(content["NexoBlob"], msgspec.convert(content["SecurityTrailer"], Trailer), by)


def _rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = data("nexo_encrypted.json")
    return rows


def _content(row: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = next(iter(row["message"].values()))
    return content


def _keys_of(row: dict[str, Any]) -> Any:
    trailer = _content(row)["SecurityTrailer"]
    return keys(Passphrase(row["key"]["Passphrase"], row["key"]["KeyIdentifier"], trailer["KeyVersion"]))


def test_every_published_ciphertext_opens_or_is_refused_as_published() -> None:
    rows = _rows()
    assert rows
    for row in rows:
        if not row["valid"]:
            with pytest.raises(SealError):
                _open(_content(row), _keys_of(row))
            continue
        plain = json.loads(_open(_content(row), _keys_of(row)))
        assert next(iter(plain.values()))["MessageHeader"] == _content(row)["MessageHeader"], row["id"]


def test_what_was_opened_is_sealed_again_to_the_bit() -> None:
    for row in _rows():
        if row["valid"]:
            content, by = _content(row), _keys_of(row)
            nonce = base64.b64decode(content["SecurityTrailer"]["Nonce"])
            again = {"MessageHeader": content["MessageHeader"], **sealed(_open(content, by), by, nonce)}
            assert again == content, row["id"]


def test_no_bit_of_a_published_message_can_be_turned() -> None:
    for row in _rows():
        if not row["valid"]:
            continue
        content, by = _content(row), _keys_of(row)
        blob = base64.b64decode(content["NexoBlob"])
        for at in range(0, len(blob), 37):
            turned = bytes((*blob[:at], blob[at] ^ 1, *blob[at + 1 :]))
            with pytest.raises(SealError):
                _open({**content, "NexoBlob": base64.b64encode(turned).decode()}, by)


def test_a_trailer_fits_the_schema() -> None:
    assert problems("SecurityTrailer", sealed(PLAIN, KEYS, NONCE)["SecurityTrailer"]) == []


WRONG: list[tuple[str, Any, str]] = [
    ("AdyenCryptoVersion", 0, "crypto version 0"),
    ("KeyIdentifier", "other", "the key 'other' 1 is not known"),
    ("KeyVersion", 2, "is not known here"),
    ("Nonce", "AAAA", "a nonce of 3 bytes"),
    ("Nonce", "!!!!", "Nonce is not base64"),
    ("Nonce", base64.b64encode(bytes(16)).decode(), "HMAC"),
    ("Hmac", base64.b64encode(bytes(32)).decode(), "the HMAC is not of this text"),
    ("Hmac", "", "the HMAC is not of this text"),
    ("Hmac", "ü", "Hmac is not base64"),
]


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_a_wrong_trailer_opens_nothing(name: str, value: Any, said: str) -> None:
    content = sealed(PLAIN, KEYS, NONCE)
    with pytest.raises(SealError, match=said):
        _open({**content, "SecurityTrailer": {**content["SecurityTrailer"], name: value}})


@pytest.mark.parametrize("blob", ["", "AAAA", base64.b64encode(bytes(16)).decode(), "no base64"])
def test_a_blob_that_nobody_sealed_opens_nothing(blob: str) -> None:
    with pytest.raises(SealError):
        _open({**sealed(PLAIN, KEYS, NONCE), "NexoBlob": blob})


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(SealError):
        _open(sealed(PLAIN, KEYS, NONCE), keys(Passphrase("other", NAME, VERSION)))


@given(st.text(max_size=300), st.binary(min_size=16, max_size=16))
def test_whatever_is_sealed_is_what_another_hand_reads(text: str, nonce: bytes) -> None:
    plain = json.dumps({"SaleToPOIRequest": text}).encode()
    content = sealed(plain, KEYS, nonce)
    assert _open(content) == plain
    assert unseal({"SaleToPOIRequest": content}) == (json.loads(plain), True)
