"""Merchant-presented codes: built for networks of five countries, refused when the money is in doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.payment_codes.emv import merchant, networks
from retail.payment_codes.emv.merchant import Asking, MerchantCode
from retail.payment_codes.emv.networks import Network, PayNow, Pix, PromptPay, Qris, UpiAccount
from retail.payment_codes.emv.objects import Object, crc, sealed, split
from retail.payment_codes.refusal import Refused, UnwritableError

SHOP = Asking(country="BR", name="Corner shop", city="Sao Paulo", currency="BRL", amount_minor=1990)

# The shortest code without a departure: static, one account, no amount.
PLAIN = {
    "00": "01", "01": "11", "26": "0014br.gov.bcb.pix0105a@b.c", "52": "0000", "53": "986", "58": "BR",
    "59": "Corner shop", "60": "Sao Paulo",
}  # fmt: skip


def _code(**changed: str | None) -> str:
    values = PLAIN | {tag[1:]: value for tag, value in changed.items()}
    return sealed((tag, value) for tag, value in values.items() if value is not None)


def test_the_crc_is_the_one_of_the_textbook() -> None:
    assert crc("123456789") == "29B1"


@pytest.mark.parametrize(
    "network",
    [
        Pix("26", key="a@b.c", note="table 4"),
        Pix("26", url="pix.example.com/qr/93598be0"),
        PayNow("26", "2", "201403121W", editable=True, expires="20310917"),
        PromptPay("29", mobile="0066812345678"),
        PromptPay("29", national_id="1234567890123"),
        PromptPay("29", e_wallet="123456789012345"),
        PromptPay("30", biller="010753600031508", references=("A1", "B2")),
        Qris("51", "ID.CO.QRIS.WWW", merchant_id="ID1020021181745", criteria="UMI"),
        UpiAccount("26", "shop@bank"),
        UpiAccount("27", reference="order-42"),
    ],
)
def test_an_account_of_each_network_comes_back_out_of_the_code_that_was_built_for_it(
    network: Network,
) -> None:
    built = merchant.build([networks.account(network)], SHOP)
    found = merchant.read(merchant.write(built))
    assert isinstance(found, MerchantCode)
    assert found.networks == (network,)
    assert (found.amount and found.amount.text, found.currency, found.dynamic) == ("19.90", "BRL", False)
    assert found.departures == ()


def test_an_acquirer_of_indonesia_is_told_by_the_national_account_beside_it() -> None:
    acquirer = Qris("26", "COM.BANK.WWW", "936000991100000000", "110000000001", "UKE")
    national = Qris("51", "ID.CO.QRIS.WWW", merchant_id="ID1020021181745", criteria="UMI")
    both = merchant.build([networks.account(acquirer), networks.account(national)], SHOP)
    assert both.networks == (acquirer, national)
    assert merchant.build([networks.account(acquirer)], SHOP).networks == ()


@pytest.mark.parametrize(
    "network",
    [
        Pix("26"),
        Pix("26", key="a@b.c", url="pix.example.com/1"),
        Pix("26", url="https://pix.example.com/1"),
        PayNow("26", "7", "201403121W"),
        PayNow("26", "2", ""),
        PayNow("26", "2", "201403121W", expires="tomorrow"),
        PromptPay("29"),
        PromptPay("29", mobile="0812345678"),
        PromptPay("30", biller="12"),
        Qris("51", "ID.CO.QRIS.WWW"),
        UpiAccount("26", "nobody"),
        Pix("26", key="k" * 90),
    ],
)
def test_an_account_that_nobody_could_pay_to_is_not_built(network: Network) -> None:
    with pytest.raises(UnwritableError):
        networks.account(network)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "00"),
        ("0102", "01"),
        ("000201" + "6304" + "0000", "63"),
        (_code()[:-4] + _code()[-4:].lower(), "63"),
        (_code() + "0101", "01"),
        (sealed([("00", "01"), ("59", "A"), ("59", "B")]), "59"),
        (sealed([("00", "02")]), "00"),
        (_code(_53="000"), "53"),
        (_code(_53="USD"), "53"),
        (_code(_53=None, _54="1.00"), "53"),
        (_code(_54="1,00"), "54"),
        (_code(_54="-1.00"), "54"),
        (_code(_54="1.005"), "54"),
        (_code(_54="12345678901.23"), "54"),
        (_code(_54="0.00", _26="0010example.io0101x"), "54"),
        (_code(_54="1e3"), "54"),
        (_code(_54="\u0661"), "54"),
        (_code(_55="02"), "56"),
        (_code(_55="03", _57="many"), "57"),
        ("0002" + "9" * 5000, "code"),
        ("00020\u0661", "00"),
        ("000201x1", "object at 6"),
    ],
)
def test_a_code_whose_money_is_in_doubt_is_refused_by_the_object_that_is_to_blame(
    text: str, field: str
) -> None:
    found = merchant.read(text)
    assert isinstance(found, Refused)
    assert found.field == field


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_code(_59=None), "59: expected the name"),
        (_code(_59="A name that is longer than 25 characters"), "59: expected"),
        (_code(_01="13"), "01: expected"),
        (_code(_26=None), "02-51: expected an account"),
        (_code(_26="0099br.gov.bcb.pix"), "26: expected objects inside"),
        (_code(_26="0014br.gov.bcb.pix"), "26.01: expected either a key"),
        (_code(_62="05"), "62: expected objects inside"),
        (_code(_61=""), "61: expected"),
        (_code(**{f"_{tag}": "x" * 99 for tag in range(80, 86)}), "code: expected at most 512"),
    ],
)
def test_what_else_departs_from_the_specification_is_listed_and_can_be_paid(text: str, says: str) -> None:
    found = merchant.read(text)
    assert isinstance(found, MerchantCode)
    assert any(each.startswith(says) for each in found.departures), found.departures


@pytest.mark.parametrize(
    ("currency", "text", "minor"),
    [
        ("986", "98.", 9800),
        ("986", "98", 9800),
        ("392", "98.00", 98),
        ("414", "1.005", 1005),
        ("986", "0.00", None),
    ],
)
def test_an_amount_is_read_to_the_minor_unit_of_its_currency(
    currency: str, text: str, minor: int | None
) -> None:
    found = merchant.read(_code(_53=currency, _54=text))
    assert isinstance(found, MerchantCode)
    assert (found.amount and found.amount.minor) == minor


def test_a_code_that_readers_would_find_odd_is_not_built() -> None:
    account = networks.account(Pix("26", key="a@b.c"))
    for wrong in (
        Asking("BR", "A name that is longer than 25 characters", "Rio", "BRL"),
        Asking("BR", "Shop", "Rio", "XYZ"),
        Asking("Brazil", "Shop", "Rio", "BRL"),
    ):
        with pytest.raises(UnwritableError):
            merchant.build([account], wrong)


@given(amount_minor=st.integers(1, 999_999_999), name=st.text("abc \u6700\u4f73", min_size=1, max_size=25))
def test_what_is_built_asks_for_exactly_the_amount(amount_minor: int, name: str) -> None:
    asking = Asking("CN", name, "Beijing", "CNY", amount_minor, extra={"05": "order-1"}, dynamic=True)
    found = merchant.read(merchant.write(merchant.build([Object("02", "4111111111")], asking)))
    assert isinstance(found, MerchantCode)
    assert found.amount is not None
    assert (found.amount.minor, found.currency, found.dynamic) == (amount_minor, "CNY", True)
    assert (found.value("59"), found.extra) == (name, {"05": "order-1"})


@given(at=st.integers(0, len(_code()) - 1), letter=st.characters(codec="utf-8"))
def test_one_wrong_character_anywhere_is_found(at: int, letter: str) -> None:
    text = _code()
    if text[at] != letter:
        assert isinstance(merchant.read(text[:at] + letter + text[at + 1 :]), Refused)


def test_a_code_that_was_cut_anywhere_is_refused() -> None:
    text = _code(_54="19.90")
    assert all(isinstance(merchant.read(text[:end]), Refused) for end in range(len(text)))


@given(st.text("0123456789ab\u6700", max_size=80))
def test_objects_that_can_be_split_are_joined_to_the_same_text(text: str) -> None:
    found = split(text)
    if not isinstance(found, Refused):
        assert sealed(found) == sealed(split(text) or ())  # type: ignore[arg-type]
