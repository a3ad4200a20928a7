"""The driver of the R200 family: frames in either framing, noise, silence, and polling without end."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.drivers.framing import NOISE_BYTES_MAX
from edge.drivers.rfid.r200 import QUIET_NS, R200, Settings
from edge.drivers.rfid.r200_frames import FRAME_PATIENCE_NS, PARAMS_BYTES_MAX
from edge.readings import DeviceFault, DeviceReady, Garbled, Nanoseconds, Reading, RoundEnded, TagSeen

CheckSlices = Callable[[Callable[[], R200], bytes, Sequence[Reading]], None]
SECOND = 1_000_000_000


def frame(kind: int, command: int, params: bytes, head: int = 0xBB, end: int = 0x7E) -> bytes:
    """A frame by the manual, written here a second time so that one misreading cannot hide in both."""
    body = bytes([kind, command, len(params) >> 8, len(params) & 0xFF]) + params
    return bytes([head, *body, sum(body) % 256, end])


def gen2_crc(data: bytes) -> bytes:
    """CRC-16 of the Gen2 air interface, bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ (0x1021 if crc & 0x8000 else 0)
    return (crc & 0xFFFF ^ 0xFFFF).to_bytes(2, "big")


def tag(epc: str, rssi: int = -55, **marks: int) -> bytes:
    memory = bytes.fromhex(epc)
    pc_epc = bytes([len(memory) // 2 << 3, 0]) + memory
    return frame(2, 0x22, bytes([rssi & 0xFF]) + pc_epc + gen2_crc(pc_epc), **marks)


# A capture of a real R200 (github playfultechnology/arduino-rfid-R200, R200/R200.cpp).
CAPTURE = bytes.fromhex("AA02220011C73000E28068900000500E88C6A4A7119B29DD")
CAPTURED = TagSeen("E28068900000500E88C6A4A7", -57)
# The sample of the manual; RSSI C9h is -55 dBm.
SAMPLE = frame(2, 0x22, bytes.fromhex("C9340030751FEB705C5904E3D50D703A76"))
SAMPLED = TagSeen("30751FEB705C5904E3D50D70", -55)
NO_TAG = bytes.fromhex("BB01FF000115167E")
NO_TAG_AA = frame(1, 0xFF, b"\x15", 0xAA, 0xDD)
STOPPED = bytes.fromhex("BB01280001002A7E")
POLL_BB = bytes.fromhex("BB00270003 22FFFF 4A7E".replace(" ", ""))
POLL_AA = bytes.fromhex("AA00270003 22FFFF 4ADD".replace(" ", ""))
SGTIN = "3034257BF7194E4000001A85"
NOISE = bytes([0x00, 0x7E, 0xDD, 0x13, 0xFF])

STREAMS: list[tuple[str, bytes, list[Reading]]] = [
    ("the capture", CAPTURE, [CAPTURED]),
    ("the sample of the manual", SAMPLE, [SAMPLED]),
    ("an empty round", NO_TAG, [RoundEnded()]),
    ("an empty round in the other framing", NO_TAG_AA, [RoundEnded()]),
    ("an answer to another command", STOPPED, []),
    ("an echo of our own command", POLL_BB, []),
    ("an information text", frame(1, 0x03, b"\x00M100 26dBm V1.0"), []),
    ("an item's SGTIN", tag(SGTIN), [TagSeen(SGTIN, -55)]),
    ("a short EPC", tag("ABCD", -90), [TagSeen("ABCD", -90)]),
    ("the longest EPC", tag("AA7E" * 31), [TagSeen("AA7E" * 31, -55)]),
    ("end bytes inside the EPC", tag("7EDD7EDD7EDDBBAABBAA0102"), [TagSeen("7EDD7EDD7EDDBBAABBAA0102", -55)]),
    ("two framings in one stream", CAPTURE + SAMPLE + CAPTURE, [CAPTURED, SAMPLED, CAPTURED]),
    ("tags and empty rounds", CAPTURE + NO_TAG + CAPTURE, [CAPTURED, RoundEnded(), CAPTURED]),
    (
        "noise between frames",
        CAPTURE + NOISE + NO_TAG,
        [CAPTURED, Garbled("007EDD13FF", "expected a frame, got 5 bytes that are none"), RoundEnded()],
    ),
    (
        "a frame that began before we listened",
        CAPTURE[9:] + CAPTURE,
        [Garbled(CAPTURE[9:].hex().upper(), "expected a frame, got 15 bytes that are none"), CAPTURED],
    ),
    (
        "a wrong checksum",
        CAPTURE[:-2] + b"\x00\xdd" + NO_TAG,
        [Garbled(CAPTURE[:-2].hex().upper() + "00DD", "checksum: expected 29, got 00"), RoundEnded()],
    ),
    (
        "a wrong end byte",
        CAPTURE[:-1] + b"\x7e" + NO_TAG,
        [Garbled(CAPTURE[:-1].hex().upper() + "7E", "end byte: expected DD, got 7E"), RoundEnded()],
    ),
    (
        "a frame that lost bytes in its middle",
        CAPTURE[:10] + CAPTURE[13:] + CAPTURE,
        [
            Garbled(
                (CAPTURE[:10] + CAPTURE[13:] + CAPTURE[:3]).hex().upper(), "end byte: expected DD, got 22"
            ),
            CAPTURED,
        ],
    ),
    (
        "a length that no frame of ours has",
        bytes.fromhex("BB02220044") + NO_TAG,
        [Garbled("BB02220044", "expected a frame, got 5 bytes that are none"), RoundEnded()],
    ),
    (
        "an EPC whose CRC is wrong",
        frame(2, 0x22, CAPTURE[5:-4] + b"\x00\x00"),
        [Garbled((CAPTURE[5:-4] + b"\x00\x00").hex().upper(), "tag CRC: expected 119B, got 0000")],
    ),
    (
        "an EPC that is shorter than its PC says",
        frame(2, 0x22, bytes.fromhex("C93000ABCD0000")),
        [Garbled("C93000ABCD0000", "tag: expected 12 bytes of EPC as its PC says, got 2")],
    ),
    (
        "a tag without an EPC",
        frame(2, 0x22, bytes.fromhex("C900000000")),
        [Garbled("C900000000", "tag: expected RSSI, PC, EPC and CRC, got 5 bytes")],
    ),
    ("a read that failed", frame(1, 0xFF, b"\x09"), []),
    ("a failure without a code", frame(1, 0xFF, b""), []),
]


@pytest.mark.parametrize(("stream", "readings"), [s[1:] for s in STREAMS], ids=[s[0] for s in STREAMS])
def test_a_stream_is_the_same_readings_however_it_is_cut(
    check_slices: CheckSlices, stream: bytes, readings: list[Reading]
) -> None:
    check_slices(R200, stream, readings)


@pytest.mark.parametrize("place", range(len(CAPTURE)))
@pytest.mark.parametrize("bit", [0, 3, 7])
def test_a_frame_with_one_wrong_bit_is_no_tag(place: int, bit: int) -> None:
    broken = bytearray(CAPTURE)
    broken[place] ^= 1 << bit
    driver = R200()
    heard = [*driver.receive(bytes(broken) + SAMPLE * 4)]
    assert CAPTURED not in heard
    assert heard.count(SAMPLED) >= 3
    assert {type(reading) for reading in heard} <= {TagSeen, Garbled}
    assert {reading for reading in heard if isinstance(reading, TagSeen)} == {SAMPLED}


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([CAPTURE, CAPTURE[:7], NO_TAG, b"\xbb\x02\x22\x00\x11"])
    )
)
def test_after_any_noise_a_frame_is_understood_once_the_line_is_quiet(parts: list[bytes]) -> None:
    driver = opened_and_heard()
    for part in parts:
        list(driver.receive(part))
        assert driver.pending < PARAMS_BYTES_MAX + 7 + NOISE_BYTES_MAX
    list(driver.tick(at(1)))
    heard = [*driver.receive(SAMPLE), *driver.tick(at(1)), *driver.tick(at(1.3))]
    assert heard.count(SAMPLED) == 1
    assert driver.pending == 0


