"""A receipt on paper: every line of it as the slip has it, in the printer's own letters, and its code."""

import random
from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest
from msgspec.structs import replace

from cloud_sync.contract.facts import Paid, Refund, Sale, SaleDiscount, SaleLine, TaxLine
from cloud_sync.contract.fragment import FRAGMENT_CHARS_MAX, parse
from edge.checkout.receipts import Beside, Links, customer_lines, document, slip_of
from edge.commands import Print, PrintedLine, PrintedQr
from edge.drivers.driver import Commanded
from edge.drivers.profiles import load
from edge.drivers.registry import driver_for
from edge.readings import DeviceReady, Printed, PrintOutcome, Reading, ReceiptFor, TerminalLine
from retail.pricing.reasons import MEMBER_PRICE
from retail.receipt import Slip, columns, in_plain_english, in_plain_letters, text
from simulators.devices.catalogue import part
from tests.drivers.conformance.desk import Desk
from tests.verify.paper_shop import certificate, entry_of, sale

STEP_S: Final = 0.5
PATIENCE_S: Final = 90
LINKS: Final = Links("https://shop.example/r", "https://hub.example", certificate())

NAMES: Final = {
    "ar": "قهوة إثيوبية",
    "de": "Äthiopien Yirgacheffe, große Bohne",
    "en": "Ethiopia Yirgacheffe, whole bean",
    "es": "Etiopía, grano añejo",
    "zh": "埃塞俄比亚咖啡豆",
}


def card_sale(language: str = "en", **changes: Any) -> Sale:
    """Two bags with a happy hour and a price for members, and a scarf; a card and a wallet have paid."""
    discounts = (SaleDiscount("happy", 200), SaleDiscount(MEMBER_PRICE, 100))
    lines = (
        SaleLine("09520001100406", NAMES[language], 2, 1150, 2000, "reduced", (), discounts),
        SaleLine("09520001100307", NAMES[language], 1, 3450, 3450, "standard"),
    )
    honest: dict[str, Any] = {
        "language": language,
        "total_minor": 5450,
        "tender": "zvt",
        "lines": lines,
        "taxes": (TaxLine("reduced", 700, 2000, 131), TaxLine("standard", 1900, 3450, 551)),
        "postings": (),
        "moves": (),
        "payments": (
            Paid("a1", "wallet", 1450, "slice-1"),
            Paid("a2", "zvt", 4000, "000123", card="Visa 4242"),
        ),
    }
    return sale(**{**honest, **changes})


TERMINAL: Final = (
    TerminalLine("a2", ReceiptFor.MERCHANT, "Händlerbeleg"),
    TerminalLine("a2", ReceiptFor.CUSTOMER, "K U N D E N B E L E G", centred=True),
    TerminalLine("a2", ReceiptFor.CUSTOMER, "Karte ############4242"),
    TerminalLine("a2", ReceiptFor.CUSTOMER, "", last=True),
    TerminalLine("a9", ReceiptFor.CUSTOMER, "of somebody else's payment"),
)


def slip_in(language: str, **beside: Any) -> Slip:
    told = {
        "promotions": {"happy": "Happy hour"},
        "terminal": customer_lines(TERMINAL, ["a1", "a2"]),
        "signed": "h" * 43,
        **beside,
    }
    return slip_of(card_sale(language), "Corner", Beside(**told))


def ready(profile: str = "esc-pos", settings: dict[str, Any] | None = None, **options: Any) -> Desk:
    """A printer that was found, and its driver."""
    read = load(profile)
    read = replace(read, settings={**read.settings, **(settings or {})})
    bench_part = part({"type": read.protocol, "name": "it", "at": "pty:it", **options})
    it = Desk(driver_for(read), bench_part.device(random.Random(5)), seed=bench_part.seed)
    heard: list[Reading] = []
    while DeviceReady() not in heard:
        heard += it.run(STEP_S)
        assert len(heard) < 100
    return it


def printed(it: Desk, wanted: Print) -> PrintOutcome:
    """What becomes of a document."""
    assert isinstance(it.driver, Commanded)
    it.driver.command(wanted)
    for _ in range(round(PATIENCE_S / STEP_S)):
        for each in it.run(STEP_S):
            if isinstance(each, Printed):
                return each.outcome
    raise AssertionError("nobody ever said what became of it")


