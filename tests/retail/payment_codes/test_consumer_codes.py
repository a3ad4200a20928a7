"""Consumer-presented codes: read without ever keeping the number of a card."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.payment_codes.emv import consumer, tlv
from retail.payment_codes.emv.consumer import Application, ConsumerCode
from retail.payment_codes.emv.tlv import Node
from retail.payment_codes.refusal import Refused

# A number for tests (it passes Luhn's check and no bank gives it out), and what stands around it.
PAN = "4111111111111111"
TRACK_2 = PAN + "D2912201123456789F"
VISA = bytes.fromhex("A0000000031010")

HEAD = b"\x85\x05CPV01"


def _tlv(tag: str, value: bytes) -> bytes:
    return bytes.fromhex(tag) + bytes([len(value)]) + value


def _code(*inside: bytes) -> str:
    return base64.b64encode(HEAD + _tlv("61", _tlv("4F", VISA) + b"".join(inside))).decode()


CARD_IN = [
    ("5A", bytes.fromhex(PAN)),
    ("57", bytes.fromhex(TRACK_2)),
    ("9F6B", bytes.fromhex(TRACK_2)),
    ("9F20", bytes.fromhex("1234567890123456")),
    ("56", f"B{PAN}^HOLDER/A^2912201".encode()),
    ("9F1F", PAN.encode()),
    ("5F20", b"HOLDER/A"),
    ("5F24", bytes.fromhex("291231")),
]


@pytest.mark.parametrize(("tag", "value"), CARD_IN)
def test_no_object_keeps_the_number_of_a_card(tag: str, value: bytes) -> None:
    found = consumer.read(_code(_tlv(tag, value)))
    assert isinstance(found, ConsumerCode)
    told = repr(found) + repr(found.objects) + repr(base64.b64decode(consumer.write(found)))
    assert not any(
        secret in told for secret in (PAN, PAN[:12], "HOLDER", "2912", value.hex(), value.hex().upper())
    )


def test_the_last_four_digits_stay_to_tell_two_cards_apart() -> None:
    found = tlv.split(_tlv("5A", bytes.fromhex(PAN)) + _tlv("57", bytes.fromhex(TRACK_2)))
    assert found == (
        Node("5A", bytes.fromhex("E" * 12 + "1111")),
        Node("57", bytes.fromhex("E" * 12 + "1111D" + "E" * 16 + "F")),
    )


def test_an_odd_number_of_digits_keeps_what_fills_it_up() -> None:
    assert tlv.split(_tlv("5A", bytes.fromhex("378282246310005F"))) == (
        Node("5A", bytes.fromhex("EEEEEEEEEEE0005F")),
    )


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "85"),
        ("hQVDUFYw", "85"),
        ("%%%%", "code"),
        (base64.b64encode(b"\x85\x05XPV01").decode(), "85"),
        (base64.b64encode(HEAD + b"\x61").decode(), "61"),
        (base64.b64encode(HEAD + b"\x61\x05ab").decode(), "61"),
        (base64.b64encode(HEAD + b"\x61\x84ab").decode(), "61"),
        (base64.b64encode(HEAD + b"\x9f").decode(), "9F"),
        (base64.b64encode(HEAD + _tlv("61", _tlv("50", b"Visa"))).decode(), "61.4F"),
        (base64.b64encode(HEAD + _tlv("61", b"\x4f\x09a")).decode(), "61.4F"),
        (
            base64.b64encode(HEAD + b"\x61\x0a\x61\x08\x61\x06\x61\x04\x61\x02\x61\x00").decode(),
            "61.61.61.61.61.template",
        ),
        (base64.b64encode(bytes(600)).decode(), "code"),
    ],
)
def test_a_code_that_is_broken_is_refused_by_the_object_that_is_to_blame(text: str, field: str) -> None:
    found = consumer.read(text)
    assert isinstance(found, Refused)
    assert found.field == field


def test_a_tag_of_a_wallets_own_that_holds_no_others_is_kept_as_it_is() -> None:
    found = consumer.read(_code(_tlv("71", b"\xc1\x16GC")))
    assert isinstance(found, ConsumerCode)
    assert found.nodes[1].nodes[1] == Node("71", b"\xc1\x16GC")


def test_hexadecimal_and_base64_are_the_same_code() -> None:
    text = _code()
    assert consumer.read(text) == consumer.read(base64.b64decode(text).hex())


def test_what_is_built_reads_back() -> None:
    cards = (Application("A0000000031010", "Visa"), Application("A0000000041010"))
    found = consumer.read(consumer.write(consumer.build(cards)))
    assert isinstance(found, ConsumerCode)
    assert (found.applications, found.departures) == (cards, ())


@given(st.binary(max_size=80))
def test_no_bytes_make_the_reader_stumble(data: bytes) -> None:
    found = consumer.read(base64.b64encode(HEAD + data).decode())
    if isinstance(found, ConsumerCode):
        assert consumer.read(consumer.write(found)) == found


@given(st.integers(0, 70_000))
def test_a_value_of_any_length_is_written_as_it_is_read(size: int) -> None:
    node = Node("9F01", bytes(size))
    if size < 0x10000:
        assert tlv.split(tlv.join([node])) == (node,)
