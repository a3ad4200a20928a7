"""The simulated UHF reader, bytes alone: it says what the manual of the R200 family and real captures say."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.rfid.gen2 import tag_memory
from simulators.devices.rfid.r200 import R200
from simulators.devices.rfid.r200_frames import MARKS, frame

SWEATER, SCARF = "3034F42A44000040000003E9", "3034F42A44000080000003EA"
NO_TAG = bytes.fromhex("BB01FF000115167E")
MULTI_POLL = bytes.fromhex("BB002700032200034F7E")  # three rounds
STOP, STOPPED = bytes.fromhex("BB00280000287E"), bytes.fromhex("BB01280001002A7E")
ROUND_NS = 40_000_000

# Command and answer, byte by byte. The first answer is a sample that modules of this family give.
DIALOGUE = [
    ("BB 00 03 00 01 00 04 7E", "BB 01 03 00 10 00 4D 31 30 30 20 32 36 64 42 6D 20 56 31 2E 30 92 7E"),
    ("BB 00 28 00 00 28 7E", "BB 01 28 00 01 00 2A 7E"),
    ("BB 00 B6 00 02 07 D0 8F 7E", "BB 01 B6 00 01 00 B8 7E"),
    ("BB 00 B7 00 00 B7 7E", "BB 01 B7 00 02 0A 28 EC 7E"),
    ("BB 00 07 00 01 03 0B 7E", "BB 01 07 00 01 00 09 7E"),
    # What it cannot do: no such region, no such info, too much power, no rounds, no such command.
    ("BB 00 07 00 01 09 11 7E", "BB 01 FF 00 01 0E 0F 7E"),
    ("BB 00 03 00 01 07 0B 7E", "BB 01 FF 00 01 0E 0F 7E"),
    ("BB 00 B6 00 02 FF FF B6 7E", "BB 01 FF 00 01 0E 0F 7E"),
    ("BB 00 27 00 03 22 00 00 4C 7E", "BB 01 FF 00 01 0E 0F 7E"),
    ("BB 00 99 00 00 99 7E", "BB 01 FF 00 01 17 18 7E"),
    # Not a command: a wrong checksum, a wrong end, another pair of marks, an answer echoed by the line.
    ("BB 00 28 00 00 29 7E", ""),
    ("BB 00 28 00 00 28 7F", ""),
    ("AA 00 28 00 00 28 DD", ""),
    ("BB 01 28 00 01 00 2A 7E", ""),
    # A stray head, a head with an impossible length, noise: the command behind it is heard.
    ("BB BB 00 28 00 00 28 7E", "BB 01 28 00 01 00 2A 7E"),
    ("BB 00 27 FF FF BB 00 28 00 00 28 7E", "BB 01 28 00 01 00 2A 7E"),
    ("00 7F 13 7E BB 00 28 00 00 28 7E", "BB 01 28 00 01 00 2A 7E"),
    # The end mark inside a command: 097Eh is 24.30 dBm.
    ("BB 00 B6 00 02 09 7E 3F 7E", "BB 01 B6 00 01 00 B8 7E"),
]


def answers(reader: R200, command: bytes, cut: int = 0, now_ns: int = 1_000_000_000) -> bytes:
    """What the reader says to a command that comes in two parts."""
    said: list[bytes] = []
    for part in (command[:cut], command[cut:]):
        reader.hear(part, now_ns)
        said += reader.speak(now_ns)
    return b"".join(said)


def reader(seed: int = 1, **options: Any) -> R200:
    return R200(random.Random(seed), **options)


def rounds(module: R200, now_ns: int = 0) -> Iterator[list[bytes]]:
    """What each round says, until the module has nothing more to say."""
    while (at_ns := module.wakes_ns) is not None:
        assert now_ns < at_ns <= now_ns + ROUND_NS
        now_ns = at_ns
        yield module.speak(now_ns)


def epcs(frames: list[bytes]) -> list[str]:
    """Read notices independently: type 02, command 22, RSSI, PC, EPC, CRC; the checksum is a plain sum."""
    found = []
    for said in frames:
        assert said[:3] == b"\xbb\x02\x22"
        assert int.from_bytes(said[3:5]) == len(said) - 7
        assert sum(said[1:-2]) % 256 == said[-2]
        assert said[6] >> 3 == (len(said) - 12) // 2
        found.append(said[8:-4].hex().upper())
    return found


@pytest.mark.parametrize(("command", "answer"), DIALOGUE)
def test_a_command_has_the_answer_of_the_manual_however_it_is_cut(command: str, answer: str) -> None:
    whole = bytes.fromhex(command)
    for cut in range(len(whole)):
        assert answers(reader(), whole, cut).hex(" ").upper() == answer, cut


def test_a_notice_is_the_one_that_a_real_module_was_heard_to_send() -> None:
    heard = frame(MARKS["aa-dd"], 0x02, 0x22, b"\xc7" + tag_memory(bytes.fromhex("E28068900000500E88C6A4A7")))
    captured = "AA 02 22 00 11 C7 30 00 E2 80 68 90 00 00 50 0E 88 C6 A4 A7 11 9B 29 DD"
    assert heard.hex(" ").upper() == captured


def test_with_the_other_pair_of_marks_it_answers_in_those() -> None:
    module = R200(random.Random(1), marks="aa-dd")
    assert answers(module, bytes.fromhex("AA00280000 28DD")) == bytes.fromhex("AA0128000100 2ADD")


def test_half_a_command_of_a_host_that_died_does_not_swallow_the_next_one() -> None:
    module = reader()
    module.hear(bytes.fromhex("BB00B60002"), 0)
    assert answers(module, STOP, now_ns=500_000_000) == STOPPED


def test_every_tag_in_the_field_is_noticed_once_a_round() -> None:
    module = reader(read_permille=1000)
    module.put(SWEATER)
    module.put(SCARF)
    module.hear(MULTI_POLL, 0)
    assert [sorted(epcs(said)) for said in rounds(module)] == [[SWEATER, SCARF]] * 3


def test_an_empty_field_is_told_after_every_round() -> None:
    module = reader()
    module.hear(MULTI_POLL, 0)
    assert list(rounds(module)) == [[NO_TAG]] * 3


def test_a_single_poll_is_one_round() -> None:
    module = reader(read_permille=1000)
    module.put(SWEATER)
    module.hear(bytes.fromhex("BB00220000227E"), 0)
    assert [epcs(said) for said in rounds(module)] == [[SWEATER]]


def test_a_stop_ends_the_rounds_at_once() -> None:
    module = reader()
    module.hear(MULTI_POLL, 0)
    assert answers(module, STOP, now_ns=1) == STOPPED
    assert module.wakes_ns is None


def test_a_power_cut_ends_the_rounds_and_leaves_the_tags() -> None:
    module = reader(read_permille=1000)
    module.put(SWEATER)
    module.hear(MULTI_POLL, 0)
    module.power_on(1)
    assert module.wakes_ns is None
    assert module.world() == {"tags": [{"epc": SWEATER, "rssi_dbm": -55}]}


def test_a_long_epc_has_its_length_in_the_pc_word_and_in_the_frame() -> None:
    module = reader(read_permille=1000)
    module.put("36" + "00" * 14 + "7E")
    module.hear(MULTI_POLL, 0)
    said = next(rounds(module))[0]
    assert said[3:5] == b"\x00\x15"
    assert said[6:8] == b"\x40\x00"


def many_rounds(module: R200, count: int = 2000) -> list[list[bytes]]:
    module.put(SWEATER, -40)
    module.put(SCARF, -70)
    module.hear(frame(MARKS["bb-7e"], 0x00, 0x27, b"\x22" + count.to_bytes(2)), 0)
    return list(rounds(module))


def test_order_rssi_and_misses_are_those_of_a_radio() -> None:
    said = many_rounds(reader())
    notices = [notice for frames in said for notice in frames if notice != NO_TAG]
    reads = Counter(epcs(notices))
    assert all(1900 < reads[epc] < 1995 for epc in (SWEATER, SCARF))
    both = [epcs(frames) for frames in said if len(frames) == 2]
    assert 800 < both.count([SCARF, SWEATER]) < 1200
    rssi = [notice[5] - 256 for notice in notices if notice[8:-4].hex().upper() == SCARF]
    assert -72 < sum(rssi) / len(rssi) < -68
    assert len(set(rssi)) > 5


def test_one_seed_is_one_day_and_another_seed_another() -> None:
    assert many_rounds(reader(7), 50) == many_rounds(reader(7), 50)
    assert many_rounds(reader(7), 50) != many_rounds(reader(8), 50)


def test_a_shaken_field_misses_most_reads_until_it_is_quiet_again() -> None:
    module = reader(read_permille=1000)
    module.put(SWEATER)
    module.shake(100 * ROUND_NS)
    module.hear(frame(MARKS["bb-7e"], 0x00, 0x27, b"\x22" + (300).to_bytes(2)), 0)
    said = [frames == [NO_TAG] for frames in rounds(module)]
    assert sum(said[:90]) > 30
    assert sum(said[200:]) == 0


HANDS = [
    ({"verb": "put", "epc": "303"}, "'303' is not an EPC: expected hexadecimal digits"),
    ({"verb": "put", "epc": "30"}, "'30' is not an EPC: expected 1 to 31 words of 4 hexadecimal digits"),
    ({"verb": "put"}, "put: Object missing required field `epc`"),
    ({"verb": "put", "epc": SCARF, "rssi_dbm": 3}, "put, rssi_dbm: Expected `int` <= 0"),
    ({"verb": "put", "epc": SCARF, "colour": 1}, "put: Object contains unknown field `colour`"),
    ({"verb": "take", "epc": SCARF}, f"the tag {SCARF} is not in the field"),
    ({"verb": "weigh"}, "the verb 'weigh' is unknown here: the verbs are clear, put, take"),
    ({}, "the verb None is unknown here: the verbs are clear, put, take"),
]


@pytest.mark.parametrize(("order", "sentence"), HANDS)
def test_what_a_hand_cannot_do_is_told_in_a_sentence(order: dict[str, object], sentence: str) -> None:
    with pytest.raises(RefusedError) as refused:
        reader().obey(order, 0)
    assert str(refused.value) == sentence


def test_a_hand_brings_takes_and_clears() -> None:
    module = reader()
    for epc in (SWEATER, SCARF, "E2" * 12):
        module.obey({"verb": "put", "epc": epc.lower()}, 0)
    module.obey({"verb": "take", "epc": SCARF}, 0)
    assert [tag["epc"] for tag in module.world()["tags"]] == [SWEATER, "E2" * 12]
    again = reader()
    again.restore(module.world(), 0)
    assert again.world() == module.world()
    module.obey({"verb": "clear"}, 0)
    assert module.world() == {"tags": []}
