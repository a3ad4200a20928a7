"""Every public capture of a terminal is read as its source says, and written again to the bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.drivers.terminals.zvt import apdu, bcd, bmp, messages, serial_line, shown, tlv
from edge.drivers.terminals.zvt.links import SerialLink, TcpLink
from tests.drivers.zvt.paper import messages as public
from tests.drivers.zvt.paper import rows


def test_every_public_message_is_written_again_to_the_bit() -> None:
    found = list(public())
    assert len(found) >= 30
    for source, raw in found:
        message = messages.parsed(raw)
        assert message.wrong is None, source
        assert message.encoded == raw, source


def test_a_capture_says_what_its_source_says() -> None:
    for row in rows("captures.json"):
        told = shown.fields(messages.parsed(bytes.fromhex(row["hex"])))
        assert {name: told.get(name) for name in row["expect"]} == row["expect"], row["id"]


# The names that Portalum gives to what a terminal says, in the words of the captures; a TimeSpan, a month and
# a year of its own kinds are not compared, nor the names that it gives to kinds of cards.
SHARP = {
    "AdditionalText": "additional_text",
    "CardName": "card_name",
    "CurrencyCode": "currency",
    "TurnoverRecordNumber": "turnover_record_number",
    "CardSequenceNumber": "card_sequence_number",
    "TerminalIdentifier": "terminal_id",
    "TraceNumber": "trace_number",
}


def test_a_status_information_says_what_its_source_says() -> None:
    for row in rows("status_information.json"):
        told = shown.fields(messages.parsed(bytes.fromhex(row["hex"])))
        for name, value in row["expect_csharp"].items():
            if name in SHARP:
                assert str(told[SHARP[name]]) == value.strip('"'), (row["id"], name)
        amount = row["expect_csharp"]["Amount"].removesuffix("M")
        assert told["amount"] == round(float(amount) * 100), row["id"]


def test_a_message_is_one_message_however_tcp_cuts_it() -> None:
    for source, raw in public():
        for parts in [*((raw[:at], raw[at:]) for at in range(1, len(raw))), [bytes([each]) for each in raw]]:
            link = TcpLink()
            assert [piece for part in parts for piece in link.receive(part)] == [raw], source
            assert link.pending == 0


def test_the_segments_of_a_capture_are_one_message_and_glued_messages_are_two() -> None:
    for row in rows("tcp_fragments.json"):
        segments = [bytes.fromhex(each) for each in row["tcp_segments"]]
        link = TcpLink()
        assert [piece for part in segments for piece in link.receive(part)] == [b"".join(segments)]
        assert [*link.receive(b"".join(segments) * 2)] == [b"".join(segments)] * 2


def test_a_frame_is_one_message_however_a_serial_line_cuts_it() -> None:
    for source, raw in public():
        frame = serial_line.framed(raw)
        for parts in [
            *((frame[:at], frame[at:]) for at in range(1, len(frame))),
            [bytes([each]) for each in frame],
        ]:
            link = SerialLink()
            assert [piece for part in parts for piece in link.receive(part)] == [raw], source
            assert link.to_send() == serial_line.ACK


# From Portalum.Zvt and wirelane/ecrterm, recomputed.
FRAMES = [
    ("800000", "10028000001003F51F"),
    ("06010704000000001000", "1002060107040000000010100010036291"),
    ("06B000", "100206B000100343F3"),
    ("846600", "100284660010038DBE"),
]


@pytest.mark.parametrize(("message", "frame"), FRAMES)
def test_a_serial_frame_is_that_of_two_public_clients(message: str, frame: str) -> None:
    assert serial_line.framed(bytes.fromhex(message)).hex().upper() == frame
    assert serial_line.unframed(bytes.fromhex(frame)) == bytes.fromhex(message)


def test_the_checksum_is_that_of_kermit() -> None:
    assert serial_line.checksum(b"123456789") == 0x2189


@given(st.binary(max_size=300), st.integers(0, 2**16 - 1))
def test_any_message_survives_its_frame(data: bytes, code: int) -> None:
    raw = apdu.framed(code, data)
    assert serial_line.unframed(serial_line.framed(raw)) == raw
    assert [*SerialLink().receive(serial_line.framed(raw))] == [raw]


@pytest.mark.parametrize(
    ("size", "head"), [(0, "00"), (254, "FE"), (255, "FFFF00"), (304, "FF3001"), (1213, "FFBD04")]
)
def test_a_length_of_255_and_more_takes_three_bytes(size: int, head: str) -> None:
    raw = apdu.framed(0x06D3, bytes(size))
    assert raw[2:].startswith(bytes.fromhex(head))
    assert apdu.size_bytes(raw) == len(raw)


def test_a_length_that_is_written_wide_is_written_wide_again() -> None:
    raw = bytes.fromhex("060FFF0000")
    assert messages.parsed(raw).encoded == raw


@given(
    st.binary(max_size=200), st.sampled_from([0x040F, 0x04FF, 0x0600, 0x060F, 0x061E, 0x06D1, 0x06D3, 0x8400])
)
def test_whatever_a_message_holds_it_is_read_without_an_exception(data: bytes, code: int) -> None:
    message = messages.parsed(apdu.framed(code, data))
    shown.fields(message)
    if message.wrong is None:
        assert len(message.encoded) == len(apdu.framed(code, data))
        assert messages.parsed(message.encoded).encoded == message.encoded


WRONG = [
    ("040F02 2700 5500", 1, "field 55: expected a known field"),
    ("040F 2700 0400", 1, "field 04: expected 6 bytes, got 1"),
    ("040F 2700 04AB0000000000", 1, "field 04: expected decimal digits"),
    ("040F 2700 22F0F9123456", 1, "field 22: expected 9 bytes, got 3"),
    ("040F 2700 22FAF9123456", 1, "field 22: expected a length in digits"),
    ("040F 2700 22F0", 1, "field 22: expected a length, got the end"),
    ("040F 2700 06", 1, "field 06: expected a length, got the end"),
    ("040F 2700 06840000", 1, "field 06: expected a length of one to three bytes"),
    ("040F 2700 06031FFFFF", 1, "field 06: expected a tag"),
    ("040F 2700 06032F0501", 1, "field 06: expected 5 bytes, got 1"),
    ("0650 1234", 0, "expected its password"),
]


@pytest.mark.parametrize(("text", "read", "why"), WRONG)
def test_what_cannot_be_read_says_where_and_why_and_keeps_what_came_before(
    text: str, read: int, why: str
) -> None:
    code, data = bytes.fromhex(text[:4]), bytes.fromhex(text[4:].removeprefix("02"))
    message = messages.parsed(apdu.framed(int.from_bytes(code), data))
    assert len(message.fields) == read
    assert (message.wrong or "").startswith(why)


def test_tags_nested_without_end_are_refused() -> None:
    data = b""
    for _ in range(tlv.DEPTH_MAX + 2):
        data = tlv.built(0x2F, data).encoded
    with pytest.raises(tlv.MalformedError, match="at most 8 deep"):
        tlv.parsed(data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("061E016C", {"error": 0x6C}),
        ("061E036F0978", {"error": 0x6F, "currency": 978}),
        ("061E04B887FFFF", {"error": 0xB8, "receipt_no": 65535}),
        ("04FF010A", {"status": 0x0A}),
        ("04FF020A01", {"status": 0x0A, "timeout": 1}),
        ("04FF0AFF020606240407024F4B", {"status": 0xFF, "timeout": 2, "text_lines": "OK"}),
        ("04FF09FF0606240407024F4B", {"status": 0xFF, "text_lines": "OK"}),
        ("060F07F0F0F3322E3000", {"sw_version": "2.0", "terminal_status_code": 0}),
        ("06D1054054455354", {"attribute": 0x40, "text": "TEST"}),
        ("849D0704000000002200", {"error": 0x9D, "amount": 2200}),
        ("849C00", {"error": 0x9C}),
        ("0FA1020001", {"instr": 1}),
        ("081403123456", {"password": 123456}),
        ("08300101", {"language": 1}),
        (
            "060F24" + b"17FE5C90GER-APP-v2.0.9   525251118.0".hex(),
            {
                "device_id": "17FE5C90",
                "sw_version": "GER-APP-v2.0.9   ",
                "terminal_id": "52525111",
                "temperature": "8.0",
            },
        ),
        (
            "060F28" + b"17FE5C90GER-APP-v2.0.9   52525111ABCD8.0".hex(),
            {
                "device_id": "17FE5C90",
                "sw_version": "GER-APP-v2.0.9   ",
                "terminal_id": "52525111",
                "battery_voltage": "ABCD",
                "temperature": "8.0",
            },
        ),
        (
            "06C00F0F1910FC0206081F1501D01F600107",
            {
                "timeout_sec": 15,
                "card_type": 16,
                "dialog_control": 2,
                "card_reading_control": 0xD0,
                "card_types_read": 7,
            },
        ),
        (
            "0813140612E410FF4003123456FF4107D5B7136976C101",
            {"tlv_ff40": "123456", "tlv_ff41": "d5b7136976c101"},
        ),
    ],
)
def test_what_has_no_name_of_its_own_has_one_here(text: str, said: dict[str, object]) -> None:
    data = bytes.fromhex(text)
    raw = data if data[2] == len(data) - 3 else apdu.framed(int.from_bytes(data[:2]), data[3:])
    message = messages.parsed(raw)
    assert (message.wrong, shown.fields(message)) == (None, said)
    assert message.encoded == raw


def test_the_totals_of_a_day_are_counted_by_kind_of_card() -> None:
    raw = bytes.fromhex(
        "040F4227000400000000399060F0F5F3001700180000000000000000000000000000000000000000000000000000000002"
        "0000000039900000000000000000000000000000"
    )
    told = shown.fields(messages.parsed(raw))["single_amounts"]
    assert isinstance(told, dict)
    assert (told["receipt_no_start"], told["receipt_no_end"]) == (17, 18)
    assert (told["visa_num"], told["visa_total"]) == (2, 3990)


def test_a_receipt_has_the_letters_that_it_names() -> None:
    for row in rows("tcp_fragments.json"):
        text = str(shown.fields(messages.parsed(bytes.fromhex("".join(row["tcp_segments"])))))
        assert ("HÄNDLERBELEG" in text and "Überprüfung" in text) or "für PORTALUM" in text


@pytest.mark.parametrize("number", [-1, 10_000])
def test_a_number_that_does_not_fit_is_an_error_of_the_caller(number: int) -> None:
    with pytest.raises(OverflowError):
        bcd.packed(number, 2)


def test_every_field_has_a_name_of_its_own() -> None:
    names = [kind.name for kind in bmp.KINDS.values()]
    assert len(names) == len(set(names))
