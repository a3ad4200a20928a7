"""A receipt says what was taken off, how it was paid, which tax comes on top, and what came back."""

from typing import Any, Final

import msgspec
import pytest

from retail.receipt import (
    Part,
    Row,
    Slip,
    SlipDiscount,
    SlipKind,
    SlipLine,
    SlipPayment,
    SlipTax,
    columns,
    in_plain_english,
    lines,
    rows,
    text,
)
from retail.receipt_words import WORDS, Words
from retail.units import Money

HASH: Final = "Zc1F0kVvU5m3oW3mQ4q2lq1m0m7Yt1y9pXcG0w2aB4E"


def eur(amount_minor: int) -> Money:
    return Money(amount_minor, "EUR")


def slip(**changes: Any) -> Slip:
    """A sweater and two bags of coffee with a happy hour, paid by two ways."""
    happy = SlipDiscount("Happy hour", eur(500), "happy")
    honest: dict[str, Any] = {
        "shop": "Corner",
        "imprint": ("Market Street 1, 10115 Berlin", "USt-IdNr. DE123456789"),
        "number": "R4-0831",
        "business_date": "2026-03-09",
        "clock_time": "2:32 PM",
        "language": "en",
        "lines": (
            SlipLine("Merino Crew Sweater", 1, eur(11_900), eur(11_400), (happy,), "09520001100307"),
            SlipLine("Ethiopia Yirgacheffe", 2, eur(1_190), eur(2_380), (), "09520001200106"),
        ),
        "taxes": (SlipTax(700, eur(2_380), eur(156)), SlipTax(1900, eur(11_400), eur(1_820))),
        "total": eur(13_780),
        "payments": (
            SlipPayment("wallet", eur(2_000)),
            SlipPayment("zvt", eur(11_780), "Visa 4242", "000123", stored=True),
        ),
        "terminal": ("Kundenbeleg", "Karte ############4242"),
        "signed": HASH,
    }
    return Slip(**{**honest, **changes})


ENGLISH: Final = f"""\
Corner
Market Street 1, 10115 Berlin
USt-IdNr. DE123456789
Receipt R4-0831        Mar 9, 2026 2:32 PM
Merino Crew Sweater                €119.00
  Happy hour                        -€5.00
Ethiopia Yirgacheffe                €23.80
  2 \u00d7 €11.90
Total                              €137.80
incl. 7% tax on €23.80               €1.56
incl. 19% tax on €114.00            €18.20
Member wallet                       €20.00
Card Visa 4242                     €117.80
  taken without a connection, not yet
confirmed
  Ref. 000123
Kundenbeleg
Karte ############4242
Signed {HASH[:22]}
{HASH[22:]}"""


def test_a_receipt_with_all_that_there_is_reads_from_the_top_to_its_signature() -> None:
    assert "\n".join(text(slip())).replace("\u00a0", " ") == ENGLISH


@pytest.mark.parametrize("language", WORDS)
def test_the_column_of_goods_and_discounts_adds_up_to_the_total_in_every_language(language: str) -> None:
    said = [row for row in rows(slip(language=language)) if row.part in {Part.GOODS, Part.DISCOUNT}]
    assert sum(_minor(row.end) for row in said) == 13_780


def _minor(amount: str) -> int:
    minus = -1 if "-" in amount else 1
    return minus * int("".join(each for each in amount if each.isdigit()))


PAID: Final = {
    "ar": ("محفظة الأعضاء", "بطاقة Visa 4242"),
    "de": ("Mitgliederguthaben", "Karte Visa 4242"),
    "en": ("Member wallet", "Card Visa 4242"),
    "es": ("Saldo de socio", "Tarjeta Visa 4242"),
    "zh": ("会员钱包", "银行卡 Visa 4242"),
}


@pytest.mark.parametrize("language", PAID)
def test_the_ways_to_pay_are_called_as_the_shopper_calls_them(language: str) -> None:
    said = [row.words for row in rows(slip(language=language)) if row.part is Part.PAID]
    assert tuple(said) == PAID[language]


def test_every_language_says_everything() -> None:
    for words in WORDS.values():
        told = [getattr(words, field) for field in Words.__struct_fields__]
        assert all(told)
        assert set(words.paid) == set(WORDS["en"].paid)


def test_a_provider_that_has_no_word_is_called_by_its_own_name() -> None:
    paid = (SlipPayment("payconiq", eur(13_780)),)
    assert rows(slip(payments=paid, terminal=(), signed=""))[-1] == Row(Part.PAID, "payconiq", "€137.80")


