"""Invoices of Lightning: signed by a node, refused for what the specification refuses."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from retail.payment_codes import bech32
from retail.payment_codes.lightning import fields, invoice, secp256k1
from retail.payment_codes.lightning.fields import Field, Hop, Meaning
from retail.payment_codes.lightning.invoice import Draft, Invoice
from retail.payment_codes.refusal import Refused, UnwritableError
from tests.retail.payment_codes.vectors import rows

# BOLT 11 prints the key that all of its examples are signed with.
PRINTED_KEY = 0xE126F68F7EAFCC8B74F54D269FE206BE715000F94DAC067D1C04A8CA3B2DB734
PAYMENT_HASH = "0001020304050607080900010203040506070809000102030405060708090102"
SECRET = "11" * 32
TIMESTAMP_S = 1_496_314_658
MEANING = Meaning(PAYMENT_HASH, SECRET, description="coffee beans", features=(8, 14))
FALLBACKS = ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
HOP = Hop("02" * 33, "0102030405060708", 1, 20, 3)


class Node:
    """A node with a key of its own."""

    def __init__(self, secret: int = PRINTED_KEY) -> None:
        self._key = ec.derive_private_key(secret, ec.SECP256K1())
        self.name = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()

    def sign(self, digest: bytes) -> bytes:
        how = ec.ECDSA(Prehashed(hashes.SHA256()), deterministic_signing=True)
        r, s = decode_dss_signature(self._key.sign(digest, how))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def draft(self, meaning: Meaning = MEANING, amount_msat: int | None = 2_500_000_000) -> Draft:
        return Draft("bc", amount_msat, TIMESTAMP_S, meaning, self.name)

    def crafted(self, prefix: str, given: list[Field], *, high: bool = False) -> str:
        """An invoice that the writer would never write, with a signature that is right."""
        words = bech32.number_words(TIMESTAMP_S, 7) + fields.join(given)
        digest = invoice._digest(prefix, words)
        signature = secp256k1.lowered(self.sign(digest))
        key = bytes.fromhex(self.name)
        if high:
            s = secp256k1.ORDER - int.from_bytes(signature[32:], "big")
            signature = signature[:32] + s.to_bytes(32, "big")
        recovery = next(at for at in range(4) if secp256k1.recover(digest, signature, at) == key)
        return bech32.write(prefix, words + bech32.to_words(signature + bytes([recovery])))


NODE = Node()


@pytest.mark.parametrize(
    ("vector", "meaning", "amount_msat"),
    [
        (
            "v00",
            Meaning(PAYMENT_HASH, SECRET, "Please consider supporting this project", features=(8, 14)),
            None,
        ),
        ("v01", Meaning(PAYMENT_HASH, SECRET, "1 cup coffee", expiry_s=60, features=(8, 14)), 250_000_000),
    ],
)
def test_an_invoice_of_the_specification_is_written_letter_by_letter(
    vector: str, meaning: Meaning, amount_msat: int | None
) -> None:
    printed = {row["id"]: row["invoice"] for row in rows("crypto/bolt11.json")}
    assert invoice.sign(NODE.draft(meaning, amount_msat), NODE.sign) == printed[vector]


@settings(max_examples=20)
@given(
    secret=st.integers(1, 2**250),
    amount_msat=st.none() | st.integers(1, 10**15),
    description=st.text(max_size=40),
    expiry_s=st.integers(0, 10**7),
    delta=st.integers(0, 5000),
    named=st.booleans(),
)
def test_an_invoice_is_read_as_it_was_signed(
    *, secret: int, amount_msat: int | None, description: str, expiry_s: int, delta: int, named: bool
) -> None:
    node = Node(secret)
    meaning = Meaning(
        PAYMENT_HASH, SECRET, description, payee=node.name if named else None, expiry_s=expiry_s,
        min_final_cltv_expiry_delta=delta, fallbacks=FALLBACKS, routes=((HOP, HOP),), metadata="01fafaf0",
        features=(8, 14, 48, 99),
    )  # fmt: skip
    text = invoice.sign(node.draft(meaning, amount_msat), node.sign)
    for shown in (text, text.upper(), f"lightning:{text}"):
        found = invoice.read(shown)
        assert isinstance(found, Invoice)
        assert (found.meaning, found.amount_msat, found.payee) == (meaning, amount_msat, node.name)
        assert found.timestamp_s == TIMESTAMP_S
        assert invoice.write(found) == text


def test_a_description_that_is_only_hashed_is_read_too() -> None:
    text = invoice.sign(NODE.draft(Meaning(PAYMENT_HASH, SECRET, description_hash="ab" * 32)), NODE.sign)
    found = invoice.read(text)
    assert isinstance(found, Invoice)
    assert found.meaning.description_hash == "ab" * 32


@pytest.mark.parametrize(
    ("amount_msat", "prefix"),
    [(None, "lnbc1"), (10**11, "lnbc11"), (2_500_000_000, "lnbc25m1"), (250_000_000, "lnbc2500u1"),
     (100, "lnbc1n1"), (1, "lnbc10p1")],
)  # fmt: skip
def test_an_amount_is_written_as_short_as_it_can_be(amount_msat: int | None, prefix: str) -> None:
    assert invoice.sign(NODE.draft(amount_msat=amount_msat), NODE.sign).startswith(prefix)


@pytest.mark.parametrize(
    "address", ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "mk2QpYatsKicvFVuTAQLBryyccRXMUaGHP"]
)
def test_a_fallback_that_is_wrong_or_of_another_network_is_not_signed(address: str) -> None:
    meaning = Meaning(PAYMENT_HASH, SECRET, "coffee", fallbacks=(address,))
    with pytest.raises(UnwritableError):
        invoice.sign(NODE.draft(meaning), NODE.sign)


def test_nobody_signs_for_another_node() -> None:
    with pytest.raises(UnwritableError, match="signature"):
        invoice.sign(NODE.draft(), Node(7).sign)


GIVEN = list(fields.made(MEANING))


@pytest.mark.parametrize(
    ("prefix", "given", "field"),
    [
        ("lnxy", GIVEN, "prefix"),
        ("lnbc2500x", GIVEN, "prefix"),
        ("lnbc01m", GIVEN, "prefix"),
        ("lnbc0m", GIVEN, "prefix"),
        ("lnbc2500000001p", GIVEN, "amount"),
        ("lnbc" + "9" * 17, GIVEN, "amount"),
        ("lnbc9007199254740992", GIVEN, "amount"),
        ("lnbc", [each for each in GIVEN if each.type != fields.HASH], "p"),
        ("lnbc", [each for each in GIVEN if each.type != fields.SECRET], "s"),
        ("lnbc", [each for each in GIVEN if each.type != fields.DESCRIPTION], "d"),
        ("lnbc", [*GIVEN, Field(fields.DESCRIPTION_HASH, bytes(52))], "d"),
        ("lnbc", [*GIVEN, Field(fields.DESCRIPTION, bytes([31, 31]))], "d"),
        ("lnbc", [*GIVEN, Field(fields.EXPIRY, bytes([0, 1]))], "x"),
        ("lnbc", [*GIVEN, Field(fields.EXPIRY, bytes([31] * 12))], "x"),
        ("lnbc", [*GIVEN, Field(fields.DELTA, bytes([0, 1]))], "c"),
        ("lnbc", [*GIVEN[:-1], Field(fields.FEATURES, bytes([0, 16, 8, 0]))], "9"),
        ("lnbc", [*GIVEN[:-1], Field(fields.FEATURES, bytes([1] + [0] * 20))], "9"),
        ("lnbc", [*GIVEN, Field(fields.ROUTE, bytes(10))], "r"),
        ("lnbc", [*GIVEN, Field(fields.FALLBACK, b"")], "f"),
        ("lnbc", [*GIVEN, Field(fields.FALLBACK, bytes([17]) + bytes(31))], "f"),
        ("lnbc", [*GIVEN, Field(fields.FALLBACK, bytes([0]) + bytes(66))], "f"),
        ("lnbc", [*GIVEN, Field(fields.PAYEE, bech32.to_words(bytes.fromhex(Node(7).name)))], "signature"),
        ("lnbc", [*GIVEN, Field(fields.PAYEE, bytes(53))], "signature"),
    ],
)
def test_an_invoice_that_breaks_a_rule_is_refused_though_its_signature_is_right(
    prefix: str, given: list[Field], field: str
) -> None:
    found = invoice.read(NODE.crafted(prefix, given))
    assert isinstance(found, Refused)
    assert found.field == field


def test_the_higher_s_is_refused_only_where_the_payee_is_named() -> None:
    assert isinstance(invoice.read(NODE.crafted("lnbc", GIVEN, high=True)), Invoice)
    named = [*GIVEN, Field(fields.PAYEE, bech32.to_words(bytes.fromhex(NODE.name)))]
    assert isinstance(invoice.read(NODE.crafted("lnbc", named)), Invoice)
    found = invoice.read(NODE.crafted("lnbc", named, high=True))
    assert isinstance(found, Refused)
    assert found.field == "signature"


@pytest.mark.parametrize(
    ("words", "address"),
    [
        (bytes([17]) + bech32.to_words(bytes(20)), "1111111111111111111114oLvT2"),
        (bytes([18]) + bech32.to_words(bytes(20)), "31h1vYVSYuKP6AhS86fbRdMw9XHieotbST"),
        (bytes([0]) + bech32.to_words(bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6")),
         "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        (bytes([19]) + bytes(32), None),
    ],
)  # fmt: skip
def test_a_fallback_is_told_as_the_address_that_it_is(words: bytes, address: str | None) -> None:
    found = invoice.read(NODE.crafted("lnbc", [*GIVEN, Field(fields.FALLBACK, words)]))
    assert isinstance(found, Invoice)
    assert found.meaning.fallbacks == (() if address is None else (address,))


def test_one_wrong_letter_anywhere_is_found() -> None:
    text = invoice.sign(NODE.draft(), NODE.sign)
    for at, letter in enumerate(text):
        wrong = text[:at] + ("q" if letter != "q" else "p") + text[at + 1 :]
        assert isinstance(invoice.read(wrong), Refused), at


def test_a_signature_of_nonsense_has_no_key() -> None:
    digest = bytes(32)
    for r, s, recovery in (
        (0, 1, 0),
        (1, 0, 0),
        (secp256k1.ORDER, 1, 0),
        (1, 1, 4),
        (5, 1, 0),
        (2**255, 1, 2),
    ):
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        assert secp256k1.recover(digest, signature, recovery) is None


@given(st.binary(max_size=60))
def test_bytes_come_back_out_of_words(data: bytes) -> None:
    assert bech32.to_bytes(bech32.to_words(data)) == data


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_stumble(text: str) -> None:
    assert isinstance(invoice.read("lnbc1" + text), Refused)
