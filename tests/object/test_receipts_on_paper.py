"""The receipt of a real object: the code on its glass, and every line that its printer prints."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from cloud_sync.contract.certificate import CERTIFICATE_TYPE, CertifiedKey
from cloud_sync.contract.encoding import b64
from cloud_sync.contract.entry import decode_body
from cloud_sync.contract.facts import Sale, SaleDiscount
from cloud_sync.contract.fragment import FRAGMENT_CHARS_MAX, parse
from cloud_sync.contract.signing import Verifier, unseal
from retail.locale import day
from tests.object.receipt_shop import COFFEE, SCARF, ReceiptShop

# What differs from day to day: the terminal's number of the approval, and its clock.
VARIES: Final = {r"Genehmigung +\d{6}": "Genehmigung", r"\d{4}-\d\d-\d\d +\d\d:\d\d:\d\d": "when"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReceiptShop]:
    """A panel of which the hub has not yet vouched for the key."""
    made = ReceiptShop(tmp_path_factory.mktemp("panel"))
    try:
        made.start()
        made.stock()
        yield made
    finally:
        made.close()


def sold(shop: ReceiptShop) -> Sale:
    fact = decode_body(shop.last().body).fact
    assert isinstance(fact, Sale)
    return fact


def settled(lines: list[str]) -> list[str]:
    """The lines of a receipt, but for what no test can know."""
    for varies, name in VARIES.items():
        lines = [re.sub(f"^{varies}$", name, line) for line in lines]
    return lines


def wanted(shop: ReceiptShop, link: str) -> list[str]:
    """A scarf in spring and a coffee, in German, paid by card, on paper of 42 characters."""
    sale, signed = sold(shop), b64(shop.last().hash)
    assert isinstance(sale.payments, tuple)
    terminal, trace, beleg = sale.payments[0].reference.split("/")
    number, date = f"Beleg {sale.number}", day(sale.business_date, "de")
    return [
        "Café Ecke".center(42).rstrip(),
        "Hauptstraße 1, 10115 Berlin".center(42).rstrip(),
        "USt-IdNr. DE 123456789".center(42).rstrip(),
        number + date.rjust(42 - len(number)),
        "Schal, grün" + "34,50 €".rjust(31),
        "  Zwei Euro Frühling" + "-2,00 €".rjust(22),
        "Kaffee für Große" + "11,50 €".rjust(26),
        "Summe" + "44,00 €".rjust(37),
        "inkl. 7 % MwSt. aus 11,50 €" + "0,75 €".rjust(15),
        "inkl. 19 % MwSt. aus 32,50 €" + "5,19 €".rjust(14),
        "Karte VISA 0119" + "44,00 €".rjust(27),
        f"  Ref. {terminal}/{trace}/{beleg}",
        *("Café Ecke", "Kundenbeleg", "K A R T E N Z A H L U N G", ""),
        *("Terminal-ID             12345678", f"TA-Nr / Beleg-Nr   {trace} / {beleg}"),
        *("VISA            ############0119", "Genehmigung", "when"),
        *("Betrag 978 44,00", "Zahlung erfolgt"),
        *(f"Signiert {signed[:22]}", signed[22:]),
        link,
    ]


def test_what_the_shopper_taps_for_is_on_paper_line_by_line(shop: ReceiptShop) -> None:
    shop.certify()
    link = str(shop.buy(SCARF, COFFEE)["charged"]["qr"])
    before = len(shop.paper())
    shop.sees("done", paper="offered")
    assert shop.tap("print") == "accepted"
    assert shop.tap("print") == "refused", "it is printed once, however often it is tapped"
    shop.sees("done", paper="printed")
    (printed,) = shop.paper()[before:]
    assert settled(printed) == wanted(shop, link)
    shop.leave()


def test_the_code_on_the_glass_is_a_link_that_verifies_before_and_after_a_power_cut(
    shop: ReceiptShop,
) -> None:
    shop.certify()
    shown = shop.buy(SCARF, way="house-account")["charged"]
    assert shown["qr_is"] == "receipt"
    assert len(shown["qr"]) <= FRAGMENT_CHARS_MAX
    page, _, fragment = shown["qr"].partition("#")
    entry, certificate = parse(fragment)
    assert (page, entry) == ("https://shop.example/r/", shop.last().jws())
    roots = {shop.root.public.kid: Verifier(shop.root.public)}
    assert unseal(certificate, CERTIFICATE_TYPE, roots, CertifiedKey).dev == "panel-7"
    assert sold(shop).lines[0].discounts == (SaleDiscount("spring", 200, "Zwei Euro Frühling"),)
    shop.stop(signal.SIGKILL)
    shop.start()
    again = shop.sees("done", paper="offered")["charged"]
    assert again == shown
    shop.leave()


def test_a_print_that_the_power_cut_short_is_tapped_for_once_more(shop: ReceiptShop) -> None:
    shop.certify()
    link = str(shop.buy(SCARF, COFFEE)["charged"]["qr"])
    shop.sees("done", paper="offered")
    assert shop.tap("print") == "accepted"
    shop.stop(signal.SIGKILL)
    shop.start()
    again = shop.sees("done", paper="offered")["charged"]
    assert (again["qr"], again["tender"]) == (link, "zvt")
    assert shop.tap("print") == "accepted"
    shop.sees("done", paper="printed")
    printed = settled(shop.paper()[-1])
    whole = wanted(shop, link)
    # The terminal's own lines are in the memory of the object alone.
    there = [*whole[:12], *whole[-3:]]
    assert printed[-len(there) :] == there
    shop.leave()


def test_before_the_hub_has_vouched_for_the_key_the_code_leads_to_the_hub(tmp_path: Path) -> None:
    shop = ReceiptShop(tmp_path)
    try:
        shop.start(copies=1)
        shop.stock()
        link = shop.buy(SCARF, way="house-account")["charged"]["qr"]
        entry = shop.last()
        assert link == f"https://hub.example/r/panel-7/{entry.seq}/{b64(entry.hash)}"
        shop.sees("done", paper="printed")
        assert shop.paper()[0][-1] == link, "one copy is printed unasked"
    finally:
        shop.close()


def test_without_paper_there_is_no_button_and_with_a_new_roll_there_is(shop: ReceiptShop) -> None:
    shop.buy(COFFEE, way="house-account")
    shop.sees("done", paper="offered")
    shop.bench.do("printer", "paper", state="out")
    shop.sees("done", paper="")
    assert shop.tap("print") == "refused"
    shop.bench.do("printer", "paper", state="ok")
    shop.sees("done", paper="offered")
    shop.leave()
