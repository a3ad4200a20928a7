"""Of a card's number four digits remain, of its tracks none, wherever in a message they stand."""

import gc
import re
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cli.decode_zvt import answered
from edge.drivers.terminals.zvt import apdu, bmp, masks, messages, shown, tlv
from edge.drivers.terminals.zvt.driver import driver
from edge.readings import Nanoseconds

# What belongs to the program rather than to what it holds.
_PROGRAM = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)

PAN = "5555444433331111"
TRACK = f"{PAN}d24122012386013860"
MASKED = "eeeeeeeeeeee1111"

# Every place in which a number of a card may stand: as packed digits, as track, as text.
PLACES = [
    bmp.built(0x22, bytes.fromhex(PAN)),
    bmp.built(0x22, bytes.fromhex(PAN[:15] + "f")),
    bmp.built(0x23, bytes.fromhex(TRACK)),
    bmp.built(0x24, bytes.fromhex(TRACK)),
    bmp.built(0x2D, f"B{PAN}^DOE/JOHN^24122012".encode()),
    bmp.built(0x2E, bytes.fromhex("5a08" + PAN)),
    bmp.built(0x3C, f"KARTE {PAN} OK".encode()),
    bmp.built(0x3C, b"KARTE 5555 4444 3333 1111 OK"),
    bmp.built(0x3C, b"KARTE 5555.4444.3333.1111 OK"),
    bmp.built(0x3C, b"3782-822463-10005"),
    bmp.built(0x9A, bytes.fromhex(PAN)),
    bmp.built(0xA7, bytes.fromhex(PAN)),
    bmp.built(0xAF, bytes.fromhex(PAN)),
    bmp.built(0xD1, bytes.fromhex(PAN)),
    bmp.built(0xF1, PAN.encode()),
    *(
        bmp.built(0x06, tags=(tlv.built(0x2F, tlv.built(tag, data).encoded),))
        for tag, data in [
            (0x07, PAN.encode()),
            (0x1F08, f"B{PAN}^DOE".encode()),
            (0x1F09, bytes.fromhex(TRACK)),
            (0x1F0A, bytes.fromhex(TRACK)),
            (0x1F17, PAN.encode()),
            (0x46, PAN.encode()),
            (0x57, bytes.fromhex(TRACK)),
            (0x5A, bytes.fromhex(PAN)),
        ]
    ),
]


def _readable(held: object) -> str:
    """Whatever a person could read out of memory: text, bytes as text, bytes as packed digits."""
    match held:
        case str():
            return re.sub("[ .-]", "", held)
        case bytes() | bytearray():
            return f"{re.sub('[ .-]', '', held.decode('latin-1'))}|{held.hex()}"
        case _:
            return ""


def _held(thing: object) -> list[str]:
    seen: set[int] = set()
    waiting = [thing]
    texts = []
    while waiting:
        each = waiting.pop()
        if id(each) not in seen and not isinstance(each, _PROGRAM):
            seen.add(id(each))
            texts.append(_readable(each))
            waiting += gc.get_referents(each)
    return texts


@pytest.mark.parametrize("field", PLACES, ids=lambda field: f"{field.bmp:02X}")
def test_no_object_holds_more_than_four_digits_once_a_message_was_read(field: bmp.Field) -> None:
    raw = apdu.framed(0x040F, bmp.built(0x27, b"\0").encoded + field.encoded)
    message = messages.parsed(raw)
    assert message.wrong is None
    assert len(message.encoded) == len(raw)
    found = [*_held(message), str(shown.fields(message)), repr(message)]
    digits = PAN[:11] if b"3782" not in field.data else "37828224631"
    assert not [text for text in found if digits[:9] in text]
    assert "DOE" not in str(found)
    assert "24122012386" not in str(found)


@pytest.mark.parametrize("field", PLACES, ids=lambda field: f"{field.bmp:02X}")
@pytest.mark.parametrize("cut", [0, 3])
def test_no_reading_and_no_driver_holds_a_card_whatever_came(field: bmp.Field, cut: int) -> None:
    raw = apdu.framed(0x040F, bmp.built(0x27, b"\0").encoded + field.encoded)
    made = driver({"password": "000000"})
    made.opened(Nanoseconds(0))
    readings = [*made.receive(raw[: len(raw) - cut])]
    for second in range(0, 60, 15):
        readings += made.tick(Nanoseconds(second * 1_000_000_000))
    readings += made.receive(b"\x01" + raw)
    told = msgspec.json.encode(readings).decode()
    assert "555544443" not in re.sub("[ .-]", "", told)
    assert not [text for text in _held(made) if "555544443" in text or "378282246" in text]


def test_a_message_that_cannot_be_read_is_thrown_away_where_it_cannot() -> None:
    raw = apdu.framed(0x040F, b"\x27\x00\x55" + bytes.fromhex(PAN))
    message = messages.parsed(raw)
    assert not [text for text in _held(message) if PAN in text]
    assert PAN not in msgspec.json.encode(answered(raw.hex().encode())).decode()


@pytest.mark.parametrize(
    ("number", "shown_as"),
    [
        (PAN, MASKED),
        ("559883eeeeee8074", "559883eeeeee8074"),  # as a terminal has masked it
        ("eeeeeeeeeeee4771", "eeeeeeeeeeee4771"),
        ("559883eeeee18074", "eeeeeeeeeeee8074"),  # masked, but not enough
        ("555544443333111f", "eeeeeeeeeee3111f"),
        ("1234567890", "eeeeee7890"),
        ("123456ee7890", "eeeeeeee7890"),
        ("12ff", "12ff"),
    ],
)
def test_a_number_keeps_its_last_four_and_what_the_terminal_shows_of_it(number: str, shown_as: str) -> None:
    assert masks.number(bytes.fromhex(number)).hex() == shown_as


@pytest.mark.parametrize(
    "text",
    [
        b"AID: A0000000041010",
        b"GEN.NR.:611804",
        b"12.34.5678 12:34:56",
        b"Trace:                     100040",
        b"0000013   0004      00001",
        b"L:************0001",
    ],
)
def test_what_is_no_number_of_a_card_is_left_alone(text: bytes) -> None:
    assert masks.text(text) == text


def test_the_answer_of_the_command_line_is_masked_in_both_halves() -> None:
    raw = apdu.framed(0x040F, PLACES[0].encoded + PLACES[2].encoded)
    answer = answered(raw.hex().encode())
    assert answer.valid
    assert answer.fields["pan_masked"] == MASKED
    assert PAN not in f"{answer.encoded}{answer.fields}"
    assert answer.encoded is not None
    assert len(answer.encoded) == 2 * len(raw)


@given(st.text("0123456789", min_size=12, max_size=19), st.text(max_size=6), st.text(max_size=6))
def test_no_number_of_a_card_is_left_in_a_text(number: str, before: str, after: str) -> None:
    text = f"{before}{number}{after}".encode("utf-8", "replace")
    masked = masks.text(text)
    assert len(masked) == len(text)
    is_application = before.endswith(("A", "a")) and number.startswith("0000")
    assert is_application or not re.search(rb"[0-9]{12}", masked)


@given(st.text("0123456789", min_size=5, max_size=19))
def test_a_packed_number_keeps_four_digits(number: str) -> None:
    nibbles = number + "f" * (len(number) % 2)
    masked = masks.number(bytes.fromhex(nibbles)).hex()
    assert masked == "e" * (len(number) - 4) + nibbles[len(number) - 4 :]
