"""What a QR code is shown for: goods, a member, a wallet that pays, a request for money, or else."""

import re
from collections.abc import Callable
from typing import Final

from edge.events import Purpose

# How the members of this shop are written, unless a retailer says otherwise.
MEMBER_PREFIX: Final = "opos:member:"

# WeChat Pay: 18 digits that begin with 10 to 15 (pay.weixin.qq.com, payment code); Alipay: 16 to 24 digits
# that begin with 25 to 30 (docs.antom.com, spotpay). A GTIN has 14 digits at most.
_WECHAT: Final = re.compile(r"1[0-5][0-9]{16}")
_ALIPAY: Final = re.compile(r"(2[5-9]|30)[0-9]{14,22}")

# EMV QRCPS, merchant-presented mode: payload format indicator 01. BOLT 11 and BIP 21 for Lightning.
_ASKS_FOR_MONEY: Final = re.compile(r"000201|lightning:|lnbc|bitcoin:", re.IGNORECASE)


def purpose(text: str, gtin14: str | None, member_prefix: str = MEMBER_PREFIX) -> Purpose:
    """What `text` is for; `gtin14` is the product that it names, by a Digital Link or otherwise."""
    if gtin14 is not None:
        return Purpose.GOODS
    if member_prefix and text.startswith(member_prefix):
        return Purpose.MEMBER
    for matches, meant in _PAYMENTS:
        if matches(text):
            return meant
    return Purpose.OTHER


_PAYMENTS: Final[tuple[tuple[Callable[[str], object], Purpose], ...]] = (
    (_WECHAT.fullmatch, Purpose.WECHAT),
    (_ALIPAY.fullmatch, Purpose.ALIPAY),
    (_ASKS_FOR_MONEY.match, Purpose.ASKS_FOR_MONEY),
)
