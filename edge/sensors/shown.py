"""What a QR code is shown for: goods, a member, a wallet that pays, a request for money, or else."""

from typing import Final

from edge.events import Purpose
from retail.payment_codes.recognition import scheme_of

# How the members of this shop are written, unless a retailer says otherwise.
MEMBER_PREFIX: Final = "opos:member:"


def purpose(text: str, gtin14: str | None, member_prefix: str = MEMBER_PREFIX) -> Purpose:
    """What `text` is for; `gtin14` is the product that it names, by a Digital Link or otherwise."""
    if gtin14 is not None:
        return Purpose.GOODS
    if member_prefix and text.startswith(member_prefix):
        return Purpose.MEMBER
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
