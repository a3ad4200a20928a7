"""The simulated Dialog 06 scale: price, ACK, weight; every refusal has a status, and goods are sold once."""

from binascii import crc_hqx
from collections.abc import Callable
from typing import Any

import pytest

from simulators.devices.device import Device
from simulators.devices.scales.checksums import remainder, turned
from tests.simulators.scale_hands import SECOND_NS, ask, do, scale

KIND = "dialog06"
ACK, NAK, WEIGH = b"\x06", b"\x15", b"\x04\x05"
PRICE = b"\x04\x0201\x1b000199\x1b\x03"
# CRC-16/CCITT: a polynomial that everybody knows, since the one of the makers is a secret.
POLYNOMIAL = "11021"


def status(simulated: Device, now_ns: int = SECOND_NS) -> str:
    """What record 09 says of the last refusal."""
    answer = ask(simulated, b"\x04\x0208\x03", now_ns)
    assert (answer[:4], answer[6:]) == (b"\x0209\x1b", b"\x03")
    return answer[4:6].decode("ascii")


def refused(simulated: Device, sent: bytes, now_ns: int = SECOND_NS) -> str:
    """Why it says NAK."""
    assert ask(simulated, sent, now_ns) == NAK
    return status(simulated, now_ns)


def weighed(simulated: Device, price: bytes = PRICE, now_ns: int = SECOND_NS) -> bytes:
    """The record of a weighing, a second after the price."""
    assert ask(simulated, price, now_ns) == ACK
    return ask(simulated, WEIGH, now_ns + SECOND_NS)


WEIGHINGS = [
    ({}, 450_000, PRICE, b"\x0202\x1b3\x1b00450\x1b000199\x1b000090\x03"),
    ({}, 450_000, b"\x04\x0201\x1b00199\x1b\x03", b"\x0202\x1b3\x1b00450\x1b00199\x1b000090\x03"),
    ({}, 450_000, b"\x04\x0203\x1b000199\x1b0050\x03", b"\x0202\x1b3\x1b00400\x1b000199\x1b000080\x03"),
    ({}, 450_000, b"\x04\x0204\x1b000199\x1bBananas\x03", b"\x0202\x1b3\x1b00450\x1b000199\x1b000090\x03"),
    (
        {},
        450_000,
        b"\x04\x0205\x1b000199\x1b0050\x1bPlums\x03",
        b"\x0202\x1b3\x1b00400\x1b000199\x1b000080\x03",
    ),
    ({"step": 5}, 453_000, PRICE, b"\x0202\x1b3\x1b00455\x1b000199\x1b000091\x03"),
    ({"unit": "lb"}, 698_532, PRICE, b"\x0202\x1b1\x1b00154\x1b000199\x1b000306\x03"),
]


@pytest.mark.parametrize(("options", "mass_mg", "price", "record"), WEIGHINGS)
def test_a_price_and_an_enquiry_give_weight_and_amount(
    options: dict[str, Any], mass_mg: int, price: bytes, record: bytes
) -> None:
    assert weighed(scale(KIND, mass_mg=mass_mg, **options), price) == record


def test_bytes_may_come_cut_in_any_way_and_with_an_eot_after_every_answer() -> None:
    for cut in range(len(PRICE)):
        simulated = scale(KIND, mass_mg=450_000)
        assert ask(simulated, PRICE[:cut]) + ask(simulated, PRICE[cut:]) == ACK
        assert ask(simulated, b"\x04") == b""
        assert ask(simulated, WEIGH, 2 * SECOND_NS)[:3] == b"\x0202"


# What the hand does before the weighing, what record 09 says then.
TROUBLES: list[tuple[dict[str, object], str]] = [
    ({"mass_mg": 450_000, "lean_mg": 100_000}, "20"),
    ({"mass_mg": 19_000}, "30"),
    ({"mass_mg": 0}, "30"),
    ({"mass_mg": 16_000_000}, "32"),
    ({"mass_mg": 450_000, "broken": "electronics"}, "01"),
]