def test_noise_without_end_is_told_in_large_pieces() -> None:
    driver = R200()
    heard = [reading for _ in range(100) for reading in driver.receive(b"\x55" * 100)]
    assert [reading.reason for reading in heard if isinstance(reading, Garbled)] == [
        "expected a frame, got 4096 bytes that are none"
    ] * 2
    assert driver.pending == 10_000 - 2 * NOISE_BYTES_MAX


def at(seconds: float) -> Nanoseconds:
    return Nanoseconds(round(seconds * SECOND))


def opened_and_heard() -> R200:
    driver = R200()
    driver.opened(at(0))
    assert driver.to_send() == POLL_AA
    assert [*driver.receive(NO_TAG_AA)] == [DeviceReady(), RoundEnded()]
    assert [*driver.tick(at(0))] == []
    return driver


def test_it_asks_for_rounds_as_soon_as_the_port_is_open_and_says_it_once() -> None:
    driver = R200()
    assert driver.deadline_ns is None
    assert driver.to_send() == b""
    driver.opened(at(0))
    assert driver.to_send() == POLL_AA
    assert driver.to_send() == b""


def test_it_tries_the_other_framing_until_the_reader_answers_and_then_keeps_to_that() -> None:
    driver = R200()
    driver.opened(at(0))
    said = [driver.to_send()]
    for _ in range(3):
        assert driver.deadline_ns is not None
        list(driver.tick(driver.deadline_ns))
        said.append(driver.to_send())
    assert said == [POLL_AA, POLL_BB, POLL_AA, POLL_BB]
    list(driver.receive(NO_TAG))
    list(driver.tick(at(2)))
    list(driver.tick(Nanoseconds(at(2) + QUIET_NS)))
    list(driver.tick(Nanoseconds(at(2) + 2 * QUIET_NS)))
    assert driver.to_send() == POLL_BB


