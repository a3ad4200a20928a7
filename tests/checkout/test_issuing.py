"""Receipts are issued once: a link for the glass, and paper only while its shopper may still take it."""

from pathlib import Path
from typing import Any, Final

import pytest

from cloud_sync.contract.entry import SignedEntry
from cloud_sync.contract.training import SUFFIX
from edge.checkout.issuing import Head, Issuing
from edge.checkout.receipts import Links
from edge.commands import Print, PrintedLine, PrintedQr
from edge.config import load
from edge.drivers.profiles import ProfileError
from edge.readings import DeviceFault, DeviceReady, Printed, PrinterSaid, PrintOutcome
from edge.runtime.receipts import ReceiptRoom
from tests.checkout.test_printed_receipts import card_sale
from tests.object.enrolled import PaperClock
from tests.object.test_config import GOOD, write
from tests.verify.paper_shop import DEV, certificate, entry_of, sale

PAGE: Final = "https://shop.example/r/"
HUB: Final = "https://hub.example"
PAPER_OUT: Final = DeviceFault("printer.paper-out", "")


class PaperPress:
    """A printer that writes down what it is told to print."""

    def __init__(self, columns: int = 42) -> None:
        self.columns = columns
        self.asked: list[Print] = []

    def command(self, command: Print) -> None:
        self.asked.append(command)

    def lines(self) -> list[str]:
        return [part.text for part in self.asked[-1].parts if isinstance(part, PrintedLine)]

    def codes(self) -> list[str]:
        return [part.text for part in self.asked[-1].parts if isinstance(part, PrintedQr)]


def issuing(press: PaperPress | None = None, copies: int = 0, **links: str) -> Issuing:
    where = Links(**{"page": PAGE, "hub": HUB, "certificate": certificate(), **links})
    head = Head("Corner", ("1 Main Street",), "Europe/Berlin", copies)
    return Issuing(head, lambda _kid: where, press, lambda fact: (f"terminal of {fact.number}",))


def sold(nth: int = 1, **told: Any) -> SignedEntry:
    return entry_of(sale(nth), seq=1_200 + nth, **told)


def test_a_link_carries_the_receipt_and_without_a_certificate_leads_to_the_hub() -> None:
    assert issuing().issue(sold()).startswith(f"{PAGE}#1.")
    assert issuing(certificate="").issue(sold()).startswith(f"{HUB}/r/{DEV}/1201/")
    assert issuing(certificate="no certificate").issue(sold()).startswith(f"{HUB}/r/{DEV}/1201/")
    assert issuing(certificate="no certificate", hub="").issue(sold()) == ""


def test_who_has_no_printer_promises_no_paper() -> None:
    it = issuing(copies=2)
    it.issue(sold())
    assert (it.paper, it.ask()) == ("", False)


def test_a_printer_that_has_not_answered_is_none_yet() -> None:
    press = PaperPress()
    it = issuing(press)
    assert it.paper == ""
    it.issue(sold())
    assert (it.paper, it.ask()) == ("", False)
    it.heard(DeviceReady())
    assert (it.paper, it.ask(), it.paper) == ("offered", True, "printing")
    assert len(press.asked) == 1


def test_what_is_printed_has_the_head_of_the_shop_the_time_the_terminal_and_the_link() -> None:
    press = PaperPress()
    it = issuing(press)
    it.heard(DeviceReady())
    entry = entry_of(card_sale(), clock="trusted")
    link = it.issue(entry)
    assert it.ask()
    assert press.lines()[:2] == ["Corner", "1 Main Street"]
    assert press.lines()[2].endswith("M"), "with the time of a clock that can be believed"
    assert any(line.startswith("terminal of K7QM-") for line in press.lines())
    assert press.codes() == [link]


def test_a_clock_that_cannot_be_believed_has_no_place_on_paper() -> None:
    press = PaperPress()
    it = issuing(press, copies=1)
    it.heard(DeviceReady())
    it.issue(sold(clock="untrusted"))
    assert press.lines()[2].endswith("2026")


def test_narrow_paper_leads_to_the_hub_and_the_glass_to_the_page() -> None:
    press = PaperPress(columns=32)
    it = issuing(press, copies=1)
    it.heard(DeviceReady())
    assert it.issue(sold()).startswith(PAGE)
    assert press.codes()[0].startswith(HUB)


