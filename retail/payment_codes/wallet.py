"""Codes of wallets, shown by the shopper and scanned by us: secrets, for whoever has one can take money."""

import re
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from retail.payment_codes.refusal import Refused

Wallet = Literal["wechat", "alipay"]

# WeChat Pay: 18 digits that begin with 10 to 15 (pay.weixin.qq.com, payment code); Alipay: 16 to 24 digits
# that begin with 25 to 30 (docs.antom.com, spotpay). A GTIN has 14 digits at most.
WALLETS: Final[Mapping[Wallet, re.Pattern[str]]] = {
    "wechat": re.compile(r"1[0-5][0-9]{16}"),
    "alipay": re.compile(r"(?:2[5-9]|30)[0-9]{14,22}"),
}
"""Who gives out the codes that look like this."""


class WalletCode(msgspec.Struct, frozen=True):
    """A code of `scheme`; `code` is for the gateway alone, and is shown nowhere."""

    scheme: Wallet
    code: str

    amount: None = None
    currency: None = None
    objects: tuple[()] = ()
    departures: tuple[()] = ()

    def __repr__(self) -> str:
        return f"WalletCode({self.scheme}, {len(self.code)} digits)"


def wallet_of(text: str) -> Wallet | None:
    """Whose code `text` is, by its digits alone."""
    return next((wallet for wallet, looks in WALLETS.items() if looks.fullmatch(text)), None)


def read(text: str) -> WalletCode | Refused:
    """The code, when it is one."""
    wallet = wallet_of(text)
    if wallet is None:
        return Refused(
            "code", f"expected a payment code of {' or '.join(WALLETS)}, got {len(text)} characters"
        )
    return WalletCode(wallet, text)


def write(code: WalletCode) -> str:
    """The digits, for a code that a simulated shopper shows."""
    return code.code
