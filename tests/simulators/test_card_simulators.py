"""The simulated card readers, bytes alone: a PN532 as NXP's manual has it, an RDM6300 as it is heard."""

import random
from collections.abc import Iterator

import pytest

from simulators.devices.device import RefusedError
from simulators.devices.rfid.pn532 import Pn532
from simulators.devices.rfid.rdm6300 import Rdm6300

SECOND = 1_000_000_000
WAKE = bytes.fromhex("55 55 00 00 00 00 00 00 00 00 00 00 00 00 00 00")
ACK = bytes.fromhex("00 00 FF 00 FF 00")
NACK = bytes.fromhex("00 00 FF FF 00 00")
ERROR = bytes.fromhex("00 00 FF 01 FF 7F 81 00")
GET_FIRMWARE = bytes.fromhex("00 00 FF 02 FE D4 02 2A 00")
FIRMWARE = bytes.fromhex("00 00 FF 06 FA D5 03 32 01 06 07 E8 00")
SAM, SAM_DONE = bytes.fromhex("0000FF05FBD414010000 17 00"), bytes.fromhex("0000FF02FED51516 00")
MIFARE, NTAG, LONG = "04A1B2C3", "04A1B2C3D4E5F6", "0102030405060708090A"


def chip() -> Pn532:
    """A chip that is awake."""
    simulated = Pn532(random.Random(1))
    simulated.hear(WAKE, 0)
    return simulated


def command(text: str) -> bytes:
    body = b"\xd4" + bytes.fromhex(text)
    return b"\x00\x00\xff" + bytes((len(body), -len(body) & 0xFF)) + body + bytes((-sum(body) & 0xFF, 0))


def answer(text: str) -> bytes:
    body = b"\xd5" + bytes.fromhex(text)
    return b"\x00\x00\xff" + bytes((len(body), -len(body) & 0xFF)) + body + bytes((-sum(body) & 0xFF, 0))


def until(simulated: Pn532 | Rdm6300, end_ns: int) -> Iterator[bytes]:
    while (at_ns := simulated.wakes_ns) is not None and at_ns <= end_ns:
        yield from simulated.speak(at_ns)


def asked(simulated: Pn532, question: bytes, now_ns: int = 0) -> list[bytes]:
    simulated.hear(question, now_ns)
    return [*simulated.speak(now_ns), *until(simulated, now_ns + SECOND)]


DIALOGUE = [
    (GET_FIRMWARE, FIRMWARE),
    (SAM, SAM_DONE),
    (command("04"), answer("05 00 00 00 80")),
    (command("10 06"), answer("11")),
    (command("10 09"), ERROR),
    (command("32 01 00"), answer("33")),
    (command("32 05 FF"), ERROR),
    (command("40 01 30 04"), answer("41 27")),
    (command("52 00"), answer("53 00")),
    (command("4A 03 00"), ERROR),
    (command("99"), ERROR),
    (bytes.fromhex("0000FF FFFF 0002 FE D4 02 2A 00"), FIRMWARE),
]


@pytest.mark.parametrize(("question", "answered"), DIALOGUE)
def test_a_command_is_acknowledged_and_answered_however_it_is_cut(question: bytes, answered: bytes) -> None:
    for cut in range(len(question)):
        simulated = chip()
        simulated.hear(question[:cut], 0)
        assert asked(simulated, question[cut:]) == [ACK, answered], cut


@pytest.mark.parametrize(
    "spoiled",
    [GET_FIRMWARE[:-2] + b"\x2b\x00", b"\x00\x00\xff\x02\xff\xd4\x02\x2a\x00", answer("02"), b"\x00\xff\x01"],
)
def test_a_spoiled_frame_is_passed_over_and_the_next_one_heard(spoiled: bytes) -> None:
    simulated = chip()
    assert asked(simulated, spoiled + GET_FIRMWARE) == [ACK, FIRMWARE]


@pytest.mark.parametrize("preamble", [WAKE, b"\x55", b"\x00" * 10])
def test_it_sleeps_until_it_is_woken(preamble: bytes) -> None:
    simulated = Pn532(random.Random(1))
    assert asked(simulated, GET_FIRMWARE[:4]) == []
    simulated = Pn532(random.Random(1))
    assert asked(simulated, preamble + GET_FIRMWARE) == [ACK, FIRMWARE]
    assert asked(simulated, command("16 20")) == [ACK, answer("17 00")]
    assert asked(simulated, GET_FIRMWARE) == []


def test_a_command_alone_wakes_it_but_is_not_heard() -> None:
    simulated = Pn532(random.Random(1))
    assert asked(simulated, GET_FIRMWARE) == []
    assert asked(simulated, GET_FIRMWARE) == [ACK, FIRMWARE]