@pytest.mark.parametrize(("world", "told"), TROUBLES)
def test_what_cannot_be_sold_by_is_refused_with_its_reason(world: dict[str, object], told: str) -> None:
    simulated = scale(KIND)
    simulated.restore(world, 0)
    assert ask(simulated, PRICE) == ACK
    assert refused(simulated, WEIGH, 2 * SECOND_NS) == told


def test_below_zero_is_31() -> None:
    simulated = scale(KIND, mass_mg=200_000)
    do(simulated, "press", key="zero")
    do(simulated, "clear")
    assert ask(simulated, PRICE, 3 * SECOND_NS) == ACK
    assert refused(simulated, WEIGH, 4 * SECOND_NS) == "31"


def test_in_motion_and_not_finished_it_may_be_asked_again_with_the_same_price() -> None:
    simulated = scale(KIND, measure_ms=2000)
    do(simulated, "put", mass_mg=450_000)
    assert ask(simulated, PRICE) == ACK
    assert refused(simulated, WEIGH, SECOND_NS + 1) == "20"
    assert refused(simulated, WEIGH, 2 * SECOND_NS) == "22"
    assert ask(simulated, WEIGH, 3 * SECOND_NS)[:3] == b"\x0202"
    assert status(simulated, 3 * SECOND_NS) == "00"


def test_the_same_goods_are_not_sold_twice_without_being_lifted() -> None:
    simulated = scale(KIND, mass_mg=450_000)
    assert weighed(simulated)[:3] == b"\x0202"
    assert ask(simulated, PRICE, 3 * SECOND_NS) == ACK
    assert refused(simulated, WEIGH, 4 * SECOND_NS) == "21"
    do(simulated, "clear", 5 * SECOND_NS)
    do(simulated, "put", 6 * SECOND_NS, mass_mg=450_000)
    assert weighed(simulated, now_ns=8 * SECOND_NS)[:3] == b"\x0202"


def test_a_weight_needs_a_price_each_time() -> None:
    simulated = scale(KIND, mass_mg=450_000)
    assert refused(simulated, WEIGH) == "01"
    assert weighed(simulated)[:3] == b"\x0202"
    assert refused(simulated, WEIGH, 3 * SECOND_NS) == "01"


def test_after_another_refusal_the_price_must_come_again() -> None:
    simulated = scale(KIND)
    assert ask(simulated, PRICE) == ACK
    assert refused(simulated, WEIGH, 2 * SECOND_NS) == "30"
    do(simulated, "put", 2 * SECOND_NS, mass_mg=450_000)
    assert refused(simulated, WEIGH, 4 * SECOND_NS) == "01"


WRONG = [
    (b"\x04\x0299\x03", "10"),
    (b"\x04\x0201\x03", "10"),
    (b"\x04\x0210\x1b12345678\x03", "10"),
    (b"\x04\x0201\x1b0001\x1b\x03", "11"),
    (b"\x04\x0201\x1b00x199\x1b\x03", "11"),
    (b"\x04\x0203\x1b000199\x1b50\x03", "12"),
    (b"\x04\x0203\x1b000199\x1b00 0\x03", "12"),
    (b"\x04\x0204\x1b000199\x1ba text of fifteen\x03", "13"),
    (b"\x04\x0201\x1b\xb00199\x1b\x03", "02"),
    (b"\x04\x02" + b"1" * 65, "02"),
]


@pytest.mark.parametrize(("record", "told"), WRONG)
def test_a_record_that_is_wrong_is_refused_with_its_reason(record: bytes, told: str) -> None:
    assert refused(scale(KIND, mass_mg=450_000), record) == told


def test_an_amount_that_does_not_fit_its_six_digits_is_no_amount() -> None:
    simulated = scale(KIND, mass_mg=2_000_000)
    assert ask(simulated, b"\x04\x0201\x1b999999\x1b\x03") == ACK
    assert refused(simulated, WEIGH, 2 * SECOND_NS) == "01"


@pytest.mark.parametrize("sent", [b"\x05", b"\x0208\x03", b"W\r\n", b"\x04W\x05", b"\x04", b"\x04\x02\x04"])
def test_what_does_not_follow_an_eot_is_not_heard(sent: bytes) -> None:
    assert ask(scale(KIND), sent) == b""


# The checksums.