def test_what_coins_cannot_pay_is_rounded_in_a_row_of_its_own() -> None:
    paid = (SlipPayment("desk", Money(1_235, "CHF")),)
    swiss = slip(
        language="de-CH", lines=(), taxes=(), total=Money(1_237, "CHF"), payments=paid, terminal=(), signed=""
    )
    said = [(row.words, _minor(row.end)) for row in rows(swiss)[-2:]]
    assert said == [("Rundung", -2), ("An der Kasse", 1_235)]


def test_tax_that_comes_on_top_stands_between_the_goods_and_the_total() -> None:
    def usd(amount_minor: int) -> Money:
        return Money(amount_minor, "USD")

    said = rows(
        slip(
            lines=(SlipLine("Sweater", 1, usd(10_000), usd(10_000)),),
            taxes=(SlipTax(400, usd(10_400), usd(400)), SlipTax(488, usd(10_488), usd(488))),
            total=usd(10_888),
            tax_added=True,
            payments=(),
            terminal=(),
            signed="",
        )
    )
    assert [(row.part, row.words, row.end) for row in said[4:]] == [
        (Part.GOODS, "Sweater", "$100.00"),
        (Part.SUBTOTAL, "Subtotal", "$100.00"),
        (Part.TAX, "plus 4% tax on $100.00", "$4.00"),
        (Part.TAX, "plus 4.88% tax on $100.00", "$4.88"),
        (Part.TOTAL, "Total", "$108.88"),
    ]


CREDITS: Final = {
    "ar": ("إيصال استرداد R4-0831", "عن الإيصال R4-0830", "المبلغ المسترد"),
    "de": ("Rückgabebeleg R4-0831", "zu Beleg R4-0830", "Erstattung"),
    "en": ("Credit note R4-0831", "for receipt R4-0830", "Given back"),
    "es": ("Recibo de devolución R4-0831", "del recibo R4-0830", "Devuelto"),
    "zh": ("退货单 R4-0831", "原收据 R4-0830", "退款"),
}


@pytest.mark.parametrize("language", CREDITS)
def test_goods_that_came_back_have_a_credit_note_that_names_its_receipt(language: str) -> None:
    said = rows(slip(language=language, kind=SlipKind.CREDIT, credited="R4-0830"))
    wanted = {Part.NUMBER, Part.CREDITED, Part.TOTAL}
    assert tuple(row.words for row in said if row.part in wanted) == CREDITS[language]


@pytest.mark.parametrize("language", WORDS)
def test_a_receipt_of_the_training_says_so_at_both_ends(language: str) -> None:
    said = rows(slip(language=language, training=True))
    assert (said[0].part, said[-1].part) == (Part.TRAINING, Part.TRAINING)
    assert said[0].words == WORDS[language].training
    assert Part.TRAINING not in {row.part for row in rows(slip(language=language))}


def test_a_discount_whose_words_nobody_has_is_called_by_its_id() -> None:
    line = SlipLine("Sweater", 1, eur(100), eur(90), (SlipDiscount("", eur(10), "spring"),))
    said = next(row for row in rows(slip(language="de", lines=(line,))) if row.part is Part.DISCOUNT)
    assert said.words == "  Rabatt spring"


def test_for_a_printer_without_the_letters_codes_stand_for_names() -> None:
    chinese = slip(
        language="zh",
        lines=(
            SlipLine(
                "美利奴毛衣", 1, eur(100), eur(90), (SlipDiscount("欢乐时光", eur(10), "happy"),), "0952"
            ),
        ),
    )
    said = text(in_plain_english(chinese))
    assert [line.split()[0] for line in said[4:6]] == ["0952", "Discount"]
    assert "Discount happy" in said[5]
    assert all(not any(columns(each) == 2 for each in line) for line in said)


@pytest.mark.parametrize("width", [24, 32, 42, 48])
@pytest.mark.parametrize("language", WORDS)
def test_no_line_is_wider_than_its_paper_and_each_knows_its_part(language: str, width: int) -> None:
    said = slip(language=language, training=True)
    told = lines(said, width)
    assert all(columns(line) <= width for _, line in told)
    assert [line for _, line in told] == text(said, width)
    assert {part for part, _ in told} == {row.part for row in rows(said)}


def test_a_slip_is_data_that_a_program_can_keep() -> None:
    assert msgspec.json.decode(msgspec.json.encode(slip()), type=Slip) == slip()