def test_copies_come_unasked_and_one_of_them_that_fails_is_told() -> None:
    press, changes = PaperPress(), list[str]()
    it = issuing(press, copies=2)
    it.on_change = lambda: changes.append(it.paper)
    it.heard(DeviceReady())
    it.issue(sold())
    it.issue(sold())
    first, second = (each.id for each in press.asked)
    it.heard(Printed(first, PrintOutcome.FAILED))
    assert it.paper == "printing"
    it.heard(Printed(second, PrintOutcome.PRINTED))
    assert (it.paper, changes) == ("failed", ["failed"])
    assert it.ask()
    it.heard(Printed(press.asked[-1].id, PrintOutcome.PRINTED))
    assert (it.paper, it.ask()) == ("printed", False)


def test_a_printer_that_never_says_a_word_is_believed() -> None:
    press = PaperPress()
    it = issuing(press, copies=1)
    it.heard(DeviceReady())
    it.issue(sold())
    it.heard(Printed(press.asked[0].id, PrintOutcome.UNKNOWN))
    assert it.paper == "printed"


def test_nothing_is_sent_to_a_printer_that_cannot_print() -> None:
    press = PaperPress()
    it = issuing(press, copies=1)
    it.heard(DeviceReady())
    it.heard(PAPER_OUT)
    it.issue(sold())
    assert (it.paper, press.asked) == ("failed", [])
    assert it.ask()
    assert (it.paper, press.asked) == ("failed", [])
    it.heard(DeviceReady())
    assert it.ask()
    assert len(press.asked) == 1


@pytest.mark.parametrize("code", ["device.gone", "device.silent"])
def test_a_printer_that_is_unplugged_takes_its_receipt_along(code: str) -> None:
    press = PaperPress()
    it = issuing(press, copies=1)
    it.heard(DeviceReady())
    it.issue(sold())
    it.heard(PAPER_OUT)
    told = [it.paper]  # somebody may change the roll
    for reading in (DeviceFault(code, ""), Printed(press.asked[0].id, PrintOutcome.FAILED)):
        it.heard(reading)
        told.append(it.paper)
    assert told == ["printing", "failed", "failed"]


def test_what_becomes_of_an_earlier_receipt_is_nothing_to_the_next_shopper() -> None:
    press = PaperPress()
    it = issuing(press)
    it.heard(DeviceReady())
    it.heard(PrinterSaid())
    it.issue(sold(1))
    assert it.ask()
    it.issue(sold(2))
    assert it.paper == "offered"
    it.heard(Printed(press.asked[0].id, PrintOutcome.FAILED))
    assert it.paper == "offered"


def test_after_a_restart_nothing_is_printed_unasked() -> None:
    press = PaperPress()
    it = issuing(press, copies=1)
    it.heard(DeviceReady())
    assert it.show(sold()) == issuing().issue(sold())
    assert (press.asked, it.paper) == ([], "offered")


def test_a_receipt_of_the_training_says_so_at_both_ends_and_leads_nowhere() -> None:
    press = PaperPress()
    it = issuing(press, copies=1)
    it.heard(DeviceReady())
    assert it.issue(sold(dev=f"{DEV}{SUFFIX}")) == ""
    assert press.codes() == []
    assert (press.lines()[0], press.lines()[-1]) == ("TRAINING: NOT A RECEIPT",) * 2


def test_the_retailer_learns_once_that_a_printer_is_missed(tmp_path: Path) -> None:
    learned: list[str] = []
    printer = '[[peripheral]]\nrole = "printer"\nuri = "tcp:127.0.0.1:9?profile=esc-pos"\n'
    config = load(write(tmp_path, GOOD + printer))
    room = ReceiptRoom(
        *(config, PaperClock(), lambda _sale: ()),
        learn=lambda events: learned.extend(type(event).__name__ for event in events),
    )
    for reading in (DeviceReady(), PAPER_OUT, PAPER_OUT, DeviceReady(), DeviceReady()):
        room._hear(reading)
    assert learned == ["DeviceMissed", "DeviceFound"]


def test_only_what_can_be_told_something_is_a_printer(tmp_path: Path) -> None:
    printer = '[[peripheral]]\nrole = "printer"\nuri = "serial:/dev/x?profile=serial-scanner"\n'
    config = load(write(tmp_path, GOOD + printer))
    with pytest.raises(ProfileError, match="expected a printer, got scanner"):
        ReceiptRoom(config, PaperClock(), lambda _sale: (), learn=lambda _events: None)
