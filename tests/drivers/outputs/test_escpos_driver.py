"""A receipt printer: what is sent to it, what it answers, and what a person is told of a receipt."""

import struct
from collections.abc import Iterable

import pytest

from edge.commands import Align, OpenDrawer, Print, PrintedLine, PrintedQr, Zero
from edge.drivers.outputs.escpos import EscPos, Settings
from edge.drivers.outputs.escpos_page import Paper
from edge.drivers.outputs.escpos_page import page as pieces
from edge.drivers.outputs.print_queue import LATE_NS, OWED_MAX, SLICE_BYTES, WAITING_MAX
from edge.readings import (
    DeviceFault,
    DeviceReady,
    Nanoseconds,
    Printed,
    PrinterSaid,
    PrintOutcome,
    Reading,
)

SECOND = 1_000_000_000
IDLE = bytes.fromhex("12121212")
RECEIPT = Print("r1", (PrintedLine("Thank you"),))


def page(document: Print, paper: Paper) -> bytes:
    """All bytes of a document."""
    return b"".join(pieces(document, paper))


class Till:
    """A driver, the time, and all bytes that it has sent."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.driver = EscPos(settings)
        self.now = 0
        self.sent = b""
        self.driver.opened(Nanoseconds(0))
        self.run(0)

    def run(self, seconds: float) -> list[Reading]:
        """Turn time on, stopping only when the driver has something to do."""
        heard: list[Reading] = []
        end = self.now + round(seconds * SECOND)
        while True:
            self.sent += self.driver.to_send()
            heard += self.driver.tick(Nanoseconds(self.now))
            self.sent += self.driver.to_send()
            due = self.driver.deadline_ns
            if due is None or due > end:
                self.now = end
                return heard
            self.now = max(self.now, due)

    def hear(self, data: bytes) -> list[Reading]:
        heard = list(self.driver.receive(data))
        self.sent += self.driver.to_send()
        return heard

    def taken(self) -> bytes:
        sent, self.sent = self.sent, b""
        return sent


def _outcomes(heard: Iterable[Reading]) -> list[Printed]:
    return [reading for reading in heard if isinstance(reading, Printed)]


def _codes(heard: Iterable[Reading]) -> list[str]:
    return [reading.code for reading in heard if isinstance(reading, DeviceFault)]


def test_a_stranger_is_only_asked_and_told_to_tell_changes_when_it_has_answered() -> None:
    till = Till()
    assert till.taken() == bytes.fromhex("100401 100402 100403 100404")
    assert DeviceReady() in till.hear(IDLE)
    assert till.taken() == b"\x1da\x0f"


def test_a_receipt_is_told_as_printed_when_the_printer_confirms_it_and_not_before() -> None:
    till = Till()
    till.hear(IDLE)
    till.taken()
    till.driver.command(RECEIPT)
    assert _outcomes(till.run(3)) == []
    assert b"Thank you\n" in till.sent
    assert till.sent.endswith(b"\x1dr\x01")
    assert _outcomes(till.hear(b"\x00")) == [Printed("r1", PrintOutcome.PRINTED)]


def test_nothing_is_said_into_the_middle_of_a_picture() -> None:
    till = Till(Settings(ask_every_ms=500, qr="raster"))
    till.hear(IDLE)
    till.run(0.4)
    till.taken()
    till.driver.command(Print("code", (PrintedQr("https://shop.example/r#" + "x" * 200),)))
    till.run(1)
    till.driver.command(OpenDrawer())
    till.run(30)
    sent = till.taken()
    picture = sent[sent.index(b"\x1dv0") : sent.index(b"\x1dr\x01", sent.index(b"\x1dv0"))]
    assert len(picture) > 4 * SLICE_BYTES
    assert b"\x10\x04" not in picture
    assert b"\x1bp\x00" not in picture
    assert b"\x1bp\x00" in sent
    assert b"\x10\x04" in sent[sent.index(picture) + len(picture) :]


def test_a_long_receipt_is_sent_as_it_is_confirmed_and_printed_at_the_last_one() -> None:
    till = Till()
    till.hear(IDLE)
    till.taken()
    till.driver.command(Print("long", tuple(PrintedLine("x" * 40) for _ in range(60))))
    till.run(10)
    assert till.sent.count(b"\x1dr\x01") == OWED_MAX
    heard: list[Reading] = []
    confirmed = 0
    while not _outcomes(heard):
        assert till.sent.count(b"\x1dr\x01") <= confirmed + OWED_MAX
        heard += till.hear(b"\x00")
        confirmed += 1
        heard += till.run(1)
    assert _outcomes(heard) == [Printed("long", PrintOutcome.PRINTED)]
    assert till.sent.count(b"x" * 40) == 60
    assert till.sent.count(b"\x1dr\x01") == confirmed


def test_a_receipt_waits_for_a_new_roll_and_is_printed_then() -> None:
    till = Till()
    till.hear(IDLE)
    till.driver.command(RECEIPT)
    till.run(2)
    assert _codes(till.hear(bytes.fromhex("18000C00"))) == ["printer.paper-out"]
    assert _outcomes(till.run(10)) == []
    assert DeviceReady() in till.hear(bytes.fromhex("10000000"))
    assert _outcomes(till.hear(b"\x00")) == [Printed("r1", PrintOutcome.PRINTED)]


def _answering(till: Till, seconds: int) -> list[Reading]:
    """A printer that answers every question, and never prints."""
    heard = []
    for _ in range(seconds):
        heard += till.run(1) + till.hear(IDLE)
    return heard


def test_what_is_never_confirmed_is_told_as_failed_and_what_waits_behind_it_too() -> None:
    till = Till(Settings(patience_ms=20_000))
    till.hear(IDLE)
    till.driver.command(RECEIPT)
    till.driver.command(Print("r2", (PrintedLine("second"),)))
    heard = _answering(till, 25)
    assert _outcomes(heard) == [Printed("r1", PrintOutcome.FAILED), Printed("r2", PrintOutcome.FAILED)]


def test_a_confirmation_that_comes_too_late_is_not_that_of_the_next_receipt() -> None:
    till = Till(Settings(patience_ms=20_000))
    till.hear(IDLE)
    till.driver.command(RECEIPT)
    _answering(till, 21)
    till.taken()
    till.driver.command(Print("r2", (PrintedLine("second"),)))
    till.run(1)
    assert b"second" not in till.sent
    assert _outcomes(till.hear(b"\x00")) == []
    till.run(1)
    assert b"second" in till.sent
    assert _outcomes(till.hear(b"\x00")) == [Printed("r2", PrintOutcome.PRINTED)]


def test_a_debt_of_a_printer_that_was_switched_off_is_forgotten() -> None:
    till = Till(Settings(patience_ms=20_000))
    till.hear(IDLE)
    till.driver.command(RECEIPT)
    _answering(till, 21)
    till.taken()
    till.driver.command(Print("r2", (PrintedLine("second"),)))
    _answering(till, LATE_NS // SECOND + 2)
    assert b"second" in till.sent


def test_nothing_is_sent_to_a_printer_that_cannot_print() -> None:
    till = Till()
    till.hear(bytes.fromhex("18000C00"))
    till.taken()
    till.driver.command(RECEIPT)
    till.run(5)
    assert b"Thank you" not in till.sent
    till.hear(bytes.fromhex("10000000"))
    till.run(1)
    assert b"Thank you" in till.sent


def test_a_byte_that_only_looks_like_a_confirmation_is_none() -> None:
    till = Till()
    till.hear(IDLE)
    till.driver.command(RECEIPT)
    till.run(1)
    assert _outcomes(till.hear(bytes.fromhex("01 02 04 0C 0F 41"))) == []
    till.hear(bytes.fromhex("18000C00"))
    assert _outcomes(till.hear(b"\x00")) == []


def test_a_receipt_that_was_under_way_when_the_port_was_lost_is_told_as_failed() -> None:
    till = Till()
    till.hear(IDLE)
    till.driver.command(RECEIPT)
    till.run(0.01)
    till.driver.opened(Nanoseconds(till.now))
    assert _outcomes(till.run(0.01)) == [Printed("r1", PrintOutcome.FAILED)]


def test_a_printer_that_never_answers_prints_and_says_that_nobody_knows() -> None:
    till = Till(Settings(status="none"))
    assert till.taken() == b""
    till.driver.command(RECEIPT)
    assert _outcomes(till.run(60)) == [Printed("r1", PrintOutcome.UNKNOWN)]
    assert b"\x1dr" not in till.sent
    assert till.driver.deadline_ns is None


def test_a_mute_printer_is_ready_at_once() -> None:
    driver = EscPos(Settings(status="none"))
    driver.opened(Nanoseconds(5))
    assert list(driver.tick(Nanoseconds(5))) == [PrinterSaid(), DeviceReady()]


def test_more_receipts_than_anybody_waits_for_are_refused_and_none_is_forgotten() -> None:
    till = Till(Settings(patience_ms=1000))
    till.hear(IDLE)
    for number in range(WAITING_MAX + 3):
        till.driver.command(Print(f"r{number}", ()))
    heard = []
    for _ in range(40):
        heard += till.run(1) + till.hear(IDLE)
    assert {printed.id for printed in _outcomes(heard)} == {f"r{number}" for number in range(WAITING_MAX + 3)}


def test_silence_is_a_fault() -> None:
    till = Till()
    assert _codes(till.run(20)) == ["device.silent"]


@pytest.mark.parametrize(("pin", "kick"), [(2, "1B70003232"), (5, "1B70013232")])
def test_the_drawer_is_kicked_at_its_pin(pin: int, kick: str) -> None:
    till = Till(Settings(drawer_pin=2 if pin == 2 else 5))
    till.hear(IDLE)
    till.taken()
    till.driver.command(OpenDrawer())
    till.run(0.1)
    assert till.taken() == bytes.fromhex(kick)


def test_the_drawer_is_told_only_where_somebody_has_said_which_level_is_open() -> None:
    assert PrinterSaid(online=True, drawer_open=True) in Till(Settings(drawer_open_high=True)).hear(b"\x16")
    assert PrinterSaid(online=True) in Till().hear(b"\x16")


def test_a_command_for_another_device_is_no_concern_of_a_printer() -> None:
    till = Till()
    till.hear(IDLE)
    till.taken()
    till.driver.command(Zero())
    till.run(1)
    assert till.taken() == b""


@pytest.mark.parametrize("name", ["A\x1bp\x00\x32\x32B", "A\x10\x04\x01B", "A\nB", "A\x1d\x56\x00B"])
def test_a_name_in_the_catalogue_cannot_give_the_printer_commands(name: str) -> None:
    sent = page(Print("r", (PrintedLine(name),)), Paper())
    plain = page(Print("r", (PrintedLine(""),)), Paper())
    text = sent.removeprefix(plain[: plain.index(b"\n")]).split(b"\n")[0]
    assert min(text) >= 0x20


def test_a_line_wraps_where_the_paper_ends() -> None:
    sent = page(Print("r", (PrintedLine("one two three four five six seven"),)), Paper(columns=20))
    lines = [line for line in sent.split(b"\n") if b"two" in line or b"seven" in line]
    assert len(lines) == 2


def test_what_a_line_looks_like_is_said_before_it() -> None:
    sent = page(Print("r", (PrintedLine("9.90", Align.RIGHT, bold=True, tall=True),)), Paper())
    assert b"\x1ba\x02\x1bE\x01\x1d!\x019.90\n" in sent


def test_a_native_code_carries_its_length_and_its_text() -> None:
    sent = page(Print("r", (PrintedQr("https://a.example/#x"),)), Paper())
    assert b"\x1d(k" + (20 + 3).to_bytes(2, "little") + b"1P0https://a.example/#x" in sent
    assert b"\x1d(k\x03\x001Q0" in sent


def test_a_raster_code_has_as_many_bytes_as_it_says() -> None:
    sent = page(Print("r", (PrintedQr("https://a.example/#x"),)), Paper(qr="raster", cut="none"))
    start = sent.index(b"\x1dv0\x00") + 4
    wide, high = struct.unpack_from("<HH", sent, start)
    dots = sent[start + 4 : -3]
    assert len(dots) == wide * high
    assert dots[: wide * 16] == bytes(wide * 16)  # the quiet zone: four modules of four dots


@pytest.mark.parametrize("qr", ["native", "raster"])
def test_a_code_that_no_phone_could_hold_is_left_out(qr: str) -> None:
    settings = Paper(qr="native" if qr == "native" else "raster")
    assert page(Print("r", (PrintedQr("x" * 3000),)), settings) == page(Print("r", ()), settings).replace(
        b"\x1bd", b"\x1ba\x01\x1bd"
    )


def test_a_codec_that_nobody_knows_is_refused_when_the_profile_is_read() -> None:
    with pytest.raises(ValueError, match="Python knows no 'klingon'"):
        Paper(codec="klingon")
