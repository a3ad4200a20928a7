"""The driver of checkout dialogue 06: price over, weight and amount back, and every answer answered."""

import itertools

import pytest

from edge.commands import Price, Tare, Zero
from edge.drivers.scales.dialog06 import MOVES, Dialog06, Said, Settings, Step
from edge.drivers.scales.dialog06_records import checksum_record, remainder
from edge.readings import DeviceReady, Milligrams, ScalePriced
from tests.drivers.scales.talk import asked, at, codes, next_question, weighed

PRICE_0 = b"\x04\x0201\x1b000000\x1b\x03"
PRICE_299 = b"\x04\x0201\x1b000299\x1b\x03"
ASK, WHY, CLOSE = b"\x04\x05", b"\x04\x0208\x03", b"\x04"
ACK, NAK = b"\x06", b"\x15"
RESULT = b"\x0202\x1b3\x1b01450\x1b000299\x1b000434\x03"
GOODS = [weighed(1_450_000), ScalePriced(299, 434)]


def status(code: str) -> bytes:
    return b"\x0209\x1b" + code.encode() + b"\x03"


def opened(settings: Settings | None = None) -> Dialog06:
    driver = Dialog06(settings)
    driver.opened(at(0))
    assert driver.to_send() == WHY  # a question that changes nothing
    assert [*driver.receive(status("00"))] == [DeviceReady()]
    assert driver.to_send() == CLOSE
    list(driver.tick(at(0)))
    return driver


def talk(driver: Dialog06, *turns: tuple[bytes, bytes]) -> None:
    """Each turn is what the scale says, and what it must be answered."""
    for says, answer in turns:
        list(driver.receive(says))
        assert driver.to_send() == answer, says


def test_a_weighing_is_price_acknowledgement_question_result_and_close() -> None:
    driver = opened()
    driver.command(Price(299))
    assert next_question(driver) == PRICE_299
    talk(driver, (ACK, ASK))
    assert [*driver.receive(RESULT)] == GOODS
    assert driver.to_send() == CLOSE
    assert next_question(driver) == PRICE_299


def test_until_a_price_is_named_it_weighs_without_one() -> None:
    assert next_question(opened()) == PRICE_0


@pytest.mark.parametrize("code", ["20", "22"])
def test_a_weight_that_is_not_ready_is_asked_for_again_without_a_new_price(code: str) -> None:
    driver = opened()
    next_question(driver)
    talk(driver, (ACK, ASK), (NAK, WHY), (status(code), CLOSE))
    assert next_question(driver) == ASK
    assert [*driver.receive(RESULT)] == GOODS


@pytest.mark.parametrize("code", ["01", "02", "10", "11", "12", "13", "21", "30", "31", "32"])
def test_any_other_refusal_begins_the_weighing_anew(code: str) -> None:
    driver = opened()
    next_question(driver)
    talk(driver, (ACK, ASK), (NAK, WHY), (status(code), CLOSE))
    assert next_question(driver) == PRICE_0


def test_goods_that_were_not_lifted_are_a_fault_only_while_a_weight_is_owed() -> None:
    driver = opened()
    next_question(driver)
    talk(driver, (ACK, ASK), (RESULT, CLOSE))
    next_question(driver)
    talk(driver, (ACK, ASK), (NAK, WHY))
    assert codes(driver.receive(status("21"))) == []
    driver.command(Price(299))
    next_question(driver)
    talk(driver, (CLOSE, b""), (ACK, ASK), (NAK, WHY))
    assert codes(driver.receive(status("21"))) == ["scale.not-moved"]


def test_a_tare_goes_with_the_price_and_makes_the_weight_net() -> None:
    driver = opened()
    driver.command(Tare(Milligrams(50_000)))
    assert next_question(driver) == b"\x04\x0203\x1b000000\x1b0050\x03"
    assert weighed(1_450_000, net=True) in [*driver.receive(RESULT)]
    driver.command(Tare(Milligrams(0)))
    assert next_question(driver) == PRICE_0
    assert weighed(1_450_000) in [*driver.receive(RESULT)]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (Tare(), "scale.tare-refused"),
        (Tare(Milligrams(10_000_000)), "scale.tare-refused"),
        (Price(1_000_000), "scale.price-refused"),
        (Price(-1), "scale.price-refused"),
    ],
)
def test_what_the_dialogue_has_no_digits_for_is_refused(command: Tare | Price, code: str) -> None:
    driver = opened()
    driver.command(command)
    assert driver.deadline_ns is not None
    assert codes(driver.tick(driver.deadline_ns)) == [code]
    assert driver.to_send() == PRICE_0


def test_a_command_for_another_device_is_ignored() -> None:
    driver = opened()
    driver.command(Zero())
    assert next_question(driver) == PRICE_0


def test_a_scale_that_wants_a_checksum_is_told_the_one_of_the_profile() -> None:
    driver = opened(Settings(polynomial=0x11021, checksum=0x1234))
    next_question(driver)
    proof = checksum_record(0x1234, 0x11021, 0x47)
    talk(driver, (b"\x0211\x1b247\x03", proof), (ACK, ASK), (b"\x0211\x1b1\x03", CLOSE))
    assert next_question(driver) == PRICE_0


def test_a_scale_that_wants_a_checksum_that_nobody_knows_is_a_fault_once() -> None:
    driver = opened()
    heard = []
    for _ in range(3):
        next_question(driver)
        heard += [*driver.receive(b"\x0211\x1b247\x03")]
        assert driver.to_send() == CLOSE
    assert codes(heard) == ["scale.checksum-wanted"]


def test_a_wrong_checksum_is_a_fault_until_the_scale_weighs() -> None:
    driver = opened(Settings(polynomial=0x11021))
    next_question(driver)
    talk(driver, (b"\x0211\x1b247\x03", checksum_record(0, 0x11021, 0x47)), (ACK, ASK))
    assert codes(driver.receive(b"\x0211\x1b0\x03")) == ["scale.checksum-refused"]
    assert [*driver.receive(RESULT)] == [DeviceReady(), *GOODS]


def test_the_checksum_is_turned_left_and_its_remainder_right() -> None:
    # CRC-16/XMODEM of the two bytes 12 34, computed by hand elsewhere: D789... its polynomial is no secret.
    rest = remainder(0x1234, 0x11021)
    assert checksum_record(0x1234, 0x11021, 0x00) == b"\x04\x0210\x1b1234%04X\x03" % rest
    assert checksum_record(0x8001, 0x11021, 0x10)[5:9] == b"0003"
    turned = int(checksum_record(0x1234, 0x11021, 0x01)[9:13], 16)
    assert turned == rest >> 1 | (rest & 1) << 15


def test_every_answer_is_answered_and_no_dialogue_runs_in_circles() -> None:
    assert all(answer for _, answer in MOVES.values())
    for said in itertools.product(Said, repeat=4):
        step = Step.PRICED
        for each in said:
            step = MOVES.get((step, each), (step, b""))[0]
    assert {step for step, _ in MOVES.values()} <= set(Step)


def test_a_late_answer_is_understood_and_moves_nothing() -> None:
    driver = opened()
    talk(driver, (ACK, b""), (NAK, b""))
    assert [*driver.receive(RESULT)] == GOODS
    assert driver.to_send() == b""
    assert asked(driver, at(0.5)) == PRICE_0
