"""Every public payment code, by the specification that it follows: read, told, and written back."""

import base64
import json
from collections.abc import Callable

import pytest

from edge.cli.decode_payments import answered, answered_invoice
from retail.payment_codes import bitcoin, schemes, sepa, swiss, upi, wallet
from retail.payment_codes.emv import consumer, merchant
from retail.payment_codes.lightning import invoice
from retail.payment_codes.refusal import Refused
from tests.retail.payment_codes.vectors import Row, rows, text_of

QR: list[tuple[str, str]] = [
    ("qr/emv_mpm.json", "emv-mpm"),
    ("qr/emv_cpm.json", "emv-cpm"),
    ("qr/epc_sct.json", "epc"),
    ("qr/swiss_spc.json", "swiss"),
    ("qr/upi.json", "upi"),
    ("crypto/bip321.json", "bip321"),
]
ALL = [*QR, ("crypto/bolt11.json", "bolt11"), ("qr/wallet_payment_codes.json", "")]

# Rows that nobody could answer as their source does would stand here, by id, each with the reason.
UNSUPPORTED: dict[str, str] = {}

# Rows that read back the same and are not the same text, and why.
WRITTEN_OTHERWISE = {
    "cpm_spec_two_apps": "the card in it was masked when it was read",
    "cpm_one_app_track2": "the same",
    "u20": "it has %3a where we write a colon as it is",
    "u21": "the same",
}


def _asked(text: str) -> bytes:
    return json.dumps({"input": text}).encode()


def _valid(row: Row) -> bool:
    return row["wallet"] is not None if "wallet" in row else bool(row.get("valid", True))


@pytest.mark.parametrize(("file", "scheme"), QR, ids=[scheme for _, scheme in QR])
def test_a_code_is_right_or_wrong_as_its_specification_says(file: str, scheme: str) -> None:
    for row in rows(file):
        if row["id"] in UNSUPPORTED:
            continue
        answer = answered(_asked(text_of(row)))
        assert (row["id"], answer.valid, answer.scheme) == (row["id"], _valid(row), scheme)
        assert answer.valid == (answer.error is None) == (answer.field is None)


def test_a_merchants_code_is_told_object_by_object_even_when_its_crc_is_wrong() -> None:
    for row in rows("qr/emv_mpm.json"):
        answer = answered(_asked(row["payload"]))
        objects = [list(each) for each in answer.objects]
        assert (row["id"], objects) == (row["id"], row["objects"] or [])


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        (
            "qr/emv_mpm.json",
            {
                "emvco_sample": ("23.72", 2372, "CNY"),
                "qris_th": ("200.00", 20000, "THB"),
                "pix_manual_1D3D": (None, None, "BRL"),
                "paynow_DC73": ("25.50", 2550, "SGD"),
                "promptpay 089-123-4567 @13371337.75": ("13371337.75", 1337133775, "THB"),
            },
        ),
        (
            "qr/epc_sct.json",
            {"epc069_ex2": ("12.3", 1230, "EUR"), "segno_doc": ("20", 2000, "EUR")},
        ),
        ("qr/swiss_spc.json", {"swiss_1": ("3949.75", 394975, "CHF"), "swiss_3": (None, None, "CHF")}),
        ("qr/upi.json", {"upi_ok": ("149.50", 14950, "INR")}),
        ("crypto/bip321.json", {"u04": (None, None, "BTC")}),
    ],
)
def test_the_amount_and_currency_are_those_that_the_code_asks_for(
    file: str, asked: dict[str, tuple[str | None, int | None, str]]
) -> None:
    told = {row["id"]: answered(_asked(text_of(row))) for row in rows(file)}
    for name, expected in asked.items():
        answer = told[name]
        assert (answer.amount, answer.amount_minor, answer.currency) == expected


def test_a_link_of_upi_keeps_every_key() -> None:
    for row in rows("qr/upi.json"):
        assert dict(answered(_asked(row["uri"])).objects) == row["expect"]


def test_a_wallets_code_is_told_from_what_only_looks_like_one_and_is_never_shown() -> None:
    for row in rows("qr/wallet_payment_codes.json"):
        answer = answered(_asked(row["code"]))
        assert (row["id"], answer.scheme if answer.valid else None) == (row["id"], row["wallet"])
        assert row["code"] not in repr(answer)
        assert row["code"] not in repr(schemes.read(row["code"]))


def test_an_invoice_asks_for_what_the_specification_says_and_was_signed_by_its_node() -> None:
    node = "03e7156ae33b0a208d0744199163177e909e80176e55d97a2f221ede0f934dd9ad"
    for row in rows("crypto/bolt11.json"):
        answer = answered_invoice(_asked(row["invoice"]))
        assert (row["id"], answer.valid) == (row["id"], row["valid"]), answer.error
        if row["valid"]:
            assert answer.amount_msat == row["amount_msat"], row["id"]
            assert answer.expiry_s == row["expiry_s"], row["id"]
            # The signature with the higher s leads to another key, as recovery has to take it as it is.
            assert (answer.payee == node) == (row["id"] != "v15"), row["id"]
        else:
            assert answer.error


def test_each_refusal_of_an_invoice_names_the_field_that_is_to_blame() -> None:
    blamed = {
        row["id"]: answered_invoice(_asked(row["invoice"])).field
        for row in rows("crypto/bolt11.json")
        if not row["valid"]
    }
    named = {"x00": "9", "x01": "checksum", "x03": "bech32", "x04": "signature", "x05": "data", "x08": "s"}
    assert blamed == named


WRITERS: dict[str, Callable[..., str]] = {
    "emv-mpm": merchant.write,
    "emv-cpm": consumer.write,
    "epc": sepa.write,
    "swiss": swiss.write,
    "upi": upi.write,
    "bip321": bitcoin.write,
    "bolt11": invoice.write,
    "wechat": wallet.write,
    "alipay": wallet.write,
}


@pytest.mark.parametrize(("file", "_scheme"), ALL, ids=[file for file, _ in ALL])
def test_what_was_read_is_written_as_it_came(file: str, _scheme: str) -> None:
    for row in rows(file):
        text = text_of(row)
        found = schemes.read(text)
        if isinstance(found, Refused):
            continue
        written = WRITERS[found.scheme](found)
        assert schemes.read(written) == found, row["id"]
        if row["id"] not in WRITTEN_OTHERWISE:
            assert _bytes(written) == _bytes(text), row["id"]


def _bytes(text: str) -> bytes:
    """What the code carries: consumer codes come in hexadecimal or base64, Swiss lines end either way."""
    if text.startswith("8505"):
        return bytes.fromhex(text)
    if text.startswith("hQ"):
        return base64.b64decode(text)
    return text.replace("\r\n", "\n").encode()