CARDS = [
    (MIFARE, "4B 01 01 0004 08 04" + MIFARE),
    (NTAG, "4B 01 01 0044 00 07" + NTAG),
    (LONG, "4B 01 01 0084 00 0A" + LONG),
]


@pytest.mark.parametrize(("uid", "listed"), CARDS)
def test_a_card_is_listed_with_its_number(uid: str, listed: str) -> None:
    simulated = chip()
    simulated.put(uid)
    assert asked(simulated, command("4A 01 00")) == [ACK, answer(listed)]
    assert asked(simulated, command("40 01 30 04"), SECOND) == [ACK, answer("41 01")]
    simulated.take(uid)
    assert asked(simulated, command("40 01 30 04"), 2 * SECOND) == [ACK, answer("41 27")]


def test_two_cards_are_listed_if_two_were_asked_for() -> None:
    simulated = chip()
    simulated.put(MIFARE)
    simulated.put(NTAG)
    both = "4B 02 01 0004 08 04" + MIFARE + "02 0044 00 07" + NTAG
    assert asked(simulated, command("4A 02 00")) == [ACK, answer(both)]


def test_it_waits_for_a_card_without_a_word() -> None:
    simulated = chip()
    assert asked(simulated, command("4A 01 00")) == [ACK]
    simulated.put(MIFARE)
    assert list(until(simulated, 2 * SECOND)) == [answer(CARDS[0][1])]


def test_an_acknowledge_ends_the_waiting() -> None:
    simulated = chip()
    asked(simulated, command("4A 01 00"))
    simulated.hear(ACK, SECOND)
    assert simulated.wakes_ns is None
    simulated.put(MIFARE)
    assert list(until(simulated, 9 * SECOND)) == []
    assert asked(simulated, GET_FIRMWARE, 9 * SECOND) == [ACK, FIRMWARE]


def test_with_few_retries_it_says_that_there_is_none() -> None:
    simulated = chip()
    assert asked(simulated, command("32 05 FF 01 02")) == [ACK, answer("33")]
    assert asked(simulated, command("4A 01 00")) == [ACK, answer("4B 00")]


def test_no_card_is_of_another_kind() -> None:
    simulated = chip()
    simulated.put(MIFARE)
    assert asked(simulated, command("4A 01 03 00")) == [ACK]


def test_what_was_not_understood_is_said_again() -> None:
    simulated = chip()
    assert asked(simulated, GET_FIRMWARE) == [ACK, FIRMWARE]
    assert asked(simulated, NACK) == [FIRMWARE]


def test_a_power_cut_puts_it_to_sleep_and_leaves_the_card() -> None:
    simulated = chip()
    simulated.put(MIFARE)
    simulated.power_on(0)
    assert asked(simulated, b"\x00\x00\xff\x00") == []
    again = chip()
    again.restore(simulated.world(), 0)
    assert again.world() == {"cards": [MIFARE]}


def test_a_coil_says_the_number_of_its_card_again_and_again() -> None:
    simulated = Rdm6300(random.Random(1))
    assert simulated.wakes_ns is None
    simulated.obey({"verb": "put", "uid": "62E3086CED"}, SECOND)
    said = list(until(simulated, 2 * SECOND))
    assert said == [b"\x0262E3086CED08\x03"] * 16
    simulated.obey({"verb": "take", "uid": "62e3086ced"}, 2 * SECOND)
    assert simulated.wakes_ns is None


def test_a_card_at_the_edge_of_the_coil_is_missed_now_and_then() -> None:
    simulated = Rdm6300(random.Random(1))
    simulated.shake(10 * SECOND)
    simulated.put("62E3086CED")
    assert 30 < len(list(until(simulated, 10 * SECOND))) < 90


HANDS = [
    ({"verb": "put", "uid": "62E308"}, "'62E308' is no number of a card: expected 10 hexadecimal digits"),
    ({"verb": "put", "uid": "scarf"}, "'scarf' is no number of a card: expected 10 hexadecimal digits"),
    ({"verb": "put", "uid": "0000000001"}, "1 cards are all that fit before it: take one away first"),
    ({"verb": "take", "uid": "0000000001"}, "the card 0000000001 is not before the reader"),
    ({"verb": "weigh"}, "the verb 'weigh' is unknown here: the verbs are clear, put, take"),
]


@pytest.mark.parametrize(("order", "sentence"), HANDS)
def test_what_a_hand_cannot_do_is_told_in_a_sentence(order: dict[str, object], sentence: str) -> None:
    simulated = Rdm6300(random.Random(1))
    simulated.put("62E3086CED")
    with pytest.raises(RefusedError) as refused:
        simulated.obey(order, 0)
    assert str(refused.value) == sentence
    simulated.obey({"verb": "clear"}, 0)
    assert simulated.world() == {"cards": []}
