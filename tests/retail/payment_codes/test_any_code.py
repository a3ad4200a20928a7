"""A text of any kind: told what it is, or refused without quoting what may be a secret."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from edge.cli.decode_payments import LINE_BYTES_MAX, answered, answered_invoice, bolt11, qr_payment
from retail.payment_codes import schemes
from retail.payment_codes.recognition import PAYS, scheme_of
from retail.payment_codes.refusal import Refused

BEGINNINGS = [
    "000201",
    "hQVDUFYwMQ==",
    "850543",
    "BCD\n",
    "SPC\n",
    "upi://pay?",
    "bitcoin:",
    "lnbc1",
    "10",
    "28",
    "",
]


@given(begins=st.sampled_from(BEGINNINGS), rest=st.text(max_size=60))
def test_no_text_makes_a_reader_stumble(begins: str, rest: str) -> None:
    found = schemes.read(begins + rest)
    if isinstance(found, Refused):
        assert found.field
        assert found.reason


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("000201010211", "emv-mpm"),
        ("hQVDUFYwMQ==", "emv-cpm"),
        ("85054350563031", "emv-cpm"),
        ("BCD\r\n002", "epc"),
        ("SPC\n0200", "swiss"),
        ("UPI://PAY?pa=a@b", "upi"),
        ("Bitcoin:x", "bip321"),
        ("LIGHTNING:LNBC1", "bolt11"),
        ("lntb20m1pvjluezhp58yjmdan", "bolt11"),
        ("100123456789012345", "wechat"),
        ("300000000000000000000000", "alipay"),
        ("https://id.gs1.org/01/09521234543213", None),
        ("4006381333931", None),
        ("lncrawl", None),
    ],
)
def test_a_code_is_told_by_how_it_begins(text: str, scheme: str | None) -> None:
    assert scheme_of(text) == scheme


def test_every_scheme_has_a_reader_and_three_are_for_paying() -> None:
    assert set(schemes.READERS) >= PAYS
    assert {"emv-cpm", "wechat", "alipay"} == PAYS


@pytest.mark.parametrize("text", ["4111111111111111", "1001234567890123456", "hQVDUFYwMWEIWghBERERERERERE="])
def test_a_refusal_never_quotes_what_may_be_a_card_or_a_wallet(text: str) -> None:
    answer = answered(json.dumps({"input": text}).encode())
    assert not answer.valid
    assert text[:12] not in repr(answer)


@pytest.mark.parametrize("line", [b"hello", b"{}", b'{"input": 5}', b'{"input": "\xff"}', b"[" * 5000])
def test_a_line_that_cannot_be_read_says_what_was_expected(line: bytes) -> None:
    for answer in (answered(line), answered_invoice(line)):
        assert answer.error is not None
        assert "expected a JSON object" in answer.error
        assert (answer.valid, answer.field) == (False, "line")


def test_line_ends_that_a_scanner_adds_are_no_part_of_a_code() -> None:
    assert answered(b'{"input": "130123456789012345\\r\\n"}').scheme == "wechat"


def test_lines_come_in_and_answers_go_out_in_order() -> None:
    lines = [
        {"input": ["BCD", "002", "1", "SCT", "", "Shop", "DE71110220330123456789", "EUR1"]},
        {"input": "x" * LINE_BYTES_MAX},
        {"input": "upi://pay?pa=a@bank&am=1.50"},
    ]
    told = CliRunner().invoke(qr_payment, input="".join(json.dumps(line) + "\n" for line in lines))
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert [each["scheme"] for each in answers] == ["epc", None, "upi"]
    assert (answers[0]["amount"], answers[0]["currency"], answers[0]["objects"][7]) == (
        "1",
        "EUR",
        ["8", "EUR1"],
    )
    assert answers[2]["amount_minor"] == 150


def test_an_invoice_that_is_none_is_answered_and_the_exit_code_stays_0() -> None:
    told = CliRunner().invoke(bolt11, input='{"input": "lnbc1"}\n')
    assert told.exit_code == 0
    assert json.loads(told.stdout)["valid"] is False
