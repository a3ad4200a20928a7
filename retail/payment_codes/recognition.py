"""What kind of payment code a text is, by how it begins; whether it is right its reader says."""

import re
from collections.abc import Mapping
from typing import Final

from retail.payment_codes.wallet import WALLETS

_BEGINNINGS: Final[Mapping[str, re.Pattern[str]]] = {
    "emv-mpm": re.compile(r"000201"),
    # 85, 5 bytes, C: in base64 and in hexadecimal.
    "emv-cpm": re.compile(r"hQVD|850543"),
    "epc": re.compile(r"BCD\r?\n"),
    "swiss": re.compile(r"SPC\r?\n"),
    "upi": re.compile(r"upi:", re.IGNORECASE),
    "bip321": re.compile(r"bitcoin:", re.IGNORECASE),
    # A short prefix alone would take in any word; 20 letters are less than the time and the hash need.
    "bolt11": re.compile(r"lightning:|ln(?:bc|tb)[0-9a-z]{20}", re.IGNORECASE),
    **{wallet: re.compile(looks.pattern + r"\Z") for wallet, looks in WALLETS.items()},
}

PAYS: Final = frozenset({"emv-cpm", *WALLETS})
"""Schemes that a shopper pays with; by all the others a shopper is asked for money."""


def scheme_of(text: str) -> str | None:
    """The scheme that `text` begins like."""
    return next((scheme for scheme, looks in _BEGINNINGS.items() if looks.match(text)), None)
