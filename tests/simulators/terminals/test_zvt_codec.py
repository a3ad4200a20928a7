"""The terminal's own codec against captures of real terminals, and its frames against the known ones."""

import pytest

from simulators.terminals.zvt.apdu import Apdu, BareLink, first
from simulators.terminals.zvt.fields import UnreadableError, bcd, body, fields, number, tlv, tlvs
from simulators.terminals.zvt.serial_line import SerialLink, crc, framed
from tests.simulators.terminals.zvt_hands import rows

VECTORS = ("captures.json", "status_information.json")
# What is no row of BMPs: it has bytes without tags before them.
NO_BMPS = {
    "1681273860.511128000_ecr_pt": "password, config byte and currency of a registration have no tags",
    "1681282621.302434000_ecr_pt": "the password of an end of day has no tag",
    "partial_reversal": "the error of an abort has no tag",
}


def all_rows() -> list[dict[str, object]]:
    return [row for file in VECTORS for row in rows(file)]


def test_every_captured_message_is_one_message_and_is_written_again_to_the_bit() -> None:
    for row in all_rows():
        raw = bytes.fromhex(str(row["hex"]))
        found = first(raw)
        assert found, row["id"]
        assert found[1] == len(raw), row["id"]
        assert found[0].encoded() == raw, row["id"]


def test_every_captured_body_is_written_again_to_the_bit() -> None:
    for row in all_rows():
        found = first(bytes.fromhex(str(row["hex"])))
        assert found
        if row["id"] not in NO_BMPS:
            assert body(fields(found[0].data)) == found[0].data, row["id"]


def test_captured_values_are_read_as_they_were_asserted() -> None:
    told = {str(row["id"]): row for row in rows("captures.json")}
    row = told["1680728165.675509000_pt_ecr"]
    found = first(bytes.fromhex(str(row["hex"])))
    assert found
    read = dict(fields(found[0].data))
    expect = row["expect"]
    assert isinstance(expect, dict)
    assert number(read[0x04]) == expect["amount"]
    assert number(read[0x0B]) == expect["trace_number"]
    assert number(read[0x87]) == expect["receipt_no"]
    assert number(read[0x29]) == expect["terminal_id"]
    assert read[0x22].hex() == expect["pan_masked"]


@pytest.mark.parametrize("index", [0, 1])
def test_segments_are_put_together_however_they_are_cut(index: int) -> None:
    row = rows("tcp_fragments.json")[index]
    segments = [bytes.fromhex(segment) for segment in row["tcp_segments"]]
    whole = b"".join(segments)
    link = BareLink()
    (apdu,) = [found for segment in segments for found in link.receive(segment, 0)]
    assert apdu.encoded() == whole
    for cut in range(len(whole)):
        link = BareLink()
        assert [*link.receive(whole[:cut], 0), *link.receive(whole[cut:], 0)] == [apdu]
    tags = [tag for bmp, value in fields(apdu.data) if bmp == 0x06 for tag, _ in tlvs(value)]
    assert 0x1F07 in tags
    assert 0x25 in tags


@pytest.mark.parametrize("size", [0, 1, 0xFE, 0xFF, 0x100, 304, 0xFFFF])
def test_a_length_is_one_byte_or_three(size: int) -> None:
    apdu = Apdu(0x06D3, bytes(size))
    encoded = apdu.encoded()
    assert len(encoded) == size + (3 if size < 0xFF else 5)
    assert first(encoded + b"\x80") == (apdu, len(encoded))
    assert Apdu(0x06D3, bytes(304)).encoded()[2:5] == bytes.fromhex("FF3001")


def test_glued_messages_are_two_and_the_rest_of_a_dead_one_is_forgotten() -> None:
    link = BareLink()
    assert link.receive(bytes.fromhex("800000060F00"), 0) == [Apdu(0x8000), Apdu(0x060F)]
    assert link.receive(bytes.fromhex("0601"), 0) == []
    assert link.receive(bytes.fromhex("800000"), 10**10) == [Apdu(0x8000)]


FRAMES = [
    ("800000", "10028000001003F51F"),
    ("06010704000000001000", "1002060107040000000010100010036291"),
    ("06B000", "100206B000100343F3"),
    ("846600", "100284660010038DBE"),
]


@pytest.mark.parametrize(("apdu", "frame"), FRAMES)
def test_a_frame_is_what_others_say_it_is_and_is_heard_however_it_is_cut(apdu: str, frame: str) -> None:
    raw = bytes.fromhex(frame)
    assert framed(bytes.fromhex(apdu)) == raw
    for cut in range(len(raw) + 1):
        link = SerialLink()
        heard = [*link.receive(raw[:cut], 0), *link.receive(raw[cut:], 0)]
        assert [each.encoded().hex().upper() for each in heard] == [apdu]
        assert link.said(0) == [b"\x06"]


def test_the_check_is_kermit() -> None:
    assert crc(b"123456789") == bytes.fromhex("8921")


def test_a_spoiled_frame_is_not_heard_and_answered_by_nak() -> None:
    raw = bytes.fromhex(FRAMES[1][1])
    for place in range(2, len(raw)):
        spoiled = bytearray(raw)
        spoiled[place] ^= 0x20
        link = SerialLink()
        assert link.receive(bytes(spoiled), 0) == []
        # A frame that seems to go on gets its NAK when the next byte comes too late for it.
        link.receive(b"\x00", 10**9)
        assert b"\x06" not in b"".join(link.said(10**9))


def test_what_nobody_acknowledges_is_said_three_times_and_then_the_next_has_its_turn() -> None:
    link = SerialLink()
    link.send(Apdu(0x8000))
    link.send(Apdu(0x060F))
    said = [link.said(second * 10**9) for second in range(31)]
    frames = [frame for row in said for frame in row]
    yes, done = (framed(bytes.fromhex(each)) for each in ("800000", "060F00"))
    assert frames == [yes] * 3 + [done] * 3
    assert link.wakes_ns is None


def test_a_nak_asks_for_the_frame_again_at_once() -> None:
    link = SerialLink()
    link.send(Apdu(0x8000))
    assert link.said(0) == [framed(bytes.fromhex("800000"))]
    assert link.said(0) == []
    link.receive(b"\x15", 1)
    assert link.said(1) == [framed(bytes.fromhex("800000"))]
    link.receive(b"\x06", 2)
    assert link.said(2) == []


@pytest.mark.parametrize("raw", ["04000000", "FF", "22F0FA", "22F0", "06028", "0680", "FE01", "0605"])
def test_a_body_that_is_cut_or_unknown_is_no_body(raw: str) -> None:
    with pytest.raises(UnreadableError):
        fields(bytes.fromhex(raw + "0" * (len(raw) % 2)))


def test_numbers_are_digits() -> None:
    assert bcd(1995, 6) == bytes.fromhex("000000001995")
    assert number(bytes.fromhex("0978")) == 978
    with pytest.raises(UnreadableError):
        number(b"\x0a")


@pytest.mark.parametrize(
    ("size", "length"), [(0, "00"), (0x7F, "7F"), (0x80, "8180"), (0xFF, "81FF"), (256, "820100")]
)
def test_a_tlv_has_a_length_of_its_own_kind(size: int, length: str) -> None:
    written = tlv(0x1F07, bytes(size))
    assert written[2 : -size or None] == bytes.fromhex(length)
    assert tlvs(written * 2) == ((0x1F07, bytes(size)),) * 2