def on_paper(it: Desk) -> list[str]:
    """The lines of all that came off or hangs out, codes as what they hold."""
    world = it.device.world()
    found = [line for piece in world["receipts"] for line in piece["lines"]] + world["hanging"]
    return [line.get("qr") or line["text"] for line in found]


def as_letters(lines: Iterable[str]) -> list[str]:
    """Lines as they look: a space of any width is one, and marks of direction cannot be seen."""
    shown = ["".join(" " if each.isspace() else each for each in line) for line in lines]
    return ["".join(each for each in line if each not in "\u200e\u200f\u061c").strip() for line in shown]


def holds(paper: list[str], wanted: list[str]) -> bool:
    return any(paper[at : at + len(wanted)] == wanted for at in range(len(paper)))


Way = Callable[[Slip], Slip]


def as_it_is(slip: Slip) -> Slip:
    return slip


# Language, the code pages of the printer beside its own, and the way in which it prints the receipt.
MORE: Final = {"cp858": 19}
LETTERS: Final[list[tuple[str, dict[str, int], Way]]] = [
    ("de", MORE, as_it_is),
    ("en", MORE, as_it_is),
    ("es", MORE, as_it_is),
    ("zh", MORE, in_plain_english),
    ("ar", MORE, in_plain_english),
    ("ar", {**MORE, "cp1256": 50}, as_it_is),
    ("de", {}, in_plain_letters),
    ("en", {}, in_plain_letters),
    ("es", {}, in_plain_letters),
    ("zh", {}, in_plain_english),
]


@pytest.mark.parametrize(("language", "more", "way"), LETTERS)
def test_every_line_of_a_receipt_is_on_the_paper_as_the_slip_has_it(
    language: str, more: dict[str, int], way: Way
) -> None:
    slip = slip_in(language)
    it = ready(settings={"more_code_pages": more})
    assert printed(it, document("r1", slip, "https://shop.example/r#1", 42)) is PrintOutcome.PRINTED
    assert holds(as_letters(on_paper(it)), [*as_letters(text(way(slip))), "https://shop.example/r#1"])
    assert not any("?" in line or "\N{REPLACEMENT CHARACTER}" in line for line in on_paper(it))


# A currency whose sign no code page of a printer has.
RUPEES: Final = {
    "de": "Summe                            54,50 INR",
    "en": "Total                            INR 54.50",
    "es": "Total                            54,50 INR",
}


@pytest.mark.parametrize("language", RUPEES)
def test_a_sign_that_the_printer_lacks_is_printed_as_the_code_of_its_currency(language: str) -> None:
    slip = slip_of(card_sale(language, currency="INR"), "Corner")
    it = ready()
    printed(it, document("r1", slip, "", 42))
    assert RUPEES[language] in as_letters(on_paper(it))


def test_a_receipt_in_german_has_its_euros_and_umlauts() -> None:
    it = ready()
    printed(it, document("r1", slip_in("de"), "", 42))
    paper = as_letters(on_paper(it))
    assert "Äthiopien Yirgacheffe, große Bohne 23,00 €" in paper
    assert "Happy hour                       -2,00 €".strip() in paper
    assert "Mitgliederpreis                  -1,00 €".strip() in paper
    assert "Karte Visa 4242                    40,00 €" in paper
    assert "inkl. 19 % MwSt. aus 34,50 €        5,51 €" in paper
    assert "Händlerbeleg" not in paper


def test_the_total_stands_out_and_the_shop_is_in_the_middle() -> None:
    it = ready()
    printed(it, document("r1", slip_in("en"), "", 42))
    (piece,) = it.device.world()["receipts"]
    looks = {line["text"].split()[0]: line for line in piece["lines"] if line["text"].strip()}
    assert (looks["Total"]["tall"], looks["Total"]["bold"]) == (2, True)
    assert looks["Corner"]["text"] == " " * 18 + "Corner"


