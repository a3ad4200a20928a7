"""Codes of banks, SEPA and Swiss: each line has its rule, and a line that breaks it is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.payment_codes import accounts, sepa, swiss
from retail.payment_codes.refusal import Refused, UnwritableError
from retail.payment_codes.sepa import SepaTransfer
from retail.payment_codes.swiss import Party, SwissBill

IBAN = "DE71110220330123456789"
TRANSFER = [
    "BCD",
    "002",
    "1",
    "SCT",
    "BHBLDEHH",
    "Corner shop",
    IBAN,
    "EUR12.30",
    "GDDS",
    "",
    "Order 42",
    "Bye",
]

QR_IBAN, PLAIN_IBAN = "CH4431999123000889012", "CH5800791123000889012"
CREDITOR = ["S", "Corner shop", "Rue du Lac", "1268", "2501", "Biel", "CH"]
BILL = [
    "SPC", "0200", "1", PLAIN_IBAN, *CREDITOR, *[""] * 7, "12.30", "CHF", *[""] * 7,
    "NON", "", "Order 42", "EPD",
]  # fmt: skip


def _changed(lines: list[str], changes: dict[int, str]) -> str:
    return "\n".join(changes.get(at, line) for at, line in enumerate(lines, 1))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({1: "BCE"}, "service tag"),
        ({2: "003"}, "version"),
        ({3: "9"}, "character set"),
        ({3: "2", 6: "\u5e97"}, "character set"),
        ({4: "SDD"}, "identification"),
        ({5: "BHBLDEH"}, "BIC"),
        ({2: "001", 5: ""}, "BIC"),
        ({6: ""}, "name"),
        ({6: "n" * 71}, "name"),
        ({7: "DE72110220330123456789"}, "IBAN"),
        ({7: "DE7111022033012345678"}, "IBAN"),
        ({7: "de71110220330123456789"}, "IBAN"),
        ({7: "QQ71110220330123456789"}, "IBAN"),
        ({8: "12.30"}, "amount"),
        ({8: "USD12.30"}, "amount"),
        ({8: "EUR12,30"}, "amount"),
        ({8: "EUR12.300"}, "amount"),
        ({8: "EUR1000000000"}, "amount"),
        ({8: "EUR0.00"}, "amount"),
        ({9: "GOODS"}, "purpose"),
        ({10: "RF18539007547034"}, "text"),
        ({10: "RF19539007547034", 11: ""}, "reference"),
        ({10: "r" * 36, 11: ""}, "reference"),
        ({11: "t" * 141}, "text"),
        ({12: "i" * 71}, "information"),
        ({6: "n" * 70, 11: "\u00fc" * 130}, "code"),
        ({12: "Bye\nbye"}, "code"),
    ],
)
def test_a_transfer_that_breaks_a_rule_is_refused_by_the_line_that_is_to_blame(
    changes: dict[int, str], field: str
) -> None:
    found = sepa.read(_changed(TRANSFER, changes))
    assert isinstance(found, Refused)
    assert found.field == field


def test_lines_at_the_end_may_be_left_out_and_end_either_way() -> None:
    found = sepa.read("\r\n".join(TRANSFER[:7]))
    assert found == SepaTransfer("Corner shop", IBAN, bic="BHBLDEHH")
    assert sepa.read("\n".join(TRANSFER[:7]) + "\n\n\n") == found


@given(amount_minor=st.integers(1, 99_999_999_999), text=st.text("abc \u00e4", max_size=140))
def test_a_transfer_is_read_as_it_was_written(amount_minor: int, text: str) -> None:
    transfer = SepaTransfer("Corner shop", IBAN, sepa.asked(amount_minor), text=text or None)
    assert sepa.read(sepa.write(transfer)) == transfer


def test_a_transfer_that_no_bank_would_take_is_not_written() -> None:
    with pytest.raises(UnwritableError, match="IBAN"):
        sepa.write(SepaTransfer("Corner shop", "DE00"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({1: "SPD"}, "QR type"),
        ({2: "0100"}, "version"),
        ({3: "2"}, "coding"),
        ({4: IBAN}, "IBAN"),
        ({4: "CH5900791123000889012"}, "IBAN"),
        ({5: "X"}, "creditor address type"),
        ({6: ""}, "creditor name"),
        ({8: "h" * 17}, "creditor house number"),
        ({9: ""}, "creditor postcode"),
        ({10: ""}, "creditor town"),
        ({11: "XX"}, "creditor country"),
        ({5: "K"}, "creditor postcode"),
        ({14: "Somebody"}, "ultimate creditor"),
        ({19: "12.3"}, "amount"),
        ({19: "0.00"}, "amount"),
        ({19: "1234567890.00"}, "amount"),
        ({20: "USD"}, "currency"),
        ({21: "S"}, "debtor name"),
        ({28: "ISR"}, "reference type"),
        ({28: "QRR", 29: "210000000003139471430009017"}, "reference type"),
        ({4: QR_IBAN}, "reference type"),
        ({4: QR_IBAN, 28: "QRR", 29: "210000000003139471430009018"}, "reference"),
        ({28: "SCOR", 29: "RF19539007547034"}, "reference"),
        ({29: "1"}, "reference"),
        ({30: "m" * 141}, "message"),
        ({31: "END"}, "trailer"),
        ({31: "EPD\n//S1/" + "b" * 130}, "message"),
        ({31: "EPD\n\n" + "a" * 101}, "alternative"),
        ({31: "EPD\n\na\nb\nc"}, "code"),
        ({30: "m" * 1000}, "code"),
    ],
)
def test_a_bill_that_breaks_a_rule_is_refused_by_the_line_that_is_to_blame(
    changes: dict[int, str], field: str
) -> None:
    found = swiss.read(_changed(BILL, changes))
    assert isinstance(found, Refused)
    assert found.field == field


def test_the_bill_that_those_were_made_from_is_right() -> None:
    assert isinstance(swiss.read("\n".join(BILL)), SwissBill)


def test_an_old_bill_with_a_combined_address_is_still_read() -> None:
    found = swiss.read(_changed(BILL, {5: "K", 7: "Rue du Lac 1268", 8: "2501 Biel", 9: "", 10: ""}))
    assert isinstance(found, SwissBill)
    assert (found.creditor.kind, found.creditor.house_number) == ("K", "2501 Biel")


def test_a_bill_is_read_as_it_was_written() -> None:
    shop = Party("Corner shop", "", "", "2501", "Biel", "CH")
    bill = SwissBill(
        QR_IBAN, shop, "EUR", debtor=shop, reference_kind="QRR", reference="210000000003139471430009017",
        alternatives=("UV;1",),
    )  # fmt: skip
    assert swiss.read(swiss.write(bill)) == bill


@given(st.integers(0, 10**26 - 1))
def test_one_wrong_digit_in_a_reference_is_found(number: int) -> None:
    digits = str(number).zfill(26)
    right = digits + accounts.check_digit_10(digits)
    assert accounts.qr_reference(right, "reference") is None
    for at in range(27):
        wrong = right[:at] + str((int(right[at]) + 1) % 10) + right[at + 1 :]
        assert accounts.qr_reference(wrong, "reference")


def test_the_check_digit_is_the_one_of_the_guidelines() -> None:
    assert accounts.check_digit_10("21000000000313947143000901") == "7"
