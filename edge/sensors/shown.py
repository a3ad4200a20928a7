"""What a QR code is shown for: goods, a member, a wallet that pays, staff, a receipt, or else."""

import re
from typing import Final

from cloud_sync.contract.escrow import is_code
from edge.events import Purpose
from retail.payment_codes.recognition import scheme_of

# How the members of this shop are written, unless a retailer says otherwise.
MEMBER_PREFIX: Final = "opos:member:"

BADGE_PREFIX: Final = "opos:badge:"
"""What stands before the digits of a badge."""

# A receipt by its outer form: the fragment of a link (see `cloud_sync.contract.fragment`), two compact JWS or
# one, a link to the hub's copy, or the number alone.
_RECEIPT: Final = re.compile(
    r"(?:https?://\S+#)?(?:1(?:\.[\w-]{8,}){6}|[\w-]{40,}\.[\w-]{80,}\.[\w-]{86}(?:~[\w.-]+)?)"
    r"|https?://\S+/r/[^/\s]+/\d+/[\w-]{43}"
    r"|[A-Z2-7]{4}-\d{4,10}"
)


def purpose(text: str, gtin14: str | None, member_prefix: str = MEMBER_PREFIX) -> Purpose:
    """What `text` is for; `gtin14` is the product that it names, by a Digital Link or otherwise."""
    if gtin14 is not None:
        return Purpose.GOODS
    if member_prefix and text.startswith(member_prefix):
        return Purpose.MEMBER
    ours = _ours(text)
    if ours is not None:
        return ours
    scheme = scheme_of(text)
    if scheme is None:
        return Purpose.OTHER
    return _PAYS_BY.get(scheme, Purpose.ASKS_FOR_MONEY)


# By these a shopper pays; by a code of any other scheme a shopper is asked to.
_PAYS_BY: Final = {
    "wechat": Purpose.WECHAT,
    "alipay": Purpose.ALIPAY,
    "emv-cpm": Purpose.CARD,
}


def _ours(text: str) -> Purpose | None:
    """What the shop itself has written."""
    if text.startswith(BADGE_PREFIX):
        return Purpose.BADGE
    if is_code(text):
        return Purpose.WALLET
    return Purpose.RECEIPT if _RECEIPT.fullmatch(text) else None