def test_training_is_printed_at_both_ends_and_has_no_code() -> None:
    it = ready()
    printed(it, document("r1", slip_in("en", training=True), "https://shop.example/r#1", 42))
    paper = [line for line in as_letters(on_paper(it)) if line]
    assert (paper[0], paper[-1]) == ("TRAINING: NOT A RECEIPT",) * 2


def test_narrow_paper_has_lines_that_fit_and_a_link_that_a_phone_can_read() -> None:
    entry = entry_of(card_sale())
    link = LINKS.of(entry, columns=32)
    it = ready("esc-pos-mute", {"qr": "native"}, answers=False, columns=32, boot_ms=0)
    assert printed(it, document("r1", slip_in("es"), link, 32)) is PrintOutcome.UNKNOWN
    it.run(10)
    paper = on_paper(it)
    assert all(columns(line) <= 32 for line in paper if not line.startswith("https"))
    assert link in paper
    assert len(link) < 100


def test_the_link_holds_the_receipt_or_leads_to_the_hub_by_its_hash() -> None:
    entry = entry_of(card_sale())
    page, _, fragment = LINKS.of(entry).partition("#")
    assert (page, parse(fragment)) == ("https://shop.example/r", (entry.jws(), certificate()))
    long = entry_of(sale(items=60))
    assert LINKS.of(long).startswith("https://hub.example/r/")
    assert len(LINKS.of(long)) < FRAGMENT_CHARS_MAX
    alone = replace(LINKS, hub="")
    assert alone.of(long) == ""
    assert alone.of(entry, columns=32) == LINKS.of(entry)


def test_the_terminals_lines_for_its_customer_are_printed_and_those_of_others_are_not() -> None:
    assert customer_lines(TERMINAL, ["a2"]) == ("K U N D E N B E L E G", "Karte ############4242")
    unnamed = [replace(line, receipt=ReceiptFor.UNKNOWN) for line in TERMINAL[:2]]
    assert customer_lines(unnamed, ["a2"]) == ("Händlerbeleg", "K U N D E N B E L E G")
    assert customer_lines(TERMINAL, []) == ()


def test_a_refund_is_a_credit_note() -> None:
    line = SaleLine("09520001100307", "Scarf", 1, 3450, 3450, "standard")
    taxes = (TaxLine("standard", 1900, 3450, 551),)
    refund = Refund(
        "r-1", "s-1", "a-1", "zvt", "K7QM-R0001", "2026-02-01", "en", "EUR", 3450, (line,), taxes, (), ()
    )
    said = text(slip_of(refund, "Corner", Beside(credited="K7QM-0001")))
    assert said[1].startswith("Credit note K7QM-R0001")
    assert said[2:] == [
        "for receipt K7QM-0001",
        f"{'Scarf':35}{'€34.50':>7}",
        f"{'Given back':35}{'€34.50':>7}",
        f"{'incl. 19% tax on €34.50':36}{'€5.51':>6}",
        f"{'Card':35}{'€34.50':>7}",
    ]


def test_prices_without_tax_are_known_by_their_sum() -> None:
    line = SaleLine("09520001100307", "Scarf", 1, 10_000, 10_000, "city")
    sold = sale(
        language="en-US",
        currency="USD",
        total_minor=10_888,
        lines=(line,),
        taxes=(TaxLine("city", 888, 10_888, 888),),
        postings=(),
        moves=(),
    )
    said = text(slip_of(sold, "Corner"))
    assert said[3].split() == ["Subtotal", "$100.00"]
    assert said[4].split() == ["plus", "8.88%", "tax", "on", "$100.00", "$8.88"]


def test_a_document_says_the_same_in_each_of_its_ways() -> None:
    made = document("r1", slip_in("de"), "https://shop.example/r#1", 42)
    ways = [made.parts, *made.otherwise]
    assert {way[-1] for way in ways} == {PrintedQr("https://shop.example/r#1")}
    figures = ["".join(digits(part.text) for part in way if isinstance(part, PrintedLine)) for way in ways]
    assert figures[0] == figures[1]
    assert all("5450" in each for each in figures)


def digits(line: str) -> str:
    return "".join(each for each in line if each.isdigit())
