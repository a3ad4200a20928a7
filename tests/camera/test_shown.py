"""What a QR code is shown for."""

import json
from pathlib import Path

import pytest

from edge.events import Purpose
from edge.sensors.shown import purpose

CASES = [
    ("https://id.gs1.org/01/09520123456788", "09520123456788", Purpose.GOODS),
    ("opos:member:7Q2N", None, Purpose.MEMBER),
    ("opos:wallet:7K3M-9QXW-2B4C-8DTR", None, Purpose.WALLET),
    ("OPOS:WALLET:7K3M9QXW2B4C8DTR", None, Purpose.WALLET),
    ("7k3m-9qxw-2b4c-8dtr", None, Purpose.WALLET),
    ("7K3M9QXW2B4C8DTR", None, Purpose.OTHER),
    ("7K3M-9QXW-2B4C-8DTR-", None, Purpose.OTHER),
    ("00020101021126580014A000000615000101065016640208", None, Purpose.ASKS_FOR_MONEY),
    ("LNBC2500U1PVJLUEZPP5QQQSYQCYQ5RQWZQF", None, Purpose.ASKS_FOR_MONEY),
    ("lightning:lnbc2500u1pvjluez", None, Purpose.ASKS_FOR_MONEY),
    ("https://example.org/member", None, Purpose.OTHER),
    ("13\u0660123456789012345", None, Purpose.OTHER),
    ("130123456789012345\n", None, Purpose.OTHER),
    ("", None, Purpose.OTHER),
]


@pytest.mark.parametrize(("text", "gtin14", "meant"), CASES)
def test_a_code_is_told_by_what_it_holds(text: str, gtin14: str | None, meant: Purpose) -> None:
    assert purpose(text, gtin14) is meant


def test_a_shop_writes_its_members_as_it_likes() -> None:
    assert purpose("corner/42", None, member_prefix="corner/") is Purpose.MEMBER


def test_wallet_codes_are_told_from_what_looks_like_them(public: Path) -> None:
    rows = json.loads((public.parent / "payments/qr/wallet_payment_codes.json").read_text(encoding="utf-8"))
    wrong = [row["id"] for row in rows if _wallet(row["code"]) != row["wallet"]]
    assert not wrong


def _wallet(text: str) -> str | None:
    meant = purpose(text, None)
    return meant.value if meant in {Purpose.WECHAT, Purpose.ALIPAY} else None