def proof(asked: str, checksum: int = 0x9ABC) -> bytes:
    """Record 10, as a till with the right secret makes it of the random number of record 11."""
    left, right = (int(digit, 16) for digit in asked)
    correction = remainder(checksum, int(POLYNOMIAL, 16))
    return f"\x04\x0210\x1b{turned(checksum, left):04X}{turned(correction, -right):04X}\x03".encode("ascii")


def lie(asked: str) -> bytes:
    """Record 10 of a till that does not know the secret."""
    return proof(asked)[:-2] + (b"0" if proof(asked)[-2:-1] != b"0" else b"1") + b"\x03"


def demanded(simulated: Device) -> str:
    """The random number, after a price."""
    answer = ask(simulated, PRICE)
    assert (answer[:5], answer[7:]) == (b"\x0211\x1b2", b"\x03")
    return answer[5:7].decode("ascii")


def answered(simulated: Device, make: Callable[[str], bytes]) -> bytes:
    """The verdict of record 11."""
    assert ask(simulated, make(demanded(simulated))) == ACK
    return ask(simulated, WEIGH)


def test_with_a_polynomial_nothing_is_weighed_before_the_till_has_proved_itself() -> None:
    simulated = scale(KIND, mass_mg=450_000, polynomial=POLYNOMIAL)
    demanded(simulated)
    assert refused(simulated, WEIGH) == "01"
    assert answered(simulated, lie) == b"\x0211\x1b0\x03"
    assert answered(simulated, proof) == b"\x0211\x1b1\x03"
    assert weighed(simulated)[:3] == b"\x0202"


def test_a_proof_is_good_for_fifty_weighings() -> None:
    simulated = scale(KIND, polynomial=POLYNOMIAL)
    answered(simulated, proof)
    for sale in range(50):
        now_ns = (10 * sale + 10) * SECOND_NS
        do(simulated, "clear", now_ns)
        do(simulated, "put", now_ns + SECOND_NS, mass_mg=450_000)
        assert weighed(simulated, now_ns=now_ns + 3 * SECOND_NS)[:3] == b"\x0202"
    demanded(simulated)


@pytest.mark.parametrize("record", [b"\x04\x0299\x03", b"\x04\x0201\x1b0001\x1b\x03"])
def test_an_error_and_a_power_cut_ask_for_another_proof(record: bytes) -> None:
    simulated = scale(KIND, polynomial=POLYNOMIAL)
    answered(simulated, proof)
    assert ask(simulated, PRICE) == ACK
    assert ask(simulated, record) == NAK
    answered(simulated, proof)
    assert ask(simulated, PRICE) == ACK
    simulated.power_on(SECOND_NS)
    demanded(simulated)


def test_motion_is_no_error_that_asks_for_another_proof() -> None:
    simulated = scale(KIND, polynomial=POLYNOMIAL)
    answered(simulated, proof)
    do(simulated, "put", mass_mg=450_000)
    assert ask(simulated, PRICE) == ACK
    assert refused(simulated, WEIGH, SECOND_NS + 1) == "20"
    assert ask(simulated, PRICE) == ACK


@pytest.mark.parametrize("fields", [b"", b"\x1b1234", b"\x1b1234567x", b"\x1b12345678\x1b"])
def test_what_is_no_pair_of_checksums_is_a_bad_one(fields: bytes) -> None:
    simulated = scale(KIND, polynomial=POLYNOMIAL)
    assert answered(simulated, lambda _: b"\x04\x0210" + fields + b"\x03") == b"\x0211\x1b0\x03"


@pytest.mark.parametrize("checksum", [0x0000, 0x0001, 0x4142, 0x8000, 0xFFFF])
def test_the_correction_is_the_remainder_of_the_division(checksum: int) -> None:
    # With this polynomial the division is the CRC that the standard library knows.
    assert remainder(checksum, int(POLYNOMIAL, 16)) == crc_hqx(checksum.to_bytes(2), 0)


@pytest.mark.parametrize(("places", "word"), [(0, 0x1234), (4, 0x2341), (-4, 0x4123), (15, 0x091A)])
def test_words_are_turned_and_lose_nothing(places: int, word: int) -> None:
    assert turned(0x1234, places) == word