def test_a_profile_may_try_the_framings_in_another_order() -> None:
    driver = R200(Settings(heads=(0xBB,)))
    driver.opened(at(0))
    assert driver.to_send() == POLL_BB


def test_it_asks_again_when_the_count_of_rounds_has_run_out() -> None:
    driver = opened_and_heard()
    assert driver.deadline_ns == QUIET_NS
    assert [*driver.tick(Nanoseconds(QUIET_NS - 1))] == []
    assert driver.to_send() == b""
    assert [*driver.tick(Nanoseconds(QUIET_NS))] == []
    assert driver.to_send() == POLL_AA


def test_it_does_not_ask_while_tags_keep_coming() -> None:
    driver = opened_and_heard()
    for tenths in range(1, 50):
        assert [*driver.receive(CAPTURE)] == [CAPTURED]
        assert [*driver.tick(at(tenths / 10))] == []
    assert driver.to_send() == b""


def test_a_reader_that_falls_silent_is_a_fault_once_and_ready_when_it_answers_again() -> None:
    driver = opened_and_heard()
    heard = [reading for tenths in range(60) for reading in driver.tick(at(tenths / 10))]
    assert [reading.code for reading in heard if isinstance(reading, DeviceFault)] == ["device.silent"]
    assert len(heard) == 1
    assert driver.to_send() == POLL_AA
    assert [*driver.receive(CAPTURE)] == [DeviceReady(), CAPTURED]


def test_noise_and_echoes_are_no_sign_of_life() -> None:
    driver = R200()
    driver.opened(at(0))
    heard = []
    for tenths in range(40):
        heard += [*driver.receive(NOISE + POLL_AA), *driver.tick(at(tenths / 10))]
    assert [reading.code for reading in heard if isinstance(reading, DeviceFault)] == ["device.silent"]
    assert DeviceReady() not in heard


@pytest.mark.parametrize(
    ("code", "fault"), [(0x0E, "reader.refused"), (0x17, "reader.refused"), (0x20, "reader.no-channel")]
)
def test_a_reader_that_cannot_look_for_tags_is_a_fault_until_it_can(code: int, fault: str) -> None:
    driver = opened_and_heard()
    refused = frame(1, 0xFF, bytes([code]))
    [reading] = [*driver.receive(refused * 3)]
    assert isinstance(reading, DeviceFault)
    assert reading.code == fault
    assert [*driver.receive(STOPPED)] == []
    assert [*driver.receive(NO_TAG)] == [DeviceReady(), RoundEnded()]


def test_half_a_frame_is_given_up_so_that_it_swallows_nothing() -> None:
    driver = opened_and_heard()
    list(driver.receive(CAPTURE[:12]))
    list(driver.tick(at(0.1)))
    assert driver.deadline_ns == at(0.1) + FRAME_PATIENCE_NS
    assert [*driver.tick(driver.deadline_ns)] == [
        Garbled(CAPTURE[:12].hex().upper(), "expected a frame, got 12 bytes that are none")
    ]
    assert driver.pending == 0
    assert [*driver.receive(CAPTURE)] == [CAPTURED]


def test_a_frame_that_hid_behind_a_false_head_is_heard_when_the_line_is_quiet() -> None:
    driver = opened_and_heard()
    list(driver.receive(b"\xbb\x02\x22\x00\x40" + CAPTURE))
    list(driver.tick(at(0.1)))
    assert [*driver.tick(at(0.4))][1:] == [CAPTURED]


def test_what_came_before_the_port_was_lost_is_forgotten() -> None:
    driver = opened_and_heard()
    list(driver.receive(CAPTURE[:12]))
    driver.opened(at(9))
    assert driver.pending == 0
    assert driver.to_send() == POLL_AA
    assert [*driver.receive(CAPTURE)] == [DeviceReady(), CAPTURED]


def test_its_deadline_is_always_ahead_once_it_has_ticked() -> None:
    driver = R200()
    driver.opened(at(0))
    now = at(0)
    for step in range(200):
        if step % 3 == 0:
            list(driver.receive((b"", CAPTURE[:9], NOISE, CAPTURE)[step % 4]))
        list(driver.tick(now))
        assert driver.deadline_ns is not None
        assert driver.deadline_ns > now
        now = driver.deadline_ns
